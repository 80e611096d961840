"""What every parser gives: the text that is cited, and what stands where in it."""
import datetime
from dataclasses import dataclass, field

from saem.core.errors import SaemError

KINDS = ("title", "paragraph", "table", "list", "code", "caption")


@dataclass(frozen=True)
class Heading:
    """`text` stands in the document at `start`: `document[start:start + len(text)] == text`. Level 1 is the outermost."""
    start: int
    level: int
    text: str


@dataclass(frozen=True)
class Element:
    """One block of a document: `document[start:end]`, without the space around it.

    kind   one of KINDS; a list is one element, with an item a line
    box    [left, top, right, bottom] in points (1/72 inch) from its page's upper left corner; [] where unknown
    cells  of a table: its rows, each a list of cells; [] for other kinds
    """
    kind: str
    start: int
    end: int
    box: list[float] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Recognised:
    """text[start:end] was read from a picture, so it may be wrong. confidence: of the program in its words, from 0 to 1."""
    start: int
    end: int
    confidence: float


@dataclass(frozen=True)
class Parsed:
    """A document as text. All offsets are characters (code points) of `text`, in rising order.

    title       '' when none was found; author likewise
    page_starts the offset of each page's first character, so that the page of a character is the last one that starts at or
                before it; a page without text starts where the next one does. Empty for formats without pages
    elements    its blocks, in order, not overlapping; empty where the format marks none (plain text)
    created     by the file's own metadata, with a time zone (UTC where it names none); None when it holds none
    date        the day that the document is of, where its format says one: that on which a mail was sent
    recognised  the blocks that were read from pictures, in order; empty where all text is the file's own
    missing     what could not be read, one sentence each ("page 3 is a picture without text"): the rest is still worth having

    Raises: E401 when there is no text, because an empty document would be a loss that nobody notices.
    """
    text: str
    title: str = ""
    page_starts: list[int] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    author: str = ""
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None
    missing: list[str] = field(default_factory=list)
    recognised: list[Recognised] = field(default_factory=list)
    date: datetime.date | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise SaemError("E401", "no text could be extracted", fix="open the file: is there text in it?")


def moment(text: str) -> datetime.datetime | None:
    """An ISO date or time; UTC where it names no zone.

    >>> moment("2024-03-01T09:30:00+09:00"), moment("soon")
    (datetime.datetime(2024, 3, 1, 0, 30, tzinfo=datetime.timezone.utc), None)
    """
    try:
        found = datetime.datetime.fromisoformat(text.strip().replace(" +", "+"))
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
