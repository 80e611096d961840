"""What must be computed again, and its rows.

A *unit* is what is recomputed as a whole: one parent row (map, flat_map), the rows of one key, or a whole table (relation,
fit). Changed parents touch units; a touched unit is loaded from the parents as they are now. Where rows are compared in pairs,
a unit is one row with all rows that share a value with it: a change touches its neighbours too.
"""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import id_list, ids, in_order, key_unit, table_id
from saem.core.shapes import READERS
from saem.engine.apply import Groups
from saem.engine.chain import Chain
from saem.engine.pairs import Lists, replaced_first
from saem.store.catalog import Catalog
from saem.store.table import Store

if TYPE_CHECKING:
    from saem.engine.linking import Linked

BLOCK_UNITS = 65_536       # units whose old rows are looked up together: each block scans the table's units
BLOCK_GROUPS = 16_384      # the same for groups, whose rows are loaded together too
BLOCK_PAIRS = 262_144      # the same for rows compared in pairs, which are loaded with their neighbours
PIECE_BYTES = 8 << 20      # parent rows handed to the operators at once
LINKED_BYTES = 32 << 20    # the same for rows with their groups: each piece looks its links up
PIECE_UNITS = (16, 4_096)  # the same, in units: a first small piece shows how large they are
WHOLE_IDS = 64             # a larger whole table is named as one parent: every row of it


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


@dataclass
class Units:
    """Loaded units, ready to compute: names (n,) ID, readers (n,) int32, parents (n,) list of ID, and their rows."""
    names: pa.Array
    readers: pa.Array
    rows: pa.Table | None = None             # map, flat_map: row i is unit i
    groups: Groups | None = None             # relation, fit
    whole: list[bytes] = field(default_factory=list)      # parents that every unit has: tables read whole
    group_ids: list[list[bytes]] = field(default_factory=list)   # relation: per input table the ids of its rows
    group_readers: list[list[int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)


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
    def _named(self) -> str:
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
        return Linked(self.chain.links, self.keyed, self._sees_readers)

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
            is_touched = any(len(now) or len(was) or (self._sees_readers and len(granted)) for now, was, granted in deltas)
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
        if self._sees_readers:
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
                known = self.stores[0].take(others["_rowid"], list(dict.fromkeys([self._named, "_readers", *first_of])))
                named = [part.append_column("_row", part[self._named]) for part in (was, now, known)]
                others = others.take(pa.array(replaced_first(named[0], named[1], named[2], first_of, self._sees_readers)))
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
        if self.is_pairs and self._sees_readers:
            is_same = pc.and_(is_same, pc.fill_null(pc.equal(before["_readers"], now["_readers"]), False))
        is_granted = pc.and_(is_same, pc.fill_null(pc.not_equal(before["_readers"], now["_readers"]), False))
        unchanged = now.filter(is_same)["_id"].combine_chunks()
        return (now.filter(pc.invert(is_same)), was.filter(pc.invert(pc.is_in(was["_id"], value_set=unchanged))), now.filter(is_granted))

    def _keys(self, rows: pa.Table) -> pa.Table:
        return rows.select(list(self.chain.by))

    # loading

    def blocks(self, touched: Touched) -> Iterator[Touched]:
        """At most BLOCK_UNITS at a time, or BLOCK_GROUPS."""
        size = BLOCK_PAIRS if self.is_pairs else BLOCK_GROUPS if self.chain.is_relation and not self.chain.links else BLOCK_UNITS
        for start in range(0, len(touched), size):
            rowids = touched.rowids.slice(start, size) if touched.rowids is not None else None
            keys = touched.keys.slice(start, size) if touched.keys is not None else None
            yield Touched(touched.units.slice(start, size), rowids, keys)

    def load(self, block: Touched) -> Iterator[Units]:
        """The block's units as they are now, in pieces; a group without rows left is not among them."""
        if self.chain.links:
            yield from self._load_linked(block)
            return
        if self.chain.is_relation:
            yield self.load_pairs(block.units) if self.is_pairs else self._load_groups(block)
            return
        whole = [parent for store in self.broadcast for parent in whole_parents(store)]
        whole_code = [code for store in self.broadcast for code in whole_readers(store)]
        columns = ["_id", "_readers", *self.chain.columns(0)]
        start, size = 0, PIECE_UNITS[0]
        while start < len(block):
            assert block.rowids is not None
            rows = self.stores[0].take(block.rowids.slice(start, size), columns)
            readers = rows["_readers"].combine_chunks()
            if self.broadcast:
                readers = pa.array([self.catalog.intersect([code, *whole_code]) for code in readers.to_pylist()], pa.int32())
            yield Units(rows["_id"].combine_chunks(), readers, rows.drop_columns(["_id", "_readers"]), whole=whole)
            start += size
            size = max(1, min(PIECE_UNITS[1], 2 * size, int(PIECE_BYTES / max(1.0, rows.nbytes / len(rows)))))

    def _load_linked(self, block: Touched) -> Iterator[Units]:
        """Rows of the first table with all that is linked to them; the groups of two pieces may overlap."""
        start, size = 0, PIECE_UNITS[1]
        while start < len(block):
            piece = Touched(block.units.slice(start, size), keys=_part(block.keys, start, size))
            groups, group_ids, group_readers = self.linked.load(piece, [self.chain.columns(i) for i in range(len(self.keyed))])
            place = pc.index_in(piece.units, value_set=ids(group_ids[0]))
            readers = pa.array(group_readers[0], pa.int32()).take(place)
            yield Units(piece.units, readers, groups=groups, group_ids=group_ids, group_readers=group_readers)
            start += size
            row_bytes = max(1.0, groups.tables[0].nbytes / max(1, len(groups.tables[0])))
            size = max(1, min(BLOCK_UNITS, 8 * size, int(LINKED_BYTES / row_bytes)))

    def broadcast_rows(self) -> list[pa.Table]:
        """Per table that is read whole: its rows."""
        start = len(self.keyed)
        return [store.dataset.to_table(columns=self.chain.columns(start + i)) for i, store in enumerate(self.broadcast)]

    def load_pairs(self, wanted: pa.Array, is_all_of_them: bool = True) -> Units:
        """Rows with all that share a value with one of them, ordered by `_row`; `member` is -1 for the latter.

        is_all_of_them  what is made of the wanted ones as the left rows; else as either, so that the neighbours are units too
        """
        columns = list(dict.fromkeys(["_id", self._named, "_readers", *self.chain.columns(0), *self.chain.by]))
        rowids = self.lists.around(wanted)["_rowid"]
        store = self.stores[0]
        is_all = len(rowids) == store.dataset.count_rows()
        rows = store.dataset.to_table(columns=columns) if is_all else store.take(rowids, columns)
        rows = rows.append_column("_row", rows[self._named])
        rows = rows.take(pa.array(np.lexsort(in_order(rows["_row"])[::-1]))).combine_chunks()
        is_wanted = pc.is_in(rows["_id"], value_set=wanted).to_numpy().astype(bool)
        is_unit = is_wanted if is_all_of_them else np.ones(len(rows), bool)
        units = rows.select(["_id", "_readers"]).filter(pa.array(is_unit)).combine_chunks()
        member = np.where(is_unit, np.cumsum(is_unit) - 1, -1)
        given = rows.drop_columns([c for c in ("_id", "_unit", "_readers") if c in rows.column_names])
        if self._sees_readers:
            given = self._with_readers(given, rows["_readers"].to_pylist())
        groups = Groups([given], [member], len(units), None if is_all_of_them else is_wanted)
        return Units(units["_id"].combine_chunks(), units["_readers"].combine_chunks(), groups=groups,
                     group_ids=[id_list(rows["_id"])], group_readers=[rows["_readers"].to_pylist()])

    def _load_groups(self, block: Touched) -> Units:
        """The rows of the block's groups; a group of which no table holds a row is left out."""
        found = [self._group_rows(position, store, block) for position, store in enumerate(self.keyed)]
        alive = np.unique(np.concatenate([at for _, at in found]))
        if self.is_whole and (self._is_sql or any(store.dataset.count_rows() for store in self.keyed)):
            alive = np.array([0])       # SQL gives rows of empty tables too: count(*)
        members = [np.asarray(np.searchsorted(alive, at), np.int64) for _, at in found]
        shared = [code for store in (self.keyed if self.is_whole else self.broadcast) for code in whole_readers(store)]
        whole = [parent for store in (self.keyed if self.is_whole else self.broadcast) for parent in whole_parents(store)]
        if self.is_whole and not whole:      # count(*) of empty tables is made from these
            whole = [table_id(store.name) for store in self.keyed]
        group_readers = [rows["_readers"].to_pylist() if "_readers" in rows.column_names else [] for rows, _ in found]
        readers = self._common_readers(members, [] if self.is_whole else group_readers, shared, len(alive))
        tables = [rows.drop_columns([c for c in ("_id", "_readers") if c in rows.column_names]) for rows, _ in found]
        if self._sees_readers:
            tables = [self._with_readers(table, codes) for table, codes in zip(tables, group_readers, strict=True)]
        return Units(block.units.take(pa.array(alive)), readers,
                     groups=Groups(tables, members, len(alive)), whole=whole,
                     group_ids=[id_list(rows["_id"]) for rows, _ in found], group_readers=group_readers)

    def _common_readers(self, members: Sequence[np.ndarray], codes: Sequence[Sequence[int]], shared: Sequence[int],
                        groups: int) -> pa.Array:
        """(groups,) int32, those who may read all rows of a group and all of what is `shared`."""
        span = 1 + max([*shared, *(max(of_rows, default=0) for of_rows in codes)], default=0)
        every = [member * span + np.array(of_rows, np.int64) for member, of_rows in zip(members, codes, strict=False)]
        every += [np.arange(groups) * span + code for code in shared]
        group, code = np.divmod(np.unique(np.concatenate([np.array([], np.int64), *every])), span)
        bounds = np.searchsorted(group, np.arange(groups + 1)).tolist()
        code = code.tolist()
        return pa.array([self.catalog.intersect(code[start:stop]) for start, stop in pairwise(bounds)], pa.int32())

    def _group_rows(self, position: int, store: Store, block: Touched) -> tuple[pa.Table, np.ndarray]:
        """(rows of one table ordered by group and id, the position in the block of each row's group)."""
        columns = list(dict.fromkeys(["_id", "_readers", *self.chain.by, *self.chain.columns(position)]))
        if self.is_whole:
            rows = store.dataset.to_table(columns=["_id"] if self._is_sql else columns, limit=1 if self._is_sql else None)
            at = np.zeros(len(rows), np.int64)
        else:
            assert block.keys is not None
            rows = store.lookup(self.chain.by[0], block.keys, columns)
            if len(self.chain.by) == 1 and not pa.types.is_floating(block.keys.type):      # -0.0 equals 0.0 and is another key
                at = pc.index_in(rows[self.chain.by[0]].cast(block.keys.type), value_set=block.keys).to_numpy().astype(np.int64)
            else:
                units, member, _ = group(rows, self.chain.by)
                place = pc.fill_null(pc.index_in(units, value_set=block.units), -1).to_numpy(zero_copy_only=False)
                at = place[member].astype(np.int64)       # -1: another group whose first key column is the same
        order = np.lexsort((*reversed(in_order(rows["_id"])), at))
        order = order[at[order] >= 0]
        return rows.take(pa.array(order)).combine_chunks(), at[order]

    def _with_readers(self, rows: pa.Table, codes: Sequence[int]) -> pa.Table:
        texts = {code: self.catalog.text(code) for code in set(codes)}
        return rows.append_column(READERS, pa.array([texts[code] for code in codes], pa.string()))

    @property
    def _sees_readers(self) -> bool:
        """Who may read a row is content to the operator."""
        return self.chain.is_relation and self.chain.operators[0].sees_readers

    @property
    def _is_sql(self) -> bool:
        """The operator reads the datasets itself."""
        return self.chain.operators[0].inputs[0].shape == "tables"


def _part(column: pa.Array | None, start: int, size: int) -> pa.Array | None:
    return column.slice(start, size) if column is not None else None


def whole_parents(store: Store) -> list[bytes]:
    """The parents of what was made from a whole table: its rows while they are few, else the table as one name."""
    if store.dataset.count_rows() <= WHOLE_IDS:
        return sorted(store.dataset.to_table(columns=["_id"])["_id"].to_pylist())
    return [table_id(store.name)]


def whole_readers(store: Store) -> list[int]:
    """The reader codes that a table's rows have."""
    return [int(code) for code in pc.unique(store.dataset.to_table(columns=["_readers"])["_readers"]).to_pylist()]


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

