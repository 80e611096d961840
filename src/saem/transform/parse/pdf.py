"""PDF: the text layer, page by page, with pypdfium2 (Apache-2.0 or BSD; PDFium is what Chromium reads PDFs with)."""
import re
import threading
from typing import TYPE_CHECKING

from saem.core.errors import SaemError, missing
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import clean
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Heading, Parsed

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

SUFFIXES: tuple[str, ...] = (".pdf",)
VERSION = f"1+{DECODE_VERSION}.{OUTLINE_VERSION}"
LIBRARIES: tuple[str, ...] = ("pypdfium2",)

BETWEEN_PAGES = "\n\n"
MAX_TITLE_CHARS = 120
END_WITHIN = 65_536                   # bytes from the end in which a whole file has its end mark

_ONE_AT_A_TIME = threading.Lock()     # PDFium is not thread-safe, not even for different documents
# PDFium writes U+FFFE for a hyphen at a line's end and joins the lines: the word is whole again without it, a code is not
_WORD_HYPHEN = re.compile(r"(?<=[a-zà-ÿ])\ufffe\s*(?=[a-zà-ÿ])")
_CODE_HYPHEN = re.compile(r"\ufffe\s*")
_FILE_NAME = re.compile(r"\.(?:docx?|hwpx?|pptx?|xlsx?|pdf|indd|tex|dvi|txt|html?)$|^(?:Microsoft |untitled|제목 없음)",
                        re.IGNORECASE)


def parse(content: bytes, path: str) -> Parsed:
    """Pages are joined by an empty line. Headings are the bookmarks that stand on their page as a line, else numbered
    parts of rules. The title is the metadata's unless that is a file name, else the first line.

    Raises: E401 (no text layer), E402 (no PDF), E403 (encrypted), E404 (corrupt or cut off), E103 (no pypdfium2).
    """
    if b"%PDF-" not in content[:1024]:
        raise SaemError("E402", "the file is named .pdf but is no PDF", where=path, fix="give the file the suffix of what it is")
    with _ONE_AT_A_TIME:
        document = _opened(content, path)
        try:
            pages = [_page_text(document, number, path) for number in range(len(document))]
            titled = " ".join(clean(document.get_metadata_value("Title")).split())
            bookmarks = _bookmarks(document)
        finally:
            document.close()
    text, page_starts = _joined(pages)
    if not text:
        raise SaemError("E401", f"none of the {len(pages)} pages has a text layer: this is probably a scan", where=path,
                        fix="run character recognition first, for instance: ocrmypdf in.pdf out.pdf")
    headings = _located(bookmarks, text, page_starts) or outline(text)
    if not titled or _FILE_NAME.search(titled):
        titled = text.partition("\n")[0][:MAX_TITLE_CHARS].strip()
    return Parsed(text, titled, page_starts, headings)


def _opened(content: bytes, path: str) -> "PdfDocument":
    try:
        from pypdfium2 import PdfDocument, PdfiumError
    except ModuleNotFoundError as error:
        raise missing("pypdfium2", "reading PDF", "parse") from error
    tail = content[-END_WITHIN:]
    if b"%%EOF" not in tail and b"startxref" not in tail:     # PDFium would mend it and silently give the first pages
        raise SaemError("E404", "the PDF is cut off: its end mark is missing", where=path, fix="copy or download the file again")
    try:
        return PdfDocument(content)
    except PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise SaemError("E403", "the PDF is encrypted with a password", where=path,
                            fix="save a copy without password") from error
        raise SaemError("E404", f"the PDF is corrupt: {error}", where=path, fix="open it in a viewer and save it anew") from error


def _page_text(document: "PdfDocument", number: int, path: str) -> str:
    from pypdfium2 import PdfiumError
    try:
        page = document[number]
        text_page = page.get_textpage()
        text = text_page.get_text_range()
    except PdfiumError as error:
        raise SaemError("E404", f"page {number + 1} of the PDF is corrupt: {error}", where=path,
                        fix="open it in a viewer and save it anew") from error
    text_page.close()
    page.close()
    if "\ufffe" in text:
        text = _CODE_HYPHEN.sub("-", _WORD_HYPHEN.sub("", text))
    return "\n".join(line.rstrip() for line in clean(text).split("\n")).strip()


def _joined(pages: list[str]) -> tuple[str, list[int]]:
    """All text, and where each page starts in it; a page without text starts where the next one does."""
    text = BETWEEN_PAGES.join(filter(None, pages))
    starts = [len(text)] * len(pages)
    start = end = len(text)
    for number in range(len(pages) - 1, -1, -1):
        if pages[number]:
            start = end - len(pages[number])
            end = start - len(BETWEEN_PAGES)
        starts[number] = start
    return text, starts


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
