"""Messages and beliefs as a question meets them: by their words, and by what they mean."""
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from saem.infer.memory.nearness import SHARE, Near
from saem.infer.memory.postings import Postings
from saem.infer.memory.rows import Belief, Message
from saem.infer.memory.statements import is_statement
from saem.infer.memory.themes import themes
from saem.infer.memory.vocabulary import words_of
from saem.transform.words import tokenize

BELIEF_WORDS = 4  # subject, predicate, object: the length of a belief


class Texts:
    """Some messages and beliefs, indexed once they are searched. keys: of messages, and ids of beliefs, in one order."""

    def __init__(self, messages: Mapping[str, Message], beliefs: Mapping[str, Belief], near: Near | None = None) -> None:
        self.messages, self.beliefs, self.near = messages, beliefs, near
        self.keys = [*messages, *beliefs]

    @cached_property
    def postings(self) -> Postings:
        texts = [message.text for message in self.messages.values()] + [_asked_by(belief) for belief in self.beliefs.values()]
        # by how many words a belief may be asked for, or how many themes a message has, does not make it a long text
        words = [each.split() for each in tokenize(texts)]
        longest = [len(each) for each in words[:len(self.messages)]] + [BELIEF_WORDS] * len(self.beliefs)
        about = [*map(is_statement, self.messages.values()), *[True] * len(self.beliefs)]  # a question tells nothing of its theme
        return Postings([[*each, *themes(each)] if tells else each for each, tells in zip(words, about, strict=True)], longest)

    @cached_property
    def said_s(self) -> np.ndarray:
        said = [message.said_at for message in self.messages.values()] + [belief.last_said for belief in self.beliefs.values()]
        return np.array([at.timestamp() for at in said], np.float64)

    @cached_property
    def _vectors_of(self) -> tuple[np.ndarray, np.ndarray]:
        """(texts, vectors): which text has which vector; a belief has those of the messages that say it."""
        places = self.near.places if self.near else {}
        said_in = [[key] for key in self.messages] + [[source.message for source in each.sources] for each in self.beliefs.values()]
        pairs = [(row, places[key]) for row, keys in enumerate(said_in) for key in keys if key in places]
        made = np.array(pairs, np.int64).reshape(-1, 2)
        return made[:, 0], made[:, 1]

    def nearness(self, question: str) -> np.ndarray:
        """(n,) [0, 1] how near each text is in meaning; 0 where it has no vector."""
        made = np.zeros(len(self.keys))
        near = self.near.to(question) if self.near else np.zeros(0)
        if len(near):
            rows, vectors = self._vectors_of
            np.maximum.at(made, rows, near[vectors])
        return made


def fused(by_words: np.ndarray, by_meaning: np.ndarray) -> np.ndarray:
    """Relevance of either; each adds to what the other leaves open. [0, 1]"""
    return np.asarray(1 - (1 - by_words) * (1 - SHARE * by_meaning))


def _asked_by(belief: Belief) -> str:
    """What a question about a belief may say: its subject, its predicate in other words, its object."""
    quote = belief.sources[-1].quote if belief.sources else ""
    return f"{belief.subject} {belief.predicate} {words_of(belief.predicate)} {belief.object} {quote}"
