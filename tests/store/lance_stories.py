"""Lance against a model of it in plain dictionaries: does it keep what saem builds upon?

Contents, stable row ids, version columns, deltas between any two versions, filters, takes and text search, after random
appends, upserts, deletes, column rewrites, compactions, index upkeep, restores and clean-ups. Older versions of Lance fail
here; the pinned one must not.
"""
import datetime
import random
import time
from dataclasses import dataclass, field

import lance
import numpy as np
import pyarrow as pa

from saem.store.table import literal

SCHEMA = pa.schema([pa.field("key", pa.string(), nullable=False, metadata={"lance-schema:unenforced-primary-key": "true"}),
                    ("value", pa.int64()), ("words", pa.string()), ("vector", pa.list_(pa.float32(), 8))])
KINDS = ["append", "upsert", "upsert", "upsert one", "delete", "delete one", "merge delete", "patch", "compact", "optimize", "sync",
         "restore", "cleanup"]


@dataclass
class Cell:
    """What a row must hold, and the versions at which it came and last changed."""
    value: int
    created: int
    updated: int


@dataclass
class Story:
    """One dataset and its model."""
    uri: str
    dice: random.Random
    rows: dict[str, Cell] = field(default_factory=dict)
    row_ids: dict[str, int] = field(default_factory=dict)
    past: dict[int, tuple[dict[str, int], dict[str, Cell]]] = field(default_factory=dict)     # version -> (row ids, rows)
    told: list[str] = field(default_factory=list)
    next_key: int = 0

    def begin(self, has_indexes: bool) -> None:
        self.has_indexes = has_indexes
        fresh = self.fresh(self.dice.randint(5, 300))
        self.dataset = lance.write_dataset(self.table(fresh), self.uri, enable_stable_row_ids=True, data_storage_version="2.2",
                                           max_rows_per_file=self.dice.choice([16, 64, 100_000]))
        self.put(fresh)
        if has_indexes:
            self.dataset.create_scalar_index("key", "BTREE")
            self.dataset.create_scalar_index("words", "INVERTED", base_tokenizer="whitespace", stem=False, remove_stop_words=False,
                                             with_position=False)
        self.check()

    def step(self) -> None:
        kind = self.dice.choice(KINDS)
        self.told.append(kind)
        self.dataset = lance.dataset(self.uri)
        getattr(self, "_" + kind.replace(" ", "_"))()
        self.check()

    # rows of the story

    def fresh(self, count: int) -> dict[str, int]:
        self.next_key += count
        return {f"k{number}": self.dice.randint(0, 10**6) for number in range(self.next_key - count, self.next_key)}

    def some(self, most: int) -> list[str]:
        return self.dice.sample(sorted(self.rows), min(self.dice.randint(1, most), len(self.rows)))

    def table(self, values: dict[str, int]) -> pa.Table:
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(8 * len(values), dtype=np.float32)), 8)
        words = pa.array([_words(value) for value in values.values()], pa.string())
        return pa.table([pa.array(values), pa.array(values.values(), pa.int64()), words, vectors], schema=SCHEMA)

    def put(self, values: dict[str, int]) -> None:
        now = lance.dataset(self.uri).version
        for key, value in values.items():
            self.rows[key] = Cell(value, self.rows[key].created if key in self.rows else now, now)

    # what happens

    def _append(self) -> None:
        fresh = self.fresh(self.dice.randint(1, 60))
        self.dataset.insert(self.table(fresh))
        self.put(fresh)

    def _upsert(self, most: int = 40) -> None:
        values = {key: self.dice.randint(0, 10**6) for key in self.some(most)}
        if self.dice.random() < .5:
            values |= self.fresh(self.dice.randint(0, 10))
        if values:
            self.dataset.merge_insert("key").when_matched_update_all().when_not_matched_insert_all().execute(self.table(values))
            self.put(values)

    def _upsert_one(self) -> None:
        self._upsert(1)

    def _delete(self, most: int = 30) -> None:
        if keys := self.some(most) if self.rows else []:
            self.dataset.delete(f"key IN ({','.join(map(literal, keys))})")
            self._forget(keys)

    def _delete_one(self) -> None:
        self._delete(1)

    def _merge_delete(self) -> None:
        if keys := self.some(30) if self.rows else []:
            self.dataset.merge_insert("key").when_matched_delete().execute(pa.table([keys], schema=pa.schema([SCHEMA.field("key")])))
            self._forget(keys)

    def _forget(self, keys: list[str]) -> None:
        for key in keys:
            del self.rows[key]

    def _patch(self) -> None:
        """A column rewrite, as saem writes readers: rows stay where they are."""
        keys = self.some(20) if self.rows else []
        if not keys:
            return
        values = {key: self.dice.randint(0, 10**6) for key in keys}
        found = self.dataset.scanner(columns=["key"], filter=f"key IN ({','.join(map(literal, keys))})", with_row_id=True,
                                     with_row_address=True).to_table()
        fresh = pa.table({"value": pa.array([values[k] for k in found["key"].to_pylist()], pa.int64()),
                          "words": [_words(values[k]) for k in found["key"].to_pylist()], "_rowid": found["_rowid"]})
        _rewrite(self.dataset, fresh, found["_rowaddr"].to_numpy() >> 32)
        self.put(values)

    def _compact(self) -> None:
        self.dataset.optimize.compact_files(materialize_deletions_threshold=self.dice.choice([0.0, 0.1]),
                                            target_rows_per_fragment=self.dice.choice([50, 1000, 10**6]))

    def _optimize(self) -> None:
        if self.has_indexes:
            self.dataset.optimize.optimize_indices()

    def _sync(self) -> None:
        values = {key: cell.value if self.dice.random() < .8 else self.dice.randint(0, 10**6) for key, cell in self.rows.items()
                  if self.dice.random() < .95} | self.fresh(self.dice.randint(0, 5))
        if not values:
            return
        self.dataset.merge_insert("key").when_matched_update_all("source.value <> target.value").when_not_matched_insert_all() \
            .when_not_matched_by_source_delete().execute(self.table(values))
        self._forget([key for key in self.rows if key not in values])
        self.put({key: value for key, value in values.items() if key not in self.rows or self.rows[key].value != value})

    def _restore(self) -> None:
        """What saem does after a crash: two commits that nobody published, then back to the head, which deltas do not see."""
        head, before = self.dataset.version, {key: Cell(cell.value, cell.created, cell.updated) for key, cell in self.rows.items()}
        ids = dict(self.row_ids)
        self._append()
        self.dataset = lance.dataset(self.uri)
        self._upsert(5)
        lance.dataset(self.uri, version=head).restore()
        self.rows, self.row_ids = before, ids

    def _cleanup(self) -> None:
        if self.dice.random() < .3:
            self.dataset.cleanup_old_versions(older_than=datetime.timedelta(0))

    # what must hold

    def check(self) -> None:
        dataset = lance.dataset(self.uri)
        found = dataset.to_table(columns=["key", "value", "_rowid", "_row_created_at_version", "_row_last_updated_at_version"]).to_pylist()
        now = {row["key"]: row for row in found}
        assert len(now) == len(found), "a key is there twice"
        assert {key: row["value"] for key, row in now.items()} == {key: cell.value for key, cell in self.rows.items()}, "contents"
        ids = {key: row["_rowid"] for key, row in now.items()}
        assert len(set(ids.values())) == len(ids), "a row id is there twice"
        moved = [key for key, cell in self.rows.items()
                 if key in self.row_ids and cell.created < dataset.version and ids[key] != self.row_ids[key]]
        assert not moved, f"row ids changed: {moved[:3]}"
        self._check_reading(dataset, ids)
        self._check_delta(dataset, ids)
        self.row_ids = ids
        self.past[dataset.version] = (ids, {key: Cell(c.value, c.created, c.updated) for key, c in self.rows.items()})

    def _check_reading(self, dataset: lance.LanceDataset, ids: dict[str, int]) -> None:
        keys = self.dice.sample(sorted(self.rows), min(5, len(self.rows)))
        if keys:
            found = dataset.to_table(columns=["key", "value", "_rowid"], filter=f"key IN ({','.join(map(literal, keys))})").to_pylist()
            expected = sorted((key, self.rows[key].value, ids[key]) for key in keys)
            assert sorted((row["key"], row["value"], row["_rowid"]) for row in found) == expected, "filter"
            assert dataset._take_rows([ids[key] for key in keys], columns=["key"])["key"].to_pylist() == keys, "take"
        if self.has_indexes:
            word = f"w{self.dice.randint(0, 49)}"
            holders = sorted(key for key, cell in self.rows.items() if word in _words(cell.value).split())
            hits = dataset.to_table(columns=["key"], full_text_query=word, limit=100_000)["key"].to_pylist()
            assert sorted(hits) == holders, "text search"

    def _check_delta(self, dataset: lance.LanceDataset, ids: dict[str, int]) -> None:
        """Against any older version: what was inserted, changed and deleted since, and nothing else."""
        kept = {version["version"] for version in dataset.versions()}
        older = [version for version in self.past if version in kept and version != dataset.version]
        if not older:
            return
        since = self.dice.choice(older)
        delta, (then, was) = dataset.delta(compared_against=since), self.past[since]
        inserted = set(delta.get_inserted_rows().read_all()["key"].to_pylist())
        updated = set(delta.get_updated_rows().read_all()["key"].to_pylist())
        deleted = set(delta.get_deleted_row_ids().read_all()["_rowid"].to_pylist())
        assert inserted == {key for key in ids if ids[key] not in then.values()}, f"inserted since {since}"
        changed = {key for key, cell in self.rows.items() if key in was and ids[key] == then.get(key) and was[key].value != cell.value}
        assert updated >= changed, f"changed since {since}"
        assert updated <= {key for key, cell in self.rows.items() if cell.updated > since}, f"unchanged, yet in the delta since {since}"
        assert set(then.values()) - set(ids.values()) <= deleted, f"deleted since {since}"
        assert not deleted & set(ids.values()), "a living row is called deleted"


def _words(value: int) -> str:
    return f"w{value % 50} w{value % 7}"


def _rewrite(dataset: lance.LanceDataset, fresh: pa.Table, fragment: np.ndarray) -> None:
    metas, offsets, fields = [], {}, set()
    for number in np.unique(fragment).tolist():
        meta, modified, offset = dataset.get_fragment(number).update_columns(fresh.filter(pa.array(fragment == number)), left_on="_rowid",
                                                                              with_offsets=True)
        metas.append(meta)
        offsets[number] = offset
        fields |= set(modified)
    change = lance.LanceOperation.Update(updated_fragments=metas, fields_modified=sorted(fields), update_mode="rewrite_columns",
                                         updated_fragment_offsets=offsets)
    lance.LanceDataset.commit(dataset, change, read_version=dataset.version)


def tell(folder: str, seed: int, steps: int = 60) -> None:
    """One story; AssertionError where Lance and the model differ."""
    story = Story(f"{folder}/{seed}.lance", random.Random(seed))
    try:
        story.begin(has_indexes=seed % 2 == 0)
        for _ in range(steps):
            story.step()
    except Exception as error:
        raise AssertionError(f"seed {seed}, after {len(story.told)} steps, the last {story.told[-6:]}: {error}") from error


def tell_for(folder: str, seconds: float, seed: int) -> int:
    """Stories for so long, at least one; how many."""
    until, told = time.monotonic() + seconds, 0
    while not told or time.monotonic() < until:
        tell(folder, seed + told)
        told += 1
    return told
