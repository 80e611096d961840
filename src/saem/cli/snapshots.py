"""Commands about snapshots: log, diff."""
import dataclasses
import datetime
from typing import Annotated

import typer

from saem.cli.options import JsonOption, LimitOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output, printable

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


def _named(text: str) -> int | str:
    return int(text) if text.isdigit() else text
