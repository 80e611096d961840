"""Running an operator over rows: what came out, which input each came from, and which inputs failed.

One bad input never takes the others with it: a row operator is tried row by row, a batch operator is halved until the bad
row stands alone.
"""
import os
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from saem.core.columns import objects, table_of
from saem.core.errors import SaemError
from saem.core.operator import Operator
from saem.core.shapes import From, Made
from saem.engine.executor import in_order

A = TypeVar("A")


@dataclass(frozen=True)
class Failure:
    """Input number `index` (a row, or a group) that an operator could not take."""
    index: int
    operator: str
    reason: str
    details: str


@dataclass
class Output:
    """rows (n,), origin (n,) int64 = the input each came from; parents (n,) = [(table, row), ...], None = the whole group.

    both  (n, 2) int64 of pairs, in place of `parents`: the two rows that each is made of
    """
    rows: pa.Table
    origin: np.ndarray
    failures: list[Failure] = field(default_factory=list)
    parents: list[list[tuple[int, int]] | None] | None = None
    both: np.ndarray | None = None


def apply(op: Operator, rows: pa.Table, others: Sequence[pa.Table]) -> Output:
    """Run a map or flat_map over (n,) rows; `others` are its further tables, whole."""
    further = [objects(table, each.row_class) if each.row_class else table
               for table, each in zip(others, op.inputs[1:], strict=True)]
    if op.is_batch:
        return _batch(op, rows, further, 0)
    made, made_by, failures = _each(op, objects(rows, _class(op)), lambda row: op.function(row, *further, **op.settings))
    table, origin, failures = _tabulate(op, made, made_by, failures)
    if op.kind == "map":
        table = _with_columns(op, rows.take(pa.array(origin)), table)
    return Output(table, origin, failures)


def _class(op: Operator) -> type:
    row_class = op.inputs[0].row_class
    assert row_class is not None
    return row_class


def _with_columns(op: Operator, rows: pa.Table, added: pa.Table) -> pa.Table:
    """A map's row: what it had, without what the operator consumes or writes anew, and what it writes."""
    gone = op.consumed(rows.schema)
    kept = [n for n in rows.column_names if n not in gone and n not in added.column_names]
    return pa.table([rows[n] for n in kept] + added.columns, names=kept + added.column_names)


def _each(op: Operator, items: Sequence[Any], call: Callable[[Any], Any]) -> tuple[list[Any], list[int], list[Failure]]:
    """Call with every item; an item that fails gives nothing at all, however much its generator had yielded."""
    made: list[Any] = []
    origin: list[int] = []
    failures: list[Failure] = []

    def attempt(item: Any) -> list[Any] | Exception:
        try:
            result = call(item)
            rows = [result] if op.kind in ("map", "fit") else _many(op, result)
            for row in rows:
                _check_row(op, row)
        except Exception as error:
            return error
        return rows

    for index, rows in enumerate(_attempts(op, items, attempt)):
        if isinstance(rows, Exception):
            failures.append(failure(index, op, rows))
        else:
            made += rows
            origin += [index] * len(rows)
    return made, origin, failures


def _attempts(op: Operator, items: Sequence[Any], attempt: Callable[[Any], A]) -> Iterator[A]:
    """In the order of the items; calls that wait for other processes are made ahead, from threads."""
    waiting = [item for item in items if op.waits(item)] if op.waits else []
    ahead = in_order(attempt, waiting, os.cpu_count() or 1 if len(waiting) > 1 else 0)
    coming = deque(waiting)
    for item in items:
        if coming and item is coming[0]:
            coming.popleft()
            yield next(ahead)
        else:
            yield attempt(item)


def _many(op: Operator, result: Any) -> list[Any]:
    if isinstance(result, Iterable):
        return list(result)
    raise SaemError("E106", f"'{op.name}' gave {result!r:.80}, its hints promise many rows", fix="yield rows, or return a list of them")


def _check_row(op: Operator, row: Any) -> None:
    value = row.row if isinstance(row, From) else row
    if op.output is not None and not isinstance(value, op.output):
        raise SaemError("E106", f"'{op.name}' gave {value!r:.80}, its hints promise {op.output.__name__}",
                        fix=f"return {op.output.__name__}(...), or correct the hint")


def failure(index: int, op: Operator, error: Exception) -> Failure:
    """A row's failure; errors of the set-up (a missing package, a wrong setting, a dead endpoint) are not the row's and end the run."""
    if isinstance(error, SaemError) and (error.exit_code == 2 or error.code == "E308"):
        raise error
    is_ours = isinstance(error, SaemError)
    reason = f"[{error.code}] {error.what}" if isinstance(error, SaemError) else f"{type(error).__name__}: {error}"
    return Failure(index, op.name, reason, str(error) if is_ours else "".join(traceback.format_exception(error)))


def _tabulate(op: Operator, made: list[Any], origin: list[int], failures: list[Failure]) -> tuple[pa.Table, np.ndarray, list[Failure]]:
    """Row objects -> columns; a row whose values do not fit its types fails alone."""
    assert op.output is not None
    values = [row.row if isinstance(row, From) else row for row in made]
    try:
        return table_of(values, op.output), np.array(origin, np.int64), failures
    except (ValueError, TypeError, OverflowError):
        bad: dict[int, Failure] = {}
        for value, index in zip(values, origin, strict=True):
            try:
                table_of([value], op.output)
            except (ValueError, TypeError, OverflowError) as error:
                wrong = SaemError("E106", f"a value of {value!r:.120} does not fit the types of {op.output.__name__}: {error}",
                                  fix="return values of the hinted types")
                bad[index] = failure(index, op, wrong)
        good = [(v, i) for v, i in zip(values, origin, strict=True) if i not in bad]
        table = table_of([v for v, _ in good], op.output)
        return table, np.array([i for _, i in good], np.int64), failures + list(bad.values())


def _batch(op: Operator, rows: pa.Table, further: Sequence[Any], start: int) -> Output:
    try:
        made = op.function(rows, *further, **op.settings)
        return _checked(op, rows, made)
    except Exception as error:
        if len(rows) <= 1:
            return Output(_empty(op, rows), np.array([], np.int64), [failure(start, op, error)] if len(rows) else [])
        failure(start, op, error)      # an error of the set-up ends it here, not after log2(n) halvings
    half = len(rows) // 2
    left, right = _batch(op, rows.slice(0, half), further, start), _batch(op, rows.slice(half), further, start + half)
    return Output(pa.concat_tables([left.rows, right.rows.cast(left.rows.schema)]), np.concatenate([left.origin, right.origin + half]),
                  left.failures + right.failures)


def _empty(op: Operator, rows: pa.Table) -> pa.Table:
    return op.schema(rows.schema).empty_table() if op.kind != "map" else pa.schema(
        [f for f in op.schema(rows.schema) if f.name != op.memo_column]).empty_table()


def _checked(op: Operator, rows: pa.Table, made: Any) -> Output:
    """A batch operator must keep its promises: row counts, origins, column types."""
    names = [n for n in op.writes(rows.schema).names if n != op.memo_column]
    table = made.rows if isinstance(made, Made) else made
    if not isinstance(table, pa.Table) or (op.kind != "map") != isinstance(made, Made):
        raise SaemError("E106", f"'{op.name}' gave a {type(made).__name__}", fix="return pa.Table from a map, Made(rows, origin) otherwise")
    missing = [n for n in names if n not in table.column_names]
    if missing:
        raise SaemError("E106", f"'{op.name}' gave no column {', '.join(missing)}", fix="return the columns named in adds=")
    types = op.writes(rows.schema)
    added = pa.table([_column(table[n], types.field(n).type) for n in names], names=names)
    if op.kind == "map":
        if len(added) != len(rows):
            raise SaemError("E106", f"'{op.name}' took {len(rows)} rows and gave {len(added)}", fix="a map gives one row for each")
        for name in set(table.column_names) & set(rows.column_names) - set(names) - set(op.consumed(rows.schema)):
            if not table[name].equals(rows[name]):
                raise SaemError("E106", f"'{op.name}' gave back other values in '{name}', which it does not say it writes",
                                fix="keep the rows in their order, and name every column that changes in adds=")
        return Output(_with_columns(op, rows, added), np.arange(len(rows)))
    origin = np.asarray(made.origin, np.int64)
    if len(origin) != len(added) or (len(origin) and not 0 <= origin.min() <= origin.max() < len(rows)):
        raise SaemError("E106", f"'{op.name}' gave {len(added)} rows and {len(origin)} origins among {len(rows)} inputs",
                        fix="Made(rows, origin): one input index for each output row")
    return Output(added, origin)


def _column(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == kind else column.cast(kind)


@dataclass
class Groups:
    """Rows of some keys: per input table the rows, ordered by group, and the group of each."""
    tables: list[pa.Table]
    member: list[np.ndarray]      # per table (n,) int64, ascending
    count: int
    asked: np.ndarray | None = None      # pairs: (n,) bool, the rows whose pairs alone are wanted, whichever side they stand on

    def bounds(self, position: int) -> np.ndarray:
        """(count + 1,) where each group begins in a table."""
        return np.searchsorted(self.member[position], np.arange(self.count + 1))

    def some(self, start: int, stop: int) -> "Groups":
        cuts = [np.searchsorted(m, [start, stop]) for m in self.member]
        return Groups([t.slice(a, b - a) for t, (a, b) in zip(self.tables, cuts, strict=True)],
                      [m[a:b] - start for m, (a, b) in zip(self.member, cuts, strict=True)], stop - start)


def apply_groups(op: Operator, groups: Groups) -> Output:
    """Run a relation or fit over groups; `parents` is filled where the operator named them, else the whole group counts."""
    if op.inputs[0].shape == "groups":
        return _many_groups(op, groups, 0)
    inputs = [objects(table, each.row_class) if each.row_class else table for table, each in zip(groups.tables, op.inputs, strict=True)]
    bounds = [groups.bounds(position).tolist() for position in range(len(groups.tables))]

    def call(group: int) -> Any:
        starts = [bound[group] for bound in bounds]
        return _call_group(op, [rows[start:bound[group + 1]] for rows, start, bound in zip(inputs, starts, bounds, strict=True)], starts)

    made, origin, failures = _each(op, range(groups.count), call)
    parents = [list(row.parents) if isinstance(row, From) else None for row in made]
    if op.output is None:
        tables = [row.rows if isinstance(row, Made) else row for row in made]
        rows = pa.concat_tables(tables) if tables else op.writes(*(t.schema for t in groups.tables)).empty_table()
        return Output(rows, np.repeat(origin, [len(t) for t in tables]).astype(np.int64), failures)
    rows, kept, failures = _tabulate(op, made, origin, failures)
    if len(kept) < len(parents):
        parents = [p for p, i in zip(parents, origin, strict=True) if i in set(kept.tolist())]
    return Output(rows, kept, failures, parents if any(p is not None for p in parents) else None)


def _call_group(op: Operator, arguments: list[Any], starts: list[int]) -> Any:
    """The rows made of one group; parents that a row names become their places (table, row), given where the group starts in each."""
    result = op.function(*arguments, **op.settings)
    if op.output is None or op.kind == "fit":
        return [result] if op.output is None else result
    rows = list(result)
    if not any(isinstance(row, From) for row in rows):
        return rows
    where = {id(row): (table, start + i) for table, (given, start) in enumerate(zip(arguments, starts, strict=True))
             if isinstance(given, list) for i, row in enumerate(given)}
    for row in rows:
        if isinstance(row, From) and not (row.parents and all(id(parent) in where for parent in row.parents)):
            raise SaemError("E106", f"'{op.name}' named a parent that is no row of its group",
                            fix="made_from(new_row, *parents): the very objects that the operator was given, no copies, at least one")
    return [From(row.row, tuple(where[id(parent)] for parent in row.parents)) if isinstance(row, From) else row for row in rows]


def _check_groups(op: Operator, groups: Groups, made: Made, schema: pa.Schema) -> None:
    """Every row comes from a row of the first table, and from rows of one key only."""
    missing = [n for n in schema.names if n not in made.rows.column_names]
    if missing:
        raise SaemError("E106", f"'{op.name}' gave no column {', '.join(missing)}", fix="return the columns named in adds=")
    for table, made_row, row in made.beside:
        if len(made_row) and not (
            min(made_row.min(), row.min()) >= 0 and made_row.max() < len(made.rows) and row.max() < len(groups.member[table])
        ):
            raise SaemError(
                "E106", f"'{op.name}' names parents that are not there", fix="beside=((table, output rows, rows of that table), ...)"
            )
    for number, (index, member, least) in enumerate(zip((made.origin, *made.others), groups.member, (0, -1, -1, -1), strict=False)):
        if len(index) != len(made.rows) or (len(index) and not least <= index.min() <= index.max() < len(member)):
            what = f"'{op.name}' gave {len(made.rows)} rows and {len(index)} origins among {len(member)} rows of table {number + 1}"
            raise SaemError("E106", what, fix="Made(rows, origin, others): one input index for each output row")
        named = index >= 0
        if number and (member[index[named]] != groups.member[0][made.origin[named]]).any():
            raise SaemError("E106", f"'{op.name}' made a row from rows of two keys", fix="a relation joins rows of one key only")


def _many_groups(op: Operator, groups: Groups, start: int) -> Output:
    try:
        made = op.function(*op.arguments(groups.tables), **op.settings)
        schema = op.writes(*(t.schema for t in groups.tables))
        _check_groups(op, groups, made, schema)
        rows = pa.table([_column(made.rows[n], schema.field(n).type) for n in schema.names], schema=schema)
        origin = groups.member[0][made.origin] if len(groups.tables[0]) else np.array([], np.int64)
        parents: list[list[tuple[int, int]] | None] | None = None
        if not made.whole:
            indices = [made.origin, *made.others]
            parents = [[(t, i) for t, i in enumerate(row) if i >= 0] for row in zip(*(x.tolist() for x in indices), strict=True)]
            for table, made_row, row in made.beside:
                for number, parent in zip(made_row.tolist(), row.tolist(), strict=True):
                    parents[number].append((table, parent))
        return Output(rows, origin, [], parents)
    except Exception as error:
        if groups.count <= 1:
            schema = op.writes(*(t.schema for t in groups.tables))
            return Output(schema.empty_table(), np.array([], np.int64), [failure(start, op, error)])
        failure(start, op, error)
    half = groups.count // 2
    left = _many_groups(op, groups.some(0, half), start)
    right = _many_groups(op, groups.some(half, groups.count), start + half)
    shift = [int(np.searchsorted(m, half)) for m in groups.member]
    moved = [[(t, i + shift[t]) for t, i in row] if row is not None else None for row in right.parents or []]
    parents = (left.parents or []) + moved or None
    return Output(pa.concat_tables([left.rows, right.rows]), np.concatenate([left.origin, right.origin + half]),
                  left.failures + right.failures, parents)


