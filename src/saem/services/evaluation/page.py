"""What every report of an evaluation is: a page or a picture, with a figure and a table. matplotlib draws; the extra `plots` brings it."""
import io
import os
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError, missing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 200            # questions on a page
_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans KR", sans-serif; color: #1c1f23; max-width: 1280px; margin: 2.5rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin-top: 2.2rem } p { max-width: 46rem }
.wide { overflow-x: auto } svg { max-width: 100%; height: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .87rem }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #e3e5e8; text-align: right; white-space: nowrap }
th:first-child, td:first-child, td.text, th.text { text-align: left } td.text { white-space: normal; min-width: 15rem }
.better { color: #1b7f4b } .worse, .miss { color: #b3392f } .noise { color: #6b7079 }
"""


def saved(figure: "Figure", path: str, page_of: "Callable[[Figure], str]") -> None:
    """A figure as a picture, or in its page. Raises: E104 for another suffix than .html and .png."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (".html", ".png"):
        raise SaemError("E104", f"'{path}' is neither a page nor a picture", fix="--out report.html, or --out report.png")
    if suffix == ".png":
        figure.savefig(path, dpi=160)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(page_of(figure))


def panels(names: Sequence[str], titles: Sequence[str], widths: Sequence[int]) -> "tuple[Figure, list[Axes], list[int]]":
    """(a figure, its panels side by side, at what height each of the named ways stands). Raises: E103 without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing("matplotlib", "drawing a report", "plots") from error
    places = [len(names) - at for at in range(len(names))]
    figure = Figure(figsize=(11, 1.7 + 0.45 * len(names)), layout="constrained")
    axes: list[Any] = list(figure.subplots(1, len(titles), sharey=True, width_ratios=widths))
    axes[0].set_yticks(places, names)
    axes[0].set_ylim(0.4, len(names) + 0.6)
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, fontsize=10, loc="left")
        axis.grid(axis="x", color="#e3e5e8", lw=0.7)
        axis.set_axisbelow(True)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(left=False, labelsize=9)
    return figure, axes, places


def shares(axis: "Axes", kinds: Sequence[tuple[str, str, Sequence[float | None]]], places: Sequence[int]) -> None:
    """Points of (marker, label, a value for each way): a little apart in height, so that equal ones are seen."""
    for number, (marker, label, values) in enumerate(kinds):
        shift = 0.12 * ((len(kinds) - 1) / 2 - number)
        points = [(value, place + shift) for value, place in zip(values, places, strict=True) if value is not None]
        if points:
            axis.plot([value for value, _ in points], [height for _, height in points], marker, label=label, ms=6, alpha=0.85)
    axis.set_xlim(-0.02, 1.02)


def share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def table(names: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str] = ()) -> str:
    """Figures as HTML; classes: of each row, '' = none."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f'<tr class="{escape(kind)}">{"".join(f"<td>{escape(cell)}</td>" for cell in row)}</tr>'
                   for row, kind in zip(rows, classes or [""] * len(rows), strict=True))
    return f"<table><tr>{head}</tr>{body}</table>"


def framed(title: str, heading: str, told: str, figure: "Figure", body: str, conclusion: str = "") -> str:
    """One HTML file that loads nothing else: what was measured, the figure, the rest."""
    import matplotlib
    drawing = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "saem"}):
        figure.savefig(drawing, format="svg", metadata={"Date": None})
    svg = drawing.getvalue()[drawing.getvalue().index("<svg"):]
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style>
<h1>{escape(heading)}</h1>
<p>{escape(told)}</p>
{f'<p><b>{escape(conclusion)}</b></p>' if conclusion else ''}
<div class="wide">{svg}</div>
{body}</html>
"""
