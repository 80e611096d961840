"""An evaluation as a page or a picture: `--out report.html`, `--out report.png`. Drawn by matplotlib, which the extra `plots` brings."""
import io
import os
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError, missing
from saem.services.evaluation.evaluating import Evaluation, Score

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"current": "#1f4e9c", "better": "#1b7f4b", "worse": "#b3392f", "noise": "#8a8f98"}
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


def write(made: Evaluation, path: str) -> None:
    """The report at `path`, a .html page or a .png picture. Raises: E104 for another suffix, E103 without matplotlib."""
    saved(drawn(made), path, lambda figure: page(made, figure))


def saved(figure: "Figure", path: str, page_of: "Callable[[Figure], str]") -> None:
    """A figure as a picture, or in its page."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (".html", ".png"):
        raise SaemError("E104", f"'{path}' is neither a page nor a picture", fix="--out report.html, or --out report.png")
    if suffix == ".png":
        figure.savefig(path, dpi=160)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(page_of(figure))


def drawn(made: Evaluation) -> "Figure":
    """Three panels with a line for each variant: nDCG with its interval, the shares of good answers, search time."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing("matplotlib", "drawing a report", "plots") from error
    scores = list(made.scores)
    places = [len(scores) - at for at in range(len(scores))]
    figure = Figure(figsize=(11, 1.6 + 0.42 * len(scores)), layout="constrained")
    quality, answers, times = figure.subplots(1, 3, sharey=True, width_ratios=(3, 3, 2))
    for score, place in zip(scores, places, strict=True):
        if score.ndcg is not None:
            reach = [[score.ndcg - score.ndcg_low], [score.ndcg_high - score.ndcg]]
            quality.errorbar(score.ndcg, place, xerr=reach, fmt="o", capsize=3, color=COLOURS[score.verdict])
        times.plot([score.p50_ms, score.p95_ms], [place, place], color=COLOURS[score.verdict], lw=2)
        times.plot(score.p50_ms, place, "o", color=COLOURS[score.verdict])
    current = scores[0]
    if current.ndcg is not None:
        quality.axvline(current.ndcg, color=COLOURS["current"], lw=0.8, ls=":")
    for marker, label, values in _shares(scores):
        if values:
            answers.plot(values, [place for place, score in zip(places, scores, strict=True)], marker, label=label, ms=6, alpha=0.85)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    answers.set_xlim(-0.02, 1.02)
    times.set_xlim(left=0)
    quality.set_yticks(places, [_named(score) for score in scores])
    quality.set_ylim(0.4, len(scores) + 0.6)
    for axis, title in ((quality, "nDCG@10, 95 % interval"), (answers, "share of the questions"), (times, "search, ms: p50 to p95")):
        axis.set_title(title, fontsize=10, loc="left")
        axis.grid(axis="x", color="#e3e5e8", lw=0.7)
        axis.set_axisbelow(True)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(left=False, labelsize=9)
    return figure


def _shares(scores: Sequence[Score]) -> list[tuple[str, str, list[float]]]:
    kinds = (("D", "passage found", [score.passage for score in scores]), ("s", "answered rightly", [score.answered for score in scores]),
             ("^", "refused rightly", [score.refused for score in scores]))
    return [(marker, label, [float(value) for value in values if value is not None]) for marker, label, values in kinds
            if None not in values]


def _named(score: Score) -> str:
    return f"{score.variant.cut}  {score.variant.model}{'  (current)' if score.variant.is_current else ''}"


def page(made: Evaluation, figure: "Figure") -> str:
    """What was measured, as a page."""
    when = made.evaluated_at.strftime("%Y-%m-%d %H:%M UTC")
    failed = "".join(f"<li>{escape(variant.cut)} {escape(variant.model)}: {escape(why)}</li>" for variant, why in made.failed)
    told = f"{made.questions}: {made.answerable} questions with an answer, {made.unanswerable} without. Snapshot {made.snapshot}, {when}."
    return framed(f"saem evaluate: {made.questions}", "How well it finds what is asked", told, figure, f"""
<h2>Figures</h2><div class="wide">{_table(*figures(made))}</div>
<p>The difference is to the current way, question by question. Its interval holds 95 times in 100 for all comparisons together: one that
spans 0 is noise, and other questions might turn it round.
Passage: one of the first {made.recall_at} chunks holds the sentence that was told.</p>
{f'<h2>Could not be built</h2><ul>{failed}</ul>' if failed else ''}
<h2>Questions</h2><p>The rank at which the first right document is found; for the others, whether it is refused.</p>
<div class="wide">{_questions(made)}</div>""", conclusion(made))


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


def figures(made: Evaluation) -> tuple[list[str], list[list[str]]]:
    """(names of the columns, a row for each variant) as text."""
    names = ["chunk", "model", "nDCG@10", "95 %", "to current", "verdict", f"recall@{made.recall_at}", "MRR", f"passage@{made.recall_at}",
             "answered", "refused", "p50 ms", "p95 ms", "chunks", "chars", "build s", "embedded"]
    return names, [[
        score.variant.cut, score.variant.model, _share(score.ndcg),
        f"{score.ndcg_low:.2f}-{score.ndcg_high:.2f}" if score.ndcg is not None else "",
        "" if score.variant.is_current else f"{score.apart:+.3f} ({score.apart_low:+.2f} {score.apart_high:+.2f})", score.verdict,
        _share(score.recall), _share(score.mrr), _share(score.passage), _share(score.answered), _share(score.refused),
        f"{score.p50_ms:.0f}", f"{score.p95_ms:.0f}", f"{score.chunks:,}", f"{score.mean_chars:.0f}", f"{score.build_s:.1f}",
        f"{score.computed:,}",
    ] for score in made.scores]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def conclusion(made: Evaluation) -> str:
    """What the figures say, in a sentence."""
    if made.best is not None:
        return f"{made.best.variant.cut} {made.best.variant.model} finds surely more than the current way ({made.best.apart:+.3f} nDCG@10)."
    if not made.answerable:
        return "No question has an answer, so nothing says which way finds more."
    if len(made.scores) == 1:
        return "Only the current way was measured."
    return "No other way finds surely more than the current one: the differences may be chance; more questions would tell."


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f'<tr class="{escape(row[5])}">{"".join(f"<td>{escape(cell)}</td>" for cell in row)}</tr>' for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _questions(made: Evaluation) -> str:
    """The questions that not every variant gets right at once come first."""
    rows: list[tuple[float, str]] = []
    for each in zip(*(score.outcomes for score in made.scores), strict=True):
        question = each[0].question
        cells = "".join(_cell(outcome) for outcome in each)
        expected = escape(", ".join(question.documents)) or "none"
        worst = min(outcome.reciprocal if question.is_answerable else float(outcome.is_refused) for outcome in each)
        rows.append((worst, f'<tr><td class="text">{escape(question.question)}</td><td class="text">{expected}</td>{cells}</tr>'))
    rows.sort(key=lambda row: row[0])
    head = "".join(f"<th>{escape(score.variant.cut)}<br>{escape(score.variant.model)}</th>" for score in made.scores)
    left = f"<p>{len(rows) - SHOWN} more, found at once by all.</p>" if len(rows) > SHOWN else ""
    shown = "".join(row for _, row in rows[:SHOWN])
    return f'<table><tr><th class="text">question</th><th class="text">documents</th>{head}</tr>{shown}</table>{left}'


def _cell(outcome: Any) -> str:
    if not outcome.question.is_answerable:
        return '<td>refused</td>' if outcome.is_refused else '<td class="miss">answered</td>'
    return f"<td>{round(1 / outcome.reciprocal)}</td>" if outcome.reciprocal else '<td class="miss">-</td>'
