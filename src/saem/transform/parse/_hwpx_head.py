"""What an HWPX says of itself beside its text: numberings, what paragraph formats and styles mean, properties, its files."""
import re
from dataclasses import dataclass, field

from saem.transform.parse._container import Container
from saem.transform.parse._decode import clean
from saem.transform.parse._opc import Properties, real_title
from saem.transform.parse._parsed import moment
from saem.transform.parse._xml import Reader, local, number, scan

HEADER, PACKAGE = "Contents/header.xml", "Contents/content.hpf"
_OUTLINE_STYLE = re.compile(r"(?:개요|outline|제목|heading)\s?(\d+)$", re.IGNORECASE)


@dataclass
class Numbering:
    """Per level, from 0: how its number is written, the pattern around it, the first number."""
    formats: dict[int, str] = field(default_factory=dict)
    patterns: dict[int, str] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


class Head(Reader):
    """header.xml: the numberings, and what each paragraph format and style means."""

    def __init__(self) -> None:
        super().__init__()
        self.numberings: dict[str, Numbering] = {}
        self.formats: dict[str, tuple[str, str, int]] = {}    # paragraph format -> (NONE, OUTLINE, NUMBER or BULLET; numbering; level)
        self.levels: dict[str, int] = {}                      # style -> outline level by its name, from 1
        self.captions: set[str] = set()
        self.numbering: Numbering | None = None
        self.level = 0
        self.format = ""

    def start_numbering(self, attributes: dict[str, str]) -> None:
        self.numbering = self.numberings[attributes.get("id", "")] = Numbering()

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


def package(container: Container) -> tuple[Properties, dict[str, str]]:
    """(the document's properties, id -> part of the pictures and other files in it)."""
    texts: dict[str, str] = {}
    parts: dict[str, str] = {}
    name = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        name = attributes.get("name", "") if local(tag) == "meta" else local(tag)
        if name == "item":
            parts[attributes.get("id", "")] = attributes.get("href", "").lstrip("/")

    def text(characters: str) -> None:
        texts[name] = texts.get(name, "") + characters

    if PACKAGE in container:
        scan(container.chunks(PACKAGE), start, None, text, path=container.path, name=PACKAGE)
    return Properties(real_title(texts.get("title", "")), " ".join(clean(texts.get("creator", "")).split()),
                      moment(texts.get("CreatedDate", "")), moment(texts.get("ModifiedDate", ""))), parts
