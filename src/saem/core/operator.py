"""A typed function becomes an operator; its kind is read off its hints.

    hints                                             kind       saem calls it
    Doc -> Page                                       map        with a row; Page's fields are added to the row
    Doc -> Iterable[Chunk]                            flat_map   with a row; new rows of Chunk's fields
    list[Tap] -> Iterable[Total]                      relation   with all rows of one key (`by=`), or of the table
    list[Label] -> Model                              fit        the same; one row comes out
    pa.Table -> pa.Table                              map        with many rows; returns them with columns added
    pa.Table -> Made                                  flat_map   with many rows
    Group -> pa.Table   |   Group -> Model            relation | fit   with the rows of one key, as Arrow
    Groups -> Made                                    relation   with the rows of many keys at once, as Arrow; a further parameter
                                                                 `Sequence[Groups]` is one table or several of the same columns
    Pairs -> Made                                     relation   with rows that share values of a list column (`by=`), as Arrow
    Tables -> pa.Table                                relation   with whole tables by name (SQL)

Doc, Page ... are dataclasses: their fields are the columns read and written. Further row-like positional parameters are
further tables (`using=`). Every other parameter is a setting.
"""
import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from saem.core.columns import row_schema
from saem.core.errors import SaemError, caller, suggest
from saem.core.fingerprint import fingerprint
from saem.core.hints import bad_hints, fits, hints_of, inputs_of, kind_of, listed, name_of, settings_of
from saem.core.identity import digest
from saem.core.shapes import Declared, Input, Tables


@dataclasses.dataclass(frozen=True)
class Operator:
    """A function with what saem must know of it. Call it with a row to run it, with settings alone to configure it."""
    function: Callable[..., Any]
    kind: str                               # map, flat_map, relation or fit
    inputs: tuple[Input, ...]
    output: type | None                     # row class written; None = Arrow, see `adds`
    version: str
    adds: pa.Schema | Callable[..., pa.Schema] | None
    consumes: tuple[str, ...] | Callable[..., Sequence[str]]    # columns that a map replaces: they do not stay on the row
    memo: tuple[str, ...] | Callable[..., Sequence[str]]       # costly: these columns decide the result, which is looked up first
    key: tuple[str, ...] | None             # columns that name a row within its unit; None = all that it writes
    reads: Callable[..., Sequence[str]] | None   # names of further tables, read off the settings
    encoder: Callable[..., str] | None       # the model that must encode what is asked of the vectors written, read off the settings
    depends: Callable[..., Sequence[str]] | tuple[str, ...]    # versions of libraries and weights, or how the settings tell them
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sees_readers: bool = False              # of a relation: rows come with READERS, and a change of readers alone touches them
    waits: Callable[[Any], bool] | None = None      # of a row: whether its call waits for another process, so that several may go at once
    takes: Callable[..., Sequence[str]] | tuple[str, ...] = ()      # columns that an Arrow operator reads; () = all
    by: tuple[str, ...] = ()                        # the key columns of a relation that always has the same ones
    through: "Operator | None" = None               # of a relation: what makes of its first table the rows that it compares
    links: tuple[tuple[str, ...], ...] = ()         # per input: rows that share a value in these columns belong together, see `operator`
    gate: Callable[..., list[str] | None] | None = None      # looks at the whole table before it is published; see `operator`
    checks: Callable[..., None] | None = None       # looks at the settings when they are given; raises E104
    suits: Callable[..., None] | None = None        # looks at the tables that it is to read, see `operator`
    first_of: tuple[str, ...] | None = None         # of pairs: columns of which the first row of equal ones stands for all, see `operator`

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.function.__doc__

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """So that doctest and inspect find the function."""
        return self.function

    @property
    def is_batch(self) -> bool:
        return self.inputs[0].row_class is None

    @property
    def parameters(self) -> int:
        """How many of the function's parameters are tables: several tables may be one list."""
        return len(self.inputs) - max(0, sum(each.is_many for each in self.inputs) - 1)

    def reading(self, tables: int) -> "Operator":
        """The same operator over so many tables; only one that takes a list of them has room for more than it declares."""
        place = next((number for number, each in enumerate(self.inputs) if each.is_many), None)
        more = tables - len(self.inputs)
        if place is None or more <= 0:
            return self
        inputs, links = ((*own[:place], *own[place:place + 1] * (more + 1), *own[place + 1:]) for own in (self.inputs, self.links))
        return dataclasses.replace(self, inputs=tuple(inputs), links=tuple(links))

    def arguments(self, tables: Sequence[pa.Table]) -> list[Any]:
        """Tables as the function takes them."""
        made: list[Any] = []
        for number, (table, each) in enumerate(zip(tables, self.inputs, strict=True)):
            if each.is_many and number and self.inputs[number - 1].is_many:
                made[-1].append(table)
            else:
                made.append([table] if each.is_many else table)
        return made

    @property
    def compares_pairs(self) -> bool:
        return self.inputs[0].shape == "pairs"

    def reads_of(self, position: int) -> list[str] | None:
        """The columns that it reads of one of its tables; None = all."""
        if self.inputs[position].row_class or position:
            return self.inputs[position].columns
        return list(self._told(self.takes) if callable(self.takes) else self.takes) or None

    def before(self) -> "Operator | None":
        """What must stand between its first table and itself, as a table of its own."""
        if self.through is None:
            return None
        shared = settings_of(self.through.function, self.through.parameters)
        return self.through.configured(**{name: value for name, value in self.settings.items() if name in shared})

    @property
    def takes_by(self) -> bool:
        """The setting `by` is what `derive(by=...)` says."""
        return "by" in inspect.signature(self.function).parameters

    @property
    def memo_column(self) -> str:
        return f"_memo_{self.name}"

    def fingerprint(self) -> bytes:
        """Changes whenever the same input could give another output."""
        libraries = tuple(self._told(self.depends)) if callable(self.depends) else self.depends
        memo = fingerprint(self.memo, {}) if callable(self.memo) else self.memo
        consumes = fingerprint(self.consumes, {}) if callable(self.consumes) else self.consumes
        declared = repr((self.name, self.version, consumes, memo, self.key, libraries, *([self.links] if self.links else [])))
        wanted, parameters = settings_of(self.function, self.parameters), inspect.signature(self.function).parameters
        defaults = {name: parameters[name].default for name in wanted if parameters[name].default is not inspect.Parameter.empty}
        return digest(declared, fingerprint(self.function, {**defaults, **self.settings}))

    def consumed(self, before: pa.Schema) -> tuple[str, ...]:
        """The columns of a table that do not stay on the row."""
        return tuple(self._told(self.consumes, before)) if callable(self.consumes) else self.consumes

    def memo_of(self, before: pa.Schema) -> list[str]:
        """The columns of a table that decide the costly result."""
        return list(self._told(self.memo, before) if callable(self.memo) else self.memo)

    def _told(self, tell: Callable[..., Any], *arguments: Any) -> Any:
        """Ask a declaration, with those settings that it wants to know."""
        parameters = inspect.signature(tell).parameters.values()
        takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
        wanted = {p.name for p in parameters}
        return tell(*arguments, **{name: value for name, value in self.settings.items() if takes_all or name in wanted})

    def about(self) -> dict[str, str]:
        """What tells it from its former self, for people: name, version, settings, what it depends on, code."""
        libraries = tuple(self._told(self.depends)) if callable(self.depends) else self.depends
        return {"operator": self.name, "version": self.version, "settings": repr(dict(sorted(self.settings.items()))),
                "depends on": ", ".join(libraries), "code": fingerprint(self.function, {}).hex()}

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        if arguments and self._is_row(arguments[0]):
            return self.function(*arguments, **{**self.settings, **settings})
        return self.configured(*arguments, **settings)

    def _is_row(self, value: Any) -> bool:
        first = self.inputs[0]
        if isinstance(value, pa.Table | pa.RecordBatch | Tables):
            return True
        if first.shape == "row":
            return dataclasses.is_dataclass(value) and not isinstance(value, type)
        return first.shape == "list" and isinstance(value, Iterable) and not isinstance(value, str | bytes)

    def configured(self, *arguments: Any, **settings: Any) -> "Operator":
        """The same operator with settings; a wrong name or a value of the wrong type fails here."""
        known = settings_of(self.function, self.parameters)
        if len(arguments) > len(known):
            raise SaemError("E104", f"'{self.name}' takes {len(known)} settings, {len(arguments)} were given",
                            where=caller(), fix=f"settings are: {listed(known)}")
        given = dict(zip(known, arguments, strict=False)) | settings
        for name, value in given.items():
            if name not in known:
                raise SaemError("E104", f"'{self.name}' has no setting '{name}'", where=caller(), fix=suggest(name, known, "setting"))
            if not fits(value, known[name]):
                raise SaemError("E104", f"'{name}' of '{self.name}' is {value!r}, a {type(value).__name__}",
                                where=caller(), fix=f"give {name_of(known[name])}")
        made = dataclasses.replace(self, settings={**self.settings, **given})
        if self.checks is not None:
            made._told(self.checks)
        return made

    def check_tables(self, parents: Sequence[Declared]) -> None:
        """Raises E104 where a table that it is to read holds something else than the settings ask for."""
        if self.suits is not None:
            self._told(self.suits, parents)

    def check_settings(self) -> None:
        """Every setting without a default must have been given."""
        parameters = inspect.signature(self.function).parameters
        for name in settings_of(self.function, self.parameters):
            if name not in self.settings and parameters[name].default is inspect.Parameter.empty:
                raise SaemError("E104", f"'{self.name}' needs the setting '{name}'", where=caller(),
                                fix="derive(..., by=[...])" if name == "by" else f"{self.name}({name}=...)")

    def schema(self, *befores: pa.Schema) -> pa.Schema:
        """Columns after this operator, given those of its input tables."""
        own = self.writes(*befores)
        if self.kind != "map":
            return own
        gone = self.consumed(befores[0])
        return pa.schema([f for f in befores[0] if f.name not in own.names and f.name not in gone] + list(own))

    def writes(self, *befores: pa.Schema) -> pa.Schema:
        """The columns that the operator itself writes."""
        if self.output is not None:
            own = row_schema(self.output)
        elif callable(self.adds):
            own = self._told(self.adds, *befores)
        else:
            own = typing.cast(pa.Schema, self.adds)
        return own.append(pa.field(self.memo_column, pa.binary(16))) if self.memo else own


def operator(function: Callable[..., Any] | None = None, *, version: str = "", adds: Any = None,
             consumes: Sequence[str] | Callable[..., Sequence[str]] = (),
             memo: str | Sequence[str] | Callable[..., Sequence[str]] = (), key: str | Sequence[str] | None = None,
             reads: Callable[..., Sequence[str]] | None = None, encoder: Callable[..., str] | None = None,
             depends: Sequence[str] | Callable[..., Sequence[str]] = (), sees_readers: bool = False,
             waits: Callable[[Any], bool] | None = None, takes: Sequence[str] | Callable[..., Sequence[str]] = (),
             by: str | Sequence[str] = (), through: Operator | None = None, links: Sequence[Sequence[str]] = (),
             gate: Callable[..., list[str] | None] | None = None, first_of: Sequence[str] | None = None,
             checks: Callable[..., None] | None = None, suits: Callable[..., None] | None = None
             ) -> Callable[[Callable[..., Any]], Operator]:
    """Make a typed function an operator: `@operator(version="1")`. A change of `version` recomputes all that it made.

    adds      columns that an Arrow operator writes: a pa.schema, a dataclass, or a function of (schemas, **settings) that says so
    consumes  columns that a map replaces and that do not stay on the row. Names, or a function of (schema, **settings)
    memo      marks a costly map: these columns decide its result; equal input is never computed twice. Names, or a function of
              (schema, **settings) that says so
    key       columns that name a row within its unit (default: all that the operator writes; a fit's row needs none)
    reads     names of further tables that follow from the settings, as in `sql` and `predict`
    encoder   the model that wrote the vectors, given the settings: what is asked of them is encoded with it
    depends   versions of libraries and hashes of weights that the result depends on: texts, or a function of the settings
    sees_readers  rows of a relation come with the column `_readers`: clauses of names, as JSON; other readers compute them anew
    waits     tells of a row whether the call waits for another process: such calls are made from several threads at once
    takes     columns that an Arrow operator reads (default: all), or a function of the settings that names them
    by        key columns of a relation, where they are always the same
    through   of a relation: the operator that makes the rows which it compares, with those settings that both have. They are a table
              of their own, NAME_OPERATOR, so that a changed row alone is worked on and all others are looked up
    links     of a relation of `Groups`: for each table the columns of ids (`_id`, `_unit`, or its own) by which its rows belong together;
              rows that share an id, and rows that share one with those, are one group. A table of edges has two such columns. Every row of
              the first table is a unit and gives at most one row; the operator sees its whole group, with the links; one that
              sees readers has `_readers` as numbers that stand for sets of them
    first_of  of a relation of `Pairs`: what hangs on other rows than the two. Of rows with an equal value in one of these columns (in one
              of lists: that share a value), which are neighbours too, the first in order of `_row` may stand for all; () = nothing does.
              A change then makes the pairs of the changed rows again, and of those that become first or cease to be, and no others
    checks    given the settings, when they are given: raises E104 for a value that can never be right
    suits     given the tables that it is to read (`Declared`) and the settings: raises E104 where those are not what these need
    gate      given the table as it would be published (a Lance dataset) and the settings: what it raises ends the run unpublished, the
              lines that it returns are told with the run
    """
    if function is not None or not version:
        raise SaemError("E105", "an operator needs a version, so that a change of what it makes can be told", where=caller(),
                        fix='@saem.operator(version="1")')

    def wrap(function: Callable[..., Any]) -> Operator:
        hints = hints_of(function)
        inputs = inputs_of(function, hints)
        kind, output = kind_of(function, inputs, hints.get("return"))
        if output is None and adds is None:
            raise bad_hints(function, f"'{function.__name__}' works on Arrow and must say which columns it writes",
                             'give adds=pa.schema([("words", pa.int64())]), or a dataclass')
        if memo and kind != "map":
            raise bad_hints(function, f"memo= is for maps, this is a {kind}", "split the costly part off as a map")
        if links and (len(links) != len(inputs) or any(each.shape != "groups" for each in inputs)):
            raise bad_hints(function, f"links= names the columns of {len(links)} tables, and is for relations of Groups",
                             "one tuple of columns for each table: links=[('_id',), ('left', 'right')]")
        own_key = _names(key) if key is not None else (() if kind == "fit" or links else None)
        return Operator(function, kind, inputs, output, version, _schema(function, adds), _told_or_names(consumes), _told_or_names(memo),
                        own_key, reads, encoder, _told_or_names(depends), sees_readers=sees_readers, waits=waits,
                        takes=_told_or_names(takes), by=_names(by), through=through, links=tuple(map(tuple, links)),
                        gate=gate, checks=checks, suits=suits,
                        first_of=None if first_of is None else tuple(first_of))
    return wrap


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _told_or_names(given: str | Sequence[str] | Callable[..., Sequence[str]]) -> tuple[str, ...] | Callable[..., Sequence[str]]:
    return given if callable(given) else _names(given)


def _schema(function: Callable[..., Any], adds: Any) -> pa.Schema | Callable[..., pa.Schema] | None:
    if dataclasses.is_dataclass(adds) and isinstance(adds, type):
        return row_schema(adds)
    if adds is None or isinstance(adds, pa.Schema) or callable(adds):
        return typing.cast("pa.Schema | None", adds)
    raise bad_hints(function, f"adds= is a {type(adds).__name__}", 'give adds=pa.schema([("words", pa.int64())]), or a dataclass')
