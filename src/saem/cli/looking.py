"""Commands that look: status, show, sql, trace, quarantine, doctor."""
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saem.cli.asking import tell_reader
from saem.cli.options import (
    AsOption,
    AtOption,
    JsonOption,
    LimitOption,
    ProjectOption,
    QuietOption,
    StateOption,
    WhereOption,
    hint,
    project,
)
from saem.cli.output import Output, printable

if TYPE_CHECKING:
    from saem.engine.tracing import Node

ACCEPTED = "accepted although it saw what was forgotten"


def status(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
           reader: AsOption = None) -> None:
    """The tables: rows, parents, quarantine, and when they were last brought up to date.

    Example: saem status
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True, reader=reader)
    heads, runs = db.heads(), db.catalog.runs(1) if reader is None else []
    problems = db.catalog.problems() if reader is None else []      # they tell of rows that a reader may not know
    rows: list[dict[str, Any]] = []
    for name in db.names():
        held = [p["kind"] for p in problems if p["table"] == name]
        parents = sorted(db.catalog.consumed(name)) if name in heads else db.tables[name].parent_names
        rows.append({"table": name, "rows": db.table(name).count() if name in heads else None, "made_from": parents,
                     "quarantined": held.count("failed"), "skipped": held.count("skipped"), "declared": name in db.tables})
    if as_json:
        out.data({"snapshot": db.snapshot, "tables": rows, "last_run": runs[0] if runs else None})
        return
    out.table(("table", "rows", "made from", "quarantined", "skipped"), [
        (r["table"] + ("" if r["declared"] else " (not in the pipeline)"), "not built" if r["rows"] is None else f"{r['rows']:,}",
         ", ".join(r["made_from"]), r["quarantined"] or "", r["skipped"] or "") for r in rows], right=("rows", "quarantined", "skipped"))
    if runs:
        out.line(f"snapshot {db.snapshot}, last run {_ago(runs[0]['started_at'])} ago took {runs[0]['seconds']:.2f} s")
    out.next(hint("saem plan", project_, state) if runs else hint("saem run", project_, state))


def show(table: Annotated[str, typer.Argument(help="The table.")], project_: ProjectOption = None, state: StateOption = None,
         as_json: JsonOption = False, quiet: QuietOption = False, where: WhereOption = None, limit: LimitOption = 10,
         reader: AsOption = None, at: AtOption = None,
         columns: Annotated[str | None, typer.Option(help="Columns, with commas between.")] = None,
         ids: Annotated[bool, typer.Option("--ids", help="The rows' ids too, for `saem trace`.")] = False) -> None:
    """Rows of a table.

    Example: saem show docs --where "language = 'ko'" -n 5
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True, reader=reader, at=at)
    held = db.table(table)
    wanted = columns.split(",") if columns else [c for c in held.columns if as_json or table != "answers" or c not in ("key", "sentences")]
    rows = held.to_arrow([*(["_id"] if ids or table == "answers" else []), *wanted], where, limit)
    made = rows.drop_columns([f.name for f in rows.schema if str(f.type).startswith("fixed_size_list")]).to_pylist()
    if table == "answers":
        from saem.infer.answers import stale
        old = stale(db)
        made = [{**row, "stale": row["_id"].hex() in old} for row in made]
    made = [{("id" if k == "_id" else k): (v.hex() if k == "_id" else v) for k, v in row.items()} for row in made]
    if as_json:
        out.data({"table": table, "count": held.count(where), "rows": made})
        return
    names = list(made[0]) if made else wanted
    out.table(names, [[row[n] for n in names] for row in made])
    out.line(f"{len(made):,} of {held.count(where):,} rows")
    if not made:
        tell_reader(out, reader, reader is None or db.origin.knows(reader))
    out.next(hint(f"saem trace {made[0]['id'][:12]}" if made and "id" in made[0] else f"saem show {table} --ids", project_, state))


def sql(query: Annotated[str, typer.Argument(help="One SELECT over the tables.")], project_: ProjectOption = None,
        state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False, limit: LimitOption = 100,
        reader: AsOption = None, at: AtOption = None) -> None:
    """One SELECT over the published tables, by DuckDB.

    Example: saem sql "select language, count(*) from docs group by 1"
    """
    out = Output(as_json, quiet)
    rows = project(project_, state, reads=True, reader=reader, at=at).sql(query)
    shown = rows.slice(0, limit).to_pylist()
    if as_json:
        out.data({"columns": rows.column_names, "count": len(rows), "rows": shown})
        return
    out.table(rows.column_names, [list(row.values()) for row in shown])
    out.line(f"{len(shown):,} of {len(rows):,} rows" if len(rows) > len(shown) else f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def trace(row: Annotated[str, typer.Argument(help="An answer's or row's id (8 or more digits), or TABLE:KEY.")],
          project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
          reader: AsOption = None, at: AtOption = None) -> None:
    """Where a row came from, up to the source record, and everything that was made from it.

    Example: saem trace files:library.md
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True, reader=reader, at=at)
    found = db.trace(row)
    is_stale = False
    if found.row.table == "answers":
        from saem.infer.answers import stale
        is_stale = found.row.id in stale(db)
    if as_json:
        out.data(found.to_dict() | ({"stale": is_stale} if found.row.table == "answers" else {}))
        return
    note = "  (stale: a cited row has changed or gone)" if is_stale else ""
    note += f"  (granted to {', '.join(found.row.granted)})" if found.row.granted else ""
    note += f"  ({ACCEPTED}: {found.row.accepted})" if found.row.accepted else ""
    out.line(f"{found.row.table}  {found.row.label}  {found.row.id[:12]}{note}")
    if found.parents:
        out.line("came from")
        _tree(out, found.parents, 1)
    if found.children:
        out.line("was made into")
        _tree(out, found.children, 1)
    if not found.parents and not found.children:
        out.line("a source record; nothing was made from it")
    above = [node for node in found.sources() if node.table]
    out.next(hint(f"saem trace {above[0].id[:12]}" if above else "saem status", project_, state))


def _tree(out: Output, nodes: "list[Node]", depth: int, most: int = 12) -> None:
    for node in nodes[:most]:
        out.line(f"{'  ' * depth}{node.table}  {node.label}  {node.id[:12]}{f'  ({ACCEPTED}: {node.accepted})' if node.accepted else ''}")
        _tree(out, node.links, depth + 1)
    if len(nodes) > most:
        out.line(f"{'  ' * depth}... and {len(nodes) - most:,} more (--json shows all)")


def quarantine(table: Annotated[str | None, typer.Argument(help="Only this table's.")] = None, project_: ProjectOption = None,
               state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
               traceback: Annotated[bool, typer.Option("--traceback", help="The whole traceback of each.")] = False) -> None:
    """Rows that could not be computed, and why. A row leaves by itself once it is mended.

    Example: saem quarantine --traceback
    """
    out = Output(as_json, quiet)
    rows = project(project_, state, reads=True).quarantine(table)
    if as_json:
        out.data({"quarantine": [{**p, "unit": p["unit"].hex()} for p in rows]})
    elif not rows:
        out.line("nothing is in quarantine")
    else:
        out.table(("table", "key", "operator", "reason"), [(p["table"], p["key"], p["operator"], p["reason"]) for p in rows])
        for p in rows if traceback else []:
            out.line(f"\n{p['table']} {printable(p['key'])}\n{p['details'].strip() or p['reason']}")
    if rows:
        out.next(hint("saem retry", project_, state))
        raise typer.Exit(3)


def doctor(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Check the installation and the project: packages, models, what could not be read and what was left out.

    Example: saem doctor
    """
    from saem.core.errors import SaemError
    from saem.services.health import installation, isolation, project_health
    out = Output(as_json, quiet)
    checks = installation()
    try:
        db = project(project_, state)
        checks += [isolation(), *project_health(db)]
    except SaemError as error:
        if error.code != "E206":
            raise
        checks.append(isolation())
    if as_json:
        out.data({"checks": [c.to_dict() for c in checks]})
    else:
        for c in checks:
            out.line(f"{'ok  ' if c.is_ok else 'look'}  {c.name}: {c.found}")
            if c.fix:
                out.line(f"      fix: {c.fix}")
    out.next(hint("saem status", project_, state))
    if any(c.is_failure for c in checks):
        raise typer.Exit(3)


def _ago(then: float) -> str:
    seconds: Any = max(0.0, time.time() - then)
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
