"""Of equal rows one stays. When that one goes, its twin takes its place."""
import numpy as np
import pyarrow as pa

from saem.core.operator import Groups, Made, operator


def _adds(rows: pa.Schema, by: list[str] | None = None) -> pa.Schema:
    return rows


@operator(version="1", adds=_adds, key=[])
def deduplicate(rows: Groups, by: list[str]) -> Made:
    """Exact duplicates by the columns in `by=`: the one with the smallest values in the other columns, then id, stays.

    The row that stays has one parent: the row that was kept. So nobody loses the right to read it for a twin's sake.
    """
    others = [(n, "ascending") for n in rows.column_names if n not in by and _is_ordered(rows.schema.field(n).type)]
    numbered = rows.append_column("_row", pa.array(np.arange(len(rows))))
    ordered = numbered.sort_by([*others, ("_row", "ascending")])
    place = pa.array(np.arange(len(rows)))
    first = ordered.append_column("_place", place).group_by(by, use_threads=False).aggregate([("_place", "min")])["_place_min"]
    kept = np.sort(ordered["_row"].take(first).to_numpy())
    return Made(rows.take(pa.array(kept)), kept)


def _is_ordered(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind) or pa.types.is_string(kind))
