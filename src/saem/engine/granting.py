"""A change of readers alone: one column is rewritten, no operator runs."""
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import id_list, table_id
from saem.engine.units import Parents, Touched, whole_readers
from saem.store.table import Store


class Granting:
    """Gives the rows of a table the readers that their parents now have."""

    def __init__(self, store: Store, parents: Parents, granted: Sequence[str] = ()) -> None:
        self.store, self.parents, self.catalog, self.granted = store, parents, parents.catalog, granted

    def regrant(self, touched: Touched) -> int:
        """How many rows have other readers now."""
        changed = 0
        for block in self.parents.blocks(touched):
            old = self.store.lookup("_unit", block.units, ["_id", "_readers", "_parents"])
            if not len(old):
                continue
            code = self._codes(old["_parents"])
            named = old["_parents"].cast(pa.list_(pa.binary())).to_pylist()
            want = [self.catalog.widen(self.catalog.intersect([code[p] for p in parents]), self.granted) for parents in named]
            rows = pa.table({"_id": old["_id"], "_readers": pa.array(want, pa.int32())})
            rows = rows.filter(pc.not_equal(old["_readers"], rows["_readers"]))
            self.store.patch(rows)
            changed += len(rows)
        return changed

    def _codes(self, parents: pa.ChunkedArray) -> dict[bytes, int]:
        """{parent: code of its readers}; a table that is a parent as a whole is read by those who may read all of it."""
        wanted = pc.unique(pc.list_flatten(parents))
        codes: dict[bytes, int] = {}
        for store in self.parents.stores:
            found = store.lookup("_id", wanted, ["_id", "_readers"])
            codes |= dict(zip(id_list(found["_id"]), found["_readers"].to_pylist(), strict=True))
            if (name := table_id(store.name)) in id_list(wanted):
                codes[name] = self.catalog.intersect(whole_readers(store))
        return codes
