"""Commands that make and refresh: init, run, plan, retry."""
import os
from typing import TYPE_CHECKING, Annotated

import typer

from saem.cli.options import JsonOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output, printable

if TYPE_CHECKING:
    from saem.core.run import Report
    from saem.engine.project import Project

SETTINGS = """# settings of this project; SAEM_* in the environment goes before them, flags before both
[saem]
# state = ".saem"

# keep_snapshots = 100           how many of the newest are kept, and for how many days the last of each
# keep_days = 30

# [saem.groups]                  who is in which group; readers of sources name groups or people
# staff = ["kim", "lee"]
"""
PIPELINE = '''"""The tables of this project. `saem run` brings them up to date."""
import saem
from saem.sources import folder
from saem.transform import chunk, embed, parse


def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder({docs!r}))
    docs = files.derive("docs", parse)
    chunks = docs.derive("chunks", chunk(max_chars=400), embed(), carry=["path", "title", "language", "date", "dates"])
    chunks.index(text="text", vector="embedding")
'''


def init(name: Annotated[str, typer.Argument(help="The folder to make.")],
         docs: Annotated[str, typer.Option(help="The folder of documents.")] = "docs", as_json: JsonOption = False,
         quiet: QuietOption = False) -> None:
    """Make a project: a folder with a pipeline to edit.

    Example: saem init school --docs ~/handbook
    """
    from saem.core.errors import SaemError
    out = Output(as_json, quiet)
    place = os.path.join(name, "pipeline.py")
    if os.path.exists(place):
        raise SaemError("E104", f"there is a project in '{name}' already", where=place, fix="name another folder")
    where = os.path.abspath(os.path.expanduser(docs))
    if not os.path.isdir(where):
        if docs != "docs":
            raise SaemError("E206", f"there is no folder '{docs}'", fix="--docs FOLDER names a folder of documents")
        where = os.path.abspath(os.path.join(name, "docs"))
        os.makedirs(where, exist_ok=True)
    os.makedirs(name, exist_ok=True)
    for file, text in (("pipeline.py", PIPELINE.format(docs=where)), (".gitignore", ".saem/\n"),
                       ("saem.toml", SETTINGS)):
        with open(os.path.join(name, file), "w", encoding="utf-8") as target:
            target.write(text)
    if as_json:
        out.data({"project": os.path.abspath(name), "docs": where})
    else:
        out.line(f"made {name}/pipeline.py over the documents in {where}")
    out.next(f"cd {name} && saem run")


def run(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, as `saem plan`.")] = False,
        wait: Annotated[float, typer.Option(help="Seconds to wait for another run to end.")] = 0.0) -> None:
    """Bring every table up to date.

    Example: saem run
    """
    if dry_run:
        return plan(project_, state, as_json, quiet)
    out = Output(as_json, quiet)
    db = project(project_, state, builds=True)
    with out.progress() as listener:
        report = db.run(on_progress=listener, wait_s=wait)
    _show_report(out, report, db, project_, state)


def retry(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Run, and compute what is in quarantine again.

    Example: saem retry
    """
    out = Output(as_json, quiet)
    db = project(project_, state, builds=True)
    with out.progress() as listener:
        report = db.run(on_progress=listener, retry=True)
    _show_report(out, report, db, project_, state)


def _show_report(out: Output, report: "Report", db: "Project", path: str | None, state: str | None) -> None:
    from saem.services.health import read_in_part
    if out.is_json:
        out.data(report.to_dict())
    else:
        rows = [(name, f"+{c.added:,}", f"~{c.changed:,}", f"-{c.deleted:,}", f"{c.unchanged:,}",
                 *(f"{count:,}" if count else "" for count in (c.recomputed, c.computed, c.reused, c.quarantined, c.skipped)),
                 f"{c.seconds:.2f}") for name, c in report.tables.items()]
        numbers = ("added", "changed", "deleted", "unchanged", "recomputed", "computed", "reused", "quarantined", "skipped", "seconds")
        out.table(("table", *numbers), rows, right=numbers)
        out.line(f"snapshot {report.snapshot}, {report.seconds:.2f} s")
        for name, counts in report.tables.items():
            if counts.forgotten:
                out.line(f"{name}: {counts.forgotten:,} kept out, for they were forgotten")
            for note in counts.notes:
                out.line(f"{name}: {printable(note)}")
        written = {name for name, counts in report.tables.items() if counts.added or counts.changed}
        for table, partly in read_in_part(db).items() if written else ():
            if table in written:
                out.line(f"{table}: {len(partly):,} read in part, such as {printable(partly[0][0])}: {partly[0][1][0]}")
    if report.quarantined:
        out.next(hint("saem quarantine", path, state))
        raise typer.Exit(3)
    is_asked = "answers" in report.tables
    out.next(hint('saem ask "your question"' if is_asked else "saem status", path, state))


def plan(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say what a run would do, and why, and how long it may take. Changes nothing.

    Example: saem plan
    """
    out = Output(as_json, quiet)
    steps = project(project_, state).plan()
    if as_json:
        out.data({"tables": [step.to_dict() for step in steps]})
        return
    rows = [(s.table, f"{s.total:,}", f"{'' if s.is_exact else '~'}{s.units:,}" if s.units else "", s.why,
             "" if s.seconds is None else f"{s.seconds:.1f}") for s in steps]
    out.table(("table", "rows", "to do", "why", "seconds"), rows, right=("rows", "to do", "seconds"))
    for s in steps:
        if s.kept_out:
            out.line(f"{s.table}: {s.kept_out:,} kept out, for they were forgotten")
        if s.calls:
            out.line(f"{s.table}: about {s.calls:,} rows may go to its model; none whose input it knows")
    out.next(hint("saem run", project_, state))
