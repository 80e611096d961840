"""The parts of an Excel workbook, streamed: its sheets, shared texts and formats, and what each cell shows.

A sheet's XML is never in memory as a whole. calamine (Rust) gives values without their formats, and takes a dense grid of memory
for a sheet with one cell in each corner; openpyxl is half as fast.
Source: ECMA-376 part 1, section 18 (SpreadsheetML).
"""
import re
from collections.abc import Callable
from dataclasses import dataclass

from saem.transform.parse._container import Container
from saem.transform.parse._grid import one_line
from saem.transform.parse._numberformat import BUILT_IN, general
from saem.transform.parse._numberformat import shown as as_shown
from saem.transform.parse._opc import relations
from saem.transform.parse._xml import Handlers, local, number, scan

MAX_CELLS = 400_000                   # of a workbook, with text; what is beyond is named as missing
MAX_CHARS = 40_000_000                # of them together: a long shared text may stand in every cell
MAX_COLUMN = 16_384
MAX_MERGES = 10_000
RUNNING = ("oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter")

_PART = re.compile(r"&[LCR]")
_PAGE_CODE = re.compile(r"(?:\b(?:page|p\.|of|쪽|페이지)\s*|/\s*)?&[PN](?:[+-]\d+)?(?:\s*(?:쪽|페이지))?", re.IGNORECASE)
_CODE = re.compile(r"&(?:\"[^\"]*\"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d+|\d{1,3}|[DTFAZGBIUESXYOH])")


class Book:
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
class Merge:
    first_row: int
    last_row: int
    first_column: int
    last_column: int


class Sheet:
    """The cells of a sheet that hold something: {row: {column: text}}, both from 1, in order."""

    def __init__(self, container: Container, part: str, book: Book) -> None:
        self.book = book
        self.rows: dict[int, dict[int, str]] = {}
        self.merges: list[Merge] = []
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
            self.merges.append(Merge(top, bottom, self.column_of(first), self.column_of(last)))
