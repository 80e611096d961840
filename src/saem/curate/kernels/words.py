"""UTF-8 texts -> hashes of their folded words, eight letters of ASCII at a time."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_1, ODD_2, U
from saem.curate.kernels.reading import CODE_POINT, HIGH_BITS, IGNORED, KIND, KINDS, MANY, decoded, finished, follows

BLOCK = 4096               # bytes of a text that are folded together: what is made of them stays in the processor's nearest cache
LONGEST = 1024             # bytes; a longer word is taken for several
ROOM = LONGEST + 2 * BLOCK + 128      # folding makes two bytes of one at most; what follows is 0, so that eight can be read anywhere
SYLLABLE_MARK, IDEOGRAPH_MARK = np.uint8(1), np.uint8(2)      # begin letters that are tokens by themselves
LOW_BITS, ONES, BLANKS = U(0x7F7F7F7F7F7F7F7F), U(0x0101010101010101), U(0x2020202020202020)
GATHER = U(0x0102040810204080)        # eight flags of 0 or 1, a byte each, times this: they stand in the highest byte
FROM_A, BEYOND_Z, FROM_0, BEYOND_9 = (U(0x80 - letter) * ONES for letter in (0x61, 0x7B, 0x30, 0x3A))
DE_BRUIJN = U(0x03F79D71B4CB0A89)     # Source: Leiserson, Prokop, Randall 1998, "Using de Bruijn sequences to index a 1 in a computer word"
LOWEST = np.zeros(64, np.uint64)
LOWEST[[(int(DE_BRUIJN) << bit & 0xFFFFFFFFFFFFFFFF) >> 58 for bit in range(64)]] = np.arange(64)
FIRST_EIGHT = np.array([(1 << 8 * min(8, size)) - 1 for size in range(17)], np.uint64)      # the letters of a word of `size` bytes
NEXT_EIGHT = np.array([(1 << 8 * max(0, size - 8)) - 1 for size in range(17)], np.uint64)


@njit(inline="always")
def eight(data: np.ndarray, at: np.uint64) -> np.uint64:
    """Eight bytes, the first one lowest."""
    word = U(0)
    for k in range(8):
        word |= U(data[at + U(k)]) << U(8 * k)
    return word


@njit(nogil=True, cache=True)
def fold(data: np.ndarray, at: np.uint64, end: np.uint64, table: np.ndarray, out: np.ndarray,
         length: np.uint64) -> tuple[np.uint64, np.uint64, bool, bool]:
    """At most BLOCK bytes of a text, folded, behind the first `length` of `out`: words, with a 0 between two of them.

    (where to go on, how many bytes `out` has, whether a letter cannot be folded by itself, whether some are tokens by themselves)
    """
    is_unusual, has_signs = False, False
    stop = min(end, at + U(BLOCK))
    while at < stop:
        if at + U(8) <= stop:
            word = eight(data, at)
            if not word & HIGH_BITS:      # the highest bit of each byte says whether it is a letter, a digit
                lower = word | BLANKS
                letters = (lower + FROM_A) & ~(lower + BEYOND_Z) & HIGH_BITS
                digits = (word + FROM_0) & ~(word + BEYOND_9) & HIGH_BITS
                word = (word | letters >> U(2)) & (((letters | digits) >> U(7)) * U(255))
                for k in range(8):
                    out[length + U(k)] = np.uint8(word >> U(8 * k))
                at += U(8)
                length += U(8)
                continue
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
def bounds(out: np.ndarray, length: np.uint64, begins: np.ndarray, ends: np.ndarray) -> np.uint64:
    """Where the words of a folded text begin and end; how many there are."""
    for k in range(80):
        out[length + U(k)] = 0
    begun, ended, before = U(0), U(0), U(0)
    for start in range(U(0), length + U(1), U(64)):
        bits = U(0)      # one for each byte of 64
        for k in range(8):
            word = eight(out, start + U(8 * k))
            bits |= (((((word & LOW_BITS) + LOW_BITS | word) >> U(7) & ONES) * GATHER) >> U(56)) << U(8 * k)
        shifted = bits << U(1) | before
        before = bits >> U(63)
        rises, falls = bits & ~shifted, shifted & ~bits
        while rises:
            begins[begun] = start + LOWEST[((rises & (U(0) - rises)) * DE_BRUIJN) >> U(58)]
            begun += U(1)
            rises &= rises - U(1)
        while falls:
            ends[ended] = start + LOWEST[((falls & (U(0) - falls)) * DE_BRUIJN) >> U(58)]
            ended += U(1)
            falls &= falls - U(1)
    return ended


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
