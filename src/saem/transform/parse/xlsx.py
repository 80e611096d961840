"""Excel workbooks, by their own XML: a sheet is a page with its name as heading; cells read as their user sees them.

Pictures are read, notes and charts told in `missing`.
"""

from saem.transform.parse import _media, _ocr
from saem.transform.parse._blocks import VERSION as BLOCKS_VERSION
from saem.transform.parse._blocks import Blocks
from saem.transform.parse._container import Container
from saem.transform.parse._grid import Cell, Covered
from saem.transform.parse._media import Pictures
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._opc import main_part, properties, relations
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._records import is_header
from saem.transform.parse._workbook import MAX_CELLS, Book, Sheet
from saem.transform.parse._xml import local, scan

SUFFIXES: tuple[str, ...] = (".xlsx", ".xlsm")
VERSION = f"2+{BLOCKS_VERSION}.{_media.VERSION}"
LIBRARIES: tuple[str, ...] = _media.LIBRARIES
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of pictures

MIN_ROWS = 5                          # from which on a first row that reads like a header is one: no form is as long as a list
WASTE = 8                             # a table's grid may be this many times its cells; a sparser one keeps only what is there


def parse(content: bytes, path: str) -> Parsed:
    """Rows that follow each other are a table, alone-standing texts a paragraph; empty rows part them. Formulas show the value
    that Excel stored. A merged cell is told in each row that it spans. Hidden sheets are left out, and named as missing.

    Raises: E401 (no text), E402 (no xlsx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    part = main_part(container, ".xlsx", "xl/workbook.xml")
    book, pictures = Book(container, part), Pictures(container)
    blocks, missing = Blocks(), list(book.missing)
    for name, target in book.sheets:
        sheet = Sheet(container, target, book)
        drawn, undrawn = _drawn(container, target)
        shown = Blocks()
        for picture in drawn:
            shown.extend(pictures.blocks(picture))
        blocks.page()
        if sheet.rows or shown.blocks or sheet.running:
            blocks.heading(1, name)
            for line in sheet.running:
                blocks.paragraph(line)
            _tell(sheet, blocks)
            blocks.extend(shown)
        missing += [f"sheet '{name}': {what}" for what in (*sheet.missing, *undrawn)]
    text, page_starts, headings, elements = blocks.assembled()
    about = properties(container)
    return Parsed(text, about.title, page_starts, headings, elements, about.author, about.created, about.modified,
                  [*missing, *pictures.missing()], blocks.recognised(elements))


def _drawn(container: Container, sheet: str) -> tuple[list[str], list[str]]:
    """(the parts of the pictures that lie on a sheet, what else lies there: notes and charts)."""
    beside = [(kind, target) for kind, target in relations(container, sheet).values() if target in container]
    notes = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal notes
        notes += local(tag) in ("comment", "threadedComment")

    kinds = {kind for kind, _ in beside}
    for kind, target in beside:                               # a thread of comments is told as notes once more
        if kind == ("threadedComment" if "threadedComment" in kinds else "comments"):
            scan(container.chunks(target), start, path=container.path, name=target)
    lying = [each for kind, target in beside if kind == "drawing" for each in relations(container, target).values()]
    charts = sum(kind.startswith("chart") for kind, _ in lying)
    told = [f"{count} {what}{'s were' if count > 1 else ' was'} not read" for count, what in ((notes, "note"), (charts, "chart")) if count]
    return list(dict.fromkeys(target for kind, target in lying if kind == "image")), told


def _tell(sheet: Sheet, blocks: Blocks) -> None:
    covered = _covered(sheet)
    group: list[int] = []
    last = 0
    for row in sorted(sheet.rows):
        if group and row != last + 1:
            _tell_group(group, sheet, covered, blocks)
            group = []
        group.append(row)
        last = row
    if group:
        _tell_group(group, sheet, covered, blocks)


def _covered(sheet: Sheet) -> dict[tuple[int, int], Covered]:
    """(row, column) -> how a merged cell covers it, for rows that hold something."""
    covered: dict[tuple[int, int], Covered] = {}
    places = MAX_CELLS
    for merge in sheet.merges:
        text = sheet.rows.get(merge.first_row, {}).get(merge.first_column)
        if text is None:
            continue
        for row in range(merge.first_row, min(merge.last_row, merge.first_row + 10_000) + 1):
            if row in sheet.rows and (places := places - 1) > 0:
                if row > merge.first_row:
                    covered[row, merge.first_column] = Covered.BY_UPPER
                for column in range(merge.first_column + 1, min(merge.last_column, merge.first_column + 100) + 1):
                    covered[row, column] = Covered.BY_LEFT
    return covered


def _tell_group(group: list[int], sheet: Sheet, covered: dict[tuple[int, int], Covered], blocks: Blocks) -> None:
    rows = [sheet.rows[row] for row in group]
    columns = sorted(set().union(*rows))
    if all(len(row) == 1 for row in rows) and (len(columns) == 1 or len(rows) == 1):
        blocks.paragraph("\n".join(text for row in rows for text in row.values()))
        return
    if len(columns) * len(rows) > WASTE * sum(map(len, rows)) + 1000:
        blocks.table([[*row.values()] for row in rows], header_rows=0)
        return
    table: list[list[Cell]] = []
    for place, row in zip(group, rows, strict=True):
        table.append([row[column] if column in row else covered.get((place, column), "") for column in columns])
    first = [cell if isinstance(cell, str) else "" for cell in table[0]]
    is_list = len(columns) > 2 and len(table) > MIN_ROWS and is_header(first, table[1:])
    blocks.table(table, header_rows=1 if is_list else None)
