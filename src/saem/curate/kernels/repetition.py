"""How much of a text is repeated runs of words (Rae et al. 2021, table A1), compiled.

A run of n words can only be repeated where a run of n - 1 words is: each length looks at the places that the one before left over, so
that ordinary text costs little more than its words. The counting is that of the reference (datatrove): the commonest run of 2, 3, 4
words by its characters; repeated runs of 5 to 10 words from left to right, without overlap.

Whether a word is new or known cannot be foretold, so no branch is taken on it: what is found is chosen by arithmetic.
"""
from typing import NamedTuple

import numpy as np
from numba import njit

from saem.curate.kernels.eight import GOLDEN, U
from saem.curate.kernels.leaf import leaf

LONGEST = 10
COUNTED = tuple(f"run{length}" for length in range(2, LONGEST + 1))


class Runs(NamedTuple):
    """Scratch. slots: the open table; of each place that is left: its number, the run there and which is the first alike, how often."""
    slots: np.ndarray
    places: np.ndarray
    runs: np.ndarray
    named: np.ndarray
    times: np.ndarray
    words: np.ndarray
    pairs: np.ndarray


@njit(nogil=True, cache=True)
def room(size: int) -> Runs:
    """For texts of at most so many words."""
    return Runs(np.empty(4 * size + 16, np.int32), np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32),
                np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.uint64))


@leaf
def repeated(hashes: np.ndarray, sizes: np.ndarray, count: int, scratch: Runs, out: np.ndarray) -> None:
    """hashes (count,) uint64 and sizes (count,) int32 of words -> out: [0:3] characters of the commonest run of 2 to 4 words, [3:9]
    repeated, of 5 to 10."""
    out[:] = 0
    left = _name_words(hashes, count, scratch)
    for length in range(2, LONGEST + 1):
        while left and scratch.places[left - 1] + length > count:
            left -= 1
        if length < 5 and count >= length:      # the first run, where none is repeated
            out[length - 2] = _chars(sizes, 0, length) + length - 1
        if not left:
            if length >= 5:
                return
            continue
        _name_runs(length, left, scratch)
        if length < 5:
            out[length - 2] = _commonest(sizes, length, left, scratch, out[length - 2])
        else:
            out[length - 2] = _without_overlap(sizes, length, left, scratch)
        left = _kept(left, scratch)


@leaf
def _name_words(hashes: np.ndarray, count: int, scratch: Runs) -> int:
    """Each word is called by its first place, and counted there. Returns how many places hold a word that is repeated."""
    slots, times, words, places, runs = scratch.slots, scratch.times, scratch.words, scratch.places, scratch.runs
    shift, last = _cleared(count, slots)
    for at in range(U(count)):
        word = hashes[at]
        slot = word >> shift
        name = slots[slot]
        while name >= 0 and hashes[U(name)] != word:
            slot = (slot + U(1)) & last
            name = slots[slot]
        name = np.int32(at) if name < 0 else name
        slots[slot], words[at], times[at] = name, name, 0
        times[U(name)] += 1
    kept = U(0)
    for at in range(U(count)):
        places[kept], runs[kept] = at, words[at]
        kept += U(times[U(words[at])] > 1)
    return np.int64(kept)


@leaf
def _name_runs(length: int, left: int, scratch: Runs) -> None:
    """A run is the run that it begins with and its last word, and called by the first of the `left` that is the same."""
    slots, times, words, places, runs, named, pairs = (
        scratch.slots, scratch.times, scratch.words, scratch.places, scratch.runs, scratch.named, scratch.pairs)
    shift, last = _cleared(left, slots)
    for number in range(U(left)):
        pair = U(runs[number]) << U(32) | U(words[U(places[number] + length - 1)])
        pairs[number] = pair
        slot = (pair * GOLDEN) >> shift
        name = slots[slot]
        while name >= 0 and pairs[U(name)] != pair:
            slot = (slot + U(1)) & last
            name = slots[slot]
        name = np.int32(number) if name < 0 else name
        slots[slot], named[number], times[number] = name, name, 0
        times[U(name)] += 1


@leaf
def _cleared(count: int, slots: np.ndarray) -> tuple[int, int]:
    """An open table for so many: (how far a hash is shifted for its slot, the last slot)."""
    bits = 4
    while (1 << bits) < 2 * count:
        bits += 1
    slots[:1 << bits] = -1
    return U(64 - bits), U((1 << bits) - 1)


@leaf
def _kept(left: int, scratch: Runs) -> int:
    """Only the places of what is repeated; returns how many there are."""
    times, places, named, runs = scratch.times, scratch.places, scratch.named, scratch.runs
    kept = U(0)
    for number in range(U(left)):
        name = named[number]
        places[kept], runs[kept] = places[number], name
        kept += U(times[U(name)] > 1)
    return np.int64(kept)


@leaf
def _chars(sizes: np.ndarray, at: int, length: int) -> int:
    size = 0
    for number in range(at, at + length):
        size += sizes[number]
    return size


@leaf
def _commonest(sizes: np.ndarray, length: int, left: int, scratch: Runs, alone: int) -> int:
    """Characters of the run that stands there most often, the first of equals; `alone` where each stands there once."""
    best, place = 1, -1
    for number in range(left):
        if scratch.times[number] > best:      # counted at the first alike
            best, place = scratch.times[number], scratch.places[number]
    return best * (_chars(sizes, place, length) + length - 1) if place >= 0 else alone


@leaf
def _without_overlap(sizes: np.ndarray, length: int, left: int, scratch: Runs) -> int:
    """Characters of each run from the second time on, from left to right; where one is skipped for it overlaps, it has not been met."""
    times, places, named = scratch.times, scratch.places, scratch.named
    free, found = 0, 0
    for number in range(left):
        name, place = named[number], places[number]
        if abs(times[name]) < 2 or place < free:
            continue
        if times[name] < 0:      # met before
            found += _chars(sizes, place, length)
            free = place + length
        else:
            times[name] = -times[name]
    for number in range(left):
        times[number] = abs(times[number])
    return found
