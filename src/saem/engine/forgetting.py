"""Forget: a source row leaves every table, index, old version, answer and log, and does not come back.

What is asked for is checked here, and what it reaches is followed; `erasure` carries it out, `remains` looks at what is left.
"""
import dataclasses
import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError, caller
from saem.core.identity import digest, key_text
from saem.core.run import OnProgress
from saem.engine import accepting
from saem.engine.erasure import counts, erase, finish, kept_out, new_receipt, who
from saem.engine.receipts import Receipt, keep, receipt_of, receipts
from saem.engine.remains import look_again
from saem.engine.returning import note_allowed
from saem.engine.running import explained
from saem.engine.trail import Trail, follow
from saem.store.canaries import Canaries
from saem.store.lease import lease

if TYPE_CHECKING:
    from saem.engine.project import Project


def forget(project: "Project", table: str, keys: Sequence[Any], where: str | None, reason: str, dry_run: bool, wait_s: float,
           on_progress: OnProgress) -> Receipt:
    """See `Project.forget`."""
    clock = time.perf_counter()
    check_source(project, table, keys)
    try:
        with lease(project.catalog, wait_s, f"wait for it: saem forget {table} ... --wait 60") as owner:
            if not dry_run:
                finish(project, owner, on_progress)
            wanted = [*map(key_text, keys), *(_meeting(project, table, where) if where is not None else [])]
            if not wanted:
                raise SaemError("E104" if where is None else "E209", "no key is named" if where is None else
                                f"no row of '{table}' meets {where!r}", where=caller(), fix=f'saem forget {table} KEY, or --where "..."')
            marks = {project.catalog.mark(digest(table, key)) for key in wanted}
            trail = follow(project, table, marks)
            _check_known(project, table, wanted, trail, marks)
            if (earlier := _earlier(project, table, trail, marks)) is not None:
                return earlier
            receipt = new_receipt(table, reason, marks, trail)
            if dry_run:
                receipt.is_dry = True
                return receipt
            return erase(project, owner, receipt, trail, marks, clock, on_progress)
    except (OSError, sqlite3.DatabaseError) as error:
        raise explained(error, project.state) from error


def unfinished(project: "Project") -> list[Receipt]:
    """What has been promised and not yet carried out: a crash, or an error, cut it off."""
    return [Receipt.from_dict(draft["receipt"]) for draft in project.catalog.erasures().values()]


def allow(project: "Project", table: str, keys: Sequence[Any]) -> int:
    """See `Project.allow`."""
    marks = {project.catalog.mark(digest(table, key_text(key))) for key in keys} & project.catalog.forgotten(table)
    if marks:
        note_allowed(project, table, marks)
    return project.catalog.allow(table, marks)


def accept(project: "Project", table: str, row: str, reason: str, wait_s: float, on_progress: OnProgress) -> Receipt:
    """See `Project.accept`."""
    with lease(project.catalog, wait_s) as owner:
        finish(project, owner, on_progress)
        one = accepting.serve(project, owner, table, row, reason, who(), on_progress)
    receipt = receipt_of(project.state, one.receipt)
    receipt.accepted.append({"table": one.table, "row": one.row.hex(), **one.accepted})
    keep(project.state, receipt)
    return receipt


def verify(project: "Project", name: str) -> Receipt:
    """See `Project.verify`."""
    receipt = receipt_of(project.state, name)
    canaries = Canaries(project.catalog.secret, receipt.marks)
    trail = follow(project, receipt.table, kept_out(project, receipt))
    receipt.back = counts(trail)
    look_again(project, receipt, canaries, None, set[bytes]().union(*trail.ids.values()))
    return receipt


def check_source(project: "Project", table: str, keys: Sequence[Any] = ()) -> None:
    """Raises: E702 for a derived table, with the source rows to forget instead; E202 for none."""
    declared = project.table(table)
    if declared.source is not None or (table not in project.tables and not project.catalog.consumed(table)):
        return
    sources = set[str]()
    for key in keys:
        try:
            above = project.trace(f"{table}:{key}" if not _is_id(str(key)) else str(key)).sources()
        except SaemError:
            continue
        sources |= {f"saem forget {node.table} {node.label!r}" for node in above if node.table}
    raise SaemError("E702", f"'{table}' is derived: its rows go with the source rows that they are made from", where=caller(),
                    fix="; ".join(sorted(sources)[:5]) or f"forget rows of {', '.join(_sources_of(project, table)) or 'its source'}")


def _sources_of(project: "Project", table: str) -> list[str]:
    above = list(project.tables[table].parent_names if table in project.tables else project.catalog.consumed(table))
    found = [name for each in above for name in (_sources_of(project, each) or [each])]
    return sorted(set(found))


def _is_id(text: str) -> bool:
    return 8 <= len(text) <= 32 and all(c in "0123456789abcdef" for c in text)


def _meeting(project: "Project", table: str, where: str) -> list[str]:
    """The keys of the rows that meet a condition."""
    held = project.table(table)
    source = project.tables[table].source if table in project.tables else None
    columns = list(getattr(source, "key", None) or held.columns[:1])
    rows = held.to_arrow(columns, where)
    values = [rows[name].to_pylist() for name in columns]
    return [key_text(key) for key in (values[0] if len(columns) == 1 else zip(*values, strict=True))]


def _check_known(project: "Project", table: str, wanted: Iterable[str], trail: Trail, marks: set[bytes]) -> None:
    """A mistyped key must not look like one that is forgotten."""
    known = project.catalog.forgotten(table)
    for key in wanted:
        mark = {project.catalog.mark(digest(table, key))}
        is_there = digest(table, key) in trail.units or any(project.catalog.keeps_out(table, each, mark) for each in trail.keys)
        if not is_there and not mark & known:
            raise SaemError("E209", f"'{table}' has, had and awaits no row '{key}'", where=caller(), fix=f"saem show {table}")


def _earlier(project: "Project", table: str, trail: Trail, marks: set[bytes]) -> Receipt | None:
    """Where nothing is left to erase, for all of it was forgotten before: the newest receipt that tells of it."""
    if not trail.is_empty or not marks <= project.catalog.forgotten(table):
        return None
    told = [each for each in receipts(project.state) if each.table == table and {mark.hex() for mark in marks} & set(each.what)]
    return dataclasses.replace(told[-1], is_earlier=True) if told else None
