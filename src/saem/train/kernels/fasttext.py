"""Texts -> what a fastText model sees of them: the mean of the vectors of their words, parts of words and runs of words."""
import numpy as np
from numba import njit

BASIS, PRIME, WORDS_PRIME = np.uint32(2166136261), np.uint32(16777619), np.uint64(116049371)
WORD, LABEL = 0, 1


@njit(inline="always")
def _fnv(h: np.uint32, byte: np.uint8) -> np.uint32:
    """As fastText hashes: FNV-1a over signed bytes."""
    return np.uint32(np.uint32(h ^ np.uint32(np.int64(np.int8(byte)) & 0xFFFFFFFF)) * PRIME)


@njit(inline="always")
def _hash(data: np.ndarray, start: int, end: int) -> np.uint32:
    h = BASIS
    for at in range(start, end):
        h = _fnv(h, data[at])
    return h


@njit(nogil=True, cache=True)
def table(names: np.ndarray, bounds: np.ndarray, size: int) -> np.ndarray:
    """(size,) int32: the entry of the dictionary in each place of an open hash table, -1 = free."""
    places = np.full(size, -1, np.int32)
    for entry in range(len(bounds) - 1):
        at = np.int64(_hash(names, bounds[entry], bounds[entry + 1])) % size
        while places[at] >= 0:
            at = (at + 1) % size
        places[at] = entry
    return places


@njit(inline="always")
def _entry(data: np.ndarray, start: int, end: int, h: np.uint32, names: np.ndarray, bounds: np.ndarray, places: np.ndarray) -> int:
    at = np.int64(h) % len(places)
    while places[at] >= 0:
        entry = places[at]
        if bounds[entry + 1] - bounds[entry] == end - start:
            same = True
            for k in range(end - start):
                if names[bounds[entry] + k] != data[start + k]:
                    same = False
                    break
            if same:
                return entry
        at = (at + 1) % len(places)
    return -1


@njit(nogil=True, cache=True)
def hidden(data: np.ndarray, offsets: np.ndarray, names: np.ndarray, bounds: np.ndarray, kinds: np.ndarray, places: np.ndarray,
           vectors: np.ndarray, words: int, bucket: int, shortest: int, longest: int, run: int) -> np.ndarray:
    """(n, d) float32. A row ends with fastText's end of line; line breaks within it are spaces.

    names, bounds, kinds, places   the dictionary, words before labels; `vectors` has its words, then the buckets of hashed parts
    shortest, longest, run         letters of a part of a word; words of a run
    """
    made = np.zeros((len(offsets) - 1, vectors.shape[1]), np.float32)
    ending = np.frombuffer(b"</s>", np.uint8)
    part = np.empty(4096, np.uint8)
    for row in range(len(made)):
        seen = 0
        hashes = np.empty(offsets[row + 1] - offsets[row] + 2, np.int32)
        tokens = 0
        at, last = offsets[row], offsets[row + 1]
        while at <= last:
            while at < last and (data[at] == 32 or 9 <= data[at] <= 13 or data[at] == 0):
                at += 1
            start = at
            while at < last and not (data[at] == 32 or 9 <= data[at] <= 13 or data[at] == 0):
                at += 1
            is_end = start == at or (at - start == 4 and data[start] == 60 and data[start + 1] == 47 and data[start + 2] == 115
                                     and data[start + 3] == 62)       # the same written out ends a text too
            text, begin, end = (ending, 0, 4) if is_end else (data, start, at)
            h = _hash(text, begin, end)
            entry = _entry(text, begin, end, h, names, bounds, places)
            if entry < 0 or kinds[entry] == WORD:
                hashes[tokens] = np.int32(np.int64(h) if h < np.uint32(2**31) else np.int64(h) - 2**32)
                tokens += 1
                if entry >= 0:
                    made[row] += vectors[entry]
                    seen += 1
                if longest > 0 and not is_end and end - begin + 2 <= len(part):
                    size = end - begin + 2
                    part[0], part[size - 1] = 60, 62        # <word>
                    part[1:size - 1] = text[begin:end]
                    for i in range(size):
                        if part[i] & 0xC0 == 0x80:
                            continue
                        j, letters, h = i, 0, BASIS
                        while j < size and letters < longest:
                            h = _fnv(h, part[j])
                            j += 1
                            while j < size and part[j] & 0xC0 == 0x80:
                                h = _fnv(h, part[j])
                                j += 1
                            letters += 1
                            if letters >= shortest and not (letters == 1 and (i == 0 or j == size)):
                                made[row] += vectors[words + np.int64(h) % bucket]
                                seen += 1
            if is_end:
                break
        for i in range(tokens):
            mixed = np.uint64(np.int64(hashes[i]))
            for j in range(i + 1, min(tokens, i + run)):
                mixed = mixed * WORDS_PRIME + np.uint64(np.int64(hashes[j]))
                made[row] += vectors[words + np.int64(mixed % np.uint64(bucket))]
                seen += 1
        if seen:
            made[row] /= np.float32(seen)
    return made
