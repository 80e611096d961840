"""A text's pieces, the characters between two spaces, and its newlines and line ends, found eight bytes at a time. Compiled."""
from typing import NamedTuple

import numpy as np
from numba import njit

from saem.curate.characters import LINE_END, SPACE
from saem.curate.kernels.eight import BLANKS, GOLDEN, HIGH, ONES, SEED, U, finished, hashed, is_letter, may_part, mixed, peek
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.pieces import LONG_WORD, PLAIN, decode
from saem.curate.words import HINT_BITS

NEWLINE, RETURN, BLANK = 10, 13, 32
IS_SPACE, MAY_BE_SPACE = 1, 2      # of a byte: whether it is a space, or may be the first of one beyond ASCII
HINT = U(64 - HINT_BITS)


class Pieces(NamedTuple):
    """What a text falls into; the last three hold as many as `split` says.

    begins, ends: places in the buffer; keys: hashes of the bytes; effects: PLAIN for a word of ASCII letters that is in no list, else 0
    newlines: their places; newline_pieces: how many pieces begin before each; breaks: how many before the end of each of Gopher's lines
    """
    begins: np.ndarray
    ends: np.ndarray
    keys: np.ndarray
    effects: np.ndarray
    newlines: np.ndarray
    newline_pieces: np.ndarray
    breaks: np.ndarray


def bytes_that_part(classes: np.ndarray) -> np.ndarray:
    """(256,) uint8 by byte, from the classes of characters."""
    table = np.zeros(256, np.uint8)
    table[:128][(classes[:128] & SPACE) != 0] = IS_SPACE
    for code in np.flatnonzero(classes[:0xFFFF] & SPACE).tolist():
        if code >= 128:
            table[chr(code).encode()[0]] = MAY_BE_SPACE
    return table


@njit(nogil=True, cache=True)
def room(size: int) -> Pieces:
    """For texts of at most so many bytes."""
    most = size // 2 + 2
    return Pieces(np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint64), np.empty(most, np.uint64),
                  np.empty(size + 1, np.int64), np.empty(size + 1, np.int64), np.empty(size + 1, np.int64))


@leaf
def split(buffer: np.ndarray, start: int, end: int, parting: np.ndarray, classes: np.ndarray, hints: np.ndarray,
          made: Pieces) -> tuple[int, int, int]:
    """(pieces, newlines, line ends) of buffer[start:end]. parting: see bytes_that_part; hints: see words.py."""
    count, newlines, breaks, is_open, at = 0, 0, 0, False, start
    while True:
        if at + 1 < end and buffer[at] == BLANK and parting[buffer[at + 1]] == 0 and count:
            at += 1
        else:
            at, newlines, breaks, is_open = _space(buffer, at, end, parting, classes, made, count, newlines, breaks, count > 0)
        if at >= end:
            break
        begun, key, is_word = at, SEED, HIGH
        while True:
            word = peek(buffer, at)
            flags = may_part(word)
            if at + 8 > end:
                flags |= HIGH << U(8 * (end - at))
            if flags:
                break
            is_word &= is_letter(word)
            key = mixed(key, word)
            at += 8
        before = (flags - U(1)) & ~flags      # all bits below the first flag
        at += np.int64((before & ONES) * ONES >> U(56)) - 1
        before >>= U(7)
        is_word &= is_letter(word) | ~before
        key = finished(mixed(key, word & before), at - begun)
        if at < end and not _parts(buffer, at, end, parting, classes):
            at = _end_of(buffer, at, end, parting, classes)
            key, is_word = hashed(buffer, begun, at), U(0)
        made.begins[count], made.ends[count], made.keys[count] = begun, at, key
        made.effects[count] = PLAIN if is_word == HIGH and at - begun <= LONG_WORD and not _is_hinted(buffer, begun, at, hints) else U(0)
        count += 1
    if is_open:
        made.breaks[breaks] = count
        breaks += 1
    return count, newlines, breaks


@njit(inline="always")
def _is_hinted(buffer: np.ndarray, start: int, end: int, hints: np.ndarray) -> bool:
    """Whether a word of letters may be in a list."""
    size = min(8, end - start)
    head = (peek(buffer, start) | BLANKS) & ((U(1) << U(8 * size)) - U(1) if size < 8 else ~U(0))
    return hints[(head * GOLDEN) >> HINT]


@leaf
def _parts(buffer: np.ndarray, at: int, end: int, parting: np.ndarray, classes: np.ndarray) -> bool:
    """Whether the character there is a space."""
    kind = parting[buffer[at]]
    return kind == IS_SPACE or (kind == MAY_BE_SPACE and (classes[decode(buffer, at, end)[0]] & SPACE) != 0)


@leaf
def _end_of(buffer: np.ndarray, at: int, end: int, parting: np.ndarray, classes: np.ndarray) -> int:
    """Where the next space is."""
    while at < end and not (parting[buffer[at]] and _parts(buffer, at, end, parting, classes)):
        at += 1
    return at


@leaf
def _space(buffer: np.ndarray, at: int, end: int, parting: np.ndarray, classes: np.ndarray, made: Pieces, count: int, newlines: int,
           breaks: int, is_open: bool) -> tuple[int, int, int, bool]:
    """Past all spaces: (where the next piece begins, newlines, line ends, whether something follows the last line end)."""
    after_return = False
    while at < end:
        one, width = np.int64(buffer[at]), 1
        if parting[one] == 0:
            break
        if parting[one] == MAY_BE_SPACE:
            one, width = decode(buffer, at, end)
            if not classes[one] & SPACE:
                break
        if one == NEWLINE:
            made.newlines[newlines], made.newline_pieces[newlines] = at, count
            newlines += 1
        if not classes[one] & LINE_END:
            is_open = True
        elif not (one == NEWLINE and after_return):
            made.breaks[breaks] = count
            breaks, is_open = breaks + 1, False
        after_return = one == RETURN
        at += width
    return at, newlines, breaks, is_open
