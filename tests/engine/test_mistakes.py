"""Mistakes of those who write operators and sources: told where they are made, and nothing is lost by them."""
import dataclasses
import pathlib
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pytest

import saem
from saem.core import registry
from saem.engine.project import Project
from saem.sources import records


@dataclasses.dataclass(frozen=True)
class Note:
    key: str
    text: str
    stars: int = 0


@dataclasses.dataclass(frozen=True)
class Wrong:
    txt: str


@dataclasses.dataclass(frozen=True)
class Made:
    number: int


@pytest.fixture
def db(tmp_path: pathlib.Path) -> Iterator[Project]:
    made = Project(str(tmp_path / "state"))
    made.source("notes", records(Note))
    made.tables["notes"].put([Note("a", "one"), Note("b", "two words")])
    yield made
    made.close()


def refused(code: str, words: str) -> "pytest.RaisesContext[saem.SaemError]":  # type: ignore[name-defined]
    return pytest.raises(saem.SaemError, match=rf"(?s)\[{code}\].*{words}")


def test_a_mistyped_column_is_told_at_the_line_that_derives(db: Project) -> None:
    @saem.operator(version="1")
    def read(row: Wrong) -> Made:
        return Made(1)

    @saem.operator(version="1")
    def gather(rows: list[Wrong]) -> Iterable[Made]:
        yield Made(len(rows))

    for op in (read, gather):
        with refused("E101", "did you mean 'text'"):
            db.tables["notes"].derive("x", op)


def test_declarations_that_cannot_work_say_what_to_write(db: Project) -> None:
    with refused("E105", "version"):
        @saem.operator
        def no_version(row: Note) -> Made: ...
    with refused("E105", "key"):
        @saem.source
        def no_key() -> Iterable[Note]: ...
    with refused("E105", "adds="):
        @saem.operator(version="1")
        def no_columns(rows: saem.Groups) -> saem.Made: ...
    with refused("E105", "is no source"):
        db.source("x", "a string")

    @saem.operator(version="1", adds=Made, key="nmuber")
    def mistyped_key(rows: pa.Table) -> saem.Made: ...
    with refused("E101", "did you mean 'number'"):
        db.tables["notes"].derive("x", mistyped_key)

    @dataclasses.dataclass
    class Hidden:
        key: str
        _id: str
    with refused("E201", "_id"):
        db.source("hidden", records(Hidden))


def test_a_dataclass_says_which_columns_an_arrow_operator_writes(db: Project) -> None:
    @saem.operator(version="1", adds=Made)
    def count(rows: pa.Table) -> pa.Table:
        return rows.append_column("number", pa.array([len(t.split()) for t in rows["text"].to_pylist()], pa.int64()))

    db.tables["notes"].derive("counted", count)
    db.run()
    assert sorted(db.table("counted").to_arrow()["number"].to_pylist()) == [1, 2]


def test_a_value_that_the_hint_does_not_allow_is_refused_not_rounded(db: Project) -> None:
    @saem.operator(version="1")
    def half(row: Note) -> Made:
        return Made(2.5 if row.key == "a" else 3)  # type: ignore[arg-type]

    @saem.operator(version="1")
    def nothing(row: Note) -> Made:
        return Made(None)  # type: ignore[arg-type]

    db.tables["notes"].derive("halves", half)
    db.tables["notes"].derive("nothings", nothing)
    db.run()
    assert db.table("halves").to_arrow()["number"].to_pylist() == [3]
    assert "float" in db.quarantine("halves")[0]["reason"]
    assert len(db.quarantine("nothings")) == 2


def test_an_arrow_map_that_mixes_up_its_rows_is_not_believed(db: Project) -> None:
    @saem.operator(version="1", adds=Made)
    def reverse(rows: pa.Table) -> pa.Table:
        return rows.append_column("number", pa.array(range(len(rows)), pa.int64())).take(list(range(len(rows)))[::-1])

    db.tables["notes"].derive("reversed", reverse)
    db.run()
    # alone a row cannot be mixed up: it is the batch of two that is refused, and then each row is tried by itself
    rows = db.table("reversed").to_arrow().to_pylist()
    assert {row["number"] for row in rows} == {0}


@dataclasses.dataclass
class Shelf:
    things: dict[str, Note]
    row_class = Note

    def entries(self) -> Iterator[saem.Entry]:
        for key in self.things:
            yield saem.Entry(key.rstrip("!"), stamp="same")

    def read(self, key: str) -> tuple[Note, str]:
        return self.things[key], "same"


def test_a_listing_that_names_a_key_twice_or_gives_another_row_is_refused_and_can_be_mended(tmp_path: pathlib.Path) -> None:
    db = Project(str(tmp_path))
    shelf = Shelf({"a": Note("a", "x"), "a!": Note("a", "y")})
    db.source("shelf", shelf)
    with refused("E306", "'a' twice"):
        db.run()
    shelf.things = {"a": Note("b", "x")}
    with refused("E106", "first field of Note is the key"):
        db.run()
    shelf.things = {"a": Note("a", "x")}
    db.run()
    assert db.table("shelf").count() == 1


def test_a_function_source_that_turns_bad_publishes_nothing_and_a_bad_row_is_quarantined_alone(tmp_path: pathlib.Path) -> None:
    given: list[object] = [Note("a", "x", 1), Note("b", "y", 2)]

    @saem.source(key="key")
    def notes() -> Iterable[Note]:
        yield from given  # type: ignore[misc]

    db = Project(str(tmp_path))
    db.source("notes", notes)
    db.run()
    given[:] = [Note("a", "x", 1), Note("b", "y", "many")]  # type: ignore[arg-type]
    db.run()
    assert db.table("notes").to_arrow()["key"].to_pylist() == ["a"]      # as a build from nothing would have it
    assert [p["key"] for p in db.quarantine("notes")] == ["b"]
    given[:] = [{"key": "a"}]
    with refused("E106", "yield Note"):
        db.run()
    assert db.table("notes").count() == 1


def test_e303_counts_the_units_that_gave_nothing(db: Project) -> None:
    def project(is_broken: bool) -> Project:
        @saem.operator(version="1")
        def pick(row: Note) -> Iterable[Made]:
            if row.key == "b":
                if is_broken:
                    raise ValueError("broken")
                yield Made(1)
        again = Project(db.state)
        again.source("notes", records(Note)).derive("picked", pick)
        return again

    project(False).run()
    report = project(True).run()
    assert report.tables["picked"].quarantined == 1
    assert report.tables["picked"].recomputed == 2


def test_a_parser_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import types
    for attributes, words in (({}, "has no SUFFIXES"), ({"SUFFIXES": ".foo"}, "has no VERSION"),
                              ({"SUFFIXES": (".FOO",), "VERSION": "1", "LIBRARIES": (), "parse": print}, "lower-case"),
                              ({"SUFFIXES": (".md",), "VERSION": "1", "LIBRARIES": (), "parse": print}, "two parsers")):
        module = types.SimpleNamespace(__name__="saem.transform.parse.broken", **attributes)
        real = registry.load
        monkeypatch.setattr(registry, "names", lambda room: ("broken", "markdown"))
        monkeypatch.setattr(registry, "load", lambda room, name, module=module, real=real: module if name == "broken" else real(room, name))
        registry.parsers.cache_clear()
        with refused("E105", words):
            registry.parsers()
        monkeypatch.undo()
    registry.parsers.cache_clear()


def test_a_source_that_gives_a_known_key_twice_is_refused(tmp_path: pathlib.Path) -> None:
    given = [Note("a", "x", 1)]

    @saem.source(key="key")
    def notes() -> Iterable[Note]:
        yield from given

    db = Project(str(tmp_path))
    db.source("notes", notes)
    db.run()
    given[:] = [Note("a", "x", 2), Note("a", "x", 3)]
    with refused("E306", "make key unique"):
        db.run()
    given[:] = [Note("a", "x", 4)]
    db.run()
    assert db.table("notes").to_arrow()["stars"].to_pylist() == [4]
