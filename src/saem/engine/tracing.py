"""Where a row came from, up to the source, and what was made from it."""
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError
from saem.core.identity import ID, table_id
from saem.engine.accepting import accepted
from saem.store.table import literal, lookup

if TYPE_CHECKING:
    import lance

    from saem.engine.project import Project

SHOWN = 1_000      # relatives of one row that are listed; the rest is counted


@dataclasses.dataclass
class Node:
    """A row in a trace. `label`: what a person calls it; `more`: relatives that are only counted; `whole`: every row of the table.

    readers   code of the row's readers; granted: who may read the table's rows whatever they may read of the parents
    accepted  of a model that saw what was forgotten: why it serves all the same
    """
    table: str
    id: str
    label: str
    values: dict[str, Any]
    links: "list[Node]" = dataclasses.field(default_factory=list)
    more: int = 0
    whole: bool = False
    readers: int | None = None
    granted: list[str] = dataclasses.field(default_factory=list)
    accepted: str = ""

    def to_dict(self, links: str) -> dict[str, Any]:
        made: dict[str, Any] = {"table": self.table, "row": self.id, "label": self.label}
        if self.whole:
            made["every_row"] = True
        if self.granted:
            made["granted"] = self.granted
        if self.accepted:
            made["accepted"] = self.accepted
        if self.links:
            made[links] = [node.to_dict(links) for node in self.links]
        return made | ({f"more_{links}": self.more} if self.more else {})


@dataclasses.dataclass
class Trace:
    """One row; `parents` lead up to the source records, `children` down to everything made from it."""
    row: Node
    parents: list[Node]
    children: list[Node]

    def to_dict(self) -> dict[str, Any]:
        values = {name: _short(value) for name, value in self.row.values.items()}
        return {"table": self.row.table, "row": self.row.id, "label": self.row.label, "values": values,
                **({"granted": self.row.granted} if self.row.granted else {}),
                **({"accepted": self.row.accepted} if self.row.accepted else {}),
                "parents": [n.to_dict("parents") for n in self.parents], "children": [n.to_dict("children") for n in self.children]}

    def sources(self) -> list[Node]:
        """The source records at the top."""
        found: dict[str, Node] = {}

        def climb(node: Node) -> None:
            for each in node.links:
                climb(each)
            if not node.links:
                found[node.id] = node

        for node in self.parents:
            climb(node)
        return list(found.values())


def trace(project: "Project", name: str) -> Trace:
    """Trace a row named by its id (hex, 8 or more digits), or by 'table:label' such as 'files:library.md'."""
    view = Rows(project)
    table, row = view.find(name)
    node = view.node(table, row)
    return Trace(node, view.parents(row["_parents"], ()), list(view.children(table, row["_id"], ())))


class Rows:
    """The published tables, opened once: rows by their names, with their relatives."""

    def __init__(self, project: "Project") -> None:
        self.project = project
        self.datasets: dict[str, lance.LanceDataset] = {name: project.published(name) for name in project.heads()}
        self.granted: dict[str, list[str]] = {}
        for each in project.catalog.grants():
            self.granted.setdefault(each["table"], []).append(each["reader"])
        self.accepted = {key: each["reason"] for key, each in accepted(project).items()}
        self.names = {table_id(name): name for name in self.datasets}
        edges = project.catalog.db.execute("select child, parent from consumed").fetchall()
        self.children_of = {name: sorted({c for c, p in edges if p == name and c in self.datasets}) for name in self.datasets}

    def find(self, name: str) -> tuple[str, dict[str, Any]]:
        table, colon, label = name.partition(":")
        if colon and table in self.datasets:
            found = self._labelled(table, label)
            if found:
                return table, found
        elif len(name) >= 8 and all(c in "0123456789abcdef" for c in name.lower()) and len(name) <= 32:
            matches = self._by_prefix(name.lower())
            if len(matches) == 1:
                return matches[0]
            if matches:
                raise SaemError("E209", f"'{name}' begins the names of {len(matches)} rows", fix="give more digits")
        raise SaemError("E209", f"no row is named '{name}'",
                        fix="give a row's id as `saem show TABLE --ids` prints it, an answer's id, or TABLE:KEY such as files:library.md")

    def _labelled(self, table: str, label: str) -> dict[str, Any] | None:
        dataset = self.datasets[table]
        for field in visible(dataset.schema):
            if pa.types.is_string(field.type):
                rows = dataset.to_table(filter=f"`{field.name}` = {literal(label)}", limit=2).to_pylist()
                if rows:
                    return rows[0]  # type: ignore[no-any-return]
        return None

    def _by_prefix(self, prefix: str) -> list[tuple[str, dict[str, Any]]]:
        low, high = bytes.fromhex(prefix.ljust(32, "0")), bytes.fromhex(prefix.ljust(32, "f"))
        found = []
        for name, dataset in self.datasets.items():
            is_whole = low == high
            condition = f"_id = {literal(low)}" if is_whole else f"_id >= {literal(low)} AND _id <= {literal(high)}"
            found += [(name, row) for row in dataset.to_table(filter=condition, limit=3).to_pylist()]
        return found

    def node(self, table: str, row: dict[str, Any]) -> Node:
        values = {k: v for k, v in row.items() if not k.startswith("_")}
        return Node(table, row["_id"].hex(), label(values), values, readers=row["_readers"], granted=self.granted.get(table, []),
                    accepted=self.accepted.get((table, row["_id"]), ""))

    def parents(self, names: list[bytes], path: tuple[bytes, ...]) -> list[Node]:
        """The parent rows, each with its own parents."""
        made = []
        wanted = [n for n in names if n not in path]
        for name in wanted:
            if name in self.names:
                table = self.names[name]
                made.append(Node(table, name.hex(), f"every row of {table} ({self.datasets[table].count_rows():,})", {}, whole=True))
        rest = [n for n in wanted if n not in self.names]
        for table, dataset in self.datasets.items():
            if not rest:
                break
            found = lookup(dataset, "_id", pa.array(rest[:SHOWN], ID), self._columns(dataset)).to_pylist()
            for row in found:
                node = self.node(table, row)
                node.links = self.parents(row["_parents"], (*path, row["_id"])) if len(rest) <= 50 else []
                made.append(node)
            known = {row["_id"] for row in found}
            rest = [n for n in rest if n not in known]
        for name in rest:      # an answer outlives what it cites
            made.append(Node("", name.hex(), "a row that is no longer there", {}))
        return made

    def children(self, table: str, row: bytes, path: tuple[str, ...]) -> Iterator[Node]:
        """The rows made from a row, each with those made from it."""
        for child in self.children_of[table]:
            if child in path:
                continue
            dataset = self.datasets[child]
            columns = self._columns(dataset)
            rows = dataset.to_table(columns=columns, filter=_has_parent(row), limit=SHOWN + 1).to_pylist()
            for each in rows[:SHOWN]:
                node = self.node(child, each)
                node.links = list(self.children(child, each["_id"], (*path, table)))
                yield node
            if dataset.count_rows(_has_parent(table_id(table))):
                yield Node(child, table_id(child).hex(), f"rows made from every row of {table}", {}, whole=True)
        yield from self._answers(table, row)

    def _answers(self, table: str, row: bytes) -> Iterator[Node]:
        """Source rows that name parents: recorded outputs, such as answers."""
        for name, dataset in self.datasets.items():
            if name not in self.children_of[table] and self._is_recorded(name):
                for each in dataset.to_table(columns=self._columns(dataset), filter=_has_parent(row), limit=SHOWN).to_pylist():
                    yield self.node(name, each)

    def _is_recorded(self, name: str) -> bool:
        return not self.project.catalog.consumed(name) and self.datasets[name].count_rows("array_length(_parents) > 0") > 0

    def _columns(self, dataset: "lance.LanceDataset") -> list[str]:
        heavy = [f.name for f in dataset.schema if pa.types.is_fixed_size_list(f.type) or pa.types.is_large_binary(f.type)]
        return [n for n in dataset.schema.names if n not in heavy and not n.startswith(("_memo_", "_tokens_", "_stamp"))]


def _has_parent(name: bytes) -> str:
    return f"array_has(_parents, arrow_cast({literal(name)}, 'FixedSizeBinary(16)'))"


def label(values: dict[str, Any]) -> str:
    """What a person calls a row: its question, path or title, with the first words of a piece of text."""
    texts = {name: value for name, value in values.items() if isinstance(value, str) and value}
    called = next((texts[name] for name in ("question", "path", "title", "name", "key") if name in texts), "")
    piece = next((texts[name] for name in ("quote", "text") if name in texts and "start" in values), "")
    if called:
        return f"{_short(called)}: {_short(' '.join(piece.split()), 40)}" if piece else str(_short(called))
    words = [str(v) for v in values.values() if isinstance(v, str | int | float) and str(v)]
    return str(_short(", ".join(words[:3])))


def _short(value: Any, limit: int = 80) -> Any:
    if isinstance(value, str) and len(value) > limit:
        return value[:limit].rstrip() + " ..."
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} values"
    return value
