"""Rows that a program puts wait here, durably, for the run that takes them in."""
import sqlite3
from collections.abc import Iterable

from saem.store.connection import transaction

SCHEMA = """
create table if not exists inbox(number integer primary key autoincrement, name text not null, key text not null, row text);
"""


class Inbox:
    """The part of the catalog that rows are put into."""
    db: sqlite3.Connection

    def put(self, name: str, rows: Iterable[tuple[str, str | None]]) -> None:
        """(key, row as JSON; None = delete) into the inbox of a source, durably."""
        with transaction(self.db):
            self.db.executemany("insert into inbox(name, key, row) values (?,?,?)", [(name, key, row) for key, row in rows])

    def inbox(self, name: str) -> tuple[int, dict[str, str | None]]:
        """(last number, {key: newest row})."""
        rows = self.db.execute("select number, key, row from inbox where name=? order by number", (name,)).fetchall()
        return (rows[-1][0] if rows else 0), {key: row for _, key, row in rows}

    def take_from_inbox(self, numbers: Iterable[int]) -> None:
        self.db.executemany("delete from inbox where number=?", [(number,) for number in numbers])
