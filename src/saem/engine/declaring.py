"""What a user declares, checked while the line that says it is at hand: sources, and tables that are derived."""
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core.columns import row_schema
from saem.core.errors import SaemError, caller
from saem.core.operator import Operator
from saem.core.source import FunctionSource
from saem.engine.ingest import Readers
from saem.engine.table import Table

if TYPE_CHECKING:
    from saem.engine.project import Project

RECORDED = ("answers", "citations", "calls", "evaluations", "answer_scores")      # what `ask`, models and `evaluate` record
NAME = "abcdefghijklmnopqrstuvwxyz0123456789_"


def declared_source(project: "Project", name: str, source: Any, readers: Readers | None, remote: bool) -> Table:
    """See `Project.source`."""
    gives = any(hasattr(source, name) for name in ("entries", "rows", "encode"))
    if isinstance(source, Operator | str | type) or not gives:
        raise SaemError("E105", f"{source!r:.60} is no source", where=caller(), fix='db.source("files", folder("handbook"))')
    if isinstance(source, FunctionSource):
        source.check_settings()
    if hasattr(source, "at"):
        source = source.at(project.root)
    _check_rows(source)
    has_own = getattr(source, "readers_of", None) is not None
    if has_own and readers is not None:
        raise SaemError("E104", f"readers= is given, and the source of '{name}' names readers of its own", where=caller(),
                        fix="leave one of the two out")
    if readers is None and not has_own:
        readers = ("*",)
    if isinstance(readers, str) and readers not in source.row_class.__dataclass_fields__:
        raise SaemError("E101", f"readers= names the column '{readers}', which the source does not have", where=caller(),
                        fix=f'readers=["{readers}"] for a person or group of that name')
    return Table(project, name, source=source, readers=readers, remote=remote)


def declared_table(project: "Project", name: str, operators: tuple[Operator, ...], by: str | Sequence[str], carry: str | Sequence[str],
                   using: Iterable[Table | str]) -> Table:
    """See `Project.derive`."""
    if not operators:
        raise SaemError("E104", f"'{name}' is derived by no operator", where=caller(), fix='docs.derive("chunks", chunk())')
    for op in operators:
        if not isinstance(op, Operator):
            raise SaemError("E105", f"{op!r:.60} is no operator", where=caller(),
                            fix="decorate the function with @saem.operator(version=\"1\"), with type hints")
    parents = [t.name if isinstance(t, Table) else t for t in using]
    for op in operators:
        named = op.reads(**op.settings) if op.reads else []
        parents += [n for n in named if n not in parents or op.inputs[0].shape != "tables"]
    if not parents:
        raise SaemError("E104", f"'{name}' is derived from no table", where=caller(), fix="give using=[...]")
    if (before := operators[0].before()) is not None:
        parents[0] = project.derive(f"{name}_{before.name}", before, using=parents[:1]).name
    table = Table(project, name, operators=operators, parents=parents, by=(by,) if isinstance(by, str) else by or operators[0].by,
                  carry=(carry,) if isinstance(carry, str) else carry)
    try:
        _ = table.chain         # mistakes show here, at the user's line
    except SaemError as error:
        if error.code != "E202":    # a table that is declared further down is looked for again when all are known
            raise
    return table


def check_name(table: Table) -> None:
    """Raises: E201 for what cannot name a table, and for the names of saem's own."""
    if not table.name or table.name[0] in "_0123456789" or set(table.name) - set(NAME):
        raise SaemError("E201", f"'{table.name}' cannot name a table", where=caller(),
                        fix="lower-case letters, digits and '_', a letter first")
    if table.name in RECORDED and not getattr(getattr(table.source, "row_class", None), "__module__", "").startswith("saem."):
        raise SaemError("E201", f"'{table.name}' is the table that saem keeps its own {table.name} in", where=caller(),
                        fix="name it otherwise")


def _check_rows(source: Any) -> None:
    """A source's rows must be of a dataclass whose columns are the user's."""
    row_class = getattr(source, "row_class", None)
    if not (isinstance(row_class, type) and is_dataclass(row_class)):
        raise SaemError("E105", f"the source {type(source).__name__} does not say what rows it gives", where=caller(),
                        fix="row_class = YourDataclass")
    names = row_schema(row_class).names
    hidden = [name for name in names if name.startswith("_")]
    if hidden:
        raise SaemError("E201", f"columns that begin with '_' are saem's own: {', '.join(hidden)}", where=caller(), fix="rename them")
    if hasattr(source, "entries") and row_schema(row_class).types[0] != pa.string():
        raise SaemError("E105", f"the first field of {row_class.__name__} is the key of a listing and must be str", where=caller(),
                        fix=f"begin {row_class.__name__} with the key, as a str")
