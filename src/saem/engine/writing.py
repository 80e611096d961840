"""What came out, compared with what the table holds: only what differs is written."""
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import ID, ids
from saem.core.run import Counts
from saem.store.table import Store

COMPARED = ["_id", "_hash", "_readers"]


class Writer:
    """Gathers new, changed and vanished rows, and writes them in unpublished commits of about `limit` rows."""

    def __init__(self, store: Store, counts: Counts, limit: int) -> None:
        self.store, self.counts, self.limit = store, counts, limit
        self.has_rows = store.base.count_rows() > 0
        self.fresh: list[pa.Table] = []
        self.stale: list[pa.Table] = []
        self.gone: list[pa.Array] = []

    def held(self, units: pa.Array) -> pa.Table | None:
        """The published rows of units, as far as they are compared."""
        return self.store.lookup("_unit", units, COMPARED, self.store.base) if self.has_rows else None

    def held_of(self, parents: pa.Array) -> pa.Table | None:
        """The published rows that were made from one of these, as far as they are compared."""
        if not self.has_rows:
            return None
        rows = self.store.base.to_table(columns=["_parents"], with_row_id=True)
        named = rows["_parents"].combine_chunks()
        is_one = pc.is_in(named.flatten(), value_set=parents).to_numpy(zero_copy_only=False)
        row = np.repeat(np.arange(len(rows)), pc.list_value_length(named).to_numpy())
        wanted = rows["_rowid"].take(pa.array(np.unique(row[is_one])))
        return self.store.base._take_rows(wanted.to_pylist(), columns=COMPARED)

    def put(self, rows: pa.Table, old: pa.Table | None) -> None:
        """Rows of some units; `old` is what is held of those."""
        if old is None or not len(old):
            self.fresh.append(rows)
        else:
            at = pc.index_in(rows["_id"], value_set=old["_id"].combine_chunks())
            was = old.take(at)
            is_same = pc.and_(pc.equal(was["_hash"], rows["_hash"]), pc.equal(was["_readers"], rows["_readers"]))
            self.fresh.append(rows.filter(pc.is_null(at)))
            self.stale.append(rows.filter(pc.fill_null(pc.invert(is_same), False)))
        pending = sum(map(len, self.fresh)) + sum(map(len, self.stale))
        if pending >= self.limit:
            self.flush()

    def drop_vanished(self, old: pa.Table | None, seen: list[pa.Array]) -> None:
        """Rows of the units at work that did not come out again."""
        if old is not None and len(old):
            made = pa.chunked_array(seen, ID).combine_chunks()
            self.gone.append(old.filter(pc.invert(pc.is_in(old["_id"], value_set=made)))["_id"])

    def drop(self, units: pa.Array) -> None:
        """The rows of units that have no parents left."""
        if len(units) and self.has_rows:
            self.gone.append(self.store.lookup("_unit", units, ["_id"], self.store.base)["_id"])

    def drop_failed(self, failed: list[bytes]) -> None:
        """Rows of failed units that had been written before a later row of theirs failed."""
        if failed:
            self.flush()
            self.gone.append(self.store.lookup("_unit", ids(sorted(set(failed))), ["_id"])["_id"])

    def drop_absent(self, alive: pa.Array) -> None:
        """The rows of all units but these."""
        if self.has_rows:
            kept = self.store.base.to_table(columns=["_id", "_unit"])
            self.gone.append(kept.filter(pc.invert(pc.is_in(kept["_unit"], value_set=alive)))["_id"])

    def flush(self) -> None:
        """Up to three unpublished commits: new rows, changed rows, vanished rows (last, so that the memo keeps them)."""
        fresh, stale = (pa.concat_tables(t) if t else self.store.schema.empty_table() for t in (self.fresh, self.stale))
        self.store.append(fresh)
        self.store.update(stale)
        gone = pa.chunked_array([c for g in self.gone for c in (g.chunks if isinstance(g, pa.ChunkedArray) else [g])], ID)
        gone = pc.unique(gone)
        self.store.delete(gone)
        self.counts.added += len(fresh)
        self.counts.changed += len(stale)
        self.counts.deleted += len(gone)
        self.fresh, self.stale, self.gone = [], [], []
