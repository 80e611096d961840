"""Which rows share a key: every pair once, in portions."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import U

ROW, FIRST = np.uint32(0x7FFFFFFF), np.uint32(0x80000000)      # of an entry: the row; whether it is the first of those with its key


@njit(nogil=True, cache=True)
def sort_in(by_key: np.ndarray, band: int, order: np.ndarray, place: np.ndarray, family: np.ndarray) -> None:
    """(m,) uint64, ascending - a row's key in the upper half, its number in the lower - into the band's parts of (bands, m) and (m, bands).

    family  (m,) int32: rows that meet, also through others, have mostly the same
    """
    first = U(0)
    for p in range(len(by_key)):
        row = by_key[p] & U(ROW)
        order[band, p], place[row, band] = row, p
        if p == 0 or by_key[p] >> U(32) != by_key[p - 1] >> U(32):
            order[band, p], first = row | U(FIRST), row
        family[row] = min(family[row], family[first])


@njit(nogil=True, cache=True)
def meeting(order: np.ndarray, place: np.ndarray, asked: np.ndarray, met: np.ndarray, turn: np.ndarray, at: int,
            wanted: int, pairs: np.ndarray) -> tuple[int, int]:
    """Pairs of the rows turn[at], turn[at + 1], ... with those that share a key with them: (how many, where to go on).

    order   (bands, m) uint32: rows by their keys of each band; place (m, bands) uint32: where each stands
    asked   (m,) bool: pairs of two rows that are not are left out; of two that are, the later one finds the other
    met     (m,) int32, at first -1: the last row that each has met
    wanted  pairs; `pairs` (., 2) int32 has room for so many, and for all that one more row can meet
    """
    bands, rows = order.shape
    count, all_asked = 0, asked.all()
    while at < rows and count < wanted:
        row = turn[at]
        if asked[row]:
            for band in range(bands):
                p = np.int64(place[row, band])
                while not order[band, p] & FIRST:      # an entry that is not the first has another one before it
                    p -= 1
                    other = order[band, p] & ROW
                    pairs[count, 0], pairs[count, 1] = other, row
                    count += met[other] != row
                    met[other] = row
                p = np.int64(place[row, band]) + 1
                while not all_asked and p < rows and not order[band, p] & FIRST:
                    other = order[band, p] & ROW
                    if not asked[other] and met[other] != row:
                        pairs[count, 0], pairs[count, 1] = row, other
                        count += 1
                        met[other] = row
                    p += 1
        at += 1
    return count, at
