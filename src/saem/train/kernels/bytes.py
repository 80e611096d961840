"""How often runs of bytes stand in texts, and what that says of other texts."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import U, mix


@njit(inline="always")
def _place(keys: np.ndarray, key: np.uint64) -> np.int64:
    """Where a run's entry is, or the free place for it."""
    mask = U(len(keys) - 1)
    at = mix(key) & mask
    while keys[at] and keys[at] != key:
        at = (at + U(1)) & mask
    return np.int64(at)


@njit(nogil=True, cache=True)
def count(data: np.ndarray, offsets: np.ndarray, rows: np.ndarray, order: int, keys: np.ndarray, times: np.ndarray, follow: np.ndarray,
          kinds: np.ndarray) -> int:
    """Count the runs of 1 to `order` + 1 bytes of some rows. Returns how many entries are taken; the table must not fill up.

    keys    (2 ** k,) uint64: the length of a run in the upper byte, then its bytes; 0 = free. The empty run has 1 << 63
    times   how often a run stands there; `follow`: how many bytes follow it; `kinds`: how many different ones
    """
    taken = 0
    for step in range(len(rows)):
        row = rows[step]
        for at in range(offsets[row], offsets[row + 1]):
            longest = min(order, at - offsets[row])
            run, context = U(0), U(1) << U(63)
            for length in range(longest + 1):
                if length:
                    context = U(length) << U(56) | run
                key = U(length + 1) << U(56) | run << U(8) & U(0x00FFFFFFFFFFFFFF) | U(data[at])
                before = _place(keys, context)
                if not keys[before]:
                    keys[before] = context
                    taken += 1
                here = _place(keys, key)
                if not keys[here]:
                    keys[here] = key
                    taken += 1
                if times[here] == 0:
                    kinds[before] += 1
                times[here] += 1
                follow[before] += 1
                if length < longest:
                    run = U(data[at - length - 1]) << U(8 * length) | run
            if taken * 4 > len(keys) * 3:
                return -1
    return taken


@njit(nogil=True, cache=True)
def bits(data: np.ndarray, offsets: np.ndarray, order: int, keys: np.ndarray, times: np.ndarray, follow: np.ndarray,
         kinds: np.ndarray) -> np.ndarray:
    """(n,) float64: the bits that each row takes under the counts. Source: Witten, Bell 1991, interpolated over all lengths."""
    made = np.zeros(len(offsets) - 1, np.float64)
    for row in range(len(made)):
        for at in range(offsets[row], offsets[row + 1]):
            longest = min(order, at - offsets[row])
            run, context, chance = U(0), U(1) << U(63), 1 / 256
            for length in range(longest + 1):
                if length:
                    context = U(length) << U(56) | run
                before = _place(keys, context)
                if not keys[before] or follow[before] == 0:
                    break
                here = _place(keys, U(length + 1) << U(56) | run << U(8) & U(0x00FFFFFFFFFFFFFF) | U(data[at]))
                seen = times[here] if keys[here] else 0
                chance = (seen + kinds[before] * chance) / (follow[before] + kinds[before])
                if length < longest:
                    run = U(data[at - length - 1]) << U(8 * length) | run
            made[row] -= np.log2(chance)
    return made
