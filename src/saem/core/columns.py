"""Row classes and Arrow: a dataclass's fields are the columns that are read or written."""
import dataclasses
import datetime
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa

from saem.core.errors import SaemError

PLAIN: dict[Any, pa.DataType] = {
    str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.large_binary(),
    datetime.date: pa.date32(), datetime.datetime: pa.timestamp("us", tz="UTC"), datetime.timedelta: pa.duration("us"),
}


def arrow_type(hint: Any) -> pa.DataType:
    """str, int, float, bool, bytes, date, datetime, X | None, list[X] and dataclasses (structs)."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        kept = [a for a in arguments if a is not type(None)]
        if len(kept) == 1:
            return arrow_type(kept[0])
    if origin is typing.Literal:
        return arrow_type(type(arguments[0]))
    if origin in (list, tuple) and arguments:
        return pa.list_(arrow_type(arguments[0]))
    if dataclasses.is_dataclass(hint):
        return pa.struct(list(row_schema(typing.cast(type, hint))))
    raise SaemError("E105", f"a column cannot hold {hint!r}",
                    fix="use str, int, float, bool, bytes, date, datetime, list[...] of these, or X | None")


@cache
def row_schema(row_class: type) -> pa.Schema:
    """The columns of a row class, in the order of its fields."""
    hints = typing.get_type_hints(row_class)
    return pa.schema([(f.name, arrow_type(hints[f.name])) for f in dataclasses.fields(row_class)])


def objects(rows: pa.Table, row_class: type) -> list[Any]:
    """(n,) instances of `row_class` out of the columns that it names; structs become their own row classes."""
    schema = row_schema(row_class)
    for name in schema.names:
        if name not in rows.column_names:
            raise SaemError("E101", f"'{row_class.__name__}' reads the column '{name}', which the rows do not have",
                            fix=f"columns there are: {', '.join(n for n in rows.column_names if not n.startswith('_'))}")
    hints = typing.get_type_hints(row_class)
    columns = [_values(rows[name], hints[name]) for name in schema.names]
    return [row_class(*values) for values in zip(*columns, strict=True)] if columns else [row_class() for _ in range(len(rows))]


def _values(column: pa.ChunkedArray, hint: Any) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return [_built(value, hint) for value in values] if _holds_structs(column.type) else values


def _built(value: Any, hint: Any) -> Any:
    """Structs become their row classes, however deep they lie."""
    if dataclasses.is_dataclass(hint) and value is not None:
        hints = _hints(typing.cast(type, hint))
        return typing.cast(type, hint)(**{name: _built(each, hints[name]) for name, each in value.items()})
    inner = [a for a in typing.get_args(hint) if a is not type(None)]
    if isinstance(value, list):
        return [_built(each, inner[0]) for each in value] if typing.get_origin(hint) in (list, tuple) else _built(value, inner[0])
    return _built(value, inner[0]) if isinstance(value, dict) else value


@cache
def _hints(row_class: type) -> dict[str, Any]:
    return typing.get_type_hints(row_class)


def _holds_structs(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) or (pa.types.is_list(kind) and _holds_structs(kind.value_type))


def table_of(rows: list[Any], row_class: type) -> pa.Table:
    """Instances of `row_class` -> columns. A value that its hint does not allow is refused, never rounded or cut."""
    schema, optional = row_schema(row_class), _optional(row_class)
    arrays = []
    for field in schema:
        values = [getattr(row, field.name) for row in rows]
        if field.name not in optional and any(value is None for value in values):
            raise TypeError(f"'{field.name}' is None, its hint does not allow that")
        if pa.types.is_integer(field.type) and any(isinstance(value, float) for value in values):
            raise TypeError(f"'{field.name}' holds a float, its hint says int")
        if pa.types.is_list(field.type) and any(isinstance(value, str | bytes) for value in values):
            raise TypeError(f"'{field.name}' holds a text, its hint says a list")
        if plainer := _plainer(_hints(row_class)[field.name]):
            values = [plainer(value) for value in values]
        arrays.append(pa.array(values, field.type))
    return pa.table(arrays, schema=schema)


@cache
def _optional(row_class: type) -> frozenset[str]:
    """The fields that may be None."""
    return frozenset(name for name, hint in _hints(row_class).items() if hint is Any or type(None) in typing.get_args(hint))


@cache
def _plainer(hint: Any) -> Callable[[Any], Any] | None:
    """What makes dicts of the row classes in a value of that hint; None where it holds none. (dataclasses.asdict copies every
    value that it finds on the way: seven times as slow.)"""
    if dataclasses.is_dataclass(hint):
        row_class = typing.cast(type, hint)
        inner = [(name, _plainer(each)) for name, each in _hints(row_class).items()]

        def plain(row: Any) -> Any:
            if not isinstance(row, row_class):                # a dict, None, or what Arrow will refuse
                return dataclasses.asdict(row) if hasattr(row, "__dataclass_fields__") else row
            return {name: value if plainer is None or value is None else plainer(value)
                    for name, plainer in inner for value in (getattr(row, name),)}
        return plain
    plainer = next(filter(None, map(_plainer, typing.get_args(hint))), None)
    if plainer is None or typing.get_origin(hint) not in (list, tuple):
        return plainer
    return lambda rows: None if rows is None else [plainer(row) for row in rows]


def visible(schema: pa.Schema) -> pa.Schema:
    """The columns that are the user's; saem's own begin with '_'."""
    return pa.schema([field for field in schema if not field.name.startswith("_")])
