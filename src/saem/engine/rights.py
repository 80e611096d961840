"""Questions about rights, for the owner: who may read a row, and why someone may not."""
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError
from saem.core.principals import Clauses, may_read
from saem.engine.tracing import Node, Rows

if TYPE_CHECKING:
    from saem.engine.project import Project


@dataclass(frozen=True)
class Readers:
    """A row's readers. `clauses`: a reader is in every one of them; `people`: whom the groups make of that; `for_all`: everyone known."""
    table: str
    row: str
    label: str
    clauses: list[list[str]]
    people: list[str]
    for_all: bool
    granted: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Obstacle:
    """A row that someone may not read, and so nothing that is made from it: its readers, and whether they were set at this row."""
    table: str
    row: str
    label: str
    clauses: list[list[str]]
    is_source: bool


def who_can_read(project: "Project", name: str) -> Readers:
    """Who may read a row, named as for `trace`."""
    rows = Rows(project)
    table, row = rows.find(name)
    node, readers = rows.node(table, row), project.catalog.readers(row["_readers"])
    names = {each for clause in readers for each in clause}
    groups = project.membership()
    people = sorted(each for each in (names | groups.people) - groups.names if may_read(readers, groups.of(each)))
    return Readers(table, node.id, node.label, _lists(readers), people, not readers, project.catalog.grants(table))


def why_not(project: "Project", person: str, name: str) -> list[Obstacle]:
    """The rows, up to the sources, that keep someone from reading a row; [] = nothing does."""
    rows = Rows(project)
    table, row = rows.find(name)
    names = project.membership().of(person)
    if may_read(project.catalog.readers(row["_readers"]), names):
        return []
    found: dict[str, Obstacle] = {}

    def climb(node: Node, code: int) -> None:
        readers = project.catalog.readers(code)
        if may_read(readers, names) or node.id in found:
            return
        above = [(parent, parent.readers) for parent in node.links if parent.readers is not None]
        kept_out = [pair for pair in above if not may_read(project.catalog.readers(pair[1] or 0), names)]
        for parent, parent_code in kept_out:
            climb(parent, parent_code or 0)
        if not kept_out:
            found[node.id] = Obstacle(node.table, node.id, node.label, _lists(readers), not node.links)

    node = rows.node(table, row)
    node.links = rows.parents(row["_parents"], ())
    climb(node, row["_readers"])
    return list(found.values())


def check_known(project: "Project", person: str) -> None:
    """Raises E602 for one whom no group and no row names: a typing mistake must not look like a right answer."""
    if not project.knows(person):
        raise SaemError("E602", f"nobody is named '{person}'",
                        fix="people are those in groups (saem.toml, or the table that it names), and the readers of rows")


def _lists(readers: Clauses) -> list[list[str]]:
    return sorted(sorted(clause) for clause in readers)
