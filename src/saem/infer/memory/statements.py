"""messages -> statements: what is embedded. A question, or what an assistant says, is no answer to a later question."""
import re
from collections.abc import Iterable
from dataclasses import dataclass

from saem.core.operator import operator
from saem.infer.memory.claims import READ
from saem.infer.memory.rows import Message

MAX_CHARS = 1_000  # of a message that are embedded; a model reads about as much

_ASIDE = re.compile(
    r"[?？]\s*$|^\s*(?:if|suppose|imagine|what if)\b|\bI (?:might|may)\b|"
    r"(?<!\bI )\b(?:says?|said|thinks?|thought|claims?|claimed|tells? \w+|told \w+) (?:that )?I(?:\b|['’])|"
    r"^\s*(?:만약|만일)|(?:다|이라|었더라|았더라)면\s|"
    r"(?:내가|제가|나더러|저더러)\s.*[다라]고\s*(?:하더|하던|했|말하|그러|우기|해)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """text: as it is embedded; user: whose, as an agent's reach asks for it."""

    message: str
    user: str
    text: str


@operator(version="1", key=["message"])
def statements(message: Message) -> Iterable[Statement]:
    """A message of a user, a note or a revision that is no question."""
    if is_statement(message):
        yield Statement(message.key, message.user, message.text[:MAX_CHARS])


def is_statement(message: Message) -> bool:
    """Whether a message may say that something is so."""
    return message.role in READ and not message.text.rstrip().endswith("?")


def is_plain(text: str) -> bool:
    """Whether a text tells something, rather than asks it, supposes it, or tells what others say of the speaker; by simple patterns.

    >>> is_plain("I live in Seoul."), is_plain("My friend says I live in Mars"), is_plain("만약 내가 파리에 산다면 좋겠다")
    (True, False, False)
    """
    return not _ASIDE.search(text)
