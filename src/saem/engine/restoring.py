"""Back to a snapshot: every table as it was, in one publish. What was forgotten stays away, and rights are those of today.

A restore is a new snapshot: those after the restored one stay, and can be restored themselves. What a table was made from is
restored with it, so the next run goes on from there: it brings what the sources say by then, and computes what that changes.
"""
import datetime
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import lance
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller
from saem.core.run import Counts, OnProgress, Progress, Report
from saem.engine.comparing import diff
from saem.engine.erasure import finish
from saem.engine.granting import give, inherited
from saem.engine.ingest import Ingest
from saem.store.catalog import Publication
from saem.store.heads import Kept
from saem.store.lease import lease
from saem.store.table import Store

if TYPE_CHECKING:
    from saem.engine.project import Project

RESTORED = b"restored"      # the fingerprint of rows that the next run must compute again


def restore(project: "Project", when: int | str | datetime.datetime, wait_s: float, on_progress: OnProgress) -> Report:
    """See `Project.restore`."""
    started, clock = time.time(), time.perf_counter()
    with lease(project.catalog, wait_s) as owner:
        finish(project, owner, on_progress)
        number, kept = project.catalog.snapshot_at(when)
        before = project.catalog.snapshot()
        restoring = Restoring(project, number, kept)
        for position, name in enumerate(in_order(kept)):
            restoring.bring_back(name)
            on_progress(Progress("restore", position + 1, len(kept)))
        publication = restoring.publication()
        project.on_step("before publish")
        if not publication.is_empty:
            project.catalog.publish(owner, publication)
        project.on_step("after publish")
        counts = {each.table: Counts(each.added, each.changed, each.deleted) for each in diff(project.at(before), project)}
        report = Report(counts, project.catalog.snapshot(), time.perf_counter() - clock)
        project.catalog.record_run(started, report.seconds, report.snapshot, {name: asdict(each) for name, each in counts.items()})
        return report


def in_order(kept: Mapping[str, Kept]) -> Iterator[str]:
    """Parents before children."""
    waiting = dict(kept)
    while waiting:
        ready = [name for name, each in waiting.items() if not set(each.parents) & set(waiting)]
        for name in ready:
            del waiting[name]
            yield name


class Restoring:
    """One restore: unpublished versions of the datasets that hold what they held then."""

    def __init__(self, project: "Project", number: int, kept: Mapping[str, Kept]) -> None:
        self.project, self.catalog, self.kept = project, project.catalog, kept
        self.heads, self.problems = self.catalog.heads(), self.catalog.problem_stamps()
        self.stores: dict[str, Store] = {}
        for name, then in kept.items():
            if not self._is_there(then.head.place, then.head.version):
                raise SaemError("E212", f"snapshot {number} no longer has '{name}': its columns have changed since", where=caller(),
                                fix="a newer snapshot: saem log")

    def _is_there(self, place: str, version: int) -> bool:
        try:
            lance.dataset(self.project.uri(place), version=version)
        except (ValueError, OSError):
            return False
        return True

    def bring_back(self, name: str) -> None:
        """One table, with the readers that its rows have today. Its parents have been brought back."""
        then, now = self.kept[name].head, self.heads.get(name)
        uri = self.project.uri(then.place)
        own = [f for f in lance.dataset(uri, version=then.version).schema
               if not f.name.startswith("_") or f.name.startswith(("_memo_", "_tokens_", "_stamp"))]
        store = self.stores[name] = Store(uri, pa.schema(own), then.version, self.project.on_step)
        if now is None or (now.place, now.version) != (then.place, then.version):
            store.begin()
        if self.kept[name].parents:
            self._as_parents(name, store)
        else:
            self._narrowed(name, store)
            self._as_declared(name, store)

    def _as_parents(self, name: str, store: Store) -> None:
        table = self.project.tables.get(name)
        held = store.dataset.to_table(columns=["_id", "_readers", "_parents"])
        parents = [self.stores[each] for each in self.kept[name].parents]
        give(store, held, inherited(self.catalog, parents, held["_parents"], table.granted if table is not None else ()))

    def _narrowed(self, name: str, store: Store) -> None:
        """A row of a source that is there today has the readers of today; one that held something else then, those who could then, too."""
        now = self.heads.get(name)
        if now is None or not self._is_there(now.place, now.version):
            return
        columns = ["_id", "_hash", "_readers"]
        today = lance.dataset(self.project.uri(now.place), version=now.version).to_table(columns=columns)
        held = store.dataset.to_table(columns=columns)
        at = pc.index_in(held["_id"], value_set=today["_id"].combine_chunks())
        today = today.take(at)
        is_same = pc.fill_null(pc.equal(today["_hash"], held["_hash"]), False).to_pylist()
        pairs = zip(is_same, held["_readers"].to_pylist(), today["_readers"].to_pylist(), strict=True)
        wanted = [now if same else self.catalog.intersect([then, then if now is None else now]) for same, then, now in pairs]
        give(store, held, pa.array(wanted, pa.int32()))

    def _as_declared(self, name: str, store: Store) -> None:
        """Readers that the pipeline names, for all rows or by their keys, hold for rows that have gone since too."""
        table = self.project.tables.get(name)
        if table is None or table.source is None or table.readers is None or isinstance(table.readers, str):
            return
        if not set(table.schema.names) <= set(store.schema.names):
            return
        source = Ingest(name, table.source, table.readers, store, self.catalog, Publication(), lambda _: None)
        if hasattr(table.source, "encode"):
            source.regrant_put()
        else:
            source.regrant_all()

    def publication(self) -> Publication:
        """All heads and watermarks at once. A derived table that was not there then goes; a source stays: its rows have no other home."""
        made = Publication()
        for name, then in self.kept.items():
            store, edges = self.stores[name], self._edges(name)
            is_known = edges is not None and then.problems == self.problems.get(name, (0, 0.0))
            head = replace(then.head, version=store.version, fingerprint=then.head.fingerprint if is_known else RESTORED,
                           granted=self._granted(name))
            consumed = self.catalog.consumed(name)
            if head != self.heads.get(name):
                made.heads[name] = head
            made.edges += [(name, parent, *edge) for parent, edge in (edges or {}).items() if consumed.get(parent) != edge]
            made.left += [(name, parent) for parent in consumed if parent not in then.parents]
        made.dropped += [name for name in self.heads if name not in self.kept and self.catalog.consumed(name)]
        return made

    def _granted(self, name: str) -> tuple[str, ...]:
        table = self.project.tables.get(name)
        return table.granted if table is not None else ()

    def _edges(self, name: str) -> dict[str, tuple[str, int]] | None:
        """What the rows were made from, as it is called now; None where that is gone, so that nobody could tell what has changed since."""
        edges = {}
        for parent, (place, version) in self.kept[name].parents.items():
            then = self.kept[parent].head
            if (place, version) == (then.place, then.version):
                edges[parent] = place, self.stores[parent].version
            elif place == then.place and self._is_there(place, version):
                edges[parent] = place, version
            else:
                return None
        return edges
