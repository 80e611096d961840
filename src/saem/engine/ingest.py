"""Bring one source table up to date: what the source gives, compared with what the table holds."""
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, cast

import lance
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import row_schema, table_of
from saem.core.errors import SaemError
from saem.core.identity import ID, digest, id_list, ids, key_text, row_hashes, row_ids, source_units
from saem.core.run import Counts, OnProgress, Progress
from saem.core.source import Inbox, Listing, Permitted, Rows
from saem.engine.granting import give
from saem.engine.reading import BLOCK_BYTES, Reading
from saem.store.catalog import Catalog, Publication
from saem.store.quarantine import Problem
from saem.store.table import SYSTEM, Store

INBOX_ROWS = 65_536          # rows that were put are small, and each block scans the table's keys
STAMP = pa.field("_stamp", pa.string())      # what a listing said of the content that the row holds; of a put row: GRANTED or ''
GRANTED = "granted"        # its readers were named when it was put: the source's own do not change them

Readers = Sequence[str] | str | Callable[[Any], Iterable[str]]


@dataclass
class Ingest:
    """One source in one run. `readers`: names, a column that holds them, or a function of the natural key; None = as the source says."""
    name: str
    source: Listing | Rows | Inbox
    readers: Readers | None
    store: Store
    catalog: Catalog
    publication: Publication
    on_progress: OnProgress
    older: lance.LanceDataset | None = None     # the table's former columns, where they have changed
    is_changed: bool = False                    # the source's code, or of put rows its readers, differ from the last publish
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.marks = self.catalog.forgotten(self.name)

    def run(self) -> Counts:
        """Write what differs, delete what is gone. Writes, does not publish."""
        if hasattr(self.source, "entries"):
            self._listing(cast(Listing, self.source))
        elif hasattr(self.source, "encode"):
            self._inbox(cast(Inbox, self.source))
        else:
            self._rows(self.source)
        changed = self.counts.changed + self.counts.deleted + self.counts.regranted
        self.counts.unchanged = self.store.base.count_rows() - changed
        return self.counts

    def _is_forgotten(self, key: str) -> bool:
        return self.catalog.keeps_out(self.name, key, self.marks)

    # a listing: only what has a new stamp is read

    def _listing(self, source: Listing) -> None:
        key = row_schema(source.row_class).names[0]
        held = self.store.dataset.to_table(columns=[key, "_stamp", "_id", "_readers"])
        stamps = dict(zip(held[key].to_pylist(), held["_stamp"].to_pylist(), strict=True))
        reading = Reading(self.name, self._is_forgotten)
        seen = {entry.key: entry.stamp for entry in reading.entries(source)}
        changed = [each for each, stamp in seen.items() if not stamp or stamps.get(each) != stamp or self.is_changed]
        for position, block in enumerate(reading.blocks(source, changed)):
            self._upsert(*block)
            self.on_progress(Progress(self.name, min((position + 1) * len(block[0]), len(changed)), len(changed)))
        gone = [each for each in stamps if each not in seen and (self._is_forgotten(each) or not _lies_in(each, reading.kept))]
        self._regrant(held, key, set(stamps) - set(gone) - (set(changed) - set(reading.kept)))
        self._delete(ids(source_units(self.name, gone)))
        self.counts.forgotten += reading.forgotten
        self._note(reading.problems)

    def _note(self, problems: dict[bytes, Problem]) -> None:
        """Record new problems and end those that are over, and nothing if they are the same as before."""
        known = {p["unit"]: (p["kind"], p["reason"]) for p in self.catalog.problems(self.name)}
        over = [unit for unit in known if unit not in problems]
        new = [p for unit, p in problems.items() if known.get(unit) != (p.kind, p.reason)]
        if over:
            self.publication.cleared.append((self.name, over))
        self.publication.problems += [(self.name, problem) for problem in new]

    # all rows, each time

    def _rows(self, source: Rows) -> None:
        seen: list[pa.Array] = []
        reading = Reading(self.name, self._is_forgotten)
        for block in reading.tables(source):
            if self.marks:
                is_kept = [not self._is_forgotten(key_text(key)) for key in self._keys(block)]
                self.counts.forgotten += is_kept.count(False)
                block = block.filter(pa.array(is_kept, pa.bool_()))
            seen.append(self._upsert(block, None))
            self.on_progress(Progress(self.name, sum(map(len, seen)), 0))
        every = pa.chunked_array(seen, ID).combine_chunks()
        if len(pc.unique(every)) != len(every):
            raise self._twice()
        held = self.store.base.to_table(columns=["_unit"])["_unit"]
        self._delete(held.filter(pc.invert(pc.is_in(held, value_set=every))).combine_chunks())
        self._note(reading.problems)

    # rows that were put

    def _inbox(self, source: Inbox) -> None:
        if self.older is not None:
            self._carry_over(self.older)
        if self.is_changed:
            self.regrant_put()
        last, waiting = self.catalog.inbox(self.name)
        if self.marks:
            held = self.store.dataset.to_table(columns=row_schema(self.source.row_class).names)
            refused = [key for key, row in waiting.items() if row is not None and self._is_forgotten(key)]
            self.counts.forgotten += len(refused)
            waiting |= {key: None for key in [*map(key_text, self._keys(held)), *refused] if self._is_forgotten(key)}
        if not waiting:
            return
        for texts in _blocks([row for row in waiting.values() if row is not None]):
            part = json.loads(f"[{','.join(texts)}]")       # many times as fast as one by one
            rows = table_of(source.decode([each["row"] for each in part]), source.row_class)
            named = [[bytes.fromhex(p) for p in each["parents"]] for each in part]
            parents = pa.array(named, pa.list_(ID)) if any(named) else None
            self._upsert(rows, [GRANTED if each["readers"] is not None else "" for each in part], parents,
                         [each["readers"] for each in part])
        self._delete(ids([digest(self.name, key) for key, row in waiting.items() if row is None]))
        if last:
            self.publication.inbox.append((self.name, last))

    def _carry_over(self, older: lance.LanceDataset) -> None:
        """Put rows have no other home: when their columns change they move, with defaults in columns that are new."""
        rows = older.to_table()
        defaults = {f.name: f.default for f in fields(self.source.row_class) if f.default is not MISSING}
        schema = row_schema(self.source.row_class)
        columns = []
        for each in schema:
            try:
                columns.append(rows[each.name].cast(each.type) if each.name in rows.column_names
                               else pa.array([defaults.get(each.name)] * len(rows), each.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise SaemError("E104", f"the rows of '{self.name}' cannot become {each.type} in '{each.name}': {error}",
                                fix="name the new column otherwise; nothing was changed") from error
        own = pa.table(columns, schema=schema)
        stamps = rows["_stamp"] if "_stamp" in rows.column_names else pa.array([""] * len(rows), pa.string())
        hashes = [digest(h, *p) if p else h for h, p in zip(row_hashes(own), rows["_parents"].to_pylist(), strict=True)]
        self.store.append(pa.table([rows["_id"], rows["_unit"], ids(hashes), rows["_readers"], rows["_parents"], *own.columns, stamps],
                                   schema=self.store.schema))

    # comparing and writing

    def _upsert(self, rows: pa.Table, stamps: list[str] | None, parents: pa.Array | None = None,
                codes: list[int | None] | None = None) -> pa.Array:
        """Write the rows that are new or differ; returns the units of all."""
        keys = self._keys(rows)
        units = ids(source_units(self.name, keys))
        if len(pc.unique(units)) != len(units):
            raise self._twice()
        hashes = ids(row_hashes(rows))
        if parents is not None:      # the same answer made from other rows is another row
            hashes = ids([digest(h, *p) if p else h for h, p in zip(id_list(hashes), parents.to_pylist(), strict=True)])
        readers = pa.array(self._codes(rows, keys), pa.int32())
        if codes is not None:
            readers = pc.coalesce(pa.array(codes, pa.int32()), readers)
        stamp = [pa.array(stamps, pa.string())] if stamps is not None else []
        extra = ["_stamp"] if stamps is not None else []
        old = self.store.lookup("_unit", units, ["_unit", "_id", "_hash", "_readers", *extra])
        at = pc.index_in(units, value_set=old["_unit"].combine_chunks())
        was = old.take(at)
        made = ids(row_ids(self.name, id_list(units), [b""] * len(units), [0] * len(units)))
        parents = parents if parents is not None else pa.array([[]] * len(units), pa.list_(ID))
        full = pa.table([made, units, hashes, readers, parents, *(rows[n] for n in rows.column_names), *stamp],
                        schema=pa.schema([*SYSTEM, *rows.schema, *([STAMP] if stamps is not None else [])])).select(self.store.schema.names)
        is_new = pc.is_null(at)
        is_same = pc.fill_null(pc.equal(was["_hash"], hashes), False)
        fresh, stale = full.filter(is_new), full.filter(pc.and_(pc.invert(is_new), pc.invert(is_same)))
        self.store.append(fresh)
        self.store.update(stale)
        self.counts.added += len(fresh)
        self.counts.changed += len(stale)
        is_granted = pc.and_(is_same, pc.fill_null(pc.not_equal(was["_readers"], readers), False))
        self.counts.regranted += int(pc.sum(is_granted).as_py() or 0)
        differs = is_granted
        if stamps is not None:
            differs = pc.or_(differs, pc.and_(is_same, pc.fill_null(pc.not_equal(was["_stamp"], full["_stamp"]), True)))
        self.store.patch(full.filter(pc.fill_null(differs, False)).select(["_id", "_readers", *extra]))
        return units

    def _twice(self) -> SaemError:
        return SaemError("E306", f"the source of '{self.name}' gave one key twice; nothing was published",
                         fix=f"make {', '.join(getattr(self.source, 'key', ()))} unique, or name more columns in key=")

    def _keys(self, rows: pa.Table) -> list[Any]:
        names = getattr(self.source, "key", None) or (rows.column_names[0],)
        columns = [rows[name].to_pylist() for name in names]
        return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))

    def _codes(self, rows: pa.Table, keys: Sequence[Any]) -> list[int]:
        if isinstance(self.readers, str):
            values = rows[self.readers].to_pylist()
            return self._interned([[v] if isinstance(v, str) else v or [] for v in values])
        if callable(self.readers):
            return self._interned([self.readers(key) for key in keys])
        if self.readers is None:
            return self._own(keys)
        return [self.catalog.reader_code(self.readers)] * len(keys)

    def _own(self, keys: Sequence[Any]) -> list[int]:
        """Of the readers that the source itself names."""
        named = [cast(Permitted, self.source).readers_of(key) for key in keys]
        codes = {each: self.catalog.code_of(each) for each in set(named)}
        return [codes[each] for each in named]

    def _interned(self, sets: Iterable[Iterable[str]]) -> list[int]:
        codes: dict[tuple[str, ...], int] = {}
        made = []
        for each in sets:
            members = (each,) if isinstance(each, str) else tuple(each)
            if members not in codes:
                codes[members] = self.catalog.reader_code(members)
            made.append(codes[members])
        return made

    def _regrant(self, held: pa.Table, key: str, same: set[str]) -> None:
        """Rows whose content is not read again, or cannot be, may yet have other readers."""
        if not isinstance(self.readers, str):
            self._grant(held.filter(pa.array([k in same for k in held[key].to_pylist()], pa.bool_())))

    def regrant_put(self) -> None:
        """Rows that were put without readers of their own have those that the source now names."""
        held = self.store.dataset.to_table(columns=[*row_schema(self.source.row_class).names, "_id", "_readers", "_stamp"])
        self._grant(held.filter(pc.not_equal(held["_stamp"], GRANTED)))

    def regrant_all(self) -> None:
        """Every row has the readers that the source now names: by its key, as no content is read."""
        names = getattr(self.source, "key", None) or (row_schema(self.source.row_class).names[0],)
        self._grant(self.store.dataset.to_table(columns=[*names, "_id", "_readers"]))

    def _grant(self, held: pa.Table) -> None:
        """Give rows the readers that the source now names."""
        if len(held):
            self.counts.regranted += give(self.store, held, pa.array(self._codes(held, self._keys(held)), pa.int32()))

    def _delete(self, units: pa.Array) -> None:
        gone = self.store.lookup("_unit", units, ["_id"])["_id"]
        self.store.delete(gone)
        self.counts.deleted += len(gone)


def _lies_in(key: str, places: Iterable[str]) -> bool:
    return any(key == place or key.startswith(place + "/") for place in places)


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """At most INBOX_ROWS rows and about BLOCK_BYTES at a time."""
    block: list[str] = []
    size = 0
    for text in texts:
        block.append(text)
        size += len(text)
        if len(block) >= INBOX_ROWS or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
