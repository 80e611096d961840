"""How much of a text is repeated runs of words (Rae et al. 2021, table A1), compiled.

A run of n words can only be repeated where a run of n - 1 words is: each length looks at the places that the one before left over, so
that ordinary text costs little more than its words. The counting is that of the reference (datatrove): the commonest run of 2, 3, 4
words by its characters; repeated runs of 5 to 10 words from left to right, without overlap.
"""
import numpy as np

from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.tokens import HASH, SIZE

U = np.uint64
SPREAD = U(0x9E3779B97F4A7C15)
LONGEST = 10
COUNTED = tuple(f"run{length}" for length in range(2, LONGEST + 1))


@leaf
def repeated(tokens: np.ndarray, count: int, slots: np.ndarray, times: np.ndarray, places: np.ndarray, runs: np.ndarray,
             named: np.ndarray, words: np.ndarray, out: np.ndarray) -> None:
    """tokens (count, 3) uint64, see tokens.py -> out: [0:3] characters of the commonest run of 2 to 4 words, [3:9] repeated, of 5 to 10.

    The other arrays are scratch, int32: slots for 4 * count; times, places, runs, named, words for count.
    """
    out[:] = 0
    left = _name_words(tokens, count, slots, times, words, places, runs)
    for length in range(2, LONGEST + 1):
        while left and places[left - 1] + length > count:
            left -= 1
        if length < 5 and count >= length:      # the first run, where none is repeated
            out[length - 2] = _chars(tokens, 0, length) + length - 1
        if not left:
            if length >= 5:
                return
            continue
        _name_runs(words, length, left, slots, times, places, runs, named)
        if length < 5:
            _commonest(tokens, length, left, times, places, named, out)
        else:
            _without_overlap(tokens, length, left, times, places, named, out)
        left = _kept(left, times, places, named, runs)


@leaf
def _name_words(tokens: np.ndarray, count: int, slots: np.ndarray, times: np.ndarray, words: np.ndarray, places: np.ndarray,
                runs: np.ndarray) -> int:
    """Each word is called by its first place, and counted there. Returns how many places hold a word that is repeated."""
    shift, last = _cleared(count, slots)
    for at in range(count):
        word = tokens[at, HASH]
        slot = np.int64((word * SPREAD) >> shift)
        name = np.int64(slots[slot])
        while name >= 0 and tokens[name, HASH] != word:
            slot = (slot + 1) & last
            name = np.int64(slots[slot])
        if name < 0:
            slots[slot], times[at], words[at] = at, 1, at
        else:
            times[name] += 1
            words[at] = name
    kept = 0
    for at in range(count):
        if times[words[at]] > 1:
            places[kept], runs[kept] = at, words[at]
            kept += 1
    return kept


@leaf
def _name_runs(words: np.ndarray, length: int, left: int, slots: np.ndarray, times: np.ndarray, places: np.ndarray, runs: np.ndarray,
               named: np.ndarray) -> None:
    """A run is the run that it begins with and its last word, and called by the first of the `left` that is the same."""
    shift, last = _cleared(left, slots)
    for number in range(left):
        run, word = runs[number], words[places[number] + length - 1]
        slot = np.int64(((U(run) << U(32) | U(word)) * SPREAD) >> shift)
        name = np.int64(slots[slot])
        while name >= 0 and (runs[name] != run or words[places[name] + length - 1] != word):
            slot = (slot + 1) & last
            name = np.int64(slots[slot])
        if name < 0:
            slots[slot], times[number], named[number] = number, 1, number
        else:
            times[name] += 1
            named[number] = name


@leaf
def _cleared(count: int, slots: np.ndarray) -> tuple[int, int]:
    """An open table for so many: (how far a hash is shifted for its slot, the last slot)."""
    bits = 4
    while (1 << bits) < 2 * count:
        bits += 1
    for slot in range(U(1 << bits)):
        slots[slot] = -1
    return U(64 - bits), (1 << bits) - 1


@leaf
def _kept(left: int, times: np.ndarray, places: np.ndarray, named: np.ndarray, runs: np.ndarray) -> int:
    """Only the places of what is repeated; returns how many there are."""
    kept = 0
    for number in range(left):
        if times[named[number]] > 1:
            places[kept], runs[kept] = places[number], named[number]
            kept += 1
    return kept


@leaf
def _chars(tokens: np.ndarray, at: int, length: int) -> int:
    size = 0
    for number in range(at, at + length):
        size += np.int64(tokens[number, SIZE])
    return size


@leaf
def _commonest(tokens: np.ndarray, length: int, left: int, times: np.ndarray, places: np.ndarray, named: np.ndarray,
               out: np.ndarray) -> None:
    best = 1
    for number in range(left):
        if times[named[number]] > best:
            best = times[named[number]]
            out[length - 2] = best * (_chars(tokens, places[number], length) + length - 1)


@leaf
def _without_overlap(tokens: np.ndarray, length: int, left: int, times: np.ndarray, places: np.ndarray, named: np.ndarray,
                     out: np.ndarray) -> None:
    """Each run from the second time on, from left to right; where one is skipped for it overlaps, it has not been met."""
    free = 0
    for number in range(left):
        run = named[number]
        if abs(times[run]) < 2 or places[number] < free:
            continue
        if times[run] < 0:      # met before
            out[length - 2] += _chars(tokens, places[number], length)
            free = places[number] + length
        else:
            times[run] = -times[run]
    for number in range(left):
        if times[named[number]] < 0:
            times[named[number]] = -times[named[number]]
