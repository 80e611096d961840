"""What must be computed again.

A *unit* is what is recomputed as a whole: one parent row (map, flat_map), the rows of one key, or a whole table (relation,
fit). Changed parents touch units; `loading` brings their rows as they are now. Where rows are compared in pairs,
a unit is one row with all rows that share a value with it: a change touches its neighbours too.
"""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import ids, key_unit
from saem.engine.chain import Chain
from saem.engine.pairs import Lists, replaced_first
from saem.store.catalog import Catalog
from saem.store.table import Store

if TYPE_CHECKING:
    from saem.engine.linking import Linked

BLOCK_UNITS = 65_536       # units whose old rows are looked up together: each block scans the table's units
BLOCK_GROUPS = 16_384      # the same for groups, whose rows are loaded together too
BLOCK_PAIRS = 262_144      # the same for rows compared in pairs, which are loaded with their neighbours


@dataclass
class Touched:
    """units: ID; rowid: of the parent row (map, flat_map); keys: first key column's, or link's, values to look groups up by (relation)."""
    units: pa.Array
    rowids: pa.Array | None = None
    keys: pa.Array | None = None

    def __len__(self) -> int:
        return len(self.units)


@dataclass
class Work:
    """What the parents' changes ask for: units to compute again, units without parents, units of which only readers changed.

    asked  of pairs: the rows whose pairs must be made again, where that is all; `touched` are those with all that they are or were near
    """
    touched: Touched
    dead: pa.Array
    regranted: Touched
    is_rebuild: bool = False
    asked: pa.Array | None = None


class Parents:
    """The tables that a derivation reads, pinned at the versions of this run."""

    def __init__(self, chain: Chain, stores: Sequence[Store], catalog: Catalog) -> None:
        self.chain, self.stores, self.catalog = chain, stores, catalog

    @property
    def is_whole(self) -> bool:
        """One unit: the operators see whole tables."""
        return self.chain.is_whole

    @property
    def is_pairs(self) -> bool:
        """A unit is one row, loaded with its neighbours."""
        return self.chain.operators[0].compares_pairs

    @cached_property
    def lists(self) -> Lists:
        """Which rows share values."""
        by = self.chain.by[0]
        return Lists(self.stores[0].dataset.to_table(columns=["_id", by], with_row_id=True), by)

    @property
    def named(self) -> str:
        """Rows that stand for others go by the names of those."""
        return "_unit" if self.chain.operators[0].through else "_id"

    @property
    def keyed(self) -> Sequence[Store]:
        """The tables whose rows make the units; the others are read whole."""
        if not self.chain.is_relation:
            return self.stores[:1]
        return self.stores if self.is_whole else self.stores[:len(self.chain.operators[0].inputs)]

    @property
    def broadcast(self) -> Sequence[Store]:
        return self.stores[len(self.keyed):]

    @cached_property
    def linked(self) -> "Linked":
        from saem.engine.linking import Linked
        return Linked(self.chain.links, self.keyed, self.sees_readers)

    # what is touched

    def everything(self) -> Work:
        """Every unit there is."""
        none = Touched(ids([]), pa.array([], pa.uint64()), pa.array([]))
        if self.is_whole:
            return Work(Touched(ids([key_unit(())])), ids([]), none, True)
        if self.chain.links:
            return Work(self.linked.everything(), ids([]), none, True)
        if not self.chain.is_relation or self.is_pairs:
            rows = self.stores[0].dataset.to_table(columns=["_id"], with_row_id=True)
            return Work(Touched(rows["_id"].combine_chunks(), rows["_rowid"].combine_chunks()), ids([]), none, True)
        found = [self._keys(store.dataset.to_table(columns=list(self.chain.by))) for store in self.keyed]
        return Work(_distinct(found), ids([]), none, True)

    def changes(self, since: Sequence[int]) -> Work | None:
        """The units that the parents' deltas touch; None = everything, for a table that is read whole has changed."""
        whole = [self._delta(store, mark, []) for store, mark in zip(self.broadcast, since[len(self.keyed):], strict=True)]
        if any(len(now) or len(was) for now, was, _ in whole):
            return None
        if self.chain.links:
            found = [self._delta(store, mark, [name for name in columns if name != "_id"])
                     for columns, store, mark in zip(self.chain.links, self.keyed, since, strict=False)]
            return Work(*self.linked.changes(found, since))
        if self.is_pairs:
            return self._changed_pairs(since, whole)
        deltas = [self._delta(store, mark, self.chain.by) for store, mark in zip(self.keyed, since, strict=False)]
        if self.is_whole:
            unit = Touched(ids([key_unit(())]))
            nothing = Touched(ids([]))
            is_touched = any(len(now) or len(was) or (self.sees_readers and len(granted)) for now, was, granted in deltas)
            is_regranted = any(len(granted) for *_, granted in deltas)
            return Work(unit if is_touched else nothing, ids([]), unit if is_regranted and not is_touched else nothing)
        has_new_readers = any(len(granted) for *_, granted in whole)     # of a table read whole: every unit is asked
        if not self.chain.is_relation:
            now, was, granted = deltas[0]
            alive = pc.is_in(was["_id"], value_set=now["_id"].combine_chunks())
            if has_new_readers:
                granted = self.stores[0].dataset.to_table(columns=["_id"], with_row_id=True)
                granted = granted.filter(pc.invert(pc.is_in(granted["_id"], value_set=now["_id"].combine_chunks())))
            dead = was.filter(pc.invert(alive))["_id"].combine_chunks()
            return Work(Touched(now["_id"].combine_chunks(), now["_rowid"].combine_chunks()), dead,
                        Touched(granted["_id"].combine_chunks(), granted["_rowid"].combine_chunks()))
        if self.sees_readers:
            deltas = [(pa.concat_tables([now, granted]), was, granted.slice(0, 0)) for now, was, granted in deltas]
        touched = _distinct([self._keys(part) for now, was, _ in deltas for part in (now, was)])
        granted = _distinct([self._keys(granted) for *_, granted in deltas]) if not has_new_readers else self.everything().touched
        is_new = pc.invert(pc.is_in(granted.units, value_set=touched.units))
        keys = granted.keys.filter(is_new) if granted.keys is not None else None
        return Work(touched, ids([]), Touched(granted.units.filter(is_new), keys=keys))

    def _changed_pairs(self, since: Sequence[int], whole: Sequence[tuple[pa.Table, pa.Table, pa.Table]]) -> Work:
        """Changed rows touch their neighbours, as they are and as they were."""
        first_of = self.chain.operators[0].first_of
        now, was, granted = self._delta(self.stores[0], since[0], list(dict.fromkeys([*self.chain.by, "_unit", *(first_of or ())])))
        alive = pc.is_in(was["_id"], value_set=now["_id"].combine_chunks())
        dead = was.filter(pc.invert(alive))["_id"].combine_chunks()
        has_new_readers = any(len(table) for *_, table in whole)
        if not has_new_readers and not any(map(len, (now, was, granted))):
            nothing = Touched(ids([]), pa.array([], pa.uint64()))
            return Work(nothing, ids([]), nothing)
        if has_new_readers:
            granted = self.lists.rows
        granted = self.lists.beside(granted)
        beside, asked = self.lists.beside(now, was), None
        if first_of is not None and (len(now) or len(was)):
            own = now["_id"].combine_chunks()
            others = beside.filter(pc.invert(pc.is_in(beside["_id"], value_set=own)))
            if first_of:
                known = self.stores[0].take(others["_rowid"], list(dict.fromkeys([self.named, "_readers", *first_of])))
                named = [part.append_column("_row", part[self.named]) for part in (was, now, known)]
                others = others.take(pa.array(replaced_first(named[0], named[1], named[2], first_of, self.sees_readers)))
                asked = pa.concat_arrays([own, others["_id"].combine_chunks()])
            else:
                asked = own
            near = self.lists.around(asked)
            gone = pc.invert(pc.is_in(beside["_id"], value_set=near["_id"].combine_chunks()))
            beside = pa.concat_tables([near, beside.filter(gone)])
            asked = asked if len(asked) <= BLOCK_PAIRS else None
        return Work(Touched(beside["_id"].combine_chunks(), beside["_rowid"].combine_chunks()), dead,
                    Touched(granted["_id"].combine_chunks(), granted["_rowid"].combine_chunks()), asked=asked)

    def _delta(self, store: Store, since: int, columns: Sequence[str]) -> tuple[pa.Table, pa.Table, pa.Table]:
        """(rows as they are that are new or differ, rows as they were that are gone or differ, rows whose readers alone changed)."""
        was, now = store.delta(since, columns)
        at = pc.index_in(now["_id"], value_set=was["_id"].combine_chunks())
        before = was.take(at)
        is_same = pc.fill_null(pc.equal(before["_hash"], now["_hash"]), False)
        if self.is_pairs and self.sees_readers:
            is_same = pc.and_(is_same, pc.fill_null(pc.equal(before["_readers"], now["_readers"]), False))
        is_granted = pc.and_(is_same, pc.fill_null(pc.not_equal(before["_readers"], now["_readers"]), False))
        unchanged = now.filter(is_same)["_id"].combine_chunks()
        return (now.filter(pc.invert(is_same)), was.filter(pc.invert(pc.is_in(was["_id"], value_set=unchanged))), now.filter(is_granted))

    def _keys(self, rows: pa.Table) -> pa.Table:
        return rows.select(list(self.chain.by))

    def blocks(self, touched: Touched) -> Iterator[Touched]:
        """At most BLOCK_UNITS at a time, or BLOCK_GROUPS."""
        size = BLOCK_PAIRS if self.is_pairs else BLOCK_GROUPS if self.chain.is_relation and not self.chain.links else BLOCK_UNITS
        for start in range(0, len(touched), size):
            rowids = touched.rowids.slice(start, size) if touched.rowids is not None else None
            keys = touched.keys.slice(start, size) if touched.keys is not None else None
            yield Touched(touched.units.slice(start, size), rowids, keys)

    @property
    def sees_readers(self) -> bool:
        """Who may read a row is content to the operator."""
        return self.chain.is_relation and self.chain.operators[0].sees_readers

def group(rows: pa.Table, by: Sequence[str]) -> tuple[pa.Array, np.ndarray, pa.Array]:
    """(unit of each group, (n,) the group of each row, a row of each group), by the values of the key columns."""
    if not len(rows):
        return ids([]), np.zeros(0, np.int64), pa.array([], pa.int64())
    code = np.zeros(len(rows), np.int64)
    for name in by:
        indices = rows[name].combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)
        code = pa.array(code * (int(indices.max()) + 1) + indices).dictionary_encode().indices.to_numpy().astype(np.int64)
    first = np.empty(int(code.max()) + 1, np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]      # written last, so it stays: the first row of each
    firsts = pa.array(first)
    keys = rows.select(list(by)).take(firsts)
    units = [key_unit(values) for values in zip(*(keys[name].to_pylist() for name in by), strict=True)]
    return ids(units), code, firsts


def _distinct(keys: Sequence[pa.Table]) -> Touched:
    """The groups that rows with these keys belong to, each once."""
    rows = pa.concat_tables(keys)
    units, _, firsts = group(rows, rows.column_names)
    return Touched(units, keys=rows[0].take(firsts).combine_chunks())

