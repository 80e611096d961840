"""Tables of documents: places that merged cells cover, and rows as lines that name their values.

As in a CSV file (_records.py), a row must be understood alone: chunks cut a table anywhere, and `임원 | 62,000원` is found by no question
for the meals of an executive. But documents also hold forms, `name | Kim | team | sales`, whose first row names nothing. Where the file
does not mark its header, it is one only if the table cannot well be a form: see `_names`.
"""
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

from saem.transform.parse._decode import clean
from saem.transform.parse._records import MAX_NAME_CHARS, are_names
from saem.transform.parse._records import VERSION as RECORDS_VERSION
from saem.transform.parse._records import line as named_line

VERSION = f"1.{RECORDS_VERSION}"
MAX_REPEATED = 80                     # characters of a cell that are told again in each row that it spans
MIN_ROWS = 4                          # below which labels and numbers in turns are a form
MAX_SPAN = 1000                       # rows or columns

_DIGIT = re.compile(r"\d")


class Covered(Enum):
    """A place in a table's grid that a merged cell covers."""
    BY_LEFT = 0
    BY_UPPER = 1


Cell = str | Covered


@dataclass
class Place:
    """A cell, where it begins and what it spans."""
    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def placed(cells: Sequence[Place]) -> list[list[Cell]]:
    """Rows of places. What a merged cell covers is marked, within the rows and columns in which some cell begins."""
    rows: dict[int, dict[int, Cell]] = {cell.row: {} for cell in cells}
    known = sorted({cell.column for cell in cells})
    budget = 20 * len(cells) + 1000                           # places that merged cells may cover, or that may be empty, in all
    for cell in cells:
        wide = known[bisect_left(known, cell.column):bisect_left(known, cell.column + max(cell.columns, 1))]
        for row in range(cell.row, cell.row + cell.rows) if len(wide) > 1 or cell.rows > 1 else ():
            if budget <= 0:
                break
            budget -= len(wide)
            if row in rows:
                for column in wide:
                    rows[row].setdefault(column, Covered.BY_LEFT if column > cell.column else Covered.BY_UPPER)
        rows[cell.row][cell.column] = cell.text
    if len(rows) * len(known) <= budget:                      # places that the file leaves out: what follows keeps its column
        return [[held.get(column, "") for column in known[:bisect_left(known, max(held)) + 1]] for _, held in sorted(rows.items())]
    return [[cell for _, cell in sorted(rows[row].items(), key=lambda place: place[0])] for row in sorted(rows)]


def told(grid: Sequence[Sequence[Cell]], header_rows: int | None = None) -> tuple[list[list[str]], list[str]]:
    """(cells, lines). A cell that spans rows is told in each of them, so that every row can be read alone.

    header_rows: how many rows, from the first, the file marks as names; 0 where it marks other cells, None where it marks none.

    >>> told([["직급", "일비", "식비"], ["임원", "47,900원", "62,000원"]])[1]
    ['직급: 임원 | 일비: 47,900원 | 식비: 62,000원']
    >>> told([["성명", "김하늘"], ["부서", "총무팀"]])[1]
    ['성명 | 김하늘', '부서 | 총무팀']
    """
    cells: list[list[str]] = []
    kept: list[Sequence[Cell]] = []
    above: list[str] = []
    for row in grid:
        full = [one_line(cell) if isinstance(cell, str) else _covering(cell, above, column) for column, cell in enumerate(row)]
        if any(full):
            cells.append(full)
            kept.append(row)
        above = full
    lead = _lead(cells) if header_rows is None else 0
    names, depth = _names(kept[lead:], cells[lead:], header_rows)
    if names:
        return cells, [next(filter(None, row)) for row in cells[:lead]] + [row_line(names, row) for row in cells[lead + depth:]]
    lines = [" | ".join(text for text, cell in zip(full, row, strict=True) if isinstance(cell, str) or text).strip()
             for full, row in zip(cells, kept, strict=True)]
    return cells, lines


def row_line(names: Sequence[str], row: Sequence[str]) -> str:
    """A row with the names of its values; a lone one is a heading among the rows, and stands for itself."""
    held = [cell for cell in row if cell]
    return held[0] if len(held) == 1 and len(row) > 2 else named_line(names, row)


def _lead(cells: Sequence[Sequence[str]]) -> int:
    """The rows at the top that are a title over the whole table."""
    return next((place for place, row in enumerate(cells[:3]) if sum(map(bool, row)) > 1), 0)


def names_of(cells: Sequence[Sequence[str]]) -> list[str]:
    """What the first row calls the columns, where the file cannot mark it; [] where it is no header."""
    return _names(cells, cells, None)[0]


def _names(grid: Sequence[Sequence[Cell]], cells: Sequence[Sequence[str]], header_rows: int | None) -> tuple[list[str], int]:
    """(the columns' names, how many rows they take).

    Unmarked, the first row is a header if it reads like one, and if the columns are odd in number (a form pairs labels with values) or half
    of them, but for the first, hold numbers below a name without any.
    """
    depth = 1 if header_rows is None else header_rows
    if header_rows is None and len(grid) > 2 and Covered.BY_LEFT in grid[0] and Covered.BY_UPPER in grid[1]:
        depth = 2                                             # 'fees' over 'weekday' and 'weekend', beside a name that spans both rows
    if not 0 < depth < len(cells):
        return [], 0
    names = [" ".join(dict.fromkeys(filter(None, parts))).rstrip(":： ")
             for parts in zip_longest(*(_spread(row, full) if depth > 1 else full for row, full in
                                        zip(grid[:depth], cells[:depth], strict=True)), fillvalue="")]
    covered = sum(cell is Covered.BY_LEFT for cell in grid[0]) if depth == 1 else 0
    if header_rows:
        return (names, depth) if any(names) and max(map(len, names)) <= MAX_NAME_CHARS else ([], 0)
    return (names, depth) if are_names(names, covered + 1) and _is_no_form(names, cells[depth:]) else ([], 0)


def _spread(row: Sequence[Cell], full: Sequence[str]) -> list[str]:
    """A row of names; one that spans columns stands over each of them."""
    made: list[str] = []
    for cell, text in zip(row, full, strict=True):
        made.append(made[-1] if cell is Covered.BY_LEFT and made else text)
    return made


def _is_no_form(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    width = len(names)
    if width > 2 and width % 2:
        return True
    counted = set()                                           # columns of numbers below a name without any
    for column in range(1, width):
        held = [row[column] for row in rows if column < len(row) and row[column]]
        if held and names[column] and not _DIGIT.search(names[column]) and all(map(_DIGIT.search, held)):
            counted.add(column)
    is_paired = width > 2 and len(rows) < MIN_ROWS and counted == set(range(1, width, 2))      # label, number, label, number
    return len(counted) >= (width - 1) / 2 and not is_paired


def _covering(cell: Covered, above: Sequence[str], column: int) -> str:
    is_repeated = cell is Covered.BY_UPPER and column < len(above) and len(above[column]) <= MAX_REPEATED
    return above[column] if is_repeated else ""
