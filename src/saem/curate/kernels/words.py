"""UTF-8 texts -> hashes of their folded words, many letters of ASCII at a time."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_1, ODD_2, U
from saem.curate.kernels.lanes import eight, folded, how_many, lowest, marks
from saem.curate.kernels.reading import CODE_POINT, IGNORED, KIND, KINDS, MANY, decoded, finished, follows

BLOCK = 4096               # bytes of a text that are folded together: what is made of them stays in the processor's nearest cache
LONGEST = 1024             # bytes; a longer word is taken for several
LANES = U(64)
USUAL = 16                 # ends of words among 64 letters
ROOM = LONGEST + 2 * BLOCK + 2 * 64      # folding makes two bytes of one at most; what follows is 0, so that 64 can be read anywhere
SYLLABLE_MARK, IDEOGRAPH_MARK = np.uint8(1), np.uint8(2)      # begin letters that are tokens by themselves
FIRST_EIGHT = np.array([(1 << 8 * min(8, size)) - 1 for size in range(17)], np.uint64)      # the letters of a word of `size` bytes
NEXT_EIGHT = np.array([(1 << 8 * max(0, size - 8)) - 1 for size in range(17)], np.uint64)


@njit(nogil=True, cache=True)
def fold(data: np.ndarray, at: np.uint64, end: np.uint64, table: np.ndarray, out: np.ndarray,
         length: np.uint64) -> tuple[np.uint64, np.uint64, bool, bool]:
    """At most BLOCK bytes of a text, folded, behind the first `length` of `out`: words, with a 0 between two of them.

    (where to go on, how many bytes `out` has, whether a letter cannot be folded by itself, whether some are tokens by themselves)
    """
    is_unusual, has_signs = False, False
    stop = min(end, at + U(BLOCK))
    while at < stop:
        plain = U(0)      # bytes of ASCII that are folded together
        if at + LANES <= stop:
            plain = lowest(folded(data, at, out, length))
        at += plain
        length += plain
        part = min(stop, at + LANES - plain)
        while at < part:
            entry = table[data[at]] if data[at] < 128 else decoded(data, at, table)
            at += follows(data[at])
            is_unusual |= entry & MANY != 0
            if entry == IGNORED:
                continue
            kind, point = (entry >> KIND) & KINDS, entry & CODE_POINT
            if kind == 0:
                out[length] = 0
                length += U(1)
                continue
            if kind > 1:
                has_signs = True
                out[length], out[length + U(1)] = 0, SYLLABLE_MARK if kind == 2 else IDEOGRAPH_MARK
                length += U(2)
            length = _spell(point, out, length)
            if kind > 1:
                out[length] = 0
                length += U(1)
            if at < part and data[at] < 128:
                break
    return at, length, is_unusual, has_signs


@njit(inline="always")
def _spell(point: np.uint32, out: np.ndarray, length: np.uint64) -> np.uint64:
    """A letter as UTF-8."""
    if point < 0x80:
        out[length] = point
        return length + U(1)
    if point < 0x800:
        out[length], out[length + U(1)] = 0xC0 | point >> 6, 0x80 | point & 0x3F
        return length + U(2)
    if point < 0x10000:
        out[length], out[length + U(1)], out[length + U(2)] = 0xE0 | point >> 12, 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F
        return length + U(3)
    out[length], out[length + U(1)] = 0xF0 | point >> 18, 0x80 | point >> 12 & 0x3F
    out[length + U(2)], out[length + U(3)] = 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F
    return length + U(4)


@njit(nogil=True, cache=True)
def bounds(out: np.ndarray, length: np.uint64, edges: np.ndarray) -> np.uint64:
    """Where the words of a folded text begin and end, in turns; how many words there are."""
    for k in range(64):
        out[length + U(k)] = 0
    count, before = U(0), U(0)
    for start in range(U(0), length + U(1), LANES):
        bits = marks(out, start)
        turns = bits ^ (bits << U(1) | before)
        before, next_count = bits >> U(63), count + how_many(turns)
        for k in range(USUAL):      # without looking whether there are so many: what is too much is written over
            edges[count + U(k)] = start + lowest(turns)
            turns &= turns - U(1)
        count += U(USUAL)
        while turns:
            edges[count] = start + lowest(turns)
            count += U(1)
            turns &= turns - U(1)
        count = next_count
    return count >> U(1)


@njit(inline="always")
def hashed(out: np.ndarray, begin: np.uint64, size: np.uint64) -> np.uint64:
    """The hash of a word."""
    if size <= U(16):
        return finished(eight(out, begin) & FIRST_EIGHT[size] ^ (eight(out, begin + U(8)) & NEXT_EIGHT[size]) * ODD_2)
    value = size * GOLDEN
    for k in range(U(0), size, U(8)):
        value = (value ^ eight(out, begin + k) & FIRST_EIGHT[min(U(8), size - k)]) * ODD_1
        value ^= value >> U(32)
    return finished(value)
