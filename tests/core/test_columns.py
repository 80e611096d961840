"""Row classes and columns."""
import dataclasses
import datetime
import typing

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.core.columns import arrow_type, objects, row_schema, table_of, visible
from saem.core.errors import SaemError


@dataclasses.dataclass
class Place:
    page: int
    words: list[str]


@dataclasses.dataclass
class Everything:
    text: str | None
    number: int | None
    share: float | None
    flag: bool | None
    raw: bytes | None
    day: datetime.date | None
    moment: datetime.datetime | None
    names: list[str] | None
    place: Place | None
    places: list[Place] | None


moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1), timezones=st.just(datetime.UTC))
characters = st.text(st.characters(codec="utf-8"))
places = st.builds(Place, st.integers(-2**63, 2**63 - 1), st.lists(characters, max_size=2))


@given(st.lists(st.builds(Everything, *(st.none() | each for each in (
    characters, st.integers(-2**63, 2**63 - 1), st.floats(allow_nan=False), st.booleans(), st.binary(), st.dates(), moments,
    st.lists(characters, max_size=3), places, st.lists(places, max_size=2)))), max_size=4))
def test_rows_come_back_as_they_were(rows: list[Everything]) -> None:
    assert objects(table_of(rows, Everything), Everything) == rows


def test_the_fields_are_the_columns_in_their_order() -> None:
    assert row_schema(Place) == pa.schema([("page", pa.int64()), ("words", pa.list_(pa.string()))])


def test_a_literal_is_of_the_type_of_its_values() -> None:
    assert arrow_type(typing.Literal["a", "b"]) == pa.string()


@pytest.mark.parametrize("hint", [dict, dict[str, int], object, set[int], int | str, typing.Any])
def test_a_type_that_no_column_holds_is_refused_with_what_to_use(hint: object) -> None:
    with pytest.raises(SaemError, match="use str, int, float") as error:
        arrow_type(hint)
    assert error.value.code == "E105"


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(SaemError, match="'Place' reads the column 'page'.*\n.*columns there are: words") as error:
        objects(pa.table({"words": [["a"]], "_hidden": [1]}), Place)
    assert error.value.code == "E101"


def test_columns_of_saem_are_not_the_users() -> None:
    assert visible(pa.schema([("_id", pa.int64()), ("text", pa.string())])).names == ["text"]
