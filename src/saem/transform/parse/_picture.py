"""Picture files, opened within limits: each of their pages in shades of grey, upright, as large as recognition needs it."""
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from saem.core.errors import SaemError, missing
from saem.transform.parse._ocr import DOTS_PER_INCH, MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_DECODED_PIXELS = 150_000_000      # of one page: A1 at 600 dots per inch; more would not fit into a parser's memory
MAX_PAGES = 500
SCREEN_DOTS = (72, 96)                # what a picture of a screen says it has
MIN_DOTS, MAX_DOTS = 100, 1200        # of a scan
SMALL = 2_000                         # pixels of the longer side: below, letters are drawn twice as large


@contextmanager
def opened(content: bytes, path: str) -> Iterator["Image"]:
    """Raises: E404 (corrupt), E407 (too many pixels), E103 (no Pillow)."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError as error:
        raise missing("pillow", "reading pictures", "parse") from error
    if not content:
        raise SaemError("E404", "the picture is empty: 0 bytes", where=path, fix="copy or download the file again")
    broken = "open it in a viewer and save it anew"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")                     # its own warning of too many pixels: we count them ourselves
            picture = Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "TIFF", "BMP", "DIB", "WEBP"])
    except Image.DecompressionBombError as error:
        raise _too_large(0, path) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise SaemError("E404", "the picture is corrupt, or no picture of a kind that can be read",
                        where=path, fix=broken) from error
    with picture:
        try:
            yield picture
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise SaemError("E404", f"the picture is corrupt or cut off: {error}", where=path, fix=broken) from error


def page_count(picture: "Image") -> int:
    """A TIFF's pages; moving pictures have one."""
    return min(getattr(picture, "n_frames", 1), MAX_PAGES) if picture.format == "TIFF" else 1


def page(picture: "Image", number: int, path: str) -> tuple["Image", float]:
    """(a page upright as it is looked at, points per pixel). Number from 0."""
    from PIL import ImageOps
    if number or picture.format == "TIFF":
        picture.seek(number)
    pixels = picture.width * picture.height
    if pixels > MAX_DECODED_PIXELS:
        raise _too_large(pixels, path)
    dots = _dots(picture)
    made = ImageOps.exif_transpose(picture)
    return made, 72 / dots


def grey(picture: "Image", points_per_pixel: float) -> tuple["Image", float]:
    """(in shades of grey on white, points per pixel): small letters larger, huge pictures smaller."""
    from PIL import Image
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    elif picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        picture = Image.alpha_composite(white, layer).convert("L")
    else:
        picture = picture.convert("L")
    longer = max(picture.size)
    factor = 2.0 if longer < SMALL and 72 / points_per_pixel < DOTS_PER_INCH else 1.0
    factor = min(factor, (MAX_PIXELS / (picture.width * picture.height)) ** 0.5)
    if factor != 1.0:
        picture = picture.resize((max(1, round(picture.width * factor)), max(1, round(picture.height * factor))), Image.Resampling.LANCZOS)
    return picture, points_per_pixel / factor


def _dots(picture: "Image") -> float:
    """Per inch: as the file says where that can be, else those of a screen or, for large pictures, of a scan."""
    said = picture.info.get("dpi", (0, 0))
    try:
        value = float(said[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        value = 0.0
    if MIN_DOTS <= value <= MAX_DOTS:
        return value
    return float(DOTS_PER_INCH if max(picture.size) >= SMALL else SCREEN_DOTS[1])


def _too_large(pixels: int, path: str) -> SaemError:
    told = f"{pixels:,} pixels, " if pixels else ""
    return SaemError("E407", f"the picture has {told}more than {MAX_DECODED_PIXELS:,}{'' if told else ' pixels'}", where=path,
                     fix="save a smaller copy")
