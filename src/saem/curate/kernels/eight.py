"""Eight bytes of a text at a time, in one number: the first byte is the lowest. A flag is the highest bit of a byte."""
import numpy as np
from numba import njit

from saem.curate.kernels.leaf import leaf

U = np.uint64
ONES, HIGH, LOW, BLANKS = U(0x0101010101010101), U(0x8080808080808080), U(0x7F7F7F7F7F7F7F7F), U(0x2020202020202020)
GOLDEN, ODD, SEED = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x2545F4914F6CDD1D)
UP_TO_SPACE, FROM_A, BEYOND_Z, J = U(0x80 - 0x21) * ONES, U(0x80 - 0x61) * ONES, U(0x80 - 0x7B) * ONES, U(0x6A) * ONES
FOUR_ROWS, ROWS, ONE_ROW = U(0xFC) * ONES, U(0xE0) * ONES, U(0xC2) * ONES      # bytes that the spaces beyond ASCII begin with


@njit(inline="always")
def peek(buffer: np.ndarray, at: int) -> int:
    """The eight bytes there; 0 for those beyond the buffer."""
    word = U(0)
    if at + 8 <= len(buffer):
        for place in range(8):      # compiled to one instruction
            word |= U(buffer[U(at) + U(place)]) << U(8 * place)
    else:
        for place in range(len(buffer) - at):
            word |= U(buffer[U(at) + U(place)]) << U(8 * place)
    return word


@njit(inline="always")
def is_zero(word: int) -> int:
    """Flags of the bytes that are 0."""
    return ~(((word & LOW) + LOW) | word) & HIGH


@njit(inline="always")
def may_part(word: int) -> int:
    """Flags of the bytes that may be a space or begin one: up to 0x20, 0xC2 and 0xE0 to 0xE3."""
    return (~((word & LOW) + UP_TO_SPACE) & ~word & HIGH) | is_zero((word & FOUR_ROWS) ^ ROWS) | is_zero(word ^ ONE_ROW)


@njit(inline="always")
def is_letter(word: int) -> int:
    """Flags of the letters of ASCII, but no j: of javascript."""
    lower = (word | BLANKS) & LOW
    return (lower + FROM_A) & ~(lower + BEYOND_Z) & ~word & ~is_zero(lower ^ J) & HIGH


@njit(inline="always")
def mixed(made: int, word: int) -> int:
    made = (made ^ word) * GOLDEN
    return made ^ (made >> U(32))


@njit(inline="always")
def finished(made: int, size: int) -> int:
    """A hash that is never 0; its upper bits tell as much as all."""
    made = (made + U(size)) * ODD
    return (made ^ (made >> U(32))) | U(1)


@leaf
def hashed(buffer: np.ndarray, start: int, end: int) -> int:
    """The hash of buffer[start:end]: what equal bytes have in common, whatever they are part of."""
    made, at = SEED, start
    while at + 8 <= end:
        made = mixed(made, peek(buffer, at))
        at += 8
    return finished(mixed(made, peek(buffer, at) & ((U(1) << U(8 * (end - at))) - U(1))), end - start)


@leaf
def characters(buffer: np.ndarray, start: int, end: int) -> int:
    """How many there are in UTF-8."""
    found = 0
    for at in range(U(start), U(end)):
        found += (buffer[at] & 0xC0) != 0x80
    return found
