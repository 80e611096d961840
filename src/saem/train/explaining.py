"""Why a model gave a text its score: the n-grams that it added up."""
import math
from dataclasses import dataclass
from typing import Any

from saem.core import registry
from saem.core.errors import SaemError, caller


@dataclass(frozen=True)
class Reason:
    """adds: to the log-odds of the score, all occurrences together; above 0 speaks for the target."""
    ngram: str
    times: int
    adds: float


@dataclass(frozen=True)
class Explanation:
    """score = 1 / (1 + exp(-(bias + all that the reasons add + rest)))."""
    score: float
    bias: float
    reasons: tuple[Reason, ...]
    rest: float

    def __str__(self) -> str:
        lines = [f"score {self.score:.3f}"] + [f"{reason.adds:+8.3f}  {reason.ngram}" + (f"  x{reason.times}" if reason.times > 1 else "")
                                               for reason in self.reasons]
        return "\n".join([*lines, f"{self.rest:+8.3f}  all other n-grams", f"{self.bias:+8.3f}  whatever the text"])


def explain(model: Any, text: str, most: int = 12) -> Explanation:
    """The n-grams of a text that moved its score most, strongest first; `model` is a table that `fit` or `tell_apart` made."""
    rows = model.to_arrow(["learner", "artifact"])
    if not len(rows):
        raise SaemError("E208", f"the table '{model.name}' holds no model yet", where=caller(), fix="saem run")
    learner = registry.load("learner", rows["learner"][0].as_py())
    if not hasattr(learner, "reasons"):
        raise SaemError("E104", f"the learner '{rows['learner'][0].as_py()}' gives no reasons", where=caller(),
                        fix='fit(..., learner="ngrams") does')
    bias, every = learner.reasons(rows["artifact"][0].as_py(), text)
    found = sorted((Reason(*each) for each in every), key=lambda reason: (-abs(reason.adds), reason.ngram))
    odds = bias + math.fsum(reason.adds for reason in found)
    return Explanation(1 / (1 + math.exp(-odds)), bias, tuple(found[:most]), math.fsum(reason.adds for reason in found[most:]))
