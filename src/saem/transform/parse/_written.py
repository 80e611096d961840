"""Blocks become a document's text, its elements, and the place of every piece in it."""
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from saem.transform.parse._grid import names_of, one_line
from saem.transform.parse._layout import Block, is_open
from saem.transform.parse._parsed import Element, Recognised
from saem.transform.parse._piece import Box, Piece, rows_of
from saem.transform.parse._tables import Table, cell_text

BETWEEN = "\n\n"                      # blocks; lines of one block are a newline apart
MIN_SPACED = 3                        # lines that end with a space, before the lack of one says that a word goes on
MIN_SPACED_SHARE = 0.2

_LOWER_END, _LOWER_START = re.compile(r"[a-zà-ÿ]-?$"), re.compile(r"[a-zà-ÿ]")


@dataclass
class Sheet:
    """A page that has been put in order. `restore`: from the places that its layout was told in to those on the page as seen."""
    blocks: list[Block]
    restore: Callable[[Box], Box] | None = None


@dataclass
class Written:
    """`sizes`: of the letters of each element. text[start:end] is a piece on a page (from 0), for each of `spans`, by rising start."""
    text: str
    page_starts: list[int]
    elements: list[Element]
    sizes: list[float]
    spans: list[tuple[int, int, int, Piece]] = field(default_factory=list)

    def recognised(self) -> list[Recognised]:
        """The elements that were read from pictures, each as sure as its pieces are by their length."""
        chars, sure = [0] * len(self.elements), [0.0] * len(self.elements)
        starts = [element.start for element in self.elements]
        for start, end, _, piece in self.spans:
            if piece.confidence is not None:
                place = bisect_right(starts, start) - 1
                chars[place] += end - start
                sure[place] += (end - start) * piece.confidence
        return [Recognised(e.start, e.end, round(each / count, 3))
                for e, each, count in zip(self.elements, sure, chars, strict=True) if count]


class _Writer:
    def __init__(self, breaks_words: bool) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.spans: list[tuple[int, int, int, Piece]] = []
        self.breaks_words = breaks_words

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def piece(self, piece: Piece, page: int, text: str | None = None) -> None:
        text = piece.text if text is None else text
        self.spans.append((self.length, self.length + len(text), page, piece))
        self.put(text)

    def lines(self, lines: Sequence[Sequence[Piece]], page: int, between: str, following: Piece | None) -> None:
        """`following`: the first piece of the block that goes on with this one."""
        for number, line in enumerate(lines):
            below = lines[number + 1][0] if number + 1 < len(lines) else following
            for piece in line[:-1]:
                self.piece(piece, page)
                self.put(" ")
            last = line[-1]
            text, join = self.joint(last, below, between) if below is not None else (last.text + "-" * (last.joins == "-"), "")
            self.piece(last, page, text)
            if number + 1 < len(lines):
                self.put(join)

    def joint(self, above: Piece, below: Piece, between: str) -> tuple[str, str]:
        """The line above as it is written, and what comes before the one below: a hyphen goes where it breaks a word of small letters."""
        text = above.text
        if above.joins == "-" or text.endswith("-") and _LOWER_END.search(text):
            text = text.removesuffix("-")
            return (text, "") if _LOWER_END.search(text) and _LOWER_START.match(below.text) else (text + "-", "")
        is_whole = self.breaks_words and not above.joins and _is_hangul(text[-1]) and _is_hangul(below.text[0])
        return text, "" if is_whole else between


def write(sheets: Sequence[Sheet]) -> Written:
    """The text of all pages: blocks an empty line apart, the rows of a table as lines that name their values, an item of a list a line."""
    writer = _Writer(_breaks_words(sheets))
    elements: list[Element] = []
    sizes: list[float] = []
    starts: list[int] = []
    flat = [(page, sheet, block) for page, sheet in enumerate(sheets) for block in sheet.blocks]
    gap = ""
    for number, (page, sheet, block) in enumerate(flat):
        after = flat[number + 1] if number + 1 < len(flat) else None
        writer.put(gap)
        starts += [writer.length] * (page + 1 - len(starts))
        start = writer.length
        goes_on = after is not None and (after[2].goes_on or after[0] != page and is_open(block, after[2]))
        if block.table:
            cells = _table(writer, block.table, page)
        else:
            cells = []
            _block(writer, block, page, after[2].lines[0][0] if goes_on and after else None)
        box = sheet.restore(block.box) if sheet.restore else block.box
        elements.append(Element(block.kind, start, writer.length, [round(each, 1) for each in box], cells))
        sizes.append(block.size)
        gap = BETWEEN
        if goes_on and after:
            gap = writer.joint(block.lines[-1][-1], after[2].lines[0][0], "\n")[1]
    starts += [writer.length] * (len(sheets) - len(starts))
    return Written("".join(writer.parts), starts, elements, sizes, writer.spans)


def _block(writer: _Writer, block: Block, page: int, following: Piece | None) -> None:
    if block.kind != "list":
        writer.lines(block.lines, page, " " if block.kind == "title" else "\n", following)
        return
    items: list[list[list[Piece]]] = []
    for line in block.lines:
        if not items or block.is_item(line):
            items.append([])
        items[-1].append(line)
    for number, item in enumerate(items):
        if number:
            writer.put("\n")
        writer.lines(item, page, " ", following if number + 1 == len(items) else None)


def _table(writer: _Writer, table: Table, page: int) -> list[list[str]]:
    """Its cells. Where its first row names the columns, each row that follows names its values; see _grid.py."""
    texts = [[one_line(cell_text(cell)) for cell in row] for row in table.cells]
    names = names_of(texts)
    made = texts[:bool(names)]
    for row in table.cells[len(made):]:
        if made[bool(names):]:
            writer.put("\n")
        made.append([])
        held = [column for column, cell in enumerate(row) if cell]
        is_named = bool(names) and (len(held) > 1 or len(row) < 3)
        for column, cell in enumerate(row):
            if 0 < column <= max(held, default=0) and (not names or cell and column > held[0]):
                writer.put(" | ")
            if is_named and cell and names[column]:
                writer.put(f"{names[column]}: ")
            start = len(writer.parts)
            writer.lines(rows_of(cell), page, " ", None)
            made[-1].append("".join(writer.parts[start:]))
    return made


def _breaks_words(sheets: Sequence[Sheet]) -> bool:
    """Whether lines of Korean break inside words: told by those that end with a space, where a word does end."""
    spaced = bare = 0
    for sheet in sheets:
        for block in sheet.blocks:
            for above, below in pairwise(block.lines):
                if _is_hangul(above[-1].text[-1]) and _is_hangul(below[0].text[0]):
                    spaced += above[-1].joins == " "
                    bare += above[-1].joins == ""
    return spaced >= MIN_SPACED and spaced >= MIN_SPACED_SHARE * (spaced + bare)


def _is_hangul(character: str) -> bool:
    return "가" <= character <= "힣"
