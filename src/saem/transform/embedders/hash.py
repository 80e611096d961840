"""Words hashed to 384 signed counts: no model, no download, no meaning. For tests and benchmarks.

Texts that share words are near each other; synonyms are not. Source: feature hashing, Weinberger et al. 2009,
https://arxiv.org/abs/0902.2206.
"""
import re
import zlib
from collections.abc import Sequence

import numpy as np

from saem.core.errors import SaemError

VERSION = 1
DIMENSION = 384
MAX_CACHED_WORDS = 500_000

_WORD = re.compile(r"\w+")
_NO_PUNCTUATION = bytes(code if chr(code).isalnum() or chr(code) == "_" else 32 for code in range(128)) + bytes(128)


def load(argument: str = "") -> "HashEmbedder":
    """The hashing embedder; it takes no argument."""
    if argument:
        raise SaemError("E104", f"the embedder 'hash' takes no argument, not '{argument}'", fix='embed(model="hash")')
    return HashEmbedder()


class _Slots(dict[str, int]):
    """word -> 2 * slot + (1 when it counts up, 0 when down). CRC-32 gives slot and sign, on every machine the same."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MAX_CACHED_WORDS:
            self.clear()
        code = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        slot = self[word] = 2 * (code % DIMENSION) + (code >> 31)
        return slot


def _words(text: str) -> list[str]:
    """The runs of letters, digits and underscores."""
    if text.isascii():                                           # the same, six times as fast
        return text.encode().translate(_NO_PUNCTUATION).decode().split()
    return _WORD.findall(text)


class HashEmbedder:
    """Deterministic word hashing; a stored text and a question are embedded alike."""

    name = "hash"
    dimension = DIMENSION
    fingerprint = f"hash/{VERSION}"

    def __init__(self) -> None:
        self._slots = _Slots()

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, 384) float32, unit length. A text without words gets the vector of the empty word.

        >>> vectors = HashEmbedder().passages(["a spring", "spring, a", ""])
        >>> vectors.shape, bool((vectors[0] == vectors[1]).all())
        ((3, 384), True)
        """
        slots, out = self._slots, np.empty((len(texts), DIMENSION), np.float32)
        for row, text in enumerate(texts):
            counts = self._counts([slots[word] for word in _words(text.lower())])
            length = counts.dot(counts) ** 0.5
            if not length:                                       # no words, or words that cancel each other
                counts, length = self._counts([slots[""]]), 1.0
            np.divide(counts, length, out=out[row], casting="unsafe")
        return out

    queries = passages

    @staticmethod
    def _counts(slots: list[int]) -> np.ndarray:
        """(384,) float64: how often each slot was counted up, less how often down."""
        counts = np.bincount(np.array(slots, np.intp), minlength=2 * DIMENSION)
        return np.subtract(counts[1::2], counts[::2], dtype=np.float64)
