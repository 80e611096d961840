"""The command about curation: curate report."""
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from saem.cli.options import AsOption, JsonOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table


def curate(what: Annotated[Literal["report"], typer.Argument(metavar="REPORT", help="report: counts of rules, sources and languages.")],
           project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
           table: Annotated[str | None, typer.Option("--table", help="The table of decisions, where there are several.")] = None,
           out: Annotated[str | None, typer.Option("--out", "-o", help="Draw it: report.html, report.svg or report.png.")] = None,
           reader: AsOption = None,
           language: Annotated[str, typer.Option("--language", help="What the report is written in: en or ko.")] = "en") -> None:
    """What curation keeps, drops and flags: rows per rule, per source and per language, before and after.

    Example: saem curate report --out report.html
    """
    import dataclasses

    from saem.curate import drawing, reporting
    shown = Output(as_json, quiet)
    drawing.check(out or "report.html", language)
    db = project(project_, state, reads=True, reader=reader)
    made = reporting.report(_decisions(db, table))
    if out:
        drawing.write(made, out, language)
    if as_json:
        shown.data(dataclasses.asdict(made))
        return
    for _, columns, rows in reporting.tables(made, language):
        shown.table(columns, rows, right=columns[1:])
        shown.line()
    shown.line(reporting.summary(made, language))
    shown.next(hint("saem curate report --out report.html" if not out else f"saem show {made.table}", project_, state))


def _decisions(db: "Project", name: str | None) -> "Table":
    """The table of decisions. Raises: E208 where there is none, E104 where it must be named."""
    from saem.core.errors import SaemError
    from saem.curate.judging import DECISION
    if name is not None:
        return db.table(name)
    found = [each for each in db.names() if each in db.heads() and set(DECISION.names) <= set(db.table(each).columns)]
    if not found:
        raise SaemError("E208", "no table of decisions is published yet",
                        fix='signals.derive("decisions", decide(policy), using=[duplicates, overrides]), then: saem run')
    if len(found) > 1:
        raise SaemError("E104", f"there are several tables of decisions: {', '.join(found)}", fix=f"--table {found[0]}")
    return db.table(found[0])
