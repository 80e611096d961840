"""Texts -> fingerprints of their passages, and the spans that two texts share."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import U, mix
from saem.curate.kernels.reading import IGNORED, KIND, KINDS, decoded, finished, follows, spelled, value_of

PRINT = np.dtype([("hash", np.uint64), ("row", np.int64), ("token", np.int64), ("start", np.int64), ("end", np.int64)])
BASE = U(0x9E3779B97F4A7C15)      # of the rolling polynomial over the hashes of tokens


@njit(nogil=True, cache=True)
def prints(data: np.ndarray, offsets: np.ndarray, table: np.ndarray, size: int, window: int, found: np.ndarray) -> int:
    """UTF-8 rows -> the fingerprints of each, in order: the smallest hash of every `window` consecutive shingles.

    size   weight of a shingle, as in minhash.WINDOW
    found  room for them, (m,) PRINT: the shingle's hash, its row, the number of its last token, its first letter and the one after
           its last, counted in letters of the row. Returns how many there are; beyond `m` they are only counted

    Source: Schleimer, Wilkerson, Aiken 2003, "Winnowing": of every passage of `size` and `window` - 1 tokens one is kept at least.
    """
    ring = 1
    while ring < size // 2 + 2:
        ring *= 2
    powers = np.ones(ring + 1, np.uint64)
    for k in range(ring):
        powers[k + 1] = powers[k] * BASE
    hashes, weights, starts = np.zeros(ring, np.uint64), np.zeros(ring, np.int64), np.zeros(ring, np.int64)
    recent = np.zeros(window, PRINT)
    total = 0
    for i in range(len(offsets) - 1):
        first, count, weight, tokens, shingles, is_full = 0, 0, 0, 0, 0, False
        best, last = -1, -1
        rolling, word, is_inside, began, ended, letter = U(0), U(0), False, 0, 0, 0
        at, end = U(offsets[i]), U(offsets[i + 1])
        while at <= end:
            if at == end:
                entry = np.uint32(0)
                at += U(1)
            elif data[at] < 128:
                entry = table[data[at]]
                at += U(1)
            else:
                entry = decoded(data, at, table)
                at += follows(data[at])
            kind = (entry >> KIND) & KINDS
            letter += 1
            if kind == 1:
                began = began if is_inside else letter - 1
                word = spelled(word, value_of(entry))
                is_inside = True
                ended = letter
                continue
            if entry == IGNORED:
                continue
            for turn in range(2):
                if turn == 0:
                    if not is_inside:
                        continue
                    token, own, word, is_inside = finished(word), 6, U(0), False
                else:
                    if kind < 2:
                        break
                    token, own = finished(value_of(entry)), 2 if kind == 2 else 3
                    began, ended = letter - 1, letter
                tokens += 1
                place = (first + count) & (ring - 1)
                rolling = rolling * BASE + token
                hashes[place], weights[place], starts[place] = token, own, began
                count += 1
                weight += own
                while weight > size:
                    count -= 1
                    rolling -= hashes[first] * powers[count]
                    weight -= weights[first]
                    first = (first + 1) & (ring - 1)
                    is_full = True
                if not is_full and weight < size:
                    continue
                value = mix(rolling)
                slot = shingles % window
                recent[slot].hash, recent[slot].row, recent[slot].token = value, i, tokens
                recent[slot].start, recent[slot].end = starts[first], ended
                shingles += 1
                if best < 0:
                    best = 0
                elif best < shingles - window:
                    best = shingles - window
                    for k in range(shingles - window, shingles):
                        if recent[k % window].hash <= recent[best % window].hash:
                            best = k
                elif value <= recent[best % window].hash:
                    best = shingles - 1
                if shingles >= window and best != last:
                    last = best
                    if total < len(found):
                        found[total] = recent[best % window]
                    total += 1
        if shingles and last < 0:       # a row shorter than what is guaranteed, but not than a shingle
            if total < len(found):
                found[total] = recent[best % window]
            total += 1
    return total


@njit(nogil=True, cache=True)
def spans(left: np.ndarray, right: np.ndarray, begins: np.ndarray, prints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows -> ((m, 4) where a shared span begins and ends in the left row and in the right one, (m,) its pair).

    prints  ordered by row and hash, each hash once a row; `begins` (n + 1,) where those of a row begin. Shingles that overlap in both
            rows at the same distance are one span
    """
    made, pair_of = np.empty((64, 4), np.int64), np.empty(64, np.int64)
    count = 0
    for pair in range(len(left)):
        a, b = begins[left[pair]], begins[right[pair]]
        a_end, b_end = begins[left[pair] + 1], begins[right[pair] + 1]
        shared, at = np.empty((min(a_end - a, b_end - b), 2), np.int64), 0
        while a < a_end and b < b_end:
            if prints[a].hash == prints[b].hash:
                shared[at, 0], shared[at, 1] = a, b
                at += 1
                a += 1
                b += 1
            elif prints[a].hash < prints[b].hash:
                a += 1
            else:
                b += 1
        order = np.argsort(np.array([prints[shared[k, 0]].token for k in range(at)]))
        distance = 0
        for k in range(at):
            x, y = prints[shared[order[k], 0]], prints[shared[order[k], 1]]
            if k and y.token - x.token == distance and x.start < made[count - 1, 1] and y.start < made[count - 1, 3]:
                made[count - 1, 1], made[count - 1, 3] = x.end, y.end
                continue
            distance = y.token - x.token
            if count == len(made):
                more, more_pairs = np.empty((2 * count, 4), np.int64), np.empty(2 * count, np.int64)
                more[:count], more_pairs[:count] = made, pair_of
                made, pair_of = more, more_pairs
            made[count, 0], made[count, 1], made[count, 2], made[count, 3] = x.start, x.end, y.start, y.end
            pair_of[count] = pair
            count += 1
    return made[:count], pair_of[:count]
