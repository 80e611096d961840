"""Rows of two tables that share a key become one row."""
import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError
from saem.core.operator import operator
from saem.core.shapes import Groups, Made


def _adds(left: pa.Schema, right: pa.Schema, by: list[str] | None = None, how: str = "inner", **_: object) -> pa.Schema:
    further = [f for f in right if f.name not in (by or [])]
    return pa.schema(list(left) + [pa.field(f"{f.name}_right" if f.name in left.names else f.name, f.type) for f in further])


@operator(version="1", adds=_adds)
def join(left: Groups, right: Groups, by: list[str], how: str = "inner") -> Made:
    """Equal values of the key columns meet; a row's parents are the two rows that met.

    how  'inner', or 'left' to keep rows of the first table that meet nothing. A null key meets nothing.
    Other columns of the second table that the first has too are called NAME_right.
    """
    if how not in ("inner", "left"):
        raise SaemError("E104", f"how is {how!r}", fix="how='inner' or how='left'")
    ours = left.select(by).append_column("_left", pa.array(np.arange(len(left))))
    theirs = right.select(by).append_column("_right", pa.array(np.arange(len(right))))
    met = ours.join(theirs, keys=by, join_type="inner" if how == "inner" else "left outer", use_threads=False)
    met = met.sort_by([("_left", "ascending"), ("_right", "ascending")])
    at_left, at_right = met["_left"].to_numpy(), met["_right"].combine_chunks()
    rows = left.take(pa.array(at_left)).columns + right.drop_columns(by).take(at_right).columns
    names = _adds(left.schema, right.schema, by, how).names
    return Made(pa.table(rows, names=names), at_left, (at_right.fill_null(-1).to_numpy(zero_copy_only=False),))
