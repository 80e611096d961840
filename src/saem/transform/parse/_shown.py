"""A page as a picture, and where on it a stretch of a document stands."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from saem.transform.parse._grid import names_of
from saem.transform.parse._parsed import Element
from saem.transform.parse._piece import Box, Piece, rows_of

if TYPE_CHECKING:
    from PIL.Image import Image

NEAR = 3.0                            # points around an element's box in which its pieces lie


@dataclass
class Shown:
    """`picture` has `scale` points a pixel; `part` gives the box, in points, of the characters start:end of a piece's text."""
    picture: "Image"
    scale: float
    pieces: list[Piece]
    part: Callable[[Piece, int, int], Box]

    def boxes(self, text: str, elements: Sequence[Element], start: int, end: int) -> list[Box]:
        """Where text[start:end] stands, line by line, in points; an element's whole box where its lines are not found again."""
        found: list[Box] = []
        for element in elements:
            if not element.box or element.end <= start or end <= element.start:
                continue
            lines = self._lines(text, element, start, end)
            found += lines or [(element.box[0], element.box[1], element.box[2], element.box[3])]
        return found

    def _lines(self, text: str, element: Element, start: int, end: int) -> list[Box]:
        left, top, right, bottom = element.box
        inside = [p for p in self.pieces if left - NEAR <= (p.left + p.right) / 2 <= right + NEAR
                  and top - NEAR <= (p.top + p.bottom) / 2 <= bottom + NEAR]
        found: list[Box] = []
        at = element.start
        names = " ".join(element.cells[0]) if names_of(element.cells) else ""      # a header that is told in its rows alone
        for piece in (piece for row in rows_of(inside) for piece in row):
            if names and piece.text in names:
                names = names.replace(piece.text, "", 1)
                continue
            names = ""
            place = text.find(piece.text, at, element.end)
            if place < 0:                                      # cells of one row, columns, a hyphen that has gone
                place = text.find(piece.text.rstrip("-"), element.start, element.end)
            if place < 0:
                continue
            at = place + len(piece.text.rstrip("-"))
            first, last = max(start, place), min(end, at)
            if first < last:
                found.append(self.part(piece, first - place, last - place))
        return found


def words_part(piece: Piece, start: int, end: int) -> Box:
    """Of a piece that knows its words' boxes: around those that are touched."""
    edges = [*(at for at, _ in piece.words[1:]), len(piece.text)]
    boxes = [box for (at, box), stop in zip(piece.words, edges, strict=True) if at < end and start < stop]
    if not boxes:
        return (piece.left, piece.top, piece.right, piece.bottom)
    if piece.bottom - piece.top > 1.5 * (piece.right - piece.left):        # it runs up or down
        return (piece.left, min(b[1] for b in boxes), piece.right, max(b[3] for b in boxes))
    return (min(b[0] for b in boxes), piece.top, max(b[2] for b in boxes), piece.bottom)
