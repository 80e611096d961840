"""What was recorded of rows - answers, their citations, calls of models - is for those who may still read all of these rows.

The readers of such a row were told when it was put. A right that is taken away since narrows them with the run that takes it; one
that is given back does not widen them again: the question can be asked anew.
"""
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import lance
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import id_list
from saem.engine.granting import give
from saem.store.table import SYSTEM, Store

if TYPE_CHECKING:
    from saem.engine.running import Run

NAMES = {field.name for field in SYSTEM}


def narrow(run: "Run", recorded: Collection[str]) -> None:
    """Take readers off the rows of recorded tables that lost them in this run's tables, unpublished."""
    moved = [store for name, store in run.stores.items() if store.is_touched and name not in recorded]
    for name in {*run.heads, *run.stores}.intersection(recorded) if moved else ():
        store = run.stores.get(name) or _published(run, name)
        held = store.dataset.to_table(columns=["_id", "_readers", "_parents"])
        held = held.filter(pc.greater(pc.list_value_length(held["_parents"]), 0))
        wanted = pc.unique(pc.list_flatten(held["_parents"]))
        codes: dict[bytes, int] = {}
        for parent in moved:
            found = parent.lookup("_id", wanted, ["_id", "_readers"])
            codes |= dict(zip(id_list(found["_id"]), found["_readers"].to_pylist(), strict=True))
        if not codes:
            continue
        rows = zip(held["_readers"].to_pylist(), held["_parents"].cast(pa.list_(pa.binary())).to_pylist(), strict=True)
        readers = [run.catalog.intersect([own, *(codes[p] for p in parents if p in codes)]) for own, parents in rows]
        if give(store, held, pa.array(readers, pa.int32())):
            head = run.publication.heads.get(name) or run.heads[name]
            run.publication.heads[name] = replace(head, version=store.version)


def _published(run: "Run", name: str) -> Store:
    head = run.heads[name]
    uri = run.project.uri(head.place)
    schema = pa.schema([field for field in lance.dataset(uri, version=head.version).schema if field.name not in NAMES])
    return Store(uri, schema, head.version, run.project.on_step)
