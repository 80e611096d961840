"""What the pictures of a PDF say: pages that are one, and those that stand between the text of a page."""
from collections import Counter
from typing import TYPE_CHECKING

from saem.core.errors import SaemError
from saem.transform.parse import _ocr
from saem.transform.parse._pdf_page import Page
from saem.transform.parse._piece import Box, Piece, Rule

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument

MIN_SIDE = 60.0                       # points: a smaller picture is a logo or a mark
MIN_SHARE = 0.03                      # of its page
MAX_COVERED = 20                      # characters of the page's own that stand on a picture: more, and it is a background
MAX_PICTURES = 40                     # of one document, about 2 s each


class Pictures:
    """Of one open document, under the caller's lock."""

    def __init__(self, document: "PdfDocument", path: str) -> None:
        self.document, self.path = document, path
        self.seen: set[tuple[int, int, int]] = set()
        self.lost: Counter[str] = Counter()

    def whole(self, number: int) -> _ocr.Reading:
        """A page that is a picture."""
        picture, scale = drawn(self.document, number, _ocr.DOTS_PER_INCH, is_grey=True)
        return _ocr.recognise(picture, scale, self.path)

    def between(self, page: Page, number: int, pieces: list[Piece]) -> tuple[list[Piece], list[Rule]]:
        """The words in the pictures of a page that has text of its own, where they stand, and the rules of their tables.

        A picture that recurs - a letter head - is read once.
        """
        found: list[Piece] = []
        rules: list[Rule] = []
        shown: tuple[Image, float] | None = None
        for box, marks in page.drawn.pictures():
            if not _is_worth(box, page, pieces) or marks in self.seen:
                continue
            self.seen.add(marks)
            if not _ocr.is_installed():
                self.lost[f"tesseract, which would read it, is not installed: {_ocr.INSTALL}"] += 1
            elif len(self.seen) > MAX_PICTURES:
                self.lost[f"after the first {MAX_PICTURES}"] += 1
            else:
                shown = shown or drawn(self.document, number, _ocr.DOTS_PER_INCH, is_grey=True)
                reading = self._read(shown, box)
                found += [_moved(piece, box) for piece in reading.pieces]
                rules += [Rule(r.left + box[0], r.top + box[1], r.right + box[0], r.bottom + box[1]) for r in reading.rules]
        return found, rules

    def missing(self) -> list[str]:
        return [f"{count} {'picture' if count == 1 else 'pictures'}: {why}" for why, count in sorted(self.lost.items())]

    def _read(self, shown: tuple["Image", float], box: Box) -> _ocr.Reading:
        picture, scale = shown
        part = picture.crop((round(box[0] / scale), round(box[1] / scale), round(box[2] / scale), round(box[3] / scale)))
        try:
            reading = _ocr.recognise(part, scale, self.path)
        except SaemError as error:
            self.lost[error.what] += 1
            return _ocr.NOTHING
        if reading.is_legible and not reading.angle:
            return reading
        self.lost["its text is turned" if reading.is_legible else reading.failing] += 1
        return _ocr.NOTHING


def drawn(document: "PdfDocument", number: int, dots_per_inch: float, is_grey: bool = False) -> tuple["Image", float]:
    """(a page as a picture, points per pixel); a page of unusual size in fewer dots."""
    page = document[number]
    width, height = page.get_size()
    scale = min(dots_per_inch / 72, (_ocr.MAX_PIXELS / max(width * height, 1)) ** 0.5)
    try:
        return page.render(scale=scale, grayscale=is_grey).to_pil(), 1 / scale
    finally:
        page.close()


def _is_worth(box: Box, page: Page, pieces: list[Piece]) -> bool:
    """Whether it is large enough to say something, and no text of the page's own stands on it: a scan may carry its text."""
    left, top, right, bottom = box
    if min(right - left, bottom - top) < MIN_SIDE or (right - left) * (bottom - top) < MIN_SHARE * page.width * page.height:
        return False
    upon = (p for p in pieces if left < (p.left + p.right) / 2 < right and top < (p.top + p.bottom) / 2 < bottom)
    return sum(len(p.text) for p in upon) <= MAX_COVERED


def _moved(piece: Piece, box: Box) -> Piece:
    """From places on the picture to those on the page."""
    def on_page(place: Box) -> Box:
        return (place[0] + box[0], place[1] + box[1], place[2] + box[0], place[3] + box[1])
    left, top, right, bottom = on_page((piece.left, piece.top, piece.right, piece.bottom))
    return piece._replace(left=left, top=top, right=right, bottom=bottom, words=tuple((at, on_page(place)) for at, place in piece.words))
