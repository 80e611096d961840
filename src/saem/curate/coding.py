"""Columns as arrays of numbers: a source or a language is compared and counted without its letters."""
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import ID


@dataclass(frozen=True)
class Coded:
    """names[codes[i]] is the text of row i; codes: (n,) int64."""
    codes: np.ndarray
    names: list[str]

    def __len__(self) -> int:
        return len(self.codes)

    def text(self) -> pa.Array:
        """(n,) string"""
        return pa.array(self.names, pa.string()).take(pa.array(self.codes))

    def counts(self, mask: np.ndarray) -> np.ndarray:
        """(len(names),) int64 rows of each name for which the mask holds."""
        return np.bincount(self.codes[mask], minlength=len(self.names))


def coded(table: pa.Table, column: str) -> Coded:
    """A text column, null as ''; '' everywhere where there is no such column."""
    return _coded(table[column]) if column in table.column_names else Coded(np.zeros(len(table), np.int64), [""])


def sources_of(signals: pa.Table) -> Coded:
    """The source of each row: its column `source`, else the folder that its path begins with, else ''."""
    if "source" in signals.column_names or "path" not in signals.column_names or not len(signals):
        return coded(signals, "source")
    parts = pc.split_pattern(signals["path"].cast(pa.string()), "/", max_splits=1)
    return _coded(pc.if_else(pc.greater(pc.list_value_length(parts), 1), pc.list_element(parts, 0), ""))


def pairs(a: Coded, b: Coded) -> tuple[list[tuple[str, str]], np.ndarray]:
    """The pairs that occur, and which one each row has."""
    code = a.codes * len(b.names) + b.codes
    is_there = np.bincount(code, minlength=len(a.names) * len(b.names)) > 0
    both = np.flatnonzero(is_there)
    return [(a.names[pair // len(b.names)], b.names[pair % len(b.names)]) for pair in both.tolist()], (np.cumsum(is_there) - 1)[code]


def _coded(column: pa.ChunkedArray) -> Coded:
    whole = pc.fill_null(column.cast(pa.string()), "")
    whole = (whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole).dictionary_encode()
    return Coded(np.asarray(whole.indices.to_numpy(), np.int64), whole.dictionary.to_pylist() or [""])


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float32, or float64 where the column is no float32; null is NaN."""
    kind = pa.float32() if pa.types.is_float32(column.type) else pa.float64()
    return np.asarray(pc.fill_null(column.cast(kind), float("nan")).to_numpy(), np.float32 if kind == pa.float32() else np.float64)


def id_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """(n,) ids in one piece."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole if whole.type == ID else whole.cast(ID)
