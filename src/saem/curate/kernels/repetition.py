"""How much of a text is repeated runs of words (Rae et al. 2021, table A1), compiled.

A run of n words can only be repeated where a run of n - 1 words is: each length looks at the places that the one before left over, so
that ordinary text costs little more than its pairs. The counting is that of the reference (datatrove): the commonest run of 2, 3, 4
words by its characters; repeated runs of 5 to 10 words from left to right, without overlap.
"""
import numpy as np

from saem.curate.kernels.leaf import leaf

U = np.uint64
SPREAD, FIRST, SECOND = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
LONGEST = 10


@leaf
def mix(number: int) -> int:
    number ^= number >> U(30)
    number *= FIRST
    number ^= number >> U(27)
    number *= SECOND
    return number ^ (number >> U(31))


@leaf
def repeated(words: np.ndarray, chars: np.ndarray, count: int, table: np.ndarray, times: np.ndarray, seen: np.ndarray, places: np.ndarray,
             runs: np.ndarray, slots: np.ndarray, out: np.ndarray) -> None:
    """words (count,) uint64, chars (count,) int32 -> out: [0:3] characters of the commonest run of 2 to 4 words, [3:9] repeated, of 5-10.

    The other arrays are scratch: table, times, seen for 4 * count slots, places, runs, slots for count.
    """
    out[:] = 0
    for at in range(count):
        places[at], runs[at] = at, words[at]
    left = count
    for length in range(2, LONGEST + 1):
        while left and places[left - 1] + length > count:
            left -= 1
        if length < 5 and count >= length:      # the first run, where none is repeated
            for at in range(length):
                out[length - 2] += chars[at]
            out[length - 2] += length - 1
        if not left:
            if length >= 5:
                return
            continue
        size = 16
        while size < 2 * left:
            size *= 2
        for slot in range(size):
            table[slot], times[slot], seen[slot] = 0, 0, 0
        for number in range(left):
            run = mix(runs[number] * SPREAD + words[places[number] + length - 1]) | U(1)
            slot = np.int64(run >> U(1)) & (size - 1)
            while table[slot] != 0 and table[slot] != run:
                slot = (slot + 1) & (size - 1)
            table[slot] = run
            times[slot] += 1
            runs[number], slots[number] = run, slot
        if length < 5:
            _commonest(chars, length, left, times, places, slots, out)
        else:
            _without_overlap(chars, length, left, times, seen, places, slots, out)
        kept = 0
        for number in range(left):
            if times[slots[number]] > 1:
                places[kept], runs[kept] = places[number], runs[number]
                kept += 1
        left = kept


@leaf
def _commonest(chars: np.ndarray, length: int, left: np.ndarray, times: np.ndarray, places: np.ndarray, slots: np.ndarray,
               out: np.ndarray) -> None:
    best = 1
    for number in range(left):
        if times[slots[number]] > best:
            best = times[slots[number]]
            size = length - 1
            for at in range(places[number], places[number] + length):
                size += chars[at]
            out[length - 2] = best * size


@leaf
def _without_overlap(chars: np.ndarray, length: int, left: np.ndarray, times: np.ndarray, seen: np.ndarray, places: np.ndarray,
                     slots: np.ndarray, out: np.ndarray) -> None:
    free = 0
    for number in range(left):
        slot = slots[number]
        if times[slot] < 2 or places[number] < free:
            continue
        if seen[slot]:
            for at in range(places[number], places[number] + length):
                out[length - 2] += chars[at]
            free = places[number] + length
        else:
            seen[slot] = 1
