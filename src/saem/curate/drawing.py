"""A report on decisions as a picture or a page: bars per rule, per source and per language, before and after."""
import io
import os
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from saem.core.errors import SaemError, missing
from saem.core.html import table as html_table
from saem.curate.reporting import WORDS, Report, said, summary, tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"kept": "#1f4e9c", "dropped": "#b3392f", "flagged only": "#c9a227"}
SUFFIXES = (".html", ".svg", ".png")
SHOWN = 20             # bars of a panel
HANGUL_FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "NanumBarunGothic", "Malgun Gothic", "Apple SD Gothic Neo", "UnDotum")


def check(path: str, language: str = "en") -> str:
    """The suffix. Raises: E104 for a file that is neither a page nor a picture or in no folder, or a language that no report is in."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise SaemError("E104", f"'{path}' is neither a page nor a picture", fix="--out report.html, report.svg or report.png")
    if not os.path.isdir(folder := os.path.dirname(path) or "."):
        raise SaemError("E104", f"there is no folder '{folder}'", fix="--out a file in a folder that is there")
    if language not in WORDS:
        raise SaemError("E104", f"no report is in the language '{language}'", fix=f"one of {', '.join(WORDS)}")
    return suffix


def write(made: Report, path: str, language: str = "en") -> None:
    """The report as a page (.html) or a picture (.svg, .png). Raises: E104 as `check` does, E103 without matplotlib."""
    suffix = check(path, language)
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise missing("matplotlib", "drawing a report", "plots") from error
    with matplotlib.rc_context({"font.family": _fonts(), "svg.fonttype": "none", "svg.hashsalt": "saem", "text.parse_math": False}):
        figure = drawn(made, language)
        if suffix == ".png":
            figure.savefig(path, dpi=160)
            return
        drawing = io.StringIO()
        figure.savefig(drawing, format="svg", metadata={"Date": None})
    svg = drawing.getvalue()
    with open(path, "w", encoding="utf-8") as file:
        file.write(svg if suffix == ".svg" else page(made, svg[svg.index("<svg"):], language))


def _fonts() -> list[str]:
    """Letters come from the first font that has them; names of sources may be Korean whatever the report's language is."""
    from matplotlib.font_manager import fontManager
    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in HANGUL_FONTS if name in installed][:1]]


def drawn(made: Report, language: str = "en") -> "Figure":
    """Three panels: rows per rule, flagged and dropped; rows per source and per language, before and after."""
    from matplotlib.figure import Figure
    rules = made.rules[:SHOWN]
    groups = [(made.sources[:SHOWN], "rows per source"), (made.languages[:SHOWN], "rows per language")]
    longest = max([len(rules), *(len(each) for each, _ in groups), 3])
    figure = Figure(figsize=(14, 1.8 + 0.32 * longest), layout="constrained")
    panels = figure.subplots(1, 3, width_ratios=(5, 4, 3))
    _bars(panels[0], [rule.rule for rule in rules], [rule.flagged for rule in rules], [rule.dropped for rule in rules],
          "flagged only", "dropped", "rows per rule", language, len(made.rules) - len(rules))
    for panel, (shown, title), all_of_them in zip(panels[1:], groups, (made.sources, made.languages), strict=True):
        _bars(panel, [group.name or said("(none)", language) for group in shown], [group.before for group in shown],
              [group.after for group in shown], "dropped", "kept", title, language,
              len(all_of_them) - len(shown))
    return figure


def _bars(axis: "Axes", names: Sequence[str], whole: Sequence[int], part: Sequence[int], rest: str, own: str, title: str,
          language: str, more: int) -> None:
    from matplotlib.ticker import MaxNLocator
    places = [-at for at in range(len(names))]
    axis.barh(places, part, color=COLOURS[own], label=said(own, language))
    axis.barh(places, [max(0, a - b) for a, b in zip(whole, part, strict=True)], left=part, color=COLOURS[rest], label=said(rest, language))
    axis.set_yticks(places, list(names))
    axis.set_title(said(title, language) + (said(" (and {} more)", language).format(more) if more else ""), fontsize=10, loc="left")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))      # rows are whole
    axis.grid(axis="x", color="#e3e5e8", lw=0.7)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(left=False, labelsize=9)
    if names:
        axis.legend(frameon=False, fontsize=8, loc="lower right")


def page(made: Report, svg: str, language: str = "en") -> str:
    """One HTML file that loads nothing else."""
    parts = [f"<h2>{escape(title)}</h2>{html_table(names, rows)}" for title, names, rows in tables(made, language)]
    return f"""<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>saem curate report: {escape(made.table)}</title>
<style>
body {{ font: 15px/1.5 system-ui, "Noto Sans KR", sans-serif; color: #1c1f23; max-width: 1280px; margin: 2.5rem auto; padding: 0 1rem }}
svg {{ max-width: 100%; height: auto }} table {{ border-collapse: collapse }}
th, td {{ padding: .25rem .7rem; border-bottom: 1px solid #e3e5e8; text-align: left }}</style>
<h1>{escape(made.table)}</h1><p>{escape(summary(made, language))}</p>{svg}{"".join(parts)}</html>
"""
