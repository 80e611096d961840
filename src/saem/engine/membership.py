"""Who is in which group now: as `saem.toml` says, and as a table of the project has it.

The table is read as it is published, whatever snapshot is looked at: rights are those of today. One that is missing, or cannot be
read, has no rows: nobody is in its groups.
"""
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lance
import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError, caller, suggest
from saem.core.principals import Groups

if TYPE_CHECKING:
    from saem.engine.project import Project


@dataclass(frozen=True)
class GroupsTable:
    """A table with a row for each member of each group: the columns that name the two."""
    table: str
    group: str = "group"
    member: str = "member"


class Membership:
    """What was read last, and what it was read from."""

    def __init__(self, project: "Project") -> None:
        self.project = project
        self._known: tuple[Any, Groups] | None = None

    def now(self) -> Groups:
        """The groups of this moment; read again when something of them has changed."""
        named, table = self.project.groups, self.project.groups_table
        head = self.project.catalog.heads().get(table.table) if table else None
        key = (tuple((group, tuple(members)) for group, members in named.items()), table, head)
        if self._known is not None and self._known[0] == key:
            return self._known[1]
        if table is None or head is None:
            groups = Groups(named)
        else:
            try:
                rows = lance.dataset(self.project.uri(head.place), version=head.version).to_table(columns=[table.group, table.member])
                groups = Groups(named, _pairs(rows))
            except (OSError, ValueError):       # not kept: it may be whole again
                return Groups(named)
        self._known = key, groups
        return groups


def _pairs(rows: pa.Table) -> Iterator[tuple[str, str]]:
    for group, member in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        if isinstance(group, str) and isinstance(member, str):
            yield group, member


def check(project: "Project", table: GroupsTable) -> GroupsTable:
    """Raises: E101, E202 where the table or a column is not there, E105 where a column holds no names."""
    schema = visible(project.declared(table.table).schema)
    for column in (table.group, table.member):
        if column not in schema.names:
            raise SaemError("E101", f"groups come from '{table.table}', which has no column '{column}'", where=caller(),
                            fix=suggest(column, schema.names, "column"))
        if not pa.types.is_string(schema.field(column).type):
            raise SaemError("E105", f"the column '{column}' of '{table.table}' holds {schema.field(column).type}, no names",
                            where=caller(), fix="one row for each member of each group, both as text")
    return table
