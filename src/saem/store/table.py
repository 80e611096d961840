"""One table = one Lance dataset. Writes are unpublished until the catalog moves the head to their version."""
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import visible
from saem.core.errors import SaemError
from saem.core.identity import ID
from saem.core.run import OnStep
from saem.store.condition import dated
from saem.store.readable import Readable, check_plain

KEY = {"lance-schema:unenforced-primary-key": "true"}    # guards against doubled inserts
SYSTEM = [pa.field("_id", ID, nullable=False, metadata=KEY), pa.field("_unit", ID), pa.field("_hash", ID),
          pa.field("_readers", pa.int32()), pa.field("_parents", pa.list_(ID))]
PLAIN = {"lance-encoding:compression": "none"}
FRAGMENT_ROWS = 65_536     # 1 M rows in one fragment: 25 ms to delete a row; in 16: 3 ms
MAX_IN = 512               # above this many keys a column scan (25 ms / 1 M rows) beats an IN list
COMPACT_FRAGMENTS = 32     # beyond those that full fragments need
INDEX_CACHE_BYTES, METADATA_CACHE_BYTES = 128 << 20, 32 << 20
UNINDEXED_ROWS = 10_000    # a search scans these flat; above, the index takes them in


class Store:
    """A table under work: `base` is what readers see (the head), `dataset` what this run has written on top of it.

    >>> # store = Store(uri, schema, head=None, on_step=print); store.append(rows); store.version
    """

    def __init__(self, uri: str, schema: pa.Schema, head: int | None, on_step: OnStep) -> None:
        self.uri, self.on_step, self.name = uri, on_step, os.path.basename(uri).split(".")[0]
        self.schema = pa.schema(SYSTEM + _packed(schema))
        if not is_written(uri):
            lance.write_dataset(self.schema.empty_table(), uri, enable_stable_row_ids=True, data_storage_version="2.2")
        latest = opened(uri)
        if not latest.has_stable_row_ids:
            raise SaemError("E204", f"the table at {uri} was not made by saem", fix="move it away, then: saem run")
        self.base = latest if head == latest.version else lance.dataset(uri, version=head or 1)
        self.dataset = self.base
        self.leftover = latest if latest.version != self.base.version else None    # a crashed run's work, for the memo
        self.is_touched = False

    @property
    def version(self) -> int:
        return int(self.dataset.version)

    # reading

    def lookup(self, column: str, keys: pa.Array | pa.ChunkedArray, columns: Sequence[str],
               at: lance.LanceDataset | None = None) -> pa.Table:
        """Rows whose `column` is one of `keys`: through the index for few keys, one column scan for many."""
        return lookup(self.dataset if at is None else at, column, keys, columns)

    def delta(self, since: int, columns: Sequence[str]) -> tuple[pa.Table, pa.Table]:
        """(rows as they were, rows as they are): changed and deleted in the first, inserted and changed in the second."""
        columns = ["_id", "_hash", "_readers", *columns]
        if since == self.version:
            empty = self.schema.empty_table().select(columns)
            return empty, empty.append_column("_rowid", pa.array([], pa.uint64()))
        change = self.dataset.delta(compared_against=since)
        inserted = change.get_inserted_rows().read_all().select([*columns, "_rowid"])
        updated = change.get_updated_rows().read_all().select([*columns, "_rowid"])
        deleted = change.get_deleted_row_ids().read_all()["_rowid"].to_pylist()
        was = opened(self.uri, since)._take_rows(updated["_rowid"].to_pylist() + deleted, columns=columns)
        return was, pa.concat_tables([inserted, updated])

    def take(self, rowids: pa.Array | pa.ChunkedArray, columns: Sequence[str]) -> pa.Table:
        return self.dataset._take_rows(rowids.to_pylist(), columns=list(columns))

    # writing: each call is one commit, none of them published

    def append(self, rows: pa.Table) -> None:
        if len(rows):
            self.begin()
            whole = rows.cast(self.schema).combine_chunks()      # Lance packs every chunk by itself: small ones cost twice the CPU
            self.dataset.insert(whole, max_rows_per_file=FRAGMENT_ROWS)
            self._done("append")

    def update(self, rows: pa.Table) -> None:
        """Replace whole rows. They move to a new fragment, so vector and text indexes take them in again."""
        if len(rows):
            self.begin()
            self.dataset.merge_insert("_id").when_matched_update_all().execute(rows.cast(self.schema).combine_chunks())
            self._done("update")

    def patch(self, rows: pa.Table) -> None:
        """Rewrite some columns (beside `_id`) in place: rows stay where they are, other columns' indexes stay whole."""
        if not len(rows):
            return
        self.begin()
        where = self._places(rows["_id"])
        rows = rows.take(pc.index_in(where["_id"], value_set=rows["_id"].combine_chunks()))
        fresh = rows.drop_columns("_id").append_column("_rowid", where["_rowid"])
        fragment = where["_rowaddr"].to_numpy() >> 32
        metas, offsets, fields = [], {}, set()
        for number in np.unique(fragment).tolist():
            part = fresh.filter(pa.array(fragment == number))
            meta, modified, offset = self.dataset.get_fragment(number).update_columns(part, left_on="_rowid", with_offsets=True)
            metas.append(meta)
            offsets[number] = offset
            fields |= set(modified)
        change = lance.LanceOperation.Update(updated_fragments=metas, fields_modified=sorted(fields),
                                             update_mode="rewrite_columns", updated_fragment_offsets=offsets)
        lance.LanceDataset.commit(self.dataset, change, read_version=self.dataset.version)
        self._done("patch")

    def delete(self, ids: pa.Array | pa.ChunkedArray) -> None:
        if len(ids):
            self.begin()
            keys = pa.table([ids], schema=pa.schema([self.schema.field("_id")]))
            self.dataset.merge_insert("_id").when_matched_delete().execute(keys)
            self._done("delete")

    def _places(self, ids: pa.ChunkedArray) -> pa.Table:
        is_few = len(ids) <= MAX_IN
        found = self.dataset.scanner(columns=["_id"], filter=is_one_of("_id", ids) if is_few else None,
                                     with_row_id=True, with_row_address=True).to_table()
        return found if is_few else found.filter(pc.is_in(found["_id"], value_set=ids.combine_chunks()))

    def begin(self) -> None:
        """Before the first write: bring the head back on top of whatever a crashed run left behind."""
        if self.is_touched:
            return
        self.is_touched = True
        if self.leftover is not None:
            lance.dataset(self.uri, version=self.base.version).restore()
            self.dataset = opened(self.uri)
            self.on_step(f"{self.name}:restore")
        else:
            self.dataset = opened(self.uri)

    def _done(self, what: str, *, is_upkeep: bool = False) -> None:
        before, self.dataset = self.dataset.version, opened(self.uri)
        if not is_upkeep and self.dataset.version > before + 1:     # `before` has moved already where Lance moves the handle
            raise SaemError("E302", f"someone else wrote to table '{self.name}' during this run; nothing was published", fix="saem run")
        self.on_step(f"{self.name}:{what}")

    # upkeep, before the publish so that its version is the one published

    def upkeep(self, indexes: Mapping[str, Mapping[str, Any]]) -> None:
        """Compact many small fragments, make missing indexes, and let indexes take in what lies beside them."""
        if not self.is_touched:
            return
        rows = self.dataset.count_rows()
        if len(self.dataset.get_fragments()) > COMPACT_FRAGMENTS + rows // FRAGMENT_ROWS:
            self.dataset.optimize.compact_files(target_rows_per_fragment=FRAGMENT_ROWS)
            self._done("compact", is_upkeep=True)
        have = {i["fields"][0]: i["name"] for i in self.dataset.list_indices()}
        for column, options in indexes.items():
            if column not in have and rows:
                if column in self.schema.names and pa.types.is_fixed_size_list(self.schema.field(column).type):
                    self.dataset.create_index(column, **options)
                else:
                    self.dataset.create_scalar_index(column, replace=True, **options)
                self._done(f"index {column}", is_upkeep=True)
            elif column in have and self._unindexed(have[column]) > UNINDEXED_ROWS:
                self.dataset.optimize.optimize_indices(index_names=[have[column]])
                self._done(f"optimize {column}", is_upkeep=True)

    def _unindexed(self, index: str) -> int:
        return int(self.dataset.stats.index_stats(index)["num_unindexed_rows"])


def _packed(schema: pa.Schema) -> list[pa.Field]:
    """Beside vectors, text is stored as it is: packing it would cost a third of all CPU of small commits to save a tenth of the disk."""
    has_vectors = any(pa.types.is_fixed_size_list(each.type) for each in schema)
    return [each.with_metadata(PLAIN) if has_vectors and pa.types.is_string(each.type) else each for each in schema]


@cache
def _session() -> lance.Session:
    return lance.Session(index_cache_size_bytes=INDEX_CACHE_BYTES, metadata_cache_size_bytes=METADATA_CACHE_BYTES)


def opened(uri: str, version: int | None = None) -> lance.LanceDataset:
    """A dataset, by default at its newest version. All handles of a process share what they have read of indexes and row ids."""
    return lance.dataset(uri, version=version, session=_session())


def is_written(uri: str) -> bool:
    """Whether a dataset is there; a crash can leave its folders without any version."""
    versions = os.path.join(uri, "_versions")
    return os.path.isdir(versions) and any(name.endswith(".manifest") for name in os.listdir(versions))


def lookup(dataset: lance.LanceDataset, column: str, keys: pa.Array | pa.ChunkedArray, columns: Sequence[str]) -> pa.Table:
    """Rows of a dataset whose `column` is one of `keys`; null is a key like any other."""
    if not len(keys):
        return dataset.schema.empty_table().select(list(columns))
    if len(keys) <= MAX_IN and _has_literals(keys.type):
        return dataset.to_table(columns=list(columns), filter=is_one_of(column, keys))
    found = dataset.to_table(columns=[column], with_row_id=True)
    found = found.filter(pc.is_in(found[column], value_set=_whole(keys).cast(dataset.schema.field(column).type)))
    return dataset._take_rows(found["_rowid"].to_pylist(), columns=list(columns))


def is_one_of(column: str, keys: pa.Array | pa.ChunkedArray) -> str:
    """SQL: column IN (keys), with null as a key like any other."""
    values = [literal(key) for key in keys.to_pylist() if key is not None]
    condition = f"`{column}` IN ({','.join(values)})" if values else "false"
    return f"({condition} OR `{column}` IS NULL)" if keys.null_count else condition


def _has_literals(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_integer, pa.types.is_boolean, pa.types.is_fixed_size_binary))


def literal(key: object) -> str:
    """A value as SQL text."""
    if isinstance(key, bytes):
        return f"X'{key.hex()}'"
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, int | float):
        return repr(key)
    return "'" + str(key).replace("'", "''") + "'"


def _whole(keys: pa.Array | pa.ChunkedArray) -> pa.Array:
    return keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys


def condition(where: str | None, dataset: lance.LanceDataset) -> str | None:
    """A user's SQL condition on a dataset; one that goes on after its end is refused, where Lance would not look at the rest.

    One who may not read every row may compare columns with values, and no more.
    """
    if where is not None and isinstance(dataset, Readable):
        return dated(check_plain(where, visible(dataset.schema).names), dataset.schema)
    if where is not None and ";" in re.sub(r"'(?:[^']|'')*'", "", where):
        raise SaemError("E211", f"the condition {where!r} holds a ';'", fix="give one SQL condition, such as \"language = 'ko'\"")
    return None if where is None else dated(where, dataset.schema)


def blocks(items: Any, size: int) -> Iterator[Any]:
    """Slices of at most `size`, of a list, an array or a table."""
    for start in range(0, len(items), size):
        yield items[start:start + size] if isinstance(items, list) else items.slice(start, size)
