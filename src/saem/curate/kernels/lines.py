"""Lines and paragraphs, compiled, under the three readings of a line that the papers' code has.

Gopher's and C4's ends at any of Unicode's line ends, FineWeb's at each newline; of Gopher's repetition runs of newlines part lines, two
newlines paragraphs. A line is what its pieces and spaces were hashed to: no byte is read again.
"""
import numpy as np

from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.pieces import (
    HAS_BOILERPLATE,
    HAS_CURLY,
    HAS_LOREM,
    HAS_POLICY,
    HAS_SCRIPT,
    IS_BULLET,
    IS_C4_END,
    IS_ELLIPSIS,
    IS_LONG,
)

U = np.uint64
(BREAKS, BULLET_LINES, ELLIPSIS_LINES, BOILERPLATE_LINES, C4_LINES, C4_SENTENCES, C4_CURLY, C4_LOREM, LINES, STOPPED_LINES, SHORT_LINES,
 LINE_COPY_CHARS, REPEATED_LINES, REPEATED_LINE_PARTS, REPEATED_LINE_CHARS, PARAGRAPHS, REPEATED_PARAGRAPHS,
 REPEATED_PARAGRAPH_CHARS) = range(18)
COUNTED = ("breaks bullet_lines ellipsis_lines boilerplate_lines c4_lines c4_sentences c4_curly c4_lorem lines stopped_lines short_lines "
           "line_copy_chars repeated_lines repeated_line_parts repeated_line_chars paragraphs repeated_paragraphs "
           "repeated_paragraph_chars").split()
SHORT = 30                      # characters of a short line (FineWeb)
LEAST_WORDS = 3                 # of a line that C4 keeps


@leaf
def end_line(pieces: int, first: int, last: int, marks: int, sentences: int, out: np.ndarray) -> None:
    """Gopher's and C4's line; first, last: ENDING of its first and last piece."""
    out[BREAKS] += 1
    if not pieces:
        return
    out[BULLET_LINES] += (first & IS_BULLET) != 0
    out[ELLIPSIS_LINES] += (last & IS_ELLIPSIS) != 0
    out[BOILERPLATE_LINES] += (marks & HAS_BOILERPLATE) != 0
    if last & IS_C4_END and pieces >= LEAST_WORDS and not marks & IS_LONG:
        out[C4_LOREM] += (marks & HAS_LOREM) != 0
        if not marks & HAS_SCRIPT:
            out[C4_CURLY] += (marks & HAS_CURLY) != 0
            if not marks & HAS_POLICY:
                out[C4_LINES] += 1
                out[C4_SENTENCES] += sentences


@leaf
def end_shown_line(line: int, chars: int, is_blank: bool, is_stopped: bool, is_edge: bool, seen: np.ndarray, size: int,
                   out: np.ndarray) -> None:
    """FineWeb's line, and Gopher's where it has characters; line: its hash. is_edge: nothing, or the end, is beyond its newline."""
    if not is_blank:
        out[LINES] += 1
        out[STOPPED_LINES] += is_stopped
        out[SHORT_LINES] += chars <= SHORT
    if chars:
        out[REPEATED_LINE_PARTS] += 1
        if is_copy(line, seen, size):
            out[REPEATED_LINES] += 1
            out[REPEATED_LINE_CHARS] += chars
            out[LINE_COPY_CHARS] += 0 if is_blank else chars
    elif is_edge:      # re.split gives an empty part before the first and after the last newlines
        out[REPEATED_LINE_PARTS] += 1


@leaf
def end_paragraph(paragraph: int, chars: int, seen: np.ndarray, size: int, out: np.ndarray) -> None:
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
