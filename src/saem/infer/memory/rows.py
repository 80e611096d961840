"""The rows of a memory: messages, and what is derived from them."""

import dataclasses
import datetime

Time = datetime.datetime  # UTC


@dataclasses.dataclass(frozen=True)
class Message:
    """What was said. A key is user/session/id; user '' = an agent's own note. importance None = judged by `weights.importance_of`."""

    key: str
    user: str
    agent: str
    session: str
    role: str
    text: str
    said_at: Time
    expires_at: Time | None = None
    importance: float | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """What an extractor reads in a text: quote == text[start:end]. holds: False = it is no longer so; is_many: may have several objects.

    subject: '' = whoever speaks, 'my friend' = a friend of theirs, else a name that everybody uses.
    """

    subject: str
    predicate: str
    object: str
    start: int
    end: int
    holds: bool = True
    is_many: bool = False
    topic: str = "other"
    valid_from: Time | None = None  # None = since it was said
    valid_to: Time | None = None


@dataclasses.dataclass(frozen=True)
class Claim:
    """One thing that a message says. `value`: the object as it is compared; `extractor`: its name and version."""

    user: str
    agent: str
    message: str
    subject: str
    predicate: str
    object: str
    value: str
    holds: bool
    is_many: bool
    topic: str
    quote: str
    start: int
    end: int
    said_at: Time
    valid_from: Time
    valid_to: Time | None
    extractor: str


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a belief was said: quote == text of the message from character `start` to `end`."""

    message: str
    start: int
    end: int
    quote: str


@dataclasses.dataclass(frozen=True)
class Belief:
    """What is taken to be so from `valid_from` until `valid_to` (None = it still is).

    said       how often it was said in that time, last at last_said; sources: the newest of those places
    ended_by   what superseded it; '' = a denial, or its own end
    rivals     objects that were claimed with equal standing: a contradiction
    """

    user: str
    agent: str
    subject: str
    predicate: str
    object: str
    topic: str
    is_many: bool
    valid_from: Time
    valid_to: Time | None
    last_said: Time
    said: int
    ended_by: str
    rivals: list[str]
    sources: list[Source]


@dataclasses.dataclass(frozen=True)
class Reflection:
    """What is known of a user on one topic, in some lines; beliefs: how many it was made from."""

    user: str
    agent: str
    topic: str
    text: str
    beliefs: int
    since: Time
    until: Time


@dataclasses.dataclass(frozen=True)
class Episode:
    """A session in its most telling sentences."""

    user: str
    agent: str
    session: str
    text: str
    messages: int
    began: Time
    ended: Time


@dataclasses.dataclass(frozen=True)
class Share:
    """A grant: `names` may read what an agent remembers (of one user, where it is named)."""

    key: str
    agent: str
    user: str
    names: list[str]
    reason: str
    since: Time


@dataclasses.dataclass(frozen=True)
class Use:
    """How often a message was recalled, by itself or as the source of a belief."""

    message: str
    count: int
    last: Time
