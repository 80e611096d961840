"""Documents that hold documents - mails, books, archives, notebooks - as one text, in which all that stands in them keeps its place."""
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from saem.core import registry
from saem.core.errors import SaemError
from saem.transform.parse._parsed import Element, Heading, Parsed, Recognised
from saem.transform.parse._sniff import kind

VERSION = "1"
MAX_DEPTH = 4                         # of files within files
MAX_LEVEL = 6                         # of headings

_depth: ContextVar[int] = ContextVar("depth", default=0)


@dataclass
class Joined:
    """The text as it grows; its parts are an empty line apart."""
    parts: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[Heading] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    recognised: list[Recognised] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def head(self, text: str, level: int) -> None:
        start = self.write(text)
        self.headings.append(Heading(start, min(level, MAX_LEVEL), text))
        self.elements.append(Element("title", start, start + len(text)))

    def add(self, parsed: Parsed, below: int = 0) -> None:
        """A document; its headings come so many levels further down. Places on its own pages are none of the whole."""
        start = self.write(parsed.text.rstrip())
        self.headings += [Heading(start + h.start, min(below + h.level, MAX_LEVEL) if below else h.level, h.text) for h in parsed.headings]
        self.elements += [Element(e.kind, start + e.start, start + e.end, [], e.cells) for e in parsed.elements]
        self.recognised += [replace(r, start=start + r.start, end=start + r.end) for r in parsed.recognised]

    def attach(self, name: str, content: bytes, level: int, what: str = "attachment") -> None:
        """A file's own text under its name, or a word in `missing`: whatever ails it, the rest is worth having."""
        try:
            parsed = _parsed(name, content)
        except Exception as error:
            why = error.what if isinstance(error, SaemError) else f"{type(error).__name__}: {error}"
            self.missing.append(f"{what} '{name}': {why}")
            return
        self.head(name, level)
        self.add(parsed, level)
        self.missing += [f"{what} '{name}': {each}" for each in parsed.missing]

    def write(self, text: str) -> int:
        """Where it begins."""
        start = self.length + 2 * bool(self.parts)
        self.parts += ["\n\n", text] if self.parts else [text]
        self.length = start + len(text)
        return start


def _parsed(name: str, content: bytes) -> Parsed:
    """Raises: E404 for a file that lies too deep, E402 where no parser takes it, what its parser raises."""
    depth = _depth.get()
    if depth >= MAX_DEPTH:
        raise SaemError("E404", f"files lie in files {MAX_DEPTH} deep")
    suffix = kind(content, name)
    parser = registry.parsers().get(suffix)
    if parser is None:
        raise SaemError("E402", f"no parser takes '{suffix}' files")
    token = _depth.set(depth + 1)
    try:
        parsed: Parsed = parser.parse(content, name)
        return parsed
    finally:
        _depth.reset(token)
