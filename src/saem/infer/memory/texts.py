"""Messages and beliefs as a question meets them: by their words, by what they mean, and by what they are about."""
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from saem.infer.memory.about import BESIDE, SURE, About, about
from saem.infer.memory.nearness import SHARE, Near
from saem.infer.memory.postings import Postings
from saem.infer.memory.rows import Belief, Message
from saem.infer.memory.statements import is_statement
from saem.infer.memory.themes import SINGLE, theme_of, themes
from saem.infer.memory.vocabulary import words_of
from saem.transform.words import tokenize

BELIEF_WORDS = 4  # subject, predicate, object: the length of a belief
THEME_SHARE = 0.85  # of a text's relevance that being about the same as the question can give
LEAST_LIKE = 0.1  # chance of being about the same, below which a text does not fit a question by its theme
BY_PREDICATE = 0.6  # of what a belief is about that its predicate tells; the rest is told by the messages that say it


class Texts:
    """Some messages and beliefs, indexed once they are searched. keys: of messages, and ids of beliefs, in one order.

    near   the vectors of the messages that have one
    reads  what a text is about is read off vectors; None = words alone tell it
    """

    def __init__(self, messages: Mapping[str, Message], beliefs: Mapping[str, Belief], near: Near | None = None,
                 reads: About | None = None) -> None:
        self.messages, self.beliefs, self.near = messages, beliefs, near
        self.reads = reads if reads is not None or near is None else about(near.model)
        self.keys = [*messages, *beliefs]

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self.keys)}

    @property
    def postings(self) -> Postings:
        return self._indexed[0]

    @cached_property
    def _indexed(self) -> tuple[Postings, list[list[str]]]:
        """(the index, the themes that the words of each text hint at)."""
        texts = [message.text for message in self.messages.values()] + [_asked_by(belief) for belief in self.beliefs.values()]
        # by how many words a belief may be asked for, or how many themes a message has, does not make it a long text
        words = [each.split() for each in tokenize(texts)]
        longest = [len(each) for each in words[:len(self.messages)]] + [BELIEF_WORDS] * len(self.beliefs)
        tells = [*map(is_statement, self.messages.values()), *[True] * len(self.beliefs)]  # a question tells nothing of its theme
        marks = [themes(each) if told else [] for each, told in zip(words, tells, strict=True)]
        return Postings([[*each, *found] for each, found in zip(words, marks, strict=True)], longest), marks

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

    @cached_property
    def about(self) -> np.ndarray:
        """(n, themes) chances of what each text is about; zeros for what tells nothing. Only where something reads them."""
        assert self.reads is not None
        made = np.zeros((len(self.keys), len(self.reads.names)), np.float32)
        rows, vectors = self._vectors_of
        if self.near and len(rows):
            made[rows] = self.reads.of(self.near.vectors)[vectors]  # of several messages of a belief the newest
        for row, marks in enumerate(self._indexed[1]):
            if marks and not made[row].any():
                made[row] = self.reads.hinted(marks)
        for row, belief in enumerate(self.beliefs.values(), len(self.messages)):
            if (theme := theme_of(belief.predicate)) in self.reads.names:
                made[row] *= 1 - BY_PREDICATE
                made[row, self.reads.names.index(theme)] += BY_PREDICATE
        return made

    @cached_property
    def speaking(self) -> Mapping[str, list[str]]:
        """{message: the themes that it surely speaks of, of which one has one thing at a time}."""
        assert self.reads is not None
        chances, names, keys = self.about[:len(self.messages)], self.reads.names, self.keys
        sure = chances >= np.maximum(SURE, BESIDE * chances.max(axis=1, keepdims=True, initial=0))
        sure &= np.array([name in SINGLE for name in names])
        rows = np.flatnonzero(sure.any(axis=1)).tolist()
        return {keys[row]: [names[place] for place in np.flatnonzero(sure[row]).tolist()] for row in rows}

    def nearness(self, asked: np.ndarray | None) -> np.ndarray:
        """(n,) [0, 1] how near each text is in meaning to a question's vector; 0 where it has no vector."""
        made = np.zeros(len(self.keys))
        if self.near and asked is not None:
            rows, vectors = self._vectors_of
            np.maximum.at(made, rows, self.near.to(asked)[vectors])
        return made

    def likeness(self, asked: np.ndarray | None) -> np.ndarray:
        """(n,) [0, 1] the chance that each text is about what a question is about."""
        if self.reads is None or asked is None:
            return np.zeros(len(self.keys))
        wanted = self.reads.of(asked[None])[0] * self.reads.is_narrow
        made: np.ndarray = self.about @ wanted
        made[made < LEAST_LIKE] = 0
        return made


def fused(by_words: np.ndarray, by_meaning: np.ndarray, by_theme: np.ndarray) -> np.ndarray:
    """Relevance of any; each adds to what the others leave open. [0, 1]"""
    return np.asarray(1 - (1 - by_words) * (1 - SHARE * by_meaning) * (1 - THEME_SHARE * by_theme))


def _asked_by(belief: Belief) -> str:
    """What a question about a belief may say: its subject, its predicate in other words, its object."""
    quote = belief.sources[-1].quote if belief.sources else ""
    return f"{belief.subject} {belief.predicate} {words_of(belief.predicate)} {belief.object} {quote}"
