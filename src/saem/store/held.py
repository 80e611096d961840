"""Models that saw what was forgotten and could not be fitted again: kept where they serve nobody, until they are fitted or accepted."""
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from saem.store.connection import transaction

SCHEMA = """
create table if not exists held(receipt text, name text, row blob, hash blob, body blob, accepted text, primary key(receipt, name, row));
"""


@dataclass(frozen=True)
class Blocked:
    """A model's row. body: as an Arrow stream, b"" once it is back in its table; accepted: {reason, who, when}, or {}."""
    receipt: str
    table: str
    row: bytes
    hash: bytes
    body: bytes
    accepted: dict[str, Any]


class Held:
    """The part of the catalog that keeps blocked models."""
    db: sqlite3.Connection

    def hold(self, blocked: Iterable[Blocked]) -> None:
        """Keep models that are about to leave their tables; those that are kept already stay as they are."""
        with transaction(self.db):
            self.db.executemany("insert or ignore into held values (?,?,?,?,?,?)",
                                [(each.receipt, each.table, each.row, each.hash, each.body, "{}") for each in blocked])

    def held(self, table: str | None = None) -> list[Blocked]:
        """Those of a table, or of all, in the order in which they were blocked."""
        query = "select receipt, name, row, hash, body, accepted from held where ?1 is null or name=?1 order by rowid"
        return [Blocked(receipt, name, row, mark, body, json.loads(accepted))
                for receipt, name, row, mark, body, accepted in self.db.execute(query, (table,))]

    def note_accepted(self, blocked: Blocked, accepted: dict[str, Any]) -> None:
        self.db.execute("update held set accepted=? where receipt=? and name=? and row=?",
                        (json.dumps(accepted, ensure_ascii=False), blocked.receipt, blocked.table, blocked.row))

    def release(self, blocked: Iterable[Blocked]) -> None:
        """Keep them no longer; what was accepted stays noted."""
        keys = [(each.receipt, each.table, each.row) for each in blocked]
        with transaction(self.db):
            self.db.executemany("delete from held where receipt=? and name=? and row=? and accepted='{}'", keys)
            self.db.executemany("update held set body=x'' where receipt=? and name=? and row=?", keys)
