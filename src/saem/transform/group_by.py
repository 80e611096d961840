"""Rows of one key become one row of counts and sums."""
import pyarrow as pa

from saem.core.errors import SaemError, suggest
from saem.core.operator import operator
from saem.core.shapes import Groups, Made

FUNCTIONS = {"count": "count", "sum": "sum", "mean": "mean", "min": "min", "max": "max", "distinct": "count_distinct", "first": "first"}


def _adds(rows: pa.Schema, by: list[str] | None = None, **aggregates: object) -> pa.Schema:
    values = dict(aggregates["values"])  # type: ignore[call-overload]
    made = _aggregate(rows.empty_table(), by or [], values)
    return made.schema


@operator(version="1", adds=_adds, key=[])
def group_by(rows: Groups, by: list[str], values: dict[str, str]) -> Made:
    """One row a key: `values={"spent": "sum(amount)", "n": "count()"}`.

    Functions: count, sum, mean, min, max, distinct, first; each of one column, count() of all rows.
    """
    numbered = rows.append_column("_row", pa.array(range(len(rows)), pa.int64()))
    made = _aggregate(numbered, by, values)
    firsts = numbered.group_by(by, use_threads=False).aggregate([("_row", "min")])["_row_min"]
    return Made(made, firsts.to_numpy(), whole=True)


def _aggregate(rows: pa.Table, by: list[str], values: dict[str, str]) -> pa.Table:
    asked = []
    for expression in values.values():
        name, _, column = expression.rstrip(")").partition("(")
        if name not in FUNCTIONS:
            raise SaemError("E104", f"'{expression}' is no aggregate", fix=suggest(name, FUNCTIONS, "aggregate"))
        if column and column not in rows.column_names:
            raise SaemError("E101", f"'{expression}' names a column that is not there", fix=suggest(column, rows.column_names, "column"))
        asked.append(([], "count_all") if not column else (column, FUNCTIONS[name]))
    made = rows.group_by(by, use_threads=False).aggregate(asked)
    results = made.columns[len(by):] if made.column_names[:len(by)] == by else made.columns[:len(values)]
    keys = [made[name] for name in by]
    return pa.table(keys + list(results), names=[*by, *values])
