"""Texts become words for the text index: alike for documents and queries, each separated by a space.

A word between two white spaces always gives the same tokens, whatever stands around it. So its tokens are looked up, not
computed again (16 MB/s of English; Korean at 3 times Kiwi's speed, known words at 100 times), and a question meets the
document it was taken from. Measured on 399 paragraphs of Korean law, BM25 MRR: 0.884 word by word, 0.856 with Kiwi on whole sentences.
"""
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from saem.core.versions import versions

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

VERSION = "1"
MAX_WORDS = 1 << 18                   # that are remembered, about 60 MB
MAX_TOKEN_CHARS = 64                  # a longer one is data, not a word; its beginning is kept
UNLISTED = 60                         # Kiwi gives smaller ids to forms that it only guesses the tag of
MAX_HANGUL_CHARS = 100                # between two spaces that Kiwi gets at once

# Neither questions nor documents are about these. `it` and `us` stay in capitals: IT and US are words
STOP_WORDS = frozenset({
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don", "for", "from", "had", "has",
    "have", "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "its",
    "itself", "just", "may", "me", "might", "more", "most", "must", "my", "no", "nor", "not", "of", "off", "on",
    "once", "only", "or", "other", "our", "ours", "out", "over", "own", "shall", "she", "should", "so", "some",
    "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through",
    "to", "too", "under", "until", "up", "us", "very", "was", "we", "were", "what", "when", "where", "which", "while",
    "who", "whom", "whose", "why", "will", "with", "would", "you", "your", "yours", "dont", "doesnt", "didnt", "isnt",
    "arent", "wasnt", "werent", "cant", "cannot", "couldnt", "wont", "wouldnt", "im", "ive", "youre", "thats", "s",
    "t"
})
KOREAN_STOP_WORDS = frozenset({
    "하", "되", "있", "같", "이", "그", "저", "이것", "그것", "저것", "여기", "거기", "대하", "위하", "통하", "따르",
    "관하", "의하", "및", "등", "때", "얼마", "무엇", "뭐", "어디", "언제", "누구", "어떻", "어떠", "왜", "또",
    "또한", "더", "즉", "만약", "다만", "그리고", "그러나"
})
KEPT_TAGS = ("NN", "NR", "NP", "VV", "VA", "XR", "MAG")      # nouns, verbs, adjectives, roots, adverbs; the rest is not Kiwi's
NOT_PLURAL = frozenset({
    "news", "lens", "series", "species", "always", "perhaps", "across", "afterwards", "towards", "besides",
    "sometimes"
})
SINGULAR_IN_E = frozenset({"caches", "aches", "headaches", "niches", "axes"})

_HANGUL = re.compile(r"[가-힣]+")
_HANGUL_WORD = re.compile(r"[가-힣A-Za-z\d]*[가-힣][가-힣A-Za-z\d]*")
# A code is one token: letters and digits joined by a sign, `,` and `:` only between digits
_COMPOUND = re.compile(r"c\+\+|[cf]#|[^\W_]+(?:(?:[-._@'’&+]+|(?<=\d)[:,](?=\d))[^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_LETTERS_AND_DIGITS = re.compile(r"([a-z]+)(\d+)|(\d+)([a-z]+)")
_NUMBER_AND_UNIT = re.compile(r"(\d+(?:[.,]\d+)+)([a-z]+)")
_INITIALS = re.compile(r"(?:[a-z]\.)+[a-z]")
_WITH_PARTICLE = re.compile(r"([가-힣]{2,}?)(?:에서는|에서|에게|으로|은|는|이|가|을|를|의|에|로|와|과|도)$")
_ENCLOSED = re.compile(r"([\u2460-\u24ff\u3200-\u32ff])")    # ① becomes 1, and must not grow together with its word
_UNSPACED = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")      # scripts without spaces
_NAME = re.compile(r"(?<![^\s(\"'“‘])[A-Z][a-z]{3,}(?![a-z\d_.@-]*[A-Z\d_@-])")
_NOT_NAMES = frozenset("monday tuesday wednesday thursday friday saturday sunday january february march april june july august september "
                       "october november december english korean internet please thanks hello dear".split())
_MARKS = re.compile(r"[\u0300-\u036f]")


def tokenize(texts: Sequence[str]) -> list[str]:
    """The tokens of each text, separated by single spaces; '' when nothing is left.

    English: lower case, plural and possessive endings off, stop words out. Codes, addresses, decimals: whole and in parts.
    Korean: the nouns, verbs, adjectives, roots and adverbs that Kiwi finds, or pairs of syllables where it is not installed.
    Chinese, Japanese, Thai: pairs of characters.

    >>> tokenize(["The libraries' e-mail: kim@school.kr", "B-204호", "1,000 books"])[0]
    'library email e mail kim@school.kr kim school kr'
    """
    composed = [text if text.isascii() else unicodedata.normalize("NFKC", _ENCLOSED.sub(r" \1 ", text)) for text in texts]
    _learn(composed)
    return [" ".join(filter(None, map(_words.__getitem__, text.split()))) for text in composed]


def codes(text: str) -> list[str]:
    """The whole tokens of codes, addresses with digits, dates and long numbers.

    >>> codes("E-1024호는 010-1234-5678로, 14일 안에 5,000원")
    ['e1024', '01012345678', '5000']
    """
    composed = _HANGUL.sub(" ", unicodedata.normalize("NFKC", text))
    found = (_whole(compound[0]) for compound in _COMPOUND.finditer(composed.lower()))
    return list(dict.fromkeys(each for each in found if len(each) > 2 and re.search(r"\d", each)
                              and (len(each) > 3 or not each.isdigit())))


def proper_names(text: str) -> list[str]:
    """The names in a question, as far as capitals tell them: words of a capital and small letters within a sentence, or beside Hangul.

    Not days, months and languages; none in a Title Written So.

    >>> [proper_names(text) for text in ("How tall is Peter Schmidt?", "Eagle은 언제 출시하나요?", "Is it open on Sunday?")]
    [['Peter', 'Schmidt'], ['Eagle'], []]
    """
    latin = re.findall(r"[A-Za-z]{4,}", text.partition(" ")[2])
    if len(latin) > 2 and all(word[0].isupper() for word in latin) and not _HANGUL.search(text):
        return []
    found = [each[0] for each in _NAME.finditer(text) if _HANGUL.search(text) or re.search(r"[^\W\d_][,;]?\s+$", text[:each.start()])]
    return [each for each in dict.fromkeys(found) if each.lower() not in _NOT_NAMES and each.lower() not in STOP_WORDS]


def _whole(compound: str) -> str:
    return next(iter(_compound_tokens(compound, compound)), "")


def is_korean_word(word: str) -> bool:
    """Whether Kiwi's dictionary lists all that a word is made of; True without Kiwi."""
    if not has_kiwi():
        return True
    kiwi = _loaded()
    with _one_at_a_time:
        return all(token.id >= UNLISTED for token in kiwi.tokenize(word))


def fingerprint() -> str:
    """Changes whenever a text could get other tokens: names the Korean analyser and the versions it depends on."""
    return " ".join([f"saem-tokens={VERSION}", "kiwi" if has_kiwi() else "bigrams", *versions(["kiwipiepy", "kiwipiepy-model"])])


class _Words(dict[str, str]):
    """word between spaces -> its tokens; made when first asked for."""

    def __missing__(self, word: str) -> str:
        if len(self) >= MAX_WORDS:
            self.clear()
        self[word] = tokens = " ".join(_tokens(word))
        return tokens


class _Morphemes(dict[str, tuple[str, ...]]):
    """Hangul word with its digits as 1 and its Latin letters as A -> its content morphemes."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        self[word] = morphemes = _analysed([word])[0]
        return morphemes

    def learn(self, words: Iterable[str]) -> None:
        unknown = [word for word in dict.fromkeys(words) if word not in self]
        if not unknown:
            return
        if len(self) + len(unknown) > MAX_WORDS:
            self.clear()
        self.update(zip(unknown, _analysed(unknown), strict=True))


_words = _Words()
_morphemes = _Morphemes()


def _learn(texts: Sequence[str]) -> None:
    """Analyse the Hangul words of all texts that are new, at once: Kiwi then uses all cores."""
    new = {word for text in texts if not text.isascii() for word in text.split() if word not in _words}
    _morphemes.learn(key for word in sorted(new) for key in _keys(word))


def _keys(word: str) -> list[str]:
    found = (re.sub(r"[A-Za-z]+", "A", re.sub(r"\d+", "1", part)) for part in _HANGUL_WORD.findall(word))
    return [key[at:at + MAX_HANGUL_CHARS] for key in found for at in range(0, len(key), MAX_HANGUL_CHARS)]


def _tokens(word: str) -> Iterable[str]:
    if not word.isascii():
        if _HANGUL.search(word):
            for key in _keys(word):
                yield from _morphemes[key]
            word = _HANGUL.sub(" ", word)
        for run in _UNSPACED.findall(word):
            yield from _pairs(run)
        word = _MARKS.sub("", unicodedata.normalize("NFKD", _UNSPACED.sub(" ", word)))      # café is found as cafe
    for compound in _COMPOUND.finditer(word.lower()):
        yield from _compound_tokens(compound[0], word[compound.start():compound.end()])


def _compound_tokens(compound: str, written: str) -> Iterable[str]:
    """`written` is the same with its capitals."""
    if compound.isalnum():
        if compound in STOP_WORDS and not (written.isupper() and len(written) > 1):
            return
        yield _singular(compound, written)[:MAX_TOKEN_CHARS]
        split = _LETTERS_AND_DIGITS.fullmatch(compound)
        if split:
            yield from filter(None, split.groups())
        return
    possessive = re.fullmatch(r"([^\W_]+)['’](?:s|re|ll|ve|d|m)", compound)
    if possessive:
        yield from _compound_tokens(possessive[1], written[:len(possessive[1])])
        return
    quantity = _NUMBER_AND_UNIT.fullmatch(compound)
    if quantity:                                              # 2.5kg
        yield quantity[2]
        yield from _compound_tokens(quantity[1], quantity[1])
        return
    # e-mail is found as email, B-204 as B204, 1,000 as 1000, U.S. as US
    whole = re.sub(r"[-'’,.]" if _INITIALS.fullmatch(compound) else r"[-'’,]", "", compound)
    if whole in STOP_WORDS and not written.isupper():
        return
    yield (_singular(whole, written) if whole.isalpha() else whole)[:MAX_TOKEN_CHARS]
    if "," in compound or "'" in compound or _INITIALS.fullmatch(compound):
        return
    for part in _PART.finditer(compound):
        if part[0] not in STOP_WORDS:
            yield _singular(part[0], written[part.start():part.end()])[:MAX_TOKEN_CHARS]


def _singular(word: str, written: str) -> str:
    """Without a plural ending: libraries -> library, boxes -> box, fees -> fee, URLs -> url; bus and analysis stay."""
    if not word.endswith("s") or len(word) < 4 and not written[:-1].isupper() or word in NOT_PLURAL or not word.isascii():
        return word
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "sses", "shes", "ches", "zzes")) and word not in SINGULAR_IN_E:
        return word[:-2]
    return word[:-1]


def _pairs(run: str) -> list[str]:
    """Every two neighbouring characters; a single one alone."""
    return [run[at:at + 2] for at in range(max(1, len(run) - 1))]


# ---- Korean

_kiwi: "Kiwi | None" = None
_one_at_a_time = threading.Lock()     # Kiwi spreads a list over all cores by itself


def _analysed(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The content morphemes of each word."""
    if not has_kiwi():
        return [tuple(pair for run in _HANGUL.findall(word) for pair in _pairs(run)) for word in words]
    kiwi = _loaded()
    with _one_at_a_time:
        return [_content(word, found) for word, found in zip(words, kiwi.tokenize(words), strict=True)]


def korean_sentences(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """(start, end) of the sentences that Kiwi finds in each text; one for all of it where it is not installed."""
    if not texts or not has_kiwi():
        return [[(0, len(text))] for text in texts]
    kiwi = _loaded()
    with _one_at_a_time:
        return [[(found.start, found.end) for found in each] for each in kiwi.split_into_sents(texts)]


def _loaded() -> "Kiwi":
    global _kiwi
    with _one_at_a_time:
        if _kiwi is None:
            from kiwipiepy import Kiwi
            # Without its lists of titles and foreign phrases it loads in 1.1 s and 240 MB instead of 3.4 s and 530 MB, and
            # finds as much (MRR 0.856 against 0.853): a title is cut into its words in the document and the question alike
            _kiwi = Kiwi(load_default_dict=False, load_multi_dict=False)
        return _kiwi


def _content(word: str, found: "Sequence[Token]") -> tuple[str, ...]:
    kept = [token.form for token in found
            if token.tag.startswith(KEPT_TAGS) and token.tag != "NNB" and _HANGUL.search(token.form)]
    # Without its sentence Kiwi sometimes takes a noun apart (요건은: 요거 + 은); the word without its particle mends that
    bare = _WITH_PARTICLE.search(word)
    added = [bare[1]] if bare and bare[1] not in "".join(kept) else []
    return tuple(form for form in kept + added if form not in KOREAN_STOP_WORDS)


def has_kiwi() -> bool:
    """Whether Korean is analysed by Kiwi."""
    return versions(["kiwipiepy"]) != ["kiwipiepy=none"]
