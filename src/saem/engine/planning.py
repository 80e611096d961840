"""What a run would do, and why. Nothing is written, no content is read."""
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from saem.engine.restoring import RESTORED
from saem.engine.table import Table
from saem.engine.units import Parents
from saem.store.table import Store

if TYPE_CHECKING:
    from saem.engine.project import Project


@dataclasses.dataclass
class Step:
    """One table: how many units would be computed again, why, and what that takes by the pace of former runs (None = not known).

    kept_out  what the source has and `forget` keeps out: it is no work
    calls  rows that a costly operator may be called for, judged by the rows that the table holds now; what it knows it does not compute
    """
    table: str
    units: int
    total: int
    why: str
    seconds: float | None
    is_exact: bool = True      # False: the parents change too, so that this is an estimate
    calls: int | None = 0
    kept_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def plan(project: "Project") -> list[Step]:
    """One step a table, in the order of a run."""
    heads, steps = project.catalog.heads(), dict[str, Step]()
    pace = _pace(project)
    for table in project.order():
        head = heads.get(table.name)
        total = project.published(table.name).count_rows() if head else 0
        kept_out = 0
        if table.source is not None:
            is_other = head is not None and (head.fingerprint != table.fingerprint or not set(table.schema.names) <= set(
                project.published(table.name).schema.names))
            units, why, is_exact, kept_out = _source_changes(project, table, head is not None, is_other)
        else:
            units, why, is_exact = _derived_changes(project, table, steps)
        steps[table.name] = Step(table.name, units, total, why if units or not is_exact else "up to date",
                                 _seconds(pace.get(table.name), units), is_exact, _calls(table, steps, units, total), kept_out)
    for name in heads:
        if name not in project.tables and project.catalog.consumed(name):
            total = project.published(name).count_rows()
            steps[name] = Step(name, total, total, "no longer declared: it will be dropped", 0.0)
    return list(steps.values())


def _source_changes(project: "Project", table: Table, is_published: bool, is_other: bool) -> tuple[int, str, bool, int]:
    """(units, why, whether they are known exactly, what is kept out)."""
    marks = project.catalog.forgotten(table.name)
    if hasattr(table.source, "entries"):
        every = list(table.source.entries())
        taken = [e for e in every if not project.catalog.keeps_out(table.name, e.key, marks)]
        kept_out, entries = len(every) - len(taken), [e for e in taken if not e.skipped and not e.failed]
        if is_other:
            return len(entries), "its code or columns have changed", True, kept_out
        held = dict[str, str]()
        if is_published:
            rows = project.published(table.name).to_table(columns=[table.schema.names[0], "_stamp"])
            held = dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))
        new = sum(e.key not in held for e in entries)
        changed = sum(e.key in held and (not e.stamp or held[e.key] != e.stamp) for e in entries)
        gone = len(set(held) - {e.key for e in entries})
        return new + changed + gone, f"{new} new, {changed} to look at, {gone} gone", True, kept_out
    if hasattr(table.source, "encode"):
        rows = project.catalog.inbox(table.name)[1]
        refused = sum(row is not None and project.catalog.keeps_out(table.name, key, marks) for key, row in rows.items())
        waiting = len(rows) - refused
        return waiting, f"{waiting} rows were put", True, refused
    return 0, "its rows are known only when it is read", False, 0


def _derived_changes(project: "Project", table: Table, steps: dict[str, Step]) -> tuple[int, str, bool]:
    heads = project.catalog.heads()
    head, parent = heads.get(table.name), steps[table.parent_names[0]]
    if head is None:
        return _all_units(table, parent), "never built", parent.units == 0
    if head.fingerprint == RESTORED:
        return _all_units(table, parent), "restored from a snapshot; what it was made from, or its quarantine, is no longer known", True
    if head.fingerprint != table.fingerprint:
        return _all_units(table, parent), _difference(head.about, table.about), parent.units == 0
    waiting = [steps[name] for name in table.parent_names if steps[name].units]
    if any(name in heads and project.catalog.consumed(table.name).get(name) != (heads[name].place, heads[name].version)
           for name in table.parent_names):
        return _touched(project, table), "its parents were published without it", not waiting
    if waiting:
        share = max(step.units / max(1, step.total) for step in waiting)
        units = parent.units
        if table.chain.is_relation:
            units = 1 if table.chain.is_whole else max(1, round(share * parent.total))
        return units, "its parents change: " + ", ".join(step.table for step in waiting), False
    return 0, "", True


def _calls(table: Table, steps: Mapping[str, Step], units: int, total: int) -> int | None:
    """None where the table holds no rows to judge by."""
    if table.source is not None or not table.chain.costly or not units:
        return 0
    return round(total * min(1.0, units / _all_units(table, steps[table.parent_names[0]]))) if total else None


def _touched(project: "Project", table: Table) -> int:
    heads = project.catalog.heads()
    stores = [Store(project.uri(heads[n].place), project.declared(n).schema, heads[n].version, project.on_step)
              for n in table.parent_names]
    parents = Parents(table.chain, stores, project.catalog)
    consumed = project.catalog.consumed(table.name)
    is_known = all(n in consumed and consumed[n][0] == heads[n].place for n in table.parent_names)
    work = parents.changes([consumed[n][1] for n in table.parent_names]) if is_known else None
    work = work or parents.everything()
    return len(work.touched) + len(work.dead)


def _all_units(table: Table, parent: Step) -> int:
    return 1 if table.chain.is_whole else max(parent.total, parent.units, 1)


def _difference(was: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]]) -> str:
    """What is no longer as it was when the rows were made."""
    if [each["operator"] for each in was] != [each["operator"] for each in now]:
        return f"operators: {' + '.join(e['operator'] for e in was)} -> {' + '.join(e['operator'] for e in now)}"
    changes = []
    for old, new in zip(was, now, strict=True):
        for what in (what for what in new if old.get(what) != new[what]):
            is_readable = what not in ("code", "depends on")
            changes.append(f"{new['operator']}: {what} {old.get(what)} -> {new[what]}" if is_readable
                           else f"{new['operator']}: {'its code' if what == 'code' else 'what it depends on'} has changed")
    return "; ".join(changes) or "its key, carried columns or parents have changed"


def _pace(project: "Project") -> dict[str, tuple[int, float]]:
    """By table: (units, seconds) of the former run that did most of it."""
    pace: dict[str, tuple[int, float]] = {}
    for run in project.catalog.runs():
        for name, counts in run["counts"].items():
            units = counts["recomputed"] or counts["added"] + counts["changed"] + counts["deleted"]
            if units > pace.get(name, (0, 0.0))[0]:
                pace[name] = (units, counts["seconds"])
    return pace


def _seconds(pace: tuple[int, float] | None, units: int) -> float | None:
    """By the pace of a former run; None where that was too small to tell."""
    if not units:
        return 0.0
    if pace is None or units > 20 * pace[0]:
        return None
    return pace[1] * units / pace[0]
