"""UTF-8 bytes -> entries of the table of letters."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_1, U

HIGH_BITS = U(0x8080808080808080)
# an entry: the folded letter in 24 bits; 2 bits for what it is (0 = parts words, 1 of a word, 2 Hangul syllable, 3 ideograph or kana)
CODE_POINT, KIND, KINDS = np.uint32(0xFFFFFF), np.uint32(24), np.uint32(3)
IGNORED = np.uint32(1 << 30)      # it is not seen
MANY = np.uint32(1 << 31)         # its folding is more than one letter, or depends on its neighbours
WORD, IDEOGRAPH = np.uint32(1 << 24), np.uint32(3 << 24)


@njit(inline="always")
def follows(byte: np.uint8) -> np.uint64:
    """How many bytes the letter has that begins with this one."""
    return U(1) if byte < 0xC0 else U(2) if byte < 0xE0 else U(3) if byte < 0xF0 else U(4)


@njit(inline="always")
def decoded(data: np.ndarray, at: np.uint64, table: np.ndarray) -> np.uint32:
    """The entry of a letter beyond ASCII. Of those beyond the table, ideographs stand for themselves and pictures part words."""
    byte = np.uint32(data[at])
    if byte < 0xE0:
        return table[(byte & 0x1F) << 6 | np.uint32(data[at + U(1)]) & 0x3F]
    if byte < 0xF0:
        return table[(byte & 0x0F) << 12 | (np.uint32(data[at + U(1)]) & 0x3F) << 6 | np.uint32(data[at + U(2)]) & 0x3F]
    point = ((byte & 0x07) << 18 | (np.uint32(data[at + U(1)]) & 0x3F) << 12 | (np.uint32(data[at + U(2)]) & 0x3F) << 6
             | np.uint32(data[at + U(3)]) & 0x3F)
    if 0x20000 <= point < 0x2F800 or 0x30000 <= point < 0x40000:
        return IDEOGRAPH | np.uint32(point)
    if 0x1F000 <= point < 0x1F100 or 0x1F300 <= point < 0x1FB00 or point >= 0xE0000:
        return np.uint32(0)
    return MANY | WORD | np.uint32(point)


@njit(inline="always")
def value_of(entry: np.uint32) -> np.uint64:
    """What a letter is to the hash of its word; never 0. The last two bits of a letter that is a token by itself are its kind."""
    kind = (entry >> KIND) & KINDS
    value = (U(entry & CODE_POINT) + U(1)) * GOLDEN
    return value << U(2) | U(kind if kind > 1 else 0)


@njit(inline="always")
def spelled(word: np.uint64, value: np.uint64) -> np.uint64:
    """The hash of a word and one more letter: a cyclic polynomial whose last two bits stay 0; two cycles a letter."""
    return (word << U(5) | (word >> U(59)) << U(2)) ^ value


@njit(inline="always")
def finished(word: np.uint64) -> np.uint64:
    """The hash of a token."""
    word ^= word >> U(32)
    word *= ODD_1
    return word ^ (word >> U(29))


@njit(nogil=True, cache=True)
def unusual(data: np.ndarray, offsets: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(n,) bool: rows that hold a letter which cannot be folded by itself."""
    is_unusual = np.zeros(len(offsets) - 1, np.bool_)
    for i in range(len(is_unusual)):
        at, end = U(offsets[i]), U(offsets[i + 1])
        while at < end:
            if at + U(8) <= end:
                eight = U(0)
                for k in range(8):
                    eight |= U(data[at + U(k)]) << U(8 * k)
                if not eight & HIGH_BITS:
                    at += U(8)
                    continue
            if data[at] < 128:
                at += U(1)
                continue
            if decoded(data, at, table) & MANY:
                is_unusual[i] = True
                break
            at += follows(data[at])
    return is_unusual
