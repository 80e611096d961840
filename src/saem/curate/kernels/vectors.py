"""Vectors -> keys that near ones share, and the cosines of pairs. The order of additions is fixed, whatever the batch."""
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
def cosines(vectors: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(n, d) float32 unit vectors, (m, 2) -> (m,) float32."""
    made = np.empty(len(pairs), np.float32)
    for i in range(len(pairs)):
        made[i] = _product(vectors[pairs[i, 0]], vectors[pairs[i, 1]])
    return made


@njit(inline="always")
def _product(a: np.ndarray, b: np.ndarray) -> np.float32:
    sums = np.zeros(8, np.float32)
    for d in range(len(a) // 8):
        for k in range(8):
            sums[k] += a[8 * d + k] * b[8 * d + k]
    for d in range(len(a) // 8 * 8, len(a)):
        sums[0] += a[d] * b[d]
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
