"""What a recall gives, and what a context is made of."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from saem.core import html
from saem.infer.memory.rows import Belief, Message, Source

NOTHING = "(nothing about this; what is known otherwise:)"
SHOWN_CHARS = 400  # of a message in a prompt; its sources name the whole


@dataclasses.dataclass(frozen=True)
class Item:
    """One memory.

    kind        belief, message, reflection or episode
    is_current  whether what it says holds; None = unknown: a message that claims nothing, or a belief of which a later message, out of
                which no claim was read, speaks too
    newer       of such a message: the id of what the same user said later that fits the question as well; '' = nothing did
    rivals      what was claimed with equal standing
    sources     the places in messages that say it: message key, characters start to end, quote
    why         relevance, recency, frequency, importance, heat: each in [0, 1]
    """

    kind: str
    id: str
    text: str
    user: str
    agent: str
    said_at: datetime.datetime
    is_current: bool | None
    rivals: tuple[str, ...]
    sources: tuple[Source, ...]
    score: float
    why: dict[str, float]
    tier: str
    tokens: int
    newer: str = ""

    def to_dict(self) -> dict[str, Any]:
        made = dataclasses.asdict(self) | {"said_at": self.said_at.isoformat(), "score": round(self.score, 4)}
        made["why"] = {name: round(value, 4) for name, value in self.why.items()}
        return made


@dataclasses.dataclass(frozen=True)
class Recall:
    """The memories that fit a question and the budget, best first; left_out: how many more fit the question. `text` is for a prompt.

    fits: False = nothing fits the question, and the items are what is known otherwise.
    """

    question: str
    items: list[Item]
    tokens: int
    left_out: int
    fits: bool = True

    @property
    def text(self) -> str:
        return "\n".join([NOTHING] * bool(self.items and not self.fits) + [each.text for each in self.items])

    def to_dict(self) -> dict[str, Any]:
        return {"question": self.question, "items": [each.to_dict() for each in self.items], "tokens": self.tokens,
                "left_out": self.left_out, "fits": self.fits}

    def _repr_html_(self) -> str:
        return html.table(["", "memory", "since", "score", "tier"],
                          [[i.kind, i.text, f"{i.said_at:%Y-%m-%d}", f"{i.score:.2f}", i.tier] for i in self.items])


@dataclasses.dataclass(frozen=True)
class Context:
    """The main context: `text` is at most `tokens` long. paged_out: messages that are not in it; they are searchable, and those that
    `summaries`
    stand for are their parents."""

    text: str
    tokens: int
    known: list[Item]
    summaries: list[Item]
    messages: list[Item]
    paged_out: int

    def to_dict(self) -> dict[str, Any]:
        parts = {name: [each.to_dict() for each in getattr(self, name)] for name in ("known", "summaries", "messages")}
        return {"text": self.text, "tokens": self.tokens, **parts, "paged_out": self.paged_out}


def line_of(belief: Belief) -> str:
    """A belief as a line of a prompt."""
    rivals = f" (contradicted: {', '.join(belief.rivals)})" if belief.rivals else ""
    until = f", until {belief.valid_to:%Y-%m-%d}" if belief.valid_to else ""
    return f"{belief.subject} · {belief.predicate}: {belief.object}{rivals} [since {belief.valid_from:%Y-%m-%d}{until}]"


def line_of_message(message: Message, is_current: bool | None) -> str:
    """A message as a line of a prompt; what it said that no longer holds is marked so."""
    text = " ".join(message.text.split())
    shown = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS].rstrip() + " ..."
    return (f"{message.user or message.agent if message.role != 'assistant' else message.agent}, {message.said_at:%Y-%m-%d}"
            f"{', no longer so' if is_current is False else ''}: {shown}")


def fitting(items: Sequence[Item], budget: int) -> tuple[list[Item], int]:
    """(those that fit, best first; their tokens): a long one is passed over for a shorter one after it."""
    kept, used = [], 0
    for each in items:
        if used + each.tokens <= budget:
            kept.append(each)
            used += each.tokens
    return kept, used
