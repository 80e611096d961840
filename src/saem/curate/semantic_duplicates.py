"""Rows whose embeddings point the same way."""
import math

import numpy as np
import pyarrow as pa

from saem.core.errors import check_share
from saem.core.operator import operator
from saem.core.shapes import READERS, Made, Pairs
from saem.curate.candidates import similar
from saem.curate.edges import EDGE, Found, edges, packed_lists, stars
from saem.curate.requiring import compiled

BITS = 16                  # projections that make one key
MISSED = 0.005             # of the pairs at the threshold, at most

DIRECTION = pa.schema([("keys", pa.list_(pa.uint32())), ("direction", pa.large_binary())])


def _reads(vector: str = "embedding") -> list[str]:
    return [vector]


def bands_for(threshold: float) -> int:
    """How many keys two vectors need so that those at the threshold share one, but for MISSED of them."""
    together = (1 - math.acos(threshold) / math.pi) ** BITS
    return 1 if together >= 1 else math.ceil(math.log(MISSED) / math.log(1 - together))


@operator(version="1", adds=DIRECTION, key=[], takes=_reads)
def directions(rows: pa.Table, vector: str = "embedding", threshold: float = 0.95) -> Made:
    """What `semantic_duplicates` compares, one row a vector: it at length 1, and the keys that near ones share. Null, zero: none."""
    vectors = compiled("vectors")
    column = rows[vector].combine_chunks()
    given = pa.compute.fill_null(column.flatten() if not column.null_count else _filled(column), 0.0)
    values = given.to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(rows), -1)
    length = np.sqrt((values.astype(np.float64) ** 2).sum(axis=1))
    is_known = (length > 0) & np.isfinite(length)
    unit = np.ascontiguousarray((values / np.where(is_known, length, 1.0)[:, None]).astype(np.float32))
    keys = vectors.keys_of(unit, bands_for(threshold), BITS)
    raw = pa.array([unit[i].tobytes() if known else None for i, known in enumerate(is_known.tolist())], pa.large_binary())
    return Made(pa.table([packed_lists(keys, is_known * keys.shape[1]), raw], schema=DIRECTION), np.arange(len(rows)))


def _filled(column: pa.FixedSizeListArray) -> pa.Array:
    size = column.type.list_size
    place = np.where(column.is_valid().to_numpy(zero_copy_only=False), np.arange(len(column)), -1)
    index = (place[:, None] * size + np.arange(size)).reshape(-1)
    known = column.drop_null().flatten()
    rank = np.cumsum(place >= 0) - 1
    index = np.where(np.repeat(place, size) >= 0, np.repeat(rank, size) * size + np.tile(np.arange(size), len(column)), -1)
    return known.take(pa.array(index, mask=index < 0))


def _checked(threshold: float = 0.95) -> None:
    check_share("threshold", threshold)


@operator(version="2", adds=EDGE, key=["right"], by="keys", through=directions, first_of=["direction"], sees_readers=True,
          checks=_checked)
def semantic_duplicates(rows: Pairs, threshold: float = 0.95, vector: str = "embedding") -> Made:
    """Pairs of rows whose embeddings have a cosine of `threshold` or more.

    Writes edges as `near_duplicates` does, of the kind 'semantic'; `similarity` is the cosine, and each is verified. Of pairs at the
    threshold up to one in 200 is missed, of nearer ones fewer. Of rows with equal vectors, one with the smallest id stands for all.
    What cosine means "the same" depends on the model: look at some pairs first.
    """
    kernels = compiled("vectors")
    equal = stars(rows["direction"], rows[READERS])
    found, kept = [equal.found("semantic")], equal.kept
    if len(kept):
        column = rows.take(pa.array(kept))
        raw = column["direction"].combine_chunks()
        unit = np.frombuffer(b"".join(raw.to_pylist()), np.float32).reshape(len(kept), -1)
        keys = column["keys"].combine_chunks().flatten().to_numpy()
        bands = len(keys) // len(kept)
        met = similar(keys, np.arange(len(kept)) * bands, bands, kept, rows["_asked"].to_numpy()[kept],
                      lambda pairs: kernels.cosines(unit, pairs), threshold, "semantic")
        found.append(equal.of_others(Found(met.left, met.right, np.minimum(met.similarity, 1.0), "semantic")))
    return edges(rows["_row"], found)
