"""A change of readers alone: one column is rewritten, no operator runs."""
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import id_list, table_id
from saem.engine.loading import whole_readers
from saem.engine.units import Parents, Touched
from saem.store.catalog import Catalog
from saem.store.reader_sets import NOBODY
from saem.store.table import Store


class Granting:
    """Gives the rows of a table the readers that their parents now have."""

    def __init__(self, store: Store, parents: Parents, granted: Sequence[str] = ()) -> None:
        self.store, self.parents, self.granted = store, parents, granted

    def regrant(self, touched: Touched) -> int:
        """How many rows have other readers now."""
        changed = 0
        for block in self.parents.blocks(touched):
            old = self.store.lookup("_unit", block.units, ["_id", "_readers", "_parents"])
            if len(old):
                changed += give(self.store, old, inherited(self.parents.catalog, self.parents.stores, old["_parents"], self.granted))
        return changed


def give(store: Store, rows: pa.Table, wanted: pa.Array) -> int:
    """Write the readers that differ. rows: _id and _readers; wanted: (n,) int32. How many did."""
    changed = pa.table({"_id": rows["_id"], "_readers": wanted}).filter(pc.not_equal(rows["_readers"], wanted))
    store.patch(changed)
    return len(changed)


def inherited(catalog: Catalog, parents: Sequence[Store], named: pa.ChunkedArray, granted: Sequence[str]) -> pa.Array:
    """(n,) int32: the codes of those who may read all parents of a row, and of whom its table is granted to. named: (n,) list of ID."""
    code = _codes(catalog, parents, named)
    each = named.cast(pa.list_(pa.binary())).to_pylist()
    return pa.array([catalog.widen(catalog.intersect([code.get(p, NOBODY) for p in row]), granted) for row in each], pa.int32())


def _codes(catalog: Catalog, parents: Sequence[Store], named: pa.ChunkedArray) -> dict[bytes, int]:
    """{parent: code of its readers}; a table that is a parent as a whole is read by those who may read all of it."""
    wanted = pc.unique(pc.list_flatten(named))
    codes: dict[bytes, int] = {}
    for store in parents:
        found = store.lookup("_id", wanted, ["_id", "_readers"])
        codes |= dict(zip(id_list(found["_id"]), found["_readers"].to_pylist(), strict=True))
        if (name := table_id(store.name)) in id_list(wanted):
            codes[name] = catalog.intersect(whole_readers(store))
    return codes
