"""Recall and precision by brute force: the Jaccard index of the five-word shingles of the very texts."""
import re
from collections.abc import Iterable
from functools import lru_cache

WORDS = re.compile(r"[가-힣]|[^\W_가-힣]+")     # a Hangul syllable is a word of its own here: spaces between them mean nothing


class Truth:
    """The texts, and how alike two of them are."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.shingles = lru_cache(500)(self._shingles)

    def _shingles(self, key: str) -> frozenset[int]:
        words = WORDS.findall(self.texts[key].lower())
        return frozenset(hash(tuple(words[start:start + 5])) for start in range(max(1, len(words) - 4)))

    def jaccard(self, a: str, b: str) -> float:
        one, other = self.shingles(a), self.shingles(b)
        shared = len(one & other)
        return shared / (len(one) + len(other) - shared)


def clusters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """{key: the one that stands for its cluster}: two rows of one cluster count as found, for edges to equal rows are not all kept."""
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for a, b in pairs:
        parent[find(a)] = find(b)
    return {key: find(key) for key in parent}


def recall(planted: list[tuple[str, str, float]], pairs: set[tuple[str, str]], least: float = .8) -> float:
    """Of the planted pairs of `least` or more, the share that is connected by what was found."""
    cluster = clusters(pairs)
    wanted = [(a, b) for a, b, similarity in planted if similarity >= least]
    return sum(a in cluster and cluster[a] == cluster.get(b) for a, b in wanted) / max(1, len(wanted))


def precision(truth: Truth, pairs: set[tuple[str, str]], least: float) -> float:
    """Of the pairs found, the share that is as alike as `least`."""
    return sum(truth.jaccard(a, b) >= least for a, b in pairs) / max(1, len(pairs))
