"""The blocks of a document as a parser meets them, put together into one text with exact offsets."""
from dataclasses import dataclass, field
from enum import Enum

from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import clean
from saem.transform.parse._parsed import Element, Heading

VERSION = f"1.{DECODE_VERSION}"
MAX_LEVEL = 9
MAX_REPEATED = 80                     # characters of a cell that are told again in each row that it spans


class Covered(Enum):
    """A place in a table's grid that a merged cell covers."""
    BY_LEFT = 0
    BY_UPPER = 1


Cell = str | Covered


@dataclass
class Block:
    kind: str
    text: str
    level: int = 0
    cells: list[list[str]] = field(default_factory=list)
    box: list[float] = field(default_factory=list)


@dataclass
class Blocks:
    """Blocks in reading order, and before which of them a page begins."""
    blocks: list[Block] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)

    def heading(self, level: int, text: str, box: list[float] | None = None) -> None:
        if text := one_line(text):
            self.blocks.append(Block("title", text, min(max(level, 1), MAX_LEVEL), box=box or []))

    def paragraph(self, text: str, kind: str = "paragraph", box: list[float] | None = None) -> None:
        if text := _lines(text, keep_indent=kind == "code"):
            last = self.blocks[-1] if self.blocks and len(self.blocks) not in self.pages[-1:] else None
            if kind == "code" and last and last.kind == "code":       # Word has a paragraph a line
                last.text += "\n" + text
            else:
                self.blocks.append(Block(kind, text, box=box or []))

    def item(self, mark: str, depth: int, text: str, box: list[float] | None = None) -> None:
        """An item of a list; those that follow each other are one list."""
        if not (text := one_line(text)):
            return
        line = "  " * min(depth, MAX_LEVEL) + f"{mark} {text}"
        last = self.blocks[-1] if self.blocks and len(self.blocks) not in self.pages[-1:] else None
        if last and last.kind == "list" and last.box == (box or []):
            last.text += "\n" + line
        else:
            self.blocks.append(Block("list", line.lstrip(), box=box or []))

    def table(self, rows: list[list[Cell]], box: list[float] | None = None) -> None:
        """A row a line, `a | b`. A cell that spans rows is told in each of them, so that every row can be read alone."""
        cells, lines = [], []
        above: list[str] = []
        for row in rows:
            full = [one_line(cell) if isinstance(cell, str) else _covering(cell, above, column) for column, cell in enumerate(row)]
            if any(full):
                cells.append(full)
                lines.append(" | ".join(text for text, cell in zip(full, row, strict=True) if isinstance(cell, str) or text).rstrip())
            above = full
        if lines:
            self.blocks.append(Block("table", "\n".join(line.strip() for line in lines), cells=cells, box=box or []))

    def page(self) -> None:
        self.pages.append(len(self.blocks))

    def extend(self, others: "Blocks") -> None:
        self.blocks += others.blocks

    def flat(self) -> str:
        """All text as one line, for the cell of a table; a table in it reads 'a, b; c, d'."""
        return " ".join("; ".join(", ".join(filter(None, row)) for row in block.cells) or block.text for block in self.blocks)

    def assembled(self) -> tuple[str, list[int], list[Heading], list[Element]]:
        """(text, page_starts, headings, elements); blocks are an empty line apart."""
        parts, starts, headings, elements = [], [], [], []
        start = 0
        for block in self.blocks:
            end = start + len(block.text)
            starts.append(start)
            parts.append(block.text)
            elements.append(Element(block.kind, start, end, block.box, block.cells))
            if block.kind == "title":
                headings.append(Heading(start, block.level, block.text))
            start = end + 2
        text = "\n\n".join(parts)
        return text, [starts[page] if page < len(starts) else len(text) for page in self.pages], headings, elements


def _covering(cell: Covered, above: list[str], column: int) -> str:
    is_repeated = cell is Covered.BY_UPPER and column < len(above) and len(above[column]) <= MAX_REPEATED
    return above[column] if is_repeated else ""


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _lines(text: str, *, keep_indent: bool) -> str:
    lines = clean(text).expandtabs(4).split("\n")
    if keep_indent:
        return "\n".join(line.rstrip() for line in lines).strip("\n")
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


class Nesting:
    """For readers of formats in which text boxes, cells and notes hold blocks of their own: `out` is where blocks go now."""

    def __init__(self) -> None:
        super().__init__()
        self.out = Blocks()
        self.outer: list[Blocks] = []

    def begin(self) -> None:
        self.outer.append(self.out)
        self.out = Blocks()

    def finish(self) -> Blocks:
        content = self.out
        self.out = self.outer.pop()
        return content
