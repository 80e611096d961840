"""64-bit hashing for the other kernels."""
import numpy as np
from numba import njit

U = np.uint64
GOLDEN, ODD_1, ODD_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)


@njit(inline="always")
def mix(x: np.uint64) -> np.uint64:
    """A bijection that spreads every bit over all. Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"."""
    x ^= x >> U(30)
    x *= ODD_1
    x ^= x >> U(27)
    x *= ODD_2
    return x ^ (x >> U(31))


@njit(nogil=True, cache=True)
def contents(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(n, 2) uint64, 128 bits of each row's bytes. Not for adversaries: who can choose texts can make two of them collide."""
    made = np.empty((len(offsets) - 1, 2), np.uint64)
    for i in range(len(made)):
        at, end = U(offsets[i]), U(offsets[i + 1])
        a, b = GOLDEN ^ (end - at), ODD_1 + (end - at)
        while at + U(8) <= end:
            word = U(0)
            for k in range(8):
                word |= U(data[at + U(k)]) << U(8 * k)
            a = (a ^ word) * ODD_1
            b = (b + word) * ODD_2
            a ^= a >> U(29)
            b ^= b >> U(32)
            at += U(8)
        while at < end:
            a = (a ^ U(data[at])) * ODD_1
            b = (b + U(data[at])) * ODD_2
            a ^= a >> U(29)
            b ^= b >> U(32)
            at += U(1)
        made[i, 0], made[i, 1] = mix(a), mix(b)
    return made
