"""The rows that another table does not speak of."""
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import visible
from saem.core.operator import operator
from saem.core.shapes import Groups, Made


def _adds(rows: pa.Schema, *_: pa.Schema) -> pa.Schema:
    return visible(rows)


@operator(version="1", adds=_adds, key=[], links=[("_id",), ("_unit",)])
def without(rows: Groups, found: Groups) -> Made:
    """The rows of which nothing was found: `docs.derive("clean", without(), using=[leaks])`. `found` was derived from the same table
    row by row, as `label_errors` and `contaminated` do."""
    stays = np.flatnonzero(pc.invert(pc.is_in(rows["_id"], value_set=found["_unit"].combine_chunks())).to_numpy())
    return Made(rows.select(list(visible(rows.schema).names)).take(pa.array(stays)), stays)
