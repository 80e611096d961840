"""Word documents, by their own XML: headings, lists with their numbers, tables, footnotes, text boxes.

Left out, since no reader would quote them: headers, footers, comments, deleted and hidden text, tables of contents.
Source: ECMA-376 part 1, section 17 (WordprocessingML).
"""
from dataclasses import dataclass, field

from saem.transform.parse._blocks import VERSION as BLOCKS_VERSION
from saem.transform.parse._blocks import Blocks, Cell, Covered, Nesting
from saem.transform.parse._container import Container
from saem.transform.parse._numbering import note_mark
from saem.transform.parse._opc import main_part, properties, relations
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._word_styles import Lists, Style, attribute, level_of, lists_of, styles_of
from saem.transform.parse._xml import Reader, number

SUFFIXES: tuple[str, ...] = (".docx", ".docm")
VERSION = f"1+{BLOCKS_VERSION}.{OUTLINE_VERSION}"
LIBRARIES: tuple[str, ...] = ()

MAX_COLUMNS = 63                      # of a table, Word's own limit


def parse(content: bytes, path: str) -> Parsed:
    """Headings are told by style or outline level; where there are none, numbered parts of rules are. A footnote follows its
    paragraph. There are no pages: a docx has none before a program lays it out.

    Raises: E401 (no text), E402 (no docx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    part = main_part(container, ".docx", "word/document.xml")
    others = {kind: target for kind, target in relations(container, part).values() if target in container}
    styles = styles_of(container, others["styles"]) if "styles" in others else {}
    lists = Lists(lists_of(container, others["numbering"]) if "numbering" in others else {})
    notes: dict[str, str] = {}
    for kind in ("footnotes", "endnotes"):
        if kind in others:
            notes |= _Reader(container, others[kind], styles, lists, {}).notes
    reader = _Reader(container, part, styles, lists, notes)
    text, _, headings, elements = reader.out.assembled()
    about = properties(container)
    title = about.title or next(iter([*reader.titles, *(heading.text for heading in headings if heading.level == 1)]), "")
    return Parsed(text, title, [], headings or outline(text), elements, about.author, about.created, about.modified,
                  reader.missing())


@dataclass
class _Paragraph:
    style: str = ""
    level: int | None = None
    list_id: str | None = None
    depth: int | None = None
    text: list[str] = field(default_factory=list)
    boxes: list[Blocks] = field(default_factory=list)         # text boxes that hang on it


@dataclass
class _Cell:
    content: Blocks
    columns: int = 1
    is_covered: bool = False


@dataclass
class _Table:
    rows: list[list[_Cell]] = field(default_factory=list)
    is_row_deleted: bool = False
    is_outer: bool = False            # one of its cells holds a table


class _Reader(Nesting, Reader):
    """Scans one part. `out` takes the blocks of the innermost body, cell, text box or note; `outer` are those around it."""
    LEFT_OUT = ("del", "moveFrom", "Fallback", "rt", "sectPr", "pPrChange", "rPrChange", "tblPrChange", "tcPrChange", "trPrChange")
    UNREAD = {"blip": "picture", "chart": "chart", "relIds": "diagram", "OLEObject": "embedded object", "altChunk": "embedded document"}

    def __init__(self, container: Container, part: str, styles: dict[str, Style], lists: Lists, notes: dict[str, str]) -> None:
        super().__init__()
        self.styles, self.lists, self.notes = styles, lists, notes
        self.paragraphs: list[_Paragraph] = []
        self.tables: list[_Table] = []
        self.cited: list[str] = []                            # notes to be told after the block that is open
        self.note, self.note_number = "", 0
        self.titles: list[str] = []
        self.is_hidden = self.is_format = self.is_row_format = False
        self.scan(container, part)

    def add(self, characters: str) -> None:
        if self.paragraphs and not self.is_hidden:
            self.paragraphs[-1].text.append(characters)

    def leave_out(self, _: dict[str, str]) -> None:
        if self.is_row_format and self.tables:                # <w:del/> among a row's properties: the row is deleted
            self.tables[-1].is_row_deleted = True
        self.skipped = 1

    # ---- characters

    def start_r(self, _: dict[str, str]) -> None:
        self.is_hidden = False

    def start_vanish(self, attributes: dict[str, str]) -> None:
        self.is_hidden = not self.is_format and attribute(attributes, "val") not in ("0", "false", "off")

    def end_r(self) -> None:
        self.is_hidden = False

    def start_tab(self, _: dict[str, str]) -> None:
        if not self.is_format:                                # there it is a tab stop
            self.add("\t")

    start_ptab = start_tab

    def start_br(self, _: dict[str, str]) -> None:
        self.add("\n")

    start_cr = start_br

    def start_noBreakHyphen(self, _: dict[str, str]) -> None:
        self.add("-")

    def start_footnoteReference(self, attributes: dict[str, str]) -> None:
        self.cite("footnote", attributes)

    def start_endnoteReference(self, attributes: dict[str, str]) -> None:
        self.cite("endnote", attributes)

    def cite(self, kind: str, attributes: dict[str, str]) -> None:
        note = self.notes.pop(f"{kind} {attribute(attributes, 'id')}", "")
        if note:
            self.note_number += 1
            self.add(note_mark(self.note_number))
            self.cited.append(f"{note_mark(self.note_number)} {note}")

    # ---- paragraphs

    def start_p(self, _: dict[str, str]) -> None:
        self.paragraphs.append(_Paragraph())

    def start_pPr(self, _: dict[str, str]) -> None:
        self.is_format = True

    def end_pPr(self) -> None:
        self.is_format = False

    def start_pStyle(self, attributes: dict[str, str]) -> None:
        if self.paragraphs:
            self.paragraphs[-1].style = attribute(attributes, "val")

    def start_outlineLvl(self, attributes: dict[str, str]) -> None:
        if self.paragraphs:
            self.paragraphs[-1].level = level_of(attribute(attributes, "val"))

    def start_numId(self, attributes: dict[str, str]) -> None:
        if self.paragraphs:
            self.paragraphs[-1].list_id = attribute(attributes, "val")

    def start_ilvl(self, attributes: dict[str, str]) -> None:
        if self.paragraphs:
            self.paragraphs[-1].depth = number(attribute(attributes, "val"), largest=8)

    def end_p(self) -> None:
        if not self.paragraphs:
            return
        paragraph = self.paragraphs.pop()
        self.tell(paragraph)
        for box in paragraph.boxes:
            self.out.extend(box)
        self.tell_notes()

    def tell(self, paragraph: _Paragraph) -> None:
        style = self.styles.get(paragraph.style, Style())
        level = style.level if paragraph.level is None else paragraph.level
        list_id = style.list_id if paragraph.list_id is None else paragraph.list_id
        text = "".join(paragraph.text)
        mark, depth = "", 0
        if list_id and list_id != "0":
            said = style.depth if paragraph.depth is None else paragraph.depth
            depth = self.lists.depth_of(list_id, paragraph.style) if said is None else said
            mark = self.lists.mark(list_id, depth)
        if style.kind == "contents" or not text.strip():
            return
        if style.kind == "title":
            self.titles.append(" ".join(text.split()))
        if level or style.kind == "title":
            self.out.heading(level or 1, f"{mark} {text}" if mark != "-" else text)
        elif mark:
            self.out.item(mark, depth, text)
        else:
            self.out.paragraph(text, style.kind or "paragraph")

    def tell_notes(self) -> None:
        if not self.outer:
            for note in self.cited:
                self.out.paragraph(note)
            self.cited.clear()

    # ---- what holds blocks of its own

    def start_txbxContent(self, _: dict[str, str]) -> None:
        self.begin()

    def end_txbxContent(self) -> None:
        box = self.finish()
        if self.paragraphs:
            self.paragraphs[-1].boxes.append(box)
        else:
            self.out.extend(box)

    def start_footnote(self, attributes: dict[str, str]) -> None:
        self.note = "" if attribute(attributes, "type") else f"footnote {attribute(attributes, 'id')}"      # types are separators
        self.begin()

    def start_endnote(self, attributes: dict[str, str]) -> None:
        self.note = "" if attribute(attributes, "type") else f"endnote {attribute(attributes, 'id')}"
        self.begin()

    def end_footnote(self) -> None:
        text = self.finish().flat()
        if self.note:
            self.notes[self.note] = text

    end_endnote = end_footnote

    # ---- tables

    def start_tbl(self, _: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].is_outer = True
        self.tables.append(_Table())

    def start_tr(self, _: dict[str, str]) -> None:
        if self.tables:
            self.tables[-1].rows.append([])

    def start_trPr(self, _: dict[str, str]) -> None:
        self.is_row_format = True

    def end_trPr(self) -> None:
        self.is_row_format = False

    def end_tr(self) -> None:
        if self.tables and self.tables[-1].is_row_deleted:
            self.tables[-1].rows.pop()
            self.tables[-1].is_row_deleted = False

    def start_tc(self, _: dict[str, str]) -> None:
        self.begin()
        if self.tables and self.tables[-1].rows:
            self.tables[-1].rows[-1].append(_Cell(self.out))

    def start_gridSpan(self, attributes: dict[str, str]) -> None:
        if self.tables and self.tables[-1].rows and self.tables[-1].rows[-1]:
            self.tables[-1].rows[-1][-1].columns = number(attribute(attributes, "val"), 1, MAX_COLUMNS)

    def start_vMerge(self, attributes: dict[str, str]) -> None:
        if self.tables and self.tables[-1].rows and self.tables[-1].rows[-1]:
            self.tables[-1].rows[-1][-1].is_covered = attribute(attributes, "val") != "restart"

    def end_tc(self) -> None:
        self.finish()

    def end_tbl(self) -> None:
        table = self.tables.pop()
        cells = [cell for row in table.rows for cell in row]
        if len(cells) == 1 or table.is_outer and (len(table.rows) == 1 or max(map(len, table.rows), default=0) == 1):
            for cell in cells:                                # it frames text or places tables: what is in it stands for itself
                self.out.extend(cell.content)
        else:
            self.out.table([_grid(row) for row in table.rows])
        self.tell_notes()


def _grid(row: list[_Cell]) -> list[Cell]:
    places: list[Cell] = []
    for cell in row:
        places.append(Covered.BY_UPPER if cell.is_covered else cell.content.flat())
        places += [Covered.BY_LEFT] * (cell.columns - 1)
    return places
