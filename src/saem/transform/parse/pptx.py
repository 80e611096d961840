"""PowerPoint presentations, by their own XML: a slide is a page; its title, text, lists, tables, pictures, diagrams and notes.

A slide cannot be shown as a picture: only a program that lays it out could draw it, so `saem show-citation` sets its text instead.

Source: ECMA-376 part 1, sections 19 (PresentationML) and 21 (DrawingML).
"""
from dataclasses import dataclass, field

from saem.transform.parse import _media, _ocr
from saem.transform.parse._blocks import VERSION as BLOCKS_VERSION
from saem.transform.parse._blocks import Blocks
from saem.transform.parse._container import Container
from saem.transform.parse._grid import Cell, Covered
from saem.transform.parse._media import Pictures
from saem.transform.parse._numbering import numeral
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._opc import main_part, properties, relations
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._xml import Reader, local, number, scan

SUFFIXES: tuple[str, ...] = (".pptx", ".pptm", ".ppsx")
VERSION = f"2+{BLOCKS_VERSION}.{_media.VERSION}"
LIBRARIES: tuple[str, ...] = _media.LIBRARIES
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of pictures

EMU = 12_700                          # English Metric Units a point
FURNITURE = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})      # placeholders that every slide has
TITLES = frozenset({"title", "ctrTitle"})
BULLETED = frozenset({"", "body", "obj"})                     # placeholders whose paragraphs are bulleted unless they say no


def parse(content: bytes, path: str) -> Parsed:
    """A slide's title is a heading; the presenter's notes follow what the slide shows. A shape's box is where the slide
    itself says it, not its layout.

    Raises: E401 (no text), E402 (no pptx), E403 (encrypted), E404 (corrupt).
    """
    container = Container(content, path)
    part = main_part(container, ".pptx", "ppt/presentation.xml")
    blocks, titles, missing, pictures = Blocks(), list[str](), list[str](), Pictures(container)
    for slide in _slides(container, part):
        blocks.page()
        shapes = _Shapes(container, slide)
        for shape in sorted(shapes.found, key=lambda shape: shape.role not in TITLES):      # a title stands first
            shape.tell(blocks)
            for picture in shape.pictures:
                blocks.extend(pictures.blocks(picture, shape.box))
        titles += shapes.titles[:1]
        missing += [f"slide {len(blocks.pages)}: {what}" for what in shapes.missing()]
        for kind, target in relations(container, slide).values():
            if kind in ("notesSlide", "diagramData") and target in container:
                for shape in _Shapes(container, target).found:
                    if kind == "diagramData" or shape.role == "body":
                        shape.role, shape.box = "text", []    # a note is a paragraph, not a bullet, and on a page of its own
                        shape.tell(blocks)
    text, page_starts, headings, elements = blocks.assembled()
    about = properties(container)
    return Parsed(text, about.title or next(iter(titles), ""), page_starts, headings, elements, about.author, about.created, about.modified,
                  [*missing, *pictures.missing()], blocks.recognised(elements))


def _slides(container: Container, part: str) -> list[str]:
    """The slides' parts in the order in which they are shown."""
    ids: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "sldId":
            ids.extend(value for name, value in attributes.items() if name.endswith(":id"))

    scan(container.chunks(part), start, path=container.path, name=part)
    targets = relations(container, part)
    return [targets[each][1] for each in ids if each in targets]


@dataclass
class _Paragraph:
    depth: int = 0
    mark: str | None = None           # '' where it says that it has none; None where it says nothing
    text: list[str] = field(default_factory=list)


@dataclass
class _Shape:
    role: str | None = None           # of a placeholder; None for a shape of its own
    box: list[float] = field(default_factory=list)
    paragraphs: list[_Paragraph] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    header_rows: int | None = None    # of a table, as it says itself
    pictures: list[str] = field(default_factory=list)         # their parts

    def tell(self, blocks: Blocks) -> None:
        if self.rows:
            blocks.table(self.rows, self.box, self.header_rows)
        if self.role in TITLES:
            blocks.heading(1, " ".join("".join(paragraph.text) for paragraph in self.paragraphs), self.box)
            return
        marks = _marks(self.paragraphs, "-" if self.role in BULLETED and len(self.paragraphs) > 1 else "")
        running: list[str] = []
        for paragraph, mark in zip(self.paragraphs, marks, strict=True):
            if mark:
                blocks.paragraph("\n".join(running), box=self.box)
                running.clear()
                blocks.item(mark, paragraph.depth, "".join(paragraph.text), self.box)
            else:
                running.append("".join(paragraph.text))
        blocks.paragraph("\n".join(running), box=self.box)


def _marks(paragraphs: list[_Paragraph], usual: str) -> list[str]:
    """What stands before each: '-', a number that is counted per depth, or ''."""
    counts: dict[int, int] = {}
    marks = []
    for paragraph in paragraphs:
        mark = usual if paragraph.mark is None else paragraph.mark
        counts = {depth: count for depth, count in counts.items() if depth <= paragraph.depth}
        if mark not in ("", "-"):
            counts[paragraph.depth] = counts.get(paragraph.depth, 0) + 1
            form, _, first = mark.partition("@")
            mark = _numbered(form, counts[paragraph.depth] + number(first, 1) - 1)
        else:
            counts.pop(paragraph.depth, None)
        marks.append(mark if "".join(paragraph.text).strip() else "")
    return marks


def _numbered(form: str, count: int) -> str:
    """PowerPoint's names for numbers: 'arabicPeriod' is '1.', 'alphaLcParenBoth' '(a)', 'romanUcParenR' 'IV)'."""
    for ending, pattern in (("Period", "{}."), ("ParenBoth", "({})"), ("ParenR", "{})"), ("Plain", "{}")):
        if form.endswith(ending):
            return pattern.format(numeral(count, form.removesuffix(ending)))
    return numeral(count, form)


class _Shapes(Reader):
    """The shapes with text of one slide, notes page or diagram, in the order in which they are drawn."""
    LEFT_OUT = ("Fallback",)
    UNREAD = {"chart": "chart", "oleObj": "embedded object", "videoFile": "video", "audioFile": "sound"}

    def __init__(self, container: Container, part: str) -> None:
        super().__init__()
        self.found: list[_Shape] = []
        self.titles: list[str] = []
        self.shape = _Shape()
        self.targets = relations(container, part)
        self.groups = 0
        self.is_cell = False
        self.cell: list[_Paragraph] = []
        self.covered: Covered | None = None
        self.paragraph: _Paragraph | None = None
        self.scan(container, part)
        if self.shape.paragraphs:                             # a diagram's texts stand in no shape
            self.found.append(self.shape)

    def add(self, characters: str) -> None:
        if self.paragraph:
            self.paragraph.text.append(characters)

    # ---- shapes

    def start_sp(self, _: dict[str, str]) -> None:
        self.shape = _Shape()

    start_graphicFrame = start_pic = start_sp

    def end_sp(self) -> None:
        if self.shape.role not in FURNITURE and (self.shape.paragraphs or self.shape.rows or self.shape.pictures):
            self.found.append(self.shape)
            if self.shape.role in TITLES:
                self.titles.append(" ".join(" ".join("".join(p.text) for p in self.shape.paragraphs).split()))
        self.shape = _Shape()

    end_graphicFrame = end_pic = end_sp

    def start_blip(self, attributes: dict[str, str]) -> None:
        identifier = next((value for name, value in attributes.items() if local(name) == "embed"), "")
        if identifier in self.targets:
            self.shape.pictures.append(self.targets[identifier][1])

    def start_grpSp(self, _: dict[str, str]) -> None:
        self.groups += 1

    def end_grpSp(self) -> None:
        self.groups -= 1

    def start_ph(self, attributes: dict[str, str]) -> None:
        self.shape.role = attributes.get("type", "")

    def start_off(self, attributes: dict[str, str]) -> None:
        if not self.groups and not self.shape.paragraphs:     # within a group it counts from the group's own corner
            self.shape.box = [_points(attributes.get("x", "")), _points(attributes.get("y", ""))]

    def start_ext(self, attributes: dict[str, str]) -> None:
        if len(self.shape.box) == 2 and "cx" in attributes:   # an <ext uri=...> is something else
            left, top = self.shape.box
            self.shape.box = [left, top, left + _points(attributes["cx"]), top + _points(attributes.get("cy", ""))]

    # ---- text

    def start_p(self, _: dict[str, str]) -> None:
        self.paragraph = _Paragraph()
        (self.cell if self.is_cell else self.shape.paragraphs).append(self.paragraph)

    def end_p(self) -> None:
        self.paragraph = None

    def start_pPr(self, attributes: dict[str, str]) -> None:
        if self.paragraph:
            self.paragraph.depth = number(attributes.get("lvl", ""), largest=8)

    def start_buNone(self, _: dict[str, str]) -> None:
        self.mark("")

    def start_buChar(self, _: dict[str, str]) -> None:
        self.mark("-")

    start_buBlip = start_buChar

    def start_buAutoNum(self, attributes: dict[str, str]) -> None:
        self.mark(f"{attributes.get('type', '')}@{attributes.get('startAt', '')}")

    def mark(self, mark: str) -> None:
        if self.paragraph:
            self.paragraph.mark = mark

    def start_br(self, _: dict[str, str]) -> None:
        if self.paragraph:
            self.paragraph.text.append("\n")

    # ---- tables

    def start_tblPr(self, attributes: dict[str, str]) -> None:
        self.shape.header_rows = 1 if attributes.get("firstRow") in ("1", "true") else None

    def start_tr(self, _: dict[str, str]) -> None:
        self.shape.rows.append([])

    def start_tc(self, attributes: dict[str, str]) -> None:
        self.is_cell, self.cell = True, []
        self.covered = (Covered.BY_LEFT if attributes.get("hMerge") in ("1", "true")
                        else Covered.BY_UPPER if attributes.get("vMerge") in ("1", "true") else None)

    def end_tc(self) -> None:
        self.is_cell = False
        if self.shape.rows:
            text = "\n".join("".join(paragraph.text) for paragraph in self.cell)
            self.shape.rows[-1].append(text if self.covered is None else self.covered)


def _points(emu: str) -> float:
    try:
        return round(int(emu[:12]) / EMU, 1)
    except ValueError:
        return 0.0
