"""What became of a row: every row that was ever made from it and lies in a file still, in whatever version.

Lance's data files are read, not its versions: each holds its rows once, however many versions name it, and those of a crashed run too.
"""
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import lance
import pyarrow as pa
import pyarrow.compute as pc
from lance.file import LanceFileReader

from saem.core.identity import ID, digest, id_list, row_ids

if TYPE_CHECKING:
    from saem.engine.project import Project

SAMPLE = 400            # rows of a table whose texts become marks
SHORT = 16              # bytes; a shorter text, such as a language or a title, is everyone's
TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.+-]+")  # as a row that waits has it


@dataclass
class Trail:
    """ids: {table: rows that were the source rows or were made from them}; tables: those and all that are derived from them.

    keys    of the source rows, as text
    values  texts to look for: keys first
    inbox   numbers of waiting rows that are, or cite, such rows
    units   of the source rows
    recorded   further sources whose rows name parents; those that are reached are withdrawn
    looked  {table: how many ids above it were looked for}
    """
    table: str
    tables: list[str] = field(default_factory=list)
    ids: dict[str, set[bytes]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    units: set[bytes] = field(default_factory=set)
    values: list[bytes] = field(default_factory=list)
    inbox: list[int] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    looked: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.ids or self.inbox or self.units)


def follow(project: "Project", table: str, marks: set[bytes]) -> Trail:
    """The trail of the rows of a source whose keys have these marks."""
    trail = Trail(table)
    parents = _parents(project)
    trail.tables = _descendants([table], parents)
    trail.recorded = [name for name in _recorded(project, parents) if name != table]
    texts: list[bytes] = []
    _take_source(project, trail, marks, texts)
    _take_problems(project, trail, marks)
    known = -1
    while known < (known := sum(map(len, trail.ids.values()))):     # a citation is made from a document and from its answer
        for name in (*trail.tables[1:], *trail.recorded):
            _take_made(project, trail, name, parents[name] or [*trail.tables, *trail.recorded], texts)
        trail.tables = _descendants([table, *(name for name in trail.recorded if trail.ids.get(name))], parents)
    _take_inbox(project, trail, marks, texts)
    trail.values = [*(key.encode("utf-8", "surrogatepass") for key in sorted(trail.keys)), *dict.fromkeys(texts)]
    return trail


def places(project: "Project", table: str) -> list[str]:
    """The datasets of a table: that of today, and those of former columns."""
    folder = os.path.join(project.state, "tables")
    return sorted(name for name in os.listdir(folder) if name.split(".")[0] == table)


def _parents(project: "Project") -> dict[str, list[str]]:
    """{table: the tables that it is or was derived from}."""
    made: dict[str, list[str]] = {name: list(each.parent_names) for name, each in project.tables.items()}
    for child, parent in project.catalog.db.execute("select child, parent from consumed").fetchall():
        made.setdefault(child, [])
        made[child] += [parent] if parent not in made[child] else []
    for name in project.catalog.heads():
        made.setdefault(name, [])
    return made


def _descendants(tables: Sequence[str], parents: dict[str, list[str]]) -> list[str]:
    """The tables and all that are derived from them, parents before children."""
    found = list(tables)
    wanted = set(tables)
    while more := {name for name, above in parents.items() if name not in wanted and wanted & set(above)}:
        wanted |= more
    while rest := [name for name in parents if name in wanted and name not in found]:
        found += [name for name in rest if not set(parents[name]) & (wanted - set(found))] or rest
    return found


def _recorded(project: "Project", parents: dict[str, list[str]]) -> list[str]:
    """Sources whose rows name parents: answers and their citations."""
    heads = project.catalog.heads()
    return [name for name, above in parents.items() if not above and name in heads
            and head_of(project, name).count_rows("array_length(_parents) > 0")]


def _files(project: "Project", table: str) -> Iterator[str]:
    for place in places(project, table):
        folder = os.path.join(project.uri(place), "data")
        if os.path.isdir(folder):
            yield from (os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".lance"))


def _rows(project: "Project", table: str, column: str, is_wanted: Callable[[pa.Table], pa.Array]) -> Iterator[tuple[pa.Table, pa.Table]]:
    """(wanted rows with their names, the whole rows) of every file that has the column."""
    for path in _files(project, table):
        try:
            columns = LanceFileReader(path).metadata().schema.names
            if "_id" not in columns or column not in columns:
                continue
            key = [name for name in columns if not name.startswith("_")][:1]
            narrow = LanceFileReader(path, columns=list(dict.fromkeys(["_id", "_unit", column, *key]))).read_all().to_table()
        except (OSError, ValueError):       # cut off by a crash: the scan tells of it, and it goes with the others
            continue
        at = pc.indices_nonzero(is_wanted(narrow))
        if len(at):
            yield narrow.take(at), LanceFileReader(path).take_rows(at.to_pylist()).to_table()


def _take_source(project: "Project", trail: Trail, marks: set[bytes], texts: list[bytes]) -> None:
    catalog, known = project.catalog, dict[bytes, bool]()

    def wanted(rows: pa.Table) -> pa.Array:
        names = [name for name in rows.column_names if not name.startswith("_")]
        keys = rows[names[0]].to_pylist() if names and pa.types.is_string(rows[names[0]].type) else [None] * len(rows)
        found = []
        for unit, key in zip(id_list(rows["_unit"]), keys, strict=True):
            if unit not in known:
                is_listed = key is not None and digest(trail.table, key) == unit
                known[unit] = catalog.keeps_out(trail.table, key, marks) if is_listed else catalog.mark(unit) in marks
            found.append(known[unit])
        return pa.array(found, pa.bool_())

    for narrow, rows in _rows(project, trail.table, "_unit", wanted):
        trail.ids.setdefault(trail.table, set()).update(id_list(narrow["_id"]))
        units = id_list(narrow["_unit"])
        trail.units.update(units)
        key = next((name for name in narrow.column_names if not name.startswith("_")), None)
        if key and pa.types.is_string(narrow[key].type):
            trail.keys.update(text for text, unit in zip(narrow[key].to_pylist(), units, strict=True)
                              if text is not None and digest(trail.table, text) == unit)
        texts += _texts(rows)


def _take_made(project: "Project", trail: Trail, table: str, above: Sequence[str], texts: list[bytes]) -> None:
    gone = {key for name in above for key in trail.ids.get(name, ())}
    if len(gone) == trail.looked.get(table, 0):
        return
    trail.looked[table] = len(gone)
    wanted_ids = pa.array(sorted(gone), ID)

    def wanted(rows: pa.Table) -> pa.Array:
        column = rows["_parents"].combine_chunks()
        inside = pc.is_in(column.flatten(), value_set=wanted_ids)
        holders = pc.unique(pc.list_parent_indices(column).filter(inside))
        return pc.is_in(pa.array(range(len(rows)), pa.int64()), value_set=holders)

    declared = project.tables.get(table)
    is_mixed = declared is not None and declared.source is None and declared.chain.is_relation
    for narrow, rows in _rows(project, table, "_parents", wanted):
        trail.ids.setdefault(table, set()).update(id_list(narrow["_id"]))
        if not is_mixed:          # a relation's row holds what others hold too
            texts += _texts(rows)


def _texts(rows: pa.Table) -> list[bytes]:
    """The texts and bytes of some rows, those that name no one but the row itself."""
    found = []
    columns = [name for name in rows.column_names if name not in ("_id", "_unit", "_hash", "_parents", "_readers", "_stamp")
               and not name.startswith("_memo_") and not pa.types.is_fixed_size_list(rows.schema.field(name).type)]
    for row in rows.select(columns).slice(0, SAMPLE).to_pylist():
        found += [text for text in strings(row) if len(text) >= SHORT]
    return found


def _take_problems(project: "Project", trail: Trail, marks: set[bytes]) -> None:
    for problem in project.catalog.problems(trail.table):
        if project.catalog.keeps_out(trail.table, problem["key"], marks) or project.catalog.mark(problem["unit"]) in marks:
            trail.units.add(problem["unit"])
            trail.keys.add(problem["key"])


def _take_inbox(project: "Project", trail: Trail, marks: set[bytes], texts: list[bytes]) -> None:
    gone = {key.hex() for ids in trail.ids.values() for key in ids}
    for number, name, key, row in project.catalog.db.execute("select number, name, key, row from inbox order by number").fetchall():
        is_own = name == trail.table and project.catalog.keeps_out(name, key, marks)
        if is_own or (row and gone & set(json.loads(row)["parents"])):
            trail.inbox.append(number)
            gone |= {made.hex() for made in row_ids(name, [digest(name, key)], [b""], [0])}      # what else waits may be made from it
            waits = strings(json.loads(row)["row"]) if row else ()
            texts += [text for text in waits if len(text) >= SHORT and not TIME.fullmatch(text)]     # others have the same time
            trail.keys |= {key} if is_own else set()


def strings(value: object) -> Iterable[bytes]:
    """The texts within a value."""
    if isinstance(value, str | bytes):
        yield value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def head_of(project: "Project", table: str) -> lance.LanceDataset:
    return lance.dataset(project.uri(project.catalog.heads()[table].place), version=project.catalog.heads()[table].version)
