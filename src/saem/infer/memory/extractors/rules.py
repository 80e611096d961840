"""Claims by rules, Korean and English, without a model: what people say of themselves, of their people and things.

Rules read plain statements. Questions, wishes of others, irony and what a sentence only implies are left to messages, which are always
searchable, and to an extractor with a model.
"""

import datetime
import re
from collections.abc import Iterable, Iterator

from saem.infer.memory.extractors import _english, _korean, _typed
from saem.infer.memory.rows import Found

VERSION = "rules 3"
IS_QUICK = True
MAX_CHARS = 4_000  # of a message that are read; what is longer was pasted, not said

_HANGUL = re.compile("[가-힣]")
_SENTENCE = re.compile(r"[^.!?…\n;。]+(?:\.(?=\S)[^.!?…\n;。]*)*[.!?…;。]*")
_REVISION = re.compile(r"^(?P<s>[^|\n]{0,80}) \| (?P<p>[^=\n]{1,80}) (?P<is>!?=) (?P<o>[^\n]{1,200})$")


def extract(text: str, said_at: datetime.datetime) -> Iterable[Found]:
    """What a message says, in the order of its places.

    >>> [(f.subject, f.predicate, f.object) for f in extract("나는 수학이 약하고 6월 3일에 시험이 있어", datetime.datetime(2026, 5, 1))]
    [('', 'weak in', '수학'), ('', 'exam', '6월 3일')]
    """
    if revised := _REVISION.match(text):
        yield _revision(revised)
        return
    for start, sentence in _sentences(text[:MAX_CHARS]):
        if not sentence.rstrip().endswith("?"):
            language = _korean if _HANGUL.search(sentence) else _english
            found = list(language.read(sentence, start, said_at))
            yield from found
            said = [each.object for each in found]
            yield from (each for each in _typed.read(sentence, start, said_at) if not any(each.object in other for other in said))


def revision(subject: str, predicate: str, value: str, is_so: bool = True) -> str:
    """The text of a correction, which the rules read exactly."""
    return f"{subject} | {predicate} {'=' if is_so else '!='} {value}"


def _revision(said: re.Match[str]) -> Found:
    from saem.infer.memory.vocabulary import named

    predicate, topic, is_many = named(said["p"])
    if predicate != said["p"] and not is_many:
        from saem.infer.memory.vocabulary import BY_NAME

        known = BY_NAME.get(said["p"])
        predicate, topic, is_many = (known.name, known.topic, known.is_many) if known else (said["p"], topic, False)
    return Found(said["s"], predicate, said["o"], 0, said.end(), said["is"] == "=", is_many, topic)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    for found in _SENTENCE.finditer(text):
        yield found.start(), found[0]
