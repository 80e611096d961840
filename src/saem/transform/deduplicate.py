"""Of equal rows one stays. When that one goes, its twin takes its place."""
import json
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.operator import operator
from saem.core.principals import Clauses, is_wider
from saem.core.shapes import READERS, Groups, Made


def _adds(rows: pa.Schema, by: list[str] | None = None) -> pa.Schema:
    return pa.schema([each for each in rows if each.name != READERS])


@operator(version="2", adds=_adds, key=[], sees_readers=True)
def deduplicate(rows: Groups, by: list[str]) -> Made:
    """Exact duplicates by the columns in `by=`: the one with the smallest values in the other columns, then id, stays.

    A row goes only where one stays that all of its readers may read: a copy that few may read never hides one that is for all. Copies
    of which neither is read by all readers of the other both stay. Each has one parent: the row itself.
    """
    own = [name for name in rows.column_names if name != READERS]
    others = [(n, "ascending") for n in own if n not in by and _is_ordered(rows.schema.field(n).type)]
    numbered = rows.append_column("_row", pa.array(np.arange(len(rows))))
    ordered = numbered.sort_by([*others, ("_row", "ascending")])
    placed = ordered.append_column("_place", pa.array(np.arange(len(rows))))
    first = placed.group_by([*by, *rows.column_names[len(own):]], use_threads=False).aggregate([("_place", "min")]).sort_by("_place_min")
    if READERS in first.column_names:
        first = first.filter(pa.array(_is_seen(first, by), pa.bool_()))
    kept = np.sort(ordered["_row"].take(first["_place_min"]).to_numpy())
    return Made(rows.select(own).take(pa.array(kept)), kept)


def _is_seen(first: pa.Table, by: list[str]) -> np.ndarray:
    """(n,) bool: whether a row has readers who may read none of its twins. first: a row for each key and readers, in their order."""
    is_kept = np.ones(len(first), bool)
    twins = first.append_column("_twin", pa.array(np.arange(len(first)))).group_by(by, use_threads=False).aggregate([("_twin", "list")])
    several = twins["_twin_list"].filter(pc.greater(pc.list_value_length(twins["_twin_list"]), 1))
    readers: dict[str, Clauses] = {}
    texts = first[READERS]
    for group in several.to_pylist():
        for text in (texts[at].as_py() for at in group):
            readers.setdefault(text, frozenset(frozenset(clause) for clause in json.loads(text)))
        is_kept[list(_hidden(sorted(group), [readers[texts[at].as_py()] for at in sorted(group)]))] = False
    return is_kept


def _hidden(group: list[int], readers: list[Clauses]) -> Iterable[int]:
    """Those of a group whose readers may all read another one that stays; of equals the first stays."""
    for one, mine in enumerate(readers):
        for other, theirs in enumerate(readers):
            if one != other and is_wider(theirs, mine) and (other < one or not is_wider(mine, theirs)):
                yield group[one]
                break


def _is_ordered(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind) or pa.types.is_string(kind))
