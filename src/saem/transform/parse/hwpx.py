"""Hancom's HWPX, by its own XML: outline levels as headings, numbered and bulleted paragraphs, tables, notes, text boxes.

Left out, since no reader would quote them: headers, footers, memos, hidden comments, deleted text. Of the packages that read
HWPX (unhwp, kreuzberg, python-hwpx, hwp-hwpx-parser) none gives blocks with their places in the text.
Source: KS X 6101 (OWPML).
"""
import re
from dataclasses import dataclass, field

from saem.core.errors import SaemError
from saem.transform.parse._blocks import VERSION as BLOCKS_VERSION
from saem.transform.parse._blocks import Blocks, Cell, Covered, Nesting
from saem.transform.parse._container import Container, encrypted
from saem.transform.parse._decode import clean
from saem.transform.parse._numbering import Counter, note_mark
from saem.transform.parse._opc import Properties, real_title
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Parsed, moment
from saem.transform.parse._xml import Reader, local, number, scan

SUFFIXES: tuple[str, ...] = (".hwpx",)
VERSION = f"1+{BLOCKS_VERSION}.{OUTLINE_VERSION}"
LIBRARIES: tuple[str, ...] = ()

HEADER = "Contents/header.xml"
MAX_HEADING_CHARS = 120               # outlines also number whole sentences of a report; those are items of a list
MAX_GRID = 1000                       # rows or columns that a cell may span
_SECTION = re.compile(r"Contents/section(\d+)\.xml$")
_OUTLINE_STYLE = re.compile(r"(?:개요|outline|제목|heading)\s?(\d+)$", re.IGNORECASE)


def parse(content: bytes, path: str) -> Parsed:
    """Headings are paragraphs with an outline level; where there are none, numbered parts of rules are. A note follows its
    paragraph, a table's caption the table. There are no pages: an HWPX has none before a program lays it out.

    Raises: E401 (no text), E402 (no hwpx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    sections = sorted((int(found[1]), name) for name in container.names if (found := _SECTION.match(name)))
    if not sections:
        raise SaemError("E402", "the file is named .hwpx but is another kind of archive: it has no 'Contents/section0.xml'", where=path,
                        fix="give the file the suffix of what it is")
    if "META-INF/manifest.xml" in container and b"encryption-data" in container.read("META-INF/manifest.xml"):
        raise encrypted(path)
    head = _Head()
    if HEADER in container:
        head.scan(container, HEADER)
    reader = _Section(head)
    for _, name in sections:
        reader.is_deleted = False
        reader.scan(container, name)
    text, _, headings, elements = reader.out.assembled()
    about = _properties(container)
    title = about.title or next((heading.text for heading in headings if heading.level == 1), "")
    return Parsed(text, title, [], headings or outline(text), elements, about.author, about.created, about.modified, reader.missing())


def _properties(container: Container) -> Properties:
    part = "Contents/content.hpf"
    texts: dict[str, str] = {}
    name = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        name = attributes.get("name", "") if local(tag) == "meta" else local(tag)

    def text(characters: str) -> None:
        texts[name] = texts.get(name, "") + characters

    if part in container:
        scan(container.chunks(part), start, None, text, path=container.path, name=part)
    return Properties(real_title(texts.get("title", "")), " ".join(clean(texts.get("creator", "")).split()),
                      moment(texts.get("CreatedDate", "")), moment(texts.get("ModifiedDate", "")))


@dataclass
class _Numbering:
    """Per level, from 0: how its number is written, the pattern around it, the first number."""
    formats: dict[int, str] = field(default_factory=dict)
    patterns: dict[int, str] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


class _Head(Reader):
    """header.xml: the numberings, and what each paragraph format and style means."""

    def __init__(self) -> None:
        super().__init__()
        self.numberings: dict[str, _Numbering] = {}
        self.formats: dict[str, tuple[str, str, int]] = {}    # paragraph format -> (NONE, OUTLINE, NUMBER or BULLET; numbering; level)
        self.levels: dict[str, int] = {}                      # style -> outline level by its name, from 1
        self.captions: set[str] = set()
        self.numbering: _Numbering | None = None
        self.level = 0
        self.format = ""

    def start_numbering(self, attributes: dict[str, str]) -> None:
        self.numbering = self.numberings[attributes.get("id", "")] = _Numbering()

    def end_numbering(self) -> None:
        self.numbering = None

    def start_paraHead(self, attributes: dict[str, str]) -> None:
        if self.numbering:
            self.level = number(attributes.get("level", ""), 1, 10) - 1
            self.numbering.formats[self.level] = attributes.get("numFormat", "")
            self.numbering.starts[self.level] = number(attributes.get("start", ""), 1)
            self.numbering.patterns[self.level] = ""
            self.is_text = True

    def end_paraHead(self) -> None:
        self.is_text = False

    def add(self, characters: str) -> None:
        if self.numbering:
            self.numbering.patterns[self.level] += characters

    def start_paraPr(self, attributes: dict[str, str]) -> None:
        self.format = attributes.get("id", "")

    def start_heading(self, attributes: dict[str, str]) -> None:
        self.formats[self.format] = (attributes.get("type", ""), attributes.get("idRef", ""), number(attributes.get("level", ""), 0, 9))

    def start_style(self, attributes: dict[str, str]) -> None:
        style = attributes.get("id", "")
        for name in (attributes.get("name", ""), attributes.get("engName", "")):
            if found := _OUTLINE_STYLE.match(name.strip()):
                self.levels.setdefault(style, number(found[1], 1, 10))
            if name in ("캡션", "Caption"):
                self.captions.add(style)


@dataclass
class _Paragraph:
    format: str = ""
    style: str = ""
    text: list[str] = field(default_factory=list)
    below: list[Blocks] = field(default_factory=list)         # tables and text boxes that stand in it


@dataclass
class _Cell:
    content: Blocks
    row: int = 0
    column: int = 0
    rows: int = 1
    columns: int = 1


@dataclass
class _Table:
    cells: list[_Cell] = field(default_factory=list)
    row: int = -1
    is_outer: bool = False            # one of its cells holds a table


class _Section(Nesting, Reader):
    """Scans sections. `out` takes the blocks of the innermost body, cell, text box, caption or note; `outer` are those around it."""
    LEFT_OUT = ("header", "footer", "hiddenComment", "fieldBegin", "masterPage", "subText", "parameters", "shapeComment", "footNotePr",
                "endNotePr", "memo", "trackChange")
    UNREAD = {"pic": "picture", "chart": "chart", "ole": "embedded object", "video": "video"}

    def __init__(self, head: _Head) -> None:
        super().__init__()
        self.head = head
        self.paragraphs: list[_Paragraph] = []
        self.tables: list[_Table] = []
        self.counters: dict[str, Counter] = {}
        self.outline_numbering = ""
        self.notes: list[str] = []                            # to be told after the block that is open
        self.note_number = 0
        self.is_deleted = False

    def add(self, characters: str) -> None:
        if self.paragraphs and not self.is_deleted:
            self.paragraphs[-1].text.append(characters)

    # ---- characters

    start_script = start_mainText = Reader.start_t            # of an equation; of characters with others above them
    end_script = end_mainText = Reader.end_t

    def start_tab(self, _: dict[str, str]) -> None:
        self.add("\t")

    def start_lineBreak(self, _: dict[str, str]) -> None:
        self.add("\n")

    def start_nbSpace(self, _: dict[str, str]) -> None:
        self.add(" ")

    start_fwSpace = start_nbSpace

    def start_hyphen(self, _: dict[str, str]) -> None:
        self.add("-")

    def start_compose(self, attributes: dict[str, str]) -> None:
        self.add(attributes.get("composeText", ""))

    def start_deleteBegin(self, _: dict[str, str]) -> None:
        self.is_deleted = True

    def start_deleteEnd(self, _: dict[str, str]) -> None:
        self.is_deleted = False

    def start_autoNum(self, attributes: dict[str, str]) -> None:
        if attributes.get("numType") in ("TABLE", "PICTURE", "EQUATION"):      # a caption's 'Table 3'
            self.add(attributes.get("num", ""))

    # ---- paragraphs

    def start_secPr(self, attributes: dict[str, str]) -> None:
        self.outline_numbering = attributes.get("outlineShapeIDRef", "")

    def start_p(self, attributes: dict[str, str]) -> None:
        self.paragraphs.append(_Paragraph(attributes.get("paraPrIDRef", ""), attributes.get("styleIDRef", "")))

    def end_p(self) -> None:
        paragraph = self.paragraphs.pop()
        self.tell(paragraph)
        for blocks in paragraph.below:
            self.out.extend(blocks)
        if not self.outer:
            for note in self.notes:
                self.out.paragraph(note)
            self.notes.clear()

    def tell(self, paragraph: _Paragraph) -> None:
        kind, numbering, depth = self.head.formats.get(paragraph.format, ("", "", 0))
        text = "".join(paragraph.text).strip()
        if not text:
            return
        mark = "-" if kind == "BULLET" else ""
        if kind in ("OUTLINE", "NUMBER"):
            mark = self.mark(self.outline_numbering if kind == "OUTLINE" and numbering in ("", "0") else numbering, depth)
        level = depth + 1 if kind == "OUTLINE" else self.head.levels.get(paragraph.style, 0)
        if level and len(text) <= MAX_HEADING_CHARS:
            self.out.heading(level, f"{mark} {text}" if mark != "-" else text)
        elif mark:
            self.out.item(mark, depth, text)
        else:
            self.out.paragraph(text, "caption" if paragraph.style in self.head.captions else "paragraph")

    def mark(self, numbering: str, depth: int) -> str:
        found = self.head.numberings.get(numbering)
        if not found:
            return ""
        counter = self.counters.setdefault(numbering, Counter(found.starts))
        counter.next(depth)
        return counter.mark(found.patterns.get(depth, ""), found.formats)

    # ---- what holds blocks of its own

    def place(self, blocks: Blocks) -> None:
        if self.paragraphs:
            self.paragraphs[-1].below.append(blocks)
        else:
            self.out.extend(blocks)

    def start_drawText(self, _: dict[str, str]) -> None:
        self.begin()

    def end_drawText(self) -> None:
        self.place(self.finish())

    def start_caption(self, _: dict[str, str]) -> None:
        self.begin()

    def end_caption(self) -> None:
        caption = Blocks()
        caption.paragraph(self.finish().flat(), "caption")
        self.place(caption)

    def start_footNote(self, _: dict[str, str]) -> None:
        self.note_number += 1
        self.add(note_mark(self.note_number))
        self.begin()

    def end_footNote(self) -> None:
        self.notes.append(f"{note_mark(self.note_number)} {self.finish().flat()}")

    start_endNote, end_endNote = start_footNote, end_footNote

    # ---- tables

    def start_tbl(self, _: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].is_outer = True
        self.tables.append(_Table())

    def start_tr(self, _: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].row += 1

    def start_tc(self, _: dict[str, str]) -> None:
        self.begin()
        if self.tables:
            table = self.tables[-1]
            table.cells.append(_Cell(self.out, table.row, sum(cell.row == table.row for cell in table.cells[-100:])))

    def start_cellAddr(self, attributes: dict[str, str]) -> None:
        if self.tables and self.tables[-1].cells:
            cell = self.tables[-1].cells[-1]
            cell.row = number(attributes.get("rowAddr", ""), cell.row, 100_000)
            cell.column = number(attributes.get("colAddr", ""), cell.column, MAX_GRID)

    def start_cellSpan(self, attributes: dict[str, str]) -> None:
        if self.tables and self.tables[-1].cells:
            cell = self.tables[-1].cells[-1]
            cell.rows, cell.columns = (number(attributes.get(name, ""), 1, MAX_GRID) for name in ("rowSpan", "colSpan"))

    def end_tc(self) -> None:
        self.finish()

    def end_tbl(self) -> None:
        table = self.tables.pop()
        rows, columns = len({cell.row for cell in table.cells}), len({cell.column for cell in table.cells})
        blocks = Blocks()
        if len(table.cells) == 1 or table.is_outer and 1 in (rows, columns):
            for cell in table.cells:                          # it frames text or places tables: what is in it stands for itself
                blocks.extend(cell.content)
        else:
            blocks.table(_grid(table.cells))
        self.place(blocks)


def _grid(cells: list[_Cell]) -> list[list[Cell]]:
    """Rows of places. What a merged cell covers is marked, within the rows and columns in which some cell begins."""
    rows: dict[int, dict[int, Cell]] = {cell.row: {} for cell in cells}
    known = sorted({cell.column for cell in cells})
    budget = 20 * len(cells) + 1000                           # places that merged cells may cover in all
    for cell in cells:
        for row in range(cell.row, cell.row + max(cell.rows, 1)):
            for column in (each for each in known if cell.column <= each < cell.column + max(cell.columns, 1)):
                if row in rows and (budget := budget - 1) > 0:
                    covered = Covered.BY_LEFT if column > cell.column else Covered.BY_UPPER
                    rows[row].setdefault(column, covered)
        rows[cell.row][cell.column] = cell.content.flat()
    return [[cell for _, cell in sorted(rows[row].items(), key=lambda place: place[0])] for row in sorted(rows)]
