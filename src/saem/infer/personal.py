"""The same question by two people: what a person has said decides which passage answers. Only their own, permitted memories do."""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from saem.core import registry
from saem.infer.answers import Step

if TYPE_CHECKING:
    from saem.infer.memory import Item, Memory
    from saem.store.search import Hit

MOST = 3            # beliefs that are tried, each one search


@dataclass(frozen=True)
class Speaker:
    """Who asks, to a memory: only what this user has told this agent counts. agent: None = all of them."""
    notes: "Memory"
    user: str | None
    agent: str | None = None


@dataclass(frozen=True)
class Because:
    """A belief that may decide. words: its object; rows, readers: its messages by id, and the codes of those who may read them."""
    item: "Item"
    words: str
    rows: tuple[str, ...]
    readers: tuple[int, ...]

    def added(self, question: str) -> str:
        """The question with what the belief adds to it."""
        return f"{question} ({self.words})"

    def held(self, hits: "Sequence[Hit]") -> "list[Hit]":
        """The hits that speak of the belief's object, in their text or above it."""
        own = _words([self.words])
        return [hit for hit in hits if own <= _words([str(hit.row.get(name) or "") for name in ("title", "heading", "text")])]

    @property
    def step(self) -> Step:
        return Step("personal", self.words, f"remembered: {self.item.text}")

    def decides(self, question: str, plain: str, other: str) -> bool:
        """Whether an answer stands where the belief's object is spoken of, and the plain answer does not.

        plain, other  the texts around the two answers: their sentences and the headings above
        """
        asked, own = _words([question]), _words([self.words])
        new = own - asked
        return bool(new) and new <= _words([other]) and not new & _words([plain])


def reasons(speaker: Speaker, question: str) -> list[Because]:
    """The beliefs of a person that may decide a question, the most relevant first."""
    notes, user, agent = speaker.notes, speaker.user, speaker.agent
    found = notes.recall(question, user=user, agent=agent, k=MOST, kinds=["belief"]).items
    known = dict(notes.history(user=user, agent=agent))
    made = []
    for item in found:
        if item.is_current is not False and item.id in known:
            rows, readers = notes.lineage(item, user=user, agent=agent)
            made.append(Because(item, known[item.id].object, tuple(rows), tuple(readers)))
    return made


def _words(texts: Iterable[str]) -> set[str]:
    return set(" ".join(registry.tokenize(list(texts))).split())
