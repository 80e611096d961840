"""What was found of pieces, remembered: texts say the same pieces over and over. Compiled.

The memory is of a fixed size: a piece whose place is taken by another is analysed again. What is found never depends on what is remembered.

An entry is eight numbers, what a processor fetches at once: the piece's key, its effect, 24 bytes (how often each of pieces.ADDED, then
the sizes of its words), the hashes of its words. Where there are more than three words, the first of these is their place in a pool.
"""
from typing import NamedTuple

import numpy as np
from numba import njit

from saem.curate.kernels.eight import U
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.pieces import (
    ADDED,
    ALPHA_TOKENS,
    CHARS,
    LETTERS,
    MAY_BE_POLICY,
    PIECES,
    TOKENS,
    WIDTH,
    WORD_CHARS,
    WORDS,
    analysed,
    effect,
    phrase,
)
from saem.curate.kernels.splitting import Pieces
from saem.curate.kernels.tokens import HASH, SIZE

KEY, EFFECT, COUNTS, HASHES, ENTRY = 0, 1, 2, 5, 8
FIRST_COUNT, BYTES = 8 * COUNTS, 24
KINDS = len(ADDED)
FIRST_SIZE, INLINE = FIRST_COUNT + KINDS, 3
MOST_ENTRIES = 14               # log2 of how many are remembered: a megabyte
MOST_BYTE = 255
POOLED = 256                    # words of a piece; one with more is not remembered


class Memory(NamedTuple):
    """entries (n, ENTRY) uint64, the same as bytes; the pool's hashes and sizes, and how many are used; what a key is shifted by."""
    entries: np.ndarray
    counts: np.ndarray
    pool_hashes: np.ndarray
    pool_sizes: np.ndarray
    used: np.ndarray
    shift: int


class Words(NamedTuple):
    """The words of a text: hashes uint64, sizes int32 in characters. And scratch for one piece, see pieces.analysed."""
    hashes: np.ndarray
    sizes: np.ndarray
    piece: np.ndarray
    tokens: np.ndarray
    made: np.ndarray


@njit(nogil=True, cache=True)
def memory(size: int) -> Memory:
    """For so many bytes of texts."""
    bits = 4
    while bits < MOST_ENTRIES and 64 << bits < size:
        bits += 1
    entries = np.zeros((1 << bits, ENTRY), np.uint64)
    return Memory(entries, entries.view(np.uint8), np.empty((2 << bits) + POOLED, np.uint64), np.empty((2 << bits) + POOLED, np.int32),
                  np.zeros(1, np.int64), 64 - bits)


@njit(nogil=True, cache=True)
def room(size: int) -> Words:
    """For texts of at most so many bytes."""
    return Words(np.empty(size + INLINE, np.uint64), np.empty(size + INLINE, np.int32), np.empty((size + 1, 4), np.int64),
                 np.empty((size + 1, 3), np.uint64), np.empty(WIDTH, np.int32))


@leaf
def look_up(buffer: np.ndarray, start: int, found: Pieces, pieces: int, classes: np.ndarray, lists: np.ndarray, known: Memory, words: Words,
            sums: np.ndarray) -> tuple[int, int]:
    """(how many words there are, marks of all pieces); writes the words, the pieces' effects, and into sums (BYTES,) int32 their counts."""
    count, plain, plain_chars, marks = 0, 0, 0, U(0)
    entries, counts, effects, hashes, sizes = known.entries, known.counts, found.effects, words.hashes, words.sizes
    for number in range(pieces):
        key = found.keys[number]
        if effects[number]:
            size = found.ends[number] - found.begins[number]
            hashes[count], sizes[count] = key, size
            count, plain, plain_chars = count + 1, plain + 1, plain_chars + size
            continue
        slot = key >> U(known.shift)
        what = entries[slot, EFFECT]
        if entries[slot, KEY] == key:
            for place in range(BYTES):
                sums[place] += counts[slot, FIRST_COUNT + place]
            for place in range(INLINE):
                hashes[count + place], sizes[count + place] = entries[slot, HASHES + place], counts[slot, FIRST_SIZE + place]
            size = np.int64(counts[slot, FIRST_COUNT + TOKENS])
            if size > INLINE:
                _pooled(np.int64(entries[slot, HASHES]), size, known, words, count)
            count += size
        else:
            count = _met(buffer, found.begins[number], found.ends[number], key, classes, lists, known, words, count, sums)
            what = effect(words.made)
        if what & U(MAY_BE_POLICY):
            what |= U(phrase(buffer, start, found.begins[number], found.ends[number]))
        effects[number] = what
        marks |= what
    for number in (TOKENS, PIECES, WORDS, ALPHA_TOKENS):
        sums[number] += plain
    for number in (CHARS, WORD_CHARS, LETTERS):
        sums[number] += plain_chars
    return count, marks


@leaf
def _pooled(place: int, size: int, known: Memory, words: Words, count: int) -> None:
    for number in range(size):
        words.hashes[count + number], words.sizes[count + number] = known.pool_hashes[place + number], known.pool_sizes[place + number]


@leaf
def _met(buffer: np.ndarray, start: int, end: int, key: int, classes: np.ndarray, lists: np.ndarray, known: Memory, words: Words,
         count: int, sums: np.ndarray) -> int:
    """A piece that is not remembered: analysed, and remembered if it is small. Returns how many words there are now."""
    made, tokens = words.made, words.tokens
    size, is_small = analysed(buffer, start, end, classes, lists, words.piece, tokens, made), True
    for place in range(KINDS):
        sums[place] += made[place]
        is_small = is_small and made[place] <= MOST_BYTE
    for number in range(size):
        words.hashes[count + number], words.sizes[count + number] = tokens[number, HASH], tokens[number, SIZE]
    if is_small and size < POOLED:
        _remember(key, size, known, words)
    return count + size


@leaf
def _remember(key: int, size: int, known: Memory, words: Words) -> None:
    """Where the pool has no room for more words, all is forgotten."""
    slot, tokens = key >> U(known.shift), words.tokens
    entry, counts = known.entries[slot], known.counts[slot]
    if size > INLINE:
        if known.used[0] + size > len(known.pool_hashes):
            known.entries[:] = U(0)
            known.used[0] = 0
        entry[HASHES] = known.used[0]
        for number in range(size):
            place = known.used[0] + number
            known.pool_hashes[place], known.pool_sizes[place] = tokens[number, HASH], tokens[number, SIZE]
        known.used[0] += size
    for number in range(min(size, INLINE)):
        counts[FIRST_SIZE + number] = tokens[number, SIZE]
        if size <= INLINE:
            entry[HASHES + number] = tokens[number, HASH]
    for place in range(KINDS):
        counts[FIRST_COUNT + place] = words.made[place]
    entry[KEY], entry[EFFECT] = key, effect(words.made)
