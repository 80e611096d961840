"""Options that many commands share."""
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from saem.engine.project import Project

ProjectOption = Annotated[str | None, typer.Option("--project", "-p", envvar="SAEM_PROJECT", help="The project, or a folder of documents.")]
StateOption = Annotated[str | None, typer.Option("--state", envvar="SAEM_STATE", help="Keep the state here instead of in .saem.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no hints.")]
WhereOption = Annotated[str | None, typer.Option("--where", help="An SQL condition on the rows.")]
TableOption = Annotated[str | None, typer.Option("--table", help="The table, where several are indexed.")]
AsOption = Annotated[str | None, typer.Option("--as", envvar="SAEM_AS",
                                                    help="Read as this person or group: what they may not read does not exist.")]
AtOption = Annotated[str | None, typer.Option("--at", help="As a snapshot had it: a number of `saem log`, or a time.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=0, help="How many rows to print.")]


def project(path: str | None, state: str | None, builds: bool = False, reads: bool = False,
            reader: str | None = None, at: str | None = None) -> "Project":
    """The project that a command is about. Only commands that build make a state where there is none.

    reads  what is published will do: a pipeline that cannot be opened now (a model's package is missing, its endpoint is down, a
           mistake is being mended) is told, and the old tables serve
    reader  whose rights apply; None = the owner's
    at      a snapshot's number, or a time; None = the newest
    """
    import os
    import sys

    from saem import door
    from saem.core.errors import SaemError
    root = door.find(path)
    is_built = door.is_project(root) or os.path.exists(os.path.join(door.state_of(root, state), "catalog.db"))
    if not builds and os.path.isdir(root) and not is_built:
        raise SaemError("E208", f"nothing is built of '{root}' yet", fix=hint("saem run", path or root, state))
    try:
        db = door.open(root, state)
    except SaemError as error:
        held = door.reopened(root, state) if reads and door.is_project(root) else None
        if held is None:
            raise
        db = held
        print(f"{error}\nthe pipeline cannot be opened; this is what snapshot {db.snapshot} has", file=sys.stderr)
    if at is not None:
        db = db.at(int(at) if at.isdigit() else at)
    return db if reader is None else db.as_user(reader)


def hint(command: str, path: str | None, state: str | None = None) -> str:
    """A command for the last line, with the project and its state where they must be named."""
    import shlex
    named = f" -p {shlex.quote(path)}" if path else ""
    return f"{command}{named}{f' --state {shlex.quote(state)}' if state else ''}"
