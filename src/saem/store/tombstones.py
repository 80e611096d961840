"""What was forgotten: keyed hashes of keys that no source may bring again, and erasures that are not at their end."""
import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any

from saem.core.identity import digest
from saem.store.connection import transaction

SCHEMA = """
create table if not exists secret(name text primary key, value blob not null);
create table if not exists forgotten(name text, mark blob, since real, primary key(name, mark));
create table if not exists erasure(id text primary key, is_done int not null, draft text not null);
insert or ignore into secret values ('marks', randomblob(32));
"""


class Tombstones:
    """The part of the catalog that keeps forgotten rows out."""
    db: sqlite3.Connection

    @cached_property
    def secret(self) -> bytes:
        """The key of all marks of what was forgotten."""
        return bytes(self.db.execute("select value from secret where name='marks'").fetchone()[0])

    def mark(self, unit: bytes) -> bytes:
        """What stays of a key that was forgotten; `unit` is what its row is computed from."""
        return blake2b(unit, key=self.secret, digest_size=16).digest()

    def keeps_out(self, table: str, key: str, marks: Collection[bytes]) -> bool:
        """Whether a key, or the archive or folder that it lies in, has one of the marks."""
        if not marks:
            return False
        ends = [at for at, character in enumerate(key) if character == "/"]
        return any(self.mark(digest(table, key[:end])) in marks for end in (*ends, None))

    def forgotten(self, table: str) -> set[bytes]:
        """The marks of the keys that a table must not take."""
        return {mark for (mark,) in self.db.execute("select mark from forgotten where name=?", (table,))}

    def allow(self, table: str, marks: Iterable[bytes]) -> int:
        """Lift marks; how many there were."""
        with transaction(self.db):
            return self.db.executemany("delete from forgotten where name=? and mark=?", [(table, mark) for mark in marks]).rowcount

    def begin_erasure(self, name: str, table: str, marks: Iterable[bytes], draft: Mapping[str, Any]) -> None:
        """From here on nothing brings the rows back, and whoever runs next finishes it."""
        with transaction(self.db):
            self.db.executemany("insert or ignore into forgotten values (?,?,?)", [(table, mark, time.time()) for mark in marks])
            self.db.execute("insert or replace into erasure values (?,0,?)", (name, json.dumps(draft)))

    def note_erasure(self, name: str, table: str, marks: Iterable[bytes]) -> None:
        """An erasure that is at its end, and of which this catalog did not know."""
        with transaction(self.db):
            self.db.executemany("insert or ignore into forgotten values (?,?,?)", [(table, mark, time.time()) for mark in marks])
            self.db.execute("insert or replace into erasure values (?,1,'{}')", (name,))

    def draft_erasure(self, name: str, draft: Mapping[str, Any]) -> None:
        self.db.execute("update erasure set draft=? where id=?", (json.dumps(draft), name))

    def erasures(self, is_done: bool = False) -> dict[str, dict[str, Any]]:
        """{receipt: its draft} of those at work, or of those at their end."""
        rows = self.db.execute("select id, draft from erasure where is_done=? order by rowid", (int(is_done),))
        return {name: json.loads(draft) for name, draft in rows}

    def end_erasure(self, name: str) -> None:
        self.db.execute("insert or replace into erasure values (?,1,'{}')", (name,))
