"""Groups by links: rows of several tables that share an id in their link columns, and whoever shares one with those.

A table of edges has two link columns and so ties rows together; the others have one. What is touched by a change is found by
following the links from what changed, in the tables as they were and as they are: the work follows the change, not the tables.
"""
from collections.abc import Sequence

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import ID, id_list, ids, in_order
from saem.engine.apply import Groups
from saem.engine.units import Touched
from saem.store.table import Store, lookup, opened


class Linked:
    """The tables of a relation by links, pinned at the versions of this run."""

    def __init__(self, links: Sequence[Sequence[str]], stores: Sequence[Store], sees_readers: bool) -> None:
        self.links, self.stores, self.sees_readers = links, stores, sees_readers
        self.own = links[0][0]      # the column that names a row of the first table to the others

    def everything(self) -> Touched:
        """Every row of the first table."""
        rows = self.stores[0].dataset.to_table(columns=list(dict.fromkeys(["_id", self.own])))
        return Touched(_ids(rows["_id"]), keys=_ids(rows[self.own]))

    def changes(self, deltas: Sequence[tuple[pa.Table, pa.Table, pa.Table]], since: Sequence[int]
                ) -> tuple[Touched, pa.Array, Touched]:
        """(rows of the first table whose group is or was another, units whose row is gone, rows in whose group readers alone changed).

        deltas: per table rows as they are, as they were, and those whose readers alone changed; for an operator that sees readers
        these are changed rows too.
        """
        changed = [part for now, was, granted in deltas for part in ((now, was, granted) if self.sees_readers else (now, was))]
        columns = [names for names, _ in zip(self.links, deltas, strict=True) for _ in range(3 if self.sees_readers else 2)]
        touched = self._hanging(changed, columns, since)
        granted = self._hanging([] if self.sees_readers else [each for *_, each in deltas], self.links, since)
        is_new = pc.invert(pc.is_in(granted.units, value_set=touched.units))
        now, was, _ = deltas[0]
        gone = was["_id"].filter(pc.invert(pc.is_in(was["_id"], value_set=_ids(now["_id"]))))
        return touched, _ids(gone), Touched(granted.units.filter(is_new), keys=_filled(granted.keys).filter(is_new))

    def _hanging(self, parts: Sequence[pa.Table], columns: Sequence[Sequence[str]], since: Sequence[int]) -> Touched:
        """The rows of the first table that hang together with some rows, in the tables as they were or as they are."""
        seeds = [_ids(rows[name]) for rows, names in zip(parts, columns, strict=False) for name in names]
        values = pc.unique(pa.chunked_array(seeds, ID)).drop_null()
        if not len(values):
            return Touched(ids([]), keys=ids([]))
        before = [opened(store.uri, mark) for store, mark in zip(self.stores, since, strict=False)]
        values = self._closure(self._closure(values, before), [store.dataset for store in self.stores])
        rows = self.stores[0].lookup(self.own, values, list(dict.fromkeys(["_id", self.own])))
        return Touched(_ids(rows["_id"]), keys=_ids(rows[self.own]))

    def _closure(self, values: pa.Array, datasets: Sequence[lance.LanceDataset]) -> pa.Array:
        """These ids and all that are linked with them."""
        frontier = values
        while len(frontier):
            reached = []
            for columns, dataset in zip(self.links, datasets, strict=True):
                for column in columns if len(columns) > 1 else ():
                    rows = lookup(dataset, column, frontier, list(columns))
                    reached += [_ids(rows[name]) for name in columns]
            new = pc.unique(pa.chunked_array(reached, ID)).drop_null()
            frontier = new.filter(pc.invert(pc.is_in(new, value_set=values)))
            values = pa.concat_arrays([values, frontier])
        return values

    def load(self, piece: Touched, columns: Sequence[Sequence[str]]) -> tuple[Groups, list[list[bytes]], list[list[int]]]:
        """The groups of some rows of the first table: per table its rows, ordered by group and id, their ids and their readers."""
        values = self._closure(pc.unique(piece.keys), [store.dataset for store in self.stores])
        tables = []
        for links, store, wanted in zip(self.links, self.stores, columns, strict=True):
            found = store.lookup(links[0], values, list(dict.fromkeys(["_id", "_readers", *links, *wanted])))
            tables.append(found)
        label = self._labels(values, tables)
        here = np.unique(label[_places(values, tables[0][self.own])])
        rows, members = [], []
        for links, table in zip(self.links, tables, strict=True):
            group = label[_places(values, table[links[0]])]
            at = np.searchsorted(here, group)
            is_here = (at < len(here)) & (here[np.minimum(at, len(here) - 1)] == group) if len(here) else np.zeros(len(group), bool)
            order = np.lexsort((*reversed(in_order(table["_id"])), at))
            order = order[is_here[order]]
            rows.append(table.take(pa.array(order)).combine_chunks())
            members.append(at[order].astype(np.int64))
        hidden = {"_id"} if self.sees_readers else {"_id", "_readers"}
        shown = [table.select([name for name in table.column_names if name not in hidden or name in links])
                 for links, table in zip(self.links, rows, strict=True)]
        return (
            Groups(shown, members, len(here)),
            [id_list(table["_id"]) for table in rows],
            [table["_readers"].to_pylist() for table in rows],
        )

    def _labels(self, values: pa.Array, tables: Sequence[pa.Table]) -> np.ndarray:
        """(n,) the group of each id: the smallest place among those that are linked with it."""
        pairs = [(table[links[0]], table[other]) for links, table in zip(self.links, tables, strict=True) for other in links[1:]]
        left = np.concatenate([np.zeros(0, np.int64), *(_places(values, a) for a, _ in pairs)])
        right = np.concatenate([np.zeros(0, np.int64), *(_places(values, b) for _, b in pairs)])
        label = np.arange(len(values))
        while True:
            low = np.minimum(label[left], label[right])
            before = label.copy()
            np.minimum.at(label, before[left], low)
            np.minimum.at(label, before[right], low)
            while (label[label] != label).any():
                label = label[label]
            if (label == before).all():
                return label


def _ids(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole if whole.type == ID else whole.cast(ID)


def _filled(column: pa.Array | None) -> pa.Array:
    assert column is not None
    return column


def _places(values: pa.Array, column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.index_in(_ids(column), value_set=values).to_numpy(zero_copy_only=False), np.int64)
