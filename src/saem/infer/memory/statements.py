"""messages -> statements: what is embedded. A question, or what an assistant says, is no answer to a later question."""
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from saem.core.operator import operator
from saem.infer.memory.claims import READ
from saem.infer.memory.rows import Message

MAX_CHARS = 1_000  # of a message that are embedded; a model reads about as much

_ASIDE = re.compile(
    r"^\s*(?:if|suppose|imagine|what if)\b|\bI (?:might|may)\b|"
    r"(?<!\bI )\b(?:says?|said|thinks?|thought|claims?|claimed|tells? \w+|told \w+) (?:that )?I(?:\b|['’])|"
    r"^\s*(?:만약|만일)|(?:다|이라|었더라|았더라)면\s|"
    r"(?:내가|제가|나더러|저더러)\s.*[다라]고\s*(?:하더|하던|했|말하|그러|우기|해)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """text: as it is embedded; user: whose, as an agent's reach asks for it."""

    message: str
    user: str
    text: str


# a message that ends with a question may state something before it: "my exam is on June 3, can you help?"
_ASKED_LAST = re.compile(r"(?s)(?P<told>.*\S)\s*[,.!;…~\n]\s*[^,.!;…\n]+[?？]\s*$")
_ASKING = re.compile(r"\b(?:what|where|when|who|whom|whose|which|why|how|remind|tell me|wondering)\b|[?？]"
                     r"|^\W*(?:hey |hi |so |ok |and |but )*(?:do|does|did|is|are|am|was|were|can|could|would|will|should|may|if|have|has)\b"
                     r"|뭐|뭘|무엇|무슨|어디|언제|누구|누가|몇|어느|어떤|어떻게|왜\s|얼마|(?:기억|알려|맞혀|맞춰)", re.IGNORECASE)
LEAST_WORDS = 3  # before such a question


@operator(version="2", key=["message"])
def statements(message: Message) -> Iterable[Statement]:
    """A message of a user, a note or a revision that is no question."""
    if is_statement(message):
        yield Statement(message.key, message.user, message.text[:MAX_CHARS])


def is_statement(message: Message) -> bool:
    """Whether a message may say that something is so."""
    return message.role in READ and (not message.text.rstrip().endswith(("?", "？")) or _tells_first(message.text))


def _tells_first(text: str) -> bool:
    """Whether a text that ends with a question states something before it.

    >>> _tells_first("나 시바견 키우는데 이름이 초코야, 귀엽지?"), _tells_first("우리 강아지, 이름이 뭐였지?")
    (True, False)
    """
    found = _ASKED_LAST.match(text[:MAX_CHARS])
    return found is not None and len(found["told"].split()) >= LEAST_WORDS and not _ASKING.search(found["told"])


def is_plain(text: str) -> bool:
    """Whether a text tells something, rather than asks it, supposes it, or tells what others say of the speaker; by simple patterns.

    >>> is_plain("I live in Seoul."), is_plain("My friend says I live in Mars"), is_plain("만약 내가 파리에 산다면 좋겠다")
    (True, False, False)
    """
    return not _ASIDE.search(text) and (not text.rstrip().endswith(("?", "？")) or _tells_first(text))


# words with which anything can be asked: they say nothing of what is asked for
_ASKING_WORDS = frozenset(
    "i me my mine we our you your is am are was were be do does did can could would will the a an of to it that this what which again "
    "please remember recall remind tell know said say told 나 저 내 제 우리 저희 이 그 무엇 뭐 무슨 어떤 어느 것 거 수 하 이 있 되 "
    "기억 기억나 말하 말 말씀 말씀드리 알 알리 주 드리 전 지금 현재 요즘".split())


def telling(words: Sequence[str]) -> list[str]:
    """The words of a question, as the text index has them, that tell what it asks for; all of them where none does.

    >>> telling("where do i live".split())
    ['where', 'live']
    """
    return [word for word in words if word not in _ASKING_WORDS] or list(words)
