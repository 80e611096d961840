"""One pass over the bytes of texts: what every signal is computed from, counted. Compiled.

A text is read piece by piece. Between two spaces only a hash is taken; what the piece is was analysed when it was first met.
"""
import numpy as np
from numba import njit

from saem.curate.characters import ALPHA, LETTER_J, LINE_END, SPACE
from saem.curate.kernels import lines, pieces, repetition
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.lines import end_line, end_paragraph, end_shown_line
from saem.curate.kernels.pieces import (
    ALPHA_TOKENS,
    CHARS,
    ENDING,
    IS_STOP,
    LETTERS,
    LONG_WORD,
    MARKS,
    MAY_BE_POLICY,
    MOST_TOKENS,
    PIECES,
    POOLED,
    RISES,
    STOPPED,
    TOKENS,
    WIDTH,
    WORD_CHARS,
    WORDS,
    analysed,
    decode,
    phrase,
)
from saem.curate.kernels.repetition import repeated
from saem.curate.kernels.tokens import FACTOR, HASH, OFFSET, SIZE

U = np.uint64
# what is counted of a row: the columns of the result
COUNTED = (*pieces.ADDED, *lines.COUNTED, *repetition.COUNTED, "newlines", "gopher_stops")
LINES, RUNS = len(pieces.ADDED), len(pieces.ADDED) + len(lines.COUNTED)
NEWLINES, GOPHER_STOPS = len(COUNTED) - 2, len(COUNTED) - 1
ADDED = len(pieces.ADDED)
GOLDEN = U(0x9E3779B97F4A7C15)
NEWLINE, RETURN = 10, 13
MOST_PIECES = 16                # log2 of how many are remembered
# of a byte: whether it is a space, or may be the first of one beyond ASCII, or an ASCII letter (but no j: of javascript)
IS_SPACE, MAY_BE_SPACE, IS_LETTER = 1, 2, 4
PARTS = IS_SPACE | MAY_BE_SPACE


def bytes_that_part(classes: np.ndarray) -> np.ndarray:
    """(256,) uint8 by byte, from the classes of characters."""
    table = np.zeros(256, np.uint8)
    table[:128][(classes[:128] & SPACE) != 0] = IS_SPACE
    table[:128][(classes[:128] & (ALPHA | LETTER_J)) == ALPHA] = IS_LETTER
    for code in np.flatnonzero(classes[:0xFFFF] & SPACE).tolist():
        if code >= 128:
            table[chr(code).encode()[0]] = MAY_BE_SPACE
    return table


@njit(inline="always")
def _parts(buffer: np.ndarray, at: int, end: int, kind: int, classes: np.ndarray) -> bool:
    """Whether the character there is a space; kind: of its first byte, not 0."""
    return kind == IS_SPACE or (classes[decode(buffer, at, end)[0]] & SPACE) != 0


@njit(inline="always")
def _count(buffer: np.ndarray, start: int, end: int, byte: int) -> int:
    found = 0
    for at in range(U(start), U(end)):      # unsigned, so that no index is looked at for being negative
        found += buffer[at] == byte
    return found


@leaf
def _remember(key: int, slot: int, tokens: np.ndarray, was: int, count: int, known: np.ndarray, made: np.ndarray, pool: np.ndarray,
              used: np.ndarray) -> None:
    """What made[slot] and tokens[was:count] say of a piece. Where there is no room for more tokens, all is forgotten."""
    known[slot] = U(0)
    if count - was > MOST_TOKENS:
        return
    if used[0] + MOST_TOKENS > len(pool):
        known[:] = U(0)
        used[0] = 0
    known[slot], made[slot, POOLED] = key, used[0]
    for number in range(count - was):
        pool[used[0] + number, HASH], pool[used[0] + number, SIZE] = tokens[was + number, HASH], tokens[was + number, SIZE]
    used[0] += count - was


@leaf
def _read(buffer: np.ndarray, start: int, end: int, parting: np.ndarray, classes: np.ndarray, lists: np.ndarray, hints: np.ndarray,
          piece: np.ndarray, tokens: np.ndarray, known: np.ndarray, made: np.ndarray, pool: np.ndarray, used: np.ndarray, shift: int,
          seen_lines: np.ndarray, seen_paragraphs: np.ndarray, size: int, sums: np.ndarray, out: np.ndarray, of_lines: np.ndarray) -> int:
    """Returns the number of tokens, which are in `tokens`. sums: (WIDTH,) int32, what the rows of pieces come to."""
    count, at, plain, plain_chars = 0, start, 0, 0
    # Gopher's and C4's line
    words, first, last, marks, sentences, is_stopped, has_line, after_return = 0, 0, 0, 0, 0, 0, False, False
    # FineWeb's line, and the paragraph
    line, line_chars, is_blank, ends_stopped = OFFSET, 0, True, False
    paragraph, paragraph_chars, gap, has_begun = OFFSET, 0, 0, False
    while at < end:
        byte = np.int64(buffer[at])
        kind_of = parting[byte] & PARTS
        width, one = 1, byte
        if kind_of == MAY_BE_SPACE:
            one, width = decode(buffer, at, end)
            kind_of = IS_SPACE if classes[one] & SPACE else 0
        if kind_of and one == NEWLINE:
            end_shown_line(line, line_chars, is_blank, ends_stopped, at == start, seen_lines, size, of_lines)
            line, line_chars, is_blank = OFFSET, 0, True
            gap += 1
            out[NEWLINES] += 1
        elif gap:
            if gap > 1 and has_begun and paragraph_chars:
                end_paragraph(paragraph, paragraph_chars, seen_paragraphs, size, of_lines)
                paragraph, paragraph_chars = OFFSET, 0
            elif paragraph_chars:
                paragraph = (paragraph ^ U(NEWLINE)) * FACTOR
                paragraph_chars += 1
            gap = 0
        if kind_of:
            sums[CHARS] += 1
            ends_line = (classes[one] & LINE_END) != 0
            if ends_line and not (one == NEWLINE and after_return):
                end_line(words, first, last, marks, sentences, of_lines)
                words, marks, sentences, is_stopped, has_line = 0, 0, 0, 0, False
            else:
                has_line = has_line or not ends_line
            after_return = one == RETURN
            if one != NEWLINE:
                line = (line ^ U(one)) * FACTOR
                line_chars += 1
                ends_stopped = False
                if has_begun:
                    paragraph = (paragraph ^ U(one)) * FACTOR
                    paragraph_chars += 1
            at += width
            continue
        begun, key, lower, every = at, OFFSET, OFFSET, IS_LETTER
        while True:
            key = (key ^ U(byte)) * FACTOR
            lower = (lower ^ U(byte | 32)) * FACTOR
            every &= np.int64(parting[byte])
            at += 1
            if at >= end:
                break
            byte = np.int64(buffer[at])
            if parting[byte] & PARTS and _parts(buffer, at, end, parting[byte], classes):
                break
        has_line, after_return = True, False
        chars = at - begun
        if every and chars != len("cannot") and chars <= LONG_WORD and not hints[np.int64(lower >> U(52))]:      # a word in no list
            tokens[count, HASH], tokens[count, SIZE] = key, U(chars)
            count, plain, plain_chars = count + 1, plain + 1, plain_chars + chars
            sentences += is_stopped + (words == 0)
            last, is_stopped = 0, 0
            first = first if words else 0
        else:
            slot = np.int64((key * GOLDEN) >> U(shift))
            if known[slot] == key:
                place = np.int64(made[slot, POOLED])
                for number in range(made[slot, TOKENS]):
                    tokens[count + number, HASH], tokens[count + number, SIZE] = pool[place + number, HASH], pool[place + number, SIZE]
                count += made[slot, TOKENS]
            else:
                was = count
                count = analysed(buffer, begun, at, classes, lists, piece, tokens, count, made, slot)
                _remember(key, slot, tokens, was, count, known, made, pool, used)
            for number in range(WIDTH):
                sums[number] += made[slot, number]
            chars, what, last = made[slot, CHARS], made[slot, MARKS], made[slot, ENDING]
            first = first if words else last
            sentences += made[slot, RISES + is_stopped] + (words == 0)
            is_stopped = (last & (STOPPED << is_stopped)) != 0
            if what:
                out[GOPHER_STOPS] |= what & 255
                if what & MAY_BE_POLICY:
                    what |= phrase(buffer, start, begun, at)
                marks |= what
        words += 1
        line, line_chars = (line ^ key) * FACTOR, line_chars + chars
        paragraph, paragraph_chars = (paragraph ^ key) * FACTOR, paragraph_chars + chars
        is_blank, ends_stopped, has_begun = False, (last & IS_STOP) != 0, True
    for number in (TOKENS, PIECES, WORDS, ALPHA_TOKENS):
        sums[number] += plain
    for number in (CHARS, WORD_CHARS, LETTERS):
        sums[number] += plain_chars
    if has_line:
        end_line(words, first, last, marks, sentences, of_lines)
    end_shown_line(line, line_chars, is_blank, ends_stopped, True, seen_lines, size, of_lines)
    end_paragraph(paragraph, paragraph_chars, seen_paragraphs, size, of_lines)
    return count


@njit(nogil=True, cache=True)
def count_all(buffer: np.ndarray, offsets: np.ndarray, longest: int, parting: np.ndarray, classes: np.ndarray, lists: np.ndarray,
              hints: np.ndarray, out: np.ndarray) -> None:
    """buffer: UTF-8 bytes of all texts, offsets (n + 1,) into it, longest: bytes of the longest text -> out (n, len(COUNTED)) int64.

    parting: see bytes_that_part; lists, hints: see words.py
    """
    room = longest + 2
    piece, tokens = np.empty((room, 3), np.int64), np.empty((room, 3), np.uint64)
    seen, slots = np.empty(4 * room + 32, np.uint64), np.empty(4 * room + 16, np.int32)
    times, places, runs, named, words = (np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32),
                                         np.empty(room, np.int32), np.empty(room, np.int32))
    remembered, sums = 16, np.empty(WIDTH, np.int32)
    while remembered < 1 << MOST_PIECES and 8 * remembered < offsets[-1] - offsets[0]:
        remembered *= 2
    shift = 64
    for _ in range(MOST_PIECES):
        shift -= (1 << (64 - shift)) < remembered
    known, made = np.zeros(remembered, np.uint64), np.zeros((remembered, WIDTH), np.int32)
    pool, used = np.empty((4 * remembered + MOST_TOKENS, 2), np.uint64), np.zeros(1, np.int64)
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        counted = out[row]
        counted[:] = 0
        sums[:] = 0
        newlines, size = _count(buffer, start, end, NEWLINE) + 2, 16
        while size < 2 * newlines:
            size *= 2
        seen[:2 * size] = 0
        count = _read(buffer, start, end, parting, classes, lists, hints, piece, tokens, known, made, pool, used, shift, seen[:size],
                      seen[size:2 * size], size, sums, counted, counted[LINES:RUNS])
        for number in range(ADDED):
            counted[number] = sums[number]
        repeated(tokens, count, slots, times, places, runs, named, words, counted[RUNS:NEWLINES])
