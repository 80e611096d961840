"""Summaries with lineage, made of what was said: of a user by topic (from beliefs), of a session (from messages). No model writes them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from saem.core.operator import operator
from saem.infer.memory.rows import Belief, Episode, Message, Reflection
from saem.transform import words

LINES = 12  # of a reflection; the rest is counted
SENTENCES = 3  # of an episode
FEWEST_CHARS = 8  # a shorter sentence ("Thanks!") tells nothing


@operator(version="1", key=[])
def reflections(known: list[Belief]) -> Iterable[Reflection]:
    """What is believed of one user on one topic, a line for each subject and predicate, with what it was before."""
    yield Reflection(known[0].user, known[0].agent, known[0].topic, "\n".join(_lines(known)), len(known),
                     min(each.valid_from for each in known), max(each.last_said for each in known))


def _lines(known: list[Belief]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Belief]] = {}
    for each in sorted(known, key=lambda b: (b.valid_from, b.object)):
        groups.setdefault((each.subject, each.predicate), []).append(each)
    newest = sorted(groups.items(), key=lambda item: (max(b.last_said for b in item[1]), item[0]), reverse=True)
    for (subject, predicate), periods in newest[:LINES]:
        yield f"{subject} · {predicate}: {_told(periods)}"
    if len(newest) > LINES:
        yield f"and {len(newest) - LINES} more"


def _told(periods: list[Belief]) -> str:
    """The last period, or all that have no end, and the one before."""
    last = [b for b in periods if b.valid_to is None] or periods[-1:]
    now = ", ".join(dict.fromkeys(f"{b.object}{f' (until {b.valid_to:%Y-%m-%d})' if b.valid_to else ''}" for b in last))
    if any(b.rivals for b in last):
        return f"{now} (contradictory)"
    before = [b for b in periods if b.valid_to and b not in last]
    return f"{now} (since {last[-1].valid_from:%Y-%m-%d}; before: {before[-1].object})" if before and not last[-1].is_many else now


@operator(version="1", key=[], depends=lambda: [words.fingerprint()])
def episodes(said: list[Message]) -> Iterable[Episode]:
    """A session in the sentences that share most words with the rest of it."""
    ordered = sorted(said, key=lambda m: (m.said_at, m.key))
    first = ordered[0]
    yield Episode(first.user, first.agent, first.session, " ".join(_telling([m.text for m in ordered if m.role != "assistant"])),
                  len(ordered), first.said_at, ordered[-1].said_at)


def _telling(texts: list[str]) -> list[str]:
    sentences = list(
        dict.fromkeys(part.strip() for text in texts for part in re.split(r"(?<=[.!?])\s+|\n", text)
                      if len(part.strip()) >= FEWEST_CHARS and not part.strip().endswith("?"))
    )
    held = [set(each.split()) for each in words.tokenize(sentences)]
    spread = Counter(word for each in held for word in each)
    weight = [sum(spread[word] - 1 for word in each) / (len(each) + 4) for each in held]
    best = sorted(range(len(sentences)), key=lambda i: (-weight[i], i))[:SENTENCES]
    return [sentences[i][:300] for i in sorted(best)]
