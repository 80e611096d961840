"""Texts of two sorts told apart by their n-grams: words, pairs of words, runs of Hangul syllables. The target is true or false."""
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError
from saem.train.linear import texts_of, trained, unpacked

VERSION = "1"


def fit(rows: pa.Table, target: str, column: str) -> bytes:
    kind = rows.schema.field(target).type
    if not pa.types.is_boolean(kind):
        raise SaemError("E104", f"the learner 'ngrams' tells true from false, and '{target}' holds {kind}",
                        fix="derive a column that is true or false, or take another learner")
    known = rows.filter(rows[target].is_valid())
    if len(pc.unique(known[target])) < 2:
        raise SaemError("E208", f"all {len(known)} examples are of one sort: nothing can be told apart", fix="give examples of both sorts")
    return trained(texts_of(known, column), known[target].to_numpy(zero_copy_only=False).astype(np.int64), column=column).packed()


def predict(artifact: bytes, rows: pa.Table) -> np.ndarray:
    model = unpacked(artifact)
    return model.probabilities(texts_of(rows, model.column))[:, 0]


def reasons(artifact: bytes, text: str) -> tuple[float, list[tuple[str, int, float]]]:
    """(bias, [(n-gram, how often, what it adds to the log-odds)])."""
    model = unpacked(artifact)
    return float(model.bias[0]), [(name, often, float(adds[0])) for name, often, adds in model.ngrams(text)]
