"""Rows that a program puts: labels, questions, answers, events. They wait in the project's inbox until the next run takes them."""
import base64
import dataclasses
import datetime
import typing
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from saem.core.columns import row_schema, table_of
from saem.core.errors import SaemError, caller, suggest


@dataclasses.dataclass(frozen=True)
class Records:
    """A source without a place of its own: `table.put(rows)` and `table.drop(keys)` are durable at once, in the table after a run."""
    row_class: type
    key: tuple[str, ...]

    def encode(self, rows: Sequence[Any]) -> list[tuple[str, dict[str, Any]]]:
        """(natural key, values as JSON has them) of each row; none is taken if one does not fit."""
        self._check(rows)
        names, converted = row_schema(self.row_class).names, _converted(self.row_class)
        made = []
        for row in rows:
            values = {name: getattr(row, name) for name in names}
            key = key_text([values[name] for name in self.key])
            for name in converted:
                values[name] = _to_json(values[name])
            made.append((key, values))
        return made

    def _check(self, rows: Sequence[Any]) -> None:
        name = self.row_class.__name__
        for row in rows:
            if not isinstance(row, self.row_class):
                raise SaemError("E106", f"{row!r:.80} is no {name}", where=caller(), fix=f"put([{name}(...)])")
        try:
            table_of(list(rows), self.row_class)
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            if len(rows) > 1:                             # which one?
                self._check(rows[:len(rows) // 2])
                self._check(rows[len(rows) // 2:])
            raise SaemError("E106", f"{rows[0]!r:.80} does not fit the types of {name}: {error}", where=caller(),
                            fix="put values of the hinted types") from error

    def decode(self, rows: Iterable[dict[str, Any]]) -> list[Any]:
        """The rows again, of what `encode` gave."""
        hints, converted = _hints(self.row_class), _converted(self.row_class)
        made = []
        for values in rows:
            known = {name: value for name, value in values.items() if name in hints}
            for name in converted & known.keys():
                known[name] = _from_json(known[name], hints[name])
            try:
                made.append(self.row_class(**known))
            except TypeError as error:
                raise SaemError("E106", f"a row that was put before {self.row_class.__name__} changed does not fit it: {error}",
                                fix="give the new field a default; the row waits, nothing is lost") from error
        return made


def records(row_class: type, key: str | Iterable[str] | None = None) -> Records:
    """Rows of a dataclass; `key` names the columns of the natural key (default: the first field).

    >>> @dataclasses.dataclass
    ... class Label:
    ...     student: str
    ...     passed: bool
    >>> records(Label).key
    ('student',)
    """
    names = row_schema(row_class).names
    keys = (names[0],) if key is None else (key,) if isinstance(key, str) else tuple(key)
    for name in keys:
        if name not in names:
            raise SaemError("E101", f"key= names the column '{name}', which {row_class.__name__} does not have", where=caller(),
                            fix=suggest(name, names, "column"))
    return Records(row_class, keys)


def key_text(values: list[Any]) -> str:
    """A natural key as text, as `source_units` has it: a single text stands for itself."""
    key = values[0] if len(values) == 1 else tuple(values)
    return key if isinstance(key, str) else repr(key)


_hints = cache(typing.get_type_hints)


@cache
def _converted(row_class: type) -> frozenset[str]:
    """The fields whose values JSON does not hold as they are."""
    as_they_are = {str, int, float, bool, type(None)}
    return frozenset(name for name, hint in _hints(row_class).items() if not set(typing.get_args(hint) or (hint,)) <= as_they_are)


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def _from_json(value: Any, hint: Any) -> Any:
    kinds = [hint, *typing.get_args(hint)]
    if isinstance(value, list):
        return [_from_json(item, kinds[-1]) for item in value]
    if isinstance(value, dict):
        row_class = next(kind for kind in kinds if isinstance(kind, type) and dataclasses.is_dataclass(kind))
        hints = _hints(row_class)
        return row_class(**{name: _from_json(item, hints[name]) for name, item in value.items()})
    if isinstance(value, str):
        for kind, read in ((datetime.datetime, datetime.datetime.fromisoformat), (datetime.date, datetime.date.fromisoformat),
                           (bytes, base64.b64decode)):
            if kind in kinds:
                return read(value)
    return value
