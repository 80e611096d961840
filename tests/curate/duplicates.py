"""Searches for duplicates run without a project: rows in, pairs of row numbers out."""
import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa

from saem.core.operator import Operator
from saem.core.shapes import READERS


@dataclasses.dataclass
class Text:
    key: str
    text: str


def ids(count: int) -> pa.Array:
    """Ids that rise with the number of the row."""
    return pa.array([number.to_bytes(16, "big") for number in range(count)], pa.binary(16))


def compared(operator: Operator, rows: pa.Table) -> pa.Table:
    """What the operator is given for these rows."""
    before = operator.before()
    assert before is not None
    made = before.function(rows, **before.settings)
    assert made.rows.schema.equals(before.writes(rows.schema))
    assert made.origin.tolist() == list(range(len(rows)))
    readers = rows[READERS] if READERS in rows.column_names else pa.array(["[]"] * len(rows), pa.string())
    given = made.rows.append_column("_row", ids(len(rows))).append_column(READERS, readers)
    return given.append_column("_asked", pa.array([True] * len(rows), pa.bool_()))


def pairs(operator: Operator, column: str, values: list[Any], kind: pa.DataType | None = None) -> dict[tuple[int, int], tuple[str, float]]:
    """{(left, right): (kind, similarity)} of values in one column."""
    made = operator.function(compared(operator, pa.table({column: pa.array(values, kind)})), **operator.settings)
    left = [int.from_bytes(each, "big") for each in made.rows["left"].to_pylist()]
    right = [int.from_bytes(each, "big") for each in made.rows["right"].to_pylist()]
    assert (left, right) == (made.origin.tolist(), made.others[0].tolist()), "an edge names the rows that it is made of"
    assert all(a < b for a, b in zip(left, right, strict=True))
    found = dict(zip(zip(left, right, strict=True), zip(made.rows["kind"].to_pylist(), made.rows["similarity"].to_pylist(), strict=True),
                     strict=True))
    assert len(found) == len(left), "no pair stands twice"
    return found


def shingles(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """Brute force: runs of lower-case words of letters and digits."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
    return {tuple(words[start:start + size]) for start in range(max(1, len(words) - size + 1))}


def jaccard(a: str, b: str) -> float:
    one, other = shingles(a), shingles(b)
    return len(one & other) / len(one | other)


def edited(text: str, rate: float, dice: np.random.Generator) -> str:
    """Some of the words are others."""
    words = text.split()
    for place in np.flatnonzero(dice.random(len(words)) < rate):
        words[place] = f"word{dice.integers(10**6)}"
    return " ".join(words)
