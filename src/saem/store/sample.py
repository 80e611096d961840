"""What the rows that someone may read look like on the whole: how rare a word is, how far a cosine stands out.

Everything is taken from a sample of the rows under the reader's own condition, so that no figure tells of other rows.
"""
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from math import log, sqrt

import lance
import numpy as np
import pyarrow as pa

from saem.store.readable import Readable
from saem.store.table import condition

SAMPLE_ROWS = 1_000    # of any table; their vectors are 1.5 MB
FEW_ROWS = 60          # a smaller sample is topped up with a background
LANGUAGE_ROWS = 20     # of Hangul, and of others: fewer do not tell how the two differ
MAX_SPELLED = 20       # letters of a word that a question may have misspelled
SATURATION, LENGTH_SHARE = 1.2, 0.75      # k1 and b of BM25

MAX_SAMPLES = 16       # that are kept

_SAMPLES: dict[tuple[object, ...], "Sample"] = {}
_HANGUL, _LETTER = re.compile("[가-힣]"), re.compile("[^\\W\\d_]")


class Sample:
    """vectors (n, d) float32 of unit length, words (n,) lists of each row's words; either may be missing. rows: of how many.

    >>> sample = Sample(None, [["late", "fee"], ["late"]])
    >>> sample.rarity("fee") > sample.rarity("late")
    True
    """

    def __init__(self, vectors: np.ndarray | None, words: Sequence[Sequence[str]], rows: int = 0) -> None:
        self.vectors, self.words, self.rows = vectors, words, rows
        self._topped_up: Sample | None = None

    def with_background(self, background: "Callable[[], Sample]") -> "Sample":
        """At least FEW_ROWS rows: a handful of pages say nothing about how common a word is, or how near a cosine."""
        size = len(self.words) or (0 if self.vectors is None else len(self.vectors))
        lack = FEW_ROWS - size
        if lack <= 0:
            return self
        if self._topped_up is None:
            added = background()
            vectors = self.vectors
            if vectors is not None and added.vectors is not None:
                vectors = np.concatenate([vectors, added.vectors[:lack]])
            self._topped_up = Sample(vectors, [*self.words, *added.words[:lack]] if self.words else self.words, self.rows)
        return self._topped_up

    # words

    @cached_property
    def spread_of_words(self) -> Counter[str]:
        """In how many of the rows each word stands."""
        return Counter(word for words in self.words for word in set(words))

    @cached_property
    def shortened(self) -> dict[str, list[str]]:
        """Words without digits, in Latin letters or jamo, by themselves and by each way to leave one letter out."""
        made: dict[str, list[str]] = {}
        for word in self.spread_of_words:
            if word.isalpha() and len(word) <= MAX_SPELLED:
                letters = unicodedata.normalize("NFD", word)
                for form in {letters, *(letters[:at] + letters[at + 1:] for at in range(len(letters)))}:
                    made.setdefault(form, []).append(letters)
        return made

    @cached_property
    def _mean_words(self) -> float:
        return sum(map(len, self.words)) / max(1, len(self.words)) or 1.0

    def rarity(self, word: str) -> float:
        """The inverse document frequency of BM25, above 0: about 0.7 for a word in every other row, 7 for one in none of 1,000."""
        rows = self.spread_of_words.get(word, 0)
        return log(1 + (len(self.words) - rows + 0.5) / (rows + 0.5))

    def coverages(self, asked: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
        """(n,) BM25 of rows that hold these words, as share of the most that any row could have. [0, 1]"""
        weights = [(word, self.rarity(word)) for word in dict.fromkeys(asked)]
        most = sum(weight for _, weight in weights)
        if not most:
            return [0.0] * len(rows)
        made = []
        for held in rows:
            norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * len(held) / self._mean_words)
            counted = [(weight, held.count(word)) for word, weight in weights]
            made.append(sum(weight * times / (times + norm) for weight, times in counted if times) / most)
        return made

    # vectors

    @cached_property
    def _language(self) -> np.ndarray | None:
        """Unit vector from the other rows to those in Hangul: what a vector says about its language, and nothing about its content."""
        if self.vectors is None or len(self.words) != len(self.vectors):
            return None
        hangul = np.array([is_hangul(" ".join(words)) for words in self.words], bool)
        if min(hangul.sum(), (~hangul).sum()) < LANGUAGE_ROWS:
            return None
        apart = self.vectors[hangul].mean(axis=0) - self.vectors[~hangul].mean(axis=0)
        unit: np.ndarray = apart / np.linalg.norm(apart)
        return unit

    def without_language(self, question: np.ndarray) -> np.ndarray:
        """(d,) -> (d,): a Korean question otherwise finds every Korean row nearer than the English row that answers it."""
        direction = self._language
        return question if direction is None else question - (question @ direction) * direction

    def spread(self, question: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of the rows' cosine with a question."""
        if self.vectors is None or not len(self.vectors):
            return 0.0, 1.0
        cosine = self.vectors @ question
        return float(cosine.mean()), float(cosine.std()) or 1.0

    @property
    def chance(self) -> float:
        """The z that the nearest of so many rows reaches by chance: the more rows, the nearer the nearest of those that say nothing."""
        return sqrt(2 * log(max(1, self.rows)))


def is_hangul(text: str) -> bool:
    """Whether at least a fifth of the letters are Hangul."""
    hangul = len(_HANGUL.findall(text))
    return hangul > 0 and hangul >= 0.2 * len(_LETTER.findall(text))


def sample(dataset: lance.LanceDataset, where: str | None, vector: str | None, text: str | None) -> Sample:
    """SAMPLE_ROWS rows that stand evenly among those of a table that may be read and meet the condition."""
    key = (dataset.uri, dataset.version, getattr(dataset, "rights", None), where, vector, text)
    if (found := _SAMPLES.get(key)) is None:
        for other in [each for each in list(_SAMPLES) if each[0] == dataset.uri and each[1] != dataset.version]:
            _SAMPLES.pop(other, None)              # a former version may hold what has been forgotten since
        while len(_SAMPLES) >= MAX_SAMPLES:
            _SAMPLES.pop(next(iter(_SAMPLES)), None)
        found = _SAMPLES[key] = _sample(dataset, where, vector, text)
    return found


def _sample(dataset: lance.LanceDataset, where: str | None, vector: str | None, text: str | None) -> Sample:
    columns = [name for name in (vector, text) if name]
    if where is None and not isinstance(dataset, Readable):
        count = dataset.count_rows()
        rows = dataset.take(_evenly(count), columns=columns)
    else:
        found = dataset.to_table(columns=[], filter=condition(where, dataset), with_row_id=True)["_rowid"]
        count = len(found)
        rows = dataset._take_rows(found.take(pa.array(_evenly(count), pa.int64())).to_pylist(), columns=columns)
    vectors = matrix(rows[vector]) if vector else None
    return Sample(vectors, [words.split() for words in rows[text].to_pylist()] if text else [], count)


def _evenly(count: int) -> list[int]:
    return np.unique(np.linspace(0, max(0, count - 1), min(count, SAMPLE_ROWS)).astype(np.int64)).tolist()  # type: ignore[no-any-return]


def matrix(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """(n,) fixed-size lists -> (n, d) float32, without copying more than chunks."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(array.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(len(array), array.type.list_size)
