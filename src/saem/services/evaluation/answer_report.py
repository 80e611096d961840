"""How well it answers, as a table, a picture or a page: `saem evaluate answers QUESTIONS --out report.html`."""
from html import escape
from typing import TYPE_CHECKING

from saem.services.evaluation.answering import AnswerEvaluation, Given
from saem.services.evaluation.page import SHOWN, framed, panels, saved, share, shares, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = (("stood", "sentences of the model that stand", "v"), ("precision", "citations of a right document", "D"),
          ("recall", "questions with the right citation", "s"), ("refused", "unanswerable, refused", "^"))
COLOUR = "#1f4e9c"


def write(made: AnswerEvaluation, path: str) -> None:
    """The report at `path`, a .html page or a .png picture."""
    saved(drawn(made), path, lambda figure: page(made, figure))


def drawn(made: AnswerEvaluation) -> "Figure":
    """Three panels with a line for each way: shares, the seconds of an answer, what all answers cost."""
    scores = list(made.scores)
    figure, (told, times, costs), places = panels([score.way.name for score in scores],
                                                  ("share", "an answer, s: p50 to p95", "cost of all answers"), (4, 3, 2))
    shares(told, [(marker, label, [getattr(score, name) for score in scores]) for name, label, marker in SHARES], places)
    for score, place in zip(scores, places, strict=True):
        times.plot([score.p50_s, score.p95_s], [place, place], color=COLOUR, lw=2)
        times.plot(score.p50_s, place, "o", color=COLOUR)
    costs.barh(places, [score.cost for score in scores], height=0.4, color=COLOUR)
    for axis in (times, costs):
        axis.set_xlim(left=0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def figures(made: AnswerEvaluation) -> tuple[list[str], list[list[str]]]:
    """(names of the columns, a row for each way) as text."""
    names = ["mode", "model", "written", "stood", "helped", "support", "precision", "recall", "95 %", "refused", "wrongly refused",
             "sentences", "p50 s", "p95 s", "cost"]
    return names, [[
        score.way.mode, score.way.model, f"{score.written:,}" if score.way.model else "", share(score.stood), share(score.helped),
        share(score.support), share(score.precision), share(score.recall),
        f"{score.recall_low:.2f}-{score.recall_high:.2f}" if score.recall is not None else "", share(score.refused),
        share(score.wrongly_refused), f"{score.sentences:.1f}", f"{score.p50_s:.2f}", f"{score.p95_s:.2f}",
        f"{score.cost:.4g}"] for score in made.scores]


def page(made: AnswerEvaluation, figure: "Figure") -> str:
    failed = "".join(f"<li>{escape(way.name)}: {escape(why)}</li>" for way, why in made.failed)
    told = (f"{made.answerable} questions with an answer, {made.unanswerable} without. Snapshot {made.snapshot}, "
            f"{made.evaluated_at.strftime('%Y-%m-%d %H:%M UTC')}.")
    return framed(f"saem evaluate answers: {made.questions}", "How well it answers", told, figure, f"""
<h2>Figures</h2><div class="wide">{table(*figures(made))}</div>
<p>Written, stood: sentences that the model wrote, and how many of them a passage says. Helped: of its answers, those to which the
documents' own sentences were added because the model's did not answer. So a model that writes nothing true still answers rightly, and
only these two tell. Support: sentences of the answer that their own citations say. All three are by saem's checker, which is a judge of
its own and can be wrong. Precision: citations of a document that was told. Recall: answerable questions of which a citation holds the
sentence that was told, or is of a document that was.</p>
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
