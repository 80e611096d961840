"""Commands about rights: grant, revoke, who-can-read, why-not."""
import dataclasses
import datetime
from typing import Annotated

import typer

from saem.cli.options import JsonOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output

TableArgument = Annotated[str, typer.Argument(help="The derived table.")]
Names = Annotated[list[str], typer.Argument(metavar="WHO...", help="People or groups.")]
Row = Annotated[str, typer.Argument(help="A row's id (8 or more digits), or TABLE:KEY.")]


def grant(table: TableArgument, who: Names, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
          quiet: QuietOption = False, reason: Annotated[str, typer.Option(help="Why: it is kept and shown.")] = "") -> None:
    """Let people or groups read a derived table, and what is made from it alone, whatever they may read of its parents.

    Without a grant a row is read by those who may read every row that it is made from.

    Example: saem grant totals staff --reason "numbers only, no names"
    """
    out = Output(as_json, quiet)
    db = project(project_, state)
    with out.progress() as listener:
        report = db.grant(table, *who, reason=reason, on_progress=listener)
    _told(out, db.catalog.grants(table), sum(c.regranted for c in report.tables.values()))
    out.next(hint(f"saem revoke {table} {who[0]}", project_, state))


def revoke(table: TableArgument, who: Names, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
           quiet: QuietOption = False) -> None:
    """Take grants back; rows are then read by those who may read all of their parents.

    Example: saem revoke totals staff
    """
    out = Output(as_json, quiet)
    db = project(project_, state)
    with out.progress() as listener:
        report = db.revoke(table, *who, on_progress=listener)
    _told(out, db.catalog.grants(table), sum(c.regranted for c in report.tables.values()))


def who_can_read(row: Row, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
                 quiet: QuietOption = False) -> None:
    """Who may read a row.

    Example: saem who-can-read files:library.md
    """
    out = Output(as_json, quiet)
    found = project(project_, state, reads=True).who_can_read(row)
    if as_json:
        out.data(dataclasses.asdict(found))
        return
    out.line(f"{found.table}  {found.label}  {found.row[:12]}")
    if found.for_all:
        out.line("everyone who is in a group or named as a reader")
    else:
        out.line("those who are " + " and ".join("in one of " + ", ".join(clause) if clause else "nobody" for clause in found.clauses))
        out.line("that is " + (", ".join(found.people) or "nobody"))
    for each in found.granted:
        out.line(f"granted to {each['reader']}: {each['reason'] or 'no reason given'}")
    out.next(hint(f"saem why-not NAME {found.row[:12]}", project_, state))


def why_not(person: Annotated[str, typer.Argument(help="A person or group.")], row: Row, project_: ProjectOption = None,
            state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """What keeps someone from reading a row: the rows above it that they may not read.

    Example: saem why-not kim chunks:library.md
    """
    out = Output(as_json, quiet)
    found = project(project_, state, reads=True).why_not(person, row)
    if as_json:
        out.data({"person": person, "may_read": not found, "because": [dataclasses.asdict(each) for each in found]})
        return
    if not found:
        out.line(f"{person} may read it")
    for each in found:
        readers = " and ".join(", ".join(clause) or "nobody" for clause in each.clauses)
        note = "" if each.is_source else ", whatever its parents allow"
        out.line(f"{each.table}  {each.label}  {each.row[:12]}  is read by {readers}{note}")
    if found:
        out.line("add them to such a group (saem.toml), name them where the source is declared, or: saem grant TABLE WHO")


def _told(out: Output, grants: list[dict[str, object]], rows: int) -> None:
    if out.is_json:
        out.data({"grants": grants, "rows_changed": rows})
        return
    for each in grants:
        since = datetime.datetime.fromtimestamp(float(str(each["since"]))).strftime("%Y-%m-%d %H:%M")
        out.line(f"{each['table']} may be read by {each['reader']} since {since}: {each['reason'] or 'no reason given'}")
    out.line(f"{rows:,} rows have other readers now")
