"""What is published, and for whom: one SQLite file, one transaction a publish."""
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from saem.core.errors import SaemError
from saem.store import heads, held, inbox, quarantine, reader_sets, tombstones
from saem.store.connection import connect, storable, transaction
from saem.store.heads import Head, Heads
from saem.store.held import Held
from saem.store.inbox import Inbox
from saem.store.quarantine import Problem, Quarantine
from saem.store.reader_sets import ReaderSets
from saem.store.tombstones import Tombstones

FORMAT = 4                      # of this file; a higher one was written by a newer saem
LEASE = """
create table if not exists lease(name text primary key, owner text, pid int, born text, host text, expires_at real);
"""
SCHEMA = "".join([heads.SCHEMA, reader_sets.SCHEMA, quarantine.SCHEMA, inbox.SCHEMA, tombstones.SCHEMA, held.SCHEMA, LEASE])
# format 1 held one set of names a code, and knew no grants; format 3 knew no models that wait to be accepted
FROM_1 = """
alter table head add column granted text not null default '[]';
alter table reader_set rename column members to clauses;
update reader_set set clauses = case clauses when '["*"]' then '[]' else '[' || clauses || ']' end;
"""


@dataclass
class Publication:
    """All that one publish moves, or none of it."""
    heads: dict[str, Head] = field(default_factory=dict)
    edges: list[tuple[str, str, str, int]] = field(default_factory=list)          # child, parent, place, version
    left: list[tuple[str, str]] = field(default_factory=list)                     # child, parent that it is no longer derived from
    cleared: list[tuple[str, list[bytes] | None]] = field(default_factory=list)   # table, units whose problems end (None = all)
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    inbox: list[tuple[str, int]] = field(default_factory=list)                    # table, last number taken in
    dropped: list[str] = field(default_factory=list)                              # derived tables that nobody declares any more

    @property
    def is_empty(self) -> bool:
        return not (self.heads or self.edges or self.problems or self.inbox or self.cleared or self.dropped or self.left)


class Catalog(Heads, ReaderSets, Quarantine, Inbox, Tombstones, Held):
    """One connection, for one thread; other processes see only whole publishes. Its parts share the connection."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.db = connect(path, SCHEMA, FORMAT, {1: FROM_1})

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with transaction(self.db):
            yield

    def publish(self, owner: str, publication: Publication) -> int:
        """Move every head and watermark, or none; returns the snapshot's number. Fails if the lease has been lost meanwhile."""
        with transaction(self.db):
            self._check_lease(owner)
            self.db.executemany("insert or replace into head values (?,?,?,?,?,?,?)", [
                (name, h.place, h.version, h.fingerprint, json.dumps(h.encoders), json.dumps(h.about), json.dumps(h.granted))
                for name, h in publication.heads.items()])
            self.db.executemany("delete from consumed where child=? and parent=?", publication.left)
            self.db.executemany("insert or replace into consumed values (?,?,?,?)", publication.edges)
            for name, units in publication.cleared:
                if units is None:
                    self.db.execute("delete from problem where name=?", (name,))
                else:
                    self.db.executemany("delete from problem where name=? and unit=?", [(name, unit) for unit in units])
            self.db.executemany("insert or replace into problem values (?,?,?,?,?,?,?,?)", [
                (name, p.unit, p.kind, storable(p.key), p.operator, storable(p.reason), storable(p.details), time.time())
                for name, p in publication.problems])
            self.db.executemany("delete from inbox where name=? and number<=?", publication.inbox)
            for name in publication.dropped:
                self.db.execute("delete from head where name=?", (name,))
                self.db.execute("delete from consumed where child=?", (name,))
                self.db.execute("delete from problem where name=?", (name,))
            return self._note_snapshot(self.problem_stamps())

    def _check_lease(self, owner: str) -> None:
        if not self.db.execute("select 1 from lease where name='run' and owner=?", (owner,)).fetchone():
            raise SaemError("E302", "the lease was lost: another run took over; nothing was published", fix="saem run")

    def move(self, owner: str, tables: Iterable[str], places: Mapping[str, tuple[int, int]]) -> list[int]:
        """Move heads and watermarks of datasets {place: (version, new version)} to versions that hold the same rows; older snapshots of
        the tables are given up. Returns their numbers."""
        with transaction(self.db):
            self._check_lease(owner)
            for place, (old, new) in places.items():
                self.db.execute("update head set version=? where place=? and version=?", (new, place, old))
                self.db.execute("update consumed set version=? where place=? and version=?", (new, place, old))
                self.db.execute("delete from consumed where place=? and version<>?", (place, new))      # made anew, by the next run
            newest = self._note_snapshot(self.problem_stamps())
            gone = [each.number for each in self.snapshots() if each.number < newest and set(tables) & set(each.heads)]
            self.db.executemany("delete from snapshot where number=?", [(number,) for number in gone])
            return gone
