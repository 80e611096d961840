"""A supervised fastText model that somebody has trained: the chance of one of its labels. `imported` makes its row."""
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError, caller, suggest
from saem.core.identity import digest
from saem.train.fasttext_file import FastText, parsed
from saem.train.fit import Model
from saem.train.linear import texts_of

VERSION = "1"


def imported(path: str | Path, label: str, column: str = "text") -> Model:
    """A `.bin` file as a row that `predict` reads: `models.put([imported("quality.bin", "__label__hq")])`, where `models` is
    `db.source("quality", records(Model, key="digest"))`. Case and line breaks of texts are left as they are, but for line breaks.

    Raises E402 for another file or none, E104 for a label that the model does not have.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        what = f"'{path}' cannot be read: {error.strerror}"
        raise SaemError("E402", what, where=caller(), fix="the path of a .bin file of fastText") from error
    model = parsed(content)
    if label not in model.labels:
        raise SaemError("E104", f"the model has no label '{label}'", where=caller(), fix=suggest(label, list(model.labels), "label"))
    head = json.dumps({"label": label, "column": column}).encode() + b"\n"
    return Model("fasttext", label, sum(model.counts), digest(head, content).hex(), head + content)


def fit(rows: pa.Table, target: str, column: str) -> bytes:
    raise SaemError("E104", "the learner 'fasttext' is imported, not trained here", fix='learner="ngrams" is trained')


def predict(artifact: bytes, rows: pa.Table) -> np.ndarray:
    model, place, column = _opened(artifact)
    return model.probabilities(texts_of(rows, column))[:, place]


@lru_cache(maxsize=1)
def _opened(artifact: bytes) -> tuple[FastText, int, str]:
    end = artifact.index(b"\n")
    head = json.loads(artifact[:end])
    model = parsed(artifact[end + 1:])
    return model, model.labels.index(head["label"]), head["column"]
