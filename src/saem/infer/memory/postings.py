"""BM25 over the few hundred or thousand texts that one question reaches: exact, in memory, without statistics of what it does not reach."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

import numpy as np

SATURATION, LENGTH_SHARE = 1.2, 0.75  # k1 and b


class Postings:
    """Texts as words, in which texts each stands and how often. longest: of a text that counts as no longer than that."""

    def __init__(self, texts: Sequence[Sequence[str]], longest: Sequence[int] = ()) -> None:
        self.lengths = np.array([len(words) for words in texts], np.float64)
        if len(longest):
            self.lengths = np.minimum(self.lengths, np.array(longest, np.float64))
        places: dict[str, tuple[list[int], list[int]]] = {}
        for at, words in enumerate(texts):
            for word, times in Counter(words).items():
                found = places.get(word)
                if found is None:
                    found = places[word] = [], []
                found[0].append(at)
                found[1].append(times)
        self.places = {word: (np.array(at, np.int64), np.array(times, np.float64)) for word, (at, times) in places.items()}

    def __len__(self) -> int:
        return len(self.lengths)

    def rows(self, word: str) -> int:
        return len(self.places[word][0]) if word in self.places else 0


def rarities(asked: Sequence[str], parts: Sequence[Postings]) -> Mapping[str, float]:
    """{word: its inverse document frequency, above 0}, over all parts together."""
    total = sum(map(len, parts))
    return {
        word: log(1 + (total - held + 0.5) / (held + 0.5)) for word in dict.fromkeys(asked) for held in [sum(p.rows(word) for p in parts)]
    }


def coverage(weights: Mapping[str, float], part: Postings, mean_length: float) -> np.ndarray:
    """(n,) BM25 of each text as share of the most that any could have. [0, 1]"""
    made = np.zeros(len(part))
    norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * part.lengths / max(1.0, mean_length))
    for word, weight in weights.items():
        if word in part.places:
            at, times = part.places[word]
            made[at] += weight * times / (times + norm[at])
    return made / (sum(weights.values()) or 1.0)
