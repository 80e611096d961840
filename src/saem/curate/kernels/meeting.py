"""Which rows share a key: every pair once, in portions."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import U

ROW = U(0xFFFFFFFF)


@njit(nogil=True, cache=True)
def meeting(keys: np.ndarray, by_key: np.ndarray, band: int, asked: np.ndarray, place: np.ndarray, pairs: np.ndarray) -> int:
    """The next pairs that meet in one band and in no earlier one, at most as many as `pairs` (m, 2) has room for; 0 = that was all.

    keys   (n, bands) uint32
    by_key  (m,) uint64, ascending: a row's key of that band in the upper half, its number in the lower
    asked  (n,) bool: pairs of two rows that are not are left out
    place  (4,) int64, zeros at first: where to go on - from and to in `by_key` where the key is the same, and the two rows of that
    """
    start, stop, q, p = place[0], place[1], place[2], place[3]
    count = 0
    while start < len(by_key):
        if stop <= start:
            stop = start + 1
            while stop < len(by_key) and by_key[stop] >> U(32) == by_key[start] >> U(32):
                stop += 1
            q, p = start + 1, start
        while q < stop:
            while p < q:
                a, b = by_key[p] & ROW, by_key[q] & ROW
                p += 1
                is_new = asked[a] or asked[b]
                earlier = 0
                while is_new and earlier < band:
                    is_new = keys[a, earlier] != keys[b, earlier]
                    earlier += 1
                if is_new:
                    pairs[count, 0], pairs[count, 1] = a, b
                    count += 1
                    if count == len(pairs):
                        place[0], place[1], place[2], place[3] = start, stop, q, p
                        return count
            q, p = q + 1, start
        start = stop
    place[0] = start
    return count
