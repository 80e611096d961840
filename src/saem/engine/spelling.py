"""What was probably meant: spaces and single letters mended with the words that the table holds. A word of the table is never touched.

    연체 료 -> 연체료    latefee -> late fee    통근 시간 -> 통금 시간    tuitoin -> tuition

Only what no dictionary lists is respelled: Kiwi's for Korean, the embedding model's vocabulary for the rest; without them nothing is.
Only the words of the sample count, so that nobody is told words of rows that he may not read. A word with a digit is a code.
"""
import re
import unicodedata
from collections.abc import Callable, Iterator

from saem.core import registry
from saem.store.sample import Sample

MIN_LETTERS = 5            # of a mended word, in Latin letters or jamo: among shorter ones every word is near another
MIN_LATIN = 6
MAX_CHARS = 500            # a longer question is a text
MIN_PART = 3               # Latin letters of either half of a word that lacks its space; two syllables in Hangul

_WORD = re.compile(r"[^\W\d_]+")
_HANGUL = re.compile(r"[가-힣]+")


def mended(question: str, seen: Sample, is_held: Callable[[str], bool], is_word: Callable[[str], bool]) -> str:
    """The question with its spaces and letters mended; the same where nothing is to be mended.

    is_held  whether any row that may be read holds a word: asked for those that the sample lacks
    is_word  whether a word without Hangul is one of a language
    """
    if not seen.words or len(question) > MAX_CHARS:
        return question
    known = _Known(seen, is_held, is_word)
    parts = re.split(r"(\s+)", question)
    words, gaps = parts[::2], parts[1::2]
    for at in range(len(words) - 1, 0, -1):
        if _is_torn(words[at - 1], words[at], known):
            words[at - 1:at + 1], gaps[at - 1:at] = [words[at - 1] + words[at]], []
    made = [_respelled(word, known) for word in words]
    return "".join(part for pair in zip(made, [*gaps, ""], strict=True) for part in pair)


class _Known:
    def __init__(self, seen: Sample, is_held: Callable[[str], bool], is_word: Callable[[str], bool]) -> None:
        self.seen, self.is_held, self.is_word = seen, is_held, is_word
        self.asked: dict[str, bool] = {}

    def __call__(self, word: str) -> bool:
        if word not in self.asked:
            self.asked[word] = word in self.seen.spread_of_words or (self.seen.rows > len(self.seen.words) and self.is_held(word))
        return self.asked[word]

    def is_listed(self, word: str) -> bool:
        return registry.is_korean_word(word) if _HANGUL.search(word) else len(word) < MIN_LATIN or self.is_word(word)

    def nearest(self, word: str) -> str | None:
        """The commonest word of the sample that one letter more, less, other or two exchanged make of this one."""
        letters = unicodedata.normalize("NFD", word)
        if len(letters) < MIN_LETTERS:
            return None
        near = {other for form in _shorter(letters) for other in self.seen.shortened.get(form, ()) if _is_near(letters, other)}
        rows = self.seen.spread_of_words
        best = max(near, key=lambda other: (rows[unicodedata.normalize("NFC", other)], other), default=None)
        return unicodedata.normalize("NFC", best) if best else None


def _is_torn(left: str, right: str, known: _Known) -> bool:
    """Whether two words are one of the table's with a space in it: one of them says nothing by itself."""
    if not (_HANGUL.fullmatch(left) and _HANGUL.match(right)):
        return False
    apart, (joined,) = registry.tokenize([left, right]), registry.tokenize([left + right])
    first, second = (words.split() for words in apart)
    is_whole = len(first) > 0 and len(second) > 0 and all(len(word) > 1 and known(word) for word in first + second)
    spans = [word for word in joined.split() if len(word) > len(left) and word.startswith(left)]
    return not is_whole and any(known(word) for word in spans)


def _respelled(written: str, known: _Known) -> str:
    if any(character.isdigit() for character in written) or not (found := _WORD.search(written)):
        return written
    word = found[0]
    for token in registry.tokenize([word])[0].split():
        if known(token) or len(token) < 2:
            continue
        place = written.lower().find(token)
        meant = _halves(token, known) or (None if known.is_listed(token) else known.nearest(token))
        if meant and place >= 0:
            return written[:place] + meant + written[place + len(token):]
    return written


def _halves(word: str, known: _Known) -> str | None:
    """The two words of the table that this one is without its space."""
    least = 2 if _HANGUL.search(word) else MIN_PART
    for at in range(least, len(word) - least + 1):
        if word[:at] in known.seen.spread_of_words and word[at:] in known.seen.spread_of_words:
            return f"{word[:at]} {word[at:]}"
    return None


def _shorter(letters: str) -> Iterator[str]:
    """The word, and each way to leave one letter out."""
    yield letters
    for at in range(len(letters)):
        yield letters[:at] + letters[at + 1:]


def _is_near(one: str, other: str) -> bool:
    """Whether one insertion, deletion, substitution or exchange of neighbours makes one the other."""
    if one == other:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return len(other) - len(one) == 1 and one[at:] == other[at + 1:]
    return one[at + 1:] == other[at + 1:] or one[at:at + 2] == other[at:at + 2][::-1] and one[at + 2:] == other[at + 2:]
