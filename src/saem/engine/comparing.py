"""What differs between two snapshots, table by table."""
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import lance
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from saem.engine.project import Project

SHOWN = 100            # rows of a table that are named


@dataclass(frozen=True)
class Difference:
    """Rows of one table that came, changed their content, or went; the first of each by what a person calls them."""
    table: str
    added: int
    changed: int
    deleted: int
    names: dict[str, list[str]] = field(default_factory=dict)


def diff(older: "Project", newer: "Project") -> list[Difference]:
    """Tables that differ, in the order of the newer snapshot; both are views of one project."""
    heads = older.heads(), newer.heads()
    made = []
    for name in [*heads[1], *(each for each in heads[0] if each not in heads[1])]:
        before, after = heads[0].get(name), heads[1].get(name)
        if before and after and (before.place, before.version) == (after.place, after.version):
            continue
        was = older.published(name) if before else None
        found = _difference(name, was, newer.published(name) if after else None)
        if found.added or found.changed or found.deleted:
            made.append(found)
    return made


def _difference(name: str, older: lance.LanceDataset | None, newer: lance.LanceDataset | None) -> Difference:
    was, now = _rows(older), _rows(newer)
    at = pc.index_in(now["_id"], value_set=was["_id"].combine_chunks())
    is_new = pc.is_null(at)
    held = was.take(at.filter(pc.is_valid(at)))
    kept = now.filter(pc.invert(is_new))
    parts = {"added": now.filter(is_new), "changed": kept.filter(pc.not_equal(held["_hash"], kept["_hash"])),
             "deleted": was.filter(pc.invert(pc.is_in(was["_id"], value_set=now["_id"].combine_chunks())))}
    counts = {what: len(rows) for what, rows in parts.items()}
    return Difference(name, **counts, names={what: rows["name"].slice(0, SHOWN).to_pylist() for what, rows in parts.items() if len(rows)})


def _rows(dataset: lance.LanceDataset | None) -> pa.Table:
    """_id, _hash, and `name`: what a person calls the row."""
    if dataset is None:
        return pa.table({"_id": pa.array([], pa.binary(16)), "_hash": pa.array([], pa.binary(16)), "name": pa.array([], pa.string())})
    named = next((each for each in ("path", "key", "title", "name") if each in dataset.schema.names), None)
    rows = dataset.to_table(columns=["_id", "_hash", *([named] if named else [])])
    names = rows[named].cast(pa.string()) if named else pa.array([each.hex()[:12] for each in rows["_id"].to_pylist()], pa.string())
    return pa.table({"_id": rows["_id"], "_hash": rows["_hash"], "name": names})
