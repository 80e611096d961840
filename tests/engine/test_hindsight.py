"""An older snapshot is shown to those who could read a row then and may read it now; to nobody else, through no door."""
import os
from pathlib import Path

import pytest

import saem
from saem.engine.view import View
from saem.infer import ask
from saem.sources import folder
from saem.transform import chunk, embed, group_by, parse

PAGES = {"open.md": "# 도서관\n\n대출 기간은 14일이다.", "pay.md": "# 급여\n\n급여일은 매달 25일이다. SECRETPAY",
         "plan.md": "# 계획\n\n새 건물은 3월에 연다. SECRETPLAN"}
READERS = {"open.md": ["*"], "pay.md": ["staff"], "plan.md": ["staff"]}


def write(home: Path, name: str, text: str) -> None:
    (home / "docs").mkdir(exist_ok=True)
    (home / "docs" / name).write_text(text, "utf-8")
    os.utime(home / "docs" / name, (1.6e9, 1.6e9 + len(text)))


def opened(home: Path, readers: dict[str, list[str]] = READERS) -> saem.Project:
    db = saem.Project(str(home / "state"))
    db.groups = {"staff": ("kim", "lee"), "students": ("park",)}
    files = db.source("files", folder(str(home / "docs")), readers=lambda path: readers[path])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    docs.derive("totals", group_by(values={"n": "count()"}), by="language")
    return db


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        write(tmp_path, name, text)
    with opened(tmp_path) as db:
        assert db.run().snapshot == 1
    return tmp_path


def seen(view: saem.Project) -> dict[str, list[str]]:
    """What a view shows of two tables, by every door; all doors must agree."""
    made = {name: sorted(view.table(name).to_arrow(["path"])["path"].to_pylist()) for name in ("docs", "chunks")}
    for name, paths in made.items():
        assert sorted(view.sql(f"select path from {name}")["path"].to_pylist()) == paths
        assert view.table(name).count() == len(paths)
        assert view.sql(f"select count(*) n from {name} where path < 'zzz'")["n"].to_pylist() == [len(paths)]
    hits = view.table("chunks").search("급여일 대출 새 건물 SECRETPAY", k=10, fold=False)
    assert {hit.row["path"] for hit in hits} == set(made["chunks"])
    return made


def test_readers_that_were_taken_away_are_taken_away_from_older_snapshots_too(home: Path) -> None:
    with opened(home, READERS | {"pay.md": ["lee"], "plan.md": ["staff", "park"]}) as db:
        db.run()
        old = db.as_user("kim").at(1)
        assert seen(old)["docs"] == ["open.md", "plan.md"], "what kim may no longer read is shown as it was"
        assert seen(db.as_user("lee").at(1))["docs"] == sorted(PAGES)
        assert seen(db.at(1).as_user("park"))["docs"] == ["open.md"], "who may read it today could not read it then"
        assert "SECRETPAY" not in ask(old.table("chunks"), "급여일은 언제인가요?").text
        assert old.table("totals").count() == 0
        assert db.as_user("lee").at(1).table("totals").count() > 0
        assert seen(db.at(1))["docs"] == sorted(PAGES)


def test_a_view_that_is_open_while_readers_change_sees_it(home: Path) -> None:
    with opened(home) as db, opened(home, READERS | {"pay.md": ["lee"]}) as other:
        old = db.as_user("kim").at(1)
        assert seen(old)["chunks"] == sorted(PAGES)
        other.run()
        assert seen(old)["chunks"] == ["open.md", "plan.md"]


def test_of_an_edited_page_the_former_text_is_for_those_who_may_read_the_page_now(home: Path) -> None:
    write(home, "pay.md", "# 급여\n\n이제 급여일은 말일이다.")
    with opened(home) as db:
        db.run()
        assert "SECRETPAY" in "".join(db.as_user("kim").at(1).table("chunks").to_arrow(["text"])["text"].to_pylist())
    with opened(home, READERS | {"pay.md": ["lee"]}) as db:
        db.run()
        assert seen(db.as_user("kim").at(1))["chunks"] == ["open.md", "plan.md"]
        assert seen(db.as_user("lee").at(1))["chunks"] == sorted(PAGES)


def test_a_page_that_is_gone_is_shown_to_the_owner_alone(home: Path) -> None:
    (home / "docs" / "plan.md").unlink()
    with opened(home) as db:
        db.run()
        assert seen(db.as_user("kim").at(1)) == {"docs": ["open.md", "pay.md"], "chunks": ["open.md", "pay.md"]}
        assert db.as_user("kim").at(1).table("files").count("path = 'plan.md'") == 0
        assert seen(db.at(1))["docs"] == sorted(PAGES)
        assert db.as_user("kim").at(1).table("totals").count() == db.as_user("kim").table("totals").count()


def test_of_a_table_that_is_no_longer_derived_its_rows_follow_what_they_were_made_from(home: Path) -> None:
    with saem.Project(str(home / "state")) as db:
        db.groups = {"staff": ("kim", "lee")}
        db.source("files", folder(str(home / "docs")), readers=lambda path: (READERS | {"pay.md": ["lee"]})[path]).derive("docs", parse)
        db.run()
        assert "chunks" not in db.heads()
        old = View(db, "kim", db.at(1).pinned)
        assert sorted(old.table("chunks").to_arrow(["path"])["path"].to_pylist()) == ["open.md", "plan.md"]
        assert old.table("totals").count() == 0


def test_a_grant_that_was_taken_back_opens_no_older_snapshot(home: Path) -> None:
    with opened(home) as db:
        granted = db.grant("totals", "park").snapshot
        assert db.as_user("park").at(granted).table("totals").count() > 0
        db.revoke("totals", "park")
        assert db.as_user("park").at(granted).table("totals").count() == 0
        assert db.at(granted).table("totals").count() > 0
