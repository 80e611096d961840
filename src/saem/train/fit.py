"""Examples become a model: one row, made from its training rows."""
from dataclasses import dataclass

import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, suggest
from saem.core.identity import digest, row_hashes
from saem.core.operator import operator
from saem.core.shapes import Group
from saem.train.linear import texts_of


@dataclass(frozen=True)
class Model:
    """digest: over every training row, whatever their order."""
    learner: str
    target: str
    rows: int
    digest: str
    artifact: bytes


def _depends(learner: str = "base_rate", **_: object) -> list[str]:
    return [f"{learner}={registry.load('learner', learner).VERSION}"]


@operator(version="1", depends=_depends)
def fit(rows: Group, target: str, learner: str = "base_rate", column: str = "text") -> Model:
    """Train on the rows of a table, or of each key in `by=`. The target is true or false, or a number.

    column  the texts, for learners that read texts (`ngrams`)
    """
    if target not in rows.column_names:
        raise SaemError("E101", f"fit names the target '{target}', which the rows do not have",
                        fix=suggest(target, rows.column_names, "column"))
    kind = rows.schema.field(target).type
    if not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise SaemError("E104", f"the target '{target}' holds {kind}", fix="a target is true or false, or a number")
    return _model(rows, target, learner, column)


@operator(version="1", depends=_depends)
def tell_apart(good: Group, bad: Group, learner: str = "ngrams", column: str = "text") -> Model:
    """Train on two tables of examples: `good.derive("quality", tell_apart(), using=[bad])`. `predict` then gives the chance of good."""
    both = [pa.table({column: texts_of(rows, column).cast(pa.large_string()), "is_good": pa.repeat(is_good, len(rows))})
            for rows, is_good in ((good, True), (bad, False))]
    return _model(pa.concat_tables(both), "is_good", learner, column)


def _model(rows: pa.Table, target: str, learner: str, column: str) -> Model:
    artifact = registry.load("learner", learner).fit(rows, target, column)
    return Model(learner, target, len(rows), digest(*sorted(row_hashes(rows))).hex(), artifact)
