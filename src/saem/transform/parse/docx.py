"""Word documents, by their own XML: headings, lists with their numbers, tables, footnotes, text boxes, pictures, headers and footers.

Comments and hidden text are told in `missing`. Left out, since no reader would quote them: deleted text, tables of contents.
Source: ECMA-376 part 1, section 17 (WordprocessingML).
"""
from dataclasses import dataclass, field

from saem.transform.parse import _media, _ocr
from saem.transform.parse._blocks import Blocks
from saem.transform.parse._container import Container
from saem.transform.parse._media import Pictures
from saem.transform.parse._nesting import VERSION as NESTING_VERSION
from saem.transform.parse._nesting import Nesting, once
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._opc import main_part, properties, relations
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._word_styles import Lists, Style, attribute, level_of, lists_of, styles_of
from saem.transform.parse._xml import Reader, number

SUFFIXES: tuple[str, ...] = (".docx", ".docm")
VERSION = f"2+{NESTING_VERSION}.{OUTLINE_VERSION}.{_media.VERSION}"
LIBRARIES: tuple[str, ...] = _media.LIBRARIES
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of pictures

MAX_COLUMNS = 63                      # of a table, Word's own limit
PAGE_FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES")


def parse(content: bytes, path: str) -> Parsed:
    """Headings are told by style or outline level; where there are none, numbered parts of rules are. A footnote follows its
    paragraph, a picture's text the paragraph that it hangs on. What the headers say stands first, what the footers say last.
    There are no pages: a docx has none before a program lays it out.

    Raises: E401 (no text), E402 (no docx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    part = main_part(container, ".docx", "word/document.xml")
    targets = [(kind, target) for kind, target in relations(container, part).values() if target in container]
    others = dict(targets)
    styles = styles_of(container, others["styles"]) if "styles" in others else {}
    lists = Lists(lists_of(container, others["numbering"]) if "numbering" in others else {})
    pictures = Pictures(container)
    notes: dict[str, str] = {}
    for kind in ("footnotes", "endnotes"):
        if kind in others:
            notes |= _Reader(container, others[kind], styles, lists, {}, pictures).notes
    reader = _Reader(container, part, styles, lists, notes, pictures)
    around = {kind: once([_Reader(container, target, styles, lists, {}, pictures).out for each, target in targets if each == kind])
              for kind in ("header", "footer")}
    if "comments" in others:
        reader.unread["comment"] += _Comments(container, others["comments"]).count
    whole = Blocks([*around["header"], *reader.out.blocks, *around["footer"]])
    text, _, headings, elements = whole.assembled()
    about = properties(container)
    title = about.title or next(iter([*reader.titles, *(heading.text for heading in headings if heading.level == 1)]), "")
    return Parsed(text, title, [], headings or outline(text), elements, about.author, about.created, about.modified,
                  [*reader.missing(), *pictures.missing()], whole.recognised(elements))


class _Comments(Reader):
    """How many there are."""

    def __init__(self, container: Container, part: str) -> None:
        super().__init__()
        self.count = 0
        self.scan(container, part)

    def start_comment(self, _: dict[str, str]) -> None:
        self.count += 1

    def add(self, characters: str) -> None:
        pass


@dataclass
class _Paragraph:
    style: str = ""
    level: int | None = None
    list_id: str | None = None
    depth: int | None = None
    text: list[str] = field(default_factory=list)
    boxes: list[Blocks] = field(default_factory=list)         # text boxes that hang on it


class _Reader(Nesting, Reader):
    """Scans one part."""
    LEFT_OUT = ("del", "moveFrom", "Fallback", "rt", "sectPr", "pPrChange", "rPrChange", "tblPrChange", "tcPrChange", "trPrChange")
    UNREAD = {"chart": "chart", "relIds": "diagram", "OLEObject": "embedded object", "altChunk": "embedded document"}

    def __init__(self, container: Container, part: str, styles: dict[str, Style], lists: Lists, notes: dict[str, str],
                 pictures: Pictures) -> None:
        super().__init__()
        self.styles, self.lists, self.notes, self.pictures = styles, lists, notes, pictures
        self.targets = relations(container, part)
        self.paragraphs: list[_Paragraph] = []
        self.note = ""
        self.titles: list[str] = []
        self.is_hidden = self.is_format = self.is_row_format = False
        self.field: list[str] | None = None                   # the instruction of a field, while it is read
        self.is_page_number = self.is_page_field = False      # a field of that kind has begun; what follows is its result
        self.scan(container, part)

    def add(self, characters: str) -> None:
        if self.field is not None:
            self.field.append(characters)
        elif self.is_hidden:
            self.unread["stretch of hidden text"] += bool(characters.strip())
        elif self.paragraphs and not self.is_page_field:
            self.paragraphs[-1].text.append(characters)

    def leave_out(self, _: dict[str, str]) -> None:
        if self.is_row_format and self.tables:                # <w:del/> among a row's properties: the row is deleted
            self.tables[-1].deleted.add(self.tables[-1].row)
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

    def start_instrText(self, _: dict[str, str]) -> None:
        self.field, self.is_text = [], True

    def end_instrText(self) -> None:
        self.is_page_number = _is_page_field("".join(self.field or ()))
        self.field, self.is_text = None, False

    def start_fldChar(self, attributes: dict[str, str]) -> None:
        is_result = attribute(attributes, "fldCharType") == "separate"
        self.is_page_field, self.is_page_number = is_result and self.is_page_number, False

    def start_fldSimple(self, attributes: dict[str, str]) -> None:
        self.is_page_field = _is_page_field(attribute(attributes, "instr"))

    def end_fldSimple(self) -> None:
        self.is_page_field = False

    def start_blip(self, attributes: dict[str, str]) -> None:
        self.show(attribute(attributes, "embed"))

    def start_imagedata(self, attributes: dict[str, str]) -> None:
        self.show(attribute(attributes, "id"))

    def show(self, identifier: str) -> None:
        blocks = self.pictures.blocks(self.targets.get(identifier, ("", ""))[1])
        if self.paragraphs:
            self.paragraphs[-1].boxes.append(blocks)
        else:
            self.out.extend(blocks)

    def start_footnoteReference(self, attributes: dict[str, str]) -> None:
        self.cite("footnote", attributes)

    def start_endnoteReference(self, attributes: dict[str, str]) -> None:
        self.cite("endnote", attributes)

    def cite(self, kind: str, attributes: dict[str, str]) -> None:
        note = self.notes.pop(f"{kind} {attribute(attributes, 'id')}", "")
        if note:
            mark = self.next_note()
            self.add(mark)
            self.cited.append(f"{mark} {note}")

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

    def start_trPr(self, _: dict[str, str]) -> None:
        self.is_row_format = True

    def end_trPr(self) -> None:
        self.is_row_format = False

    def start_tblHeader(self, attributes: dict[str, str]) -> None:
        if self.tables and attribute(attributes, "val") not in ("0", "false", "off"):
            self.tables[-1].headers.add(self.tables[-1].row)

    def start_gridSpan(self, attributes: dict[str, str]) -> None:
        if self.cell:
            self.cell.columns = number(attribute(attributes, "val"), 1, MAX_COLUMNS)

    def start_vMerge(self, attributes: dict[str, str]) -> None:
        if self.cell:
            self.cell.is_covered = attribute(attributes, "val") != "restart"

    def end_tbl(self) -> None:
        super().end_tbl()
        self.tell_notes()


def _is_page_field(instruction: str) -> bool:
    return instruction.split()[:1] in ([name] for name in PAGE_FIELDS)
