"""How well a table of byte runs predicts a text, compiled."""
import numpy as np
from numba import njit

from saem.curate.kernels.leaf import leaf

U = np.uint64
SPREAD = U(0x9E3779B97F4A7C15)
PARTS, PART_BYTES = 3, 1024     # of a long text: its beginning, middle and end
UNSEEN = 256                    # sixteenths of a bit for a byte that the model has never seen
# an entry of the table: a run of at most five bytes and its length in the lowest 43 bits, above them sixteenths of bits
RUN, BITS, BACKOFF, EIGHT = U((1 << 43) - 1), U(43), U(51), U(0xFF)


@leaf
def find(key: int, table: np.ndarray) -> int:
    """The entry of a run, 0 where the model does not have it."""
    mask = len(table) - 1
    slot = np.int64((key * SPREAD) >> U(40)) & mask
    while table[slot] != 0:
        if table[slot] & RUN == key:
            return table[slot]
        slot = (slot + 1) & mask
    return U(0)


@leaf
def bits_of(buffer: np.ndarray, start: int, end: int, order: int, table: np.ndarray) -> float:
    """Bits for buffer[start:end], each byte predicted from up to `order` - 1 bytes before it within the part.

    A run that the model has not is not the beginning of one that it has: what was found for the byte before limits where to look.
    """
    total, met, before = 0, 0, U(0)
    for at in range(start, end):
        length = min(order, met + 1)
        while True:
            key = U(length)
            for here in range(at - length + 1, at + 1):
                key = key << U(8) | U(buffer[here])
            entry = find(key, table)
            if entry != 0 or length == 1:
                break
            if length != met + 1:
                before = find(U(length - 1) << U(8 * (length - 1)) | (key >> U(8)) & ((U(1) << U(8 * (length - 1))) - U(1)), table)
            total += np.int64((before >> BACKOFF) & EIGHT)
            length -= 1
        total += np.int64((entry >> BITS) & EIGHT) if entry != 0 else UNSEEN
        before, met = entry, length if entry != 0 else 0
    return total / 16.0


@leaf
def bits_per_byte(buffer: np.ndarray, offsets: np.ndarray, order: int, table: np.ndarray, out: np.ndarray) -> None:
    """offsets (n + 1,) into buffer -> out (n,) float32, 0 for an empty text."""
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        if end - start <= PARTS * PART_BYTES:
            out[row] = bits_of(buffer, start, end, order, table) / max(1, end - start)
            continue
        total = 0.0
        for part in range(PARTS):
            first = start + part * (end - start - PART_BYTES) // (PARTS - 1)
            total += bits_of(buffer, first, first + PART_BYTES, order, table)
        out[row] = total / (PARTS * PART_BYTES)


@njit(nogil=True, cache=True)
def table_of(keys: np.ndarray, bits: np.ndarray, backoff: np.ndarray, size: int) -> np.ndarray:
    """keys (n,) uint64, bits and backoff (n,) uint8 -> (size,) uint64, an open table of entries, 0 = none."""
    table = np.zeros(size, np.uint64)
    for place in range(len(keys)):
        slot = np.int64((keys[place] * SPREAD) >> U(40)) & (size - 1)
        while table[slot] != 0:
            slot = (slot + 1) & (size - 1)
        table[slot] = keys[place] | U(bits[place]) << BITS | U(backoff[place]) << BACKOFF
    return table
