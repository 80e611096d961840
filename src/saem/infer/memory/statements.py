"""messages -> statements: what is embedded. A question, or what an assistant says, is no answer to a later question."""
from collections.abc import Iterable
from dataclasses import dataclass

from saem.core.operator import operator
from saem.infer.memory.claims import READ
from saem.infer.memory.rows import Message

MAX_CHARS = 1_000  # of a message that are embedded; a model reads about as much


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
