"""Tables on a page: those whose rules are drawn, and those whose columns are only aligned."""
import re
from bisect import bisect_right
from dataclasses import dataclass
from statistics import median

from saem.transform.parse._piece import Box, Piece, Rule, around, rows_of

MAX_RULES = 800                       # more are a drawing
MAX_CELLS = 5_000
MAX_CELL_CHARS = 400                  # on average: above it, a frame holds running text
TOUCHING = 3.0                        # points between rules that meet
MIN_ROWS = 3                          # of an aligned table
MIN_GAP = 0.6                         # between its columns, of the letters' size
MAX_PITCH = 3.2                       # from row to row, of the letters' size
TEXT_WIDTH = 9                        # letters' sizes: a wider column that its lines fill is running text
FILLED = 0.8

_MARKER = re.compile(r"[-–•▪◦○●□■※*·]$|\(?(?:\d{1,3}|[A-Za-z가-하])[.)]$|\d+(?:\.\d+)+\.?$|[①-⑳]$")


@dataclass
class Table:
    """A table's place, its cells row by row, and the pieces of each cell."""
    box: Box
    cells: list[list[list[Piece]]]


def ruled(pieces: list[Piece], rules: list[Rule]) -> tuple[list[Table], list[Piece]]:
    """The tables whose rules cross, and the pieces outside of them."""
    tables: list[Table] = []
    if len(rules) > MAX_RULES:
        return tables, pieces
    for group in _connected(rules):
        xs = _places([x for r in group for x in (r.left, r.right)])
        ys = _places([y for r in group for y in (r.top, r.bottom)])
        down = [r for r in group if r.bottom - r.top > r.right - r.left]
        columns, lines = len(xs) - 1, len(ys) - 1
        if columns < 1 or lines < 1 or columns * lines < 2 or columns * lines > MAX_CELLS or not down or len(down) == len(group):
            continue
        box = (xs[0], ys[0], xs[-1], ys[-1])
        inside = [p for p in pieces if _is_within(p, box)]
        if not inside:
            continue
        owner = _owners(xs, ys, group)
        cells: list[list[list[Piece]]] = [[[] for _ in range(columns)] for _ in range(lines)]
        for piece in inside:
            row = min(max(bisect_right(ys, (piece.top + piece.bottom) / 2) - 1, 0), lines - 1)
            column = min(max(bisect_right(xs, (piece.left + piece.right) / 2) - 1, 0), columns - 1)
            r, c = owner[row][column]
            cells[r][c].append(piece)
        cells = _without_empty(cells)
        if len(cells) >= 1 and len(cells[0]) >= 2 and len(cells) * len(cells[0]) > 2 and _is_small(cells):
            tables.append(Table(box, cells))
            held = set(map(id, inside))
            pieces = [p for p in pieces if id(p) not in held]
    return tables, pieces


def aligned(pieces: list[Piece]) -> tuple[list[Table], list[Piece]]:
    """The tables without rules: rows of several pieces whose columns stand below each other."""
    tables: list[Table] = []
    rows = rows_of(pieces)
    at = 0
    while at < len(rows):
        end, columns = _run(rows, at)
        run = rows[at:end]
        if sum(len(row) > 1 for row in run) < MIN_ROWS:
            at += 1
        elif _is_running_text(run, columns):
            at = end
        else:
            tables.append(Table(around([p for row in run for p in row]), _cells(run, columns)))
            rows[at:end] = []
    return tables, [p for row in rows for p in row] if tables else pieces


def cell_text(pieces: list[Piece]) -> str:
    """A cell's lines as one."""
    return " ".join(p.text for row in rows_of(pieces) for p in row)


def _is_small(cells: list[list[list[Piece]]]) -> bool:
    chars = [sum(len(p.text) for p in cell) for row in cells for cell in row if cell]
    return len(chars) > 1 and sum(chars) / len(chars) <= MAX_CELL_CHARS


def _is_within(piece: Piece, box: Box) -> bool:
    return (box[0] - TOUCHING <= (piece.left + piece.right) / 2 <= box[2] + TOUCHING
            and box[1] - TOUCHING <= (piece.top + piece.bottom) / 2 <= box[3] + TOUCHING)


def _connected(rules: list[Rule]) -> list[list[Rule]]:
    """Groups of rules that touch each other."""
    groups: list[tuple[list[float], list[Rule]]] = []
    for rule in rules:
        joined: list[Rule] = [rule]
        rest = []
        for box, members in groups:
            is_near = (rule.left <= box[2] + TOUCHING and rule.right >= box[0] - TOUCHING
                       and rule.top <= box[3] + TOUCHING and rule.bottom >= box[1] - TOUCHING)
            if is_near and any(rule.left <= m.right + TOUCHING and rule.right >= m.left - TOUCHING and rule.top <= m.bottom + TOUCHING
                               and rule.bottom >= m.top - TOUCHING for m in members):
                joined += members
            else:
                rest.append((box, members))
        groups = [*rest, (list(around(joined)), joined)]
    return [members for _, members in groups if len(members) > 2]


def _places(values: list[float]) -> list[float]:
    """Values that lie together become one."""
    made: list[list[float]] = []
    for value in sorted(values):
        if made and value - made[-1][-1] <= TOUCHING:
            made[-1].append(value)
        else:
            made.append([value])
    return [sum(each) / len(each) for each in made]


def _owners(xs: list[float], ys: list[float], rules: list[Rule]) -> list[list[tuple[int, int]]]:
    """The cell that each place of the grid belongs to: where no rule lies between two, they are one."""
    across = [r for r in rules if r.right - r.left >= r.bottom - r.top]
    down = [r for r in rules if r.right - r.left < r.bottom - r.top]
    made: list[list[tuple[int, int]]] = []
    for r in range(len(ys) - 1):
        middle = (ys[r] + ys[r + 1]) / 2
        made.append([])
        for c in range(len(xs) - 1):
            centre = (xs[c] + xs[c + 1]) / 2
            has_left = c == 0 or any(abs(d.left - xs[c]) <= TOUCHING and d.top <= middle <= d.bottom for d in down)
            has_top = r == 0 or any(abs(a.top - ys[r]) <= TOUCHING and a.left <= centre <= a.right for a in across)
            made[r].append(made[r][c - 1] if not has_left else made[r - 1][c] if not has_top else (r, c))
    return made


def _without_empty(cells: list[list[list[Piece]]]) -> list[list[list[Piece]]]:
    rows = [row for row in cells if any(row)]
    columns = [c for c in range(len(cells[0])) if any(row[c] for row in rows)]
    return [[row[c] for c in columns] for row in rows]


def _run(rows: list[list[Piece]], at: int) -> tuple[int, list[tuple[float, float]]]:
    """The end of the rows from `at` on whose columns stand below each other, and these columns (left, right)."""
    columns: list[tuple[float, float]] = []
    end = at
    last = at                                                 # after the last row of several pieces
    widest = 2
    while end < len(rows):
        row = rows[end]
        if end > at and row[0].top - rows[end - 1][0].top > MAX_PITCH * max(rows[end - 1][0].size, 1):
            break
        if len(row) == 1:
            if end == at or end - last >= 2 or not any(left - 1 <= row[0].left and row[0].right <= right + row[0].size
                                                       for left, right in columns):
                break
            end += 1
            continue
        merged = _merged([*columns, *((p.left, p.right) for p in row)], MIN_GAP * median(p.size for p in row))
        widest = max(widest, len(row))
        if len(merged) < max(widest, len(columns)):
            break
        columns = merged
        end += 1
        last = end
    return last, columns


def _merged(spans: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    made: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if made and left - made[-1][1] < gap:
            made[-1] = (made[-1][0], max(made[-1][1], right))
        else:
            made.append((left, right))
    return made


def _is_running_text(run: list[list[Piece]], columns: list[tuple[float, float]]) -> bool:
    """Whether these are columns of text, or a list whose marks stand apart, and no table."""
    for number, (left, right) in enumerate(columns):
        inside = [p for row in run for p in row if left - 1 <= p.left and p.right <= right + 1]
        if number == 0 and len(columns) == 2 and all(_MARKER.match(p.text) for p in inside):
            return True
        size = median(p.size for p in inside) or 1.0
        filled = sum(p.right - p.left >= FILLED * (right - left) for p in inside)
        if right - left < TEXT_WIDTH * size or filled < 0.5 * len(inside):
            return False
    return True


def _cells(run: list[list[Piece]], columns: list[tuple[float, float]]) -> list[list[list[Piece]]]:
    """A line that holds one piece goes on in the cell above."""
    made: list[list[list[Piece]]] = []
    lefts = [left for left, _ in columns]
    for row in run:
        if len(row) > 1 or not made:
            made.append([[] for _ in columns])
        for piece in row:
            made[-1][max(bisect_right(lefts, piece.left + 1) - 1, 0)].append(piece)
    return made
