"""Whether a passage says what a sentence says: the sentence is whoever's, the evidence is decided here.

1. The sentence's words are laid over every sentence of the passages; the nearest SPANS are looked at.
2. What is exact must match exactly: numbers with their units, names, whether it denies, and words with an opposite.
3. What may be reworded must be met word by word (wording.py). It is better that a true sentence falls than that a false one stands.
4. Between two languages no word can be met: there its tokens are weighed beside the span's.
5. A sentence that no single span supports is taken apart at its conjunctions; every part must be supported, with its own subject.
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
from saem.infer.facts import EXACT_WORDS, Number, clocks, denies, names, numbers, opposed, unheld_clock, unheld_name, unheld_number
from saem.infer.wording import Meanings, Wording, is_joined_across, stem, unmet, wording
from saem.store.sample import is_hangul

SPANS = 4                  # that are looked at for a sentence
NEAR = 0.4                 # of its words: from here on the span speaks of the same thing; below it nothing supports it
ENOUGH = 0.5
MIN_WORDS = 2              # of a part that is checked by itself
WHOLE = 0.75               # of a clause's words: a part says this clause, and not the beginning or the end of it
# Between two languages alone; fitted on sentences of one, so nothing is known of how often it errs: it lets little pass
WEIGHTS: Mapping[str, float] = {"held": 5.8, "foreign": -8.2, "novel": -1.0, "alike": 9.5, "crosses": 3.5, "": -11.0}

_CLAUSE = re.compile(r"[;:]\s+|,\s+(?:and|but|while|whereas|or|so)\s+|\s+(?:and|but|while|whereas)\s+|,\s+|"
                     r"(?<=[가-힣](?:고|며|나|만))[,\s]+|\s+(?:그리고|하지만|그러나)\s+")
_PARTS = re.compile(r"[;:]\s+|,\s+(?:and|but|so)\s+|\s+(?:and|but)\s+|,\s+|(?<=[가-힣](?:고|며))[,\s]+|(?<=(?:지만|으나))[,\s]+|"
                    r"\s+(?:그리고|하지만|그러나)\s+")
_BOUND = re.compile(r"\b(?:if|unless|when|whenever|while|whereas|because|since|although|though|until|once|provided)\b|"
                    r"(?:면|때는?|므로|니까|려면|더라도|경우(?:에는?)?|동안)(?=[\s,])", re.IGNORECASE)      # half of it says something else
_TIDY = re.compile(r"\s*[\[(](?:passages?\s*)?\d+(?:\s*[,;]\s*\d+)*[\])]|\*\*|__|`|^\s*#+\s+", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^(?:according to|based on|as (?:stated|mentioned) in)\s+(?:the\s+)?(?:passages?|documents?|context|text|handbook|information)"
    r"(?:\s*\d+)?(?:\s+provided)?\s*,?\s*|^(?:passage|document|지문|문서|자료)\s*\d*\s*(?:says|states)?(?:에 따르면|에 의하면)\s*,?\s*|"
    r"^(?:in (?:general|short|summary|other words)|to (?:sum up|summari[sz]e)|overall|generally|note that|please note that)\s*,?\s+|"
    r"^(?:안내하자면|참고로|정리하면|요약하면|말하자면|일반적으로|결론적으로)\s*,?\s+|"
    r"^(?:sure|certainly|yes|no|네|예|아니요)[,!.]\s*|^(?:answer|답변?)\s*:\s*", re.IGNORECASE)
_PRONOUNS = frozenset("it this that these those they he she we you there if when to 이 그 저 이는 이것은 그것은 이곳은 그곳은 이때 "
                      "만약".split())
_POINTS_BACK = re.compile(r"\b(?:it|its|they|them|their|this|these|those|there|here|he|she|his|her)\b|"
                          r"(?:^|\s)(?:이|그|저)(?:것|곳|때|들)?[은는이가을를에의]?\s", re.IGNORECASE)
_QUOTED = re.compile(r"(?<!\w)[\"'“‘「『]([^\"'“”‘’」』]{8,})[\"'”’」』]|`([^`]{8,})`")
_HAS_SUBJECT = re.compile(r"[가-힣](?:은|는|이|가|도)\s")
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
    """A sentence of a passage, read once for all that is compared with it. before: the one that it follows in its passage."""
    candidate: Candidate
    before: "Held | None" = None

    @cached_property
    def context(self) -> str:
        """With what leads it in: a list's line, a table's head, its headings."""
        return "\n".join(filter(None, (self.candidate.over, self.candidate.led)))

    @cached_property
    def words(self) -> set[str]:
        return content([*self.candidate.words, *self.candidate.above])

    @cached_property
    def wording(self) -> Wording:
        return wording(self.candidate.led)

    @cached_property
    def above(self) -> frozenset[str]:
        """Stems of what a sentence may add to it: the words above it, and what its pronouns stand for."""
        return frozenset(wording(self.candidate.over).content) | (self.before.topic if self.before and self._points_back else frozenset())

    @property
    def _points_back(self) -> bool:
        text = self.candidate.text
        return not _HAS_SUBJECT.search(text) if is_hangul(text) else bool(_POINTS_BACK.search(text))

    @cached_property
    def quoted(self) -> list[frozenset[str]]:
        """Stems of the sentences that it quotes: that somebody says a thing does not make the passage say it."""
        found = [wording(each[1] or each[2]) for each in _QUOTED.finditer(self.candidate.text)]
        return [frozenset(each.content) for each in found if MIN_WORDS <= len(set(each.content)) < len(set(self.wording.content))]

    @cached_property
    def topic(self) -> frozenset[str]:
        """Of what it and what follows it speak."""
        if self.subject or self.before is None:
            return frozenset(wording(" ".join(self.candidate.text.split()[:4])).content[:2])
        return self.before.topic

    @cached_property
    def subject(self) -> set[str]:
        """What it begins with: of what it speaks, in both languages. Empty where it is a pronoun."""
        first = re.match(r"\W*(\w+)", self.candidate.text)
        ordered = [word for word in self.candidate.words if word in content([word])]
        return set() if first and first[1].lower() in _PRONOUNS else set(ordered[:2])

    def is_said_whole(self, said: Wording) -> bool:
        """Whether one of its clauses is said to the end."""
        words, parts = set(said.content), [set(wording(part).content) for part, _, _ in self.clauses]
        return any(len(own & words) >= WHOLE * len(own) for own in parts if len(own) >= MIN_WORDS)

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
        self.held = list[Held]()
        for candidate in candidates(passages):
            last = self.held[-1] if self.held else None
            self.held.append(Held(candidate, last if last and last.candidate.place.passage == candidate.place.passage else None))
        self.embedder, self.meanings = embedder, Meanings(embedder)
        self.passages = [content(each.split()) for each in registry.tokenize([f"{p.heading} {p.text}" for p in passages])]
        self.known: set[str] = set().union(*self.passages)
        self._tokens: dict[str, np.ndarray] = {}

    def check(self, sentence: str) -> Verdict:
        """Whether the passages support a sentence, as a whole or in its parts."""
        text = tidy(sentence)
        words = content(registry.tokenize([text])[0].split())
        if not words or not self.held:
            return Verdict(text, (), "it says nothing that a passage could support")
        whole, _ = self._check(text, words)
        parts = [part.strip() for part in _PARTS.split(text) if part.strip()]
        if whole.is_supported or len(parts) < 2 or _BOUND.search(text):
            return whole
        tokens = [content(each.split()) for each in registry.tokenize(parts)]
        if any(len(each) < MIN_WORDS for each in tokens):
            return whole
        verdicts, last = list[Verdict](), None
        for part, each in zip(parts, tokens, strict=True):
            verdict, held = self._check(part, each)
            if held is None or not (held is last or held.subject & each and held.is_said_whole(wording(part))):
                return whole            # half a fact: nobody knows of what
            verdicts.append(verdict)
            last = held
        return Verdict(text, tuple(dict.fromkeys(span for each in verdicts for span in each.spans)), "", verdicts[0].why)

    def _check(self, text: str, words: set[str]) -> tuple[Verdict, Held | None]:
        """What the nearest spans say of a text, and the one that supports it."""
        said, called = numbers(text), names(text)
        near = sorted(self.held, key=lambda each: (-_share(words, each.words), len(each.words)))[:SPANS]
        best, by = None, None
        for held in near:
            figures = self._figures(text, words, held)
            reason = self._contradiction(text, words, said, called, held) or self._unsaid(text, words, figures, held)
            verdict = Verdict(text, () if reason else _places(held), reason, figures)
            if best is None or verdict.is_supported and (by is None or figures["support"] > best.why["support"]):
                best, by = verdict, held if verdict.is_supported else None
        assert best is not None
        return best, by

    def _figures(self, text: str, words: set[str], held: Held) -> dict[str, float]:
        """Shares of the sentence's words: that the span holds, foreign: that only other passages hold, novel: that none holds."""
        rest = words - held.words - self.passages[held.candidate.place.passage]
        crosses = float(is_hangul(text) != is_hangul(held.candidate.text))
        return {"held": _share(words, held.words), "foreign": _share(words, rest & self.known), "novel": _share(words, rest - self.known),
                "crosses": crosses, "alike": 0.0, "support": 0.0}

    def _contradiction(self, text: str, words: set[str], said: Sequence[Number], called: Sequence[str], held: Held) -> str:
        """What is exact and differs; '' = nothing."""
        if unheld_clock(clocks(text), clocks(held.context)):
            return "a time that the passage does not have"
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
        parts = clauses(text)
        for part, own in zip(parts, registry.tokenize(parts), strict=True):
            if any(self._is_of_another(content(own.split()), number, held) for number in numbers(part)):
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

    def _unsaid(self, text: str, words: set[str], figures: dict[str, float], held: Held) -> str:
        """What the span does not say; '' = it says all. Adds `support` [0, 1], and `alike` between two languages."""
        if figures["crosses"]:
            if self.embedder is not None:
                figures["alike"] = self._alike(text, held)
                weight = sum(value * figures[name] if name else value for name, value in WEIGHTS.items())
                figures["support"] = 1 / (1 + exp(-max(-30.0, min(30.0, weight))))
            return "" if figures["support"] >= ENOUGH else "no passage says this"
        if figures["held"] < NEAR:
            return "no passage says this"
        said = wording(text)
        if len(set(said.content) & set(held.wording.content)) + len(numbers(text)) < MIN_WORDS:
            return "no passage says this"                # a word alone says nothing of it
        word = unmet(said, held.wording, held.above, self._is_close)
        if word:
            return "the passage says it of something else" if word in self.stems else "no passage says this"
        if any(set(said.content) - held.above <= quote for quote in held.quoted):
            return "the passage only quotes it"
        if is_joined_across(said, [wording(part) for part, _, _ in held.clauses]):
            return "the passage says it of something else"
        figures["support"] = figures["held"]
        return ""

    def _is_close(self, word: str, others: Sequence[str]) -> bool:
        """A word of another sentence names another thing, however near it lies."""
        return stem(word) not in self.stems and self.meanings.is_close(word, others)

    @cached_property
    def stems(self) -> set[str]:
        return {word for held in self.held for word in held.wording.content}

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
