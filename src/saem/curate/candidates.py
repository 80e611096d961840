"""Rows that share a key are looked at, a portion of pairs at a time, so that what is held are the pairs that pass."""
from collections.abc import Callable

import numpy as np

from saem.curate.edges import Found
from saem.curate.requiring import compiled

PORTION = 65_536           # pairs


def similar(keys: np.ndarray, kept: np.ndarray, asked: np.ndarray, similarity: Callable[[np.ndarray], np.ndarray], least: float,
            kind: str) -> Found:
    """The pairs of `kept` rows that share a key and are at least so similar.

    keys        (n, bands) uint32, of all rows; kept: rows, ascending
    similarity  (m, 2) int32 pairs of rows, left < right -> (m,)
    """
    meeting = compiled("meeting").meeting
    pairs, found = np.empty((PORTION, 2), np.int32), [(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))]
    for band in range(keys.shape[1]):
        by_key = np.sort(keys[kept, band].astype(np.uint64) << np.uint64(32) | kept.astype(np.uint64))
        place = np.zeros(4, np.int64)
        while count := meeting(keys, by_key, band, asked, place, pairs):
            values = similarity(pairs[:count])
            passed = np.flatnonzero(values >= least)
            if len(passed):
                found.append((pairs[passed], values[passed].astype(np.float32)))
    both = np.concatenate([each for each, _ in found])
    return Found(both[:, 0], both[:, 1], np.concatenate([values for _, values in found]), kind)


def lists_of(column: np.ndarray, lengths: np.ndarray, width: int) -> np.ndarray:
    """Lists of `width` values, or of fewer that do not count -> (n, width); zeros for the latter."""
    made = np.zeros((len(lengths), width), column.dtype)
    is_full = lengths == width
    made[is_full] = column[np.repeat(is_full, lengths)].reshape(-1, width)
    return made
