"""One page of a PDF as PDFium sees it, made into pieces with their places.

Asking PDFium for each character's box is slow (a call a character), so it is asked for the boxes of whole lines, and for single
characters only where a line has a wide gap in it. All of PDFium is called under the caller's lock.
"""
import ctypes
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from saem.transform.parse._decode import clean
from saem.transform.parse._pdf_drawn import Drawn, turned
from saem.transform.parse._pdf_notes import counted, notes_of
from saem.transform.parse._piece import Box, Piece, Rule

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_CHARS = 400_000                   # of a page that are read for their places; a page with more is text without layout
WIDE_GAP = 0.9                        # of the letters' size: more than a justified line's spaces, less than a table's gaps
LATIN_WIDTH, WIDE_MORE = 0.63, 0.45   # of a letter, and what a Chinese or Korean one has more: a line that is wider has a gap in it
FIELD_SIZE = 10.0                     # points, of letters that the viewer draws
MAX_STAMP_CHARS = 40                  # text that a scanner or an archive puts on a picture of a page

_LINE = re.compile(r"[^\r\n\ufffe]+")
_WIDE = re.compile("[\u1100-\uffe6]")
_UNCLEAN = re.compile("[\x00-\x1f\x7f-\xa0\xad\u200b\u202f\u2028\u2029\u2060\ufeff\ufb00-\ufb06]")


class Page:
    """An open page. `pieces` are in the order in which the file draws them; `close` it."""

    def __init__(self, document: "PdfDocument", number: int) -> None:
        """Raises PdfiumError where PDFium cannot load the page."""
        import pypdfium2.raw as raw
        from pypdfium2 import PdfiumError
        self.raw: Any = raw
        self.text_page = None
        self.page = raw.FPDF_LoadPage(document, number)
        if not self.page:
            raise PdfiumError("the page cannot be loaded")
        self.fields, self.unread = notes_of(self.page)
        if self.fields and raw.FPDFPage_Flatten(self.page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
            raw.FPDF_ClosePage(self.page)                     # what fields and notes show is drawn on the page now
            self.page = raw.FPDF_LoadPage(document, number)
        self.text_page = raw.FPDFText_LoadPage(self.page)
        if not self.text_page:
            self.close()
            raise PdfiumError("the text cannot be loaded")
        bounds = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(self.page, bounds)
        self.turn = turned(raw.FPDFPage_GetRotation(self.page), bounds.left, bounds.top, bounds.right, bounds.bottom)
        self.width, self.height = raw.FPDF_GetPageWidthF(self.page), raw.FPDF_GetPageHeightF(self.page)
        self.drawn = Drawn(self.page, self.turn, self.width, self.height)
        self.count = raw.FPDFText_CountChars(self.text_page)
        buffer = (ctypes.c_ushort * (self.count * 2 + 1))()
        written = raw.FPDFText_GetText(self.text_page, 0, self.count, buffer)
        self.text = bytes(memoryview(buffer)[:max(written - 1, 0)]).decode("utf-16-le", "surrogatepass")
        self._loose = raw.FS_RECTF()
        self._sizes: dict[float, float] = {}
        self._matrix = raw.FS_MATRIX()
        self._sides = [ctypes.c_double() for _ in range(4)]
        self.is_bare = self.count > MAX_CHARS
        self._is_shifted = len(self.text) != self.count      # characters without meaning are counted and not given
        self._is_clean = not _UNCLEAN.search(self.text.replace("\r\n", "")) and unicodedata.is_normalized("NFC", self.text)

    def close(self) -> None:
        if self.text_page:
            self.raw.FPDFText_ClosePage(self.text_page)
        self.raw.FPDF_ClosePage(self.page)

    def pieces(self) -> list[Piece]:
        """The page's lines, cut at wide gaps."""
        found: list[Piece] = []
        if self.is_bare:
            return [Piece(clean(line[0]).strip(), 0.0, 0.0, self.width, self.height, 0.0, *line.span())
                    for line in _LINE.finditer(self.text) if not line[0].isspace()]
        for line in _LINE.finditer(self.text):
            text = line[0]
            start, end = line.span()
            stripped = text.rstrip()
            if not stripped:
                continue
            joins = "-" if self.text[end:end + 1] == "\ufffe" else " " if len(stripped) < len(text) else ""
            start += len(stripped) - len(stripped.lstrip())
            end = start + len(stripped.lstrip())
            rects = self._rects(start, end)
            if not rects:
                continue
            if len(rects) == 1:
                piece = self._piece(start, end, rects[0], joins)
                if piece.right - piece.left > piece.size * (LATIN_WIDTH * len(piece.text) + WIDE_MORE * len(_WIDE.findall(piece.text))):
                    found += self._split(start, end, rects, joins)
                else:
                    found.append(piece)
            else:
                found += self._split(start, end, rects, joins)
        return [*found, *self._undrawn()]

    def split(self, pieces: list[Piece], rules: list[Rule]) -> list[Piece]:
        """The same pieces; those that run across a rule that goes down are cut between their words there."""
        down = [rule for rule in rules if rule.bottom - rule.top > rule.right - rule.left]
        made: list[Piece] = []
        for piece in pieces:
            if piece.start < 0:
                made.append(piece)
                continue
            middle = (piece.top + piece.bottom) / 2
            at = [r.left for r in down if piece.left + 1 < r.left < piece.right - 1 and r.top <= middle <= r.bottom]
            starts = [piece.start]
            for word in re.finditer(r"(?<=\s)\S", self.text[piece.start:piece.end]) if at else ():
                index = piece.start + word.start()
                left, before = self.box(index)[0], self.box(starts[-1])[0]
                if any(before < x <= left + 1 for x in at):
                    starts.append(index)
            made += self._pieces(starts, piece.end, piece.joins) if len(starts) > 1 else [piece]
        return made

    def is_picture(self) -> bool:
        """Whether the page shows a picture instead of text: a scan, with a stamp at most."""
        chars = len("".join(self.text[:1000].split()))
        return chars <= MAX_STAMP_CHARS and self.drawn.is_picture(has_text=chars > 0)

    def notes(self) -> list[str]:
        """What stands on the page beside its text and is not read: notes that open when they are clicked."""
        return [counted(self.unread, "note")] if self.unread else []

    def _undrawn(self) -> Iterator[Piece]:
        """Fields and texts whose writer left it to the viewer to draw them."""
        held = "".join(self.text.split()) if self.fields else ""
        for value, box in self.fields:
            if value.strip() and "".join(value.split()) not in held:
                left, top, right, bottom = self.turn(*box)
                lines = [line for line in map(str.strip, clean(value).split("\n")) if line]
                height = (bottom - top) / max(len(lines), 1)
                for number, line in enumerate(lines):
                    yield Piece(line, left, top + number * height, right, top + (number + 1) * height, min(height, FIELD_SIZE))

    def box(self, index: int) -> Box:
        """Of one character, by its index in `text`: as wide as the letter, as high as the font."""
        loose = self._loose
        if not self.raw.FPDFText_GetLooseCharBox(self.text_page, self._index(index), loose):
            return (0.0, 0.0, 0.0, 0.0)
        return self.turn(loose.left, loose.top, loose.right, loose.bottom)

    def angle(self, index: int) -> float:
        """Of one character, in degrees counterclockwise as the page is seen."""
        return float(self.raw.FPDFText_GetCharAngle(self.text_page, self._index(index))) * 57.29577951

    def part(self, piece: Piece, start: int, end: int) -> Box:
        """Of the characters start:end of a piece's text."""
        if piece.start < 0:
            return (piece.left, piece.top, piece.right, piece.bottom)
        raw = self.text[piece.start:piece.end]
        if len(raw) != len(piece.text):                        # cleaned: each character's place is told by what stands before it
            lengths = [len(clean(raw[:k])) for k in range(len(raw) + 1)]
            start, end = min(bisect_right(lengths, start) - 1, len(raw) - 1), bisect_left(lengths, end)
        boxes = self._rects(piece.start + start, piece.start + max(end, start + 1))
        if not boxes:
            return (piece.left, piece.top, piece.right, piece.bottom)
        left, top, right, bottom = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        if _is_tall((piece.left, piece.top, piece.right, piece.bottom)):
            return (piece.left, top, piece.right, bottom)
        return (left, piece.top, right, piece.bottom)

    def _size(self, index: int) -> float:
        """Of a character's font in points, as it is drawn."""
        raw, matrix, index = self.raw, self._matrix, self._index(index)
        raw.FPDFText_GetMatrix(self.text_page, index, matrix)
        return raw.FPDFText_GetFontSize(self.text_page, index) * (matrix.c * matrix.c + matrix.d * matrix.d) ** 0.5  # type: ignore[no-any-return]

    def _index(self, index: int) -> int:
        return int(self.raw.FPDFText_GetCharIndexFromTextIndex(self.text_page, index)) if self._is_shifted else index

    def _rects(self, start: int, end: int) -> list[Box]:
        raw = self.raw
        first = self._index(start)
        count = self._index(end - 1) + 1 - first
        left, top, right, bottom = self._sides
        get, page, turn = raw.FPDFText_GetRect, self.text_page, self.turn
        found = []
        for number in range(raw.FPDFText_CountRects(page, first, count)):
            get(page, number, left, top, right, bottom)
            found.append(turn(left.value, top.value, right.value, bottom.value))
        return found

    def _piece(self, start: int, end: int, box: Box, joins: str) -> Piece:
        """With the height of its first letter's font instead of the letters' own, which differs from word to word."""
        text = self.text[start:end]
        own = self.box(start)
        size = own[3] - own[1]
        left, top, right, bottom = box
        if end - start > 1 and _is_tall(box):                  # it runs up or down
            left, right = own[0], own[2]
        elif 0 < size < 3 * (bottom - top) + 20 and own[1] - size < top and bottom < own[3] + size:
            top, bottom = own[1], own[3]
        height = round(size, 2)                                # as fonts have it, so that letters of one height are asked for once
        if height not in self._sizes:
            self._sizes[height] = self._size(start)
        size = self._sizes[height] or min(right - left, bottom - top)
        return Piece(text if self._is_clean else clean(text).strip(), left, top, right, bottom, size, start, end, joins)

    def _split(self, start: int, end: int, rects: list[Box], joins: str) -> list[Piece]:
        """A line of several parts: one piece, or several where the gaps between its words are wide."""
        box = (min(r[0] for r in rects), min(r[1] for r in rects), max(r[2] for r in rects), max(r[3] for r in rects))
        if _is_tall(box):
            rects = [(top, left, bottom, right) for left, top, right, bottom in rects]
            if rects[0][0] > rects[-1][0]:
                rects = [(-right, top, -left, bottom) for left, top, right, bottom in rects]
        height = max(bottom - top for _, top, _, bottom in rects)
        is_wide = any(b[0] - a[2] > WIDE_GAP * min(height, 40) or b[0] < a[0] - height for a, b in pairwise(rects))
        if not is_wide and len(rects) > 1:
            return [self._piece(start, end, box, joins)]
        starts = [start]
        for space in re.finditer(r"\s+(?=\S)", self.text[start:end]):
            before, after = self.box(start + space.start() - 1), self.box(start + space.end())
            if _is_tall(box):
                is_wide = max(after[1] - before[3], before[1] - after[3]) > WIDE_GAP * min(before[2] - before[0], 40)
            else:
                is_wide = after[0] - before[2] > WIDE_GAP * min(before[3] - before[1], 40) or after[0] < before[0] - height
            if is_wide:
                starts.append(start + space.end())
        return self._pieces(starts, end, joins)

    def _pieces(self, starts: list[int], end: int, joins: str) -> list[Piece]:
        made = []
        for begin, stop in pairwise([*starts, end]):
            stop = begin + len(self.text[begin:stop].rstrip())
            rects = self._rects(begin, stop)
            if rects:
                box = (min(r[0] for r in rects), min(r[1] for r in rects), max(r[2] for r in rects), max(r[3] for r in rects))
                made.append(self._piece(begin, stop, box, joins if stop == end else ""))
        return made

def _is_tall(box: Box) -> bool:
    return box[3] - box[1] > 1.5 * (box[2] - box[0])
