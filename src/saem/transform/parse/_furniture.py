"""Running heads, feet and page numbers: lines that come back at the same height, page after page."""
import re
from collections import defaultdict
from collections.abc import Sequence

from saem.transform.parse._piece import Piece

BAND = 0.12                           # of the page's height, at its top and bottom
EDGE_LINES = 3                        # outermost lines that can be furniture
MIN_PAGES = 3                         # that a running line stands on
MIN_SHARE = 0.4                       # of the pages from its first to its last: heads of left and right pages take turns
MIN_NUMBER_SHARE = 0.15               # of page numbers that stand alone: on other pages they stand beside a head
SAME_HEIGHT = 4.0                     # points

_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b|\b[IVXLC]+\b")
_PAGE_NUMBER = re.compile(r"(?:[-–—\[(<|]\s*)?(?:page\s*|p\.\s*|쪽\s*)?#(?:\s*(?:[/|]|of|중)\s*#)?\s*(?:쪽|페이지|면)?"
                          r"(?:\s*[-–—\])>|])?$", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def running(pages: Sequence[Sequence[Piece]], heights: Sequence[float]) -> tuple[list[set[int]], list[set[int]]]:
    """(of each page, the indices of the pieces that belong to the furniture; those of them that say something for the first time).

    Page numbers say nothing; a head says what no other line may say: whose document it is, its number, how long it is kept.
    """
    found: list[set[int]] = [set() for _ in pages]
    new: list[set[int]] = [set() for _ in pages]
    if len(pages) < 2:
        return found, new
    # what a line says without its numbers, and where -> (page, index, its numbers)
    seen: dict[tuple[str, bool, int], list[tuple[int, int, list[int]]]] = defaultdict(list)
    for page, (pieces, height) in enumerate(zip(pages, heights, strict=True)):
        for index, is_top in _edges(pieces, height):
            piece = pieces[index]
            key = " ".join(_NUMBER.sub("#", piece.text).split())
            place = piece.top if is_top else height - piece.bottom
            seen[key, is_top, round(place / SAME_HEIGHT)].append((page, index, [_value(n) for n in _NUMBER.findall(piece.text)]))
    done = set()
    first: dict[tuple[str, tuple[int, ...]], tuple[int, int]] = {}
    for (key, is_top, place), here in seen.items():
        near = here + seen.get((key, is_top, place + 1), [])
        is_number = bool(_PAGE_NUMBER.match(key))
        needed = 2 if is_number or len(pages) == 2 and not is_top else MIN_PAGES
        by_shift: dict[tuple[tuple[bool, int], ...], list[tuple[int, int]]] = defaultdict(list)
        for page, index, numbers in near:                      # all numbers stay, or one of them rises with the pages
            for rising in range(-1 + is_number, len(numbers)):
                by_shift[tuple((k == rising, n - page * (k == rising)) for k, n in enumerate(numbers))].append((page, index))
        for shift, group in by_shift.items():
            on = {page for page, _ in group}
            if len(on) >= needed and len(on) >= (MIN_NUMBER_SHARE if is_number else MIN_SHARE) * (max(on) - min(on) + 1):
                done |= set(group)
                if not is_number:
                    said = key, tuple(n for is_rising, n in shift if not is_rising)
                    first[said] = min(first.get(said, group[0]), *group)
    for page, index in done:
        found[page].add(index)
    for page, index in first.values():
        new[page].add(index)
    return found, new


def is_page_number(text: str) -> bool:
    """Whether a line is nothing else.

    >>> is_page_number("- 12 -"), is_page_number("3 / 10 쪽"), is_page_number("Room 12")
    (True, True, False)
    """
    return bool(_PAGE_NUMBER.match(" ".join(_NUMBER.sub("#", text).split())))


def _edges(pieces: Sequence[Piece], height: float) -> list[tuple[int, bool]]:
    """The outermost lines within the bands: (index, whether it is at the top)."""
    top = sorted((p.top, k) for k, p in enumerate(pieces) if p.bottom <= BAND * height and len(p.text) <= 200)
    bottom = sorted((-p.bottom, k) for k, p in enumerate(pieces) if p.top >= (1 - BAND) * height and len(p.text) <= 200)
    made = []
    for side, is_top in ((top, True), (bottom, False)):
        lines, last = 0, None
        for place, index in side:
            if last is None or place - last > SAME_HEIGHT:
                lines += 1
            if lines > EDGE_LINES:
                break
            last = place
            made.append((index, is_top))
    return made


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number[:9])
    digits = [_ROMAN[c] for c in number.lower()]
    return sum(-a if a < b else a for a, b in zip(digits, [*digits[1:], 0], strict=True))
