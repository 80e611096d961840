"""Texts -> MinHash signatures in one pass, and how alike two of them are."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_1, ODD_2, U, mix
from saem.curate.kernels.words import IDEOGRAPH_MARK, LONGEST, ROOM, SYLLABLE_MARK, bounds, fold, hashed

BINS = 1024                # one-permutation MinHash: a byte of the least hash in each bin, by which two rows are compared
HASHES = 256               # four bins together, by which they meet
BANDS, BAND_HASHES = 42, 6        # 42 * 6 = 252 of them
WORD, SYLLABLE, IDEOGRAPH = 6, 2, 3
WINDOW = 30                # a shingle: five words, fifteen Hangul syllables, ten ideographs or kana, or a mixture of that weight
WORDS = WINDOW // WORD
REST = 32                  # more tokens than a window can hold
EMPTY = U(0xFFFFFFFFFFFFFFFF)
LOW_BITS = U(0x003FFFFFFFFFFFFF)      # of a hash whose first ten name its bin
BASE = U(0x9E3779B97F4A7C15)      # of the rolling polynomial over the hashes of tokens
POWERS = np.array([pow(0x9E3779B97F4A7C15, k, 1 << 64) for k in range(REST)], np.uint64)
FACTORS = np.array([(2 * k + 1) * 0xD1B54A32D192ED03 & 0xFFFFFFFFFFFFFFFF for k in range(2 * HASHES)], np.uint64)      # odd


@njit(nogil=True, cache=True)
def signatures(data: np.ndarray, offsets: np.ndarray,
               table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """UTF-8 rows -> ((n, 1024) uint8 signature, (n, 42) uint32 band keys, (n, 2) uint64 of all hashes, (n,) tokens of each row, whether
    it holds a letter that cannot be folded by itself: it must be folded first).

    A row without a token has nothing to compare. A shingle is the tokens of one window (see WINDOW), taken at every token; a row shorter
    than a window is one shingle. A bin that stays empty is 0; for the keys it borrows another one's value. Source: Shrivastava 2017,
    "Optimal densification for fast and accurate minwise hashing".
    """
    rows = len(offsets) - 1
    made, keys, tokens = np.zeros((rows, BINS), np.uint8), np.zeros((rows, BANDS), np.uint32), np.zeros(rows, np.int64)
    digests, unusual = np.zeros((rows, 2), np.uint64), np.zeros(rows, np.bool_)
    least, hashes = np.empty(BINS, np.uint64), np.empty(HASHES, np.uint64)
    out, begins, ends = np.zeros(ROOM, np.uint8), np.empty(ROOM, np.uint64), np.empty(ROOM, np.uint64)
    found, weights = np.empty(REST + ROOM, np.uint64), np.empty(REST + ROOM, np.int64)
    for i in range(rows):
        least[:] = EMPTY
        rolling, kept, weight, is_full = U(0), 0, 0, False      # the window: its hash, its tokens - the first in `found` -, their weight
        at, end, length = U(offsets[i]), U(offsets[i + 1]), U(0)
        while at < end:
            at, length, is_odd, has_signs = fold(data, at, end, table, out, length)
            unusual[i] |= is_odd
            words = bounds(out, length, begins, ends)
            is_cut = words > U(0) and at < end and ends[words - U(1)] == length      # the last word goes on
            count, length = _tokens(out, begins, ends, words, is_cut, has_signs, found, weights, kept)
            tokens[i] += count - kept
            rolling, kept, weight, is_full = _shingled(found, weights, count, rolling, kept, weight, is_full, least)
        if tokens[i] == 0:
            continue
        if not is_full and weight < WINDOW:
            value = mix(rolling)
            least[value >> U(54)] = value & LOW_BITS
        _sketch(least, made[i], hashes)
        _meet(hashes, keys[i], digests[i])
    return made, keys, digests, tokens, unusual


@njit(nogil=True, cache=True)
def _tokens(out: np.ndarray, begins: np.ndarray, ends: np.ndarray, words: np.uint64, is_cut: bool, has_signs: bool, found: np.ndarray,
            weights: np.ndarray, count: int) -> tuple[int, np.uint64]:
    """Hashes and weights of words, behind the first `count`; of the last word of a cut text the bytes that are left are moved to the front.

    (how many there are then, how many bytes were moved)
    """
    last = words - U(1) if is_cut else words
    for w in range(U(0), last):
        begin, size = begins[w], ends[w] - begins[w]
        while size > U(LONGEST):
            found[count], weights[count] = hashed(out, begin, U(LONGEST)), WORD
            begin, size, count = begin + U(LONGEST), size - U(LONGEST), count + 1
        found[count], weights[count] = hashed(out, begin, size), WORD
        if has_signs and out[begin] <= IDEOGRAPH_MARK:
            weights[count] = SYLLABLE if out[begin] == SYLLABLE_MARK else IDEOGRAPH
        count += 1
    if not is_cut:
        return count, U(0)
    begin, size = begins[last], ends[last] - begins[last]
    while size > U(LONGEST):
        found[count], weights[count] = hashed(out, begin, U(LONGEST)), WORD
        begin, size, count = begin + U(LONGEST), size - U(LONGEST), count + 1
    for k in range(U(0), size):
        out[k] = out[begin + k]
    return count, size


@njit(nogil=True, cache=True)
def _shingled(found: np.ndarray, weights: np.ndarray, count: int, rolling: np.uint64, kept: int, weight: int, is_full: bool,
              least: np.ndarray) -> tuple[np.uint64, int, int, bool]:
    """The window moved over the tokens behind the first `kept`, which are those in it; what is in it then is moved to the front."""
    first, at = U(0), U(kept)
    stop = U(count)
    while at < stop:
        if weight == WINDOW and at - first == U(WORDS) and weights[at] == WORD:      # five words: another one comes, one goes
            rolling = (rolling - found[first] * POWERS[WORDS - 1]) * BASE + found[at]
            first += U(1)
            is_full = True
        else:
            rolling = rolling * BASE + found[at]
            weight += weights[at]
            while weight > WINDOW:
                rolling -= found[first] * POWERS[at - first]
                weight -= weights[first]
                first += U(1)
                is_full = True
        at += U(1)
        if is_full or weight == WINDOW:
            value = mix(rolling)
            where = value >> U(54)
            least[where] = min(least[where], value & LOW_BITS)
    for k in range(U(0), stop - first):
        found[k], weights[k] = found[first + k], weights[first + k]
    return rolling, np.int64(stop - first), weight, is_full


@njit(inline="always")
def _sketch(least: np.ndarray, signature: np.ndarray, hashes: np.ndarray) -> None:
    for b in range(BINS):
        signature[b] = np.uint8(0) if least[b] == EMPTY else max(np.uint8(least[b]), np.uint8(1))
    for b in range(HASHES):
        least[b] = min(min(least[4 * b], least[4 * b + 1]), min(least[4 * b + 2], least[4 * b + 3]))
    for b in range(HASHES):
        hashes[b] = least[b]
        attempt = U(1)
        while hashes[b] == EMPTY:
            other = mix(U(b) * GOLDEN + attempt * ODD_2) >> U(56)
            if least[other] != EMPTY:
                hashes[b] = mix(least[other] + attempt)
            attempt += U(1)


@njit(inline="always")
def _meet(hashes: np.ndarray, keys: np.ndarray, digest: np.ndarray) -> None:
    """A key of each band, and 128 bits of all: these tell short rows apart too, whose signatures have few bytes that are not 0."""
    for b in range(BANDS):
        key = U(b + 1)
        for r in range(b * BAND_HASHES, (b + 1) * BAND_HASHES):
            key += hashes[r] * FACTORS[r]
        keys[b] = np.uint32(mix(key) >> U(32))
    one, other = GOLDEN, ODD_1
    for r in range(HASHES):
        one += hashes[r] * FACTORS[r]
        other += hashes[r] * FACTORS[HASHES + r]
    digest[0], digest[1] = mix(one), mix(other)


@njit(nogil=True, cache=True)
def resemblance(signatures: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(n, 1024) uint8, (m, 2) -> (m,) float32, the Jaccard index as two rows' bins tell it; two empty ones (0) say nothing.

    Of bins that differ one in 255 has the same byte; that share is taken off. Source: Li, Owen, Zhang 2012, "One permutation hashing".
    """
    made = np.zeros(len(pairs), np.float32)
    for i in range(len(pairs)):
        a, b = signatures[pairs[i, 0]], signatures[pairs[i, 1]]
        equal, either, both = 0, 0, 0
        for start in range(0, BINS, 128):      # counted in bytes, many at once
            same, some, two = np.uint8(0), np.uint8(0), np.uint8(0)
            for k in range(start, start + 128):
                x, y = a[k], b[k]
                same = np.uint8(same + np.uint8((x == y) & (x != 0)))
                some = np.uint8(some + np.uint8((x | y) != 0))
                two = np.uint8(two + np.uint8((x != 0) & (y != 0)))
            equal, either, both = equal + np.int64(same), either + np.int64(some), both + np.int64(two)
        if either:
            made[i] = np.float32((255.0 * equal - both) / (254.0 * either))
    return made
