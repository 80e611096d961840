"""Documents that hold documents - mails, books, archives, notebooks - as one text, in which all that stands in them keeps its place."""
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from saem.core import registry
from saem.core.errors import SaemError
from saem.transform.parse._parsed import Element, Heading, Parsed, Recognised
from saem.transform.parse._sniff import kind

VERSION = "2"
MAX_DEPTH = 4                         # of files within files
MAX_FILES = 2_000                     # within one outermost file, at all depths
MAX_BYTES = 512 << 20                 # of them, expanded
MAX_LEVEL = 6                         # of headings


@dataclass
class _Spent:
    """What the files within one outermost file have cost so far: each archive has limits of its own, and a thousand of them none."""
    depth: int = 0
    files: int = 0
    size: int = 0

    @property
    def is_over(self) -> bool:
        return self.files > MAX_FILES or self.size > MAX_BYTES


_spent: ContextVar[_Spent | None] = ContextVar("spent", default=None)


@dataclass
class Joined:
    """The text as it grows; its parts are an empty line apart."""
    parts: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[Heading] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    recognised: list[Recognised] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    spent: _Spent = field(default_factory=lambda: _spent.get() or _Spent())

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
            parsed = _parsed(name, content, self.spent)
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


def _parsed(name: str, content: bytes, spent: _Spent) -> Parsed:
    """Raises: E404 for a file that lies too deep, E407 once the outermost file has spent its share, E402 where no parser takes it,
    what its parser raises."""
    if spent.depth >= MAX_DEPTH:
        raise SaemError("E404", f"files lie in files {MAX_DEPTH} deep")
    spent.files, spent.size = spent.files + 1, spent.size + len(content)
    if spent.is_over:
        raise SaemError("E407", f"more than {MAX_FILES} files or {MAX_BYTES >> 20} MB lie in one file")
    suffix = kind(content, name)
    parser = registry.parsers().get(suffix)
    if parser is None:
        raise SaemError("E402", f"no parser takes '{suffix}' files")
    token = _spent.set(spent)
    spent.depth += 1
    try:
        parsed: Parsed = parser.parse(content, name)
        return parsed
    finally:
        spent.depth -= 1
        _spent.reset(token)
