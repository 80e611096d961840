"""Units that gave no rows, and why: they change in the transaction that publishes the rows beside them."""
import sqlite3
from dataclasses import dataclass
from typing import Any

SCHEMA = """
create table if not exists problem(name text, unit blob, kind text, key text, operator text, reason text, details text,
                                   since real, primary key(name, unit));
"""


@dataclass(frozen=True)
class Problem:
    """A unit that gave no rows, and why. kind: 'failed' (quarantine) or 'skipped' (left out by a rule)."""
    unit: bytes
    kind: str
    key: str              # what a person calls it: a path, a title, else the id in hex
    operator: str         # or the rule
    reason: str
    details: str = ""     # the traceback


class Quarantine:
    """The part of the catalog that holds what failed, and what a rule left out."""
    db: sqlite3.Connection

    def problems(self, name: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        query = "select name, unit, kind, key, operator, reason, details, since from problem where (?1 is null or name=?1)"
        rows = self.db.execute(query + " and (?2 is null or kind=?2) order by name, key", (name, kind))
        return [dict(zip(("table", "unit", "kind", "key", "operator", "reason", "details", "since"), row, strict=True)) for row in rows]

    def problem_stamps(self) -> dict[str, tuple[int, float]]:
        """{table: (how many problems it has, when the newest came)}."""
        rows = self.db.execute("select name, count(*), max(since) from problem group by name")
        return {name: (count, newest) for name, count, newest in rows}

    def problem_units(self, name: str) -> dict[bytes, str]:
        """{unit: kind} of a table's problems."""
        return dict(self.db.execute("select unit, kind from problem where name=?", (name,)).fetchall())
