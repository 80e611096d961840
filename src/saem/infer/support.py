"""How the figures of a sentence weigh: two linear ranks and one logistic model, all of them data.

Source: `python -m benchmarks.answers --calibrate` on examples/handbook_questions.jsonl: 100 questions that the handbook answers, 50 that
it does not, and the 100 again with the documents that answer them taken away. Its held-out figures: `python -m benchmarks.answers`.
"""
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp


@dataclass(frozen=True)
class Weights:
    """Weights by the name of the figure; the one named '' stands alone."""
    early: Mapping[str, float]       # which sentences are worth embedding
    rank: Mapping[str, float]        # which of those answers best
    support: Mapping[str, float]     # log odds that it does answer


WEIGHTS = Weights(
    early={"words": 8.45, "above": -1.17, "passage": 20.44, "fit": 4.39, "bare": -3.31, "crosses": 1.91},
    rank={"meaning": 1.62, "words": 1.79, "passage": 12.61, "fit": 3.64, "bare": -2.99, "crosses": 2.11},
    support={"meaning": 0.28, "near": 1.47, "fit": 4.02, "covered": 0.95, "": -5.45},
)
VECTORS_ALONE = WEIGHTS       # for models that do not show their tokens
WORDS_ALONE = Weights(       # for tables without vectors
    early={"words": 8.05, "above": -0.79, "passage": 13.45, "fit": 4.07, "bare": -2.79, "crosses": -1.37},
    rank={"words": 8.05, "above": -0.79, "passage": 13.45, "fit": 4.07, "bare": -2.79, "crosses": -1.37},
    support={"passage": 6.44, "fit": 3.72, "covered": 1.95, "": -6.14},
)


def weigh(weights: Mapping[str, float], figures: Mapping[str, float]) -> float:
    """The weighted sum.

    >>> weigh({"words": 2.0, "": 1.0}, {"words": 0.5})
    2.0
    """
    return sum(weight * figures[name] if name else weight for name, weight in weights.items())


def probability(weights: Mapping[str, float], figures: Mapping[str, float]) -> float:
    """The logistic model. (0, 1)"""
    return 1 / (1 + exp(-max(-30.0, min(30.0, weigh(weights, figures)))))
