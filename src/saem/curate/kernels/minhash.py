"""Texts -> MinHash signatures in one pass, and how alike two of them are."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_1, U, mix
from saem.curate.kernels.lanes import agreeing, fetched, how_many, marks
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
TURN = U(13)               # bits: a token's hash is turned by so many for each that comes after it in its window
FACTORS = np.array([(2 * k + 1) * 0xD1B54A32D192ED03 & 0xFFFFFFFFFFFFFFFF for k in range(2 * HASHES)], np.uint64)      # odd
TRIED = np.argsort(np.random.Generator(np.random.PCG64(7)).random((HASHES, HASHES)), axis=1).astype(np.uint8)
"""(256, 256): the bins that an empty one b asks for a value are TRIED[b, 0], TRIED[b, 1], ..."""
RANK = np.ascontiguousarray(np.argsort(TRIED, axis=1).T.astype(np.uint8))
"""RANK[a, b]: when bin b asks bin a."""
AHEAD = 3                  # pairs whose signatures are asked for before they are compared
FEW = 64                   # bins with a value: each is looked at by all others at once


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
    least, hashes, asked = np.empty(BINS, np.uint64), np.empty(HASHES, np.uint64), np.empty(HASHES, np.uint8)
    out, edges = np.zeros(ROOM, np.uint8), np.empty(2 * ROOM, np.uint32)
    found, weights, values = np.empty(REST + ROOM, np.uint64), np.empty(REST + ROOM, np.uint8), np.empty(REST + ROOM, np.uint64)
    for i in range(rows):
        least[:] = EMPTY
        window, kept, weight, is_full = U(0), U(0), 0, False      # its hash, its tokens - the first in `found` -, their weight
        at, end, length = U(offsets[i]), U(offsets[i + 1]), U(0)
        while at < end:
            at, length, is_odd, has_signs = fold(data, at, end, table, out, length)
            unusual[i] |= is_odd
            words = bounds(out, length, edges)
            is_cut = words > U(0) and at < end and edges[U(2) * words - U(1)] == length      # the last word goes on
            count, length = _tokens(out, edges, words, is_cut, has_signs, found, weights, kept)
            tokens[i] += count - kept
            is_plain = not has_signs
            for k in range(kept):
                is_plain &= weights[k] == WORD
            if is_plain:
                _words_shingled(found, kept, count, values, least)
                is_full |= count > U(WORDS)
                first = max(count, U(WORDS)) - U(WORDS)
                window = U(0)
                for k in range(first, count):
                    window = _turned(window, TURN) ^ found[k]
                weight = WORD * (count - first)
            else:
                window, first, weight, is_full = _shingled(found, weights, kept, count, window, weight, is_full, least)
            kept = count - first
            for k in range(kept):
                found[k], weights[k] = found[first + k], weights[first + k]
        if tokens[i] == 0:
            continue
        if not is_full and weight < WINDOW:
            value = mix(window)
            least[value >> U(54)] = value & LOW_BITS
        _sketch(least, made[i], hashes, asked)
        _meet(hashes, keys[i], digests[i])
    return made, keys, digests, tokens, unusual


@njit(nogil=True, cache=True)
def _tokens(out: np.ndarray, edges: np.ndarray, words: np.uint64, is_cut: bool, has_signs: bool, found: np.ndarray, weights: np.ndarray,
            count: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Hashes and weights of words, behind the first `count`; of the last word of a cut text the bytes that are left are moved to the front.

    (how many there are then, how many bytes were moved)
    """
    for w in range(words):
        begin, end = U(edges[U(2) * w]), U(edges[U(2) * w + U(1)])
        while end - begin > U(LONGEST):
            found[count], weights[count] = hashed(out, begin, U(LONGEST)), WORD
            begin, count = begin + U(LONGEST), count + U(1)
        if is_cut and w == words - U(1):
            for k in range(U(0), end - begin):
                out[k] = out[begin + k]
            return count, end - begin
        found[count], weights[count] = hashed(out, begin, end - begin), WORD
        if has_signs and out[begin] <= IDEOGRAPH_MARK:
            weights[count] = SYLLABLE if out[begin] == SYLLABLE_MARK else IDEOGRAPH
        count += U(1)
    return count, U(0)


@njit(inline="always")
def _turned(value: np.uint64, bits: np.uint64) -> np.uint64:
    return value << (bits & U(63)) | value >> (U(0) - bits & U(63))


@njit(nogil=True, cache=True)
def _words_shingled(found: np.ndarray, kept: np.uint64, count: np.uint64, values: np.ndarray, least: np.ndarray) -> None:
    """Where all tokens are words: the windows that end at one behind the first `kept`, many at once."""
    start = max(kept, U(WORDS - 1))
    for at in range(start, count):
        window = found[at]
        for k in range(1, WORDS):
            window ^= _turned(found[at - U(k)], TURN * U(k))
        values[at] = mix(window)
    for at in range(start, count):
        where = values[at] >> U(54)
        least[where] = min(least[where], values[at] & LOW_BITS)


@njit(nogil=True, cache=True)
def _shingled(found: np.ndarray, weights: np.ndarray, kept: np.uint64, count: np.uint64, window: np.uint64, weight: int, is_full: bool,
              least: np.ndarray) -> tuple[np.uint64, np.uint64, int, bool]:
    """The window, which holds the first `kept` tokens, moved over those behind.

    (its hash, its first token, its weight, whether it was full)

    Source: Cohen 1997, "Recursive hashing functions for n-grams": hashing by cyclic polynomials.
    """
    first = U(0)
    for at in range(kept, count):
        window = _turned(window, TURN) ^ found[at]
        weight += weights[at]
        while weight > WINDOW:
            window ^= _turned(found[first], TURN * (at - first))
            weight -= weights[first]
            first += U(1)
            is_full = True
        if is_full or weight == WINDOW:
            value = mix(window)
            where = value >> U(54)
            least[where] = min(least[where], value & LOW_BITS)
    return window, first, weight, is_full


@njit(nogil=True, cache=True)
def _sketch(least: np.ndarray, signature: np.ndarray, hashes: np.ndarray, asked: np.ndarray) -> None:
    """The row of the signature, and 256 hashes: of the bins b, b + 256, b + 512, b + 768 the least, or what another one has."""
    for b in range(BINS):
        signature[b] = U(0) if least[b] == EMPTY else max(least[b] & U(255), U(1))
    known = 0
    for b in range(HASHES):
        hashes[b] = min(min(least[b], least[b + HASHES]), min(least[b + 2 * HASHES], least[b + 3 * HASHES]))
        known += hashes[b] != EMPTY
    if known == HASHES:
        return
    for b in range(HASHES):
        least[b] = hashes[b]
    asked[:] = 255 if known < FEW else 0
    for a in range(HASHES if known < FEW else 0):
        if least[a] != EMPTY:
            for b in range(HASHES):
                asked[b] = min(asked[b], RANK[a, b])
    for b in range(HASHES):
        if least[b] == EMPTY:
            while least[TRIED[b, asked[b]]] == EMPTY:
                asked[b] += np.uint8(1)
            hashes[b] = mix(least[TRIED[b, asked[b]]] + U(1) + U(asked[b]))


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
def resemblance(signatures: np.ndarray, rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(n * 1024,) uint8, some of the n rows, (m, 2) places among those -> (m,) float32, the Jaccard index as two rows' bins tell it.

    Two empty bins (0) say nothing.
    Of bins that differ one in 255 has the same byte; that share is taken off. Source: Li, Owen, Zhang 2012, "One permutation hashing".
    """
    made = np.zeros(len(pairs), np.float32)
    for i in range(len(pairs)):
        a, b = U(rows[pairs[i, 0]]) * U(BINS), U(rows[pairs[i, 1]]) * U(BINS)
        equal, either, both, soon = U(0), U(0), U(0), U(rows[pairs[min(i + AHEAD, len(pairs) - 1), 0]]) * U(BINS)
        for k in range(0, BINS, 64):
            fetched(signatures, soon + U(k))
            one, other = marks(signatures, a + U(k)), marks(signatures, b + U(k))
            equal += how_many(agreeing(signatures, a + U(k), b + U(k)) & one)
            either += how_many(one | other)
            both += how_many(one & other)
        if either:
            made[i] = np.float32((255.0 * np.float64(equal) - np.float64(both)) / (254.0 * np.float64(either)))
    return made
