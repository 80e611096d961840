"""What every parser gives: the text that is cited, and where its pages and headings begin."""
from dataclasses import dataclass, field

from saem.core.errors import SaemError


@dataclass(frozen=True)
class Heading:
    """`text` stands in the document at `start`: `document[start:start + len(text)] == text`. Level 1 is the outermost."""
    start: int
    level: int
    text: str


@dataclass(frozen=True)
class Parsed:
    """A document as text. All offsets are characters (code points) of `text`, in rising order.

    `title` is '' when none was found. `page_starts` holds the offset of each page's first character, so that the page
    of a character is the last one that starts at or before it; a page without text starts where the next one does. It
    is empty for formats without pages.

    Raises: E401 when there is no text, because an empty document would be a loss that nobody notices.
    """
    text: str
    title: str = ""
    page_starts: list[int] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise SaemError("E401", "no text could be extracted", fix="open the file: is there text in it?")
