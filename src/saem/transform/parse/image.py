"""Pictures of text - scans, photographs, screens - read by tesseract where it is installed."""
import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from saem.core.errors import SaemError
from saem.transform.parse import _layout, _ocr, _picture
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._reading import VERSION as READING_VERSION
from saem.transform.parse._reading import sheet
from saem.transform.parse._shown import Shown, words_part
from saem.transform.parse._written import Written, write

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
VERSION = f"2+{READING_VERSION}"
LIBRARIES: tuple[str, ...] = ("pillow",)
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)

MAX_SHOWN = 2_400                     # pixels of the longer side

_TAKEN = (36867, 306)                 # EXIF: DateTimeOriginal, DateTime


def parse(content: bytes, path: str) -> Parsed:
    """The text of a picture, page by page for a TIFF. Pages that cannot be read surely enough are in `missing`.

    Raises: E401 (no text, or none that is sure enough, or no tesseract), E404 (corrupt), E407 (too many pixels), E103 (no Pillow).
    """
    with _picture.opened(content, path) as picture:
        if not _ocr.is_installed():
            _picture.page(picture, 0, path)
            raise SaemError("E401", "this is a picture, and tesseract, which would read it, is not installed", where=path, fix=_ocr.INSTALL)
        taken = _taken(picture)
        written, failing = _read(picture, path)
    if not written.text.strip():
        why = next(iter(failing.values()))
        raise SaemError("E401", f"the picture: {why}" if len(failing) == 1 else f"none of its {len(failing)} pages: {why}", where=path,
                        fix="scan it anew, larger and upright; or leave it out (.saemignore) if it shows no text")
    titles = [(size, -e.start, e) for size, e in zip(written.sizes, written.elements, strict=True) if e.kind == "title"]
    first = max(titles)[2] if titles else None
    title = written.text[first.start:first.end] if first else ""
    missing = [f"page {number}: {why}" for number, why in failing.items()]
    missing += [f"tesseract has no '{name}': apt install tesseract-ocr-{name}" for name in _ocr.missing_languages()]
    return Parsed(written.text, title, written.page_starts, elements=written.elements, created=taken, missing=missing,
                  recognised=written.recognised())


@contextmanager
def shown(content: bytes, path: str, number: int) -> Iterator[Shown]:
    """Page `number` (from 0) as a picture. Raises: as `parse`."""
    with _picture.opened(content, path) as picture:
        page, scale = _picture.page(picture, number, path)
        pieces = _ocr.recognise(*_picture.grey(page, scale), path).pieces if _ocr.is_installed() else []
        page = page.convert("RGB")
        factor = min(1.0, MAX_SHOWN / max(page.size))
        if factor < 1:
            page = page.resize((max(1, round(page.width * factor)), max(1, round(page.height * factor))))
        yield Shown(page, scale / factor, pieces, words_part)


def _read(picture: "Image", path: str) -> tuple[Written, dict[int, str]]:
    """(the text, page by page, {page, from 1: why its text is not told})."""
    sheets = []
    failing: dict[int, str] = {}
    for number in range(_picture.page_count(picture)):
        shown, scale = _picture.page(picture, number, path)
        reading = _ocr.recognise(*_picture.grey(shown, scale), path)
        if not reading.is_legible:
            failing[number + 1] = reading.failing
        pieces, rules = (reading.pieces, reading.rules) if reading.is_legible else ([], [])
        sheets.append(sheet(pieces, rules, shown.width * scale, shown.height * scale, reading.angle))
    _layout.titles([each.blocks for each in sheets])
    return write(sheets), failing


def _taken(picture: "Image") -> datetime.datetime | None:
    """When a camera took it; in UTC, as it seldom says where."""
    exif = picture.getexif()
    for tag in _TAKEN:
        try:
            told = str(exif.get(tag) or exif.get_ifd(0x8769).get(tag))
            return datetime.datetime.strptime(told, "%Y:%m:%d %H:%M:%S").replace(tzinfo=datetime.UTC)
        except (ValueError, KeyError):
            continue
    return None
