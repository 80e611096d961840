"""Ids and hashes: equal content has equal names, different content has not, whatever the order of columns and rows."""
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.core.identity import digest, key_unit, occurrences, row_hashes, row_ids, source_units

texts = st.lists(st.none() | st.text(), min_size=1, max_size=6)
TYPED = [pa.string(), pa.large_string()]


def one(value: object, kind: pa.DataType) -> bytes:
    return row_hashes(pa.table({"x": pa.array([value], kind)}))[0]


def test_null_and_empty_differ_in_every_type() -> None:
    for kind, empty in [(pa.string(), ""), (pa.large_binary(), b""), (pa.int64(), 0), (pa.float64(), 0.0), (pa.bool_(), False),
                        (pa.list_(pa.int64()), []), (pa.list_(pa.float32(), 2), [0.0, 0.0])]:
        assert one(None, kind) != one(empty, kind), kind


def test_zero_has_one_sign() -> None:
    assert one(0.0, pa.float64()) == one(-0.0, pa.float64())
    assert one([0.0, 1.0], pa.list_(pa.float32(), 2)) == one([-0.0, 1.0], pa.list_(pa.float32(), 2))


@pytest.mark.parametrize(("one_value", "other"), [("a", "b"), (1, 2), (1.5, 2.5), (True, False), (b"a", b"b"), (["a", "b"], ["ab"]),
                                                  ([1, 2], [2, 1]), ({"a": 1}, {"a": 2})])
def test_other_content_has_another_hash(one_value: object, other: object) -> None:
    kind = pa.array([one_value]).type
    assert one(one_value, kind) != one(other, kind)


@given(texts, texts)
def test_the_order_of_columns_does_not_matter(a: list[str | None], b: list[str | None]) -> None:
    n = min(len(a), len(b))
    there = pa.table({"a": pa.array(a[:n], pa.string()), "b": pa.array(b[:n], pa.string())})
    assert row_hashes(there) == row_hashes(there.select(["b", "a"]))


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.text()), min_size=2, max_size=8))
def test_two_rows_have_one_hash_exactly_when_they_are_equal(rows: list[tuple[str | None, str | None]]) -> None:
    table = pa.table({"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows], pa.string())})
    hashes = row_hashes(table)
    for i, left in enumerate(rows):
        for j, right in enumerate(rows):
            assert (hashes[i] == hashes[j]) == (left == right)


@given(st.lists(st.none() | st.integers(-2**63, 2**63 - 1), min_size=1, max_size=8), st.data())
def test_a_rows_hash_depends_on_no_other_row(values: list[int | None], data: st.DataObject) -> None:
    """Nulls elsewhere in the column, slices and chunks leave it as it is."""
    table = pa.table({"x": pa.array(values, pa.int64())})
    at = data.draw(st.integers(0, len(values) - 1))
    assert row_hashes(table)[at] == row_hashes(table.slice(at, 1))[0]
    assert row_hashes(pa.concat_tables([table.slice(at), table.slice(0, at)]))[0] == row_hashes(table)[at]


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False), min_size=3, max_size=3) | st.none(), min_size=1, max_size=5))
def test_a_vectors_hash_depends_on_no_other_row(vectors: list[list[float] | None]) -> None:
    table = pa.table({"v": pa.array(vectors, pa.list_(pa.float32(), 3))})
    for at in range(len(vectors)):
        assert row_hashes(table)[at] == row_hashes(table.slice(at, 1))[0]


@given(st.lists(st.lists(st.integers(0, 9) | st.none(), max_size=3) | st.none(), min_size=1, max_size=6))
def test_lists_of_numbers_have_one_hash_exactly_when_they_are_equal(lists: list[list[int | None] | None]) -> None:
    table = pa.table({"v": pa.array(lists, pa.list_(pa.uint32()))})
    hashes = row_hashes(table)
    for at, one in enumerate(lists):
        assert hashes[at] == row_hashes(table.slice(at, 1))[0]
        assert [lists[i] == one for i in range(len(lists))] == [each == hashes[at] for each in hashes]


@given(st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_parts_of_a_digest_do_not_run_together(a: list[str], b: list[str]) -> None:
    assert (digest(*a) == digest(*b)) == (a == b)


def test_keys_of_different_types_are_different_units() -> None:
    assert len({key_unit((value,)) for value in (1, "1", 1.0, None, "None", True)}) == 6
    assert key_unit(("a", "b")) != key_unit(("a, b",))


def test_a_text_key_and_its_unit_agree_whoever_asks() -> None:
    assert source_units("t", ["a"]) == [digest("t", "a")]
    assert source_units("t", ["a"]) != source_units("u", ["a"])


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([b"x", b"y"])), max_size=12))
def test_twins_in_one_unit_get_ids_of_their_own(pairs: list[tuple[int, bytes]]) -> None:
    units, keys = np.array([unit for unit, _ in pairs], np.int64), [key for _, key in pairs]
    made = row_ids("t", [bytes([unit]) * 16 for unit in units.tolist()], keys, occurrences(units, keys))
    assert len(set(made)) == len(made)


def test_a_paragraph_on_top_renames_no_other() -> None:
    before = row_ids("t", [b"u" * 16] * 2, [b"one", b"two"], [0, 0])
    after = row_ids("t", [b"u" * 16] * 3, [b"new", b"one", b"two"], [0, 0, 0])
    assert after[1:] == before
