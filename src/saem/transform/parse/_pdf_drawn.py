"""What is drawn on a page of a PDF that is no text: rules of tables, frames, pictures. Called under the caller's lock."""
import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from saem.transform.parse._piece import Box, Rule

Turn = Callable[[float, float, float, float], Box]
MAX_OBJECTS = 5_000                   # drawn things that are looked through for the rules of tables
MAX_SEGMENTS = 400                    # of one path: a table's grid has few, a map's outline thousands
MAX_THICKNESS = 3.0                   # points: a thicker bar is no rule
MIN_PICTURE_SHARE = 0.5               # of the page that a scan covers
MIN_OUTLINES = 100                    # drawn things on a page without text


class Drawn:
    """The drawn things of an open page."""

    def __init__(self, page: Any, turn: Turn, width: float, height: float) -> None:
        """turn: from the file's coordinates to what is seen, as `turned` makes it. width, height: of the page as it is seen, in points."""
        import pypdfium2.raw as raw
        self.raw: Any = raw
        self.page, self.turn, self.width, self.height = page, turn, width, height

    def rules(self) -> list[Rule]:
        """The lines that are drawn on the page, across and down, and the edges of frames."""
        raw, found = self.raw, []
        for thing in self._things(raw.FPDF_PAGEOBJ_PATH):
            box = self._bounds(thing)
            if min(box[2] - box[0], box[3] - box[1]) <= MAX_THICKNESS:
                if max(box[2] - box[0], box[3] - box[1]) > MAX_THICKNESS:
                    found.append(Rule(*box))
            elif (box[2] - box[0]) * (box[3] - box[1]) < 0.95 * self.width * self.height:
                found += self._edges(thing)
        return found

    def is_picture(self, has_text: bool) -> bool:
        """Whether the page shows a picture instead of text: a scan. has_text: whether there is any text beside it."""
        area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in map(self._bounds, self._things(self.raw.FPDF_PAGEOBJ_IMAGE)))
        if area >= MIN_PICTURE_SHARE * self.width * self.height:
            return True
        # letters drawn as outlines, or a picture inside of another thing
        return not has_text and self.raw.FPDFPage_CountObjects(self.page) > 0 and (
            bool(area) or self.raw.FPDFPage_CountObjects(self.page) >= MIN_OUTLINES or any(self._things(self.raw.FPDF_PAGEOBJ_FORM)))

    def pictures(self) -> list[tuple[Box, tuple[int, int, int]]]:
        """The place of each picture, and what tells it from others: pixels across and down, bytes. (Not of those within other things.)"""
        raw, found = self.raw, []
        for thing in self._things(raw.FPDF_PAGEOBJ_IMAGE):
            left, top, right, bottom = self._bounds(thing)
            across, down = ctypes.c_uint(), ctypes.c_uint()
            raw.FPDFImageObj_GetImagePixelSize(thing, across, down)
            marks = (across.value, down.value, int(raw.FPDFImageObj_GetImageDataRaw(thing, None, 0)))
            found.append(((max(left, 0.0), max(top, 0.0), min(right, self.width), min(bottom, self.height)), marks))
        return found

    def _things(self, kind: int) -> Iterator[Any]:
        raw = self.raw
        for number in range(min(raw.FPDFPage_CountObjects(self.page), MAX_OBJECTS)):
            thing = raw.FPDFPage_GetObject(self.page, number)
            if raw.FPDFPageObj_GetType(thing) == kind:
                yield thing

    def _bounds(self, thing: Any) -> Box:
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        self.raw.FPDFPageObj_GetBounds(thing, left, bottom, right, top)
        return self.turn(left.value, top.value, right.value, bottom.value)

    def _edges(self, path: Any) -> list[Rule]:
        """The straight lines of a path: a frame has four, a grid drawn at once has many."""
        raw, found = self.raw, []
        count = raw.FPDFPath_CountSegments(path)
        if not 2 <= count <= MAX_SEGMENTS:
            return []
        matrix = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(path, matrix)
        x, y = ctypes.c_float(), ctypes.c_float()
        at = begin = (0.0, 0.0)
        for number in range(count):
            segment = raw.FPDFPath_GetPathSegment(path, number)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            point = (matrix.a * x.value + matrix.c * y.value + matrix.e, matrix.b * x.value + matrix.d * y.value + matrix.f)
            kind = raw.FPDFPathSegment_GetType(segment)
            lines = [(at, point)] if kind == raw.FPDF_SEGMENT_LINETO else []
            if kind == raw.FPDF_SEGMENT_MOVETO:
                begin = point
            at = point
            if raw.FPDFPathSegment_GetClose(segment):
                lines.append((point, begin))
                at = begin
            for (x0, y0), (x1, y1) in lines:
                if (abs(x0 - x1) < 1) != (abs(y0 - y1) < 1):
                    found.append(Rule(*self.turn(min(x0, x1), max(y0, y1), max(x0, x1), min(y0, y1))))
        return found


def turned(rotation: int, left: float, top: float, right: float, bottom: float) -> Turn:
    """From the file's coordinates (y upwards, before the page's rotation) to what is seen (y downwards from the upper left)."""
    return {
        0: lambda x0, y0, x1, y1: (x0 - left, top - y0, x1 - left, top - y1),
        1: lambda x0, y0, x1, y1: (y1 - bottom, x0 - left, y0 - bottom, x1 - left),
        2: lambda x0, y0, x1, y1: (right - x1, y1 - bottom, right - x0, y0 - bottom),
        3: lambda x0, y0, x1, y1: (top - y0, right - x1, top - y1, right - x0),
    }[rotation % 4]
