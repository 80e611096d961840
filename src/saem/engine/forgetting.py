"""Forget: a source row leaves every table, index, old version, answer and log, and does not come back.

    follow -> scan -> begin (keys are kept out from here on) -> rows go, what was made from them is computed again, one publish
    -> rewrite -> move heads -> old versions and files go -> scan -> receipt

A crash after `begin` leaves a record in the catalog; the next run or forget finishes it. A state that was put back from an older copy
knows nothing of what was forgotten since: the receipts that lie beside it are carried out again (see `returning`).
"""
import dataclasses
import getpass
import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING, Any

import lance
import pyarrow as pa

from saem.core.errors import SaemError, caller
from saem.core.identity import ID, digest, id_list, ids, row_ids, table_id
from saem.core.run import OnProgress, Progress
from saem.engine import accepting
from saem.engine.receipts import Looked, Receipt, keep, new_id, receipt_of, receipts
from saem.engine.returning import allowed, lift, note_allowed, note_forgotten, returned
from saem.engine.running import Run, explained
from saem.engine.trail import Trail, follow, head_of, places, strings
from saem.store.canaries import Canaries
from saem.store.erasing import compact, forget_versions, index_files, scrub
from saem.store.lease import lease
from saem.store.scanning import Scan, holders, scan
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table

SIDE_PROJECTS = ("evaluate",)     # folders of the state that hold copies, and can be made again


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
            draft = Receipt(new_id(secrets.token_bytes(4)), time.strftime("%Y-%m-%dT%H:%M:%S%z"), _who(), reason, table,
                            sorted(mark.hex() for mark in marks), _counts(trail), waiting=len(trail.inbox))
            if dry_run:
                draft.is_dry = True
                return draft
            return _erase(project, owner, draft, trail, marks, clock, on_progress)
    except (OSError, sqlite3.DatabaseError) as error:
        raise explained(error, project.state) from error


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
    marks = _kept_out(project, known)
    trail = follow(project, known.table, marks)
    if not trail.is_empty:
        why = f"an older copy of the state brought back what receipt {known.id} says is gone"
        made = Receipt(new_id(secrets.token_bytes(4)), time.strftime("%Y-%m-%dT%H:%M:%S%z"), _who(),
                       f"{known.reason}; {why}" if known.reason else why, known.table, sorted(mark.hex() for mark in marks), _counts(trail),
                       waiting=len(trail.inbox))
        _erase(project, owner, made, trail, marks, time.perf_counter(), on_progress)
    project.catalog.note_erasure(known.id, known.table, marks)


def _kept_out(project: "Project", receipt: Receipt) -> set[bytes]:
    """The marks of a receipt that were not allowed again."""
    return {bytes.fromhex(each) for each in receipt.what} - allowed(project.state).get(receipt.table, set())


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
        one = accepting.serve(project, owner, table, row, reason, _who(), on_progress)
    receipt = receipt_of(project.state, one.receipt)
    receipt.accepted.append({"table": one.table, "row": one.row.hex(), **one.accepted})
    keep(project.state, receipt)
    return receipt


def verify(project: "Project", name: str) -> Receipt:
    """See `Project.verify`."""
    receipt = receipt_of(project.state, name)
    canaries = Canaries(project.catalog.secret, receipt.marks)
    trail = follow(project, receipt.table, _kept_out(project, receipt))
    receipt.back = _counts(trail)
    _look_again(project, receipt, canaries, None, set[bytes]().union(*trail.ids.values()))
    return receipt


def key_text(key: Any) -> str:
    """A natural key as its row is named after it."""
    return key if isinstance(key, str) else repr(key)


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


def _counts(trail: Trail) -> dict[str, int]:
    return {name: len(rows) for name, rows in trail.ids.items() if rows}


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


# at work

def _erase(project: "Project", owner: str, receipt: Receipt, trail: Trail, marks: set[bytes], clock: float,
           on_progress: OnProgress) -> Receipt:
    """Look for what will go, then promise it: from `begin_erasure` on it goes, whatever happens."""
    on_progress(Progress("forget: looking", 0, 3))
    canaries = _of_people(project, Canaries.of(project.catalog.secret, trail.values))
    before = scan(project.state, canaries)
    receipt.marks, receipt.before, receipt.after = list(canaries.marks), _looked(before, canaries.names), None
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
    _look_again(project, receipt, canaries, known)
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


def _look_again(project: "Project", receipt: Receipt, canaries: Canaries, known: dict[str, tuple[int, int]] | None,
                back: Set[bytes] = frozenset()) -> None:
    """The scan afterwards. A piece that a living row holds is no sign of what is gone: the row is listed, unless what is gone is `back`."""
    seen = scan(project.state, canaries, known)
    files = {place for each in seen.places.values() for place in each}
    living = set[str]()
    receipt.held_by, receipt.more_held = [], 0
    for name, head in project.catalog.heads().items():
        inside = {os.path.basename(file) for file in files if file.startswith(f"tables/{head.place}/")}
        if inside:
            marks, rows, count = holders(head_of(project, name), canaries.only(seen.found), inside)
            living |= marks
            receipt.held_by += _named(project, name, head_of(project, name), rows - back)
            receipt.more_held += count - len(rows)
    for name, key, row in project.catalog.db.execute("select name, key, row from inbox where row is not null").fetchall():
        body = json.loads(row)
        if held := {mark for text in (key.encode(), *strings(body["row"])) for mark in canaries.held(text)} & seen.found:
            living |= held      # it waits for a run
            readers = "as its source says" if body["readers"] is None else _readers(project, body["readers"])
            own = row_ids(name, [digest(name, key)], [b""], [0])[0]     # not its key, which may be forgotten one day
            receipt.held_by.append({"table": name, "row": own.hex(), "readers": readers})
    receipt.after = _looked(seen, canaries.names - (frozenset() if back else living))


def _named(project: "Project", table: str, dataset: lance.LanceDataset, rows: set[bytes]) -> list[dict[str, Any]]:
    found = lookup(dataset, "_id", pa.array(sorted(rows), ID), ["_id", "_readers"]).to_pylist()
    return [{"table": table, "row": row["_id"].hex(), "readers": _readers(project, row["_readers"])} for row in found]


def _readers(project: "Project", code: int) -> str:
    clauses = project.catalog.readers(code)
    return " and ".join(", ".join(sorted(clause)) or "nobody" for clause in sorted(clauses, key=sorted)) or "everyone"


def _looked(seen: Scan, wanted: set[str]) -> Looked:
    found = seen.found & wanted
    return Looked(seen.files, seen.bytes, len(found), sorted({place for mark in found for place in seen.places[mark]}),
                  [f"{name}: {why}" for name, why in seen.unread.items()])
