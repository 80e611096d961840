"""What a page is made of before it is read: pieces of lines, and the rules between them."""
from typing import NamedTuple

Box = tuple[float, float, float, float]      # left, top, right, bottom


class Piece(NamedTuple):
    """A stretch of one line without a wide gap in it. Lengths in points from the page's upper left corner, y downwards.

    size     of its letters: that of the font as it is drawn
    start    of its first character among the page's own (-1 where it has none); `end` likewise
    joins    what stood at its end: '' nothing, ' ' a space that its line break follows, '-' a hyphen that breaks a word
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


class Rule(NamedTuple):
    """A line that is drawn, across or down: left == right or top == bottom, near enough."""
    left: float
    top: float
    right: float
    bottom: float


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
