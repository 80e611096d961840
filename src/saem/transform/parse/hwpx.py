"""Hancom's HWPX, by its own XML: outline levels as headings, numbered and bulleted paragraphs, tables, notes, text boxes, pictures,
headers and footers.

Memos and hidden comments are told in `missing`; deleted text is left out. Of the packages that read HWPX (unhwp, kreuzberg,
python-hwpx, hwp-hwpx-parser) none gives blocks with their places in the text.
Source: KS X 6101 (OWPML).
"""
import re
from dataclasses import dataclass, field

from saem.core.errors import SaemError
from saem.transform.parse import _media, _ocr
from saem.transform.parse._blocks import Blocks
from saem.transform.parse._container import Container, encrypted
from saem.transform.parse._grid import MAX_SPAN
from saem.transform.parse._hwpx_head import HEADER, Head, package
from saem.transform.parse._media import Pictures
from saem.transform.parse._nesting import VERSION as NESTING_VERSION
from saem.transform.parse._nesting import Nesting, once
from saem.transform.parse._numbering import Counter, note_mark
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._xml import Reader, number

SUFFIXES: tuple[str, ...] = (".hwpx",)
VERSION = f"2+{NESTING_VERSION}.{OUTLINE_VERSION}.{_media.VERSION}"
LIBRARIES: tuple[str, ...] = _media.LIBRARIES
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of pictures

MAX_HEADING_CHARS = 120               # outlines also number whole sentences of a report; those are items of a list
_SECTION = re.compile(r"Contents/section(\d+)\.xml$")


def parse(content: bytes, path: str) -> Parsed:
    """Headings are paragraphs with an outline level; where there are none, numbered parts of rules are. A note follows its
    paragraph, a table's caption the table. What the headers say stands first, what the footers say last. There are no pages: an HWPX
    has none before a program lays it out.

    Raises: E401 (no text), E402 (no hwpx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    sections = sorted((int(found[1]), name) for name in container.names if (found := _SECTION.match(name)))
    if not sections:
        raise SaemError("E402", "the file is named .hwpx but is another kind of archive: it has no 'Contents/section0.xml'", where=path,
                        fix="give the file the suffix of what it is")
    if "META-INF/manifest.xml" in container and b"encryption-data" in container.read("META-INF/manifest.xml"):
        raise encrypted(path)
    head = Head()
    if HEADER in container:
        head.scan(container, HEADER)
    about, parts = package(container)
    reader = _Section(head, Pictures(container), parts)
    for _, name in sections:
        reader.is_deleted = False
        reader.scan(container, name)
    whole = Blocks([*once(reader.around["header"]), *reader.out.blocks, *once(reader.around["footer"])])
    text, _, headings, elements = whole.assembled()
    title = about.title or next((heading.text for heading in headings if heading.level == 1), "")
    return Parsed(text, title, [], headings or outline(text), elements, about.author, about.created, about.modified,
                  [*reader.missing(), *reader.pictures.missing()], whole.recognised(elements))


@dataclass
class _Paragraph:
    format: str = ""
    style: str = ""
    text: list[str] = field(default_factory=list)
    below: list[Blocks] = field(default_factory=list)         # tables and text boxes that stand in it


class _Section(Nesting, Reader):
    """Scans sections."""
    LEFT_OUT = ("masterPage", "subText", "parameters", "shapeComment", "footNotePr", "endNotePr", "memo", "trackChange")
    UNREAD = {"chart": "chart", "ole": "embedded object", "video": "video"}

    def __init__(self, head: Head, pictures: Pictures, parts: dict[str, str]) -> None:
        super().__init__()
        self.head, self.pictures, self.parts = head, pictures, parts
        self.paragraphs: list[_Paragraph] = []
        self.counters: dict[str, Counter] = {}
        self.outline_numbering = ""
        self.around: dict[str, list[Blocks]] = {"header": [], "footer": []}
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
        self.tell_notes()

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

    start_header = start_footer = start_drawText

    def end_header(self) -> None:
        self.around["header"].append(self.finish())

    def end_footer(self) -> None:
        self.around["footer"].append(self.finish())

    def start_fieldBegin(self, attributes: dict[str, str]) -> None:
        self.unread["memo"] += attributes.get("type") == "MEMO"
        self.skipped = 1

    def start_hiddenComment(self, _: dict[str, str]) -> None:
        self.unread["hidden comment"] += 1
        self.skipped = 1

    def start_caption(self, _: dict[str, str]) -> None:
        self.begin()

    def end_caption(self) -> None:
        caption = Blocks()
        caption.paragraph(self.finish().flat(), "caption")
        self.place(caption)

    def start_img(self, attributes: dict[str, str]) -> None:
        identifier = attributes.get("binaryItemIDRef", "")
        self.place(self.pictures.blocks(self.parts.get(identifier, identifier)))

    def start_footNote(self, _: dict[str, str]) -> None:
        self.add(self.next_note())
        self.begin()

    def end_footNote(self) -> None:
        self.cited.append(f"{note_mark(self.note_number)} {self.finish().flat()}")

    start_endNote, end_endNote = start_footNote, end_footNote

    # ---- tables

    def start_tc(self, attributes: dict[str, str]) -> None:
        super().start_tc(attributes)
        if self.tables and attributes.get("header") in ("1", "true"):
            self.tables[-1].headers.add(self.tables[-1].row)

    def start_cellAddr(self, attributes: dict[str, str]) -> None:
        if self.cell:
            self.cell.row = number(attributes.get("rowAddr", ""), self.cell.row, 100_000)
            self.cell.column = number(attributes.get("colAddr", ""), self.cell.column, MAX_SPAN)

    def start_cellSpan(self, attributes: dict[str, str]) -> None:
        if self.cell:
            self.cell.rows, self.cell.columns = (number(attributes.get(name, ""), 1, MAX_SPAN) for name in ("rowSpan", "colSpan"))
