"""One pass over the bytes of texts: what every signal is computed from, counted. Compiled.

A text is split into pieces, what each of them is was found out when it was first met; then lines, paragraphs and repeated runs are counted.

Numba keeps what it compiled by the time and size of the file of a function, not of those that it calls: whoever changes a room that is
called here touches this one and remembering.py too, or removes __pycache__.
"""
import numpy as np
from numba import njit

from saem.curate.kernels import lines, pieces, remembering, repetition, splitting
from saem.curate.kernels.eight import U, characters
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.lines import note_lines, note_parts
from saem.curate.kernels.pieces import CHARS
from saem.curate.kernels.remembering import Memory, Words, look_up
from saem.curate.kernels.repetition import Runs, repeated
from saem.curate.kernels.splitting import Pieces, bytes_that_part, split

__all__ = ["COUNTED", "bytes_that_part", "count_all"]
# what is counted of a row: the columns of the result
COUNTED = (*pieces.ADDED, *lines.COUNTED, *repetition.COUNTED, "newlines", "gopher_stops")
ADDED = len(pieces.ADDED)
LINES, RUNS = ADDED, ADDED + len(lines.COUNTED)
NEWLINES, GOPHER_STOPS = len(COUNTED) - 2, len(COUNTED) - 1


@leaf
def _count(buffer: np.ndarray, start: int, end: int, parting: np.ndarray, classes: np.ndarray, lists: np.ndarray, hints: np.ndarray,
           found: Pieces, known: Memory, words: Words, runs: Runs, seen: np.ndarray, sums: np.ndarray, out: np.ndarray) -> None:
    """One text. out: (len(COUNTED),) int64"""
    sums[:] = 0
    count, newlines, breaks = split(buffer, start, end, parting, classes, hints, found)
    size, marks = look_up(buffer, start, found, count, classes, lists, known, words, sums)
    for number in range(ADDED):
        out[number] = sums[number]
    out[CHARS] = characters(buffer, start, end)
    slots = 16
    while slots < 2 * newlines + 4:
        slots *= 2
    seen[:2 * slots] = 0
    out[LINES:RUNS] = 0
    note_lines(found, breaks, out[LINES:RUNS])
    note_parts(buffer, start, end, found, count, newlines, out[CHARS] == end - start, seen, slots, out[LINES:RUNS])
    repeated(words.hashes, words.sizes, size, runs, out[RUNS:NEWLINES])
    out[NEWLINES], out[GOPHER_STOPS] = newlines, marks & U(255)


@njit(nogil=True, cache=True)
def count_all(buffer: np.ndarray, offsets: np.ndarray, longest: int, parting: np.ndarray, classes: np.ndarray, lists: np.ndarray,
              hints: np.ndarray, out: np.ndarray) -> None:
    """buffer: UTF-8 bytes of all texts, offsets (n + 1,) into it, longest: bytes of the longest text -> out (n, len(COUNTED)) int64.

    parting: see bytes_that_part; lists, hints: see words.py
    """
    found, words, runs = splitting.room(longest), remembering.room(longest), repetition.room(longest)
    known, sums = remembering.memory(offsets[-1] - offsets[0]), np.empty(remembering.BYTES, np.int32)
    seen = np.empty(8 * longest + 32, np.uint64)
    for row in range(len(offsets) - 1):
        _count(buffer, offsets[row], offsets[row + 1], parting, classes, lists, hints, found, known, words, runs, seen, sums, out[row])
