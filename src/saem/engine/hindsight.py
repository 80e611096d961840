"""Whom an older snapshot is shown to: a row of it is seen by those who could read it then and may read it now.

Who may read a row now that is still there, today's row says. One that is gone, and was made from others, may be read by those who may
now read all that it was made from; a row of a source that is gone is for nobody but the owner: nobody says who its readers would be today.
"""
from functools import cached_property
from typing import TYPE_CHECKING

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import ID, ids, table_id
from saem.store.heads import Kept

if TYPE_CHECKING:
    from saem.engine.project import Project

NONE = pa.array([], ID)


class Hindsight:
    """A kept snapshot, for those who are in some reader sets now."""

    def __init__(self, project: "Project", number: int, codes: frozenset[int]) -> None:
        self.project, self.number, self.codes = project, number, codes
        self.now = project.catalog.heads()
        self._seen: dict[str, tuple[pa.Array, bool]] = {}

    @cached_property
    def then(self) -> dict[str, Kept]:
        """Raises: E212 where the snapshot has been given up meanwhile."""
        return self.project.catalog.snapshot_at(self.number)[1]

    def hidden(self, name: str) -> pa.Array:
        """(n,) ID: the rows of a table that could be read then by such readers and may not be read now."""
        if self._is_todays(name):
            return NONE
        old = self._rows(self.then[name].head.place, self.then[name].head.version, ["_id", "_readers"])
        could = old["_id"].filter(pc.is_in(old["_readers"], value_set=self._sets)).combine_chunks()
        return could.filter(pc.invert(pc.is_in(could, value_set=self._seen_now(name)[0])))

    @cached_property
    def _sets(self) -> pa.Array:
        return pa.array(sorted(self.codes), pa.int32())

    def _is_todays(self, name: str) -> bool:
        now, then = self.now.get(name), self.then[name].head
        return now is not None and (now.place, now.version) == (then.place, then.version)

    def _rows(self, place: str, version: int, columns: list[str]) -> pa.Table:
        return lance.dataset(self.project.uri(place), version=version).to_table(columns=columns)

    def _seen_now(self, name: str) -> tuple[pa.Array, bool]:
        """(rows of the snapshot that may be read now, whatever could be read then; whether these are all)."""
        if name in self._seen:
            return self._seen[name]
        self._seen[name] = NONE, False        # nothing is its own parent; if it were, nobody could read it
        head, now = self.then[name].head, self.now.get(name)
        rows = self._rows(head.place, head.version, ["_id", "_parents"])
        today = self._rows(now.place, now.version, ["_id", "_readers"]) if now is not None else None
        is_seen = pa.array(np.zeros(len(rows), bool)) if today is None else pc.is_in(
            rows["_id"], value_set=today["_id"].filter(pc.is_in(today["_readers"], value_set=self._sets)).combine_chunks())
        if self.then[name].parents:
            is_gone = pa.array(np.ones(len(rows), bool)) if today is None else pc.invert(
                pc.is_in(rows["_id"], value_set=today["_id"].combine_chunks()))
            if pc.any(is_gone).as_py():
                is_seen = pc.or_(is_seen, pc.and_(is_gone, self._by_parents(name, rows["_parents"].combine_chunks())))
        found = rows["_id"].filter(is_seen)
        self._seen[name] = ids(found.to_pylist()), len(found) == len(rows)
        return self._seen[name]

    def _by_parents(self, name: str, named: pa.Array) -> pa.Array:
        """(n,) bool: whether all parents of a row may be read now; one without parents may not. named: (n,) lists of ID."""
        above = [(parent, *self._seen_now(parent)) for parent in self.then[name].parents if parent in self.then]
        whole = ids([table_id(parent) for parent, _, is_all in above if is_all])
        allowed = pa.concat_arrays([whole, *(rows for _, rows, _ in above)])
        lacks = np.zeros(len(named), bool)
        lacks[pc.list_parent_indices(named).filter(pc.invert(pc.is_in(pc.list_flatten(named), value_set=allowed))).to_numpy()] = True
        return pa.array(~lacks & (pc.fill_null(pc.list_value_length(named), 0).to_numpy() > 0))


def hidden(project: "Project", name: str, codes: frozenset[int]) -> pa.Array:
    """(n,) ID: of the snapshot that a project is pinned to, the rows that `codes` could read then and may not read now."""
    pinned = getattr(project, "pinned", None)
    return NONE if pinned is None or not codes else Hindsight(project.origin, pinned[0], codes).hidden(name)
