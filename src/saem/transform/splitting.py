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
WINDOW_CHARS = 16_384                 # that the library gets at once
WINDOW_CHUNKS = 8
MIN_BODY_SHARE = 0.5                  # of max_chars that a heading must leave for its text to be kept with it


class Span(NamedTuple):
    """text[start:end], without white space at either end."""
    start: int
    end: int


class Text(NamedTuple):
    """A document's text and the headings in it, in order."""
    text: str
    headings: Sequence[Heading] = ()


# ---- chunks

def split(text: str, max_chars: int, headings: Sequence[Heading] = (), cut_level: int = MAX_CUT_LEVEL) -> list[Span]:
    """Chunks of at most `max_chars` characters, in order, without overlap, that leave out nothing but white space.

    A heading stays with the text below it, and headings down to `cut_level` begin a chunk. Small sections below them share one.
    Longer sections are cut at paragraphs, lines, sentences, words, in this order of preference.

    >>> split("Fees\\nLate.\\n\\nHours\\n9 to 5", 20, [Heading(0, 1, "Fees"), Heading(12, 1, "Hours")])
    [Span(start=0, end=10), Span(start=12, end=24)]
    """
    spans: list[Span] = []
    is_open = False                                           # the last span may still grow
    for start, end, level, heading_end in sections(text, headings):
        piece = stripped(text, start, end)
        if piece is None:
            continue
        if is_open and level > cut_level and piece.end - spans[-1].start <= max_chars:
            spans[-1] = Span(spans[-1].start, piece.end)
        elif piece.end - piece.start <= max_chars:
            spans.append(piece)
        else:
            spans += _cut(text, piece, heading_end, max_chars)
        is_open = True
    return spans


def sections(text: str, headings: Sequence[Heading]) -> Iterator[tuple[int, int, int, int]]:
    """(start, end, level, end of its headings): headings in a row are one, of the outermost level."""
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


def _cut(text: str, piece: Span, heading_end: int, max_chars: int) -> list[Span]:
    """A section that is too long. Where the heading would stand alone, its first chunk is cut shorter to make room for it."""
    spans = chunks(text, piece, max_chars)
    if not piece.start < heading_end < piece.end or spans[0].end > heading_end:
        return spans
    body = stripped(text, heading_end, piece.end)
    if body is None or max_chars - (body.start - piece.start) < MIN_BODY_SHARE * max_chars:
        return spans
    room = max_chars - (body.start - piece.start)
    near = Span(body.start, min(body.end, body.start + 2 * max_chars))
    first = chunks(text, near, room)[0]
    rest = stripped(text, first.end, piece.end)
    return [Span(piece.start, first.end), *(chunks(text, rest, max_chars) if rest else [])]


def chunks(text: str, within: Span, max_chars: int) -> list[Span]:
    """The library's chunks: its offsets are characters, and it trims what Rust calls white space, which is nearly Python's.

    Its time grows with the square of the text (1 MB without a space: 37 s), so a long text goes through it in windows; it
    works from left to right, so that only the last chunk of a window depends on where the window ends.
    """
    spans: list[Span] = []
    start = within.start
    while start < within.end:
        end = min(within.end, start + max(WINDOW_CHARS, WINDOW_CHUNKS * max_chars))
        found = _found(text[start:end], _splitter(max_chars))
        if end < within.end and len(found) > 1:
            at, _ = found.pop()                               # it was cut by the window, not by the text
            following = start + at
        else:
            following = end
        pieces = (stripped(text, start + at, start + at + len(chunk)) for at, chunk in found)
        spans += [piece for piece in pieces if piece is not None]
        start = following
    return spans


def _found(part: str, splitter: "TextSplitter") -> list[tuple[int, str]]:
    try:
        return splitter.chunk_indices(part)
    except UnicodeEncodeError:                                # half a surrogate pair, which is no character in Rust
        return splitter.chunk_indices(_SURROGATE.sub("\ufffd", part))


_SURROGATE = re.compile("[\ud800-\udfff]")


def stripped(text: str, start: int, end: int) -> Span | None:
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


# ---- what is done to the chunks of any strategy

def kept_whole(text: str, spans: Sequence[Span], blocks: Sequence[tuple[int, int]], max_chars: int) -> list[Span]:
    """The spans, cut anew where a cut went through a block (a table, code) that fits into one.

    >>> table = "Fees: a | 1\\nb | 2"
    >>> kept_whole(table, [Span(0, 11), Span(12, 17)], [(6, 17)], 12)
    [Span(start=0, end=5), Span(start=6, end=17)]
    """
    made: list[Span] = []
    waiting = list(reversed(spans))
    for block_start, block_end in blocks:
        block = stripped(text, block_start, block_end)
        if block is None or block.end - block.start > max_chars:
            continue
        while waiting and waiting[-1].end <= block.start:
            made.append(waiting.pop())
        if not waiting or waiting[-1].end >= block.end:
            continue                                          # no cut goes through it
        start, end = waiting[-1].start, block.end
        while waiting and waiting[-1].start < block.end:
            end = max(end, waiting.pop().end)
        left, right = stripped(text, start, block.start), stripped(text, block.end, end)
        if left and block.end - left.start <= max_chars:
            block, left = Span(left.start, block.end), None
        if right and right.end - block.start <= max_chars:
            block, right = Span(block.start, right.end), None
        made += [left] if left else []
        waiting += [right, block] if right else [block]
    return made + waiting[::-1]


def overlapping(text: str, spans: Sequence[Span], headings: Sequence[Heading], overlap: int, max_chars: int) -> list[Span]:
    """Each span begins with the end of the one before: at most `overlap` characters, in whole sentences, else in whole words.

    One that begins with a heading does not: what stands before is about something else.
    """
    begun = {heading.start for heading in headings}
    made = list(spans[:1])
    for before, span in pairwise(spans):
        least = max(before.start + 1, span.start - overlap, span.end - max_chars)
        starts = [] if span.start in begun else [before.start + each.start for each in sentences(text[before.start:before.end])]
        start = next((each for each in starts if each >= least), None)
        if start is None and starts:
            word = _WORD_START.search(text, least, before.end)
            start = word.end() if word else None
        made.append(span if start is None else Span(start, span.end))
    return made


_WORD_START = re.compile(r"\s(?=\S)")


# ---- sentences

def sentences(text: str) -> list[Span]:
    """Sentences, list items, table rows and headings, in order; together they leave out nothing but white space.

    Rules for English and Korean. A line break inside a paragraph, as PDFs have them, ends nothing: a new line is deliberate
    when it begins like a list item, when it is a table's row, or when the first word of the next line would still have fitted.

    >>> page = "Dr. Kim paid 2.5 won. 기한은 2024. 7. 26. 까지다.\\n- one\\n- two"
    >>> [page[s.start:s.end] for s in sentences(page)]
    ['Dr. Kim paid 2.5 won.', '기한은 2024. 7. 26. 까지다.', '- one', '- two']
    """
    spans: list[Span] = []
    for block in _blocks(text):
        start = block.start
        for stop in _STOP.finditer(text, block.start, block.end):
            if stop.start() >= start and _is_end(text, start, stop, block.end):
                spans.append(Span(start, stop.end()))
                start = stop.end()
                while start < block.end and text[start].isspace():
                    start += 1
        if start < block.end:
            spans.append(Span(start, block.end))
    return spans


MIN_WIDTH = 16                        # characters; no page is narrower, so shorter lines are a list
MAX_UNFILLED = 0.75                   # of the paragraph's width: a line that ends before was ended by its author
_LINE = re.compile(r"[^\n]+")
_ITEM = re.compile(r"\s*(?:[-*+–·]\s|[•▪◦○●□■▶▷◆◇※☞✓✔①-⑳㉠-㉻|]|\(?\d{1,3}[.)]\s|\(?[A-Z]\)\s|"
                   r"\(?[가나다라마바사아자차카타파하a-z][.)]\s|\d+(?:\.\d+)+\.?\s+[A-Z가-힣]|제\s?\d+\s?[편장절관조]|#{1,6}\s|>\s|"
                   r"\d{4}-\d\d-\d\d[T ]\d|\[\d)")
_LABEL = re.compile(r"\s*[^\s:：][^:：\n]{0,20}[:：]\s")
_KOREAN_END = re.compile(r"(?:니다|세요|[어아해예에]요|[한된있없이았었였했됐는]다)[\"'”’)]*$")
_FIRST_WORD = re.compile(r"\s*\S+")


def _blocks(text: str) -> Iterator[Span]:
    """Lines as their author meant them: a wrapped paragraph is one."""
    lines: list[Span] = []
    for found in _LINE.finditer(text):
        line = stripped(text, *found.span())
        if line is None or lines and text.count("\n", lines[-1].end, line.start) > 1:      # an empty line
            yield from _unwrapped(text, lines)
            lines = []
        if line is not None:
            lines.append(line)
    yield from _unwrapped(text, lines)


def _unwrapped(text: str, lines: list[Span]) -> Iterator[Span]:
    if not lines:
        return
    width = max(end - start for start, end in lines)
    start = lines[0].start
    for line, below in pairwise(lines):
        if _is_deliberate(text[line.start:line.end], text[below.start:below.end], width):
            yield Span(start, line.end)
            start = below.start
    yield Span(start, lines[-1].end)


def _is_deliberate(line: str, below: str, width: int) -> bool:
    """Whether the break between two lines was meant, and not made by the width of the page."""
    is_date = line[-1:] == "." and line[-2:-1].isdigit() and below[:1].isdigit()
    word = _FIRST_WORD.match(below)
    return (width < MIN_WIDTH
            or bool(_ITEM.match(below)) and not is_date
            or " | " in line or " | " in below
            or bool(_KOREAN_END.search(line))
            or bool(_LABEL.match(line) and _LABEL.match(below))
            or len(line) + 1 + (word.end() if word else 0) < MAX_UNFILLED * width)


_STOP = re.compile(r"[.!?。！？…]+[\"'”’»」』)\]}]*")
_CLOSERS = "\"'”’»」』)]}"
_LIST_MARK = re.compile(r"(?:[-*+•]\s)?\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[가나다라마바사아자차카타파하]|[ivxIVX]{1,5})$")
_DATE = re.compile(r"(?:\d{4}\.\s?\d{1,2}(?:\.\s?\d{1,2})?|\b\d{1,2}\.\s\d{1,2})$")
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘]+$")
_INITIALS = re.compile(r"[A-Z]$|(?:[A-Za-z]\.)+[A-Za-z]$")
ABBREVIATIONS = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "mt", "rev", "gen", "col", "capt", "sgt", "hon", "gov", "sen", "rep", "vs",
    "cf", "viz", "approx", "ca", "ph.d", "e.g", "i.e", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "oct",
    "nov", "dec"
})
BEFORE_NUMBERS = frozenset({
    "no", "nos", "fig", "figs", "eq", "sec", "ch", "chap", "vol", "p", "pp", "art", "para", "tab", "ver", "ed"
})
MAYBE_LAST = frozenset({            # last if a capital follows
    "etc", "inc", "ltd", "co", "corp", "jr", "sr", "al", "a.m", "p.m", "dept", "est"
})


def _is_end(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    """Whether the sentence that began at `start` ends with this punctuation."""
    mark = stop[0].rstrip(_CLOSERS)
    after = text[stop.end():stop.end() + 1] if stop.end() < end else ""
    if not after or mark[-1] in "。！？" and (mark == stop[0] or after.isspace()):
        return True
    before = text[max(start, stop.start() - 40):stop.start()]
    if not after.isspace():                                   # 했다.그리고: a space is missing
        return len(stop[0]) == 1 and before[-1:] in "다요죠까" and bool(before) and "가" <= after <= "힣"
    gap_end = stop.end()
    while gap_end < end and text[gap_end].isspace():
        gap_end += 1
    following = text[gap_end:gap_end + 1]
    if following.islower() and "\n" not in text[stop.end():gap_end]:
        return False
    return mark != "." or not _is_abbreviation(before, following, is_whole=len(before) < 40)


def _is_abbreviation(before: str, following: str, *, is_whole: bool) -> bool:
    """Whether the full stop after `before` belongs to a number, a date or a shortened word. `is_whole`: nothing stands before."""
    if before[-1:].isdigit() and (following.isdigit() or _DATE.search(before)) or is_whole and _LIST_MARK.match(before):
        return True
    found = _LAST_WORD.search(before)
    word = found[0] if found else ""
    lower = word.lower()
    if lower in MAYBE_LAST:
        return not following.isupper()
    return (lower in ABBREVIATIONS or lower in BEFORE_NUMBERS and (following.isdigit() or following in "IVX(")
            or bool(_INITIALS.match(word)))
