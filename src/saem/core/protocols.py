"""What the engine and the store know of models: a shape, found by name in the registry."""
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np


class Embedder(Protocol):
    """Turns texts into vectors. Each vector is independent of the others in its batch.

    One that sends texts to another machine says so: it has an attribute `is_remote`, True. Sources may bar such.
    """
    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length: texts as they are stored."""

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length: texts as they are asked."""


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedder that also shows the single tokens of a text. What it can do beyond the others is used where it is there."""

    def tokens(self, text: str, is_query: bool = False) -> np.ndarray:
        """(tokens, dimension) float32, unit length: each token in its context."""

    def is_word(self, word: str) -> bool:
        """Whether a word in Latin letters is one of a language."""
