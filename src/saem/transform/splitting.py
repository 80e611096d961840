"""Where a text may be cut: into chunks to be found, and into sentences to be cited. Offsets are characters of the text."""
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from saem.core.errors import missing
from saem.transform.parse._parsed import Heading

if TYPE_CHECKING:
    from semantic_text_splitter import TextSplitter

VERSION = "1"
LIBRARIES: tuple[str, ...] = ("semantic-text-splitter",)
MAX_CUT_LEVEL = 2                     # no chunk reaches across a heading of this level or above
MIN_BODY_SHARE = 0.5                  # of max_chars that a heading must leave for its text to be kept with it


class Span(NamedTuple):
    """text[start:end], without white space at either end."""
    start: int
    end: int


# ---- chunks

def split(text: str, max_chars: int, headings: Sequence[Heading] = ()) -> list[Span]:
    """Chunks of at most `max_chars` characters, in order, without overlap, that leave out nothing but white space.

    A heading stays with the text below it, and headings of level 1 and 2 begin a chunk. Small sections below them share one.
    Longer sections are cut at paragraphs, lines, sentences, words, in this order of preference.

    >>> [Span(start=0, end=11), Span(start=12, end=19)] == split("Fines\\n\\nLate Hours\\n9 to 5", 12, [Heading(12, 1, "Hours")])
    False
    >>> split("Fees\\nLate.\\n\\nHours\\n9 to 5", 20, [Heading(0, 1, "Fees"), Heading(12, 1, "Hours")])
    [Span(start=0, end=10), Span(start=12, end=24)]
    """
    splitter = _splitter(max_chars)
    spans: list[Span] = []
    is_open = False                                           # the last span may still grow
    for start, end, level, heading_end in _sections(text, headings):
        piece = _stripped(text, start, end)
        if piece is None:
            continue
        if is_open and level > MAX_CUT_LEVEL and piece.end - spans[-1].start <= max_chars:
            spans[-1] = Span(spans[-1].start, piece.end)
        elif piece.end - piece.start <= max_chars:
            spans.append(piece)
        else:
            spans += _cut(text, piece, heading_end, max_chars, splitter)
        is_open = True
    return spans


def _sections(text: str, headings: Sequence[Heading]) -> Iterator[tuple[int, int, int, int]]:
    """(start, end, level, end of its headings): each heading with what follows; headings in a row are one, of the highest level."""
    starts: list[tuple[int, int, int]] = [(0, MAX_CUT_LEVEL + 1, 0)]
    for heading in headings:
        end = heading.start + len(heading.text)
        start, level, heading_end = starts[-1]
        if start == heading_end == 0 or text[heading_end:heading.start].strip() or heading.start < heading_end:
            starts.append((heading.start, heading.level, end))
        else:
            starts[-1] = (start, min(level, heading.level), end)
    for (start, level, heading_end), (following, _, _) in pairwise([*starts, (len(text), 0, 0)]):
        yield start, following, level, heading_end


def _cut(text: str, piece: Span, heading_end: int, max_chars: int, splitter: "TextSplitter") -> list[Span]:
    """A section that is too long. Where the heading would stand alone, its first chunk is cut shorter to make room for it."""
    spans = _chunks(text, piece, splitter)
    if not piece.start < heading_end < piece.end or spans[0].end > heading_end:
        return spans
    body = _stripped(text, heading_end, piece.end)
    if body is None or max_chars - (body.start - piece.start) < MIN_BODY_SHARE * max_chars:
        return spans
    room = max_chars - (body.start - piece.start)
    near = Span(body.start, min(body.end, body.start + 2 * max_chars))
    first = _chunks(text, near, _splitter(room))[0]
    rest = _stripped(text, first.end, piece.end)
    return [Span(piece.start, first.end), *(_chunks(text, rest, splitter) if rest else [])]


def _chunks(text: str, within: Span, splitter: "TextSplitter") -> list[Span]:
    """The library's chunks: its offsets are characters, and it trims what Rust calls white space, which Python does nearly."""
    part = text[within.start:within.end]
    try:
        found = splitter.chunk_indices(part)
    except UnicodeEncodeError:                                # half a surrogate pair, which is no character in Rust
        found = splitter.chunk_indices(_SURROGATE.sub("\ufffd", part))
    spans = (_stripped(text, within.start + at, within.start + at + len(chunk)) for at, chunk in found)
    return [span for span in spans if span is not None]


_SURROGATE = re.compile("[\ud800-\udfff]")


def _stripped(text: str, start: int, end: int) -> Span | None:
    """The span without white space at its ends; None if there is nothing else."""
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    right = len(part.rstrip())
    return Span(start + left, start + right) if left < right else None


@cache
def _splitter(max_chars: int) -> "TextSplitter":
    try:
        from semantic_text_splitter import TextSplitter
    except ModuleNotFoundError as error:
        raise missing("semantic-text-splitter", "cutting documents into chunks", "parse") from error
    return TextSplitter(max_chars)
