"""Rows with equal values."""
import numpy as np
import pyarrow as pa

from saem.core.identity import ID, ids, row_hashes
from saem.core.operator import operator
from saem.core.shapes import READERS, Made, Pairs
from saem.curate.edges import EDGE, edges, packed_lists, stars

CONTENT = pa.schema([("keys", pa.list_(pa.uint32())), ("content", ID)])
TEXT = ["text"]


def _reads(columns: list[str] = TEXT) -> list[str]:
    return columns


@operator(version="1", adds=CONTENT, key=[], takes=_reads)
def contents(rows: pa.Table, columns: list[str] = TEXT) -> Made:
    """What `exact_duplicates` compares, one row a row: 128 bits of BLAKE2 over the values of `columns`."""
    hashes = row_hashes(rows.select(columns))
    keys = np.frombuffer(b"".join(hashes), "<u4").reshape(-1, 4)[:, :1]
    return Made(pa.table([packed_lists(keys, np.ones(len(rows), np.int64)), ids(hashes)], schema=CONTENT), np.arange(len(rows)))


@operator(version="2", adds=EDGE, key=["right"], by="keys", through=contents, first_of=["content"], sees_readers=True)
def exact_duplicates(rows: Pairs, columns: list[str] = TEXT) -> Made:
    """Pairs of rows with equal values in `columns`, byte for byte; null equals null.

    Writes edges as `near_duplicates` does, of the kind 'exact': of n equal rows n - 1, to the one with the smallest id.
    """
    return edges(rows["_row"], [stars(rows["content"], rows[READERS]).found("exact")])
