"""What a page is made of before it is read: pieces of lines, and the rules between them."""
from collections.abc import Callable
from typing import NamedTuple

Box = tuple[float, float, float, float]      # left, top, right, bottom


class Piece(NamedTuple):
    """A stretch of one line without a wide gap in it. Lengths in points from the page's upper left corner, y downwards.

    size     of its letters: that of the font as it is drawn
    start    of its first character among the page's own (-1 where it has none); `end` likewise
    joins    what stood at its end: '' nothing, ' ' a space that its line break follows, '-' a hyphen that breaks a word
    confidence  of the recognition in it, from 0 to 1; None where the text is the file's own
    words    (offset in text, box) of each word where they are known without asking the page
    """
    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    start: int = -1
    end: int = -1
    joins: str = ""
    words: tuple[tuple[int, Box], ...] = ()
    confidence: float | None = None


class Rule(NamedTuple):
    """A line that is drawn, across or down: left == right or top == bottom, near enough."""
    left: float
    top: float
    right: float
    bottom: float


def quarter(angle: int, width: float, height: float) -> tuple[Callable[[Box], Box], Callable[[Box], Box]]:
    """(to upright places, back to the page's) of text that runs at `angle`, counterclockwise as a page of that size is seen."""
    if angle == 90:
        return (lambda b: (height - b[3], b[0], height - b[1], b[2])), (lambda b: (b[1], height - b[2], b[3], height - b[0]))
    if angle == 180:
        return (lambda b: (width - b[2], height - b[3], width - b[0], height - b[1]),) * 2
    return (lambda b: (b[1], width - b[2], b[3], width - b[0])), (lambda b: (width - b[3], b[0], width - b[1], b[2]))


def around(pieces: "list[Piece] | list[Rule]") -> Box:
    """The smallest box that holds them all."""
    return (min(p.left for p in pieces), min(p.top for p in pieces), max(p.right for p in pieces), max(p.bottom for p in pieces))


def rows_of(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces that stand on one line, lines from top to bottom, each from left to right."""
    rows: list[list[Piece]] = []
    bottom = middle = 0.0
    for piece in sorted(pieces, key=lambda p: p.top + p.bottom):
        centre = (piece.top + piece.bottom) / 2
        if rows and (centre < bottom and piece.top < middle):
            rows[-1].append(piece)
            continue
        rows.append([piece])
        bottom, middle = piece.bottom, centre
    return [sorted(row, key=lambda p: p.left) if len(row) > 1 else row for row in rows]
