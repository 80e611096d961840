"""One run: every table up to date on top of what is published, then one publish."""
import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import lance
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError
from saem.core.run import Counts, OnProgress
from saem.engine.ingest import Ingest
from saem.engine.refresh import Task, refresh
from saem.store.catalog import Publication
from saem.store.heads import Head
from saem.store.table import SYSTEM, Store, is_written

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table

SYSTEM_NAMES = {field.name for field in SYSTEM}


class Run:
    """One run's stores, counts and publication."""

    def __init__(self, project: "Project", retry: bool, on_progress: OnProgress) -> None:
        self.project, self.catalog, self.retry, self.on_progress = project, project.catalog, retry, on_progress
        self.heads = self.catalog.heads()
        self.stores: dict[str, Store] = {}
        self.places: dict[str, str] = {}
        self.counts: dict[str, Counts] = {}
        self.publication = Publication()

    def bring(self, table: "Table") -> None:
        """One table up to date, unpublished."""
        clock = time.perf_counter()
        head = self._whole_head(table)
        mark = table.fingerprint        # before an operator runs: it may fill a cache of its own
        store, older = self._open(table, head)
        self.stores[table.name] = store
        if table.source is not None:
            counts = Ingest(table.name, table.source, table.readers, store, self.catalog, self.publication, self.on_progress,
                            older, head is not None and head.fingerprint != mark).run()
        else:
            counts = self._derive(table, head, store, older)
        store.upkeep(table.key_indexes(store.dataset.count_rows()) if store.is_touched else {})
        kinds = list(self._problem_kinds(table.name))
        counts.quarantined, counts.skipped = kinds.count("failed"), kinds.count("skipped")
        counts.seconds = time.perf_counter() - clock
        self.counts[table.name] = counts
        self._move_head(table, head, store)

    def erase(self, name: str, ids: pa.Array) -> None:
        """Delete rows of a source as it is published, unpublished; the source itself is not asked."""
        head, table = self.heads[name], self.project.tables.get(name)
        uri = self.project.uri(head.place)
        if table is not None and not self._fits(head.place, table.schema):      # other columns: the rows move, without what is forgotten
            return self.bring(table)
        kept = [f for f in lance.dataset(uri).schema if f.name == "_stamp" or not f.name.startswith("_")]
        store = Store(uri, pa.schema(kept), head.version, self.project.on_step)
        self.stores[name], self.places[name] = store, head.place
        gone = store.lookup("_id", ids, ["_id"])["_id"]
        store.delete(gone)
        self.counts[name] = Counts(deleted=len(gone), unchanged=store.dataset.count_rows())
        if store.version != head.version:
            self.publication.heads[name] = replace(head, version=store.version)

    def erase_made(self, name: str, parents: pa.Array) -> None:
        """Delete the rows of a derived table that name one of these parents, unpublished, without its operators.

        What they had made before an error is given up, and with its watermark left behind the next run makes the table anew.
        """
        head = self.heads[name]
        uri = self.project.uri(head.place)
        held = lance.dataset(uri, version=head.version)
        rows = held.to_table(columns=["_id", "_parents"])
        named = rows["_parents"].combine_chunks()
        made = pc.is_in(named.flatten(), value_set=parents)
        gone = rows["_id"].take(pc.unique(pc.list_parent_indices(named).filter(made)))
        store = Store(uri, pa.schema([f for f in held.schema if f.name not in SYSTEM_NAMES]), head.version, self.project.on_step)
        store.delete(gone)
        self.stores[name], self.places[name] = store, head.place
        self.counts[name] = Counts(deleted=len(gone), unchanged=store.dataset.count_rows())
        self.publication.problems = [each for each in self.publication.problems if each[0] != name]
        self.publication.cleared = [*(each for each in self.publication.cleared if each[0] != name), (name, None)]
        self.publication.edges = [each for each in self.publication.edges if each[0] != name]
        self.publication.left = [each for each in self.publication.left if each[0] != name]
        self.publication.heads.pop(name, None)
        if store.version != head.version:
            self.publication.heads[name] = replace(head, version=store.version)

    def _whole_head(self, table: "Table") -> Head | None:
        """What is published; None where its files have been taken away and can be made again."""
        head = self.heads.get(table.name)
        if head is None or is_written(self.project.uri(head.place)):
            return head
        if hasattr(table.source, "encode"):
            raise damaged(table.name, self.project.uri(head.place))
        return None

    def _derive(self, table: "Table", head: Head | None, store: Store, older: lance.LanceDataset | None) -> Counts:
        parents = [self._parent(name) for name in table.parent_names]
        consumed = self.catalog.consumed(table.name)
        is_same = head is not None and head.fingerprint == table.fingerprint and head.place == self.places[table.name]
        marks = [consumed.get(name, ("", 0)) for name in table.parent_names]
        is_known = all(place == self.places[name] for name, (place, _) in zip(table.parent_names, marks, strict=True))
        task = Task(table.name, table.chain, store, parents, [v for _, v in marks] if is_same and is_known else None, self.catalog,
                    self.publication, self.on_progress, self.retry, older, os.cpu_count() or 1, self.project.lenders, table.granted,
                    head is not None and tuple(head.granted) != table.granted)
        counts = refresh(task)
        self._guard(table, head, store, counts)
        if store.is_touched:
            for op in table.chain.operators:
                if op.gate is not None:
                    counts.notes += op.gate(store.dataset, **op.settings) or []
        self.publication.left += [(table.name, name) for name in consumed if name not in table.parent_names]
        for name, parent in zip(table.parent_names, parents, strict=True):
            edge = (self.places[name], parent.version)
            if consumed.get(name) != edge:
                self.publication.edges.append((table.name, name, *edge))
        return counts

    def _guard(self, table: "Table", head: Head | None, store: Store, counts: Counts) -> None:
        """A change of code under which every row fails is a mistake, not a result."""
        is_changed = head is not None and head.fingerprint != table.fingerprint
        failed = [p for name, p in self.publication.problems if name == table.name and p.kind == "failed"]
        if is_changed and len({p.unit for p in failed}) >= counts.recomputed > 0 and store.base.count_rows():
            what = f"every row of '{table.name}' failed after its operators changed ({len(failed)} units); nothing was published"
            raise SaemError("E303", what, where=f"{failed[0].operator}: {failed[0].reason:.200}", fix="mend the operator, then: saem run")

    def _parent(self, name: str) -> Store:
        """The parent as this run has it; one that is not part of this run, as published."""
        if name not in self.stores:
            table, head = self.project.declared(name), self.heads.get(name)
            if head is None:
                raise SaemError("E208", f"nothing of '{name}' is published yet", fix="saem run")
            self.stores[name] = Store(self.project.uri(head.place), table.schema, head.version, self.project.on_step)
            self.places[name] = head.place
        return self.stores[name]

    def _open(self, table: "Table", head: Head | None) -> tuple[Store, lance.LanceDataset | None]:
        """The dataset to work on, and that of the table's former columns. Other columns are another dataset beside the old one."""
        wanted = table.schema
        place = head.place if head else f"{table.name}.1.lance"
        older = None
        while not self._fits(place, wanted):
            if head is not None and place == head.place:
                older = lance.dataset(self.project.uri(place), version=head.version)
            place = f"{table.name}.{int(place.split('.')[1]) + 1}.lance"
        self.places[table.name] = place
        version = head.version if head and head.place == place else None
        return Store(self.project.uri(place), wanted, version, self.project.on_step), older

    def _fits(self, place: str, wanted: pa.Schema) -> bool:
        uri = self.project.uri(place)
        if not is_written(uri):
            return True
        have = [(f.name, f.type) for f in lance.dataset(uri).schema if f.name in ("_stamp",) or not f.name.startswith("_")
                or f.name.startswith(("_memo_", "_tokens_"))]
        return have == [(f.name, f.type) for f in wanted]

    def _problem_kinds(self, name: str) -> Iterable[str]:
        """What would be in quarantine if this were published."""
        kinds = self.catalog.problem_units(name)
        for table, units in self.publication.cleared:
            if table == name:
                kinds = {} if units is None else {u: k for u, k in kinds.items() if u not in set(units)}
        kinds |= {p.unit: p.kind for table, p in self.publication.problems if table == name}
        return kinds.values()

    def _move_head(self, table: "Table", head: Head | None, store: Store) -> None:
        new = Head(self.places[table.name], store.version, table.fingerprint, table.encoders, table.about, table.granted)
        if new != head:
            self.publication.heads[table.name] = new
        had = self.catalog.problem_units(table.name)      # clearing what is not there is no change
        self.publication.cleared = [(name, units) for name, units in self.publication.cleared
                                    if name != table.name or (had if units is None else set(units) & set(had))]

    def drop_undeclared(self) -> None:
        """A derived table that the pipeline no longer declares would grow stale and outlive its parents: it goes.

        Sources stay: their rows may have no other home.
        """
        for name in self.heads:
            if name not in self.project.tables and self.catalog.consumed(name):
                self.publication.dropped.append(name)

    def publish(self, owner: str) -> int:
        if self.publication.is_empty:
            return self.catalog.snapshot()
        number = self.catalog.publish(owner, self.publication)
        self._sweep()
        return number

    def _sweep(self) -> None:
        """Datasets of former columns and of dropped tables go once neither this publish nor the one before names them.

        What a crash left of a table that this run does not bring stays: its next run takes costly results from there.
        """
        kept = {head.place for head in [*self.heads.values(), *self.catalog.heads().values()]}
        folder = os.path.join(self.project.state, "tables")
        for place in os.listdir(folder):
            name = place.split(".")[0]
            if place not in kept and (name in self.places or name not in self.project.tables):
                shutil.rmtree(os.path.join(folder, place), ignore_errors=True)


def damaged(name: str, place: str, why: str = "its files are gone") -> SaemError:
    """A table that cannot be read."""
    return SaemError("E307", f"the table '{name}' cannot be read: {why}", where=place,
                     fix="saem run makes it again where it is derived; rows that were put must come from a backup")


def explained(error: Exception, state: str) -> Exception:
    """Errors of the disk, for the person who reads them."""
    text = str(error)
    is_full = any(words in text for words in ("No space left", "disk is full", "os error 28"))
    if is_full or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return SaemError("E304", "the disk is full; nothing was published, nothing is lost", where=state, fix="make room, then: saem run")
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return SaemError("E204", f"the catalog is damaged: {text}", where=state,
                         fix="restore catalog.db from a backup, or delete the state: it is built anew")
    if "Object at location" in text or "not found" in text.lower():
        return damaged("?", state, text.splitlines()[0][:200])
    if "readonly" in text or "Read-only" in text or "Permission denied" in text or "unable to open database" in text:
        return SaemError("E204", f"the state of the project cannot be written: {text.splitlines()[0]:.200}", where=state,
                         fix="make the folder writable, or keep the state elsewhere: --state FOLDER (SAEM_STATE)")
    return error
