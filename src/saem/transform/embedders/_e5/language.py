"""Each language's mean vector. The encoder marks every vector strongly with its language: subtracting the language's mean brings
Korean and English texts of one meaning together (a Korean title finds its English page).
"""
import re
from pathlib import Path

import numpy as np

MEANS_PATH = Path(__file__).with_name("language_means.npz")            # measured over passages of both languages, 3 KB
KOREAN_SHARE = 0.2                                                    # a Korean syllable says as much as two to three letters

_HANGUL = re.compile("[가-힣ㄱ-ㆎ]+")
_LATIN = re.compile("[A-Za-z]+")


def language_of(text: str) -> str:
    """'ko' when at least a fifth of the Hangul and Latin letters are Hangul, else 'en' (also for every other language).

    >>> language_of("샘은 RAG pipeline을 만든다"), language_of("the word 샘 means a spring"), language_of("")
    ('ko', 'en', 'en')
    """
    hangul = sum(map(len, _HANGUL.findall(text)))
    return "ko" if hangul and hangul >= KOREAN_SHARE * (hangul + sum(map(len, _LATIN.findall(text)))) else "en"


def read_means() -> dict[str, np.ndarray]:
    """language -> (384,) float32, the mean of unit vectors."""
    with np.load(MEANS_PATH, allow_pickle=False) as means:
        return {language: means[language] for language in means.files}
