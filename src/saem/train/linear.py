"""A linear model over hashed n-grams of texts: words and pairs of words, and runs of two and three Hangul syllables.

Korean words carry their particles (도서관은, 도서관에서), so what they share is seen by syllables. Training is deterministic: rows come in
the order of their contents, whatever their order in the table.
Source: Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification"; Weinberger et al. 2009, "Feature Hashing".
"""
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError
from saem.curate.folding import folded, letters, readable
from saem.train.compiled import compiled

BITS = 20
RATE = 0.5
PASSES = 5
STEPS = 20_000             # few examples are passed over more often, up to MAX_PASSES
MAX_PASSES = 40
MAGIC = b"saem ngrams 1\n"


@dataclass(frozen=True)
class Linear:
    """weights (2 ** bits, k) float32 and bias (k,) float64. One class: the chance that the target is true; more: of each of `classes`."""
    classes: tuple[str, ...]
    column: str
    weights: np.ndarray = field(repr=False)
    bias: np.ndarray

    @property
    def shift(self) -> int:
        return 65 - int(len(self.weights)).bit_length()

    def probabilities(self, texts: pa.ChunkedArray) -> np.ndarray:
        """(n, k) float64; an empty or missing text has what the bias says."""
        data, offsets, _ = readable(texts)
        return np.asarray(compiled("ngrams").score(data, offsets, letters(), self.shift, self.weights, self.bias))

    def ngrams(self, text: str) -> list[tuple[str, int, np.ndarray]]:
        """(n-gram as it is compared, how often, (k,) what it adds to the log-odds of each class), in the order of the text."""
        data, offsets, _ = readable(pa.chunked_array([pa.array([text], pa.large_string())]))
        room = 2 * len(data) + 4
        slots, begins, ends = (np.empty(room, np.int64) for _ in range(3))
        count = compiled("ngrams").features(data, offsets[0], offsets[1], letters(), self.shift, slots, begins, ends)
        raw = data.tobytes()
        names = [" ".join(folded(raw[start:end].decode("utf-8", "replace")).split())
                 for start, end in zip(begins[:count].tolist(), ends[:count].tolist(), strict=True)]
        share = 1 / np.sqrt(max(1, count))
        times = Counter(zip(names, slots[:count].tolist(), strict=True))
        return [(name, often, self.weights[slot] * often * share) for (name, slot), often in times.items()]

    def packed(self) -> bytes:
        """The model as bytes; the same for the same model on every machine."""
        used = np.flatnonzero(np.any(self.weights != 0, axis=1)).astype("<u4")
        head = {"classes": self.classes, "column": self.column, "slots": len(self.weights), "used": len(used), "bias": self.bias.tolist()}
        parts = [MAGIC, json.dumps(head, ensure_ascii=False).encode(), b"\n", used.tobytes(), self.weights[used].astype("<f4").tobytes()]
        return b"".join(parts)


def unpacked(artifact: bytes) -> Linear:
    """Raises E208 for bytes that `packed` did not write."""
    if not artifact.startswith(MAGIC):
        raise SaemError("E208", "the artifact is no n-gram model", fix="train it with fit(learner=\"ngrams\")")
    end = artifact.index(b"\n", len(MAGIC))
    head = json.loads(artifact[len(MAGIC):end])
    classes, used = max(1, len(head["classes"])), head["used"]
    slots = np.frombuffer(artifact, "<u4", used, end + 1)
    weights = np.zeros((head["slots"], classes), np.float32)
    weights[slots] = np.frombuffer(artifact, "<f4", used * classes, end + 1 + 4 * used).reshape(used, classes)
    return Linear(tuple(head["classes"]), head["column"], weights, np.array(head["bias"], np.float64))


def trained(texts: pa.ChunkedArray, target: np.ndarray, classes: Sequence[str] = (), column: str = "text", bits: int = BITS) -> Linear:
    """target: (n,) int64, the class of each text, or 0 and 1 where no classes are named."""
    kernels = compiled("ngrams")
    data, offsets, _ = readable(texts)
    content = compiled_contents(data, offsets) ^ (target.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    width = max(1, len(classes))
    weights, bias = np.zeros((1 << bits, width), np.float32), np.zeros(width, np.float64)
    passes = min(MAX_PASSES, max(PASSES, STEPS // max(1, len(target))))
    total = passes * len(target)
    for number in range(passes):
        order = np.argsort((content ^ np.uint64(number)) * np.uint64(0xBF58476D1CE4E5B9), kind="stable")
        done = number * len(target)
        kernels.learn(data, offsets, order, target.astype(np.int64), letters(), 64 - bits, weights, bias,
                      RATE * (1 - done / max(1, total)), RATE / max(1, total))
    return Linear(tuple(classes), column, weights, bias)


def compiled_contents(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(n,) uint64: what orders the examples."""
    from saem.curate.kernels.hashing import contents
    return np.ascontiguousarray(contents(data, offsets)[:, 0])


def texts_of(rows: pa.Table, column: str) -> pa.ChunkedArray:
    """A text column. Raises E101 where there is none of that name, E104 where it holds something else."""
    if column not in rows.column_names:
        raise SaemError("E101", f"the rows have no column '{column}'", fix="name the text with column=")
    kind = rows.schema.field(column).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise SaemError("E104", f"the column '{column}' holds {kind}", fix="name a column of texts with column=")
    return rows[column]
