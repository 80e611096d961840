"""Texts -> MinHash signatures in one pass, and the pairs whose signatures agree."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, ODD_2, U, mix
from saem.curate.kernels.reading import IGNORED, KIND, KINDS, ascii_values, decoded, finished, follows, spelled, value_of

HASHES = 256               # one-permutation MinHash: as many bins, 16 bits each
BANDS, BAND_HASHES = 42, 6        # 42 * 6 = 252 of them
WINDOW = 30                # a shingle: five words of 6, fifteen Hangul syllables of 2, ten ideographs or kana of 3, or a mixture
WEIGHTS = np.array([6, 6, 2, 3], np.int64)       # by the last two bits of a token: 2 a syllable, 3 an ideograph or kana, else a word
BLOCK = 4096               # tokens taken together
RING = 32                  # more tokens than a window can hold
EMPTY = U(0xFFFFFFFFFFFFFFFF)
BASE = U(0x9E3779B97F4A7C15)      # of the rolling polynomial over the hashes of tokens
POWERS = np.array([pow(0x9E3779B97F4A7C15, k, 1 << 64) for k in range(RING)], np.uint64)


@njit(nogil=True, cache=True)
def signatures(data: np.ndarray, offsets: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """UTF-8 rows -> ((n, 256) uint16 signature, (n, 42) uint32 band keys, (n,) tokens of each row; 0 = nothing to compare).

    A shingle is the tokens of one window (see WINDOW), taken at every token; a row shorter than a window is one shingle. Where a
    bin stays empty it borrows another one's value: Shrivastava 2017, "Optimal densification for fast and accurate minwise hashing".
    """
    rows = len(offsets) - 1
    made, keys, tokens = np.zeros((rows, HASHES), np.uint16), np.zeros((rows, BANDS), np.uint32), np.zeros(rows, np.int64)
    least, found = np.empty(HASHES, np.uint64), np.empty(BLOCK, np.uint64)
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
            least[value >> U(56)] = value & U(0x00FFFFFFFFFFFFFF)
        _densify(least, made[i])
        _band(made[i], keys[i])
    return made, keys, tokens


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
            where = value >> U(56)
            least[where] = min(least[where], value & U(0x00FFFFFFFFFFFFFF))
    return rolling, first, count, weight, is_full


@njit(inline="always")
def _densify(least: np.ndarray, signature: np.ndarray) -> None:
    for b in range(HASHES):
        if least[b] != EMPTY:
            signature[b] = np.uint16(least[b] & U(0xFFFF))
            continue
        attempt = U(1)
        while True:
            other = mix(U(b) * GOLDEN + attempt * ODD_2) >> U(56)
            if least[other] != EMPTY:
                signature[b] = np.uint16(mix(least[other] + attempt) & U(0xFFFF))
                break
            attempt += U(1)


@njit(inline="always")
def _band(signature: np.ndarray, keys: np.ndarray) -> None:
    for b in range(BANDS):
        key = U(b + 1)
        for r in range(BAND_HASHES):
            key = mix(key * GOLDEN + U(signature[b * BAND_HASHES + r]))
        keys[b] = np.uint32(key >> U(32))


@njit(nogil=True, cache=True)
def agreeing(keys: np.ndarray, order: np.ndarray, band: int, signatures: np.ndarray, least: int) -> np.ndarray:
    """(m, 3) int64: left < right, and how many of 256 hashes agree, at least `least`, of the rows that meet in one band.

    order  rows by their key of that band. A pair is looked at in the first band in which it meets, and in no other.
    """
    found = np.empty((64, 3), np.int64)
    count, start = 0, 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and keys[order[stop], band] == keys[order[start], band]:
            stop += 1
        for q in range(start + 1, stop):
            for p in range(start, q):
                a, b = min(order[p], order[q]), max(order[p], order[q])
                has_met = False
                for earlier in range(band):
                    has_met |= keys[a, earlier] == keys[b, earlier]
                if has_met:
                    continue
                same = 0
                for k in range(HASHES):
                    same += signatures[a, k] == signatures[b, k]
                if same >= least:
                    if count == len(found):
                        more = np.empty((2 * count, 3), np.int64)
                        more[:count] = found
                        found = more
                    found[count, 0], found[count, 1], found[count, 2] = a, b, same
                    count += 1
        start = stop
    return found[:count]
