"""What every search for duplicates writes, and how equal rows are told."""
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from saem.core.identity import ID
from saem.core.shapes import Made

EDGE = pa.schema([("left", ID), ("right", ID), ("similarity", pa.float32()), ("kind", pa.string())])
SHARES = pa.schema([("left_share", pa.float32()), ("right_share", pa.float32())])     # of each row that stands in the other one


@dataclass(frozen=True)
class Found:
    """Pairs of one kind: (m,) left and right rows, left before right in the order of ids; (m,) similarity in 0 to 1."""
    left: np.ndarray
    right: np.ndarray
    similarity: np.ndarray
    kind: str


def edges(row: pa.ChunkedArray, found: Sequence[Found]) -> Made:
    """The table of edges; `row` holds the ids of the rows, ascending."""
    left, right = (np.concatenate([getattr(each, side).astype(np.int32) for each in found]) for side in ("left", "right"))
    similarity = pa.array(np.concatenate([each.similarity.astype(np.float32) for each in found]))
    kinds = pa.array([each.kind for each in found]).take(pa.array(np.repeat(np.arange(len(found), dtype=np.int8),
                                                                            [len(each.left) for each in found])))
    ids = row.combine_chunks()
    made = pa.table([ids.take(pa.array(left)), ids.take(pa.array(right)), similarity, kinds], schema=EDGE)
    return Made(made, left, (right,))


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Edges of several searches, on end, with SHARES: of a search that does not write them, each row is as near the other."""
    return pa.concat_tables([pa.table([*(each[name] for name in EDGE.names), *(_share(each, name) for name in SHARES.names)],
                                      schema=pa.schema([*EDGE, *SHARES])) for each in tables])


def looked_at(columns: Sequence[str]) -> list[str]:
    """Of a table of edges, the columns that `together` takes."""
    return [name for name in (*EDGE.names, *SHARES.names) if name in columns]


def _share(edges: pa.Table, name: str) -> pa.ChunkedArray:
    return edges[name if name in edges.column_names else "similarity"]


@dataclass(frozen=True)
class Stars:
    """Equal rows as stars: each row that is not the first of its value and readers is tied to the first; those firsts to the first of all.

    What a person sees of equal rows must not hang on one that he may not read. left, right: (m,) the ties; kept: (k,) the rows that stand
    for others, ascending; first: (n,) the first row with the same value, -1 for null.
    """
    left: np.ndarray
    right: np.ndarray
    kept: np.ndarray
    first: np.ndarray

    def found(self, kind: str) -> Found:
        """As pairs of similarity 1."""
        return Found(self.left, self.right, np.ones(len(self.left)), kind)

    def of_others(self, met: Found) -> Found:
        """Without pairs of equal rows, which are tied already."""
        differs = self.first[met.left] != self.first[met.right]
        return Found(met.left[differs], met.right[differs], met.similarity[differs], met.kind)


def stars(values: pa.ChunkedArray | pa.Array, readers: pa.ChunkedArray | pa.Array, among: np.ndarray | None = None) -> Stars:
    """values, readers: (n,); among: the rows that are looked at, ascending; None = all. Null is equal to nothing, and kept by nobody."""
    first = first_of_each(values)
    own = np.flatnonzero(first >= 0) if among is None else among[first[among] >= 0]
    code = np.full(len(first), -1, np.int64)
    code[own] = first[own]
    if among is not None:       # the first among them
        least = np.full(len(first), len(first), np.int64)
        np.minimum.at(least, code[own], own)
        code[own] = least[code[own]]
    place = first_of_each(readers)
    both = code[own] * (len(first) + 1) + place[own]
    _, where, which = np.unique(both, return_index=True, return_inverse=True)
    head = own[where][which]                   # the first of its value and readers
    inner, outer = own[head != own], own[(head == own) & (code[own] != own)]
    order = np.argsort(np.concatenate([inner, outer]), kind="stable")
    right = np.concatenate([inner, outer])[order]
    left = np.concatenate([head[head != own], code[outer]])[order]
    return Stars(left, right, own[head == own], code)


def first_of_each(values: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """(n,) int64, the first row with the same value as this one; -1 for null."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    code = whole.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    first = np.full(int(code.max(initial=-1)) + 2, -1, np.int64)       # the last place is for null
    first[code[::-1]] = np.arange(len(code))[::-1]
    first[-1] = -1
    return np.asarray(first[code], np.int64)


def packed_lists(values: np.ndarray, lengths: np.ndarray) -> pa.Array:
    """(n, k) numbers, of which a row's list has the first `lengths`."""
    kept = values if (lengths == values.shape[1]).all() else values[np.arange(values.shape[1]) < lengths[:, None]]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.ascontiguousarray(kept).reshape(-1)))
