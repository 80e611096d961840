"""The pieces of a page in the order in which people read them, as blocks: columns, tables, paragraphs, lists, titles, captions."""
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from saem.transform.parse._piece import Box, Piece, around, rows_of
from saem.transform.parse._tables import Table

MIN_GUTTER = 0.7                      # between columns, of the letters' size
MIN_COLUMN_LINES = 3
MIN_COLUMN_CHARS = 7                  # a line on average: narrower columns are numbers beside their lines
MAX_ACROSS = 0.6                      # of the pieces may stand across the columns
MIN_BESIDE = 0.4                      # of the shorter column that stands beside the other
MAX_DEPTH = 6
MAX_SPOTS = 2_000                     # a page with more is read from top to bottom
PARAGRAPH_PITCH = 1.22                # of the usual pitch between lines: a larger one begins a paragraph
MAX_ITEM_PITCH = 2.0                  # from item to item of a list
TITLE_SIZE = 1.12                     # of the text's size
MAX_TITLE_LINES, MAX_TITLE_CHARS = 3, 160
OTHER_SIZE = 1.1

_ITEM = re.compile(r"(?:[-–*](?=\s)|[•▪▫◦○●□■▶▷◆◇※☞✓✔‣⁃·ㆍ∙])\s*\S|"
                   r"(?:\(?\d{1,3}[.)]|[①-⑳㉠-㉻]|\(?[가나다라마바사아자차카타파하a-z][.)])\s+\S")
_CAPTION = re.compile(r"[<\[(【]?\s?(?:그림|표|사진|도표|도)\s?\d+(?:[-.]\d+)*\s?[>\])】.:：]|"
                      r"[<\[【](?:그림|표|사진|도표)\s?\d*[^\n]{0,40}[>\]】]|"
                      r"(?:Figure|Fig\.|Table|Chart|Photo|Plate|Listing|FIGURE|TABLE)\s?\d+(?:[-.]\d+)*[.:]?(?:\s|$)")
_END = re.compile(r"[.!?。…:;][\"'”’»)\]]*$|다$|[함음임됨]$")
_LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|·{4,}")            # of a line in a table of contents


@dataclass
class Block:
    """What is read as one: its lines, each of one or more pieces; or a table. `goes_on`: with the block before, across a column.
    `is_running`: a page's head or foot."""
    kind: str
    lines: list[list[Piece]] = field(default_factory=list)
    table: Table | None = None
    goes_on: bool = False
    is_running: bool = False

    @property
    def box(self) -> Box:
        return self.table.box if self.table else around([p for line in self.lines for p in line])

    @property
    def size(self) -> float:
        """Of its letters; 0 for a table."""
        return max((p.size for line in self.lines for p in line), default=0.0)

    def is_item(self, line: list[Piece]) -> bool:
        """Whether an item of this list begins with the line."""
        return _is_item(line)


def is_open(block: Block, after: Block) -> bool:
    """Whether a paragraph goes on in the one after it, on the next page."""
    if block.kind != "paragraph" or after.kind != "paragraph" or after.is_running:
        return False
    first = after.lines[0][0].text[:1]
    return (not _END.search(block.lines[-1][-1].text) and _is_like(block.lines[-1], after.lines[0])
            and (first.islower() or "가" <= first <= "힣"))


def is_simple(pieces: Sequence[Piece]) -> bool:
    """Whether the pieces already are lines from top to bottom, so that nothing has to be put in order."""
    return all(a.top + a.bottom < b.top + b.bottom and b.top > a.top + 0.4 * a.size for a, b in pairwise(pieces))


def ordered(pieces: Sequence[Piece], tables: Sequence[Table]) -> list[list[Piece] | Table]:
    """Lines and tables in reading order: columns from left to right, what stands across them between."""
    spots: list[Piece | Table] = [*pieces, *tables]
    return list(_columns(spots, 0))


def blocks(things: Iterable[list[Piece] | Table]) -> list[Block]:
    """Lines in reading order, put together to paragraphs and lists. Titles are told later, by `titles`."""
    made: list[Block] = []
    things = list(things)
    pitch = _pitch([thing for thing in things if isinstance(thing, list)])
    lines: list[list[Piece]] = []
    goes_on = False

    def close() -> None:
        nonlocal lines
        if lines:
            made.append(_kinded(lines, goes_on))
        lines = []

    for thing in things:
        if isinstance(thing, Table):
            close()
            made.append(Block("table", table=thing))
        elif not lines:
            lines, goes_on = [thing], False
        else:
            begins, jumps = _begins(lines, thing, pitch)
            if begins:
                is_open = jumps and not _END.search(lines[-1][-1].text) and _is_like(lines[-1], thing)
                close()
                goes_on = is_open
            lines.append(thing)
    close()
    return made


def titles(pages: Sequence[Sequence[Block]]) -> None:
    """Mark as titles the blocks that are set larger than the document's text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for block in page:
            for line in block.lines:
                sizes[round(line[0].size, 1)] += sum(len(p.text) for p in line)
            for row in block.table.cells if block.table else ():
                for p in (p for cell in row for p in cell):
                    sizes[round(p.size, 1)] += len(p.text)
    if not sizes:
        return
    body = sizes.most_common(1)[0][0]
    for page in pages:
        for block in page:
            chars = sum(len(p.text) for line in block.lines for p in line)
            has_letters = any(c.isalpha() for line in block.lines[:1] for c in line[0].text)
            if (block.kind in ("paragraph", "list") and block.lines and block.lines[0][0].size >= TITLE_SIZE * body > 0
                    and len(block.lines) <= MAX_TITLE_LINES and 1 < chars <= MAX_TITLE_CHARS and has_letters
                    and not _LEADER.search(block.lines[-1][-1].text)):
                block.kind = "title"


def _box(spot: Piece | Table) -> Box:
    return spot.box if isinstance(spot, Table) else (spot.left, spot.top, spot.right, spot.bottom)


def _columns(spots: list[Piece | Table], depth: int) -> Iterable[list[Piece] | Table]:
    gutter = _gutter(spots) if depth < MAX_DEPTH and 2 * MIN_COLUMN_LINES <= len(spots) <= MAX_SPOTS else None
    if gutter is None:
        yield from _stacked(spots)
        return
    left_edge, right_edge = gutter
    across = sorted((s for s in spots if _box(s)[0] < right_edge and _box(s)[2] > left_edge), key=lambda s: _box(s)[1])
    beside = [s for s in spots if not (_box(s)[0] < right_edge and _box(s)[2] > left_edge)]
    marks = [(_box(s)[1] + _box(s)[3]) / 2 for s in across]
    bands: list[tuple[list[Piece | Table], list[Piece | Table]]] = [([], []) for _ in range(len(across) + 1)]
    for spot in beside:
        box = _box(spot)
        bands[bisect_left(marks, (box[1] + box[3]) / 2)][box[0] >= right_edge].append(spot)
    waiting: list[Piece | Table] = []                          # things across that follow each other are read together
    for number, (left, right) in enumerate(bands):
        if left or right:
            yield from _stacked(waiting)
            waiting = []
            yield from _columns(left, depth + 1)
            yield from _columns(right, depth + 1)
        if number < len(across):
            waiting.append(across[number])
    yield from _stacked(waiting)


def _stacked(spots: list[Piece | Table]) -> Iterable[list[Piece] | Table]:
    """From top to bottom, pieces of one line together."""
    tables = [s for s in spots if isinstance(s, Table)]
    found: list[list[Piece] | Table] = [*rows_of([s for s in spots if isinstance(s, Piece)]), *tables]
    if tables:
        found.sort(key=lambda thing: thing.box[1] if isinstance(thing, Table) else thing[0].top)
    return found


def _gutter(spots: list[Piece | Table]) -> tuple[float, float] | None:
    """The white space between columns: with the fewest pieces across it, and lines beside each other on both sides."""
    boxes = [_box(s) for s in spots]
    chars = [len(s.text) if isinstance(s, Piece) else 10 * MIN_COLUMN_CHARS for s in spots]
    size = median([s.size for s in spots if isinstance(s, Piece)] or [10.0])
    lefts, rights = sorted(b[0] for b in boxes), sorted(b[2] for b in boxes)
    begun = ended = 0
    best: tuple[int, float, float, float] | None = None
    while ended < len(rights) and begun < len(lefts):
        while ended < len(rights) and (begun == len(lefts) or rights[ended] <= lefts[begun]):
            ended += 1
        # between the last right edge before it and the next left edge there may be a gutter
        if ended and lefts[begun] - rights[ended - 1] >= MIN_GUTTER * size:
            crossing = begun - ended
            candidate = (crossing, rights[ended - 1] - lefts[begun], rights[ended - 1], lefts[begun])
            if crossing <= MAX_ACROSS * len(spots) and (best is None or candidate < best) and _has_columns(boxes, chars, *candidate[2:]):
                best = candidate
        begun += 1
    return (best[2], best[3]) if best else None


def _has_columns(boxes: list[Box], chars: list[int], left_edge: float, right_edge: float) -> bool:
    left = [k for k, b in enumerate(boxes) if b[2] <= left_edge + 0.01]
    right = [k for k, b in enumerate(boxes) if b[0] >= right_edge - 0.01]
    if not (left and right):
        return False
    for side in (left, right):
        lines = sum(max(1, round((boxes[k][3] - boxes[k][1]) / 12)) if chars[k] == 10 * MIN_COLUMN_CHARS else 1 for k in side)
        if lines < MIN_COLUMN_LINES or sum(chars[k] for k in side) < MIN_COLUMN_CHARS * len(side):
            return False
    tops = [min(boxes[k][1] for k in side) for side in (left, right)]
    bottoms = [max(boxes[k][3] for k in side) for side in (left, right)]
    shared = min(bottoms) - max(tops)
    return shared >= MIN_BESIDE * min(b - t for b, t in zip(bottoms, tops, strict=True))


def _pitch(lines: list[list[Piece]]) -> float:
    """The usual distance from line to line, in letters' sizes: the most frequent among the small ones."""
    steps: Counter[float] = Counter()
    for a, b in pairwise(lines):
        step = (b[0].bottom - a[0].bottom) / (a[0].size or 1)
        if 0.8 < step < 2.6 and abs(a[0].size - b[0].size) < 0.1 * a[0].size:
            steps[round(step, 1)] += 1
    if not steps:
        return 1.5
    most = max(steps.values())
    return min(step for step, count in steps.items() if count >= 0.5 * most)


def _begins(lines: list[list[Piece]], line: list[Piece], pitch: float) -> tuple[bool, bool]:
    """(whether a block begins with this line, whether it stands in another column or place)."""
    above, first = lines[-1], line[0]
    size = above[0].size or 1.0
    step = (first.bottom - above[0].bottom) / size
    recent = lines[-4:]                                        # they tell the paragraph's sides as well as all of it would
    left, right = min([p[0].left for p in recent]), max([p[-1].right for p in recent])
    if step <= 0.2 or first.left > right or line[-1].right < left:
        return True, True
    if not _is_like(above, line):
        return True, False
    is_list = _is_item(lines[0])
    is_item = _is_item(line)
    if step > (MAX_ITEM_PITCH * pitch if is_list and is_item else max(PARAGRAPH_PITCH * pitch, pitch + 0.22)):
        return True, False
    if is_item:
        return not is_list, False
    if is_list:                                                # after an item's lines, text at the mark's own place is no item
        return first.left <= lines[0][0].left + 0.3 * size and bool(_END.search(above[-1].text)), False
    if _CAPTION.match(first.text):
        return True, False
    indent = first.left - left
    is_ended = bool(_END.search(above[-1].text))
    return 0.8 * size < indent < 6 * size and len(lines) > 1 and is_ended and above[0].left - left < 0.5 * size, False


def _is_like(above: list[Piece], line: list[Piece]) -> bool:
    a, b = max([p.size for p in above]), max([p.size for p in line])
    return max(a, b) <= OTHER_SIZE * min(a, b)


def _kinded(lines: list[list[Piece]], goes_on: bool) -> Block:
    text = lines[0][0].text
    if _CAPTION.match(text) and sum(len(p.text) for line in lines for p in line) < 400:
        return Block("caption", lines, goes_on=goes_on)
    return Block("list" if _is_item(lines[0]) and _is_list(lines) else "paragraph", lines, goes_on=goes_on)


def _is_item(line: list[Piece]) -> bool:
    text = line[0].text if len(line) == 1 else f"{line[0].text} {line[1].text}"      # its mark may stand apart
    return bool(_ITEM.match(text))


def _is_list(lines: list[list[Piece]]) -> bool:
    """A single numbered line is a heading or a sentence as often as a list."""
    return sum(map(_is_item, lines)) > 1 or not lines[0][0].text[:1].isalnum()
