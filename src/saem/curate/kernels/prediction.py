"""How well a table of byte runs predicts a text, compiled."""
import numpy as np
from numba import njit

from saem.curate.kernels.leaf import leaf

U = np.uint64
SPREAD = U(0x9E3779B97F4A7C15)
PARTS, PART_BYTES = 3, 1024     # of a long text: its beginning, middle and end
UNSEEN = 16.0                   # bits for a byte that the model has never seen


@leaf
def find(key: int, keys: np.ndarray) -> int:
    """The slot of a key, -1 where it is not."""
    mask = len(keys) - 1
    slot = np.int64((key * SPREAD) >> U(40)) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return slot
        slot = (slot + 1) & mask
    return -1


@leaf
def bits_of(buffer: np.ndarray, start: int, end: int, order: int, keys: np.ndarray, bits: np.ndarray, backoff: np.ndarray) -> float:
    """Bits for buffer[start:end], each byte predicted from up to `order` - 1 bytes before it within the part."""
    total = 0.0
    for at in range(start, end):
        length = min(order, at - start + 1)
        while length:
            key = U(length)
            for here in range(at - length + 1, at + 1):
                key = key << U(8) | U(buffer[here])
            slot = find(key, keys)
            if slot >= 0:
                total += bits[slot] / 16.0
                break
            if length == 1:
                total += UNSEEN
                break
            slot = find(U(length - 1) << U(8 * (length - 1)) | (key >> U(8)) & ((U(1) << U(8 * (length - 1))) - U(1)), keys)
            if slot >= 0:
                total += backoff[slot] / 16.0
            length -= 1
    return total


@leaf
def bits_per_byte(buffer: np.ndarray, offsets: np.ndarray, order: int, keys: np.ndarray, bits: np.ndarray, backoff: np.ndarray,
                  out: np.ndarray) -> None:
    """offsets (n + 1,) into buffer -> out (n,) float32, 0 for an empty text."""
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        if end - start <= PARTS * PART_BYTES:
            out[row] = bits_of(buffer, start, end, order, keys, bits, backoff) / max(1, end - start)
            continue
        total = 0.0
        for part in range(PARTS):
            first = start + part * (end - start - PART_BYTES) // (PARTS - 1)
            total += bits_of(buffer, first, first + PART_BYTES, order, keys, bits, backoff)
        out[row] = total / (PARTS * PART_BYTES)


@njit(nogil=True, cache=True)
def slots(ordered: np.ndarray, size: int) -> np.ndarray:
    """Where each key goes in an open table of `size` slots: (size,) the place in `ordered`, -1 = none."""
    taken = np.full(size, -1, np.int64)
    for place in range(len(ordered)):
        slot = np.int64((ordered[place] * SPREAD) >> U(40)) & (size - 1)
        while taken[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        taken[slot] = place
    return taken
