"""Of what was found for a question: what the same user spoke of again, later.

A message out of which no claim was read may say what no longer holds, and nothing but what was said later can tell. Whoever spoke later and
fits the question about as well may have said otherwise: the older one is marked and comes after it; who asks judges. So may a belief no
longer hold of which a later message speaks, out of which no claim was read: it is unsure.
"""
import dataclasses
from collections.abc import Callable, Sequence

from saem.infer.memory.recalled import Item

AS_WELL = 0.7  # of the older one's relevance that the later one has
FITS = 0.3  # relevance; what fits the question less is neither doubted nor a reason for doubt
LONGEST = 200  # characters of a later one: what is longer was hardly said about this


def marked(items: Sequence[Item], may_say: Callable[[Item], bool]) -> list[Item]:
    """Items, best first. What may no longer hold names the newest later one in `newer`; such a message stands below that one.

    may_say  whether an item may say that something is so
    """
    sayers = [each for each in items if may_say(each) and each.why["relevance"] >= FITS]
    fitting = {each.id for each in sayers}
    raised: dict[str, float] = {}
    made = []
    for each in items:
        newer = _newer(each, sayers) if each.id in fitting else None
        if newer is not None and each.kind == "belief":
            said = " ".join(newer.sources[0].quote.split())
            each = dataclasses.replace(each, is_current=None, newer=newer.id, text=f"{each.text} (unsure, said later: {said})")
        elif newer is not None:
            raised[newer.id] = max(raised.get(newer.id, 0.0), each.score + 1e-6)
            day = f"{newer.said_at:%Y-%m-%d}"
            each = dataclasses.replace(each, newer=newer.id, text=each.text.replace(": ", f", spoken of again on {day}: ", 1))
        made.append(each)
    made = [dataclasses.replace(each, score=max(each.score, raised.get(each.id, 0.0))) for each in made]
    return sorted(made, key=lambda each: (-each.score, -each.said_at.timestamp(), each.id))


def _newer(older: Item, sayers: Sequence[Item]) -> Item | None:
    """A belief is doubted for what was not read; a message out of which nothing was read, for all that came later."""
    if older.is_current is not (True if older.kind == "belief" else None):
        return None
    found = [each for each in sayers if each.user == older.user and each.said_at > older.said_at
             and (each.is_current is None and each.kind == "message" if older.kind == "belief" else each.is_current is not False)
             and each.why["relevance"] >= AS_WELL * older.why["relevance"] and len(each.sources[0].quote) <= LONGEST]
    return max(found, key=lambda each: (each.said_at, each.id), default=None)
