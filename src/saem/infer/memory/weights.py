"""What counts in a memory: how much each figure weighs, when a memory is hot, and how many tokens a text takes.

    score = .65 relevance + .15 recency + .05 frequency + .15 importance

relevance   BM25 of the question's words, as share of the most that any memory could have; what a predicate may be asked by counts as
            words of a
            belief (vocabulary.py)
recency     1 when it was said, a half after `half_life_days`
frequency   log(1 + times recalled) / log(1 + 20), at most 1; times recalled fade with the same half-life
importance  1 where someone asked to remember it, or as `remember(importance=)` says; beliefs by topic; questions and replies little

Source: the sum of relevance, recency and importance is that of Park et al. 2023, Generative Agents; hot, warm and cold follow MemGPT's main
and external context (Packer et al. 2023).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from saem.infer.memory.rows import Belief, Claim, Message

FULL_USES = 20
TOPICS = {"health": 0.9, "profile": 0.8, "plans": 0.8, "work": 0.7}  # others .6
_ASKED = re.compile(r"\b(?:remember|important|never forget|don['’]?t forget|keep in mind)\b|기억해|잊지|중요", re.IGNORECASE)
_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True)
class Policy:
    """What may be tuned of a memory.

    superseded        what the score of a message is multiplied with that says only what no longer holds
    hot, warm         heat from which a memory is hot, or warm; below it is cold: recalled by question only
    token_cost        heat that a token takes away: a long memory must be of more use
    profile, summaries  shares of a context's budget for what is believed and for summaries; recent messages have the rest
    run_after         messages that wait before `remember` brings the tables up to date
    in_memory         messages of one asker that are held in memory, the newest; older ones are found by words alone, in their table
    keep_days         messages older than this go with `expire()`; None = only those with a time of their own
    """

    relevance: float = 0.65
    recency: float = 0.15
    frequency: float = 0.05
    importance: float = 0.15
    superseded: float = 0.5
    half_life_days: float = 30.0
    hot: float = 0.65
    warm: float = 0.3
    token_cost: float = 0.002
    profile: float = 0.4
    summaries: float = 0.2
    run_after: int = 256
    in_memory: int = 50_000
    keep_days: float | None = None

    def faded(self, age_days: float) -> float:
        """1 now, a half after the half-life. (0, 1]"""
        return float(0.5 ** (max(0.0, age_days) / self.half_life_days))

    def heat(self, recency: float, frequency: float, importance: float, tokens: int) -> float:
        """How much a memory deserves its place in the main context."""
        return 0.4 * recency + 0.4 * frequency + 0.6 * importance - self.token_cost * tokens

    def tier(self, heat: float) -> str:
        return "hot" if heat >= self.hot else "warm" if heat >= self.warm else "cold"


def frequency(uses: float) -> float:
    """[0, 1] of times recalled."""
    return min(1.0, math.log1p(uses) / math.log1p(FULL_USES))


def importance_of(message: Message, claims: Sequence[Claim]) -> float:
    """[0, 1]."""
    if message.importance is not None:
        return message.importance
    if message.role == "assistant":
        return 0.1
    if _ASKED.search(message.text):
        return 1.0
    return 0.5 if claims else 0.1 if message.text.rstrip().endswith("?") else 0.2


def importance_of_belief(belief: Belief) -> float:
    return TOPICS.get(belief.topic, 0.6)


def tokens(text: str) -> int:
    """How many tokens a text takes, an upper estimate for the usual models: one a Korean or Chinese character, one for three others.

    >>> tokens("수학이 약해"), tokens("weak in math")
    (6, 4)
    """
    wide = len(_WIDE.findall(text))
    return wide + -(-(len(text) - wide) // 3)
