"""The table is its own memo: what a costly operator made of equal input is taken from the table, published or not.

Nothing is kept outside the tables that `forget` would have to find.
"""
import threading
from collections.abc import Iterable, Sequence

import lance
import numpy as np
import pyarrow as pa

from saem.core.identity import ID, digest, id_list, ids, row_hashes
from saem.core.operator import Operator
from saem.engine.apply import Failure, Output, apply
from saem.store.table import Store, lookup

RECENT_BYTES = 32 << 20    # results of this run that are kept at hand, for copies within one run


class Memo:
    """Results by hash(operator, input): of this run, of a crashed run before it, of the published table, of tables that lend theirs."""

    def __init__(self, store: Store, older: lance.LanceDataset | None, lenders: Sequence[lance.LanceDataset] = ()) -> None:
        self.leftover = store.leftover if _is_readable(store.leftover) else None
        tables = [self.leftover, store.base, older, *lenders]
        self.tables = [table for table in tables if table is not None and table.count_rows()]
        self.marks: dict[int, bytes] = {}
        self.recent: dict[bytes, tuple[pa.Table, int]] = {}
        self.recent_bytes = 0
        self.reused = self.computed = 0
        self.busy: set[bytes] = set()        # what other threads compute at this moment
        self.is_free = threading.Condition()

    def apply(self, op: Operator, rows: pa.Table) -> Output:
        """Like `apply`, calling the operator only for input that no table knows and no other thread is at work on."""
        mark = self._mark(op)
        keys = [digest(mark, raw) for raw in row_hashes(rows.select(op.memo_of(rows.schema)))]
        mine = set(keys)
        with self.is_free:
            self.is_free.wait_for(lambda: self.busy.isdisjoint(mine))
            self.busy |= mine
        try:
            return self._apply(op, rows, keys)
        finally:
            with self.is_free:
                self.busy -= mine
                self.is_free.notify_all()

    def _apply(self, op: Operator, rows: pa.Table, keys: list[bytes]) -> Output:
        names = [n for n in op.writes(rows.schema).names if n != op.memo_column]
        known = self._known(op, keys, names)
        new = {key: i for i, key in enumerate(keys) if key not in known}
        failures: list[Failure] = []
        if new:
            asked = list(new.values())
            made = apply(op, rows.take(pa.array(asked, pa.int64())), ())
            results, done = made.rows.select(names), [keys[asked[i]] for i in made.origin]
            fresh = {key: (results, i) for i, key in enumerate(done)}
            self._remember(fresh, results)
            known |= fresh
            why = {keys[asked[f.index]]: f for f in made.failures}
            failures = [Failure(i, why[key].operator, why[key].reason, why[key].details) for i, key in enumerate(keys) if key in why]
            with self.is_free:
                self.computed += len(new)
        kept = [i for i, key in enumerate(keys) if key in known]
        with self.is_free:
            self.reused += len(keys) - len(new)
        out = rows if len(kept) == len(rows) else rows.take(pa.array(kept, pa.int64()))
        out = out.drop_columns([n for n in names if n in out.column_names])
        places = [known[keys[i]] for i in kept]
        types = op.writes(rows.schema)
        for name in names:
            out = out.append_column(name, _gather(name, places, types.field(name).type))
        return Output(out.append_column(op.memo_column, ids([keys[i] for i in kept])), np.array(kept, np.int64), failures)

    def _mark(self, op: Operator) -> bytes:
        if id(op) not in self.marks:
            self.marks[id(op)] = op.fingerprint()
        return self.marks[id(op)]

    def _known(self, op: Operator, keys: list[bytes], names: list[str]) -> dict[bytes, tuple[pa.Table, int]]:
        known = {key: self.recent[key] for key in keys if key in self.recent}
        for table in self.tables:
            missing = list({key for key in keys if key not in known})
            if missing and all(n in table.schema.names for n in (op.memo_column, *names)):
                try:
                    found = lookup(table, op.memo_column, pa.array(missing, ID), [op.memo_column, *names])
                except (OSError, ValueError):
                    if table is not self.leftover:
                        raise
                    continue        # a disk that failed left half a file: it would have saved work, no more
                known |= {key: (found, i) for i, key in enumerate(id_list(found[op.memo_column]))}
        return known

    def _remember(self, fresh: dict[bytes, tuple[pa.Table, int]], results: pa.Table) -> None:
        self.recent_bytes += results.nbytes
        if self.recent_bytes > RECENT_BYTES:
            self.recent, self.recent_bytes = {}, results.nbytes
        self.recent.update(fresh)


def _is_readable(leftover: lance.LanceDataset | None) -> bool:
    """Whether what a crashed run left can be opened at all."""
    try:
        return leftover is not None and leftover.count_rows() >= 0
    except (OSError, ValueError):
        return False


def _gather(name: str, places: Iterable[tuple[pa.Table, int]], kind: pa.DataType) -> pa.ChunkedArray:
    """Cells (table, row) -> one column, taken table by table."""
    tables: dict[int, pa.Table] = {}
    offset: dict[int, int] = {}
    picks, total = [], 0
    for table, row in places:
        if id(table) not in tables:
            tables[id(table)], offset[id(table)] = table, total
            total += len(table)
        picks.append(offset[id(table)] + row)
    column = pa.chunked_array([c for t in tables.values() for c in t[name].chunks], kind)
    return column.combine_chunks().take(pa.array(picks, pa.int64()))
