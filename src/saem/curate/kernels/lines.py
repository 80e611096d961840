"""Lines and paragraphs, compiled, under the three readings of a line that the papers' code has.

Gopher's and C4's ends at any of Unicode's line ends, FineWeb's at each newline; of Gopher's repetition runs of newlines part lines, two
newlines paragraphs.
"""
import numpy as np

from saem.curate.kernels.eight import SEED, U, characters, hashed, mixed
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.pieces import (
    ENDS,
    HAS_BOILERPLATE,
    HAS_CURLY,
    HAS_LOREM,
    HAS_POLICY,
    HAS_SCRIPT,
    IS_BULLET,
    IS_C4_END,
    IS_ELLIPSIS,
    IS_LONG,
    IS_STOP,
    MOST_RISES,
    RISING,
    RISING_BITS,
    STOPPED_BIT,
)
from saem.curate.kernels.splitting import Pieces

(BREAKS, BULLET_LINES, ELLIPSIS_LINES, BOILERPLATE_LINES, C4_LINES, C4_SENTENCES, C4_CURLY, C4_LOREM, LINES, STOPPED_LINES, SHORT_LINES,
 LINE_COPY_CHARS, REPEATED_LINES, REPEATED_LINE_PARTS, REPEATED_LINE_CHARS, PARAGRAPHS, REPEATED_PARAGRAPHS,
 REPEATED_PARAGRAPH_CHARS) = range(18)
COUNTED = ("breaks bullet_lines ellipsis_lines boilerplate_lines c4_lines c4_sentences c4_curly c4_lorem lines stopped_lines short_lines "
           "line_copy_chars repeated_lines repeated_line_parts repeated_line_chars paragraphs repeated_paragraphs "
           "repeated_paragraph_chars").split()
SHORT = 30                      # characters of a short line (FineWeb)
LEAST_WORDS = 3                 # of a line that C4 keeps


@leaf
def note_lines(found: Pieces, breaks: int, out: np.ndarray) -> None:
    """Gopher's and C4's lines; found: the pieces, with their effects."""
    out[BREAKS] += breaks
    first = 0
    for number in range(breaks):
        end = found.breaks[number]
        if end > first:
            _note_line(found.effects, first, end, out)
        first = end


@leaf
def _note_line(effects: np.ndarray, first: int, end: int, out: np.ndarray) -> None:
    last = effects[end - 1] >> ENDS
    out[BULLET_LINES] += (effects[first] >> ENDS) & U(IS_BULLET) != 0
    out[ELLIPSIS_LINES] += last & U(IS_ELLIPSIS) != 0
    marks = U(0)
    for number in range(first, end):
        marks |= effects[number]
    out[BOILERPLATE_LINES] += marks & U(HAS_BOILERPLATE) != 0
    if last & U(IS_C4_END) and end - first >= LEAST_WORDS and not marks & U(IS_LONG):
        out[C4_LOREM] += marks & U(HAS_LOREM) != 0
        if not marks & U(HAS_SCRIPT):
            out[C4_CURLY] += marks & U(HAS_CURLY) != 0
            if not marks & U(HAS_POLICY):
                out[C4_LINES] += 1
                out[C4_SENTENCES] += _sentences(effects, first, end)


@leaf
def _sentences(effects: np.ndarray, first: int, end: int) -> int:
    """Those that begin in a line: the first, and what follows a full stop."""
    count, is_stopped = 1, U(0)
    for number in range(first, end):
        what = effects[number]
        count += np.int64((what >> (RISING + RISING_BITS * is_stopped)) & U(MOST_RISES))
        is_stopped = (what >> (STOPPED_BIT + is_stopped)) & U(1)
    return count


@leaf
def note_parts(buffer: np.ndarray, start: int, end: int, found: Pieces, pieces: int, newlines: int, is_ascii: bool, seen: np.ndarray,
               size: int, out: np.ndarray) -> None:
    """FineWeb's lines and Gopher's lines and paragraphs. seen: (2 * size,) uint64 of 0, size: a power of two above all lines."""
    paragraph, paragraph_chars, was_empty, first = SEED, 0, False, 0
    begun = found.begins[0] if pieces else end      # what is before the first piece belongs to no paragraph
    at = start
    for number in range(newlines + 1):
        stop, last = (found.newlines[number], found.newline_pieces[number]) if number < newlines else (end, pieces)
        if stop == at:
            was_empty = True      # re.split gives an empty part before the first and after the last newlines
            out[REPEATED_LINE_PARTS] += number == 0 or number == newlines
        else:
            chars, line = stop - at if is_ascii else characters(buffer, at, stop), hashed(buffer, at, stop)
            _note_part(line, chars, first < last, seen[:size], size, out)
            if first < last:
                out[STOPPED_LINES] += found.ends[last - 1] == stop and (found.effects[last - 1] >> ENDS) & U(IS_STOP) != 0
            if begun < stop:
                if begun > at:
                    chars, line = stop - begun if is_ascii else characters(buffer, begun, stop), hashed(buffer, begun, stop)
                if was_empty:
                    _end_paragraph(paragraph, paragraph_chars, seen[size:], size, out)
                    paragraph, paragraph_chars = SEED, 0
                paragraph, paragraph_chars = mixed(paragraph, line), paragraph_chars + chars + (paragraph_chars > 0)
            was_empty = False
        at, first = stop + 1, last
    _end_paragraph(paragraph, paragraph_chars, seen[size:], size, out)


@leaf
def _note_part(line: int, chars: int, is_shown: bool, seen: np.ndarray, size: int, out: np.ndarray) -> None:
    """A line that is not empty; is_shown: nor blank."""
    out[REPEATED_LINE_PARTS] += 1
    out[LINES] += is_shown
    out[SHORT_LINES] += is_shown and chars <= SHORT
    if is_copy(line, seen, size):
        out[REPEATED_LINES] += 1
        out[REPEATED_LINE_CHARS] += chars
        out[LINE_COPY_CHARS] += chars if is_shown else 0


@leaf
def _end_paragraph(paragraph: int, chars: int, seen: np.ndarray, size: int, out: np.ndarray) -> None:
    if chars:
        out[PARAGRAPHS] += 1
        if is_copy(paragraph, seen, size):
            out[REPEATED_PARAGRAPHS] += 1
            out[REPEATED_PARAGRAPH_CHARS] += chars


@leaf
def is_copy(number: int, table: np.ndarray, size: int) -> bool:
    """Whether it was there before; it is from now on."""
    number ^= number >> U(32)
    number |= U(1)
    slot = np.int64(number >> U(1)) & (size - 1)
    while table[slot] != 0 and table[slot] != number:
        slot = (slot + 1) & (size - 1)
    if table[slot] == number:
        return True
    table[slot] = number
    return False
