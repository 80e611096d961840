"""Commands about approved answers: approve, similar."""
from typing import Annotated

import typer

from saem.cli.options import AsOption, JsonOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output, printable


def approve(answer: Annotated[str | None, typer.Argument(help="The id of an answer that ask gave, or a question.")] = None,
            text: Annotated[str | None, typer.Argument(metavar="[TEXT]",
                                                       help="The approved answer, in other words or to a question.")] = None,
            project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
            file: Annotated[str | None, typer.Option("--file", "-f", help="Lines of JSON: question, answer.")] = None,
            calibrate: Annotated[str | None, typer.Option("--calibrate", help="Lines of JSON: question, and the right answer or null; "
                                                                              "measures how near is near enough.")] = None,
            reader: Annotated[list[str] | None,
                              typer.Option("--reader", help="Who may be answered so; by default everyone.")] = None) -> None:
    """Approve answers for questions that will be asked again, and measure how near a question must be.

    Example: saem approve 3f2a9c41

    Example: saem approve --file faq.jsonl --calibrate asked.jsonl
    """
    from saem.core.errors import SaemError
    from saem.infer import approved
    out = Output(as_json, quiet)
    if not (answer or file or calibrate):
        raise SaemError("E104", "nothing is named to approve", fix='saem approve ANSWER, or saem approve --file faq.jsonl')
    db = project(project_, state, reads=True)
    count, readers = 0, reader or ["*"]
    if file:
        count += approved.approve(db, [(row["question"], row["answer"]) for row in approved.read_file(file)], readers=readers)
    if answer:
        given = approved.given(db, answer)
        if given is None and not text:
            raise SaemError("E209", f"no answer is named '{answer}'", fix='to approve a question: saem approve "QUESTION" "ANSWER"')
        count += approved.approve(db, [(answer, text or "")], readers=readers) if given is None else approved.approve(db, given, text or "")
    margin = approved.calibrate(db, [(row["question"], row["answer"]) for row in approved.read_file(calibrate)]) if calibrate else None
    if as_json:
        out.data({"approved": count, "margin": margin.to_dict() if margin else None})
        return
    out.line(f"{count} approved")
    if margin:
        out.line(f"near enough: score {margin.score:.3f}, {margin.ahead:.2f} before the next other answer. Of {margin.questions} questions "
                 f"{margin.right} answered right, {margin.wrong} wrong (precision {margin.precision:.2f}), {margin.refused} not answered; "
                 "each half measured by what the other chose")
    out.next(hint('saem similar "QUESTION"', project_, state))


def similar(question: Annotated[str, typer.Argument(help="A question.")], project_: ProjectOption = None, state: StateOption = None,
            as_json: JsonOption = False, quiet: QuietOption = False, reader: AsOption = None) -> None:
    """The approved answer of the nearest question, or "don't know". Exit code 3 where none is near enough.

    Example: saem similar "연체료가 얼마예요?"
    """
    from saem.infer.approved import similar as nearest
    out = Output(as_json, quiet)
    found = nearest(project(project_, state, reads=True, reader=reader), question)
    if as_json:
        out.data(found.to_dict())
    elif found.found:
        out.line(printable(found.answer))
        out.line(f"  approved for: {printable(found.nearest)} (score {found.score:.3f}, {found.ahead:.2f} before the next other answer)")
        out.next(hint(f"saem trace {found.row[:12]}", project_, state))
    else:
        out.line("모르겠습니다." if any("가" <= c <= "힣" for c in question) else "I do not know.")
        near = f"nearest: {printable(found.nearest)} (score {found.score:.3f}, {found.ahead:.2f} before the next other answer)"
        out.note(near if found.nearest else "no question has an approved answer that may be read here")
        out.next(hint("saem approve --calibrate asked.jsonl", project_, state))
    if not found.found:
        raise typer.Exit(3)
