"""Who may read: a set of clauses is one small integer; grants widen what a derived table inherits."""
import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from saem.core.principals import FOR_NONE, Clauses, all_of, clauses, either, may_read
from saem.store.connection import transaction

NOBODY, EVERYONE = 0, 1         # codes of the two reader sets that always exist
SCHEMA = """
create table if not exists granted(name text, reader text, reason text, since real, primary key(name, reader));
create table if not exists reader_set(code integer primary key, clauses text not null unique);
insert or ignore into reader_set values (0, '[[]]'), (1, '[]');
"""


class ReaderSets:
    """The part of the catalog that knows readers."""
    db: sqlite3.Connection

    @cached_property
    def _readers(self) -> dict[int, Clauses]:
        return {}

    @cached_property
    def _intersections(self) -> dict[frozenset[int], int]:
        return {}

    @cached_property
    def _codes(self) -> dict[tuple[frozenset[str], int], frozenset[int]]:
        return {}

    def reader_code(self, names: Iterable[str]) -> int:
        """The code of those who have any of the names."""
        return self.code_of(clauses(names))

    def code_of(self, readers: Clauses) -> int:
        text = json.dumps(sorted(sorted(each) for each in readers), ensure_ascii=False)
        found = self.db.execute("select code from reader_set where clauses=?", (text,)).fetchone()
        if found is None:
            self.db.execute("insert or ignore into reader_set(clauses) values (?)", (text,))
            found = self.db.execute("select code from reader_set where clauses=?", (text,)).fetchone()
        return int(found[0])

    def readers(self, code: int) -> Clauses:
        """What a code stands for; one that nobody knows is for none."""
        if code not in self._readers:
            row = self.db.execute("select clauses from reader_set where code=?", (code,)).fetchone()
            self._readers[code] = frozenset(frozenset(each) for each in json.loads(row[0])) if row else FOR_NONE
        return self._readers[code]

    def text(self, code: int) -> str:
        """What a code stands for, as operators see it: the same in every project."""
        return json.dumps(sorted(sorted(each) for each in self.readers(code)), ensure_ascii=False)

    def intersect(self, codes: Iterable[int]) -> int:
        """Code of those who may read all; no codes at all = nobody (fails closed)."""
        wanted = frozenset(codes)
        if len(wanted) < 2:
            return next(iter(wanted), NOBODY)
        if wanted not in self._intersections:
            self._intersections[wanted] = self.code_of(all_of([self.readers(code) for code in wanted]))
        return self._intersections[wanted]

    def widen(self, code: int, names: Sequence[str]) -> int:
        """Code of those, and of whoever has one of the names."""
        return self.code_of(either(self.readers(code), names)) if names else code

    def codes_for(self, names: frozenset[str]) -> frozenset[int]:
        """The codes whose rows a person may read who goes by these names."""
        last = int(self.db.execute("select max(code) from reader_set").fetchone()[0])
        if (names, last) not in self._codes:
            every = self.db.execute("select code from reader_set").fetchall()
            self._codes = {(names, last): frozenset(code for (code,) in every if may_read(self.readers(code), names))}
        return self._codes[names, last]

    def names_reader(self, name: str) -> bool:
        """Whether some clause holds the name."""
        return any(name in clause for (code,) in self.db.execute("select code from reader_set").fetchall() for clause in self.readers(code))

    def grant(self, table: str, names: Iterable[str], reason: str) -> None:
        with transaction(self.db):
            self.db.executemany("insert or replace into granted values (?,?,?,?)", [(table, name, reason, time.time()) for name in names])

    def revoke(self, table: str, names: Iterable[str]) -> None:
        with transaction(self.db):
            self.db.executemany("delete from granted where name=? and reader=?", [(table, name) for name in names])

    def grants(self, table: str | None = None) -> list[dict[str, Any]]:
        query = "select name, reader, reason, since from granted where (?1 is null or name=?1) order by name, reader"
        rows = self.db.execute(query, (table,))
        return [dict(zip(("table", "reader", "reason", "since"), row, strict=True)) for row in rows]
