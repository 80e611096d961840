"""Vectors -> keys that near ones share, and the pairs that are near indeed. The order of additions is fixed, whatever the batch."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import GOLDEN, U, mix


@njit(nogil=True, cache=True)
def keys_of(vectors: np.ndarray, bands: int, bits: int) -> np.ndarray:
    """(n, d) float32 -> (n, bands) uint32, each of the signs of `bits` projections on fixed directions of -1 and 1.

    Source: Charikar 2002, "Similarity estimation techniques from rounding algorithms".
    """
    rows, dimensions = vectors.shape
    planes = np.empty((dimensions, bands * bits), np.float32)
    for d in range(dimensions):
        for p in range(bands * bits):
            planes[d, p] = 1.0 if mix(U(d + 1) * GOLDEN + U(p)) >> U(63) else -1.0
    made, sums = np.empty((rows, bands), np.uint32), np.empty(bands * bits, np.float32)
    for i in range(rows):
        sums[:] = 0
        for d in range(dimensions):
            value = vectors[i, d]
            for p in range(bands * bits):
                sums[p] += value * planes[d, p]
        for b in range(bands):
            key = U(b + 1)
            for k in range(bits):
                key = key * U(2) + U(1 if sums[b * bits + k] > 0 else 0)
            made[i, b] = np.uint32(mix(key) >> U(32))
    return made


@njit(nogil=True, cache=True)
def near(keys: np.ndarray, order: np.ndarray, band: int, vectors: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """((m, 2) int64 left < right, (m,) cosine >= least) of the unit vectors that meet in one band and in no earlier one."""
    found, cosines = np.empty((64, 2), np.int64), np.empty(64, np.float32)
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
                cosine = _product(vectors[a], vectors[b])
                if cosine >= least:
                    if count == len(found):
                        more, more_cosines = np.empty((2 * count, 2), np.int64), np.empty(2 * count, np.float32)
                        more[:count], more_cosines[:count] = found, cosines
                        found, cosines = more, more_cosines
                    found[count, 0], found[count, 1], cosines[count] = a, b, cosine
                    count += 1
        start = stop
    return found[:count], cosines[:count]


@njit(inline="always")
def _product(a: np.ndarray, b: np.ndarray) -> np.float32:
    sums = np.zeros(8, np.float32)
    for d in range(len(a) // 8):
        for k in range(8):
            sums[k] += a[8 * d + k] * b[8 * d + k]
    for d in range(len(a) // 8 * 8, len(a)):
        sums[0] += a[d] * b[d]
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))


@njit(nogil=True, cache=True)
def differing(hashes: np.ndarray, keys: np.ndarray, order: np.ndarray, band: int, most: int) -> np.ndarray:
    """(m, 3) int64: left < right, and in how many bits, at most `most`, the hashes differ that meet in one band and in no earlier one."""
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
                difference, bits = hashes[a] ^ hashes[b], 0
                while difference:
                    difference &= difference - U(1)
                    bits += 1
                if not has_met and bits <= most:
                    if count == len(found):
                        more = np.empty((2 * count, 3), np.int64)
                        more[:count] = found
                        found = more
                    found[count, 0], found[count, 1], found[count, 2] = a, b, bits
                    count += 1
        start = stop
    return found[:count]
