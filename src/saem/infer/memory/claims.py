"""messages -> claims: what each message says, with the place where it says so."""

import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.operator import operator
from saem.infer.memory.rows import Claim, Found, Message
from saem.infer.memory.values import compared
from saem.transform import words

READ = ("user", "note", "revision")  # roles whose messages say something; what an assistant says is searchable only

Extract = Callable[..., Iterable[Found]]


def _depends(extractor: Any = "rules", **_: object) -> list[str]:
    return [f"extractor {version_of(extractor)}", words.fingerprint()]


@operator(version="1", key=["subject", "predicate", "object", "holds", "start"], depends=_depends)
def claims(message: Message, extractor: Any = "rules") -> Iterable[Claim]:
    """What a message says: subject, predicate, object, the characters that say it, and since when it holds.

    extractor  the name of one of saem's, or a function (text, said_at) -> Iterable[Found] of your own
    Only users, notes and revisions are read: what an assistant says is no evidence. A claim whose place is not in the message fails.
    """
    if message.role not in READ:
        return
    yield from claims_of(message, extract_of(extractor)(message.text, message.said_at), version_of(extractor))


def claims_of(message: Message, read: Iterable[Found], version: str) -> Iterable[Claim]:
    """What an extractor read in a message, as claims. Raises: E406 for a place that is not in it."""
    for found in read:
        if not 0 <= found.start < found.end <= len(message.text):
            raise SaemError("E406",
                            f"the extractor {version} names characters {found.start} to {found.end} of a message of {len(message.text)}",
                            fix="start and end are offsets into the text that it was given")
        begins = found.valid_from or message.said_at
        ends = min(filter(None, (found.valid_to, message.expires_at)), default=None)
        if ends is not None and ends <= begins:
            continue
        yield Claim(message.user, message.agent, message.key, _subject(found, message), found.predicate, found.object,
                    compared(found.object), found.holds, found.is_many, found.topic, message.text[found.start : found.end], found.start,
                    found.end, message.said_at, begins, ends, version)


def _subject(found: Found, message: Message) -> str:
    """Two users' friends are two people."""
    speaker = message.user or message.agent
    return f"{speaker}'s {found.subject[3:]}" if found.subject.startswith("my ") else found.subject or speaker


def extract_of(extractor: Any) -> Extract:
    """The function of an extractor. Raises: E102 for an unknown name, E105 for what is no function of (text, said_at)."""
    if isinstance(extractor, str):
        return _module(extractor).extract  # type: ignore[no-any-return]
    if not callable(extractor) or len(inspect.signature(extractor).parameters) < 2:
        raise SaemError("E105", f"{extractor!r:.60} is no extractor", where=caller(), fix="a function (text, said_at) -> Iterable[Found]")
    return extractor  # type: ignore[no-any-return]


def version_of(extractor: Any) -> str:
    """Name and version, as claims carry it."""
    if isinstance(extractor, str):
        return str(_module(extractor).VERSION)
    return str(getattr(extractor, "version", getattr(extractor, "__name__", type(extractor).__name__)))


def is_quick(extractor: Any) -> bool:
    """Whether a recall may run it on messages that wait for a run."""
    return bool(_module(extractor).IS_QUICK) if isinstance(extractor, str) else bool(getattr(extractor, "is_quick", False))


def is_costly(extractor: Any) -> bool:
    """Whether what it reads is kept beside the message, so that no text is read twice."""
    return bool(getattr(extractor, "is_costly", False))


def _module(name: str) -> ModuleType:
    return registry.load("extractor", name)


def read(messages: Iterable[Message], extractor: Any) -> list[Claim]:
    """The claims of messages that wait; one that fails is left to the run, which quarantines it."""
    made: list[Claim] = []
    for message in messages:
        try:
            made += claims(message, extractor=extractor)
        except Exception:
            continue
    return made
