"""Rows that share a key are looked at, a portion of pairs at a time, so that what is held are the pairs that pass."""
from collections.abc import Callable

import numpy as np

from saem.curate.edges import Found
from saem.curate.requiring import compiled

PORTION = 65_536           # pairs


def similar(keys: np.ndarray, starts: np.ndarray, bands: int, kept: np.ndarray, asked: np.ndarray,
            similarity: Callable[[np.ndarray], np.ndarray], least: float, kind: str) -> Found:
    """The pairs of `kept` rows that share a key of one band and are at least so similar.

    keys        (.,) uint32, of all rows; starts (m,): where the `bands` keys of each kept row begin
    kept        (m,) rows, ascending; asked (m,) bool: whether pairs of a kept row with those that are not asked for are wanted
    similarity  (p, 2) int32 pairs of places in `kept`, the first before the second -> (p,)
    """
    meeting = compiled("meeting")
    rows = len(kept)
    order, place = np.empty((bands, rows), np.uint32), np.empty((rows, bands), np.uint32)
    family = np.arange(rows, dtype=np.int32)
    for band in range(bands):
        by_key = keys[starts + band].astype(np.uint64) << np.uint64(32) | np.arange(rows, dtype=np.uint64)
        by_key.sort()
        meeting.sort_in(by_key, band, order, place, family)
    turn = np.argsort(family, kind="stable")      # what is compared with each other is then at hand
    pairs, met, at = np.empty((PORTION + rows, 2), np.int32), np.full(rows, -1, np.int32), 0
    found = [(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))]
    while at < rows:
        count, at = meeting.meeting(order, place, asked, met, turn, at, PORTION, pairs)
        values = similarity(pairs[:count])
        passed = np.flatnonzero(values >= least)
        found.append((pairs[passed], values[passed].astype(np.float32)))
    both = np.concatenate([each for each, _ in found])
    return Found(kept[both[:, 0]], kept[both[:, 1]], np.concatenate([values for _, values in found]), kind)
