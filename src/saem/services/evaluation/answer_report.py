"""The figures of answers as a table, a picture or a page: `saem evaluate answers QUESTIONS --out report.html`."""
from html import escape
from typing import TYPE_CHECKING

from saem.core.errors import missing
from saem.services.evaluation.answering import AnswerEvaluation, Given
from saem.services.evaluation.report import SHOWN, framed, saved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = (("support", "sentences that their citations say", "o"), ("precision", "citations of a right document", "D"),
          ("recall", "questions with the right citation", "s"), ("refused", "unanswerable, refused", "^"))


def write(made: AnswerEvaluation, path: str) -> None:
    """The report at `path`, a .html page or a .png picture."""
    saved(drawn(made), path, lambda figure: page(made, figure))


def drawn(made: AnswerEvaluation) -> "Figure":
    """Two panels with a line for each way: shares, and the seconds of an answer."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing("matplotlib", "drawing a report", "plots") from error
    scores = list(made.scores)
    places = [len(scores) - at for at in range(len(scores))]
    figure = Figure(figsize=(11, 1.8 + 0.5 * len(scores)), layout="constrained")
    shares, times = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for name, label, marker in SHARES:
        points = [(getattr(score, name), place) for score, place in zip(scores, places, strict=True) if getattr(score, name) is not None]
        if points:
            shares.plot([value for value, _ in points], [place for _, place in points], marker, label=label, ms=7, alpha=0.85)
    for score, place in zip(scores, places, strict=True):
        times.plot([score.p50_s, score.p95_s], [place, place], color="#1f4e9c", lw=2)
        times.plot(score.p50_s, place, "o", color="#1f4e9c")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    shares.set_xlim(-0.02, 1.02)
    times.set_xlim(left=0)
    shares.set_yticks(places, [score.way.name for score in scores])
    shares.set_ylim(0.4, len(scores) + 0.6)
    for axis, title in ((shares, "share"), (times, "an answer, s: p50 to p95")):
        axis.set_title(title, fontsize=10, loc="left")
        axis.grid(axis="x", color="#e3e5e8", lw=0.7)
        axis.spines[["top", "right", "left"]].set_visible(False)
    return figure


def figures(made: AnswerEvaluation) -> tuple[list[str], list[list[str]]]:
    """(names of the columns, a row for each way) as text."""
    names = ["mode", "model", "support", "precision", "recall", "95 %", "refused", "wrongly refused", "sentences", "dropped",
             "p50 s", "p95 s", "cost"]
    return names, [[
        score.way.mode, score.way.model, _share(score.support), _share(score.precision), _share(score.recall),
        f"{score.recall_low:.2f}-{score.recall_high:.2f}" if score.recall is not None else "", _share(score.refused),
        _share(score.wrongly_refused), f"{score.sentences:.1f}", f"{score.dropped:,}", f"{score.p50_s:.2f}", f"{score.p95_s:.2f}",
        f"{score.cost:.4g}"] for score in made.scores]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def page(made: AnswerEvaluation, figure: "Figure") -> str:
    names, rows = figures(made)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    failed = "".join(f"<li>{escape(way.name)}: {escape(why)}</li>" for way, why in made.failed)
    told = (f"{made.answerable} questions with an answer, {made.unanswerable} without. Snapshot {made.snapshot}, "
            f"{made.evaluated_at.strftime('%Y-%m-%d %H:%M UTC')}.")
    return framed(f"saem evaluate answers: {made.questions}", "How well it answers", told, figure, f"""
<h2>Figures</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>
<p>Support: sentences that their own citations say, by saem's checker, which is a judge of its own and can be wrong. Precision:
citations of a document that was told. Recall: answerable questions of which a citation holds the sentence that was told, or is of a
document that was.</p>
{f'<h2>Could not be asked</h2><ul>{failed}</ul>' if failed else ''}
<h2>Questions</h2><div class="wide">{_questions(made)}</div>""")


def _questions(made: AnswerEvaluation) -> str:
    """Those that not every way gets right first."""
    asked = zip(*(score.given for score in made.scores), strict=True)
    rows = sorted(asked, key=lambda each: all(given.is_right for given in each))
    head = "".join(f"<th>{escape(score.way.name)}</th>" for score in made.scores)
    body = "".join(f'<tr><td class="text">{escape(each[0].question.question)}</td>{"".join(map(_cell, each))}</tr>'
                   for each in rows[:SHOWN])
    return f'<table><tr><th class="text">question</th>{head}</tr>{body}</table>'


def _cell(given: Given) -> str:
    said = escape(given.answer.text or "refused")
    return f'<td class="text{"" if given.is_right else " miss"}">{said}</td>'
