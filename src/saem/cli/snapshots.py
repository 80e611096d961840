"""Commands about snapshots: log, diff, restore."""
import dataclasses
import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from saem.cli.options import JsonOption, LimitOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output, printable

if TYPE_CHECKING:
    from saem.engine.comparing import Difference
    from saem.engine.project import Project

Snapshot = Annotated[str, typer.Argument(help="A number of `saem log`, or a time such as 2026-11-20.")]


def log(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
        limit: LimitOption = 20) -> None:
    """The snapshots that are kept, newest first, and what the run of each changed.

    Example: saem log -n 5
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True)
    runs = {run["snapshot"]: run for run in reversed(db.catalog.runs(10_000))}
    rows = []
    for each in list(reversed(db.catalog.snapshots()))[:limit]:
        counts = runs[each.number]["counts"] if each.number in runs else {}
        kinds = ("added", "changed", "deleted", "regranted")
        changed = {name: {what: c[what] for what in kinds if c.get(what)} for name, c in counts.items()}
        at = datetime.datetime.fromtimestamp(each.published_at).astimezone()
        rows.append({"snapshot": each.number, "published_at": at.isoformat(),
                     "changed": {name: what for name, what in changed.items() if what}})
    if as_json:
        out.data({"snapshots": rows})
        return
    sign = {"added": "+", "changed": "~", "deleted": "-", "regranted": "readers "}
    out.table(("snapshot", "published", "changed"), [
        (row["snapshot"], str(row["published_at"])[:16].replace("T", " "), ", ".join(
            f"{name} {' '.join(f'{sign[what]}{count:,}' for what, count in what_changed.items())}"
            for name, what_changed in row["changed"].items())) for row in rows], right=("snapshot",))  # type: ignore[attr-defined]
    if len(rows) > 1:
        out.next(hint(f"saem diff {rows[1]['snapshot']}", project_, state))


def diff(older: Snapshot, newer: Annotated[str | None, typer.Argument(help="The same; none = the newest.")] = None,
         project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
         limit: LimitOption = 10) -> None:
    """What differs between two snapshots: rows that came (+), changed (~) and went (-).

    Example: saem diff 2026-11-20
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True)
    found = db.diff(_named(older), _named(newer) if newer else None)
    if as_json:
        out.data({"tables": [dataclasses.asdict(each) for each in found]})
        return
    for each in found:
        out.line(f"{each.table}  +{each.added:,} ~{each.changed:,} -{each.deleted:,}")
        for sign, what in (("+", "added"), ("~", "changed"), ("-", "deleted")):
            for name in each.names.get(what, [])[:limit]:
                out.line(f"  {sign} {printable(name)}")
    if not found:
        out.line("nothing differs")


def restore(snapshot: Snapshot, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
            quiet: QuietOption = False,
            dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would differ.")] = False) -> None:
    """Every table as a snapshot has it, as a new snapshot. What was forgotten stays away.

    The next run brings what the sources say by then: files as they lie there; rows that were put come back for good.

    Example: saem restore 2026-11-20 --dry-run
    """
    out = Output(as_json, quiet)
    db = project(project_, state)
    before = db.snapshot
    if dry_run:
        found = {each.table: (each.added, each.changed, each.deleted) for each in _ahead(db, snapshot)}
    else:
        with out.progress() as listener:
            report = db.restore(_named(snapshot), on_progress=listener)
        found = {name: (each.added, each.changed, each.deleted) for name, each in report.tables.items()}
    if as_json:
        tables = {name: dict(zip(("added", "changed", "deleted"), counts, strict=True)) for name, counts in found.items()}
        out.data({"snapshot": db.snapshot, "before": before, "dry_run": dry_run, "tables": tables})
        return
    for name, (added, changed, deleted) in found.items():
        out.line(f"{name}  +{added:,} ~{changed:,} -{deleted:,}")
    if not found:
        out.line("nothing differs")
    elif dry_run:
        out.next(hint(f"saem restore {snapshot}", project_, state))
    else:
        out.line(f"snapshot {db.snapshot} holds what {snapshot} held; back again: " + hint(f"saem restore {before}", project_, state))


def _ahead(db: "Project", snapshot: str) -> "list[Difference]":
    """What a restore would change."""
    from saem.engine.comparing import diff as between
    return between(db, db.at(_named(snapshot)))


def _named(text: str) -> int | str:
    return int(text) if text.isdigit() else text
