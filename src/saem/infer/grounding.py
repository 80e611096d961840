"""Whether a passage says what a sentence says: the sentence is whoever's, the evidence is decided here.

1. The sentence's words are laid over every sentence of the passages; the nearest SPANS are looked at.
2. What is exact must match exactly: numbers with their units, names, whether it denies, and words with an opposite.
3. What may be reworded is weighed: the share of its words that the span holds, what the other words stand for elsewhere, and, where
   the words alone do not tell, its tokens beside the span's.
4. A sentence that no single span supports is taken apart at its conjunctions; every part must be supported.
"""
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp

import numpy as np

from saem.core import registry
from saem.core.protocols import TokenEmbedder
from saem.infer.evidence import Candidate, Chosen, Passage, candidates
from saem.infer.facts import EXACT_WORDS, Number, denies, names, numbers, opposed, unheld_name, unheld_number
from saem.store.sample import is_hangul

SPANS = 4                  # that are looked at for a sentence
HELD = 0.9                 # of its words' weight, and nothing foreign: supported without a look at its tokens
HOPELESS = 0.2             # below it no look at the tokens is worth its time, inside one language
NEAR = 0.4                 # of its words: from here on the span speaks of the same thing
ENOUGH = 0.5
MIN_WORDS = 2              # of a part that is checked by itself
WEIGHTS: Mapping[str, float] = {"held": 5.8, "foreign": -8.2, "novel": -1.0, "alike": 9.5, "crosses": 3.5, "": -11.0}

_CLAUSE = re.compile(r"[;:]\s+|,\s+(?:and|but|while|whereas|or|so)\s+|\s+(?:and|but|while|whereas)\s+|,\s+|"
                     r"(?<=[가-힣](?:고|며|나|만))[,\s]+|\s+(?:그리고|하지만|그러나)\s+")
_TIDY = re.compile(r"\s*[\[(](?:passages?\s*)?\d+(?:\s*[,;]\s*\d+)*[\])]|\*\*|__|`|^\s*#+\s+", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^(?:according to|based on|as (?:stated|mentioned) in)\s+(?:the\s+)?(?:passages?|documents?|context|text|handbook|information)"
    r"(?:\s*\d+)?(?:\s+provided)?\s*,?\s*|^(?:passage|document|지문|문서|자료)\s*\d*\s*(?:says|states)?(?:에 따르면|에 의하면)\s*,?\s*|"
    r"^(?:sure|certainly|yes|no|네|예|아니요)[,!.]\s*|^(?:answer|답변?)\s*:\s*", re.IGNORECASE)
_PRONOUNS = frozenset("it this that these those they he she we you there if when to 이 그 저 이는 이것은 그것은 이곳은 그곳은 이때 "
                      "만약".split())
_ITEM = re.compile(r"^\s*(?:[-*•·]|\d+[.)])\s+")


@dataclass(frozen=True)
class Verdict:
    """spans: what supports it, a place for each part; reason: why nothing does, '' = supported; why: the figures of the best span."""
    text: str
    spans: tuple[Chosen, ...]
    reason: str = ""
    why: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_supported(self) -> bool:
        return not self.reason


@dataclass
class Held:
    """A sentence of a passage, read once for all that is compared with it."""
    candidate: Candidate

    @cached_property
    def context(self) -> str:
        """With what leads it in: a list's line, a table's head, its headings."""
        return "\n".join(filter(None, (self.candidate.over, self.candidate.led)))

    @cached_property
    def words(self) -> set[str]:
        return content([*self.candidate.words, *self.candidate.above])

    @cached_property
    def subject(self) -> set[str]:
        """What it begins with: of what it speaks, in both languages. Empty where it is a pronoun."""
        first = re.match(r"\W*(\w+)", self.candidate.text)
        ordered = [word for word in self.candidate.words if word in content([word])]
        return set() if first and first[1].lower() in _PRONOUNS else set(ordered[:2])

    @cached_property
    def numbers(self) -> list[Number]:
        return numbers(self.candidate.text) + numbers(self.candidate.over)

    @cached_property
    def clauses(self) -> list[tuple[str, set[str], list[Number]]]:
        parts = clauses(self.candidate.text)
        return [(part, content(words.split()), numbers(part)) for part, words in zip(parts, registry.tokenize(parts), strict=True)]


class Checker:
    """The passages, ready to be compared with sentences.

    embedder  shows tokens; None = words alone
    """

    def __init__(self, passages: Sequence[Passage], embedder: TokenEmbedder | None) -> None:
        self.held = [Held(candidate) for candidate in candidates(passages)]
        self.embedder = embedder
        self.passages = [content(each.split()) for each in registry.tokenize([f"{p.heading} {p.text}" for p in passages])]
        self.known: set[str] = set().union(*self.passages)
        self._tokens: dict[str, np.ndarray] = {}

    def check(self, sentence: str) -> Verdict:
        """Whether the passages support a sentence, as a whole or in its parts."""
        text = tidy(sentence)
        words = content(registry.tokenize([text])[0].split())
        if not words or not self.held:
            return Verdict(text, (), "it says nothing that a passage could support")
        whole = self._check(text, words)
        parts = clauses(text)
        if whole.is_supported or len(parts) < 2:
            return whole
        tokens = [content(each.split()) for each in registry.tokenize(parts)]
        if any(len(each) < MIN_WORDS for each in tokens):
            return whole
        verdicts = [self._check(part, each) for part, each in zip(parts, tokens, strict=True)]
        if not all(each.is_supported for each in verdicts):
            return whole
        return Verdict(text, tuple(dict.fromkeys(span for each in verdicts for span in each.spans)), "", verdicts[0].why)

    def _check(self, text: str, words: set[str]) -> Verdict:
        said, called = numbers(text), names(text)
        near = sorted(self.held, key=lambda each: (-_share(words, each.words), len(each.words)))[:SPANS]
        best: Verdict | None = None
        for held in near:
            figures = self._figures(text, words, held)
            reason = self._contradiction(text, words, said, called, held)
            if not reason and self._support(figures, text, held) < ENOUGH:
                reason = "no passage says this"
            verdict = Verdict(text, _places(held), reason, figures)
            if verdict.is_supported and (best is None or not best.is_supported or figures["support"] > best.why["support"]):
                best = verdict
            elif best is None:
                best = Verdict(text, (), reason, figures)
        assert best is not None
        return best

    def _figures(self, text: str, words: set[str], held: Held) -> dict[str, float]:
        """Shares of the sentence's words: that the span holds, foreign: that only other passages hold, novel: that none holds."""
        rest = words - held.words - self.passages[held.candidate.place.passage]
        crosses = float(is_hangul(text) != is_hangul(held.candidate.text))
        return {"held": _share(words, held.words), "foreign": _share(words, rest & self.known), "novel": _share(words, rest - self.known),
                "crosses": crosses, "alike": 0.0}

    def _contradiction(self, text: str, words: set[str], said: Sequence[Number], called: Sequence[str], held: Held) -> str:
        """What is exact and differs; '' = nothing."""
        number = unheld_number(said, held.numbers)
        if number is not None:
            return f"a number that the passage does not have: {number.value:g}{' ' + number.unit if number.unit else ''}"
        name = unheld_name(called, held.context)
        if name is not None:
            return f"a name that the passage does not have: {name}"
        if _share(words, held.words) < NEAR:
            return ""                                    # it speaks of something else: that it differs there says nothing
        if denies(text) != any(denies(part) for part in self._about(words, held)):
            return "the passage says the opposite"
        if opposed(text, held.candidate.text):
            return "the passage says the opposite"
        if (words - held.words - self.passages[held.candidate.place.passage]) & self.known:
            return "the passage says it of something else"        # a word of another passage in a sentence of this one
        if (words - held.words) & self.known and held.subject and not held.subject & words:
            return "the passage says it of something else"
        if any(self._is_of_another(words, number, held) for number in said):
            return "the number belongs to something else in the passage"
        return ""

    def _about(self, words: set[str], held: Held) -> list[str]:
        """The clauses of a span that the words are from."""
        shared = [len(words & own) / max(1, len(own)) for _, own, _ in held.clauses]
        most = max(shared, default=0.0)
        return [part for (part, _, _), share in zip(held.clauses, shared, strict=True) if share >= 0.5 * most]

    def _is_of_another(self, words: set[str], number: Number, held: Held) -> bool:
        """Whether another clause of the span, with another number of the same unit, is nearer to the words."""
        def nearness(own: set[str]) -> float:
            return _share(words, own)
        with_it = [nearness(own) for _, own, there in held.clauses if any(n.value == number.value for n in there)]
        others = [nearness(own) for _, own, there in held.clauses
                  if any(n.unit == number.unit for n in there) and not any(n.value == number.value for n in there)]
        return bool(with_it and others) and max(others) > max(with_it) + 0.1

    def _support(self, figures: dict[str, float], text: str, held: Held) -> float:
        """Adds `alike` where words do not tell, and `support`. [0, 1]"""
        if not figures["crosses"] and figures["held"] >= HELD and not figures["foreign"]:
            figures["support"] = 1.0
        elif self.embedder is None or (not figures["crosses"] and figures["held"] < HOPELESS):
            figures["support"] = max(0.0, figures["held"] - figures["foreign"] - 0.25) if self.embedder is None else 0.0
        else:
            figures["alike"] = self._alike(text, held)
            weight = sum(value * figures[name] if name else value for name, value in WEIGHTS.items())
            figures["support"] = 1 / (1 + exp(-max(-30.0, min(30.0, weight))))
        return figures["support"]

    def _alike(self, text: str, held: Held) -> float:
        """The mean, over the sentence's tokens, of the cosine with the span's nearest token.

        Source: Khattab and Zaharia 2020, https://arxiv.org/abs/2004.12832 (late interaction)
        """
        said, there = self._read(text), self._read(held.context)
        return float((said @ there.T).max(axis=1).mean()) if len(said) and len(there) else 0.0

    def _read(self, text: str) -> np.ndarray:
        assert self.embedder is not None
        if text not in self._tokens:
            self._tokens[text] = self.embedder.tokens(text)
        return self._tokens[text]


def content(words: Sequence[str]) -> set[str]:
    """Without numbers and denials: these are compared by what they mean."""
    return {word for word in words if not any(c.isdigit() for c in word) and word not in EXACT_WORDS}


def _share(words: set[str], held: set[str]) -> float:
    """How many of the words are held. [0, 1]"""
    return len(words & held) / len(words) if words else 0.0


def _places(held: Held) -> tuple[Chosen, ...]:
    return tuple(place for place in (held.candidate.lead, held.candidate.place) if place)


def tidy(sentence: str) -> str:
    """Without marks of passages and of Markdown, and without what leads in: 'According to passage 2, ...'.

    >>> tidy("- **According to the passages,** the fee is 100 won [2].")
    'the fee is 100 won.'
    """
    text = _TIDY.sub("", _ITEM.sub("", sentence.strip()))
    while (shorter := _LEAD_IN.sub("", text.strip(), count=1)) != text.strip() and shorter:
        text = shorter
    return text.strip()


def clauses(text: str) -> list[str]:
    """The parts of a sentence between its conjunctions and commas; a number is never cut.

    >>> clauses("Students may borrow five books, and the late fee is 1,000 won.")
    ['Students may borrow five books', 'the late fee is 1,000 won.']
    """
    return [part.strip() for part in _CLAUSE.split(text) if part and part.strip()]
