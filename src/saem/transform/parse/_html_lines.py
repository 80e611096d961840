"""Lines of text as they are found on a walk through a tree of HTML, and the blocks that they make."""
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saem.transform.parse._grid import MAX_SPAN, Place, placed, told
from saem.transform.parse._grid import VERSION as GRID_VERSION
from saem.transform.parse._parsed import Element, Heading

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

VERSION = f"1.{GRID_VERSION}"

PARAGRAPHS = frozenset({
    "p", "ul", "ol", "dl", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "hr",
    "details"
})
LINES = frozenset({
    "div", "section", "article", "main", "header", "footer", "aside", "nav", "address", "form", "fieldset", "legend",
    "figcaption", "caption", "summary", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "center",
    "body", "html", "option", "hgroup"
})
BLOCKS = PARAGRAPHS | LINES
LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}


@dataclass
class Rows:
    """A table that is open: its cells, where the next one goes, and which rows hold <th>, which <td>."""
    cells: list[Place] = field(default_factory=list)
    row: int = 0
    column: int = 0
    taken: dict[int, int] = field(default_factory=dict)       # column -> the row at which a cell from above has ended
    kinds: dict[int, set[str]] = field(default_factory=dict)

    def add(self, node: "LexborNode", tag: str) -> None:
        """A cell begins; its text comes when it ends."""
        while self.taken.get(self.column, 0) > self.row and self.column < MAX_SPAN:
            self.column += 1
        rows, columns = (_number(node.attributes.get(name), MAX_SPAN) for name in ("rowspan", "colspan"))
        if self.column + columns > MAX_SPAN:                  # no table is so wide: it is not walked again in each row
            rows = columns = 1
        self.cells.append(Place("", self.row, self.column, rows, columns))
        self.kinds.setdefault(self.row, set()).add(tag)
        for column in range(self.column, self.column + columns) if rows > 1 else ():
            self.taken[column] = self.row + rows
        self.column += columns

    def told(self) -> tuple[list[list[str]], list[str]]:
        rows = sorted(self.kinds)
        marked = next((place for place, row in enumerate(rows) if "td" in self.kinds[row]), 0)
        return told(placed(self.cells), marked if any("th" in kinds for kinds in self.kinds.values()) else None)


@dataclass
class Lines:
    """Lines of text as they are found on a walk through the tree, and what is open at the moment.

    blocks: first line -> (kind, line after the last, cells) of what is no paragraph; in_list: (first, after the last) of whole lists.
    """
    lines: list[str] = field(default_factory=list)
    blocks: dict[int, tuple[str, int, list[list[str]]]] = field(default_factory=dict)
    in_list: list[tuple[int, int]] = field(default_factory=list)
    list_start: int = 0
    caption_start: int = 0
    levels: dict[int, int] = field(default_factory=dict)      # number of the line -> level of the heading that it is
    piece: list[str] = field(default_factory=list)            # of the line that is being built
    prefix: str = ""                                          # of that line: a list mark
    lists: list[int] = field(default_factory=list)            # the next number of each open list, 0 for bullets
    tables: list["Rows | None"] = field(default_factory=list)      # those that are open; None for layout
    is_cell: bool = False
    is_preformatted: bool = False
    articles: int = 0
    left_out: list["LexborNode"] = field(default_factory=list)      # furniture of the page

    def open(self, node: "LexborNode", tag: str) -> None:
        if tag == "pre" and not self.is_cell:
            self.end_paragraph()
            self.is_preformatted = True
        elif tag == "br":
            self.end_line()
        elif tag == "img":
            self.piece.append(f" {node.attributes.get('alt') or ''} ")
        elif tag not in BLOCKS:
            return
        elif tag in ("td", "th") and self.tables and (table := self.tables[-1]) is not None:
            table.add(node, tag)
            self.piece.clear()
            self.is_cell = True
        elif tag in PARAGRAPHS and not (self.lists and tag in ("p", "ul", "ol")):
            self.end_paragraph()
        else:
            self.end_line()
        if tag in ("ul", "ol"):
            if not self.lists:
                self.list_start = len(self.lines)
            self.lists.append(_number(node.attributes.get("start"), 99_999) if tag == "ol" else 0)
        elif tag == "li":
            self.start_item()
        elif tag == "table":
            self.tables.append(None if _is_layout(node) else Rows())
        elif tag in ("caption", "figcaption"):
            self.caption_start = len(self.lines)
        elif tag in ("main", "article"):
            self.articles += 1

    def close(self, tag: str) -> None:
        if tag not in BLOCKS:
            return
        if tag == "pre" and self.is_preformatted:
            self.is_preformatted = False
            self.end_preformatted()
        elif tag in ("td", "th") and self.is_cell and (table := self.tables[-1]) is not None:
            table.cells[-1].text = " ".join("".join(self.piece).split())
            self.piece.clear()
            self.is_cell = False
        elif tag == "tr" and self.tables and (table := self.tables[-1]) is not None:
            table.row, table.column = table.row + 1, 0
            self.end_line()
        elif tag == "table" and self.tables and (table := self.tables[-1]) is not None:
            self.end_table(table)
        elif tag in LEVELS:
            self.end_heading(LEVELS[tag])
        elif tag in PARAGRAPHS and not (self.lists and tag == "p") and not len(self.lists) > 1:
            self.end_paragraph()
        else:
            self.end_line()
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
            if not self.lists:
                self.in_list.append((self.list_start, len(self.lines)))
        elif tag == "table" and self.tables:
            self.tables.pop()
        elif tag in ("caption", "figcaption"):
            if len(self.lines) > self.caption_start:
                self.blocks[self.caption_start] = ("caption", len(self.lines), [])
        elif tag in ("main", "article"):
            self.articles -= 1

    def start_item(self) -> None:
        number = self.lists[-1] if self.lists else 0
        self.prefix = "  " * (len(self.lists) - 1) + (f"{number}. " if number else "- ")
        if number:
            self.lists[-1] += 1

    def end_line(self) -> None:
        if self.is_cell or self.is_preformatted:
            self.piece.append("\n")
            return
        line = " ".join("".join(self.piece).split())
        self.piece.clear()
        if line:
            self.lines.append(self.prefix + line)
            self.prefix = ""

    def end_paragraph(self) -> None:
        self.end_line()
        if self.lines and self.lines[-1] and not self.is_cell:
            self.lines.append("")

    def end_table(self, table: Rows) -> None:
        self.end_line()
        start = len(self.lines)
        cells, lines = table.told()
        for line in lines:
            self.piece.append(line)
            self.end_line()
        if lines:
            self.blocks[start] = ("table", len(self.lines), cells)
        self.end_paragraph()

    def end_heading(self, level: int) -> None:
        before = len(self.lines)
        self.end_line()
        if len(self.lines) > before:
            self.levels[before] = level
        self.end_paragraph()

    def end_preformatted(self) -> None:
        block = "".join(self.piece).strip("\n").expandtabs(4)
        self.piece.clear()
        if block.strip():
            self.blocks[len(self.lines)] = ("code", len(self.lines) + block.count("\n") + 1, [])
            self.lines += [*(line.rstrip() for line in block.split("\n")), ""]

    def assembled(self) -> tuple[str, list[Heading], list[Element]]:
        """(text, headings, elements). Lines that no block takes are a list's where a list is, else paragraphs."""
        self.end_line()
        lines, levels, blocks = self.lines, self.levels, self.blocks
        listed = {number for first, after in self.in_list for number in range(first, after)}
        starts, start = [], 0
        for line in lines:
            starts.append(start)
            start += len(line) + 1
        elements: list[Element] = []
        number, count = 0, len(lines)
        while number < count:
            first, line = number, lines[number]
            block = blocks.get(number)
            number += 1
            if not line:
                if block:                                     # it begins with an empty line
                    blocks.setdefault(number, block)
                continue
            cells: list[list[str]] = []
            if first in levels:
                kind = "title"
            elif block:
                kind, after, cells = block
                while number < after and number not in levels:
                    number += 1
            else:
                kind = "list" if first in listed else "paragraph"
                while number < count and lines[number] and number not in blocks and number not in levels and (
                        (number in listed) == (first in listed)):
                    number += 1
            last = number - 1
            while not lines[last]:
                last -= 1
            indent = 0 if kind == "code" else len(line) - len(line.lstrip())
            elements.append(Element(kind, starts[first] + indent, starts[last] + len(lines[last]), [], cells))
        return "\n".join(lines).rstrip(), [Heading(starts[n], level, lines[n]) for n, level in levels.items()], elements

    def __len__(self) -> int:
        return sum(map(len, self.lines))


def _is_layout(table: "LexborNode") -> bool:
    """Whether a table places the parts of a page: its cells hold tables or headings. (A search below a node may find itself.)"""
    return table.css_first("h1, h2, h3, h4, form") is not None or any(found.mem_id != table.mem_id for found in table.css("table"))


def _number(text: str | None, most: int) -> int:
    """From 1 to `most`; 1 where the attribute says no number."""
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() and len(text) < 6 else 1
