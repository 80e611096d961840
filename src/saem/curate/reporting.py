"""What a policy does to a table, counted and drawn: per rule, per source, per language, before and after."""
import dataclasses
import io
import os
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, missing
from saem.core.html import table as html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from saem.engine.table import Table

COLOURS = {"kept": "#1f4e9c", "dropped": "#b3392f", "flagged": "#c9a227"}
SUFFIXES = (".html", ".svg", ".png")
SHOWN = 20             # bars of a panel


@dataclasses.dataclass(frozen=True)
class Group:
    """Rows of one source or language: how many there are, and how many stay."""
    name: str
    before: int
    after: int


@dataclasses.dataclass(frozen=True)
class RuleCount:
    """flagged: rows for which the rule fires; dropped: rows that go because of it."""
    rule: str
    flagged: int
    dropped: int


@dataclasses.dataclass(frozen=True)
class Report:
    """The decisions of a table in figures."""
    table: str
    rows: int
    kept: int
    by: dict[str, int]           # dropped rows: by rule, duplicate, human
    restored: int                # rows that stay because a person said so
    rules: tuple[RuleCount, ...]
    sources: tuple[Group, ...]
    languages: tuple[Group, ...]


def report(decisions: "Table") -> Report:
    """Counts of a table of decisions."""
    held = decisions.to_arrow(["keep", "by", "rule", "flags", "source", "language"])
    gone = held.filter(pc.invert(held["keep"]))
    flagged, dropped = _counted(pc.list_flatten(held["flags"])), _counted(gone.filter(pc.not_equal(gone["by"], "human"))["rule"])
    names = sorted({*flagged, *dropped}, key=lambda name: (-dropped.get(name, 0), -flagged.get(name, 0), name))
    restored = pc.sum(pc.and_(held["keep"], pc.equal(held["by"], "human"))).as_py() or 0
    return Report(decisions.name, len(held), len(held) - len(gone), _counted(gone["by"]), restored,
                  tuple(RuleCount(name, flagged.get(name, dropped.get(name, 0)), dropped.get(name, 0)) for name in names),
                  _groups(held, "source"), _groups(held, "language"))


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist() if each["values"] is not None}


def _groups(held: pa.Table, name: str) -> tuple[Group, ...]:
    rows = (
        pa.table({"name": held[name], "keep": held["keep"].cast(pa.int64())})
        .group_by("name")
        .aggregate([("keep", "count"), ("keep", "sum")])
    )
    made = [Group(str(each["name"]), each["keep_count"], each["keep_sum"]) for each in rows.to_pylist()]
    return tuple(sorted(made, key=lambda group: (-group.before, group.name)))


def check_suffix(path: str) -> str:
    """Raises: E104 for a file that is neither a page nor a picture."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise SaemError("E104", f"'{path}' is neither a page nor a picture", fix="--out report.html, report.svg or report.png")
    return suffix


def write(made: Report, path: str) -> None:
    """The report as a page (.html) or a picture (.svg, .png). Raises: E104 for another suffix, E103 without matplotlib."""
    suffix = check_suffix(path)
    figure = drawn(made)
    if suffix == ".png":
        figure.savefig(path, dpi=160)
        return
    svg = _svg(figure)
    with open(path, "w", encoding="utf-8") as file:
        file.write(svg if suffix == ".svg" else page(made, svg[svg.index("<svg"):]))


def drawn(made: Report) -> "Figure":
    """Three panels: rows per rule, flagged and dropped; rows per source and per language, before and after."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing("matplotlib", "drawing a report", "plots") from error
    rules = made.rules[:SHOWN]
    groups = [(made.sources[:SHOWN], "rows per source"), (made.languages[:SHOWN], "rows per language")]
    longest = max([len(rules), *(len(each) for each, _ in groups), 3])
    figure = Figure(figsize=(14, 1.8 + 0.32 * longest), layout="constrained")
    panels = figure.subplots(1, 3, width_ratios=(5, 4, 3))
    _bars(panels[0], [rule.rule for rule in rules], [rule.flagged for rule in rules], [rule.dropped for rule in rules],
          ("flagged", "flagged only"), ("dropped", "dropped"), "rows per rule")
    for panel, (shown, title) in zip(panels[1:], groups, strict=True):
        _bars(panel, [group.name or "(none)" for group in shown], [group.before for group in shown], [group.after for group in shown],
              ("dropped", "dropped"), ("kept", "kept"), title)
    return figure


def _bars(
    axis: "Axes", names: Sequence[str], whole: Sequence[int], part: Sequence[int], rest: tuple[str, str], own: tuple[str, str], title: str
) -> None:
    places = [-at for at in range(len(names))]
    axis.barh(places, part, color=COLOURS[own[0]], label=own[1])
    axis.barh(places, [max(0, a - b) for a, b in zip(whole, part, strict=True)], left=part, color=COLOURS[rest[0]], label=rest[1])
    axis.set_yticks(places, list(names))
    axis.set_title(title, fontsize=10, loc="left")
    axis.grid(axis="x", color="#e3e5e8", lw=0.7)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(left=False, labelsize=9)
    if names:
        axis.legend(frameon=False, fontsize=8, loc="lower right")


def _svg(figure: "Figure") -> str:
    import matplotlib
    drawing = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "saem"}):
        figure.savefig(drawing, format="svg", metadata={"Date": None})
    return drawing.getvalue()


def page(made: Report, svg: str) -> str:
    """One HTML file that loads nothing else."""
    parts = [f"<h2>{escape(title)}</h2>{html_table(names, rows)}" for title, names, rows in tables(made)]
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>saem curate report: {escape(made.table)}</title>
<style>
body {{ font: 15px/1.5 system-ui, "Noto Sans KR", sans-serif; color: #1c1f23; max-width: 1280px; margin: 2.5rem auto; padding: 0 1rem }}
svg {{ max-width: 100%; height: auto }} table {{ border-collapse: collapse }}
th, td {{ padding: .25rem .7rem; border-bottom: 1px solid #e3e5e8; text-align: left }}</style>
<h1>{escape(made.table)}</h1><p>{escape(summary(made))}</p>{svg}{"".join(parts)}</html>
"""


def summary(made: Report) -> str:
    """One sentence.

    >>> summary(Report("decisions", 10, 7, {"rule": 2, "duplicate": 1}, 1, (), (), ()))
    '7 of 10 rows are kept (70%); dropped by rule 2, by duplicate 1; 1 kept because a person said so'
    """
    said = f"{made.kept:,} of {made.rows:,} rows are kept ({made.kept / max(1, made.rows):.0%})"
    if made.by:
        said += "; dropped " + ", ".join(f"by {name} {count:,}" for name, count in sorted(made.by.items(), key=lambda each: -each[1]))
    return said + (f"; {made.restored:,} kept because a person said so" if made.restored else "")


def tables(made: Report) -> list[tuple[str, list[str], list[list[str]]]]:
    """(title, columns, rows) of the three tables, as text."""
    groups = [
        [[group.name or "(none)", f"{group.before:,}", f"{group.after:,}", f"{group.after / max(1, group.before):.0%}"] for group in each]
        for each in (made.sources, made.languages)
    ]
    return [
        ("rules", ["rule", "flagged", "dropped"], [[rule.rule, f"{rule.flagged:,}", f"{rule.dropped:,}"] for rule in made.rules]),
        ("sources", ["source", "before", "after", "kept"], groups[0]),
        ("languages", ["language", "before", "after", "kept"], groups[1]),
    ]
