"""The command `grade`: points and quoted evidence by a rubric, and agreement with people."""
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saem.cli.options import AsOption, JsonOption, ProjectOption, QuietOption, StateOption, WhereOption, hint, project
from saem.cli.output import Output, printable

if TYPE_CHECKING:
    import pyarrow as pa

    from saem.engine.project import Project


def grade(table: Annotated[str, typer.Argument(help="A table of texts, or of scores that `grade` derived.")],
          project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
          reader: AsOption = None, where: WhereOption = None,
          rubric: Annotated[str | None, typer.Option("--rubric", help="The criteria: a table, or a file with lines of JSON: name, "
                                                                      "description, least, most, looks_for.")] = None,
          people: Annotated[str | None, typer.Option("--people", help="Grades of people: a table, or a file with lines of JSON: KEY, "
                                                                      "criterion, points.")] = None,
          judge: Annotated[str, typer.Option("--judge", help="'rules', or a model of saem.toml.")] = "rules",
          column: Annotated[str, typer.Option("--column", help="Holds the text.")] = "text",
          key: Annotated[str, typer.Option("--key", help="Names a text.")] = "key",
          runs: Annotated[int, typer.Option("--runs", min=1, help="How often each text is judged.")] = 1) -> None:
    """Grade texts by a rubric: points for each criterion with the words that they rest on, and how far the judge goes with people. Nothing
    is kept; `grade` in a pipeline keeps scores as rows. Exit code 3 where a text could not be graded.

    Example: saem grade essays --rubric criteria.jsonl --people grades.jsonl
    """
    from dataclasses import asdict

    from saem.core.errors import SaemError
    from saem.infer import grading
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True, reader=reader)
    held = db.table(table)
    failed: list[dict[str, str]] = []
    if rubric is None:
        if not {"criterion", "points", "evidence"} <= set(held.columns):
            raise SaemError("E104", f"'{table}' holds no scores, and no rubric is named", fix=f"saem grade {table} --rubric criteria.jsonl")
        scores = held.to_arrow([key, *grading.SCORE.names], where)
    else:
        criteria = _rows(db, rubric, ["name", "description", "least", "most", "looks_for"])
        scores, failed = grading.graded(held.to_arrow([key, column], where), criteria, _judge(db, judge, table), column, key, runs)
    agreed = grading.agreement(scores, _rows(db, people, [key, "criterion", "points"]), key) if people else []
    if as_json:
        out.data({"scores": scores.to_pylist(), "agreement": [asdict(each) for each in agreed], "failed": failed})
    else:
        _shown(out, scores.to_pylist(), key)
        for each in agreed:
            kappa, exact, itself = ("-" if value is None else f"{value:.2f}" for value in (each.kappa, each.exact, each.itself))
            out.line(f"{each.criterion}: kappa {kappa} with people, {exact} equal, of {each.texts} texts; kappa {itself} with itself")
        for problem in failed:
            out.line(f"not graded: {problem['key']}: {printable(problem['reason'])}")
        if not people:
            out.next(hint(f"saem grade {table} --people grades.jsonl", project_, state))
    if failed:
        raise typer.Exit(3)


def _shown(out: Output, scores: list[dict[str, Any]], key: str) -> None:
    rows = [[str(row[key]), row["criterion"], str(row["run"]), f"{row['points']} of {row['most']}",
             " · ".join(f"{each['quote']} [{each['start']}:{each['end']}]" for each in row["evidence"]), row["why"]] for row in scores]
    out.table([key, "criterion", "run", "points", "evidence", "why"], rows)


def _rows(db: "Project", named: str, columns: list[str]) -> "pa.Table":
    """A table of the project, or a file with lines of JSON. Raises: E501 for a file that cannot be read so."""
    import pyarrow as pa

    from saem.core.errors import SaemError
    if named in db.heads():
        return db.table(named).to_arrow(columns)
    from saem.infer.grading import read_file
    try:
        return pa.Table.from_pylist(read_file(named, columns))
    except pa.ArrowInvalid as error:
        raise SaemError("E501", f"'{named}' cannot be read: {error}", fix="the same kind of value in every line") from error


def _judge(db: "Project", name: str, table: str) -> Any:
    from saem.core import registry
    if name in registry.names("judge") and name != "model":
        return name
    from saem.infer import llm
    from saem.infer.judges.model import ModelJudge
    return ModelJudge(llm.model(db, name), tables=(table,))
