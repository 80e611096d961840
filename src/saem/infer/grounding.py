"""Whether a passage says what a sentence says: the sentence is whoever's, the evidence is decided here.

1. The sentence's words are laid over every sentence of the passages; the nearest SPANS are looked at.
2. What is exact must match exactly: numbers with their units, names, whether it denies, and words with an opposite.
3. What may be reworded must be met word by word (wording.py). It is better that a true sentence falls than that a false one stands.
4. A sentence that no single span supports is taken apart at its conjunctions; every part must be supported, with its own subject.

Between two languages no word can be met, so nothing stands.
"""
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from saem.core import registry
from saem.core.protocols import Embedder
from saem.infer.amounts import unheld_clock, unheld_number
from saem.infer.facts import opposed, unheld_name
from saem.infer.held import MIN_WORDS, Held, Said, content, share
from saem.infer.sentences import Candidate, Chosen, Passage, candidates
from saem.infer.spoken import tidy
from saem.infer.wording import Meanings, is_joined_across, stem, unmet, wording

SPANS = 4                  # that are looked at for a sentence
NEAR = 0.4                 # of its words: from here on the span speaks of the same thing; below it nothing supports it

_PARTS = re.compile(r"[;:]\s+|,\s+(?:and|but|so)\s+|\s+(?:and|but)\s+|,\s+|(?<=[가-힣](?:고|며))[,\s]+|(?<=(?:지만|으나))[,\s]+|"
                    r"\s+(?:그리고|하지만|그러나)\s+")
_BOUND = re.compile(r"\b(?:if|unless|when|whenever|while|whereas|because|since|although|though|until|once|provided)\b|"
                    r"(?:면|때는?|므로|니까|려면|더라도|경우(?:에는?)?|동안)(?=[\s,])", re.IGNORECASE)      # half of it says something else

@dataclass(frozen=True)
class Verdict:
    """spans: what supports it, a place for each part; reason: why nothing does, '' = supported."""
    text: str
    spans: tuple[Chosen, ...]
    reason: str = ""

    @property
    def is_supported(self) -> bool:
        return not self.reason


class Checker:
    """The passages, ready to be compared with sentences.

    embedder   tells which words mean nearly the same; None = words alone
    sentences  those of the passages, where they have been read already
    """

    def __init__(self, passages: Sequence[Passage], embedder: Embedder | None, sentences: Sequence[Candidate] | None = None) -> None:
        self.held = list[Held]()
        for candidate in candidates(passages) if sentences is None else sentences:
            last = self.held[-1] if self.held else None
            self.held.append(Held(candidate, last if last and last.candidate.place.passage == candidate.place.passage else None))
        self.meanings = Meanings(embedder)
        self.passages = [content(each.split()) for each in registry.tokenize([f"{p.heading} {p.text}" for p in passages])]
        self.known: set[str] = set().union(*self.passages)

    def check(self, sentence: str) -> Verdict:
        """Whether the passages support a sentence, as a whole or in its parts."""
        said = Said(tidy(sentence))
        if not said.words or not self.held:
            return Verdict(said.text, (), "it says nothing that a passage could support")
        whole, _ = self._check(said)
        parts = [Said(part.strip()) for part in _PARTS.split(said.text) if part.strip()]
        if whole.is_supported or len(parts) < 2 or _BOUND.search(said.text) or any(len(part.words) < MIN_WORDS for part in parts):
            return whole
        verdicts, last = list[Verdict](), None
        for part in parts:
            verdict, held = self._check(part)
            if held is None or not (held is last or held.subject & part.words and held.is_said_whole(part.wording)):
                return whole            # half a fact: nobody knows of what
            verdicts.append(verdict)
            last = held
        return Verdict(said.text, tuple(dict.fromkeys(span for each in verdicts for span in each.spans)))

    def _check(self, said: Said) -> tuple[Verdict, Held | None]:
        """What the nearest spans say of a text, and the one that supports it: that which holds most of its words."""
        near = sorted(self.held, key=lambda each: (-share(said.words, each.words), len(each.words)))[:SPANS]
        reasons = []
        for held in near:
            reason = self._contradiction(said, held) or self._unsaid(said, held)
            if not reason:
                return Verdict(said.text, _places(held)), held
            reasons.append(reason)
        return Verdict(said.text, (), reasons[0]), None

    def _contradiction(self, said: Said, held: Held) -> str:
        """What is exact and differs; '' = nothing."""
        if (reason := unheld_clock(said.clocks, held.clocks)):
            return reason
        number = unheld_number(said.numbers, held.numbers)
        if number is not None:
            return f"a number that the passage does not have: {number.value:g}{' ' + number.unit if number.unit else ''}"
        name = unheld_name(said.names, held.named)
        if name is not None:
            return f"a name that the passage does not have: {name}"
        if share(said.words, held.words) < NEAR:
            return ""                                    # it speaks of something else: that it differs there says nothing
        if said.denies != held.denies(said.words) or opposed(said.sides, held.sides):
            return "the passage says the opposite"
        new = (said.words - held.words) & self.known
        if new - self.passages[held.candidate.place.passage]:
            return "the passage says it of something else"        # a word of another passage in a sentence of this one
        if new and held.subject and not held.subject & said.words:
            return "the passage says it of something else"
        if any(held.counts_another(set(part.words), number) for part in said.clauses for number in part.numbers):
            return "the number belongs to something else in the passage"
        if held.tells_another(said):
            return "the time belongs to something else in the passage"
        return ""

    def _unsaid(self, said: Said, held: Held) -> str:
        """What the span does not say; '' = it says all."""
        if share(said.words, held.words) < NEAR:
            return "no passage says this"
        if len(set(said.wording.content) & set(held.wording.content)) + len(said.numbers) + len(said.clocks) < MIN_WORDS:
            return "no passage says this"                # a word alone says nothing of it
        word = unmet(said.wording, held.wording, held.above, self._is_close)
        if word:
            return "the passage says it of something else" if word in self.stems else "no passage says this"
        if any(set(said.wording.content) - held.above <= quote for quote in held.quoted):
            return "the passage only quotes it"
        if is_joined_across(said.wording, [wording(part.text) for part in held.clauses]):
            return "the passage says it of something else"
        return ""

    def _is_close(self, word: str, others: Sequence[str]) -> bool:
        """A word of another sentence names another thing, however near it lies."""
        return stem(word) not in self.stems and self.meanings.is_close(word, others)

    @cached_property
    def stems(self) -> set[str]:
        return {word for held in self.held for word in held.wording.content}


def _places(held: Held) -> tuple[Chosen, ...]:
    return tuple(place for place in (held.candidate.lead, held.candidate.place) if place)
