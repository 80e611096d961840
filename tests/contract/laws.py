"""The laws as checks over any project: what must hold of its tables, whatever was done before.

Nothing in here knows a pipeline. A table is read with saem's own columns; readers are compared by name, for a code means
nothing outside of its catalog.
"""
import os
import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lance
import pyarrow as pa
import pyarrow.compute as pc
from lance.file import LanceFileWriter

from saem.core.identity import table_id
from saem.core.principals import MOST_CLAUSES, Clauses
from saem.engine.project import Project
from saem.engine.refresh import Task, refresh
from saem.engine.table import Table
from saem.store.canaries import Canaries
from saem.store.catalog import Publication
from saem.store.scanning import scan
from saem.store.table import Store
from tests.contract.pipelines import calls


@dataclass(frozen=True)
class Row:
    """One row as a reader finds it."""
    unit: bytes
    hash: bytes
    parents: tuple[bytes, ...]
    readers: Clauses
    values: dict[str, Any]


Tables = dict[str, dict[bytes, Row]]


def tables_of(db: Project) -> Tables:
    """{table: {id: row}} of what is published."""
    found: Tables = {}
    for name, head in db.catalog.heads().items():
        rows = lance.dataset(db.uri(head.place), version=head.version).to_table().to_pylist()
        found[name] = {row["_id"]: Row(row["_unit"], row["_hash"], tuple(row["_parents"]), db.catalog.readers(row["_readers"]),
                                       {k: v for k, v in row.items() if not k.startswith("_") or k.startswith("_memo_")}) for row in rows}
        assert len(found[name]) == len(rows), f"{name} holds an id twice"
    return found


def problems_of(db: Project) -> dict[tuple[str, bytes], tuple[str, ...]]:
    """{(table, unit): why it gave no rows}."""
    return {(p["table"], p["unit"]): (p["kind"], p["key"], p["operator"], p["reason"]) for p in db.catalog.problems()}


# law 1

def check_parents_exist(db: Project, tables: Tables) -> None:
    """Every derived row names parents, and each is a row of one of the tables that it is derived from."""
    for table in derived(db):
        known = {table_id(name) for name in table.parent_names} | {key for name in table.parent_names for key in tables[name]}
        for row in tables[table.name].values():
            assert row.parents, f"a row of {table.name} names no parents: {row.values}"
            lost = set(row.parents) - known
            assert not lost, f"a row of {table.name} names {len(lost)} parents that do not exist: {row.values}"


def check_sufficiency(db: Project, samples: int, dice: random.Random, names: Sequence[str] = ()) -> None:
    """Some rows of every derived table come out again, the same, when the parents that they name are all that there is."""
    for table in [db.tables[name] for name in names] or derived(db):
        rows = table.dataset().to_table().to_pylist()
        for row in dice.sample(rows, min(samples, len(rows))):
            again = made_from_parents_alone(db, table, set(row["_parents"]))
            values = {k: v for k, v in row.items() if k in table.schema.names}
            assert values in again, f"a row of {table.name} is not reproducible from its parents alone: {values}\ncame out: {again}"


def made_from_parents_alone(db: Project, table: Table, parents: set[bytes]) -> list[dict[str, Any]]:
    """What the table's operators make of parent tables that hold nothing but these rows."""
    folder = tempfile.mkdtemp(dir=os.path.dirname(db.state))
    try:
        stores = [_part(db, db.tables[name], parents, folder) for name in table.parent_names]
        store = Store(f"{folder}/{table.name}.1.lance", table.schema, None, lambda step: None)
        refresh(Task(table.name, table.chain, store, stores, None, db.catalog, Publication(), lambda progress: None))
        return store.dataset.to_table(columns=table.schema.names).to_pylist()
    finally:
        shutil.rmtree(folder)


def _part(db: Project, parent: Table, wanted: set[bytes], folder: str) -> Store:
    rows = parent.dataset().to_table()
    if table_id(parent.name) not in wanted:
        rows = rows.filter(pc.is_in(rows["_id"], value_set=pa.array(list(wanted), pa.binary(16))))
    store = Store(f"{folder}/{parent.name}.1.lance", parent.schema, None, lambda step: None)
    store.append(rows)
    return store


# law 2

def check_equal(tables: Tables, rebuilt: Tables) -> None:
    """Ids, units, hashes, parents, readers and values are those of a build from nothing."""
    assert set(tables) == set(rebuilt)
    for name in rebuilt:
        differ = [key for key in {*tables[name], *rebuilt[name]} if tables[name].get(key) != rebuilt[name].get(key)]
        assert not differ, (f"{name}: {len(differ)} rows are not those of a rebuild, for one\n  incremental: {tables[name].get(differ[0])}"
                            f"\n  rebuilt:     {rebuilt[name].get(differ[0])}")


def check_idle(db: Project) -> None:
    """A run after which nothing has changed calls no operator and writes nothing at all."""
    before = (db.snapshot, _versions(db), calls.count.copy(), db.catalog.problems())
    report = db.run()
    assert all(counts.is_idle for counts in report.tables.values()), f"a second run found changes: {report}"
    assert calls.count == before[2], f"a second run called operators: {calls.count - before[2]}"
    assert (db.snapshot, _versions(db)) == before[:2], "a second run wrote something"
    assert db.catalog.problems() == before[3], "a second run changed the quarantine"


def _versions(db: Project) -> dict[str, int]:
    """{dataset: its newest version, published or not}."""
    return {name: lance.dataset(db.uri(name)).version for name in sorted(os.listdir(os.path.join(db.state, "tables")))}


# law 3

def check_readers(db: Project, tables: Tables) -> None:
    """Those who may read a derived row are those who may read all of its parents."""
    for table in derived(db):
        whole = {table_id(name): _all_of([row.readers for row in tables[name].values()]) for name in table.parent_names}
        known = {key: row.readers for name in table.parent_names for key, row in tables[name].items()} | whole
        for row in tables[table.name].values():
            expected = _all_of([known[parent] for parent in row.parents])
            assert row.readers == expected, f"{table.name}: {row.values} is read by {set(row.readers)}, its parents by {set(expected)}"


def _all_of(sets: list[Clauses]) -> Clauses:
    """In the test's own words: whoever is in every clause of every parent; no parents, nobody."""
    every = {clause for each in sets for clause in each}
    narrowest = frozenset(clause for clause in every if not any(other < clause for other in every))
    return narrowest if sets and len(narrowest) <= MOST_CLAUSES else frozenset({frozenset()})


def check_views(db: Project, tables: Tables) -> None:
    """A person sees the rows whose every clause names him, and no other; a stranger not those that are for all."""
    for person in ("kim", "lee", "stranger"):
        view, is_known = db.as_user(person), db.knows(person)
        for name, rows in tables.items():
            seen = set(view.table(name).to_arrow(["_id"])["_id"].to_pylist())
            allowed = {key for key, row in rows.items() if (is_known or row.readers) and all(clause & {person} for clause in row.readers)}
            assert seen == allowed, f"{person} sees {len(seen - allowed)} rows of {name} that are not his, and misses {len(allowed - seen)}"


# law 4

def check_forgotten(db: Project, texts: Sequence[str]) -> None:
    """No file of the state holds a text: the scan decodes, and is shown first that it finds each where it is put."""
    canaries = Canaries.of(b"of the contract", [text.encode() for text in texts])
    place = os.path.join(db.state, "planted.lance")
    with LanceFileWriter(place) as file:
        file.write_batch(pa.table({"text": list(texts)}))
    assert scan(db.state, canaries).found == canaries.names, "the scan does not find what is there"
    os.remove(place)
    seen = scan(db.state, canaries)
    assert not seen.places, f"what was forgotten lies in {sorted({place for places in seen.places.values() for place in places})}"
    assert not seen.unread


# law 6

def check_nothing_is_lost(db: Project, tables: Tables) -> None:
    """A row that a map has taken is in its table or in quarantine with a reason; never both, never neither."""
    problems = problems_of(db)
    for (name, unit), (_, key, _, reason) in problems.items():
        assert reason, f"{key} of {name} is in quarantine without a reason"
        assert unit not in {row.unit for row in tables[name].values()}, f"{key} of {name} is in quarantine and has rows"
    for table in derived(db):
        if not table.chain.is_relation and not table.chain.has_flat_map:
            taken = {row.unit for row in tables[table.name].values()} | {unit for name, unit in problems if name == table.name}
            assert taken == set(tables[table.parent_names[0]]), f"{table.name} lost rows of {table.parent_names[0]}"


def derived(db: Project) -> list[Table]:
    return [table for table in db.tables.values() if table.source is None]


def check_all(db: Project, rebuilt: Project) -> None:
    """Every law that one state of a project can show."""
    tables = tables_of(db)
    check_views(db, tables)
    check_equal(tables, tables_of(rebuilt))
    assert problems_of(db) == problems_of(rebuilt), "the quarantine is not that of a rebuild"
    check_parents_exist(db, tables)
    check_readers(db, tables)
    check_nothing_is_lost(db, tables)
    check_idle(db)
