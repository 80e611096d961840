"""How much of a training set a machine has written, and a cap on it.

    quota    = docs.derive("quota", synthetic_quota(max_share=.2))
    training = docs.derive("training", within_quota(quota="quota"))

A model trained on what models wrote forgets the rare; real rows beside them stop that.
Source: Shumailov et al. 2024, "AI models collapse when trained on recursively generated data".
"""
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import visible
from saem.core.errors import SaemError, caller, suggest
from saem.core.operator import operator
from saem.core.shapes import Group, Made
from saem.train.linear import texts_of


@dataclass(frozen=True)
class Quota:
    """Bytes of text, real and synthetic; `share` as it was, `kept_share` as `within_quota` leaves it.

    least: synthetic rows stay whose text has a hash below this, as 16 hex digits; "" = none, "all" = every one
    """
    column: str
    flag: str
    max_share: float
    real_bytes: int
    synthetic_bytes: int
    synthetic_rows: int
    share: float
    kept_rows: int
    kept_share: float
    below: str


def _checked(max_share: float = 0.2) -> None:
    if not 0 <= max_share < 1:
        raise SaemError("E104", f"max_share= is {max_share}", where=caller(), fix="a share from 0 to below 1")


@operator(version="1", checks=_checked)
def synthetic_quota(rows: Group, max_share: float = 0.2, flag: str = "is_synthetic", column: str = "text") -> Quota:
    """Count synthetic text, and say which of it may stay so that it makes up at most `max_share` of the bytes. One row.

    flag  the column that is true for synthetic rows; a row where it is null counts as synthetic: nobody vouches for it
    """
    sizes = np.asarray(pc.fill_null(pc.binary_length(texts_of(rows, column)), 0).to_numpy(), np.int64)
    is_made = _is_synthetic(rows, flag)
    real, made = int(sizes[~is_made].sum()), int(sizes[is_made].sum())
    allowed = real * max_share / (1 - max_share)
    marks = np.array(_marks(rows[column].filter(pa.array(is_made))))
    if made <= allowed:
        kept, below = np.ones(len(marks), bool), "all"
    else:
        order = np.argsort(marks, kind="stable")
        fits = int(np.searchsorted(np.cumsum(sizes[is_made][order]), allowed, side="right"))
        below = str(marks[order][fits])         # all rows of one text stay, or none does
        kept = marks < below
    kept_bytes = int(sizes[is_made][kept].sum())
    return Quota(column, flag, max_share, real, made, int(is_made.sum()), made / max(1, real + made), int(kept.sum()),
                 kept_bytes / max(1, real + kept_bytes), below)


def _adds(rows: pa.Schema, *_: pa.Schema) -> pa.Schema:
    return visible(rows)


@operator(version="1", adds=_adds, key=[], reads=lambda quota, **_: [quota])
def within_quota(rows: pa.Table, quotas: pa.Table, quota: str) -> Made:
    """All real rows, and the synthetic ones that the table `quota` lets in: a fixed pseudo-random choice by their text."""
    if not len(quotas):
        raise SaemError("E208", f"the table '{quota}' holds no quota yet", fix="saem quarantine shows why")
    told = quotas.slice(0, 1).to_pylist()[0]
    is_made = _is_synthetic(rows, told["flag"])
    stays = ~is_made
    if told["below"] == "all":
        stays[:] = True
    else:
        stays[is_made] = [mark < told["below"] for mark in _marks(rows[told["column"]].filter(pa.array(is_made)))]
    kept = np.flatnonzero(stays)
    return Made(rows.select(list(visible(rows.schema).names)).take(pa.array(kept)), kept)


def _is_synthetic(rows: pa.Table, flag: str) -> np.ndarray:
    if flag not in rows.column_names:
        raise SaemError("E101", f"the rows have no column '{flag}'", fix=suggest(flag, rows.column_names, "column"))
    if not pa.types.is_boolean(rows.schema.field(flag).type):
        raise SaemError("E104", f"'{flag}' holds {rows.schema.field(flag).type}", fix="a flag is true or false")
    return np.array(pc.fill_null(rows[flag], True).to_numpy(zero_copy_only=False), bool)


def _marks(texts: pa.ChunkedArray) -> list[str]:
    """16 hex digits a text, as if drawn by lot."""
    return [blake2b((text or "").encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() for text in texts.to_pylist()]
