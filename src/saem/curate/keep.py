"""The rows that decisions keep."""
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import visible
from saem.core.operator import operator
from saem.core.shapes import Declared, Groups, Made
from saem.curate.subjects import check_subject, of_decisions


def _adds(rows: pa.Schema, *_: pa.Schema) -> pa.Schema:
    return visible(rows)


def _suits(parents: Sequence[Declared]) -> None:
    rows, decisions = parents
    check_subject(rows, rows.name, decisions, of_decisions(decisions))


@operator(version="1", adds=_adds, key=[], links=[("_id",), ("row",)], suits=_suits)
def keep(rows: Groups, decisions: Groups) -> Made:
    """The rows of a table that are to stay: `docs.derive("curated", keep(), using=[decisions])`. A row without a decision waits for one."""
    at = pc.index_in(rows["_id"], value_set=decisions["row"].combine_chunks())
    is_kept = pc.fill_null(decisions["keep"].take(at), False)
    kept = np.flatnonzero(np.asarray(is_kept.to_numpy(zero_copy_only=False), bool))
    other = np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False), np.int64)[kept]
    return Made(rows.select(list(visible(rows.schema).names)).take(pa.array(kept)), kept, (other,))
