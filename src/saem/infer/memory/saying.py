"""What `remember` and `revise` are given, as messages: checked, named, with whoever may read them."""
import datetime
import uuid
from typing import Any

from saem.core.errors import SaemError, caller
from saem.infer.memory.claims import READ
from saem.infer.memory.extractors.rules import revision
from saem.infer.memory.reach import check_name
from saem.infer.memory.rows import Belief, Message, Time

AHEAD = datetime.timedelta(days=1)  # of this clock that another may be
ROLES = (*READ, "assistant")
MAX_CHARS = 100_000  # of one message
When = datetime.datetime | str | None  # a time as a caller gives it; None = now


def message_of(text: str, user: str, agent: str, session: str, role: str, at: Any, importance: float | None, expires: Any) -> Message:
    """A message with a key of its own. Raises: E104 for a name, role, time, importance or text that cannot be taken."""
    for what, name in (("agent", agent), ("session", session), *((("user", user),) if user else ())):
        check_name(what, name)
    if role not in ROLES:
        raise SaemError("E104", f"role is {role!r:.40}", where=caller(), fix=f"one of {', '.join(ROLES)}")
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_CHARS:
        size = f"{len(text):,} characters" if isinstance(text, str) else type(text).__name__
        raise SaemError("E104", f"the text of a message is {size}", where=caller(),
                        fix=f"1 to {MAX_CHARS:,} characters that are not all spaces")
    if importance is not None and not 0 <= importance <= 1:
        raise SaemError("E104", f"importance is {importance}", where=caller(), fix="0 to 1")
    said = moment(at)
    if said > datetime.datetime.now(datetime.UTC) + AHEAD:
        raise SaemError("E104", f"at is {said:%Y-%m-%d %H:%M}: nobody has said that yet", where=caller(),
                        fix="when it was said; default now")
    ends = said + expires if isinstance(expires, datetime.timedelta) else None if expires is None else moment(expires)
    return Message(f"{user or '-'}/{session}/{uuid.uuid4().hex[:16]}", user, agent, session, role,
                   text.encode("utf-8", "replace").decode(), said, ends, None if importance is None else float(importance))


def revisions(belief: Belief, value: str | None) -> list[str]:
    """The texts that correct a belief: what is no longer so, what is so. value None = nothing is."""
    if value is not None and not value.strip():
        raise SaemError("E104", "the new value is empty", where=caller(), fix="None = it is no longer so")
    subject = "" if belief.subject == (belief.user or belief.agent) else belief.subject
    gone = [revision(subject, belief.predicate, belief.object, False)] if value is None or belief.is_many else []
    return [*gone, *([] if value is None else [revision(subject, belief.predicate, " ".join(value.split()))])]


def moment(at: Any) -> Time:
    """A time in UTC; None = now. Raises: E104 for what is none."""
    try:
        told = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at
        return datetime.datetime.now(datetime.UTC) if told is None else told.astimezone(datetime.UTC)
    except (ValueError, AttributeError, OverflowError) as error:
        raise SaemError("E104", f"{at!r:.60} is no time", where=caller(), fix='a datetime, or "2026-11-20 14:00"') from error
