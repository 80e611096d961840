"""What the hints of a function say: the tables that it reads, the kind of operator that it is, its settings."""
import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa

from saem.core.errors import SaemError
from saem.core.shapes import Group, Groups, Input, Made, Pairs, Tables


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise bad_hints(function, f"a hint of '{function.__name__}' cannot be read: {error}",
                         "define its row classes at the top of a module, or leave out `from __future__ import annotations`") from error


def inputs_of(function: Callable[..., Any], hints: Mapping[str, Any]) -> tuple[Input, ...]:
    inputs: list[Input] = []
    for name, parameter in inspect.signature(function).parameters.items():
        made = _input(hints[name]) if name in hints and parameter.kind is not inspect.Parameter.KEYWORD_ONLY else None
        if made is None:
            break
        inputs.append(made)
    if not inputs:
        raise bad_hints(function, f"operator '{function.__name__}' needs type hints: its kind is read off them",
                         f"write `def {function.__name__}(row: Doc) -> Iterable[Chunk]`, with dataclasses Doc and Chunk")
    return tuple(inputs)


def _input(hint: Any) -> Input | None:
    if typing.get_origin(hint) is Annotated and hint in (Group, Groups, Pairs):
        return Input(typing.get_args(hint)[1], None)
    if hint is pa.Table:
        return Input("rows", None)
    if hint is Tables:
        return Input("tables", None)
    item = _item(hint)
    if item == Groups:
        return Input("groups", None, is_many=True)
    if item is not None and dataclasses.is_dataclass(item):
        return Input("list", typing.cast(type, item))
    return Input("row", hint) if dataclasses.is_dataclass(hint) and isinstance(hint, type) else None


def kind_of(function: Callable[..., Any], inputs: tuple[Input, ...], result: Any) -> tuple[str, type | None]:
    first, item = inputs[0].shape, _item(result)
    output = item or result
    is_row = dataclasses.is_dataclass(output) and output is not Made
    table = {("rows", pa.Table): "map", ("rows", Made): "flat_map", ("group", pa.Table): "relation",
             ("groups", Made): "relation", ("pairs", Made): "relation", ("tables", pa.Table): "relation"}.get((first, result))
    if table:
        return table, None
    if is_row and first == "row":
        return ("flat_map" if item else "map"), typing.cast(type, output)
    if is_row and first in ("list", "group"):
        return ("relation" if item else "fit"), typing.cast(type, output)
    what = f"it returns {result!r}" if result is not None else "it does not say what it returns"
    raise bad_hints(function, f"the hints of '{function.__name__}' fit no kind of operator: {what}",
                     "return a dataclass (one row), Iterable[dataclass] (many), pa.Table or Made")


def _item(hint: Any) -> Any:
    """Iterable[X], Iterator[X] or list[X] -> X; anything else -> None."""
    origin = typing.get_origin(hint)
    is_many = isinstance(origin, type) and issubclass(origin, Iterable) and origin is not tuple
    return typing.get_args(hint)[0] if is_many else None


def settings_of(function: Callable[..., Any], inputs: int) -> dict[str, Any]:
    """Names and hints of the parameters that are not tables."""
    hints = typing.get_type_hints(function)
    return {name: hints.get(name, Any) for name in list(inspect.signature(function).parameters)[inputs:]}


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of the hinted type, as far as plain types go; what cannot be told is let through."""
    if hint is Any or callable(value) and not isinstance(value, type) and hint not in (int, str, float, bool, list):
        return True
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return value in arguments
    if arguments and (origin is typing.Union or str(type(hint)).endswith("UnionType'>")):
        return any(fits(value, each) for each in arguments)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    plain = origin or hint
    if plain in (list, Sequence):
        return isinstance(value, list | tuple)
    return isinstance(value, plain) if isinstance(plain, type) else True


def name_of(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).replace("typing.", "")


def listed(known: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} ({name_of(hint)})" for name, hint in known.items()) or "none"


def bad_hints(function: Callable[..., Any], what: str, fix: str) -> SaemError:
    code = function.__code__
    return SaemError("E105", what, where=f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}", fix=fix)
