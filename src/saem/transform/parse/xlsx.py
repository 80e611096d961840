"""Excel workbooks, by their own XML: a sheet is a page with its name as heading; cells read as their user sees them.

Pictures are read, notes and charts told in `missing`.
Streamed: a sheet's XML is never in memory as a whole. calamine (Rust) gives values without their formats, and takes a dense
grid of memory for a sheet with one cell in each corner; openpyxl is half as fast.
Source: ECMA-376 part 1, section 18 (SpreadsheetML).
"""
import re
from collections.abc import Callable
from dataclasses import dataclass

from saem.transform.parse import _media, _ocr
from saem.transform.parse._blocks import VERSION as BLOCKS_VERSION
from saem.transform.parse._blocks import Blocks
from saem.transform.parse._container import Container
from saem.transform.parse._grid import Cell, Covered, one_line
from saem.transform.parse._media import Pictures
from saem.transform.parse._numberformat import BUILT_IN, general
from saem.transform.parse._numberformat import shown as as_shown
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._opc import main_part, properties, relations
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._records import is_header
from saem.transform.parse._xml import Handlers, local, number, scan

SUFFIXES: tuple[str, ...] = (".xlsx", ".xlsm")
VERSION = f"2+{BLOCKS_VERSION}.{_media.VERSION}"
LIBRARIES: tuple[str, ...] = _media.LIBRARIES
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of pictures

MAX_CELLS = 400_000                   # of a workbook, with text; what is beyond is named as missing
MAX_CHARS = 40_000_000                # of them together: a long shared text may stand in every cell
MAX_COLUMN = 16_384
MAX_MERGES = 10_000
RUNNING = ("oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter")
MIN_ROWS = 5                          # from which on a first row that reads like a header is one: no form is as long as a list
WASTE = 8                             # a table's grid may be this many times its cells; a sparser one keeps only what is there

_PART = re.compile(r"&[LCR]")
_PAGE_CODE = re.compile(r"(?:\b(?:page|p\.|of|쪽|페이지)\s*|/\s*)?&[PN](?:[+-]\d+)?(?:\s*(?:쪽|페이지))?", re.IGNORECASE)
_CODE = re.compile(r"&(?:\"[^\"]*\"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d+|\d{1,3}|[DTFAZGBIUESXYOH])")


def parse(content: bytes, path: str) -> Parsed:
    """Rows that follow each other are a table, alone-standing texts a paragraph; empty rows part them. Formulas show the value
    that Excel stored. A merged cell is told in each row that it spans. Hidden sheets are left out, and named as missing.

    Raises: E401 (no text), E402 (no xlsx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    part = main_part(container, ".xlsx", "xl/workbook.xml")
    book, pictures = _Book(container, part), Pictures(container)
    blocks, missing = Blocks(), list(book.missing)
    for name, target in book.sheets:
        sheet = _Sheet(container, target, book)
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


class _Book:
    """Sheets, shared texts and formats; how many cells may still be read."""

    def __init__(self, container: Container, part: str) -> None:
        self.container = container
        self.sheets: list[tuple[str, str]] = []
        self.missing: list[str] = []
        self.is_1904 = False
        self.cells_left, self.chars_left = MAX_CELLS, MAX_CHARS
        targets = relations(container, part)

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "workbookPr":
                self.is_1904 = attributes.get("date1904") in ("1", "true")
            elif local(tag) == "sheet":
                name = " ".join(attributes.get("name", "").split())
                kind, target = targets.get(next((value for key, value in attributes.items() if key.endswith(":id")), ""), ("", ""))
                if attributes.get("state", "visible") != "visible":
                    self.missing.append(f"the hidden sheet '{name}' was not read")
                elif kind == "worksheet" and target in container:
                    self.sheets.append((name, target))
                else:
                    self.missing.append(f"the {kind or 'sheet'} '{name}' was not read")

        scan(container.chunks(part), start, path=container.path, name=part)
        others = {kind: target for kind, target in targets.values() if target in container}
        self.texts = _shared_texts(container, others["sharedStrings"]) if "sharedStrings" in others else []
        self.formats = _formats(container, others["styles"]) if "styles" in others else []


def _shared_texts(container: Container, part: str) -> list[str]:
    texts: list[str] = []
    pieces: list[str] = []
    is_text = is_reading_aid = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal is_text, is_reading_aid
        if tag == "t" or (name := local(tag)) == "t":
            is_text = not is_reading_aid
        elif name == "rPh":                                   # how Japanese characters are read
            is_reading_aid = True

    def end(tag: str) -> None:
        nonlocal is_text, is_reading_aid
        is_text = False
        if tag == "si" or (name := local(tag)) == "si":
            texts.append(one_line("".join(pieces)))
            pieces.clear()
        elif name == "rPh":
            is_reading_aid = False

    def text(characters: str) -> None:
        if is_text:
            pieces.append(characters)

    scan(container.chunks(part), start, end, text, path=container.path, name=part)
    return texts


def _formats(container: Container, part: str) -> list[str]:
    """The format code of each cell style; '' for General."""
    codes = dict(BUILT_IN)
    formats: list[str] = []
    is_cell_style = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal is_cell_style
        name = local(tag)
        if name == "numFmt":
            codes[number(attributes.get("numFmtId", ""), -1)] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            is_cell_style = True
        elif name == "xf" and is_cell_style:
            code = codes.get(number(attributes.get("numFmtId", "")), "")
            formats.append("" if code in ("General", "@", "G/표준") else code)

    def end(tag: str) -> None:
        nonlocal is_cell_style
        if local(tag) == "cellXfs":
            is_cell_style = False

    scan(container.chunks(part), start, end, path=container.path, name=part)
    return formats


@dataclass
class _Merge:
    first_row: int
    last_row: int
    first_column: int
    last_column: int


class _Sheet:
    """The cells of a sheet that hold something: {row: {column: text}}, both from 1, in order."""

    def __init__(self, container: Container, part: str, book: _Book) -> None:
        self.book = book
        self.rows: dict[int, dict[int, str]] = {}
        self.merges: list[_Merge] = []
        self.missing: list[str] = []
        self.row_number = self.column = self.uncounted = self.formulas = 0
        self.row: dict[int, str] = {}
        self.kind = self.style = ""
        self.is_value = self.has_formula = False
        self.running: list[str] = []                          # what is printed above and below each page
        self.value: list[str] = []
        self.columns: dict[str, int] = {}
        starts: dict[str, Callable[..., None] | None] = {
            "row": self.start_row, "c": self.start_cell, "v": self.start_value, "t": self.start_value, "f": self.start_formula,
            "mergeCell": self.start_merge, **dict.fromkeys(RUNNING, self.start_running)}
        ends: dict[str, Callable[..., None] | None] = {
            "c": self.end_cell, "v": self.end_value, "t": self.end_value, "row": self.end_row, **dict.fromkeys(RUNNING, self.end_running)}
        self.starts, self.ends = Handlers(starts), Handlers(ends)
        scan(container.chunks(part), self.start, self.end, self.characters, path=container.path, name=part)
        if self.uncounted:
            self.missing.append(f"the last {self.uncounted} cells were not read: a workbook is read up to {MAX_CELLS} cells")
        if self.formulas:
            self.missing.append(f"{self.formulas} formulas have no stored value: open and save the file in Excel")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if handler := self.starts[tag]:
            handler(attributes)

    def end(self, tag: str) -> None:
        if handler := self.ends[tag]:
            handler()

    def characters(self, text: str) -> None:
        if self.is_value:
            self.value.append(text)

    def start_row(self, attributes: dict[str, str]) -> None:
        self.row_number = number(attributes.get("r", ""), self.row_number + 1, 2_000_000)
        self.column = 0
        self.row = {}

    def start_cell(self, attributes: dict[str, str]) -> None:
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.column = self.column_of(attributes["r"]) if "r" in attributes else self.column + 1
        self.has_formula = False
        self.value.clear()

    def column_of(self, reference: str) -> int:
        """'AB12' -> 28; remembered by its letters."""
        letters = reference.rstrip("0123456789")
        found = self.columns.get(letters)
        if found is None:
            found = 0
            for letter in letters[:3].upper():
                found = found * 26 + (ord(letter) - 64 if "A" <= letter <= "Z" else 0)
            self.columns[letters] = found = min(max(found, 1), MAX_COLUMN)
        return found

    def start_value(self, _: dict[str, str]) -> None:
        self.is_value = True

    def end_value(self) -> None:
        self.is_value = False

    def start_formula(self, _: dict[str, str]) -> None:
        self.has_formula = True

    def end_cell(self) -> None:
        if not self.value:
            self.formulas += self.has_formula
            return
        text = self.text_of("".join(self.value))
        if not text:
            return
        if self.book.cells_left <= 0 or self.book.chars_left <= 0:
            self.uncounted += 1
            return
        self.book.cells_left -= 1
        self.book.chars_left -= len(text)
        self.row[self.column] = text

    def text_of(self, value: str) -> str:
        if self.kind == "s":
            place = number(value, -1, 10 ** 9)
            return self.book.texts[place] if 0 <= place < len(self.book.texts) else ""
        if self.kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if self.kind == "d":
            return value.removesuffix("T00:00:00").replace("T", " ")
        if self.kind != "n":                                  # a formula's text, a text in its cell, an error such as #N/A
            return one_line(value)
        style = number(self.style)
        code = self.book.formats[style] if style < len(self.book.formats) else ""
        try:
            return as_shown(float(value), code, self.book.is_1904) if code else value if value.isdigit() else general(float(value))
        except (ValueError, OverflowError):                   # no number after all, or an infinite one
            return one_line(value)

    def start_running(self, _: dict[str, str]) -> None:
        self.is_value = True
        self.value.clear()

    def end_running(self) -> None:
        """Left, middle and right are parted by codes, such as &C; &P is the page's number."""
        self.is_value = False
        for part in _PART.split(_PAGE_CODE.sub("", "".join(self.value))):
            text = one_line(_CODE.sub("", part).replace("&&", "&"))
            if any(map(str.isalnum, text)) and text not in self.running:
                self.running.append(text)

    def end_row(self) -> None:
        if self.row:
            self.rows.setdefault(self.row_number, {}).update(self.row)

    def start_merge(self, attributes: dict[str, str]) -> None:
        first, _, last = attributes.get("ref", "").partition(":")
        if last and len(self.merges) < MAX_MERGES:
            top, bottom = (number(each.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 1, 2_000_000) for each in (first, last))
            self.merges.append(_Merge(top, bottom, self.column_of(first), self.column_of(last)))


def _tell(sheet: _Sheet, blocks: Blocks) -> None:
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


def _covered(sheet: _Sheet) -> dict[tuple[int, int], Covered]:
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


def _tell_group(group: list[int], sheet: _Sheet, covered: dict[tuple[int, int], Covered], blocks: Blocks) -> None:
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
