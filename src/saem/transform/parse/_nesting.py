"""What Word and HWPX share: cells, text boxes and notes hold blocks of their own, tables merge cells, notes follow their block."""
from collections.abc import Sequence
from dataclasses import dataclass, field

from saem.transform.parse._blocks import VERSION as BLOCKS_VERSION
from saem.transform.parse._blocks import Block, Blocks
from saem.transform.parse._furniture import is_page_number
from saem.transform.parse._grid import Cell, Place, placed
from saem.transform.parse._numbering import note_mark

VERSION = f"1.{BLOCKS_VERSION}"


@dataclass
class HeldCell:
    """is_covered: it goes on with the one above."""
    content: Blocks
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    is_covered: bool = False


@dataclass
class OpenTable:
    """headers: the rows of which the file says that they name others. deleted: those that are gone, but for the record."""
    cells: list[HeldCell] = field(default_factory=list)
    row: int = -1
    is_outer: bool = False            # one of its cells holds a table
    headers: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)

    def blocks(self) -> Blocks:
        """The table; what it only frames or places stands for itself."""
        made = Blocks()
        self.cells = [cell for cell in self.cells if cell.row not in self.deleted]
        rows, columns = len({cell.row for cell in self.cells}), len({cell.column for cell in self.cells})
        if len(self.cells) == 1 or self.is_outer and 1 in (rows, columns):
            for cell in self.cells:
                made.extend(cell.content)
        else:
            made.table(self._grid(), header_rows=self._header_rows())
            read = [block.confidence for cell in self.cells for block in cell.content.blocks if block.confidence is not None]
            for block in made.blocks if read else ():
                block.confidence = min(read)
        return made

    def _grid(self) -> list[list[Cell]]:
        above: dict[int, Place] = {}
        places: list[Place] = []
        for cell in self.cells:
            upper = above.get(cell.column) if cell.is_covered else None
            if upper and upper.row + upper.rows == cell.row:
                upper.rows += 1
                continue
            place = Place(cell.content.flat(), cell.row, cell.column, cell.rows, cell.columns)
            places.append(place)
            above[cell.column] = place
        return placed(places)

    def _header_rows(self) -> int | None:
        """How many rows, from the first, are marked; None where nothing is."""
        rows = sorted({cell.row for cell in self.cells})
        return next((place for place, row in enumerate(rows) if row not in self.headers), 0) if self.headers else None


def once(parts: Sequence[Blocks]) -> list[Block]:
    """The headers, or the footers, of all sections: each thing once, as no heading, and no page numbers."""
    found: dict[str, Block] = {}
    for block in (block for part in parts for block in part.blocks):
        block.kind = "paragraph" if block.kind == "title" else block.kind
        if not is_page_number(block.text):
            found.setdefault(block.text, block)
    return list(found.values())


class Nesting:
    """For readers: `out` takes the blocks of the innermost body, cell, text box or note; `outer` are those around it."""

    def __init__(self) -> None:
        super().__init__()
        self.out = Blocks()
        self.outer: list[Blocks] = []
        self.tables: list[OpenTable] = []
        self.cited: list[str] = []                            # notes to be told after the block that is open
        self.note_number = 0

    def begin(self) -> None:
        self.outer.append(self.out)
        self.out = Blocks()

    def finish(self) -> Blocks:
        content = self.out
        self.out = self.outer.pop()
        return content

    def place(self, blocks: Blocks) -> None:
        """Where a table goes."""
        self.out.extend(blocks)

    # ---- notes

    def next_note(self) -> str:
        """The mark of the next one."""
        self.note_number += 1
        return note_mark(self.note_number)

    def tell_notes(self) -> None:
        if not self.outer:
            for note in self.cited:
                self.out.paragraph(note)
            self.cited.clear()

    # ---- tables

    @property
    def cell(self) -> HeldCell | None:
        """The one that is open."""
        return self.tables[-1].cells[-1] if self.tables and self.tables[-1].cells else None

    def start_tbl(self, _: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].is_outer = True
        self.tables.append(OpenTable())

    def start_tr(self, _: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].row += 1

    def start_tc(self, _: dict[str, str]) -> None:
        self.begin()
        if self.tables:
            table, last = self.tables[-1], self.cell
            table.cells.append(HeldCell(self.out, table.row, last.column + last.columns if last and last.row == table.row else 0))

    def end_tc(self) -> None:
        self.finish()

    def end_tbl(self) -> None:
        self.place(self.tables.pop().blocks())
