"""Operators fused into one derivation; rows between them are never stored."""
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError, caller, suggest
from saem.core.identity import digest
from saem.core.operator import Operator


@dataclass(frozen=True)
class Chain:
    """What makes one table: operators, the tables that they read, and how.

    operators  the first may be any kind, those after it map or flat_map
    by         key columns of a relation or fit; () = the whole table is one group
    carry      columns of the first table that a flat_map's rows keep
    names      the tables read: the first, then `using`, in the order in which the operators take them
    schemas    their columns
    """
    operators: tuple[Operator, ...]
    by: tuple[str, ...]
    carry: tuple[str, ...]
    names: tuple[str, ...]
    schemas: tuple[pa.Schema, ...]

    def __post_init__(self) -> None:
        bound = [op.configured(by=list(self.by)) if op.takes_by and self.by else op for op in self.operators]
        object.__setattr__(self, "operators", (bound[0].reading(len(self.names)), *bound[1:]))
        first, *rest = self.operators
        for op in self.operators:
            op.check_settings()
        for op in rest:
            if op.kind in ("relation", "fit"):
                raise SaemError("E104", f"'{op.name}' is a {op.kind} and must come first", where=caller(),
                                fix="derive a table with the operators before it, then derive from that")
        for op in self.operators[:max((i for i, op in enumerate(self.operators) if op.kind == "flat_map"), default=0)]:
            if op.memo:
                what = f"'{op.name}' is costly and stands before an operator that starts new rows: its results would be lost"
                raise SaemError("E104", what, where=caller(), fix=f"derive a table with {op.name} first, then derive from that")
        wanted = sum(len(op.inputs) for op in self.operators) - len(self.operators) + 1
        if len(self.names) != wanted and first.inputs[0].shape != "tables":
            least = "or more " if any(each.is_many for each in first.inputs) else ""
            what = f"{' + '.join(op.name for op in self.operators)} reads {wanted} {least}tables, {len(self.names)} were given"
            raise SaemError("E104", what, where=caller(), fix="name the further tables in using=[...], in the order in which it takes them")
        if self.by and (first.kind not in ("relation", "fit") or first.links):
            what = f"by= is for relations of one key, '{first.name}' is {'one of links' if first.links else f'a {first.kind}'}"
            raise SaemError("E104", what, where=caller(), fix="leave by= out")
        for columns, schema in zip(first.links, self.schemas, strict=False):
            self._check(f"links of '{first.name}'", [name for name in columns if name not in ("_id", "_unit")], [schema])
        self._check("carry", self.carry, self.schemas[:1])
        self._check("by", self.by, self.schemas[:len(first.inputs)])
        if first.compares_pairs and not (len(self.by) == 1 and pa.types.is_list(self.schemas[0].field(self.by[0]).type)):
            raise SaemError("E104", f"'{first.name}' compares rows that share a value of one list column", where=caller(),
                            fix='derive(..., by="tags"), a column of lists')
        if self.carry and not self.has_flat_map:
            why = "a relation's rows have what it writes, its key too" if self.is_relation else "a map keeps the row's columns anyway"
            raise SaemError("E104", f"carry= is for operators that start new rows from one; {why}", where=caller(), fix="leave carry= out")
        _ = self.schema

    def _check(self, what: str, columns: Sequence[str], schemas: Sequence[pa.Schema]) -> None:
        for schema in schemas:
            for column in columns:
                if column not in schema.names:
                    raise SaemError("E101", f"{what}= names the column '{column}', which the table does not have", where=caller(),
                                    fix=suggest(column, visible(schema).names, "column"))

    @cached_property
    def schema(self) -> pa.Schema:
        """Columns of the derived table, without saem's own but with memo columns."""
        return self._shape[0]

    @property
    def local_key(self) -> tuple[str, ...]:
        """The columns that name a row within its unit: those of the last operator that starts new rows; () = one row a unit."""
        return self._shape[1]

    @cached_property
    def _shape(self) -> tuple[pa.Schema, tuple[str, ...]]:
        schemas = [visible(schema) for schema in self.schemas]
        schema, key, used = schemas[0], tuple[str, ...](), 1
        remembered: dict[str, str] = {}      # columns that the table is the memory of: the operators that wrote them
        for op in self.operators:
            further = schemas[used:used + len(op.inputs) - 1] if op.inputs[0].shape != "tables" else schemas[1:]
            before = (schema, *further)
            _check_columns(op, before)
            self._check_memory(op, before, remembered)
            schema, used = op.schema(*before), used + len(further)
            if op.kind != "map":
                key = op.key if op.key is not None else tuple(schema.names)
            if op.kind == "flat_map":
                remembered = {}
                schema = pa.schema([schemas[0].field(n) for n in self.carry if n not in schema.names] + list(schema))
        return pa.schema([f for f in schema if not f.name.startswith("_") or f.name.startswith(("_memo_", "_tokens_"))]), key

    def _check_memory(self, op: Operator, before: Sequence[pa.Schema], remembered: dict[str, str]) -> None:
        """A costly result is looked up in the table itself, so no later operator may replace it there."""
        written = op.writes(*before).names if op.kind == "map" else []
        for name in [*written[::-1], *op.consumed(before[0])]:     # the memo's own column stands last
            if name in remembered:
                what = f"'{op.name}' is costly and stands twice" if name == op.memo_column else \
                    f"'{op.name}' replaces '{name}', which the costly '{remembered[name]}' wrote and the table must keep"
                raise SaemError("E104", what, where=caller(), fix="write another column, or derive a further table")
        if op.memo:
            remembered |= dict.fromkeys(written, op.name)

    @property
    def is_relation(self) -> bool:
        return self.operators[0].kind in ("relation", "fit")

    @property
    def is_whole(self) -> bool:
        """One unit: the operator sees whole tables."""
        return self.is_relation and not self.by and not self.links

    @property
    def links(self) -> tuple[tuple[str, ...], ...]:
        """Per table the columns by which rows belong together; a unit is then a row of the first table, seen with its group."""
        return self.operators[0].links

    @property
    def has_flat_map(self) -> bool:
        return any(op.kind == "flat_map" for op in self.operators)

    @property
    def costly(self) -> list[Operator]:
        return [op for op in self.operators if op.memo]

    @cached_property
    def fingerprint(self) -> bytes:
        # what is read and written counts too: another column of a parent, or another carry, makes other rows
        shape = repr((self.by, self.carry, self.names, [(f.name, str(f.type)) for f in self.schema]))
        return digest(shape, *(op.fingerprint() for op in self.operators))

    @cached_property
    def split(self) -> int:
        """Operators from here on are costly maps (and maps after them): their rows can be computed in small slices."""
        last = max((i for i, op in enumerate(self.operators) if op.kind != "map"), default=-1)
        return next((i for i, op in enumerate(self.operators) if op.memo and i > last), len(self.operators))

    def columns(self, position: int = 0) -> list[str]:
        """Columns of an input table that are read."""
        schema = visible(self.schemas[position])
        if position or not self.has_flat_map:
            own = self.operators[0].reads_of(position) if self.is_relation and position < len(self.operators[0].inputs) else None
            return schema.names if own is None else [*own, *(c for c in self.by if c not in own)]
        names: list[str] = []
        for op in self.operators:
            names += op.reads_of(0) or schema.names
            if op.kind == "flat_map":
                break
        return list(dict.fromkeys([n for n in names if n in schema.names] + list(self.carry)))


def _check_columns(op: Operator, before: Sequence[pa.Schema]) -> None:
    """What an operator reads and names must be there: told at the user's line, not in the middle of a run."""
    for position, (each, schema) in enumerate(zip(op.inputs, before, strict=False)):
        for name in op.reads_of(position) or ():
            if name not in schema.names:
                called = f"{each.row_class.__name__}.{name}" if each.row_class else f"'{name}'"
                raise SaemError("E101", f"'{op.name}' reads {called}, and the table has no such column", where=caller(),
                                fix=suggest(name, schema.names, "column"))
    written = [name for name in op.writes(*before).names if name != op.memo_column]
    hidden = [name for name in written if name.startswith("_") and not name.startswith("_tokens_")]
    if hidden:
        raise SaemError("E201", f"'{op.name}' writes columns that begin with '_', which are saem's own: {', '.join(hidden)}",
                        where=caller(), fix="rename them")
    for what, names, known in (("memo", op.memo_of(before[0]), before[0].names), ("key", op.key or (), written)):
        for name in names:
            if name not in known:
                raise SaemError("E101", f"{what}= of '{op.name}' names the column '{name}', which is not there", where=caller(),
                                fix=suggest(name, known, "column"))
