"""Which version of every table is published, which of its parents it was made from, and which snapshots are kept."""
import datetime
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from saem.core.errors import SaemError, caller
from saem.store.connection import transaction

SCHEMA = """
create table if not exists head(name text primary key, place text not null, version int not null, fingerprint blob not null,
                                encoders text not null, about text not null, granted text not null default '[]');
create table if not exists consumed(child text, parent text, place text not null, version int not null, primary key(child, parent));
create table if not exists snapshot(number integer primary key, published_at real not null, heads text not null);
create table if not exists run(number integer primary key, started_at real, seconds real, snapshot int, counts text);
"""


@dataclass(frozen=True)
class Head:
    """Where a table's published rows are: a Lance dataset and its version; and the code and models that made them."""
    place: str
    version: int
    fingerprint: bytes
    encoders: Mapping[str, str] = field(default_factory=dict)    # vector column -> model that wrote it
    about: Sequence[Mapping[str, str]] = ()                       # the operators, as people tell them apart
    granted: Sequence[str] = ()                                   # who may read beside those who may read the parents


@dataclass(frozen=True)
class Snapshot:
    """One publish. heads: {table: (place, version)}."""
    number: int
    published_at: float
    heads: Mapping[str, tuple[str, int]]


@dataclass(frozen=True)
class Kept:
    """A table as a snapshot has it, with what a run must know to go on from there.

    parents   {parent: (place, version)} that its rows were made from
    problems  (how many, when the newest came) of its units that gave no rows: other ones are told from that
    """
    head: Head
    parents: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    problems: tuple[int, float] = (0, 0.0)


class Heads:
    """The part of the catalog that tells where the rows are."""
    db: sqlite3.Connection

    def heads(self) -> dict[str, Head]:
        """One consistent snapshot: {table: head}."""
        rows = self.db.execute("select name, place, version, fingerprint, encoders, about, granted from head")
        return {name: Head(place, version, mark, json.loads(encoders), json.loads(about), tuple(json.loads(granted)))
                for name, place, version, mark, encoders, about, granted in rows}

    def consumed(self, child: str) -> dict[str, tuple[str, int]]:
        """{parent: (place, version)} that the published rows of `child` were made from."""
        rows = self.db.execute("select parent, place, version from consumed where child=?", (child,))
        return {parent: (place, version) for parent, place, version in rows}

    def snapshot(self) -> int:
        """Number of the newest publish; 0 = nothing yet."""
        return int(self.db.execute("select coalesce(max(number), 0) from snapshot").fetchone()[0])

    def snapshot_at(self, when: int | str | datetime.datetime) -> tuple[int, dict[str, Kept]]:
        """(number, tables) of a snapshot: by its number, or the newest at a time. Raises: E212 where it is not kept."""
        if isinstance(when, int):
            row = self.db.execute("select number, heads from snapshot where number=?", (when,)).fetchone()
        else:
            try:
                moment = when if isinstance(when, datetime.datetime) else datetime.datetime.fromisoformat(when)
            except ValueError as error:
                raise SaemError("E104", f"'{when}' is no time", where=caller(),
                                fix='"2026-11-20", "2026-11-20 14:00", or a number') from error
            if isinstance(when, str) and len(when) <= 10:      # a day: as it ended
                moment += datetime.timedelta(days=1)
            times = self.db.execute("select number, published_at from snapshot order by number").fetchall()
            number = newest_before(times, moment.timestamp())
            row = self.db.execute("select number, heads from snapshot where number=?", (number,)).fetchone()
        if row is None:
            raise SaemError("E212", f"there is no snapshot {when}", where=caller(), fix="saem log")
        return row[0], {name: _kept(*about) for name, about in json.loads(row[1]).items()}

    def snapshots(self) -> list[Snapshot]:
        """Those that are kept, oldest first."""
        rows = self.db.execute("select number, published_at, heads from snapshot order by number")
        return [Snapshot(number, at, {name: (place, version) for name, (place, version, *_) in json.loads(heads).items()})
                for number, at, heads in rows]

    def forget_snapshots(self, numbers: Iterable[int]) -> None:
        with transaction(self.db):
            self.db.executemany("delete from snapshot where number=?", [(number,) for number in numbers])

    def marks(self) -> list[tuple[str, int]]:
        """(place, version) of every parent that some table was made from: the next changes are told from there."""
        return [tuple(row) for row in self.db.execute("select distinct place, version from consumed")]

    def _note_snapshot(self, problems: Mapping[str, tuple[int, float]]) -> int:
        heads = json.dumps({name: [head.place, head.version, head.encoders, {
            "fingerprint": head.fingerprint.hex(), "about": head.about, "granted": head.granted, "parents": self.consumed(name),
            "problems": problems.get(name, (0, 0.0))}] for name, head in sorted(self.heads().items())})
        self.db.execute("insert into snapshot(published_at, heads) values (?,?)", (time.time(), heads))
        return int(self.db.execute("select last_insert_rowid()").fetchone()[0])

    def record_run(self, started_at: float, seconds: float, snapshot: int, counts: Mapping[str, Any]) -> None:
        self.db.execute("insert into run(started_at, seconds, snapshot, counts) values (?,?,?,?)",
                        (started_at, seconds, snapshot, json.dumps(counts)))

    def runs(self, newest: int = 20) -> list[dict[str, Any]]:
        rows = self.db.execute("select number, started_at, seconds, snapshot, counts from run order by number desc limit ?", (newest,))
        return [{"number": n, "started_at": at, "seconds": s, "snapshot": snap, "counts": json.loads(c)} for n, at, s, snap, c in rows]


def newest_before(times: Sequence[tuple[int, float]], moment: float) -> int:
    """The number of the newest snapshot at a time; 0 = none. times: (number, when it was published), oldest first.

    The clock may have jumped, so the times of some are wrong; the order of the numbers is not. The line is drawn where the fewest snapshots
    stand on the side that their time denies.

    >>> newest_before([(1, 10), (2, 20), (3, 9_000), (4, 40)], 45), newest_before([(1, 10), (2, 20), (3, 5), (4, 40)], 8)
    (4, 0)
    """
    wrong = sum(at <= moment for _, at in times)
    best, found = wrong, 0
    for number, at in times:
        wrong += 1 if at > moment else -1
        if wrong <= best:
            best, found = wrong, number
    return found


def _kept(place: str, version: int, encoders: Mapping[str, str] = MappingProxyType({}),
          rest: Mapping[str, Any] = MappingProxyType({})) -> Kept:
    """Snapshots of earlier versions of saem say less: what follows from them is made anew by the next run."""
    head = Head(place, version, bytes.fromhex(rest.get("fingerprint", "")), encoders, rest.get("about", ()), tuple(rest.get("granted", ())))
    count, newest = rest.get("problems", (0, 0.0))
    return Kept(head, {parent: (at, number) for parent, (at, number) in rest.get("parents", {}).items()}, (count, newest))
