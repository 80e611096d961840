"""Groups from a table: a row that comes or goes changes who may read, at once; without the table nobody is in its groups."""
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import saem
from saem import door
from saem.core.errors import SaemError
from saem.sources import records


@dataclass(frozen=True)
class Member:
    group: str
    member: str


@dataclass(frozen=True)
class Paper:
    title: str
    reader: str


@pytest.fixture
def db(tmp_path: Path) -> saem.Project:
    made = saem.Project(str(tmp_path / "state"))
    made.source("papers", records(Paper), readers="reader")
    made.groups_from(made.source("members", records(Member, key=["group", "member"]), readers=["boss"]))
    made.tables["papers"].put([Paper("pay", "staff"), Paper("plan", "board"), Paper("menu", "*")])
    _put(made, ("staff", "lee"), ("board", "park"), ("staff", "board"))
    return made


def _put(db: saem.Project, *pairs: tuple[str, str]) -> None:
    db.tables["members"].put([Member(*pair) for pair in pairs])
    db.run()


def _seen(db: saem.Project, person: str) -> list[str]:
    return sorted(db.as_user(person).table("papers").to_arrow(["title"])["title"].to_pylist())


def test_members_read_what_their_groups_may_through_groups_in_groups_too(db: saem.Project) -> None:
    assert {person: _seen(db, person) for person in ("lee", "park", "kim")} == {
        "lee": ["menu", "pay"], "park": ["menu", "pay", "plan"], "kim": []}
    row = db.table("papers").to_arrow(["_id"], where="title = 'pay'")["_id"][0].as_py().hex()
    assert db.who_can_read(row).people == ["lee", "park"]
    assert [each.label for each in db.why_not("lee", db.table("papers").to_arrow(["_id"], where="title = 'plan'")["_id"][0].as_py().hex())]


def test_a_changed_row_acts_at_once_and_no_other_row_is_written(db: saem.Project) -> None:
    papers, view = db.catalog.heads()["papers"], db.as_user("kim")
    _put(db, ("board", "kim"))
    assert (_seen(db, "kim"), len(view.table("papers"))) == (["menu", "pay", "plan"], 3)
    db.tables["members"].drop([("board", "kim"), ("board", "park")])
    db.run()
    assert (_seen(db, "kim"), _seen(db, "park"), len(view.table("papers"))) == ([], [], 0)
    assert db.catalog.heads()["papers"] == papers


def test_an_older_snapshot_is_read_with_the_groups_of_today(db: saem.Project) -> None:
    before = db.snapshot
    db.tables["members"].drop([("board", "park")])
    db.run()
    assert _seen(db.at(before), "park") == []


def test_groups_in_a_circle_are_one(db: saem.Project) -> None:
    _put(db, ("board", "staff"))
    assert _seen(db, "lee") == _seen(db, "park") == ["menu", "pay", "plan"]


def test_those_of_the_file_and_of_the_table_are_one_set(db: saem.Project) -> None:
    db.groups = {"board": ("cho",), "interns": ("kim",)}
    _put(db, ("staff", "interns"))
    assert (_seen(db, "cho"), _seen(db, "kim")) == (["menu", "pay", "plan"], ["menu", "pay"])


def test_without_the_table_nobody_is_in_its_groups(db: saem.Project) -> None:
    place = db.uri(db.catalog.heads()["members"].place)
    assert _seen(db, "lee") == ["menu", "pay"]
    os.rename(place, place + ".away")
    again = saem.Project(db.state)
    again.groups_table = db.groups_table
    assert (_seen(again, "lee"), _seen(again, "park")) == ([], [])
    os.rename(place + ".away", place)
    assert _seen(again, "lee") == ["menu", "pay"], "a failure is not remembered"
    shutil.rmtree(place)


def test_before_its_first_run_it_is_empty(tmp_path: Path) -> None:
    db = saem.Project(str(tmp_path / "state"))
    db.source("papers", records(Paper), readers="reader").put([Paper("pay", "staff")])
    db.run()
    db.groups_from(db.source("members", records(Member, key=["group", "member"])))
    assert _seen(db, "lee") == []


def test_a_mistake_shows_where_it_is_made(db: saem.Project) -> None:
    for wrong, code in (({"table": "member"}, "E202"), ({"table": "members", "group": "team"}, "E101")):
        with pytest.raises(SaemError) as error:
            db.groups_from(**wrong)
        assert error.value.code == code
    with pytest.raises(SaemError) as error:
        db.as_user("lee").groups_from("members")
    assert error.value.exit_code == 4


def test_the_settings_name_the_table(tmp_path: Path) -> None:
    (tmp_path / "pipeline.py").write_text("""import saem
from dataclasses import dataclass
from saem.sources import records

@dataclass(frozen=True)
class Member:
    group: str
    member: str

def pipeline(db: saem.Project) -> None:
    db.source("members", records(Member, key=["group", "member"]), readers=["staff"])
""", encoding="utf-8")
    (tmp_path / "saem.toml").write_text('[saem]\ngroups_from = "members"\n', encoding="utf-8")
    with saem.open(str(tmp_path)) as db:
        row = db.tables["members"].source.row_class("staff", "lee")
        db.tables["members"].put([row])
        db.run()
        assert len(db.as_user("lee").table("members")) == 1
    held = door.reopened(str(tmp_path))
    assert held is not None
    assert len(held.as_user("lee").table("members")) == 1, "also where the pipeline cannot be opened"
    held.close()
    (tmp_path / "saem.toml").write_text('[saem]\ngroups_from = "teams"\n', encoding="utf-8")
    with pytest.raises(SaemError, match="no table is named 'teams'"):
        saem.open(str(tmp_path))
