"""Models that saw a row which was forgotten, and could not be fitted again: blocked, until a run fits them or their owner accepts them.

A blocked model is in no table: nothing is predicted by it, and what it had predicted is gone. It is kept only if no piece of the forgotten
text stands in it. Accepted, it serves as it is, without the forgotten rows among its parents; who accepted it, and why, stands in the
receipt and in every trace that leads through it.
"""
import datetime
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import lance
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller
from saem.core.identity import ID, id_list
from saem.core.run import OnProgress
from saem.engine.running import SYSTEM_NAMES, Run
from saem.store.canaries import Canaries
from saem.store.held import Blocked
from saem.store.scanning import buffers
from saem.store.table import Store

if TYPE_CHECKING:
    from saem.engine.project import Project


def block(run: Run, names: Iterable[str], above: pa.Array, receipt: str, canaries: Canaries) -> None:
    """Keep the models that are leaving their tables. above: (n,) ID of the forgotten rows, what was made of them, and their tables."""
    kept = []
    for name in names:
        table = run.project.tables.get(name)
        if table is None or name not in run.heads or not any(op.kind == "fit" for op in table.operators):
            continue
        head = run.heads[name]
        rows = lance.dataset(run.project.uri(head.place), version=head.version).to_table()
        named = rows["_parents"].combine_chunks()
        saw = pc.unique(pc.list_parent_indices(named).filter(pc.is_in(named.flatten(), value_set=above)))
        left = run.stores[name].dataset.to_table(columns=["_id"])["_id"] if name in run.stores else rows["_id"].slice(0, 0)
        for at in saw.to_pylist():
            row = rows.slice(at, 1)
            key = id_list(row["_id"])[0]
            if not pc.is_in(pa.scalar(key, ID), value_set=left.combine_chunks()).as_py() and not _holds(row, canaries):
                kept.append(Blocked(receipt, name, key, id_list(row["_hash"])[0], _body(row, above), {}))
    for name in names:       # who saw one row may have seen the next: what was kept for an earlier receipt is not offered again
        run.catalog.release(each for each in run.catalog.held(name) if each.receipt != receipt)
    run.catalog.hold(kept)


def _holds(row: pa.Table, canaries: Canaries) -> bool:
    return any(canaries.held(buffer) for batch in row.combine_chunks().to_batches() for buffer in buffers(batch))


def _body(row: pa.Table, above: pa.Array) -> bytes:
    """The row, without the forgotten ones among its parents."""
    named = row["_parents"].combine_chunks().flatten()
    parents = pa.array([id_list(named.filter(pc.invert(pc.is_in(named, value_set=above))))], pa.list_(ID))
    row = row.set_column(row.schema.get_field_index("_parents"), row.schema.field("_parents"), parents)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, row.schema) as stream:
        stream.write_table(row.combine_chunks())
    return bytes(sink.getvalue())


def release_fitted(project: "Project") -> None:
    """A model that a run has fitted again is kept no longer as it was."""
    for each in project.catalog.held():
        is_waiting = each.body and not each.accepted and each.table in project.catalog.heads()
        if is_waiting and project.published(each.table).count_rows(f"_id = X'{each.row.hex()}'"):
            project.catalog.release([each])


def serve(project: "Project", owner: str, table: str, row: str, reason: str, who: str, on_progress: OnProgress) -> Blocked:
    """Put a blocked model back into its table. The caller holds the lease. Raises: E104 without a reason, E209 where it is not blocked."""
    if not reason.strip():
        raise SaemError("E104", "no reason is given", where=caller(), fix='--reason "...": it stands in the receipt and in traces')
    project.table(table)
    known = [each for each in project.catalog.held(table) if each.body]
    found = [each for each in known if each.row.hex().startswith(row.lower())]
    if len(found) != 1:
        named = ", ".join(each.row.hex()[:12] for each in known)
        what = f"several blocked models of '{table}' begin with '{row}'" if found else f"no model of '{table}' is blocked under that name"
        raise SaemError("E209", what, where=caller(), fix=f"name one: {named}" if known else "saem receipts --json tells which are blocked")
    noted = {"reason": reason, "who": who, "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    project.catalog.note_accepted(found[0], noted)      # first: a crash leaves a reason without a model, never a model without a reason
    project.on_step("acceptance noted")
    _put_back(project, found[0], owner, on_progress)
    project.catalog.release(found)
    return replace(found[0], accepted=noted)


def _put_back(project: "Project", one: Blocked, owner: str, on_progress: OnProgress) -> None:
    """Its row back into its table, and what is made from that table, in one publish."""
    run = Run(project, False, on_progress)
    head = run.heads[one.table]
    uri = project.uri(head.place)
    held = lance.dataset(uri, version=head.version)
    own = pa.schema([field for field in held.schema if field.name not in SYSTEM_NAMES])
    store = run.stores[one.table] = Store(uri, own, head.version, project.on_step)
    run.places[one.table] = head.place
    row = pa.ipc.open_stream(one.body).read_all()
    if not held.count_rows(f"_id = X'{one.row.hex()}'"):
        if set(row.column_names) != set(held.schema.names):
            raise SaemError("E209", f"'{one.table}' has other columns now: this model cannot go back into it", fix="saem run fits it again")
        store.append(row.select(store.schema.names))
        run.publication.heads[one.table] = replace(head, version=store.version)
    made = {one.table}
    for table in project.order():
        if made & set(table.parent_names) and table.name != one.table:
            made.add(table.name)
            run.bring(table)
    project.on_step("before publish")
    run.publish(owner)
    project.on_step("after publish")


def accepted(project: "Project") -> dict[tuple[str, bytes], dict[str, Any]]:
    """{(table, row): {reason, who, when}} of the models that serve although they saw what was forgotten."""
    noted = [each for each in project.catalog.held() if each.accepted]
    found: dict[tuple[str, bytes], dict[str, Any]] = {}
    for each in noted:
        if each.table in project.heads():
            rows = project.published(each.table).to_table(columns=["_hash"], filter=f"_id = X'{each.row.hex()}'")
            if each.hash in id_list(rows["_hash"]):      # fitted again, it is another model
                found[each.table, each.row] = each.accepted
    return found
