"""Where rows enter. A source is a typed function, or a listing; saem compares what it gives with what the table holds.

    @saem.source(version="1", key="url")
    def pages(site: str) -> Iterable[Page]: ...        all rows there are; one that is missing next time is deleted

A *listing* first says cheaply what there is and how each thing is stamped (size and time, an etag), and is asked for the
content of those only whose stamp is new: `entries()` and `read(key)`; see `Listing`.
"""
import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from saem.core.columns import row_schema
from saem.core.errors import SaemError, caller, suggest
from saem.core.principals import Clauses


@dataclasses.dataclass(frozen=True)
class Entry:
    """One thing that a listing sees. `stamp` changes when the content may have; '' = always read it again.

    `skipped` names the rule that leaves it out and the value that decided ('max_bytes: 3 GB > 256 MB'); `failed` says why it
    cannot be listed properly (then it is quarantined and what the table held of it stays).
    """
    key: str
    stamp: str = ""
    skipped: str = ""
    failed: str = ""


class Vanished(Exception):
    """Raise from a listing's `read` for a thing that is no longer there: the next listing will not have it, nothing is quarantined."""


class Listing(Protocol):
    """A source that can tell cheaply what has changed. `row_class`'s first field is the natural key."""
    row_class: type

    def entries(self) -> Iterable[Entry]:
        """Everything that there is now; raises if that cannot be told (nothing is deleted then)."""

    def read(self, key: str) -> tuple[Any, str]:
        """(the row, its stamp as of this reading). The row's first field is the key, as its entry has it.

        Raises: Vanished if it is no longer there; anything else if it cannot be read: then the row is quarantined.
        """


class Permitted(Protocol):
    """A source that knows itself who may read its rows: used where `db.source` is given no `readers=`."""

    def readers_of(self, key: Any) -> Clauses:
        """Clauses of names (`saem.core.principals`): who may read is in each. Asked at every run, after `entries()`."""


class Rows(Protocol):
    """A source that gives all its rows each time."""
    row_class: type
    key: tuple[str, ...]

    def rows(self) -> Iterator[Any]:
        """Instances of `row_class`, or Arrow tables with its columns."""


class Inbox(Protocol):
    """A source whose rows a program puts into the project's inbox; see `saem.sources.records`."""
    row_class: type
    key: tuple[str, ...]

    def encode(self, rows: Sequence[Any]) -> list[tuple[str, dict[str, Any]]]:
        """(natural key as text, values that JSON can hold) of each row."""

    def decode(self, rows: Iterable[dict[str, Any]]) -> list[Any]:
        """The rows again."""


@dataclasses.dataclass(frozen=True)
class FunctionSource:
    """A generator function with its settings bound."""
    function: Callable[..., Iterable[Any]]
    row_class: type
    key: tuple[str, ...]
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.function.__name__

    def __call__(self, *arguments: Any, **settings: Any) -> "FunctionSource":
        try:
            bound = inspect.signature(self.function).bind_partial(*arguments, **settings)
        except TypeError as error:
            known = list(inspect.signature(self.function).parameters)
            wrong = [name for name in settings if name not in known]
            raise SaemError("E104", f"source '{self.name}': {error}", where=caller(),
                            fix=suggest(wrong[0] if wrong else "", known, "setting")) from None
        return dataclasses.replace(self, settings={**self.settings, **bound.arguments})

    def check_settings(self) -> None:
        """Every setting without a default must have been given."""
        for name, parameter in inspect.signature(self.function).parameters.items():
            if name not in self.settings and parameter.default is inspect.Parameter.empty:
                raise SaemError("E104", f"source '{self.name}' needs the setting '{name}'", where=caller(), fix=f"{self.name}({name}=...)")

    def rows(self) -> Iterator[Any]:
        return iter(self.function(**self.settings))


def source(function: Callable[..., Any] | None = None, *, version: str = "1",
           key: str | Sequence[str] = ()) -> Callable[[Callable[..., Iterable[Any]]], FunctionSource]:
    """Make a typed generator function a source: `@source(version="1", key="url")`.

    `key` names the columns of the natural key; `version` is for people.
    """
    if function is not None or not key:
        raise SaemError("E105", "a source needs a key: which columns tell its rows apart?", where=caller(),
                        fix='@saem.source(version="1", key="url")')

    def wrap(function: Callable[..., Iterable[Any]]) -> FunctionSource:
        result = typing.get_type_hints(function).get("return")
        arguments = typing.get_args(result)
        if not arguments or not dataclasses.is_dataclass(arguments[0]):
            raise SaemError("E105", f"source '{function.__name__}' needs a type hint: what rows does it give?", where=caller(),
                            fix=f"write `def {function.__name__}(...) -> Iterable[Page]`, with a dataclass Page")
        row_class = typing.cast(type, arguments[0])
        keys = (key,) if isinstance(key, str) else tuple(key)
        names = row_schema(row_class).names
        for name in keys:
            if name not in names:
                raise SaemError("E101", f"key= names the column '{name}', which {row_class.__name__} does not have", where=caller(),
                                fix=suggest(name, names, "column"))
        return FunctionSource(function, row_class, keys)
    return wrap
