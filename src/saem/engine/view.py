"""A project as one principal may read it, as it was at a snapshot, or both. It reads; what it reads through cannot be gone round."""
import copy
from collections.abc import Mapping
from typing import Any

import lance
import pyarrow as pa

from saem.core.errors import SaemError, caller
from saem.core.principals import Groups
from saem.engine.hindsight import hidden
from saem.engine.project import Project
from saem.engine.returning import check_whole
from saem.engine.steady import steady
from saem.store.heads import Head
from saem.store.readable import Readable


class View(Project):
    """What `Project.as_user` and `Project.at` give.

    person  whose rights apply; None = the owner's, who may read everything
    pinned  the heads of the snapshot; None = always the newest
    """

    def __init__(self, project: Project, person: str | None, pinned: tuple[int, Mapping[str, Head]] | None) -> None:
        self.origin = project.origin
        self.state, self.on_step, self.root, self.catalog = project.state, project.on_step, project.root, project.catalog
        self.keep = project.keep
        self.lenders, self.models = project.lenders, project.models
        self.person, self.pinned = person, pinned
        self.tables, self._opened = {}, {}
        self._readable: dict[str, tuple[tuple[int, frozenset[int], int], Readable]] = {}
        for name, table in project.tables.items():
            self.tables[name] = copy.copy(table)
            self.tables[name].project = self

    # reading

    @property
    def codes(self) -> frozenset[int] | None:
        """Of the reader sets that the person is in, as they are now. None = all; of a stranger what names him, not what is for all."""
        if self.person is None:
            return None
        return self.catalog.codes_for(self.membership().of(self.person), self.knows(self.person))

    def membership(self) -> Groups:
        return self.origin.membership()      # those of today, also where an older snapshot is looked at

    def heads(self) -> Mapping[str, Head]:
        check_whole(self)
        return self.catalog.heads() if self.pinned is None else self.pinned[1]

    @property
    def snapshot(self) -> int:
        return self.catalog.snapshot() if self.pinned is None else self.pinned[0]

    def published(self, name: str, heads: Mapping[str, Head] | None = None) -> lance.LanceDataset:
        try:
            dataset = super().published(name, heads)
        except SaemError as error:
            if error.code != "E307" or self.pinned is None:
                raise
            raise SaemError("E212", f"snapshot {self.pinned[0]} no longer has '{name}': its columns have changed since", where=caller(),
                            fix="a newer snapshot: saem log") from error
        codes = self.codes
        if codes is None:
            return dataset
        newest = 0 if self.pinned is None else self.catalog.snapshot()      # a publish may have taken rights away
        key, known = (id(dataset), codes, newest), self._readable.get(name)
        if known is None or known[0] != key:
            known = self._readable[name] = key, Readable(dataset, codes, hidden(self, name, codes).to_pylist())
        return known[1]

    @steady
    def sql(self, query: str) -> pa.Table:
        codes = self.codes
        if codes is None:
            return super().sql(query)
        from saem.engine.confined import query_confined
        tables = {name: (self.uri(head.place), head.version) for name, head in self.heads().items()}
        return query_confined(query, tables, codes, lambda name: hidden(self, name, codes).to_pylist())

    def as_user(self, name: str) -> "View":
        if self.person is not None and name != self.person:
            raise self._denied(f"'{self.person}' cannot read as '{name}'")
        return super().as_user(name)

    def quarantine(self, table: str | None = None) -> list[dict[str, Any]]:
        if self.person is not None:      # keys and tracebacks hold what rows hold
            raise self._denied("what is in quarantine")
        return super().quarantine(table)

    # what a view does not do

    def _denied(self, what: str) -> SaemError:
        who = f"'{self.person}'" if self.person else "a snapshot"
        return SaemError("E601", f"{what}: not for {who}", where=caller(), fix="ask the owner of the project" if self.person else
                         "use the project itself")

    def _add(self, table: Any) -> Any:
        raise self._denied("declaring tables")

    def groups_from(self, *_: Any, **__: Any) -> Any:
        raise self._denied("saying who is in which group")

    def check_writable(self) -> None:
        raise self._denied("putting or dropping rows")

    def grant(self, *_: Any, **__: Any) -> Any:
        raise self._denied("granting")

    def revoke(self, *_: Any, **__: Any) -> Any:
        raise self._denied("revoking")

    def restore(self, *_: Any, **__: Any) -> Any:
        raise self._denied("restoring a snapshot")

    def run(self, **_: Any) -> Any:
        raise self._denied("running the pipeline")

    def forget(self, *_: Any, **__: Any) -> Any:
        raise self._denied("forgetting rows")

    def allow(self, *_: Any) -> Any:
        raise self._denied("what was forgotten")

    def accept(self, *_: Any, **__: Any) -> Any:
        raise self._denied("accepting a model")

    def receipts(self) -> Any:
        raise self._denied("receipts")

    def verify(self, receipt: str) -> Any:
        raise self._denied("receipts")

    def plan(self) -> Any:
        raise self._denied("planning a run")

    def who_can_read(self, row: str) -> Any:
        raise self._denied("who else may read a row")

    def why_not(self, person: str, row: str) -> Any:
        raise self._denied("why someone may not read a row")
