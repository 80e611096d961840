"""Pictures of text - scans, photographs, screens - read by tesseract where it is installed."""
import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from saem.core.errors import SaemError
from saem.transform.parse import _layout, _ocr, _picture
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._reading import VERSION as READING_VERSION
from saem.transform.parse._reading import sheet
from saem.transform.parse._shown import Shown, words_part
from saem.transform.parse._written import Written, write

SUFFIXES: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
VERSION = f"1+{READING_VERSION}"
LIBRARIES: tuple[str, ...] = ("pillow",)
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)

MAX_SHOWN = 2_400                     # pixels of the longer side

_TAKEN = (36867, 306)                 # EXIF: DateTimeOriginal, DateTime


def parse(content: bytes, path: str) -> Parsed:
    """The text of a picture, page by page for a TIFF.

    Raises: E401 (no text, or no tesseract), E404 (corrupt), E407 (too many pixels), E103 (no Pillow).
    """
    with _picture.opened(content, path) as picture:
        if not _ocr.is_installed():
            _picture.page(picture, 0, path)
            raise SaemError("E401", "this is a picture, and tesseract, which would read it, is not installed", where=path, fix=_ocr.INSTALL)
        taken = _taken(picture)
        written = _read(picture, path)
    if not written.text.strip():
        raise SaemError("E401", "no text was found in the picture", where=path, fix="leave it out (.saemignore) if it shows none")
    titles = [(size, -e.start, e) for size, e in zip(written.sizes, written.elements, strict=True) if e.kind == "title"]
    first = max(titles)[2] if titles else None
    title = written.text[first.start:first.end] if first else ""
    missing = [f"tesseract has no '{name}': apt install tesseract-ocr-{name}" for name in _ocr.missing_languages()]
    return Parsed(written.text, title, written.page_starts, elements=written.elements, created=taken, missing=missing)


@contextmanager
def shown(content: bytes, path: str, number: int) -> Iterator[Shown]:
    """Page `number` (from 0) as a picture. Raises: as `parse`."""
    with _picture.opened(content, path) as picture:
        page, scale = _picture.page(picture, number, path)
        pieces = _ocr.recognise(*_picture.grey(page, scale), path) if _ocr.is_installed() else []
        page = page.convert("RGB")
        factor = min(1.0, MAX_SHOWN / max(page.size))
        if factor < 1:
            page = page.resize((max(1, round(page.width * factor)), max(1, round(page.height * factor))))
        yield Shown(page, scale / factor, pieces, words_part)


def _read(picture, path: str) -> Written:  # type: ignore[no-untyped-def]
    sheets = []
    for number in range(_picture.page_count(picture)):
        shown, scale = _picture.page(picture, number, path)
        pieces = _ocr.recognise(*_picture.grey(shown, scale), path)
        sheets.append(sheet(pieces, [], shown.width * scale, shown.height * scale))
    _layout.titles([each.blocks for each in sheets])
    return write(sheets)


def _taken(picture) -> datetime.datetime | None:  # type: ignore[no-untyped-def]
    """When a camera took it; in UTC, as it seldom says where."""
    exif = picture.getexif()
    for tag in _TAKEN:
        try:
            told = str(exif.get(tag) or exif.get_ifd(0x8769).get(tag))
            return datetime.datetime.strptime(told, "%Y:%m:%d %H:%M:%S").replace(tzinfo=datetime.UTC)
        except (ValueError, KeyError):
            continue
    return None
