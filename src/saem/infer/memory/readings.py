"""messages -> readings: what a costly extractor, such as a model, reads in each message. Its claims are made of that.

A text that was read on a day is not read again: not when its readers change, not where it is said twice, not after a crash.
"""

import dataclasses
import datetime
import json
from collections.abc import Iterable
from typing import Any

from saem.core.operator import operator
from saem.infer.memory.claims import READ, claims_of, extract_of, version_of
from saem.infer.memory.rows import Claim, Found, Message, Time


@dataclasses.dataclass(frozen=True)
class Day:
    """The day on which a message was said: what an extractor is told of its time."""

    said_on: datetime.date


@dataclasses.dataclass(frozen=True)
class _Said:
    text: str
    role: str
    said_on: datetime.date


@dataclasses.dataclass(frozen=True)
class Reading:
    """found: the `Found`s as JSON."""

    found: str


@dataclasses.dataclass(frozen=True)
class ReadMessage(Message):
    """A message with what was read in it."""

    found: str = "[]"


def _depends(extractor: Any = "rules", **_: object) -> list[str]:
    return [f"extractor {version_of(extractor)}"]


@operator(version="1")
def said_on(message: Message) -> Day:
    """The day of a message, in UTC."""
    return Day(message.said_at.astimezone(datetime.UTC).date())


@operator(version="1", memo=["text", "role", "said_on"], depends=_depends)
def reading(said: _Said, extractor: Any) -> Reading:
    """What an extractor finds in a message, asked once a text and day."""
    if said.role not in READ:
        return Reading("[]")
    at = datetime.datetime.combine(said.said_on, datetime.time(), datetime.UTC)
    return Reading(json.dumps([_plain(each) for each in extract_of(extractor)(said.text, at)], ensure_ascii=False))


@operator(version="1", key=["subject", "predicate", "object", "holds", "start"], depends=_depends)
def claims_of_readings(message: ReadMessage, extractor: Any) -> Iterable[Claim]:
    """The claims that a reading names. A claim whose place is not in the message fails."""
    if message.role in READ:
        yield from claims_of(message, (_found(each) for each in json.loads(message.found)), version_of(extractor))


def _plain(found: Found) -> dict[str, Any]:
    times = {name: at.isoformat() for name in ("valid_from", "valid_to") if (at := getattr(found, name)) is not None}
    return dataclasses.asdict(found) | {"valid_from": None, "valid_to": None} | times


def _found(values: dict[str, Any]) -> Found:
    times: dict[str, Time | None] = {name: values[name] and datetime.datetime.fromisoformat(values[name]) for name in ("valid_from",
        "valid_to")}
    return Found(**{**values, **times})
