"""An erasure at work: promised, carried out step by step, and finished by the next run where a crash cut it off.

    look -> begin (keys are kept out from here on) -> rows go, what was made from them is computed again, one publish
    -> rewrite -> move heads -> old versions and files go -> look again -> receipt

A crash after `begin` leaves a record in the catalog; the next run or forget finishes it. A state that was put back from an older copy
knows nothing of what was forgotten since: the receipts that lie beside it are carried out again (see `returning`).
"""
import dataclasses
import getpass
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core.errors import SaemError
from saem.core.identity import id_list, ids, table_id
from saem.core.run import OnProgress, Progress
from saem.engine import accepting
from saem.engine.receipts import Receipt, keep, new_id, receipt_of
from saem.engine.remains import look_again, looked
from saem.engine.returning import allowed, lift, note_forgotten, returned
from saem.engine.running import Run
from saem.engine.trail import Trail, follow, places
from saem.store.canaries import Canaries
from saem.store.erasing import compact, forget_versions, index_files, scrub
from saem.store.scanning import scan

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table

SIDE_PROJECTS = ("evaluate",)     # folders of the state that hold copies, and can be made again


def finish(project: "Project", owner: str, on_progress: OnProgress) -> None:
    """Carry out what a crash, or an older copy of the state, has left undone. The caller holds the lease."""
    project.is_finishing = True
    try:
        for draft in project.catalog.erasures().values():
            _carry_out(project, owner, draft, time.perf_counter(), on_progress)
        for name in returned(project):
            _do_again(project, owner, receipt_of(project.state, name), on_progress)
        lift(project)
    finally:
        project.is_finishing = False


def _do_again(project: "Project", owner: str, known: Receipt, on_progress: OnProgress) -> None:
    """Erase what an older copy has brought back, with a receipt of its own: the former one tells what was done then."""
    marks = kept_out(project, known)
    trail = follow(project, known.table, marks)
    if not trail.is_empty:
        why = f"an older copy of the state brought back what receipt {known.id} says is gone"
        made = new_receipt(known.table, f"{known.reason}; {why}" if known.reason else why, marks, trail)
        erase(project, owner, made, trail, marks, time.perf_counter(), on_progress)
    project.catalog.note_erasure(known.id, known.table, marks)


def kept_out(project: "Project", receipt: Receipt) -> set[bytes]:
    """The marks of a receipt that were not allowed again."""
    return {bytes.fromhex(each) for each in receipt.what} - allowed(project.state).get(receipt.table, set())


def new_receipt(table: str, reason: str, marks: Iterable[bytes], trail: Trail) -> Receipt:
    """The receipt of what will go, before anything has gone."""
    return Receipt(new_id(secrets.token_bytes(4)), time.strftime("%Y-%m-%dT%H:%M:%S%z"), who(), reason, table,
                   sorted(mark.hex() for mark in marks), counts(trail), waiting=len(trail.inbox))


def counts(trail: Trail) -> dict[str, int]:
    """{table: how many of its rows go}."""
    return {name: len(rows) for name, rows in trail.ids.items() if rows}


def who() -> str:
    """Who asks for it, as the machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def erase(project: "Project", owner: str, receipt: Receipt, trail: Trail, marks: set[bytes], clock: float,
           on_progress: OnProgress) -> Receipt:
    """Look for what will go, then promise it: from `begin_erasure` on it goes, whatever happens."""
    on_progress(Progress("forget: looking", 0, 3))
    canaries = _of_people(project, Canaries.of(project.catalog.secret, trail.values))
    before = scan(project.state, canaries)
    receipt.marks, receipt.before, receipt.after = list(canaries.marks), looked(before, canaries.names), None
    receipt.withdrawn = sum(len(trail.ids.get(name, ())) for name in trail.recorded)
    draft: dict[str, Any] = {
        "receipt": dataclasses.asdict(receipt), "tables": trail.tables, "inbox": trail.inbox, "units": [unit.hex() for unit in trail.units],
        "gone": {name: sorted(key.hex() for key in rows) for name, rows in trail.ids.items()}, "recorded": trail.recorded,
        "clean": {name: list(stamp) for name, stamp in before.clean.items()}}
    note_forgotten(project, receipt.table, marks)
    project.catalog.begin_erasure(receipt.id, receipt.table, marks, draft)
    project.on_step("erasure begun")
    return _carry_out(project, owner, draft, clock, on_progress, canaries)


def _of_people(project: "Project", canaries: Canaries) -> Canaries:
    """Without the pieces that the operators' own settings hold: a name of a model that stands in every row is no sign of any."""
    said = json.dumps([head.about for head in project.catalog.heads().values()], ensure_ascii=False, default=str)
    return canaries.only(canaries.names - canaries.held(said.encode()))


def _carry_out(project: "Project", owner: str, draft: dict[str, Any], clock: float, on_progress: OnProgress,
               canaries: Canaries | None = None) -> Receipt:
    """From the promise to the receipt. Every step can be done again, then without the text: slower (see `canaries`)."""
    receipt, catalog = Receipt.from_dict(draft["receipt"]), project.catalog
    canaries = canaries or Canaries(catalog.secret, receipt.marks)
    on_progress(Progress("forget: erasing", 1, 3))
    catalog.take_from_inbox(draft["inbox"])
    _run(project, owner, draft, receipt, canaries, on_progress)
    _erase_files(project, owner, draft["tables"], receipt)
    for folder in SIDE_PROJECTS:
        shutil.rmtree(os.path.join(project.state, folder), ignore_errors=True)
    draft |= {"receipt": dataclasses.asdict(receipt), "gone": {}, "units": []}
    catalog.draft_erasure(receipt.id, draft)
    scrub(catalog.db)
    project.on_step("catalog scrubbed")
    on_progress(Progress("forget: looking again", 2, 3))
    known = {name: (size, time_ns) for name, (size, time_ns) in draft["clean"].items()}
    look_again(project, receipt, canaries, known)
    receipt.seconds = round(time.perf_counter() - clock, 3)
    keep(project.state, receipt)
    project.on_step("receipt written")
    catalog.end_erasure(receipt.id)
    scrub(catalog.db)
    on_progress(Progress("forget: looking again", 3, 3))
    return receipt


def _run(project: "Project", owner: str, draft: dict[str, Any], receipt: Receipt, canaries: Canaries, on_progress: OnProgress) -> None:
    """The rows go, and what was made from them is computed again, in one publish."""
    run, heads = Run(project, False, on_progress), project.catalog.heads()
    gone = {name: ids(bytes.fromhex(key) for key in rows) for name, rows in draft["gone"].items()}
    for name in (receipt.table, *draft["recorded"]):
        if name in heads and name in gone:
            run.erase(name, gone[name])
    units = {bytes.fromhex(unit) for unit in draft["units"]}
    if had := units & set(project.catalog.problem_units(receipt.table)):
        run.publication.cleared.append((receipt.table, list(had)))
    if receipt.table in heads:
        for table in project.order():
            is_possible = all(name in heads or name in run.stores for name in table.parent_names)
            if table.source is None and table.name in draft["tables"] and is_possible:
                _bring(run, table, gone, receipt)
        dropped = [name for name in heads if name in draft["tables"] and name not in project.tables and project.catalog.consumed(name)]
        run.publication.dropped += dropped      # derived, and no longer declared: nothing can compute it again
        above = ids({*map(table_id, gone), *(key for rows in gone.values() for key in id_list(rows))})
        accepting.block(run, draft["tables"], above, receipt.id, canaries)
    project.on_step("before publish")
    run.publish(owner)
    project.on_step("after publish")
    for name, counts in run.counts.items():
        if made := counts.added + counts.changed:
            receipt.rebuilt[name] = made
    fits = [table.name for table in project.tables.values() if table.source is None and any(op.kind == "fit" for op in table.operators)]
    receipt.blocked = [{"table": each.table, "row": each.row.hex()} for each in project.catalog.held() if each.receipt == receipt.id]
    receipt.models = [name for name in fits if name in draft["tables"] and run.counts.get(name) and not run.counts[name].is_idle]


def _bring(run: Run, table: "Table", gone: dict[str, pa.Array], receipt: Receipt) -> None:
    """A table without what is gone; where it cannot be computed, its rows that were made from it go, and the next run makes the rest."""
    try:
        run.bring(table)
    except SaemError as error:
        if table.name not in run.heads:
            raise
        above = {table_id(name) for name in gone} | {key for name in table.parent_names for key in id_list(gone.get(name, ids([])))}
        run.erase_made(table.name, ids(sorted(above)))
        receipt.later[table.name] = f"[{error.code}] {error.what}"


def _erase_files(project: "Project", owner: str, tables: Sequence[str], receipt: Receipt) -> None:
    """What the datasets of these tables keep beside the published rows goes."""
    from saem.engine.table import TEXT_INDEX
    heads = project.catalog.heads()
    before = {name: index_files(project.uri(heads[name].place)) for name in tables if name in heads}
    moved: dict[str, tuple[int, int]] = {}
    for name in before:
        head = heads[name]
        done = compact(project.uri(head.place), head.version, TEXT_INDEX, project.on_step)
        moved[head.place] = (head.version, done.version)
        if done.indexes:
            receipt.indexes[name] = done.indexes
        if done.dropped:
            receipt.indexes_dropped[name] = done.dropped
    receipt.snapshots = sorted({*receipt.snapshots, *project.catalog.move(owner, tables, moved)})
    project.on_step("heads moved")
    project._opened.clear()
    for name in tables:
        kept = heads[name].place if name in heads else ""
        for place in places(project, name):
            if place == kept:
                receipt.versions += forget_versions(project.uri(place), moved[place][1], project.on_step)
            else:
                shutil.rmtree(project.uri(place))
    receipt.old_index_files = sum(len(before[name] & index_files(project.uri(heads[name].place))) for name in before)
