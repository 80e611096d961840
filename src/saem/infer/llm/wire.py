"""What passes between the client and a provider: a request, pieces of text, and what the call took."""
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

_WIDE = re.compile(r"[ᄀ-ᇿ⺀-퟿豈-﫿＀-￯]")      # Hangul, Han, Kana: about a token a letter


@dataclass(frozen=True)
class Message:
    """role: 'system', 'user' or 'assistant'."""
    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """schema: a JSON schema that the text must fit; None = plain text. ends_at: when it must be over, by `time.monotonic`."""
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    schema: Mapping[str, Any] | None = None
    ends_at: float = math.inf

    def left_s(self, most: float) -> float:
        """The seconds that are left of it, at most so many."""
        return max(0.0, min(most, self.ends_at - time.monotonic()))


@dataclass(frozen=True)
class Done:
    """The end of a reply. tokens: as the server counts them, None where it does not; version: what it says it is; stop: why it ended."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    version: str = ""
    stop: str = ""


class Provider(Protocol):
    """One kind of server. `providers/NAME.py` holds `connect(spec) -> Provider`."""

    def send(self, request: Request) -> Iterator[str | Done]:
        """The text in pieces, then Done. Raises: Busy, which is tried again; SaemError E801, which is not."""


class Busy(Exception):
    """The call failed in a way that may pass. wait_s: what the server asks to wait, 0 = it does not say; is_wrong: it
    answered what makes no sense, which is tried once more at most."""

    def __init__(self, problem: str, wait_s: float = 0.0, is_wrong: bool = False) -> None:
        super().__init__(problem)
        self.wait_s, self.is_wrong = wait_s, is_wrong


def tokens_about(text: str) -> int:
    """About how many tokens a text has, without its tokenizer: a letter of Hangul or Han is one, four others are one.

    >>> tokens_about("The late fee is 100 won."), tokens_about("연체료는 얼마인가요?")
    (6, 10)
    """
    wide = len(_WIDE.findall(text))
    return wide + math.ceil((len(text) - wide) / 4)
