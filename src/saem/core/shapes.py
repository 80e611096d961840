"""What an operator is given - rows, groups, pairs, tables - and what it gives back."""
import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa

from saem.core.columns import row_schema

READERS = "_readers"      # of rows given to an operator that sees them: JSON, a list of clauses, each a list of names

Group = Annotated[pa.Table, "group"]
Groups = Annotated[pa.Table, "groups"]
Pairs = Annotated[pa.Table, "pairs"]
"""Rows that share values of the list column in `by=`, ordered by `_row`, the id of each. Every row made comes from two of them
that share a value, `Made(rows, left, (right,))`, and must be the same when those two are all that there is; the left one is its unit.
Rows of two of which `_asked` is false need not be made: they are not looked at."""


class Declared(typing.Protocol):
    """A table as it was declared, as an operator's `suits` sees it. above: the tables that it is derived from."""

    @property
    def name(self) -> str: ...

    @property
    def operators(self) -> Sequence[Any]: ...

    @property
    def above(self) -> Sequence["Declared"]: ...


class Tables(Mapping[str, Any]):
    """Whole tables by name, readable by DuckDB and PyArrow (Lance datasets pinned at one version)."""

    def __init__(self, datasets: Mapping[str, Any]) -> None:
        self._datasets = datasets

    def __getitem__(self, name: str) -> Any:
        return self._datasets[name]

    def __iter__(self) -> typing.Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)


@dataclasses.dataclass(frozen=True)
class Made:
    """What a batch operator made, and from which input rows.

    rows    (n,) output rows
    origin  (n,) int64, the row of the first table that each came from
    others  per further table (n,) int64, -1 = none; a relation that names no others has made its rows from `origin` alone
    whole   the parents of a row are all rows of its group, not just `origin` (relations only)
    beside  further rows that output rows come from, as (table, (m,) output rows, (m,) rows of that table)
    """
    rows: pa.Table
    origin: np.ndarray
    others: tuple[np.ndarray, ...] = ()
    whole: bool = False
    beside: tuple[tuple[int, np.ndarray, np.ndarray], ...] = ()


@dataclasses.dataclass(frozen=True)
class From:
    """A relation's row that comes from some rows of its group only; see `made_from`."""
    row: Any
    parents: tuple[Any, ...]


def made_from(row: Any, *parents: Any) -> Any:
    """Yield this from a relation to say which of the group's rows this row is made from (otherwise: all of them).

    What it names must suffice: the operator, given those rows alone, must make the same row.
    """
    return From(row, parents)


@dataclasses.dataclass(frozen=True)
class Input:
    """One table that an operator reads."""
    shape: str                  # row, rows (Arrow, many rows), list (one group), group (Arrow), groups (Arrow, many keys), pairs, tables
    row_class: type | None      # None = every column, as Arrow
    is_many: bool = False       # one table or several of the same columns, given as a list: Sequence[Groups]

    @property
    def columns(self) -> list[str] | None:
        return row_schema(self.row_class).names if self.row_class else None
