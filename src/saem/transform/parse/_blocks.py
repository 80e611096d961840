"""The blocks of a document as a parser meets them, put together into one text with exact offsets."""
from collections.abc import Sequence
from dataclasses import dataclass, field

from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import clean
from saem.transform.parse._grid import VERSION as GRID_VERSION
from saem.transform.parse._grid import Cell, one_line, told
from saem.transform.parse._parsed import Element, Heading, Recognised

VERSION = f"2.{DECODE_VERSION}.{GRID_VERSION}"
MAX_LEVEL = 9


@dataclass
class Block:
    kind: str
    text: str
    level: int = 0
    cells: list[list[str]] = field(default_factory=list)
    box: list[float] = field(default_factory=list)
    confidence: float | None = None   # of the recognition that read it from a picture


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

    def table(self, rows: Sequence[Sequence[Cell]], box: list[float] | None = None, header_rows: int | None = None) -> None:
        """A row a line that names its values; see _grid.told."""
        cells, lines = told(rows, header_rows)
        if lines:
            self.blocks.append(Block("table", "\n".join(lines), cells=cells, box=box or []))

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


    def recognised(self, elements: Sequence[Element]) -> list[Recognised]:
        """Which of the elements of `assembled` were read from pictures."""
        return [Recognised(e.start, e.end, block.confidence)
                for block, e in zip(self.blocks, elements, strict=True) if block.confidence is not None]


def _lines(text: str, *, keep_indent: bool) -> str:
    lines = clean(text).expandtabs(4).split("\n")
    if keep_indent:
        return "\n".join(line.rstrip() for line in lines).strip("\n")
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
