"""Rows compared in pairs: which rows share a value of a list column, and an operator run over rows with their neighbours."""
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError
from saem.core.identity import in_order
from saem.core.operator import Operator
from saem.core.shapes import Made
from saem.engine.apply import Failure, Groups, Output, failure

SIEVE_BITS = 22            # a small table of bits tells of most values, without a look into a hash table, that they are not asked for


class Lists:
    """The list column of a table: `rows` has _id, _rowid and the column; a row is in the group of each of its values."""

    def __init__(self, rows: pa.Table, by: str) -> None:
        self.rows, self.by = rows.combine_chunks(), by
        self.known: tuple[pa.Array, pa.Table] | None = None      # what was asked for last: it is asked for again when its rows are loaded

    @cached_property
    def _flat(self) -> tuple[pa.Array, np.ndarray]:
        """(all values, where each row's begin)."""
        return _flattened(self.rows[self.by])

    def around(self, units: pa.Array) -> pa.Table:
        """The rows of these ids, and all that share a value with one of them."""
        if len(units) >= len(self.rows):
            return self.rows
        if self.known is None or self.known[0] is not units:
            is_unit = pc.is_in(self.rows["_id"], value_set=units)
            values, _ = _flattened(self.rows.filter(is_unit)[self.by])
            self.known = units, self._holding(values, is_unit.to_numpy().astype(bool))
        return self.known[1]

    def beside(self, *changed: pa.Table) -> pa.Table:
        """The rows that share a value with a changed row, as it is or as it was; those that are there still, among them."""
        if not any(len(part) for part in changed):
            return self.rows.slice(0, 0)
        values = pa.concat_arrays([_flattened(part[self.by])[0] for part in changed])
        own = pa.concat_arrays([part["_id"].combine_chunks() for part in changed])
        return self._holding(values, pc.is_in(self.rows["_id"], value_set=own).to_numpy().astype(bool))

    def _holding(self, values: pa.Array, also: np.ndarray) -> pa.Table:
        flat, starts = self._flat
        found = np.searchsorted(starts, _places_of(values, flat), side="right") - 1
        mask = also.copy()
        mask[found] = True
        return self.rows.filter(pa.array(mask))


def _flattened(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    lists = column.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
    return lists.flatten(), np.cumsum(lengths) - lengths


def _places_of(values: pa.Array, flat: pa.Array) -> np.ndarray:
    """Where in `flat` one of `values` stands, ascending; null is no value."""
    values = pc.unique(values).drop_null()
    if pa.types.is_unsigned_integer(flat.type) and not flat.null_count:
        sieve = np.zeros(1 << SIEVE_BITS, bool)
        sieve[values.to_numpy() & (len(sieve) - 1)] = True
        maybe = np.flatnonzero(sieve[flat.to_numpy() & (len(sieve) - 1)])
        flat = flat.take(pa.array(maybe))
    else:
        maybe = np.arange(len(flat))
    is_asked = pc.fill_null(pc.is_in(flat, value_set=values), False).to_numpy(zero_copy_only=False)
    return np.asarray(maybe[is_asked], np.int64)


def replaced_first(was: pa.Table, now: pa.Table, others: pa.Table, columns: Sequence[str], by_readers: bool = False) -> np.ndarray:
    """The rows among `others` that a change makes the first of equal ones, or keeps from being it: their places, ascending.

    was, now    changed rows with `_row` and `columns`; others: their neighbours that have not changed. Null equals nothing
    by_readers  the first of those with the same `_readers`, too
    """
    rows = pa.concat_tables([part.select(["_row", "_readers", *columns]) for part in (was, now, others)])
    changed = len(was) + len(now)
    rank = np.empty(len(rows), np.int64)
    rank[np.lexsort((np.arange(len(rows)), *in_order(rows["_row"])[::-1]))] = np.arange(len(rows))
    readers = _numbered(rows["_readers"].to_numpy())
    found = [np.zeros(0, np.int64)]
    for column in columns:
        values, row = rows[column].combine_chunks(), np.arange(len(rows))
        if pa.types.is_list(values.type):
            row = np.repeat(row, pc.fill_null(pc.list_value_length(values), 0).to_numpy())
            values = values.flatten()
        code = pc.fill_null(values.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
        row, code = row[code >= 0], code[code >= 0]
        for each in (code, code * readers.size + readers[row]) if by_readers else (code,):
            found.append(_overtaken(each, rank[row], row >= changed, len(rows)))
    by_rank = np.argsort(rank)
    return np.unique(by_rank[np.concatenate(found)]) - changed


def _overtaken(code: np.ndarray, rank: np.ndarray, is_other: np.ndarray, count: int) -> np.ndarray:
    """The ranks of others that are the first of their code but for a changed row before them."""
    code = _numbered(code)
    first = np.full((2, int(code.max(initial=-1)) + 1), count, np.int64)      # of the changed rows, of the others; by rank
    np.minimum.at(first, (is_other.astype(np.int64), code), rank)
    return np.asarray(first[1][(first[0] < first[1]) & (first[1] < count)])


def _numbered(values: np.ndarray) -> np.ndarray:
    """(n,) -> (n,) int64, equal where the values are, small."""
    return np.asarray(np.unique(values, return_inverse=True)[1], np.int64)


class PairsFailed(Exception):
    """The pairs of some rows alone could not be made."""


def apply_pairs(op: Operator, groups: Groups, by: str) -> Output:
    """Run a relation of pairs over units and their neighbours; what it makes of two neighbours is another unit's and left out.

    Where it fails, units are tried with their own neighbours only, ever fewer, until the bad one stands alone. Raises: PairsFailed,
    where only the pairs of some rows were asked for.
    """
    rows, member = groups.tables[0], groups.member[0]
    schema, asked = op.writes(rows.schema), member >= 0 if groups.asked is None else groups.asked
    try:
        made = op.function(rows.append_column("_asked", pa.array(asked)), **op.settings)
        _check(op, made, len(rows), schema)
    except Exception as error:
        if groups.asked is not None:
            raise PairsFailed from error
        if groups.count <= 1:
            return Output(schema.empty_table(), np.zeros(0, np.int64), [failure(0, op, error)], both=np.zeros((0, 2), np.int64))
        half = groups.count // 2
        halves = [(0, half), (half, groups.count)]
        return _joined([_part(op, groups, by, start, stop) for start, stop in halves], schema)
    left, right = np.asarray(made.origin, np.int64), np.asarray(made.others[0], np.int64)
    kept = np.flatnonzero(asked[left] | asked[right] if groups.asked is not None else member[left] >= 0)
    out = pa.table([made.rows[n].cast(schema.field(n).type) for n in schema.names], schema=schema).take(pa.array(kept))
    return Output(out, member[left[kept]], both=np.stack([left[kept], right[kept]], axis=1))


def _part(op: Operator, groups: Groups, by: str, start: int, stop: int) -> Output:
    """Units start to stop with their neighbours; positions are those of the whole again."""
    rows, member = groups.tables[0], groups.member[0]
    is_unit = (member >= start) & (member < stop)
    numbered = pa.table({"_id": pa.array(np.arange(len(rows))), "_rowid": pa.array(np.arange(len(rows))), by: rows[by]})
    kept = Lists(numbered, by).around(pa.array(np.flatnonzero(is_unit)))["_id"].to_numpy()
    inner = np.where(is_unit[kept], member[kept] - start, -1)
    out = apply_pairs(op, Groups([rows.take(pa.array(kept))], [inner], stop - start), by)
    failures = [Failure(f.index + start, f.operator, f.reason, f.details) for f in out.failures]
    return Output(out.rows, out.origin + start, failures, both=kept[_both(out)])


def _both(out: Output) -> np.ndarray:
    assert out.both is not None
    return out.both


def _joined(parts: list[Output], schema: pa.Schema) -> Output:
    rows = pa.concat_tables([schema.empty_table(), *(part.rows for part in parts)])
    return Output(rows, np.concatenate([part.origin for part in parts]), [f for part in parts for f in part.failures],
                  both=np.concatenate([_both(part) for part in parts]))


def _check(op: Operator, made: Made, rows: int, schema: pa.Schema) -> None:
    missing = [n for n in schema.names if n not in made.rows.column_names]
    if missing:
        raise SaemError("E106", f"'{op.name}' gave no column {', '.join(missing)}", fix="return the columns named in adds=")
    left, right = made.origin, made.others[0] if len(made.others) == 1 else np.zeros(0)
    is_told = len(left) == len(right) == len(made.rows)
    both = np.concatenate([left, right])
    if not is_told or (len(both) and not 0 <= both.min() <= both.max() < rows) or (left == right).any():
        raise SaemError("E106", f"'{op.name}' did not say of which two of {rows} rows each of {len(made.rows)} rows is made",
                        fix="Made(rows, left, (right,)): two input indexes for each output row")
