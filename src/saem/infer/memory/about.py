"""What a text is about, read off its vector: how likely it is of each theme, whatever its words.

A softmax regression over the default embedder's vectors, fitted by benchmarks/memory_themes.py on statements and questions in Korean and
English, kept beside this file. Where no vector is, or another model wrote it, a text's words tell (themes.py).
"""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from saem.infer.memory.themes import MARK, SINGLE

FILE = "about.npz"
SURE = 0.3  # the chance from which a text is taken to speak of a theme: what is older may no longer hold
LIKELY = 0.15  # from which an older one may be about that theme
SURELY = 0.6  # from which it is about nothing else
BESIDE = 0.4  # of the likeliest theme's chance that another has, if a text is of both
BY_WORDS = 0.8  # that a text whose words are of one theme is about it
BROAD = frozenset(("other", "thing", "taste", "family", "meeting"))  # two texts of such a theme need not be about one matter


@dataclass(frozen=True)
class About:
    """names: of the themes; weights (d, themes) float32, bias (themes,) float32."""

    names: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray

    def of(self, vectors: np.ndarray) -> np.ndarray:
        """(n, themes) float32 chances that sum to 1, of (n, d) vectors of unit length."""
        scores = vectors @ self.weights + self.bias
        made: np.ndarray = np.exp(scores - scores.max(axis=1, keepdims=True))
        made /= made.sum(axis=1, keepdims=True)
        return made

    def hinted(self, marks: Iterable[str]) -> np.ndarray:
        """(themes,) of the themes that a text's words hint at."""
        made = np.zeros(len(self.names), np.float32)
        places = [self.names.index(name) for mark in marks if (name := mark.removeprefix(MARK)) in self.names]
        if places:
            made[places] = BY_WORDS / len(places)
        return made

    def is_of_many(self, chances: np.ndarray | None) -> bool:
        """Whether a text is surely about something of which one may have several at a time: allergies, what one drinks."""
        if chances is None:
            return False
        best = int(chances.argmax())
        return bool(chances[best] >= SURELY and self.is_narrow[best] and self.names[best] not in SINGLE)

    @cached_property
    def is_narrow(self) -> np.ndarray:
        """(themes,) bool: two texts of it speak of one matter."""
        return np.array([name not in BROAD for name in self.names])


@cache
def _fitted() -> tuple[str, About]:
    with files("saem.infer.memory").joinpath(FILE).open("rb") as file, np.load(file) as held:
        names: Sequence[str] = held["names"].tolist()
        return str(held["model"]), About(tuple(names), held["weights"].astype(np.float32), held["bias"])


def about(model: str) -> About | None:
    """What reads the vectors of a model; None = it was fitted on another's."""
    fitted_on, made = _fitted()
    return made if model == fitted_on else None
