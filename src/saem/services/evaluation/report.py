"""How well it finds, as a page or a picture: `saem evaluate QUESTIONS --out report.html`."""
from html import escape
from typing import TYPE_CHECKING, Any

from saem.services.evaluation.evaluating import Evaluation, Score
from saem.services.evaluation.page import SHOWN, framed, panels, saved, share, shares, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"current": "#1f4e9c", "better": "#1b7f4b", "worse": "#b3392f", "noise": "#8a8f98"}


def write(made: Evaluation, path: str) -> None:
    """The report at `path`, a .html page or a .png picture. Raises: E104 for another suffix, E103 without matplotlib."""
    saved(drawn(made), path, lambda figure: page(made, figure))


def drawn(made: Evaluation) -> "Figure":
    """Three panels with a line for each variant: nDCG with its interval, the shares of good answers, search time."""
    scores = list(made.scores)
    figure, (quality, answers, times), places = panels(
        [_named(score) for score in scores], ("nDCG@10, 95 % interval", "share of the questions", "search, ms: p50 to p95"), (3, 3, 2))
    for score, place in zip(scores, places, strict=True):
        if score.ndcg is not None:
            reach = [[score.ndcg - score.ndcg_low], [score.ndcg_high - score.ndcg]]
            quality.errorbar(score.ndcg, place, xerr=reach, fmt="o", capsize=3, color=COLOURS[score.verdict])
        times.plot([score.p50_ms, score.p95_ms], [place, place], color=COLOURS[score.verdict], lw=2)
        times.plot(score.p50_ms, place, "o", color=COLOURS[score.verdict])
    if scores[0].ndcg is not None:
        quality.axvline(scores[0].ndcg, color=COLOURS["current"], lw=0.8, ls=":")
    shares(answers, (("D", "passage found", [score.passage for score in scores]),
                     ("s", "answered rightly", [score.answered for score in scores]),
                     ("^", "refused rightly", [score.refused for score in scores])), places)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    times.set_xlim(left=0)
    return figure


def _named(score: Score) -> str:
    return f"{score.variant.cut}  {score.variant.model}{'  (current)' if score.variant.is_current else ''}"


def page(made: Evaluation, figure: "Figure") -> str:
    """What was measured, as a page."""
    when = made.evaluated_at.strftime("%Y-%m-%d %H:%M UTC")
    failed = "".join(f"<li>{escape(variant.cut)} {escape(variant.model)}: {escape(why)}</li>" for variant, why in made.failed)
    told = f"{made.questions}: {made.answerable} questions with an answer, {made.unanswerable} without. Snapshot {made.snapshot}, {when}."
    return framed(f"saem evaluate: {made.questions}", "How well it finds what is asked", told, figure, f"""
<h2>Figures</h2><div class="wide">{table(*figures(made), [score.verdict for score in made.scores])}</div>
<p>The difference is to the current way, question by question. Its interval holds 95 times in 100 for all comparisons together: one that
spans 0 is noise, and other questions might turn it round.
Passage: one of the first {made.recall_at} chunks holds the sentence that was told.</p>
{f'<h2>Could not be built</h2><ul>{failed}</ul>' if failed else ''}
<h2>Questions</h2><p>The rank at which the first right document is found; for the others, whether it is refused.</p>
<div class="wide">{_questions(made)}</div>""", conclusion(made))


def figures(made: Evaluation) -> tuple[list[str], list[list[str]]]:
    """(names of the columns, a row for each variant) as text."""
    names = ["chunk", "model", "nDCG@10", "95 %", "to current", "verdict", f"recall@{made.recall_at}", "MRR", f"passage@{made.recall_at}",
             "answered", "refused", "p50 ms", "p95 ms", "chunks", "chars", "build s", "embedded"]
    return names, [[
        score.variant.cut, score.variant.model, share(score.ndcg),
        f"{score.ndcg_low:.2f}-{score.ndcg_high:.2f}" if score.ndcg is not None else "",
        "" if score.variant.is_current else f"{score.apart:+.3f} ({score.apart_low:+.2f} {score.apart_high:+.2f})", score.verdict,
        share(score.recall), share(score.mrr), share(score.passage), share(score.answered), share(score.refused),
        f"{score.p50_ms:.0f}", f"{score.p95_ms:.0f}", f"{score.chunks:,}", f"{score.mean_chars:.0f}", f"{score.build_s:.1f}",
        f"{score.computed:,}",
    ] for score in made.scores]


def conclusion(made: Evaluation) -> str:
    """What the figures say, in a sentence."""
    if made.best is not None:
        return f"{made.best.variant.cut} {made.best.variant.model} finds surely more than the current way ({made.best.apart:+.3f} nDCG@10)."
    if not made.answerable:
        return "No question has an answer, so nothing says which way finds more."
    if len(made.scores) == 1:
        return "Only the current way was measured."
    return "No other way finds surely more than the current one: the differences may be chance; more questions would tell."


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
