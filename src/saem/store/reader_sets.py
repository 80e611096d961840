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
create table if not exists undeclared_set(clauses text primary key);
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
    def _codes(self) -> dict[tuple[frozenset[str], bool, tuple[int, int]], frozenset[int]]:
        return {}

    def reader_code(self, names: Iterable[str]) -> int:
        """The code of those who have any of the names."""
        return self.code_of(clauses(names))

    def own_code(self, names: Iterable[str]) -> int:
        """The same, of what people say and ask: nobody becomes known by talking."""
        return self.code_of(clauses(names), is_declared=False)

    def code_of(self, readers: Clauses, is_declared: bool = True) -> int:
        """is_declared: somebody wrote these names down as readers, which makes them known; else rows have it from what they are made of."""
        text = json.dumps(sorted(sorted(each) for each in readers), ensure_ascii=False)
        query = "select code, clauses in (select clauses from undeclared_set) from reader_set where clauses=?"
        found = self.db.execute(query, (text,)).fetchone()
        if is_declared and (found is None or found[1]):
            self.db.execute("delete from undeclared_set where clauses=?", (text,))
        if found is None:
            if not is_declared:     # written first: a crash in between must not make anybody known
                self.db.execute("insert or ignore into undeclared_set values (?)", (text,))
            self.db.execute("insert or ignore into reader_set(clauses) values (?)", (text,))
            found = self.db.execute(query, (text,)).fetchone()
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
            self._intersections[wanted] = self.code_of(all_of([self.readers(code) for code in wanted]), is_declared=False)
        return self._intersections[wanted]

    def widen(self, code: int, names: Sequence[str]) -> int:
        """Code of those, and of whoever has one of the names."""
        return self.code_of(either(self.readers(code), names)) if names else code

    def codes_for(self, names: frozenset[str], is_known: bool = True) -> frozenset[int]:
        """The codes whose rows a person may read who goes by these names; a stranger only what names him, not what is for all."""
        key = names, is_known, self.readers_stamp()
        if key not in self._codes:
            every = [(code, self.readers(code)) for (code,) in self.db.execute("select code from reader_set").fetchall()]
            self._codes = {key: frozenset(code for code, each in every if may_read(each, names) and (is_known or each))}
        return self._codes[key]

    def readers_stamp(self) -> tuple[int, int]:
        """Differs whenever there is another set, or another one is declared."""
        last, undeclared = self.db.execute("select max(code), (select count(*) from undeclared_set) from reader_set").fetchone()
        return int(last), int(undeclared)

    def names_reader(self, name: str) -> bool:
        """Whether somebody wrote the name down as a reader."""
        declared = self.db.execute("select code from reader_set where clauses not in (select clauses from undeclared_set)").fetchall()
        return any(name in clause for (code,) in declared for clause in self.readers(code))

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
