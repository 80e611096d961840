"""What Word's styles and list definitions say of a paragraph: heading, caption, code, list mark."""
import re
from dataclasses import dataclass, field

from saem.transform.parse._container import Container
from saem.transform.parse._numbering import Counter
from saem.transform.parse._xml import local, number, scan

MAX_BASES = 20                        # styles that a style may rest on; a circle ends there

# Built-in styles are stored under their English names, but LibreOffice, Hancom and converted files keep those that their users see
_HEADING = re.compile(r"(?:heading|제목|개요|outline)\s?([1-9])$", re.IGNORECASE)
_KINDS = [(re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in [
    (r"(?:title|제목|문서 ?제목)$", "title"), (r"(?:.*\b)?caption|.*캡션", "caption"),
    (r"(?:toc|목차|contents)\s?(?:\d|heading|제목)|table of figures|그림 목차", "contents"),
    (r"(?:html )?preformatted|source code|code\b|verbatim|코드|(?:html )?미리 서식", "code")]]


@dataclass(frozen=True)
class Style:
    """What a style says; None where it leaves it to the style that it is based on."""
    kind: str | None = None           # title, caption, code, contents
    level: int | None = None          # of a heading, from 1; 0 is body text
    list_id: str | None = None
    depth: int | None = None


@dataclass
class Numbered:
    """A list definition: per depth the format of the number, the pattern around it and the first number; which style has which depth."""
    formats: dict[int, str] = field(default_factory=dict)
    patterns: dict[int, str] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)
    styles: dict[str, int] = field(default_factory=dict)


class Lists:
    """The lists of a document, and how far each has counted."""

    def __init__(self, definitions: dict[str, tuple[str, Numbered]]) -> None:
        self.definitions, self.counters = definitions, dict[str, Counter]()

    def depth_of(self, list_id: str, style: str) -> int:
        return self.definitions[list_id][1].styles.get(style, 0) if list_id in self.definitions else 0

    def mark(self, list_id: str, depth: int) -> str:
        """The number of the next item, '-' for a bullet, '' where the list shows none."""
        if list_id not in self.definitions:
            return "-"
        counted_as, numbered = self.definitions[list_id]
        counter = self.counters.setdefault(counted_as, Counter(numbered.starts))
        counter.next(depth)
        if numbered.formats.get(depth, "bullet") == "bullet":
            return "-"
        return counter.mark(numbered.patterns.get(depth, ""), numbered.formats)


def attribute(attributes: dict[str, str], name: str) -> str:
    """An attribute by its local name, whatever its prefix."""
    found = attributes.get(f"w:{name}")
    return found if found is not None else next((value for key, value in attributes.items() if local(key) == name), "")


def styles_of(container: Container, part: str) -> dict[str, Style]:
    """Paragraph styles by their id, with what they inherit."""
    raw: dict[str, Style] = {}
    bases: dict[str, str] = {}
    said: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if name == "style":
            said.clear()
            said["id"] = attribute(attributes, "styleId")
        elif name in ("name", "basedOn", "outlineLvl", "numId", "ilvl"):
            said[name] = attribute(attributes, "val")

    def end(tag: str) -> None:
        if local(tag) == "style" and said.get("id"):
            bases[said["id"]] = said.get("basedOn", "")
            raw[said["id"]] = _style(said)

    scan(container.chunks(part), start, end, path=container.path, name=part)
    return {name: _inherited(name, raw, bases) for name in raw}


def _style(said: dict[str, str]) -> Style:
    name = said.get("name", "")
    heading = _HEADING.match(name)
    level = int(heading[1]) if heading else level_of(said["outlineLvl"]) if "outlineLvl" in said else None
    kind = next((kind for pattern, kind in _KINDS if pattern.match(name)), None)
    return Style(kind, level, said.get("numId"), number(said["ilvl"], largest=8) if "ilvl" in said else None)


def level_of(outline_level: str) -> int:
    """An outline level as a heading's: Word counts from 0, and 9 is body text, here 0."""
    return (number(outline_level, 9) + 1) % 10


def _inherited(name: str, raw: dict[str, Style], bases: dict[str, str]) -> Style:
    found = raw[name]
    for _ in range(MAX_BASES):
        name = bases.get(name, "")
        if name not in raw:
            break
        base = raw[name]
        found = Style(base.kind if found.kind is None else found.kind, base.level if found.level is None else found.level,
                      base.list_id if found.list_id is None else found.list_id, base.depth if found.depth is None else found.depth)
    return found


def lists_of(container: Container, part: str) -> dict[str, tuple[str, Numbered]]:
    """numId -> (what it is counted as, its definition): lists of one definition go on counting unless they begin anew."""
    abstract: dict[str, Numbered] = {}
    found: dict[str, tuple[str, Numbered]] = {}
    here, list_id, depth = Numbered(), "", 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal here, list_id, depth
        name, value = local(tag), attribute(attributes, "val")
        if name == "abstractNum":
            here = abstract[attribute(attributes, "abstractNumId")] = Numbered()
        elif name == "num":
            list_id = attribute(attributes, "numId")
        elif name == "abstractNumId":
            here = abstract.get(value, Numbered())
            found[list_id] = (f"of {value}", here)
        elif name == "lvlOverride":
            depth = number(attribute(attributes, "ilvl"), largest=8)
            here = Numbered(dict(here.formats), dict(here.patterns), dict(here.starts), here.styles)
            found[list_id] = (list_id, here)
        elif name == "startOverride":
            here.starts[depth] = number(value, 1)
        elif name == "lvl":
            depth = number(attribute(attributes, "ilvl"), largest=8)
        elif name == "numFmt":
            here.formats[depth] = value
        elif name == "lvlText":
            here.patterns[depth] = value
        elif name == "start":
            here.starts[depth] = number(value, 1)
        elif name == "pStyle":
            here.styles[value] = depth

    scan(container.chunks(part), start, path=container.path, name=part)
    return found

