"""PDF: the text layer, page by page, with pypdfium2 (Apache-2.0 or BSD; PDFium is what Chromium reads PDFs with); scans by tesseract."""
import datetime
import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from saem.core.errors import SaemError, missing
from saem.transform.parse import _layout, _ocr
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import clean
from saem.transform.parse._furniture import running
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Element, Heading, Parsed
from saem.transform.parse._pdf_notes import attached
from saem.transform.parse._pdf_page import Page
from saem.transform.parse._pdf_pictures import Pictures, drawn
from saem.transform.parse._piece import Piece, Rule, rows_of
from saem.transform.parse._reading import VERSION as READING_VERSION
from saem.transform.parse._reading import sheet
from saem.transform.parse._shown import Shown, words_part
from saem.transform.parse._written import Sheet, Written, write

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

SUFFIXES: tuple[str, ...] = (".pdf",)
VERSION = f"5+{DECODE_VERSION}.{OUTLINE_VERSION}.{READING_VERSION}"
LIBRARIES: tuple[str, ...] = ("pypdfium2", "pillow")
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)

METADATA = ("Title", "Author", "CreationDate", "ModDate")
MAX_TITLE_CHARS = 120
MAX_TITLES = 2_000
SHOWN_DOTS = 144                      # per inch, of a page that is shown
END_WITHIN = 65_536                   # bytes from the end in which a whole file has its end mark
MIN_UPRIGHT = 5                       # characters of a line that tell whether it runs sideways

_ONE_AT_A_TIME = threading.Lock()     # PDFium is not thread-safe, not even for different documents
_FILE_NAME = re.compile(r"\.(?:docx?|hwpx?|pptx?|xlsx?|pdf|indd|tex|dvi|txt|html?)$|^(?:Microsoft |untitled|제목 없음)",
                        re.IGNORECASE)
_DATE = re.compile(r"D?:?\s*(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")


@dataclass
class _Seen:
    """What one page holds before it is put in order."""
    pieces: list[Piece]
    rules: list[Rule]
    width: float
    height: float
    angle: int = 0                    # that the text runs at, counterclockwise, as the page is seen
    is_bare: bool = False             # too long for a layout


def parse(content: bytes, path: str) -> Parsed:
    """Text in reading order, columns and tables kept; running heads and feet are told once, at the top of the
    page that has them first. Headings are the bookmarks that stand on their
    page as a line, else numbered parts of rules, else what is set larger. The title is the metadata's unless that is a file name.

    Pages that are pictures, and pictures between text, are read by tesseract where it is installed; those that it cannot read surely
    enough are named in `missing`.

    Raises: E401 (no text), E402 (no PDF), E403 (encrypted), E404 (corrupt or cut off), E103 (no pypdfium2).
    """
    with _opened(content, path) as document:
        seen, lost, unread, corrupt = _seen(document, path)
        metadata = {key: " ".join(clean(document.get_metadata_value(key)).split()) for key in METADATA}
        bookmarks = _bookmarks(document)
    written = _written(seen)
    text = written.text
    if not text.strip():
        if corrupt == len(seen) > 0:
            raise SaemError("E404", f"no page of the PDF can be read: {lost[0]}", where=path, fix="open it in a viewer and save it anew")
        if _ocr.is_installed():
            why = lost[0] if lost else "they are empty"
            raise SaemError("E401", f"none of the {len(seen)} pages has text, nor do their pictures: {why}", where=path,
                            fix="scan it anew, larger and upright; or leave it out (.saemignore) if it shows none")
        raise SaemError("E401", f"none of the {len(seen)} pages has text: this is probably a scan, and tesseract, which would read it, "
                        "is not installed", where=path, fix=_ocr.INSTALL)
    sized = [(size, e) for size, e in zip(written.sizes, written.elements, strict=True) if e.kind == "title"][:MAX_TITLES]
    headings = _located(bookmarks, text, written.page_starts) or outline(text) or _by_size(sized, text)
    title = metadata["Title"]
    if not title or _FILE_NAME.search(title):
        first = [(size, e) for size, e in sized if bisect_right(written.page_starts, e.start) == 1]
        largest = max(first, key=lambda each: each[0])[1] if first else Element("title", 0, len(text))
        title = text[largest.start:largest.end].partition("\n")[0][:MAX_TITLE_CHARS].strip()
    return Parsed(text, title, written.page_starts, headings, _titled(written.elements, headings, text), metadata["Author"],
                  _date(metadata["CreationDate"]), _date(metadata["ModDate"]), [*lost, *unread], written.recognised())


@contextmanager
def shown(content: bytes, path: str, number: int) -> Iterator[Shown]:
    """Page `number` (from 0) as a picture. Raises: as `parse`."""
    with _opened(content, path) as document:
        page = Page(document, number)
        try:
            picture, scale = drawn(document, number, SHOWN_DOTS)
            if page.is_picture() and _ocr.is_installed():
                yield Shown(picture.convert("RGB"), scale, Pictures(document, path).whole(number).pieces, words_part)
            else:
                pieces = page.pieces()
                pieces += Pictures(document, path).between(page, number, pieces)[0]
                yield Shown(picture.convert("RGB"), scale, pieces,
                            lambda piece, start, end: words_part(piece, start, end) if piece.words else page.part(piece, start, end))
        finally:
            page.close()


def _written(seen: list[_Seen]) -> Written:
    """Everything after PDFium: furniture out, then order, blocks, text."""
    furniture, new = running([page.pieces for page in seen], [page.height for page in seen])
    sheets = []
    for page, dropped, kept in zip(seen, furniture, new, strict=True):
        pieces = [p for k, p in enumerate(page.pieces) if k not in dropped] if dropped else page.pieces
        heads = [_layout.Block("paragraph", [line], is_running=True) for line in rows_of([page.pieces[k] for k in sorted(kept)])]
        sheets.append(Sheet([_layout.Block("paragraph", [[p] for p in pieces])]) if page.is_bare and pieces else
                      sheet(pieces, page.rules, page.width, page.height, page.angle))
        sheets[-1].blocks[:0] = heads
    _layout.titles([sheet.blocks for sheet in sheets])
    return write(sheets)


@contextmanager
def _opened(content: bytes, path: str) -> Iterator["PdfDocument"]:
    """The document, for one thread at a time."""
    try:
        from pypdfium2 import PdfDocument, PdfiumError
    except ModuleNotFoundError as error:
        raise missing("pypdfium2", "reading PDF", "parse") from error
    if b"%PDF-" not in content[:1024]:
        raise SaemError("E402", "the file is named .pdf but is no PDF", where=path, fix="give the file the suffix of what it is")
    tail = content[-END_WITHIN:]
    if b"%%EOF" not in tail and b"startxref" not in tail:     # PDFium would mend it and silently give the first pages
        raise SaemError("E404", "the PDF is cut off: its end mark is missing", where=path, fix="copy or download the file again")
    with _ONE_AT_A_TIME:
        try:
            document = PdfDocument(content)
        except PdfiumError as error:
            if "password" in str(error).lower() or "security" in str(error).lower():
                raise SaemError("E403", "the PDF is encrypted with a password", where=path,
                                fix="save a copy without password") from error
            raise SaemError("E404", f"the PDF is corrupt: {error}", where=path, fix="open it in a viewer and save it anew") from error
        try:
            yield document
        finally:
            document.close()


def _seen(document: "PdfDocument", path: str) -> tuple[list[_Seen], list[str], list[str], int]:
    """(the pieces of every page, the pages that could not be read, what beside pages' text was not, how many pages are corrupt)."""
    from pypdfium2 import PdfiumError
    seen: list[_Seen] = []
    lost: list[str] = []
    unread = attached(document)
    pictures = Pictures(document, path)
    corrupt = 0
    for number in range(len(document)):
        try:
            page = Page(document, number)
        except PdfiumError:
            lost.append(f"page {number + 1} is corrupt")
            corrupt += 1
            seen.append(_Seen([], [], 0.0, 0.0))
            continue
        try:
            is_picture = page.is_picture()
            seen.append(_seen_page(page, number, None if is_picture else pictures))
            unread += [f"page {number + 1}: {what} not read" for what in page.notes()]
        finally:
            page.close()
        if is_picture and not _ocr.is_installed():
            lost.append(f"page {number + 1} is a picture and tesseract, which would read it, is not installed: {_ocr.INSTALL}")
        elif is_picture:
            reading = pictures.whole(number)
            if reading.is_legible:
                seen[-1] = _Seen(reading.pieces, reading.rules, page.width, page.height, reading.angle)
            else:
                lost.append(f"page {number + 1} is a picture: {reading.failing}")
    return seen, lost, [*unread, *pictures.missing()], corrupt


def _seen_page(page: Page, number: int, pictures: Pictures | None) -> _Seen:
    pieces = page.pieces()
    if page.is_bare:
        return _Seen(pieces, [], page.width, page.height, is_bare=True)
    words, more = pictures.between(page, number, pieces) if pictures else ([], [])
    pieces += words
    inner = [p for p in pieces if 0.1 * page.height < p.top < 0.9 * page.height]
    angle = _angle(page, pieces)
    if not angle and not more and _layout.is_simple(inner):
        return _Seen(pieces, [], page.width, page.height)
    rules = page.drawn.rules() + more
    return _Seen(page.split(pieces, rules) if rules and not angle else pieces, rules, page.width, page.height, angle)


def _angle(page: Page, pieces: list[Piece]) -> int:
    """At which most of the text runs: 0, or 90 or 270 degrees for a table that is set sideways."""
    tall = [p for p in pieces if p.bottom - p.top > 1.5 * (p.right - p.left) and len(p.text) >= MIN_UPRIGHT and p.start >= 0]
    if not tall or sum(len(p.text) for p in tall) <= 0.5 * sum(len(p.text) for p in pieces if len(p.text) >= MIN_UPRIGHT):
        return 0
    first = page.box(tall[0].start)
    last = page.box(tall[0].end - 1)
    return 90 if last[1] < first[1] else 270


def _by_size(titles: list[tuple[float, Element]], text: str) -> list[Heading]:
    """Titles as headings: the larger the letters, the higher the level."""
    sizes = sorted({round(size) for size, _ in titles}, reverse=True)
    return [Heading(e.start, min(sizes.index(round(size)) + 1, 6), text[e.start:e.end]) for size, e in titles]


def _titled(elements: list[Element], headings: list[Heading], text: str) -> list[Element]:
    """A heading that is a block of its own is a title, whatever its size."""
    ends = {heading.start: heading.start + len(heading.text) for heading in headings}
    return [replace(e, kind="title") if e.kind in ("paragraph", "list") and ends.get(e.start) == e.end else e for e in elements]


def _date(text: str) -> datetime.datetime | None:
    """A PDF date such as D:20240726103000+09'00'; UTC where it names no zone. Source: ISO 32000-1, 7.9.4."""
    found = _DATE.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found[k]) if found[k] else None for k in range(1, 7))
    shift = datetime.timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0)) * (-1 if found[8] == "-" else 1)
    try:
        made = datetime.datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=datetime.timezone(shift))
        return made.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def _bookmarks(document: "PdfDocument") -> list[tuple[int, int, str]]:
    """(page, level, text) of each bookmark that names a page, in order."""
    found: list[tuple[int, int, str]] = []
    for mark in document.get_toc(max_depth=6):
        destination = mark.get_dest()
        page = destination.get_index() if destination else None
        if page is not None:
            found.append((page, mark.level + 1, " ".join(clean(mark.get_title()).split())))
    return found


def _located(bookmarks: list[tuple[int, int, str]], text: str, page_starts: list[int]) -> list[Heading]:
    """The bookmarks as lines of their pages: titles are often numbered in the text and not in the bookmark."""
    headings: list[Heading] = []
    searched = 0
    for page, level, title in bookmarks:
        if not title or not 0 <= page < len(page_starts):
            continue
        end = page_starts[page + 1] if page + 1 < len(page_starts) else len(text)
        words = r"\s+".join(map(re.escape, title.split()))
        line = re.compile(rf"^[ \t]*((?:[\dA-Z]+(?:\.\d+)*\.?[ \t]+)?{words})[ \t]*$", re.MULTILINE)
        found = line.search(text, max(searched, page_starts[page]), end)
        if found:
            headings.append(Heading(found.start(1), level, found[1]))
            searched = found.end()
    return headings
