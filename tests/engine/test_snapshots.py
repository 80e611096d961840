"""Snapshots: what is kept of them and for how long, what they hold, what differs between two."""
import os
from dataclasses import dataclass
from pathlib import Path

import lance
import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.retention import GRACE_S, Retention, given_up, prune
from saem.sources import records
from saem.store.heads import Snapshot
from saem.store.lease import lease

DAY = 86_400.0


@dataclass(frozen=True)
class Note:
    key: str
    text: str


@dataclass(frozen=True)
class Length:
    letters: int


@saem.operator(version="1")
def measure(note: Note) -> Length:
    return Length(len(note.text))


@pytest.fixture
def db(tmp_path: Path) -> saem.Project:
    made = saem.Project(str(tmp_path / "state"))
    made.source("notes", records(Note)).derive("lengths", measure)
    return made


def _run(db: saem.Project, **texts: str) -> int:
    db.tables["notes"].put([Note(key, text) for key, text in texts.items()])
    return db.run().snapshot


def test_a_difference_names_what_came_changed_and_went(db: saem.Project) -> None:
    first = _run(db, a="one", b="two", c="three")
    db.tables["notes"].drop(["c"])
    second = _run(db, b="2", d="four")
    told = {each.table: (each.added, each.changed, each.deleted, each.names) for each in db.diff(first, second)}
    assert told["notes"] == (1, 1, 1, {"added": ["d"], "changed": ["b"], "deleted": ["c"]})
    assert told["lengths"][:3] == (1, 1, 1)
    assert db.diff(second) == []
    assert [(each.added, each.deleted) for each in db.diff(second, first)] == [(1, 1), (1, 1)]


def test_the_newest_some_of_each_day_and_the_last_minutes_are_kept() -> None:
    noon = 1_700_000_000.0 // DAY * DAY + DAY / 2
    hourly = [Snapshot(number, noon - (500 - number) * 3_600.0, {}) for number in range(1, 501)]
    gone = given_up(hourly, Retention(snapshots=10, days=5), noon)
    kept = [each.number for each in hourly if each.number not in gone]
    assert kept[-10:] == list(range(491, 501))
    assert 10 < len(kept) <= 15
    recent = [Snapshot(number, noon - GRACE_S / 2, {}) for number in range(50)]
    assert given_up(recent, Retention(snapshots=1, days=0), noon) == []
    assert given_up(hourly[:1], Retention(snapshots=0, days=0), noon + 900 * DAY) == []


def test_what_is_given_up_leaves_the_disk_and_the_rest_stays_whole(db: saem.Project) -> None:
    for number in range(12):
        _run(db, a=f"text number {number}", b="stays")
    newest, before = db.snapshot, _versions(db)
    db.keep = Retention(snapshots=3, days=0)
    with lease(db.catalog, 0.0):
        gone = prune(db, batch=1, now=_newest(db) + 10 * DAY)
    assert gone == list(range(1, newest - 2))
    assert all(after < before[name] for name, after in _versions(db).items())
    assert [each.number for each in db.catalog.snapshots()] == [newest - 2, newest - 1, newest]
    for number in range(newest - 2, newest + 1):
        assert db.at(number).table("notes").to_arrow(["text"], where="key = 'a'")["text"].to_pylist() == [f"text number {number - 1}"]
    with pytest.raises(SaemError, match="no snapshot"):
        db.at(1)
    report = db.run()
    assert sum(counts.recomputed for counts in report.tables.values()) == 0, "a watermark was given up"
    _run(db, a="after")
    assert db.table("lengths").to_arrow(where="letters = 5")["letters"].to_pylist() == [5, 5]


def test_a_table_that_lags_behind_its_parent_still_finds_what_changed(db: saem.Project) -> None:
    _run(db, a="one", b="two")
    for number in range(8):
        db.tables["notes"].put([Note("a", f"number {number}")])
        db.run(only=["notes"])
    db.keep = Retention(snapshots=1, days=0)
    with lease(db.catalog, 0.0):
        prune(db, batch=1, now=_newest(db) + 10 * DAY)
    report = db.run()
    assert report.tables["lengths"].recomputed == 1
    assert sorted(db.table("lengths").to_arrow(["letters"])["letters"].to_pylist()) == [3, 8]


def test_a_snapshot_whose_columns_have_changed_since_says_so(db: saem.Project, tmp_path: Path) -> None:
    first = _run(db, a="one")
    db.close()

    @dataclass(frozen=True)
    class Wider:
        letters: int
        words: int

    @saem.operator(version="1")
    def count(note: Note) -> Wider:
        return Wider(len(note.text), len(note.text.split()))

    for _ in range(2):          # the dataset of the former columns goes when neither this publish nor the one before names it
        again = saem.Project(str(tmp_path / "state"))
        again.source("notes", records(Note)).derive("lengths", count)
        _run(again, a=f"one {_}")
    with pytest.raises(SaemError, match="no longer has 'lengths'"):
        again.at(first).table("lengths").count()
    assert again.at(first).table("notes").count() == 1


def _versions(db: saem.Project) -> dict[str, int]:
    return {name: len(lance.dataset(db.uri(name)).versions()) for name in os.listdir(os.path.join(db.state, "tables"))}


def _newest(db: saem.Project) -> float:
    return db.catalog.snapshots()[-1].published_at
