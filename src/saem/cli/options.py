"""Options that many commands share."""
from typing import TYPE_CHECKING, Annotated

import typer

from saem.core.run import OnStep, ignore

if TYPE_CHECKING:
    from saem.engine.project import Project

ProjectOption = Annotated[str | None, typer.Option("--project", "-p", envvar="SAEM_PROJECT", help="The project, or a folder of documents.")]
StateOption = Annotated[str | None, typer.Option("--state", envvar="SAEM_STATE", help="Keep the state here instead of in .saem.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no hints.")]
WhereOption = Annotated[str | None, typer.Option("--where", help="An SQL condition on the rows.")]
TableOption = Annotated[str | None, typer.Option("--table", help="The table, where several are indexed.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=0, help="How many rows to print.")]


def project(path: str | None, state: str | None, on_step: OnStep = ignore) -> "Project":
    """The project that a command is about."""
    from saem import door
    return door.open(door.find(path), state, on_step)


def hint(command: str, path: str | None) -> str:
    """A command for the last line, with the project where it must be named."""
    import shlex
    return f"{command} -p {shlex.quote(path)}" if path else command
