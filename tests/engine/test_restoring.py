"""Restore: all tables as they were, as a new snapshot; what was forgotten stays away, and rights are those of today."""
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.sources import folder, records
from saem.transform import chunk, embed, parse


@dataclass(frozen=True)
class Note:
    key: str
    text: str


@dataclass(frozen=True)
class Word:
    word: str


@dataclass(frozen=True)
class Total:
    words: int


@saem.operator(version="1")
def words(note: Note) -> Iterable[Word]:
    if "broken" in note.text:
        raise ValueError("cannot be cut")
    return [Word(each) for each in note.text.split()]


@saem.operator(version="1")
def total(rows: list[Word]) -> Total:
    return Total(len(rows))


READERS = {"a": ["staff"], "b": ["staff"]}


@pytest.fixture
def db(tmp_path: Path) -> saem.Project:
    made = saem.Project(str(tmp_path / "state"))
    made.groups = {"staff": ("lee",), "board": ("park",)}
    made.source("notes", records(Note), readers=lambda key: READERS.get(key, ["staff"])).derive("words", words, carry=["key"]).derive(
        "total", total)
    return made


def _run(db: saem.Project, **texts: str) -> int:
    db.tables["notes"].put([Note(key, text) for key, text in texts.items()])
    return db.run().snapshot


def _held(db: saem.Project) -> tuple[list[str], list[str], list[int]]:
    texts, cut, totals = (db.table(table).to_arrow([name])[name].to_pylist()
                          for table, name in (("notes", "text"), ("words", "word"), ("total", "words")))
    return sorted(texts), sorted(cut), totals


def _tables(db: saem.Project) -> dict[str, list[dict[str, object]]]:
    return {name: db.published(name).to_table(columns=["_id", "_hash", "_readers", "_parents"]).sort_by("_id").to_pylist()
            for name in db.names()}


def test_all_tables_are_as_they_were_and_what_came_between_stays_to_go_back_to(db: saem.Project) -> None:
    first = _run(db, a="one two", b="three")
    was = _held(db)
    db.tables["notes"].drop(["b"])
    second = _run(db, a="one", c="four five six")
    report = db.restore(first)
    assert (report.snapshot, db.snapshot) == (second + 1, second + 1)
    assert _held(db) == was
    assert (report.tables["notes"].added, report.tables["notes"].changed, report.tables["notes"].deleted) == (1, 1, 1)
    assert db.diff(first) == []
    db.restore(second)
    assert _held(db) == (["four five six", "one"], ["five", "four", "one", "six"], [4])


def test_a_run_after_it_computes_nothing_again_and_goes_on_from_there(db: saem.Project) -> None:
    first = _run(db, a="one two", b="three")
    _run(db, a="one", b="3")
    db.restore(first)
    before = db.snapshot
    report = db.run()
    assert sum(counts.recomputed for counts in report.tables.values()) == 0
    assert db.snapshot == before
    _run(db, b="three and four")
    assert _held(db) == (["one two", "three and four"], ["and", "four", "one", "three", "two"], [5])
    again = saem.Project(db.state + ".new")
    again.source("notes", records(Note), readers=lambda key: READERS.get(key, ["staff"])).derive("words", words, carry=["key"]).derive(
        "total", total)
    again.groups = db.groups
    _run(again, a="one two", b="three and four")
    mine, fresh = _tables(db), _tables(again)
    assert {name: [row["_hash"] for row in rows] for name, rows in mine.items()} == {
        name: [row["_hash"] for row in rows] for name, rows in fresh.items()}


def test_the_next_run_brings_what_the_folder_says(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# 대출\n\n대출은 14일이다.", encoding="utf-8")
    db = saem.Project(str(tmp_path / "state"))
    docs = db.source("files", folder(str(tmp_path / "docs"))).derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    first = db.run().snapshot
    (tmp_path / "docs" / "a.md").write_text("# 대출\n\n대출은 이제 21일 동안이다.", encoding="utf-8")
    db.run()
    db.restore(first)
    assert "14일" in db.table("chunks").search("대출")[0].row["text"]
    db.run()
    assert "21일" in db.table("chunks").search("대출")[0].row["text"]


def test_what_was_forgotten_does_not_come_back(db: saem.Project) -> None:
    first = _run(db, a="one two", b="SECRET")
    db.forget("notes", "b", reason="asked to")
    with pytest.raises(SaemError, match="no snapshot"):
        db.restore(first)
    after = db.snapshot
    _run(db, a="other")
    db.restore(after)
    assert _held(db) == (["one two"], ["one", "two"], [2])
    db.tables["notes"].put([Note("b", "SECRET")])
    db.run()
    assert _held(db)[0] == ["one two"]


def test_rights_are_those_of_today(db: saem.Project) -> None:
    first = _run(db, a="one two", b="three")
    db.tables["notes"].drop(["b"])
    _run(db, a="other")
    READERS["a"] = READERS["b"] = ["board"]
    try:
        db.restore(first)
        assert [len(db.as_user("lee").table(name)) for name in ("notes", "words", "total")] == [0, 0, 0]
        assert [len(db.as_user("park").table(name)) for name in ("notes", "words", "total")] == [2, 3, 1]
    finally:
        READERS["a"] = READERS["b"] = ["staff"]


def test_a_grant_that_was_taken_back_stays_taken_back(db: saem.Project) -> None:
    _run(db, a="one two")
    granted = db.grant("total", "board").snapshot
    assert len(db.as_user("park").table("total")) == 1
    db.revoke("total", "board")
    db.restore(granted)
    assert len(db.as_user("park").table("total")) == 0
    assert len(db.as_user("lee").table("total")) == 1


@dataclass(frozen=True)
class Paper:
    title: str
    text: str
    reader: str


def test_where_readers_are_a_column_nobody_sees_what_he_may_not_today(tmp_path: Path) -> None:
    db = saem.Project(str(tmp_path / "state"))
    db.groups = {"staff": ("lee",), "board": ("park",)}
    papers = db.source("papers", records(Paper), readers="reader")
    papers.put([Paper("pay", "5", "staff"), Paper("plan", "secret", "board")])
    first = db.run().snapshot
    papers.put([Paper("pay", "6", "board"), Paper("plan", "redacted", "*")])
    db.run()
    db.restore(first)
    assert len(db.as_user("lee").table("papers")) == 0, "neither what is closed today, nor what was closed then"


def test_what_failed_then_fails_again_and_nothing_is_left_out_in_silence(db: saem.Project) -> None:
    first = _run(db, a="one two", b="broken words")
    assert len(db.quarantine()) == 1
    _run(db, b="mended")
    assert db.quarantine() == []
    db.restore(first)
    assert any("restored" in step.why for step in db.plan())
    db.run()
    assert [p["table"] for p in db.quarantine()] == ["words"]
    assert _held(db) == (["broken words", "one two"], ["one", "two"], [2])


def test_a_snapshot_that_is_not_whole_changes_nothing(db: saem.Project, tmp_path: Path) -> None:
    first = _run(db, a="one two")

    @dataclass(frozen=True)
    class Longer:
        word: str
        letters: int

    @saem.operator(version="1")
    def longer(note: Note) -> Iterable[Longer]:
        return [Longer(each, len(each)) for each in note.text.split()]

    for text in ("other", "more"):
        again = saem.Project(db.state)
        again.source("notes", records(Note)).derive("words", longer, carry=["key"])
        _run(again, a=text)
    before = again.snapshot
    with pytest.raises(SaemError) as error:
        again.restore(first)
    assert (error.value.code, again.snapshot) == ("E212", before)
    assert again.table("notes").to_arrow(["text"])["text"].to_pylist() == ["more"]


def test_a_reader_restores_nothing(db: saem.Project) -> None:
    first = _run(db, a="one two")
    for view in (db.as_user("lee"), db.at(first)):
        with pytest.raises(SaemError) as error:
            view.restore(first)
        assert error.value.exit_code == 4


def test_a_crash_before_the_publish_changes_nothing(db: saem.Project) -> None:
    first = _run(db, a="one two", b="three")
    _run(db, a="one")
    was = _held(db)

    class Killed(Exception):
        pass

    def kill(step: str) -> None:
        if step == "before publish":
            raise Killed

    again = saem.Project(db.state, kill)
    again.source("notes", records(Note), readers=lambda key: READERS.get(key, ["staff"])).derive("words", words, carry=["key"]).derive(
        "total", total)
    with pytest.raises(Killed):
        again.restore(first)
    assert _held(db) == was
    _run(db, c="four")
    assert _held(db) == (["four", "one", "three"], ["four", "one", "three"], [3])
