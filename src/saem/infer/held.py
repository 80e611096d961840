"""Sentences of passages, and a sentence that was written, each read once for all that is compared with it."""
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from saem.core import registry
from saem.infer.amounts import EXACT_WORDS, Clock, Number, before_times, clocks, dated, numbers, uncounted
from saem.infer.facts import Sides, denies, names, sides
from saem.infer.sentences import Candidate
from saem.infer.wording import Wording, wording
from saem.store.sample import is_hangul

MIN_WORDS = 2              # of a part that is checked by itself
WHOLE = 0.75               # of a clause's words: a part says this clause, and not the beginning or the end of it

_CLAUSE = re.compile(r"[;:]\s+|,\s+(?:and|but|while|whereas|or|so)\s+|\s+(?:and|but|while|whereas)\s+|,\s+|"
                     r"(?<=[가-힣](?:고|며|나|만))[,\s]+|\s+(?:그리고|하지만|그러나)\s+")
_PRONOUNS = frozenset("it this that these those they he she we you there if when to 이 그 저 이는 이것은 그것은 이곳은 그곳은 이때 "
                      "만약".split())
_POINTS_BACK = re.compile(r"\b(?:it|its|they|them|their|this|these|those|there|here|he|she|his|her)\b|"
                          r"(?:^|\s)(?:이|그|저)(?:것|곳|때|들)?[은는이가을를에의]?\s", re.IGNORECASE)
_QUOTED = re.compile(r"(?<!\w)[\"'“‘「『]([^\"'“”‘’」』]{8,})[\"'”’」』]|`([^`]{8,})`")
_TOPIC = re.compile(r"[^,.]*?[가-힣](?:은|는|이|가)\s")
_HAS_SUBJECT = re.compile(r"[가-힣](?:은|는|이|가|도)\s")


@dataclass(frozen=True)
class Clause:
    """A part of a sentence between its conjunctions, its content words, its numbers, and its times of day in minutes."""
    text: str
    words: frozenset[str]
    numbers: tuple[Number, ...]
    clocks: tuple[int, ...]


@dataclass(frozen=True)
class Said:
    """What somebody wrote, and all that it commits itself to."""
    text: str

    @cached_property
    def words(self) -> set[str]:
        return content(registry.tokenize([uncounted(self.text)])[0].split())

    @cached_property
    def wording(self) -> Wording:
        return wording(uncounted(self.text))

    @cached_property
    def numbers(self) -> list[Number]:
        return numbers(dated(self.text))

    @cached_property
    def clocks(self) -> list[Clock]:
        return clocks(self.text)

    @cached_property
    def names(self) -> list[str]:
        return names(dated(self.text))

    @cached_property
    def denies(self) -> bool:
        return denies(self.text)

    @cached_property
    def sides(self) -> Sides:
        return sides(self.text)

    @cached_property
    def clauses(self) -> list[Clause]:
        return clauses(self.text)


@dataclass
class Held:
    """A sentence of a passage. before: the one that it follows in its passage."""
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

    @cached_property
    def numbers(self) -> list[Number]:
        return numbers(dated(self.candidate.text)) + numbers(dated(self.candidate.over))

    @cached_property
    def named(self) -> str:
        """Where a name of it may stand."""
        return f"{self.context}\n{dated(self.context)}"

    @cached_property
    def clocks(self) -> list[Clock]:
        return clocks(self.context)

    @cached_property
    def sides(self) -> Sides:
        return sides(self.candidate.text)

    @cached_property
    def clauses(self) -> list[Clause]:
        return clauses(self.candidate.text)

    def is_said_whole(self, said: Wording) -> bool:
        """Whether one of its clauses is said to the end."""
        words, parts = set(said.content), [set(wording(part.text).content) for part in self.clauses]
        return any(len(own & words) >= WHOLE * len(own) for own in parts if len(own) >= MIN_WORDS)

    def denies(self, words: set[str]) -> bool:
        """Whether the clauses do that some words are from."""
        shared = [len(words & part.words) / max(1, len(part.words)) for part in self.clauses]
        most = max(shared, default=0.0)
        return any(denies(part.text) for part, share in zip(self.clauses, shared, strict=True) if share >= 0.5 * most)

    def counts_another(self, words: set[str], number: Number) -> bool:
        """Whether another clause, with another number of the same unit, is nearer to some words than those with this one."""
        with_it = [share(words, part.words) for part in self.clauses if any(n.value == number.value for n in part.numbers)]
        others = [share(words, part.words) for part in self.clauses
                  if any(n.unit == number.unit for n in part.numbers) and not any(n.value == number.value for n in part.numbers)]
        return bool(with_it and others) and max(others) > max(with_it) + 0.1

    def tells_another(self, said: Said) -> bool:
        """Whether a time of day is said with what another time is told of: '23:00 from Sunday to Thursday and midnight on Friday'
        does not say 23:00 on Friday.
        """
        times = {clock.minutes for clock in said.clocks}
        for own, words in self._by_time:
            here = words & said.words
            others = [more - words for other, more in self._by_time if other is not own and not (here and other & times)]
            if own & times and words - said.words and any(more & said.words for more in others):
                return True
        return False

    @cached_property
    def _by_time(self) -> list[tuple[set[int], set[str]]]:
        """(times, words) of each clause with a time of day and the clauses after it that have none, without what all are told of."""
        text = self.candidate.text
        topic = _TOPIC.match(text)            # in Korean what a time is told of stands before it
        head = (topic[0] if topic else "") if is_hangul(text) else before_times(text)
        shared = content(registry.tokenize([head])[0].split())
        made: list[tuple[set[int], set[str]]] = []
        for part in self.clauses:
            if part.clocks:
                made.append((set(part.clocks), set(part.words - shared)))
            elif made:
                made[-1][1].update(part.words - shared)
        return made


def content(words: Sequence[str]) -> set[str]:
    """Without numbers and denials: these are compared by what they mean."""
    return {word for word in words if not any(c.isdigit() for c in word) and word not in EXACT_WORDS}


def share(words: set[str], held: "set[str] | frozenset[str]") -> float:
    """How many of the words are held. [0, 1]"""
    return len(words & held) / len(words) if words else 0.0


def clauses(text: str) -> list[Clause]:
    """The parts of a sentence between its conjunctions and commas; a number is never cut.

    >>> [part.text for part in clauses("Students may borrow five books, and the late fee is 1,000 won.")]
    ['Students may borrow five books', 'the late fee is 1,000 won.']
    """
    parts = [part.strip() for part in _CLAUSE.split(text) if part and part.strip()]
    return [Clause(part, frozenset(content(words.split())), tuple(numbers(part)),
                   tuple(clock.minutes for clock in clocks(part)))
            for part, words in zip(parts, registry.tokenize(parts), strict=True)]
