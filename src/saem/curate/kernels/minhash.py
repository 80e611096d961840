"""Texts -> MinHash signatures in one pass, and how alike two of them are."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_1, ODD_2, U, mix
from saem.curate.kernels.reading import IGNORED, KIND, KINDS, ascii_values, decoded, finished, follows, spelled, value_of

BINS = 1024                # one-permutation MinHash: a byte of the least hash in each bin, by which two rows are compared
HASHES = 256               # four bins together, by which they meet
BANDS, BAND_HASHES = 42, 6        # 42 * 6 = 252 of them
WINDOW = 30                # a shingle: five words of 6, fifteen Hangul syllables of 2, ten ideographs or kana of 3, or a mixture
WEIGHTS = np.array([6, 6, 2, 3], np.int64)       # by the last two bits of a token: 2 a syllable, 3 an ideograph or kana, else a word
BLOCK = 4096               # tokens taken together
RING = 32                  # more tokens than a window can hold
EMPTY = U(0xFFFFFFFFFFFFFFFF)
LOW_BITS = U(0x003FFFFFFFFFFFFF)      # of a hash whose first ten name its bin
BASE = U(0x9E3779B97F4A7C15)      # of the rolling polynomial over the hashes of tokens
POWERS = np.array([pow(0x9E3779B97F4A7C15, k, 1 << 64) for k in range(RING)], np.uint64)


@njit(nogil=True, cache=True)
def signatures(data: np.ndarray, offsets: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """UTF-8 rows -> ((n, 1024) uint8 signature, (n, 42) uint32 band keys, (n, 2) uint64 of all hashes, (n,) tokens of each row).

    A row without a token has nothing to compare.

    A shingle is the tokens of one window (see WINDOW), taken at every token; a row shorter than a window is one shingle. A bin that
    stays empty is 0; for the keys it borrows another one's value. Source: Shrivastava 2017,
    "Optimal densification for fast and accurate minwise hashing".
    """
    rows = len(offsets) - 1
    made, keys, tokens = np.zeros((rows, BINS), np.uint8), np.zeros((rows, BANDS), np.uint32), np.zeros(rows, np.int64)
    digests = np.zeros((rows, 2), np.uint64)
    least, found, hashes = np.empty(BINS, np.uint64), np.empty(BLOCK, np.uint64), np.empty(HASHES, np.uint64)
    ring, weights = np.zeros(RING, np.uint64), np.zeros(RING, np.int64)
    values, masks = ascii_values(table)
    for i in range(rows):
        least[:] = EMPTY
        window = (U(0), 0, 0, 0, False)
        word, count = U(0), 0
        at, end = U(offsets[i]), U(offsets[i + 1])
        while at < end:
            stop = min(end, at + U(BLOCK - 3 - count))      # a byte ends one token at most
            while at < stop and data[at] < 128:             # no branch depends on a letter: words end where no one can foresee it
                found[count] = word
                count += (values[data[at]] == 0) & (word != 0)
                word = spelled(word, values[data[at]]) & masks[data[at]]
                at += U(1)
            if at < end and data[at] >= 128:
                entry = decoded(data, at, table)
                at += follows(data[at])
                if (entry >> KIND) & KINDS == 1:
                    word = spelled(word, value_of(entry))
                elif entry != IGNORED:
                    found[count] = word
                    count += word != 0
                    word = U(0)
                    found[count] = value_of(entry)
                    count += entry != 0
            if count >= BLOCK - 3:
                tokens[i] += count
                window = _shingled(found[:count], window, ring, weights, least)
                count = 0
        found[count] = word
        count += word != 0
        tokens[i] += count
        rolling, _, _, weight, is_full = _shingled(found[:count], window, ring, weights, least)
        if tokens[i] == 0:
            continue
        if not is_full and weight < WINDOW:
            value = mix(rolling)
            least[value >> U(54)] = value & LOW_BITS
        _sketch(least, made[i], hashes)
        _band(hashes, keys[i])
        _digest(hashes, digests[i])
    return made, keys, digests, tokens


@njit(nogil=True, cache=True)
def _shingled(tokens: np.ndarray, window: tuple[np.uint64, int, int, int, bool], ring: np.ndarray, weights: np.ndarray,
              least: np.ndarray) -> tuple[np.uint64, int, int, int, bool]:
    """The window moved on: (its rolling hash, its first place in the ring, its tokens, their weight, whether it was full)."""
    rolling, first, count, weight, is_full = window
    for word in tokens:
        token, size = finished(word), WEIGHTS[word & U(3)]
        place = (first + count) & (RING - 1)
        ring[place], weights[place] = token, size
        rolling = rolling * BASE + token
        count += 1
        weight += size
        while weight > WINDOW:
            count -= 1
            rolling -= ring[first] * POWERS[count]
            weight -= weights[first]
            first = (first + 1) & (RING - 1)
            is_full = True
        if is_full or weight == WINDOW:
            value = mix(rolling)
            where = value >> U(54)
            least[where] = min(least[where], value & LOW_BITS)
    return rolling, first, count, weight, is_full


@njit(inline="always")
def _sketch(least: np.ndarray, signature: np.ndarray, hashes: np.ndarray) -> None:
    for b in range(BINS):
        signature[b] = np.uint8(0 if least[b] == EMPTY else least[b] % U(255) + U(1))
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
def _band(hashes: np.ndarray, keys: np.ndarray) -> None:
    for b in range(BANDS):
        key = U(b + 1)
        for r in range(BAND_HASHES):
            key = mix(key * GOLDEN + hashes[b * BAND_HASHES + r])
        keys[b] = np.uint32(key >> U(32))


@njit(inline="always")
def _digest(hashes: np.ndarray, digest: np.ndarray) -> None:
    """Tells short rows apart too, which have few bytes in their signatures that are not 0."""
    a, b = GOLDEN, ODD_2
    for k in range(HASHES):
        a = (a ^ hashes[k]) * ODD_1
        a ^= a >> U(29)
        b = (b + hashes[k]) * ODD_2
        b ^= b >> U(32)
    digest[0], digest[1] = mix(a), mix(b)


@njit(nogil=True, cache=True)
def resemblance(signatures: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(n, 1024) uint8, (m, 2) -> (m,) float32, the Jaccard index as two rows' bins tell it; two empty ones (0) say nothing.

    Of bins that differ one in 255 has the same byte; that share is taken off. Source: Li, Owen, Zhang 2012, "One permutation hashing".
    """
    made = np.empty(len(pairs), np.float32)
    for i in range(len(pairs)):
        a, b = signatures[pairs[i, 0]], signatures[pairs[i, 1]]
        equal, either, both = np.uint16(0), np.uint16(0), np.uint16(0)
        for k in range(BINS):
            x, y = a[k], b[k]
            equal = np.uint16(equal + np.uint16((x == y) & (x != 0)))
            either = np.uint16(either + np.uint16((x | y) != 0))
            both = np.uint16(both + np.uint16((x != 0) & (y != 0)))
        made[i] = np.float32((255.0 * equal - both) / (254.0 * either)) if either else np.float32(0)
    return made
