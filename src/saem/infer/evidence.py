"""Which sentences answer a question, and whether that is enough: decided in code, from words and meaning."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saem.core import registry


@dataclass(frozen=True)
class Passage:
    """A found piece of text, the headings above it, and the figures of its search."""
    text: str
    heading: str
    score: float
    why: Mapping[str, float]


@dataclass(frozen=True)
class Chosen:
    """Characters start:end of a passage."""
    passage: int
    start: int
    end: int


def choose(question: str, passages: Sequence[Passage], encoders: Mapping[str, str]) -> tuple[list[Chosen], dict[str, float]]:
    """(the sentences that answer, best first, and the figures that decided); no sentence = not found."""
    from saem.transform.splitting import sentences
    asked = set(registry.tokenize([question])[0].split())
    found = [(i, span) for i, passage in enumerate(passages) for span in sentences(passage.text)]
    words = registry.tokenize([passages[i].text[s.start:s.end] + " " + passages[i].heading for i, s in found])
    scored = []
    for (i, span), tokens in zip(found, words, strict=True):
        share = len(asked & set(tokens.split())) / max(1, len(asked))
        scored.append((0.6 * share + 0.4 * passages[i].score, i, span))
    scored.sort(key=lambda each: -each[0])
    best = scored[:1]
    if not best or best[0][0] < 0.5:
        return [], {"support": best[0][0] if best else 0.0}
    return [Chosen(i, span.start, span.end) for _, i, span in best], {"support": best[0][0]}
