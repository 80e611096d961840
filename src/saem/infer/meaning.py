"""What sentences mean, as vectors: those of one table come back with one question after another, and none is read twice.

What was read goes with the sample of the table's version that the questions were asked of: the next version knows nothing of it.
"""
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from saem.core.protocols import Embedder
from saem.store.sample import Sample

REMEMBERED = 1 << 12       # sentences of one version, 6 MB of 384 numbers each

_read: "WeakKeyDictionary[Sample, dict[tuple[str, str], np.ndarray]]" = WeakKeyDictionary()


def vectors(embedder: Embedder, texts: Sequence[str], of: Sample) -> np.ndarray:
    """(n, d) float32, unit length, for sentences of the rows that the sample is of."""
    held, model = _read.setdefault(of, {}), embedder.fingerprint
    known = {text: vector for text in texts if (vector := held.get((model, text))) is not None}
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        made = dict(zip(new, embedder.passages(new), strict=True))
        if len(held) + len(made) > REMEMBERED:
            held.clear()
        held.update({(model, text): vector for text, vector in made.items()})
        known |= made
    return np.stack([known[text] for text in texts]) if texts else np.empty((0, embedder.dimension), np.float32)
