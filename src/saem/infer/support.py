"""How the figures of a sentence weigh: two linear ranks and one logistic model, all of them data.

Source: `python -m benchmarks.answers --calibrate` on examples/handbook_questions.jsonl and benchmarks/questions/handbook.jsonl: 176
questions that the handbook answers, 87 that it does not, 54 of them near misses, and the 176 again with the documents that answer
them taken away. The held-out figures, and those on another corpus: benchmarks/README.md.
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
    early={"words": 8.41, "above": -1.46, "passage": 21.14, "fit": 4.33, "bare": -3.33, "crosses": 2.41},
    rank={"meaning": 1.58, "words": 2.14, "passage": 14.79, "fit": 3.83, "bare": -2.9, "crosses": 2.39},
    support={"meaning": -0.14, "near": 0.84, "fits": 1.43, "unfit": -2.07, "shared": 0.95, "crosses": -0.89,
             "alike": 8.34, "alike_across": 5.36, "": -5.73},
)
VECTORS_ALONE = Weights(     # for models that do not show their tokens
    early={"words": 8.41, "above": -1.46, "passage": 21.14, "fit": 4.33, "bare": -3.33, "crosses": 2.41},
    rank={"meaning": 1.58, "words": 2.14, "passage": 14.79, "fit": 3.83, "bare": -2.9, "crosses": 2.39},
    support={"meaning": 0.2, "near": 0.84, "fit": 3.56, "covered": 1.8, "": -4.92},
)
WORDS_ALONE = Weights(       # for tables without vectors
    early={"words": 9.09, "above": 0.21, "passage": 16.6, "fit": 3.43, "bare": -2.56, "crosses": -0.95},
    rank={"words": 9.09, "above": 0.21, "passage": 16.6, "fit": 3.43, "bare": -2.56, "crosses": -0.95},
    support={"passage": 7.44, "fit": 2.9, "covered": 1.85, "": -5.77},
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
