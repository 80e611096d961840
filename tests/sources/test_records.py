"""Rows that a program puts: durable at once, in the table after a run."""
import dataclasses
import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.core.principals import Clauses, clauses
from saem.engine.project import Project
from saem.engine.table import Table
from saem.sources import records


@dataclasses.dataclass
class Label:
    student: str
    passed: bool | None = None


@dataclasses.dataclass
class Tap:
    who: int
    day: datetime.date
    note: str = ""


@dataclasses.dataclass
class Everything:
    name: str
    raw: bytes
    moment: datetime.datetime
    days: list[datetime.date]
    share: float | None


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Project]:
    made = Project(str(tmp_path / "state"))
    yield made
    made.close()


def rows(table: Table) -> list[dict[str, object]]:
    return sorted(table.to_arrow().to_pylist(), key=str)


def test_what_is_put_is_there_after_a_run_even_by_another_process(db: Project) -> None:
    db.source("labels", records(Label)).put([Label("kim", True), Label("lee")])
    db.close()
    again = Project(db.state)
    labels = again.source("labels", records(Label))
    again.run()
    assert rows(labels) == [{"student": "kim", "passed": True}, {"student": "lee", "passed": None}]
    again.close()


def test_a_put_replaces_and_a_drop_deletes_by_key(db: Project) -> None:
    labels = db.source("labels", records(Label))
    labels.put([Label("kim", True), Label("lee", True)])
    db.run()
    labels.put([Label("kim", False)])
    labels.drop(["lee", "nobody"])
    db.run()
    assert rows(labels) == [{"student": "kim", "passed": False}]


def test_what_came_last_counts(db: Project) -> None:
    labels = db.source("labels", records(Label))
    labels.put([Label("kim", True)])
    labels.drop(["kim"])
    labels.put([Label("lee", True)])
    labels.put([Label("lee", False)])
    db.run()
    assert rows(labels) == [{"student": "lee", "passed": False}]
    labels.drop(["lee"])
    labels.put([Label("lee", True)])
    db.run()
    assert rows(labels) == [{"student": "lee", "passed": True}]


def test_keys_that_are_no_text_are_keys(db: Project) -> None:
    numbers, taps = db.source("numbers", records(Tap)), db.source("taps", records(Tap, key=["who", "day"]))
    monday, tuesday = datetime.date(2026, 1, 5), datetime.date(2026, 1, 6)
    for table in (numbers, taps):
        table.put([Tap(1, monday), Tap(1, tuesday), Tap(2, monday)])
    db.run()
    assert (numbers.count(), taps.count()) == (2, 3)
    numbers.drop([1])
    taps.drop([(1, monday)])
    taps.put([Tap(2, monday, "changed")])
    db.run()
    assert [row["who"] for row in rows(numbers)] == [2]
    assert [row["note"] for row in rows(taps)] == ["", "changed"]
    numbers.drop([2])
    numbers.put([Tap(2, monday, "back again")])
    db.run()
    assert [row["note"] for row in rows(numbers)] == ["back again"]


def test_every_type_comes_back_as_it_was(db: Project) -> None:
    row = Everything("a", b"\x00\xff", datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.UTC), [datetime.date(2026, 1, 1)], None)
    table = db.source("everything", records(Everything))
    table.put([row])
    db.run()
    assert Everything(**rows(table)[0]) == row      # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [Label("kim", "yes"), Label(5), Label("\ud800"), "kim", Tap(1, datetime.date(2026, 1, 1))])
def test_a_row_that_does_not_fit_is_refused_where_it_is_put(db: Project, wrong: object) -> None:
    labels = db.source("labels", records(Label))
    with pytest.raises(SaemError, match=r"where: test_records.py:\d+") as error:
        labels.put([Label("lee", True), wrong])
    assert error.value.code == "E106"
    db.run()
    assert labels.count() == 0, "all of one put, or nothing"


def test_only_records_can_be_put(db: Project, tmp_path: Path) -> None:
    from saem.sources import folder
    with pytest.raises(SaemError, match="not a records source"):
        db.source("files", folder(str(tmp_path))).put([Label("kim")])


def test_a_key_that_is_no_column_is_refused() -> None:
    with pytest.raises(SaemError, match="did you mean 'student'"):
        records(Label, key="studen")


def readers(table: Table) -> list[Clauses]:
    return [table.project.catalog.readers(code) for code in table.dataset().to_table(columns=["_readers"])["_readers"].to_pylist()]


@dataclasses.dataclass
class Mail:
    number: str
    to: list[str]


def test_readers_are_those_of_the_table_of_a_column_of_a_function_or_of_the_put(db: Project) -> None:
    named, by_column = db.source("named", records(Label), readers=["staff"]), db.source("mails", records(Mail), readers="to")
    by_function = db.source("own", records(Label), readers=lambda student: [student])
    given = db.source("given", records(Label), readers=["staff"])
    for table in (named, by_function):
        table.put([Label("kim")])
    by_column.put([Mail("1", ["kim", "lee"])])
    given.put([Label("kim")], readers=[db.catalog.reader_code(["lee"])])
    db.run()
    assert [readers(table) for table in (named, by_column, by_function, given)] == [
        [clauses(["staff"])], [clauses(["kim", "lee"])], [clauses(["kim"])], [clauses(["lee"])]]


def test_parents_that_are_put_are_kept_and_may_change(db: Project) -> None:
    labels = db.source("labels", records(Label))
    for parent in (b"1" * 16, b"2" * 16):
        labels.put([Label("kim")], parents=[[parent]])
        db.run()
        assert labels.dataset().to_table()["_parents"].to_pylist() == [[parent]]


@dataclasses.dataclass
class WiderLabel:
    student: str
    passed: bool | None
    teacher: str = "unknown"


@dataclasses.dataclass
class NumberLabel:
    student: str
    passed: datetime.date | None


def test_put_rows_live_on_when_their_columns_change(db: Project) -> None:
    db.source("labels", records(Label)).put([Label("kim", True)])
    db.run()
    db.close()
    again = Project(db.state)
    labels = again.source("labels", records(WiderLabel))
    labels.put([WiderLabel("lee", False, "park")])
    again.run()
    assert rows(labels) == [{"student": "kim", "passed": True, "teacher": "unknown"},
                            {"student": "lee", "passed": False, "teacher": "park"}]
    assert again.run().tables["labels"].is_idle
    again.close()


def test_columns_that_cannot_become_others_are_refused_and_nothing_is_lost(db: Project) -> None:
    db.source("labels", records(Label)).put([Label("kim", True)])
    db.run()
    db.close()
    again = Project(db.state)
    again.source("labels", records(NumberLabel))
    with pytest.raises(SaemError, match="cannot become") as error:
        again.run()
    assert error.value.code == "E104"
    again.close()
    back = Project(db.state)
    labels = back.source("labels", records(Label))
    back.run()
    assert rows(labels) == [{"student": "kim", "passed": True}]
    back.close()


def test_other_readers_of_the_source_reach_the_rows_that_named_none_of_their_own(tmp_path: Path) -> None:
    def project(readers: list[str]) -> Project:
        db = Project(str(tmp_path))
        db.source("labels", records(Label), readers=readers)
        return db

    db = project(["*"])
    db.tables["labels"].put([Label("by default", True)])
    db.tables["labels"].put([Label("by name", True)], readers=[db.catalog.reader_code(["lee"])])
    db.run()
    db = project(["kim"])
    counts = db.run().tables["labels"]
    held = db.published("labels").to_table().to_pylist()
    assert {row["student"]: db.catalog.readers(row["_readers"]) for row in held} == {
        "by default": clauses(["kim"]), "by name": clauses(["lee"])}
    assert (counts.regranted, counts.changed) == (1, 0)
    before = db.snapshot
    db.run()
    assert db.snapshot == before


def test_readers_of_rows_that_are_put_are_named(db: Project) -> None:
    one, each = db.source("one", records(Label)), db.source("each", records(Label))
    one.put([Label("kim"), Label("lee")], readers=["kim", "staff"])
    each.put([Label("kim"), Label("lee")], readers=[["kim"], ["lee", "staff"]])
    for wrong in ([["kim"]], [[["kim"]], ["lee"]], [None, ["lee"]]):
        with pytest.raises(SaemError, match="E104"):
            each.put([Label("kim"), Label("lee")], readers=wrong)
    db.run()
    codes = {table.name: dict(zip(*(table.dataset().to_table()[name].to_pylist() for name in ("student", "_readers")), strict=True))
             for table in (one, each)}
    assert codes == {"one": dict.fromkeys(("kim", "lee"), db.catalog.reader_code(["kim", "staff"])),
                     "each": {"kim": db.catalog.reader_code(["kim"]), "lee": db.catalog.reader_code(["lee", "staff"])}}
