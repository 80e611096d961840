"""What is published, and for whom: one SQLite file, one transaction a publish."""
import datetime
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from saem.core.errors import SaemError, caller
from saem.core.identity import digest
from saem.core.principals import FOR_NONE, Clauses, all_of, clauses, either, may_read

NOBODY, EVERYONE = 0, 1         # codes of the two reader sets that always exist
FORMAT = 3                      # of this file; a higher one was written by a newer saem
SCHEMA = """
create table if not exists head(name text primary key, place text not null, version int not null, fingerprint blob not null,
                                encoders text not null, about text not null, granted text not null default '[]');
create table if not exists granted(name text, reader text, reason text, since real, primary key(name, reader));
create table if not exists consumed(child text, parent text, place text not null, version int not null, primary key(child, parent));
create table if not exists snapshot(number integer primary key, published_at real not null, heads text not null);
create table if not exists run(number integer primary key, started_at real, seconds real, snapshot int, counts text);
create table if not exists reader_set(code integer primary key, clauses text not null unique);
create table if not exists lease(name text primary key, owner text, pid int, born text, host text, expires_at real);
create table if not exists problem(name text, unit blob, kind text, key text, operator text, reason text, details text,
                                   since real, primary key(name, unit));
create table if not exists inbox(number integer primary key autoincrement, name text not null, key text not null, row text);
create table if not exists secret(name text primary key, value blob not null);
create table if not exists forgotten(name text, mark blob, since real, primary key(name, mark));
create table if not exists erasure(id text primary key, is_done int not null, draft text not null);
insert or ignore into reader_set values (0, '[[]]'), (1, '[]');
insert or ignore into secret values ('marks', randomblob(32));
"""
# format 1 held one set of names a code, and knew no grants
FROM_1 = """
alter table head add column granted text not null default '[]';
alter table reader_set rename column members to clauses;
update reader_set set clauses = case clauses when '["*"]' then '[]' else '[' || clauses || ']' end;
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
class Problem:
    """A unit that gave no rows, and why. kind: 'failed' (quarantine) or 'skipped' (left out by a rule)."""
    unit: bytes
    kind: str
    key: str              # what a person calls it: a path, a title, else the id in hex
    operator: str         # or the rule
    reason: str
    details: str = ""     # the traceback


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


class Catalog:
    """One connection, for one thread; other processes see only whole publishes."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self.db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
            found = self.db.execute("pragma user_version").fetchone()[0]
            if found > FORMAT:
                raise SaemError("E205", f"the project was written by a newer saem (format {found}, this one knows {FORMAT})",
                                where=path, fix="pip install --upgrade saem")
            if found < FORMAT:
                steps = FROM_1 if found == 1 else ""
                self.db.executescript("pragma journal_mode=wal;" + steps + SCHEMA + f"pragma user_version={FORMAT};")
            self.db.execute("pragma synchronous=full")
            self.db.execute("pragma secure_delete=on")      # what is deleted is written over
        except sqlite3.DatabaseError as error:
            if shutil.disk_usage(os.path.dirname(path)).free < 1 << 16:
                raise SaemError("E304", "the disk is full; not even the catalog can be opened", where=path,
                                fix="make room, then: saem run") from error
            raise SaemError("E204", f"the catalog cannot be opened: {error}", where=path,
                            fix="is the folder writable, and the file a saem catalog?") from error
        self._readers: dict[int, Clauses] = {}
        self._intersections: dict[frozenset[int], int] = {}
        self._codes: dict[tuple[frozenset[str], int], frozenset[int]] = {}

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("begin immediate")
        try:
            yield
            self.db.execute("commit")
        except BaseException:
            if self.db.in_transaction:      # a full disk has rolled back already
                self.db.execute("rollback")
            raise

    # heads and watermarks

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

    def snapshot_at(self, when: int | str | datetime.datetime) -> tuple[int, dict[str, Head]]:
        """(number, heads) of a snapshot: by its number, or the newest at a time."""
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
            row = self.db.execute("select number, heads from snapshot where published_at<=? order by number desc limit 1",
                                  (moment.timestamp(),)).fetchone()
        if row is None:
            raise SaemError("E212", f"there is no snapshot {when}", where=caller(), fix="saem log")
        heads = json.loads(row[1]).items()
        return row[0], {name: Head(place, version, b"", rest[0] if rest else {}) for name, (place, version, *rest) in heads}

    def snapshots(self) -> list[Snapshot]:
        """Those that are kept, oldest first."""
        rows = self.db.execute("select number, published_at, heads from snapshot order by number")
        return [Snapshot(number, at, {name: (place, version) for name, (place, version, *_) in json.loads(heads).items()})
                for number, at, heads in rows]

    def forget_snapshots(self, numbers: Iterable[int]) -> None:
        with self.transaction():
            self.db.executemany("delete from snapshot where number=?", [(number,) for number in numbers])

    def marks(self) -> list[tuple[str, int]]:
        """(place, version) of every parent that some table was made from: the next changes are told from there."""
        return [tuple(row) for row in self.db.execute("select distinct place, version from consumed")]

    def publish(self, owner: str, publication: Publication) -> int:
        """Move every head and watermark, or none; returns the snapshot's number. Fails if the lease has been lost meanwhile."""
        with self.transaction():
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
                (name, p.unit, p.kind, _storable(p.key), p.operator, _storable(p.reason), _storable(p.details), time.time())
                for name, p in publication.problems])
            self.db.executemany("delete from inbox where name=? and number<=?", publication.inbox)
            for name in publication.dropped:
                self.db.execute("delete from head where name=?", (name,))
                self.db.execute("delete from consumed where child=?", (name,))
                self.db.execute("delete from problem where name=?", (name,))
            return self._note_snapshot()

    def _check_lease(self, owner: str) -> None:
        if not self.db.execute("select 1 from lease where name='run' and owner=?", (owner,)).fetchone():
            raise SaemError("E302", "the lease was lost: another run took over; nothing was published", fix="saem run")

    def _note_snapshot(self) -> int:
        heads = json.dumps({name: [head.place, head.version, head.encoders] for name, head in sorted(self.heads().items())})
        self.db.execute("insert into snapshot(published_at, heads) values (?,?)", (time.time(), heads))
        return int(self.db.execute("select last_insert_rowid()").fetchone()[0])

    def record_run(self, started_at: float, seconds: float, snapshot: int, counts: Mapping[str, Any]) -> None:
        self.db.execute("insert into run(started_at, seconds, snapshot, counts) values (?,?,?,?)",
                        (started_at, seconds, snapshot, json.dumps(counts)))

    def runs(self, newest: int = 20) -> list[dict[str, Any]]:
        rows = self.db.execute("select number, started_at, seconds, snapshot, counts from run order by number desc limit ?", (newest,))
        return [{"number": n, "started_at": at, "seconds": s, "snapshot": snap, "counts": json.loads(c)} for n, at, s, snap, c in rows]

    # quarantine

    def problems(self, name: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        query = "select name, unit, kind, key, operator, reason, details, since from problem where (?1 is null or name=?1)"
        rows = self.db.execute(query + " and (?2 is null or kind=?2) order by name, key", (name, kind))
        return [dict(zip(("table", "unit", "kind", "key", "operator", "reason", "details", "since"), row, strict=True)) for row in rows]

    def problem_units(self, name: str) -> dict[bytes, str]:
        """{unit: kind} of a table's problems."""
        return dict(self.db.execute("select unit, kind from problem where name=?", (name,)).fetchall())

    # rows that were put from outside and wait for the next run

    def put(self, name: str, rows: Iterable[tuple[str, str | None]]) -> None:
        """(key, row as JSON; None = delete) into the inbox of a source, durably."""
        with self.transaction():
            self.db.executemany("insert into inbox(name, key, row) values (?,?,?)", [(name, key, row) for key, row in rows])

    def inbox(self, name: str) -> tuple[int, dict[str, str | None]]:
        """(last number, {key: newest row})."""
        rows = self.db.execute("select number, key, row from inbox where name=? order by number", (name,)).fetchall()
        return (rows[-1][0] if rows else 0), {key: row for _, key, row in rows}

    # what was forgotten: keyed hashes of keys that no source may bring again, and erasures that are not at their end

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
        with self.transaction():
            return self.db.executemany("delete from forgotten where name=? and mark=?", [(table, mark) for mark in marks]).rowcount

    def begin_erasure(self, name: str, table: str, marks: Iterable[bytes], draft: Mapping[str, Any]) -> None:
        """From here on nothing brings the rows back, and whoever runs next finishes it."""
        with self.transaction():
            self.db.executemany("insert or ignore into forgotten values (?,?,?)", [(table, mark, time.time()) for mark in marks])
            self.db.execute("insert or replace into erasure values (?,0,?)", (name, json.dumps(draft)))

    def draft_erasure(self, name: str, draft: Mapping[str, Any]) -> None:
        self.db.execute("update erasure set draft=? where id=?", (json.dumps(draft), name))

    def erasures(self, is_done: bool = False) -> dict[str, dict[str, Any]]:
        """{receipt: its draft} of those at work, or of those at their end."""
        rows = self.db.execute("select id, draft from erasure where is_done=? order by rowid", (int(is_done),))
        return {name: json.loads(draft) for name, draft in rows}

    def take_from_inbox(self, numbers: Iterable[int]) -> None:
        self.db.executemany("delete from inbox where number=?", [(number,) for number in numbers])

    def end_erasure(self, name: str) -> None:
        self.db.execute("insert or replace into erasure values (?,1,'{}')", (name,))

    def move(self, owner: str, tables: Iterable[str], places: Mapping[str, tuple[int, int]]) -> list[int]:
        """Move heads and watermarks of datasets {place: (version, new version)} to versions that hold the same rows; older snapshots of
        the tables are given up. Returns their numbers."""
        with self.transaction():
            self._check_lease(owner)
            for place, (old, new) in places.items():
                self.db.execute("update head set version=? where place=? and version=?", (new, place, old))
                self.db.execute("update consumed set version=? where place=? and version=?", (new, place, old))
                self.db.execute("delete from consumed where place=? and version<>?", (place, new))      # made anew, by the next run
            newest = self._note_snapshot()
            gone = [each.number for each in self.snapshots() if each.number < newest and set(tables) & set(each.heads)]
            self.db.executemany("delete from snapshot where number=?", [(number,) for number in gone])
            return gone

    # readers: a set of clauses is one small integer

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

    # grants: a derived table that more people may read than its parents

    def grant(self, table: str, names: Iterable[str], reason: str) -> None:
        with self.transaction():
            self.db.executemany("insert or replace into granted values (?,?,?,?)", [(table, name, reason, time.time()) for name in names])

    def revoke(self, table: str, names: Iterable[str]) -> None:
        with self.transaction():
            self.db.executemany("delete from granted where name=? and reader=?", [(table, name) for name in names])

    def grants(self, table: str | None = None) -> list[dict[str, Any]]:
        query = "select name, reader, reason, since from granted where (?1 is null or name=?1) order by name, reader"
        rows = self.db.execute(query, (table,))
        return [dict(zip(("table", "reader", "reason", "since"), row, strict=True)) for row in rows]

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


def _storable(text: str) -> str:
    """Half a surrogate pair, as escapes: SQLite takes UTF-8 only."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def exists(folder: str) -> bool:
    """Whether a project's state lies in this folder."""
    return os.path.exists(os.path.join(folder, "catalog.db"))
