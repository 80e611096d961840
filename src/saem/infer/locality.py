"""Which passages may not leave the machine: those made from a source that is declared with remote=False."""
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from saem.core.identity import ID, table_id
from saem.engine.declaring import RECORDED
from saem.store.heads import Head
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table


BARRED = "its source bars it from remote models"


def barred(table: "Table", heads: Mapping[str, Head], rows: Sequence[str]) -> set[str]:
    """Those of a table's rows that come from a source which bars them. A source that no pipeline declares now bars all: fails closed."""
    project = table.project
    above = _above(table)
    closed = {name for name in above if not project.catalog.consumed(name)
              and (name not in project.tables or not project.tables[name].remote)}
    if not closed:
        return set()
    if closed >= {name for name in above if not project.catalog.consumed(name)}:
        return set(rows)
    return {row for row in rows if _reaches(table, heads, row, above, closed)}


def closed_above(project: "Project", tables: Iterable[str]) -> list[str]:
    """The sources with remote=False that declared tables are made from. For operators: what a run is at work on is published nowhere yet.

    Answers and calls may be made from anything: all sources count.
    """
    found, waiting = set[str](), list(tables)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += project.tables if name in RECORDED else project.declared(name).parent_names
    return sorted(name for name in found if not project.declared(name).remote)


def _above(table: "Table") -> list[str]:
    """All tables that a table was made from."""
    found, waiting = list[str](), [table.name]
    while waiting:
        for parent in table.project.catalog.consumed(waiting.pop()):
            if parent not in found:
                found.append(parent)
                waiting.append(parent)
    return found


def _reaches(table: "Table", heads: Mapping[str, Head], row: str, above: Sequence[str], closed: set[str]) -> bool:
    """Whether the lineage of a row ends in one of the closed sources."""
    names = {table_id(name): name for name in above}
    wanted, seen = {bytes.fromhex(row)}, set[bytes]()
    for name in (table.name, *above, *above):       # enough rounds for tables in any order
        if name not in heads:
            continue
        here = wanted - seen
        found = lookup(table.project.origin.published(name, heads), "_id", pa.array(sorted(here), ID), ["_id", "_parents"]).to_pylist()
        if found and name in closed:
            return True
        seen |= {each["_id"] for each in found}
        wanted |= {parent for each in found for parent in each["_parents"]}
        if any(names.get(each) in closed or _holds_closed(table, names.get(each), closed) for each in wanted):
            return True                          # made from every row of a table
    return bool(wanted - seen - set(names))      # a parent that is nowhere: nobody knows where it is from


def _holds_closed(table: "Table", name: str | None, closed: set[str]) -> bool:
    if name is None:
        return False
    above, waiting = {name}, [name]
    while waiting:
        for parent in table.project.catalog.consumed(waiting.pop()):
            if parent not in above:
                above.add(parent)
                waiting.append(parent)
    return bool(above & closed)
