"""The pieces of one page, from wherever they come, put in reading order as blocks."""
from saem.transform.parse import _layout
from saem.transform.parse._piece import Box, Piece, Rule, quarter
from saem.transform.parse._tables import aligned, ruled
from saem.transform.parse._written import Sheet

VERSION = "2"                         # of reading order, tables and blocks


def sheet(pieces: list[Piece], rules: list[Rule], width: float, height: float, angle: int = 0) -> Sheet:
    """`angle`: that the text runs at, counterclockwise as the page is seen: 0, 90, 180 or 270."""
    restore = None
    if not pieces:
        return Sheet([])
    if angle:
        turn, restore = quarter(angle, width, height)
        pieces = [_moved(p, turn((p.left, p.top, p.right, p.bottom))) for p in pieces]
        rules = [Rule(*turn((r.left, r.top, r.right, r.bottom))) for r in rules]
    if _layout.is_simple(pieces):
        return Sheet(_layout.blocks([[p] for p in pieces]), restore)
    tables, rest = ruled(pieces, rules)
    more, rest = aligned(rest)
    return Sheet(_layout.blocks(_layout.ordered(rest, tables + more)), restore)


def _moved(piece: Piece, box: Box) -> Piece:
    left, top, right, bottom = box
    return piece._replace(left=left, top=top, right=right, bottom=bottom)
