"""Whether a sentence puts a word in another's place: each content word of it must stand in the span that is to support it.

A writer that swaps one noun, or joins the beginning of one fact to the end of another, keeps most words; a share of them cannot tell.
So each word is looked for by itself: in the span, in what stands above it, among words that say nothing, or, last, as a word that
means the same. What remains is what the span does not say.
"""
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from saem.core import registry
from saem.core.protocols import Embedder
from saem.infer.amounts import EXACT_WORDS
from saem.store.sample import is_hangul

CLOSE = 0.78               # cosine of two single words: above what lies near and is another thing (benchmarks.generate --calibrate)
REMEMBERED = 1 << 14       # words with their vectors, 25 MB

# Words that the text index leaves out, and that make a different statement of a sentence
_TELLING = frozenset("same own other only more most all any some few both before after until under over off out once again".split())
_ORDERED = frozenset({"first", "second", "half"})     # compared as words: as numbers they are too soft
_COUNTED = (EXACT_WORDS - _ORDERED) | frozenset({"st", "nd", "rd", "th"})
# What a writer may add without saying more: it points at the text, is polite, or carries another word
NEUTRAL = frozenset(
    "according document documents passage text information note please general generally also additionally however therefore thus "
    "each every per find found located locate take get need make give provide provided follow following refer mean means called know "
    "cost way thing use used using able possible whether namely "
    "문서 자료 내용 안내 설명 정보 경우 참고 따르 의하 위하 대하 말하 알리 드리 주 보 가능 필요 해당 관련 다음 정도 것 수 이용 사용 또한 "
    "일반 기본".split())
# Words that may stand for each other in any statement; what is only near (a fee, a deposit) is not here
_SAME = tuple(frozenset(group.split()) for group in (
    "student pupil|teacher instructor|select choose pick|click press|delete remove erase|show display|start begin commence|end finish|"
    "get receive obtain|buy purchase|help assist|allow permit let|need require|fix repair|car automobile vehicle|photo picture|"
    "phone telephone|bike bicycle|vacation holiday|sickness illness|forbid prohibit ban|send submit|specify set define|"
    "available offered|fee charge price priced cost|lend loan|modify change alter edit|locate find|big large|small little|quick fast|"
    "enter type|insert add|daily day|weekly week|monthly month|yearly annual annually year|usually normally typically|lift elevator|"
    "entire whole|complete full|mandatory required compulsory|close shut|contain include|"
    "신청 접수|장소 곳|매일 날마다|반드시 꼭|표시 나타내 나타나|대여 빌리 대출|구매 구입 사|비용 요금 가격|제출 내|시작 개시|종료 끝나|"
    "선택 고르|삭제 지우|이용 사용 쓰|변경 바꾸|추가 더하 넣|반납 돌려주|입력 치|클릭 누르|수리 고치|기간 동안|재학생 학생").split("|"))
_ENDINGS = ("ing", "ed", "ly", "es", "s")
_FORMS = {"lent": "lend", "held": "hold", "kept": "keep", "given": "give", "taken": "take", "paid": "pay", "sent": "send", "lost": "lose",
          "written": "write", "shown": "show", "chosen": "choose", "begun": "begin", "made": "make", "bought": "buy",
          "brought": "bring", "sold": "sell", "set": "set", "built": "build", "men": "man", "women": "woman",
          "children": "child"}


@dataclass(frozen=True)
class Wording:
    """A text's stems in their order. content: those without numbers and denials; all: with them; words: the words of `content`."""
    content: tuple[str, ...]
    all: tuple[str, ...]
    words: tuple[str, ...]


@lru_cache(4096)
def wording(text: str) -> Wording:
    """The words of a text.

    >>> wording("Students are borrowing the same 5 books.").content
    ('student', 'borrow', 'same', 'book')
    """
    written = text.split()
    words = list[str]()
    for word, tokens in zip(written, registry.tokenize(written), strict=True):
        bare = word.strip(".,;:!?()\"'“”‘’*_`")
        if bare not in ("it", "It", "us", "Us"):
            words += tokens.split() or ([bare.lower()] if bare.lower() in _TELLING else [])
    kept = [word for word in words if not any(c.isdigit() for c in word) and word not in _COUNTED]
    return Wording(tuple(map(stem, kept)), tuple(map(stem, words)), tuple(kept))


@lru_cache(1 << 14)
def stem(word: str) -> str:
    """An English word without its ending; others as they are.

    >>> [stem(word) for word in ("borrowing", "closed", "close", "running", "lent", "책")]
    ['borrow', 'clos', 'clos', 'run', 'lend', '책']
    """
    if not word.isascii() or not word.isalpha():
        return word
    word = _FORMS.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[:-len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


NEUTRAL_STEMS = frozenset(map(stem, NEUTRAL))
_SAME_STEMS = tuple(frozenset(map(stem, group)) for group in _SAME)


def unmet(said: Wording, span: Wording, above: frozenset[str], is_close: Callable[[str, Sequence[str]], bool]) -> str:
    """The first content word of a sentence that its span does not say; '' = it says all.

    above     stems of what stands above the span: its headings, the line that leads it in, what its pronouns stand for
    is_close  whether a word means the same as one of others
    """
    there, own = Counter(span.content), Counter(said.content)
    for change, begin, end, from_, to in SequenceMatcher(None, said.content, span.content, autojunk=False).get_opcodes():
        if change == "equal":
            continue
        displaced = [at for at in range(from_, to) if span.content[at] not in own]
        fills_in = all(span.content[at] in NEUTRAL_STEMS for at in displaced)        # it takes no other word's place
        others = [span.words[at] for at in displaced] or list(span.words)
        for at in range(begin, end):
            word = said.content[at]
            if own[word] <= there[word] or fills_in and (word in there or word in above or word in NEUTRAL_STEMS):
                continue
            if not is_close(said.words[at], others):
                return word
    return ""


def is_joined_across(said: Wording, clauses: Sequence[Wording]) -> bool:
    """Whether a sentence joins the beginning of one clause of a span to the end of another whose beginning it leaves out."""
    words = set(said.all)
    for at, first in enumerate(clauses):
        for second in clauses[at + 1:]:
            if len(first.all) < 2 or len(second.all) < 2:
                continue
            begins, ends = first.all[0] in words, any(word in words for word in set(first.all[1:]) - set(second.all))
            later = set(second.all[1:]) - set(first.all)
            if begins and not ends and second.all[0] not in words and later & words:
                return True
    return False


class Meanings:
    """Single words and what they mean, read once a process."""

    def __init__(self, embedder: Embedder | None, limit: float = CLOSE) -> None:
        self.embedder, self.limit = embedder, limit

    def is_close(self, word: str, others: Sequence[str]) -> bool:
        """Whether a word means the same as one of others of its language."""
        stems = set(map(stem, others))
        if any(stem(word) in group and group & stems for group in _SAME_STEMS):
            return True
        # a Korean word that shares a syllable lies near for its letters: 세탁기 and 건조기
        same = [other for other in others if is_hangul(other) == is_hangul(word) and not (is_hangul(word) and set(word) & set(other))]
        if self.embedder is None or not same or not word.isalpha():
            return False
        vectors = self._vectors([word, *same])
        return float((vectors[1:] @ vectors[0]).max()) >= self.limit

    def _vectors(self, words: Sequence[str]) -> np.ndarray:
        assert self.embedder is not None
        held = _read.setdefault(self.embedder.fingerprint, {})
        new = [word for word in dict.fromkeys(words) if word not in held]
        if len(held) + len(new) > REMEMBERED:
            held.clear()
            new = list(dict.fromkeys(words))
        if new:
            held.update(zip(new, self.embedder.passages(new), strict=True))
        return np.stack([held[word] for word in words])


_read: dict[str, dict[str, np.ndarray]] = {}       # {embedder: {word: vector}}
