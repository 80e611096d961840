"""Of what was found for a question: what the same user spoke of again, later.

A message out of which no claim was read may say what no longer holds, and nothing but what was said later can tell. So what is older is
marked and comes after it, where the same user spoke later of a theme of which one has one thing at a time, or, of other themes, said
something that fits the question about as well; who asks judges. So may a belief no longer hold of which a later message speaks, out of
which nothing was read about it: it is unsure.
"""
import dataclasses
import datetime
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from saem.infer.memory.about import BESIDE
from saem.infer.memory.recalled import Item
from saem.infer.memory.rows import Claim, Message, Time
from saem.infer.memory.themes import SINGLE, theme_of
from saem.infer.memory.values import compared

AS_WELL = 0.7  # of the older one's relevance that the later one has
FITS = 0.3  # relevance; what fits the question less is neither doubted nor a reason for doubt
TOUCHES = 0.2  # relevance of a message that may be about what the question is about
LONGEST = 200  # characters of a later one: what is longer was hardly said about this


@dataclasses.dataclass
class Spoken:
    """What users said of themselves, by themes of which one has one thing at a time.

    said  {(user, theme): messages, oldest first}
    """

    said: dict[tuple[str, str], list[Message]] = dataclasses.field(default_factory=dict)

    def add(self, message: Message, themes: Iterable[str]) -> None:
        for theme in themes:
            self.said.setdefault((message.user, theme), []).append(message)

    def sort(self) -> None:
        for found in self.said.values():
            found.sort(key=lambda message: (message.said_at, message.key))

    def after(self, user: str, theme: str, since: Time, until: Time, may_differ: Callable[[Message], bool]) -> Message | None:
        """The newest of them between two moments that may say otherwise."""
        for message in reversed(self.said.get((user, theme), [])):
            if message.said_at <= since:
                return None
            if message.said_at <= until and may_differ(message):
                return message
        return None


def marked(items: Sequence[Item], may_say: Callable[[Item], bool], single: Callable[[Item], Collection[str] | None],
           later: Callable[[Item, Collection[str]], Message | None]) -> list[Item]:
    """Items, best first. What may no longer hold names the newest later one in `newer`; such a message stands below that one.

    may_say  whether an item may say that something is so
    single   the themes that an item may be about, of which one has one thing at a time; then `later` is the message of one of them that
             may say otherwise. None = it is about something of which one may have several, so nothing later tells against it
    """
    sayers = [each for each in items if may_say(each) and each.why["relevance"] >= FITS]
    fitting = {each.id for each in sayers}
    raised: dict[str, float] = {}
    made = []
    for each in items:
        newer: tuple[str, datetime.datetime, str] | None = None
        themes = single(each)
        if themes is None:
            pass
        elif themes:
            message = later(each, themes)
            newer = (message.key, message.said_at, message.text) if message is not None else None
        elif each.id in fitting and (item := _newer(each, sayers)) is not None:
            newer = item.id, item.said_at, item.sources[0].quote
        if newer is not None:
            if each.kind == "message":
                raised[newer[0]] = max(raised.get(newer[0], 0.0), each.score + 1e-6)
            each = _older(each, *newer)
        made.append(each)
    made = [dataclasses.replace(each, score=max(each.score, raised.get(each.id, 0.0))) for each in made]
    return sorted(made, key=lambda each: (-each.score, -each.said_at.timestamp(), each.id))


def _older(item: Item, newer: str, said_at: datetime.datetime, quote: str) -> Item:
    if item.kind == "belief":
        text = item.text if "(unsure, said later: " in item.text else f"{item.text} (unsure, said later: {' '.join(quote.split())})"
    else:
        text = item.text.replace(": ", f", spoken of again on {said_at:%Y-%m-%d}: ", 1)
    return dataclasses.replace(item, is_current=None, newer=newer, text=text)


def _newer(older: Item, sayers: Sequence[Item]) -> Item | None:
    """A belief is doubted for what was not read; a message out of which nothing was read, for all that came later."""
    if older.is_current is not (True if older.kind == "belief" else None):
        return None
    found = [each for each in sayers if each.user == older.user and each.said_at > older.said_at
             and (each.is_current is None and each.kind == "message" if older.kind == "belief" else each.is_current is not False)
             and each.why["relevance"] >= AS_WELL * older.why["relevance"] and len(each.sources[0].quote) <= LONGEST]
    return max(found, key=lambda each: (each.said_at, each.id), default=None)


def single_themes(chances: np.ndarray, names: Sequence[str], claims: Sequence[Claim], least: float) -> list[str]:
    """The themes that a text is about with a chance of `least`, or by what it claims, of which one has one thing at a time."""
    likely = [names[place] for place in np.flatnonzero(chances >= max(least, BESIDE * float(chances.max()))).tolist()]
    claimed = [theme_of(claim.predicate) for claim in claims]
    return [theme for theme in dict.fromkeys([*likely, *claimed]) if theme in SINGLE]


def says_same(value: str, text: str) -> bool:
    """Whether a later message says the same thing again."""
    return compared(value) in compared(text)
