"""How good a ranking is, and whether two differ by more than chance.

Our own few lines instead of ir-measures or ranx: each is one formula, for which they would bring a C extension or numba (150 MB).
Sources: Järvelin and Kekäläinen 2002 (nDCG); Efron 1979 (bootstrap); Smucker et al. 2007 (paired resampling of queries).
"""
from collections.abc import Collection, Sequence
from math import log2

import numpy as np

RESAMPLES = 5_000
CONFIDENCE = 0.95


def ndcg(ranked: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """The discounted gain of the first k, as share of the best that could be. All that is relevant is equally so. [0, 1]

    >>> round(ndcg(["a", "b", "c"], ["b"]), 4)
    0.6309
    """
    gained = sum(1 / log2(rank + 1) for rank, each in enumerate(ranked[:k], 1) if each in relevant)
    best = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return gained / best if best else 0.0


def recall(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of what is relevant that is among the first k. [0, 1]

    >>> recall(["a", "b", "c"], ["b", "z"], 2)
    0.5
    """
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant)) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """One over the rank of the first that is relevant; 0 where none of the first k is.

    >>> reciprocal_rank(["a", "b"], ["b"])
    0.5
    """
    return next((1 / rank for rank, each in enumerate(ranked[:k], 1) if each in relevant), 0.0)


def average(values: Sequence[float]) -> float | None:
    """The mean, or the share of what is true; None of nothing.

    >>> average([True, False]), average([])
    (0.5, None)
    """
    return sum(map(float, values)) / len(values) if values else None


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Where the mean would lie with other questions of the same kind: percentiles of its bootstrap. Always the same for the same values.

    >>> interval([0.5, 0.5])
    (0.5, 0.5)
    """
    if not values:
        return 0.0, 0.0
    sample = np.asarray(values, float)
    chosen = np.random.default_rng(0).integers(0, len(sample), (RESAMPLES, len(sample)))
    low, high = np.quantile(sample[chosen].mean(axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def difference(values: Sequence[float], baseline: Sequence[float], comparisons: int = 1) -> tuple[float, float, float]:
    """(mean, low, high) of the differences, question by question. Chance alone rarely moves both bounds off 0.

    comparisons  how many are made with one baseline: with more of them each must be surer (Bonferroni)
    """
    apart = [value - other for value, other in zip(values, baseline, strict=True)]
    low, high = interval(apart, 1 - (1 - CONFIDENCE) / max(1, comparisons))
    return (sum(apart) / len(apart) if apart else 0.0), low, high


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else 0.0
