"""Operators: their kind is read off the hints, and mistakes show at the user's line."""
import dataclasses
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pytest

import saem
from saem.core.errors import SaemError
from saem.core.shapes import Group, Groups, Made, Tables


@dataclasses.dataclass
class Doc:
    text: str


@dataclasses.dataclass
class Chunk:
    text: str


def row_to_row(doc: Doc) -> Chunk: ...
def row_to_rows(doc: Doc) -> Iterable[Chunk]: ...
def row_to_iterator(doc: Doc, size: int = 3) -> Iterator[Chunk]: ...
def row_to_list(doc: Doc) -> list[Chunk]: ...
def rows_to_rows(docs: list[Doc]) -> Iterable[Chunk]: ...
def rows_to_row(docs: list[Doc]) -> Chunk: ...
def two_to_rows(docs: list[Doc], more: list[Chunk]) -> Iterable[Chunk]: ...
def batch_to_batch(docs: pa.Table) -> pa.Table: ...
def batch_to_made(docs: pa.Table) -> Made: ...
def group_to_batch(docs: Group) -> pa.Table: ...
def group_to_row(docs: Group) -> Chunk: ...
def groups_to_made(docs: Groups, more: Groups) -> Made: ...
def tables_to_batch(tables: Tables) -> pa.Table: ...


@pytest.mark.parametrize(("function", "kind", "inputs"), [
    (row_to_row, "map", 1), (row_to_rows, "flat_map", 1), (row_to_iterator, "flat_map", 1), (row_to_list, "flat_map", 1),
    (rows_to_rows, "relation", 1), (rows_to_row, "fit", 1), (two_to_rows, "relation", 2), (batch_to_batch, "map", 1),
    (batch_to_made, "flat_map", 1), (group_to_batch, "relation", 1), (group_to_row, "fit", 1), (groups_to_made, "relation", 2),
    (tables_to_batch, "relation", 1),
])
def test_the_hints_say_the_kind(function: Callable[..., object], kind: str, inputs: int) -> None:
    op = saem.operator(version="1", adds=pa.schema([("text", pa.string())]))(function)
    assert (op.kind, len(op.inputs)) == (kind, inputs)


def no_hints(doc): ...      # type: ignore[no-untyped-def]
def no_result(doc: Doc): ...      # type: ignore[no-untyped-def]
def text_to_row(text: str) -> Chunk: ...
def row_to_text(doc: Doc) -> str: ...
def nothing() -> Chunk: ...


@pytest.mark.parametrize("function", [no_hints, no_result, text_to_row, row_to_text, nothing])
def test_hints_that_fit_no_kind_are_refused_at_the_function(function: Callable[..., object]) -> None:
    with pytest.raises(SaemError, match=r"where: test_operator.py:\d+") as error:
        saem.operator(version="1")(function)
    assert error.value.code == "E105"
    assert error.value.fix


def test_an_arrow_operator_says_which_columns_it_writes() -> None:
    with pytest.raises(SaemError, match="adds="):
        saem.operator(version="1")(batch_to_batch)


def test_only_a_map_has_a_memo() -> None:
    with pytest.raises(SaemError, match="memo= is for maps"):
        saem.operator(version="1", memo=["text"])(row_to_rows)


@saem.operator(version="1")
def cut(doc: Doc, size: int, shift: float = 0.5, mark: str | None = None) -> Iterable[Chunk]:
    """Cut."""
    yield Chunk(doc.text[:size])


@pytest.mark.parametrize(("settings", "message"), [
    ({"sise": 3}, "did you mean 'size'"), ({"size": "3"}, "give int"), ({"size": True}, "give int"), ({"shift": "x"}, "give float"),
    ({"mark": 3}, r"give str \| None"),
])
def test_a_wrong_setting_is_refused_where_it_is_given(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SaemError, match=message) as error:
        cut(**settings)
    assert error.value.code == "E104"
    assert error.value.where.startswith("test_operator.py:")


def test_settings_can_be_given_by_place_and_later_ones_win() -> None:
    assert cut(3, shift=1).settings == {"size": 3, "shift": 1}
    assert cut(3)(size=4, mark=None).settings == {"size": 4, "mark": None}
    with pytest.raises(SaemError, match="takes 3 settings, 4 were given"):
        cut(1, 1.0, "x", 2)


def test_a_setting_without_a_default_must_be_given() -> None:
    with pytest.raises(SaemError, match="needs the setting 'size'"):
        cut.check_settings()
    cut(3).check_settings()


def test_called_with_a_row_it_runs_without_a_project() -> None:
    assert list(cut(size=2)(Doc("abc"))) == [Chunk("ab")]
    assert list(cut(Doc("abc"), size=1)) == [Chunk("a")]
    assert cut.__doc__ == "Cut."


def test_an_operator_keeps_its_settings_from_others() -> None:
    one, other = cut(1), cut(2)
    assert (one.settings, other.settings, cut.settings) == ({"size": 1}, {"size": 2}, {})


def test_version_settings_defaults_and_what_it_depends_on_are_its_fingerprint() -> None:
    def made(version: str = "1", default: int = 1, depends: str = "a", **declared: object) -> bytes:
        def work(doc: Doc, size: int = default) -> Iterable[Chunk]: ...
        return saem.operator(version=version, depends=lambda **_: [depends], **declared)(work).fingerprint()

    assert made() == made()
    assert len({made(), made(version="2"), made(default=2), made(depends="b"), made(key=["text"])}) == 5
    assert cut(1).fingerprint() != cut(2).fingerprint()
    assert cut(1).fingerprint() != cut(1, shift=0.7).fingerprint()
    assert cut(1).fingerprint() == cut(1, shift=0.5).fingerprint(), "a default that is given is no change"


def test_a_map_adds_its_columns_and_takes_away_what_it_consumes() -> None:
    before = pa.schema([("text", pa.string()), ("n", pa.int64())])

    @dataclasses.dataclass
    class Added:
        n: str
        more: bool

    def work(doc: Doc) -> Added: ...
    assert saem.operator(version="1")(work).schema(before) == pa.schema([("text", pa.string()), ("n", pa.string()), ("more", pa.bool_())])
    assert saem.operator(version="1", consumes=["text"])(work).schema(before).names == ["n", "more"]
    assert saem.operator(version="1")(row_to_rows).schema(before).names == ["text"]
