"""Tables that the pipeline no longer declares."""
import dataclasses
import os
import pathlib

import pytest

import saem
from saem.engine.project import Project
from saem.sources import records


@dataclasses.dataclass(frozen=True)
class Note:
    key: str
    text: str


@dataclasses.dataclass(frozen=True)
class Loud:
    loud: str


@saem.operator(version="1")
def shout(note: Note) -> Loud:
    return Loud(note.text.upper())


def project(home: pathlib.Path, *, with_loud: bool) -> Project:
    db = Project(str(home))
    notes = db.source("notes", records(Note))
    if with_loud:
        notes.derive("loud", shout)
    return db


def test_a_derived_table_that_nobody_declares_goes_and_the_plan_says_so_before(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path, with_loud=True)
    db.tables["notes"].put([Note("a", "hello")])
    db.run()
    db = project(tmp_path, with_loud=False)
    assert {step.table: step.why for step in db.plan()}["loud"] == "no longer declared: it will be dropped"
    db.tables["notes"].drop(["a"])
    db.run()
    with pytest.raises(saem.SaemError, match="E202"):
        db.table("loud")
    assert db.table("notes").count() == 0
    before = db.snapshot
    db.run()
    assert db.snapshot == before


def test_a_table_that_comes_back_is_built_anew(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path, with_loud=True)
    db.tables["notes"].put([Note("a", "hello")])
    db.run()
    project(tmp_path, with_loud=False).run()
    db = project(tmp_path, with_loud=True)
    db.tables["notes"].put([Note("b", "again")])
    db.run()
    assert sorted(db.table("loud").to_arrow()["loud"].to_pylist()) == ["AGAIN", "HELLO"]
    assert len([place for place in os.listdir(tmp_path / "tables") if place.startswith("loud.")]) == 1


def test_a_source_that_nobody_declares_keeps_its_rows(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path, with_loud=True)
    db.tables["notes"].put([Note("a", "hello")])
    db.run()
    db = Project(str(tmp_path))
    db.run()
    assert db.table("notes").count() == 1


def test_the_files_of_a_dropped_table_go_with_the_publish_after(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path, with_loud=True)
    db.tables["notes"].put([Note("a", "hello")])
    db.run()
    db = project(tmp_path, with_loud=False)
    db.run()
    db.tables["notes"].put([Note("b", "more")])
    db.run()
    assert os.listdir(tmp_path / "tables") == ["notes.1.lance"]


def test_a_run_of_some_tables_drops_none(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path, with_loud=True)
    db.tables["notes"].put([Note("a", "hello")])
    db.run()
    db = project(tmp_path, with_loud=False)
    db.run(only=["notes"])
    assert db.table("loud").count() == 1
