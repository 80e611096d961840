"""One measured number beside its goal, and the table of them."""
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`most`: the goal is to stay at or below it, `least`: at or above it; both None = no goal, told for comparison."""
    work: str
    value: float
    unit: str
    most: float | None = None
    note: str = ""
    least: float | None = None

    @property
    def verdict(self) -> str:
        if self.most is None and self.least is None:
            return ""
        return "met" if (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least) else "MISSED"

    def cells(self) -> list[str]:
        goal = f"<= {number(self.most)}" if self.most is not None else f">= {number(self.least)}" if self.least is not None else ""
        return [self.work, f"{number(self.value)} {self.unit}", goal, self.verdict, self.note]


def number(value: float) -> str:
    """Three digits that count: 0.0312, 1.82, 14,902."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def middle(values: Iterable[float]) -> float:
    return float(statistics.median(list(values)))


def least(values: Iterable[float]) -> float:
    return min(values)


def table(figures: Sequence[Figure]) -> str:
    """Columns as wide as their widest cell; a line of Markdown for each figure."""
    rows = [["work", "measured", "goal", "", "note"], *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
