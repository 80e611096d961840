"""The rows of touched units, from the parents as they are now: ready to compute, with who may read them and what they come from."""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import id_list, ids, in_order, table_id
from saem.core.shapes import READERS
from saem.engine.apply import Groups
from saem.engine.units import Parents, Touched, group
from saem.store.table import Store

PIECE_BYTES = 8 << 20      # parent rows handed to the operators at once
LINKED_BYTES = 32 << 20    # the same for rows with their groups: each piece looks its links up
PIECE_UNITS = (16, 4_096)  # the same, in units: a first small piece shows how large they are
MOST_UNITS = 65_536        # of linked rows that are handed on at once, however small
WHOLE_IDS = 64             # a larger whole table is named as one parent: every row of it


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


class Loading:
    """Of the parents of one derivation."""

    def __init__(self, parents: Parents) -> None:
        self.parents, self.chain, self.stores, self.catalog = parents, parents.chain, parents.stores, parents.catalog

    def load(self, block: Touched) -> Iterator[Units]:
        """The block's units as they are now, in pieces; a group without rows left is not among them."""
        if self.chain.links:
            yield from self._load_linked(block)
            return
        if self.chain.is_relation:
            yield self.load_pairs(block.units) if self.parents.is_pairs else self._load_groups(block)
            return
        whole = [parent for store in self.parents.broadcast for parent in whole_parents(store)]
        whole_code = [code for store in self.parents.broadcast for code in whole_readers(store)]
        columns = ["_id", "_readers", *self.chain.columns(0)]
        start, size = 0, PIECE_UNITS[0]
        while start < len(block):
            assert block.rowids is not None
            rows = self.stores[0].take(block.rowids.slice(start, size), columns)
            readers = rows["_readers"].combine_chunks()
            if self.parents.broadcast:
                readers = pa.array([self.catalog.intersect([code, *whole_code]) for code in readers.to_pylist()], pa.int32())
            yield Units(rows["_id"].combine_chunks(), readers, rows.drop_columns(["_id", "_readers"]), whole=whole)
            start += size
            size = max(1, min(PIECE_UNITS[1], 2 * size, int(PIECE_BYTES / max(1.0, rows.nbytes / len(rows)))))

    def _load_linked(self, block: Touched) -> Iterator[Units]:
        """Rows of the first table with all that is linked to them; the groups of two pieces may overlap."""
        start, size = 0, PIECE_UNITS[1]
        while start < len(block):
            piece = Touched(block.units.slice(start, size), keys=_part(block.keys, start, size))
            columns = [self.chain.columns(i) for i in range(len(self.parents.keyed))]
            groups, group_ids, group_readers = self.parents.linked.load(piece, columns)
            place = pc.index_in(piece.units, value_set=ids(group_ids[0]))
            readers = pa.array(group_readers[0], pa.int32()).take(place)
            yield Units(piece.units, readers, groups=groups, group_ids=group_ids, group_readers=group_readers)
            start += size
            row_bytes = max(1.0, groups.tables[0].nbytes / max(1, len(groups.tables[0])))
            size = max(1, min(MOST_UNITS, 8 * size, int(LINKED_BYTES / row_bytes)))

    def broadcast_rows(self) -> list[pa.Table]:
        """Per table that is read whole: its rows."""
        start = len(self.parents.keyed)
        return [store.dataset.to_table(columns=self.chain.columns(start + i)) for i, store in enumerate(self.parents.broadcast)]

    def load_pairs(self, wanted: pa.Array, is_all_of_them: bool = True) -> Units:
        """Rows with all that share a value with one of them, ordered by `_row`; `member` is -1 for the latter.

        is_all_of_them  what is made of the wanted ones as the left rows; else as either, so that the neighbours are units too
        """
        columns = list(dict.fromkeys(["_id", self.parents.named, "_readers", *self.chain.columns(0), *self.chain.by]))
        rowids = self.parents.lists.around(wanted)["_rowid"]
        store = self.stores[0]
        is_all = len(rowids) == store.dataset.count_rows()
        rows = store.dataset.to_table(columns=columns) if is_all else store.take(rowids, columns)
        rows = rows.append_column("_row", rows[self.parents.named])
        rows = rows.take(pa.array(np.lexsort(in_order(rows["_row"])[::-1]))).combine_chunks()
        is_wanted = pc.is_in(rows["_id"], value_set=wanted).to_numpy().astype(bool)
        is_unit = is_wanted if is_all_of_them else np.ones(len(rows), bool)
        units = rows.select(["_id", "_readers"]).filter(pa.array(is_unit)).combine_chunks()
        member = np.where(is_unit, np.cumsum(is_unit) - 1, -1)
        given = rows.drop_columns([c for c in ("_id", "_unit", "_readers") if c in rows.column_names])
        if self.parents.sees_readers:
            given = self._with_readers(given, rows["_readers"].to_pylist())
        groups = Groups([given], [member], len(units), None if is_all_of_them else is_wanted)
        return Units(units["_id"].combine_chunks(), units["_readers"].combine_chunks(), groups=groups,
                     group_ids=[id_list(rows["_id"])], group_readers=[rows["_readers"].to_pylist()])

    def _load_groups(self, block: Touched) -> Units:
        """The rows of the block's groups; a group of which no table holds a row is left out."""
        found = [self._group_rows(position, store, block) for position, store in enumerate(self.parents.keyed)]
        alive = np.unique(np.concatenate([at for _, at in found]))
        if self.parents.is_whole and (self._is_sql or any(store.dataset.count_rows() for store in self.parents.keyed)):
            alive = np.array([0])       # SQL gives rows of empty tables too: count(*)
        members = [np.asarray(np.searchsorted(alive, at), np.int64) for _, at in found]
        read_whole = self.parents.keyed if self.parents.is_whole else self.parents.broadcast
        shared = [code for store in read_whole for code in whole_readers(store)]
        whole = [parent for store in read_whole for parent in whole_parents(store)]
        if self.parents.is_whole and not whole:      # count(*) of empty tables is made from these
            whole = [table_id(store.name) for store in self.parents.keyed]
        group_readers = [rows["_readers"].to_pylist() if "_readers" in rows.column_names else [] for rows, _ in found]
        readers = self._common_readers(members, [] if self.parents.is_whole else group_readers, shared, len(alive))
        tables = [rows.drop_columns([c for c in ("_id", "_readers") if c in rows.column_names]) for rows, _ in found]
        if self.parents.sees_readers:
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
        if self.parents.is_whole:
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
