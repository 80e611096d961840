"""Finding rows by words, by vectors, or both: two candidate lists, fused into one score that explains itself.

    score = 0.4 * words + 0.6 * z / 6,  at most 1

words  BM25 as share of the most that a row could have: near 0 for a question in another language, so that the few words
       that do match, names and numbers, do not outweigh the meaning
z      how far a row's cosine stands above the mean of the rows, in standard deviations (a raw cosine of e5 means little);
       what the vectors say about their language is left out of it

Both are absolute, not shares of the best row's: a question that no row answers scores low everywhere.
A code in the question (E-1024, 010-1234-5678) is held or not, and near in meaning to nothing: by as much as the question is about its
codes, measured in rarity, rows that hold them whole come first.
Of rows that say nearly the same one is shown, and names the others.
Source: `python -m benchmarks.answers` compares with BM25, vectors and reciprocal rank fusion.
"""
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from saem.core.columns import visible
from saem.core.counting import is_number
from saem.core.identity import id_list
from saem.store.candidates import by_words, rows_of
from saem.store.condition import wrong
from saem.store.sample import Sample, sample

POOL = 50              # candidates from each side
WORDS_WEIGHT = 0.4     # 0.3 to 0.5 are as good
FOLDED_SHARE = 0.8     # of the words of two rows that both hold: copies and versions of one text
FULL_Z = 6.0           # the best row of a question that is answered stands 4 to 6 above the mean


@dataclass(frozen=True)
class Hit:
    """A found row. score in [0, 1]; why = the figures that it was made of; others = ids of rows that say nearly the same."""
    score: float
    id: str
    row: dict[str, Any]
    why: dict[str, float] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"score": round(self.score, 4), "id": self.id, "row": self.row, "why": {k: round(v, 4) for k, v in self.why.items()},
                "others": list(self.others)}


@dataclass(frozen=True)
class Question:
    """What is asked: words for the text index, a unit vector for the vector column; either may be missing. codes: some of the words."""
    words: list[str]
    text_column: str | None
    vector: np.ndarray | None
    vector_column: str | None
    codes: tuple[str, ...] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)      # names of people and things, each with its words in the index


@dataclass(frozen=True)
class Found:
    """The best rows, the question as it was compared with them, and the sample that its figures are relative to."""
    hits: list[Hit]
    words: list[str]
    vector: np.ndarray | None
    sample: Sample
    absent: tuple[str, ...] = ()      # codes of the question that no row holds which may be read and meets the condition
    unknown: tuple[str, ...] = ()     # names likewise

    @cached_property
    def spread(self) -> tuple[float, float]:
        """Mean and standard deviation of the rows' cosine with the question."""
        return (0.0, 1.0) if self.vector is None else self.sample.spread(self.vector)


def find(dataset: lance.LanceDataset, question: Question, k: int, where: str | None,
         background: Callable[[], Sample] | None = None, fold: bool = True, encode: Callable[[], np.ndarray] | None = None) -> Found:
    """The k best rows, best first; equal scores in the order of their ids.

    where       an SQL condition that every row meets which is found or counted
    background  gives what tops up the sample of a small table
    fold        of rows that say nearly the same show one
    encode      makes the question's vector, where the question has none: while its words are looked up
    Raises: E211 for a wrong condition.
    """
    text, column, pool = question.text_column, question.vector_column, max(POOL, k)
    with told(dataset, where), ThreadPoolExecutor(1) as other:      # Lance and the models let go of Python's lock
        coming = other.submit(encode) if encode is not None and column is not None else None
        seen = sample(dataset, where, column, text)
        rows = rows_of(dataset, text, column)
        found = {*by_words(dataset, question.words, text, pool, where)}
        seen = seen.with_background(background) if background else seen
        vector = coming.result() if coming is not None else question.vector
        vector = None if vector is None or column is None else seen.without_language(vector)
        if vector is not None:
            found |= {*rows.nearest(vector, pool, where)}
    candidates = sorted(found)
    ranked = _ranked(dataset, question, vector, candidates, *rows.held(candidates), seen) if candidates else []
    shown = _folded(ranked, k, is_on=fold and text is not None)
    is_held = not question.codes or any(each.why.get("code") == 1 for each in ranked)
    absent = () if is_held else tuple(code for code in question.codes if not holds(dataset, str(text), code, where))
    return Found(_hits(dataset, shown), question.words, vector, seen, absent, _unknown(dataset, question, ranked, where))


@contextmanager
def told(dataset: lance.LanceDataset, where: str | None) -> Iterator[None]:
    """What goes wrong inside is the condition's fault, if there is one. Raises: E211."""
    try:
        yield
    except (OSError, ValueError) as error:
        if where is None:
            raise
        raise wrong(where, dataset.schema, error) from error


def _unknown(dataset: lance.LanceDataset, question: Question, ranked: "list[Ranked]", where: str | None) -> tuple[str, ...]:
    """The names of which no row holds a word."""
    if question.text_column is None:
        return ()
    held = {word for each in ranked for word in each.words} if question.names else set()
    return tuple(name for name, words in question.names.items()
                 if words and not any(word in held or holds(dataset, question.text_column, word, where) for word in words))


def holds(dataset: lance.LanceDataset, column: str, word: str, where: str | None) -> bool:
    """Whether any row that meets the condition has a word."""
    return bool(by_words(dataset, [word], column, 1, where))


@dataclass(frozen=True)
class Ranked:
    """A candidate with its figures; `words` are all that its row holds."""
    rowid: int
    score: float
    why: dict[str, float]
    words: set[str]


def _ranked(dataset: lance.LanceDataset, question: Question, vector: np.ndarray | None, candidates: list[int],
            words: list[list[str]], vectors: np.ndarray, seen: Sample) -> list[Ranked]:
    """The candidates with their words and (n, d) vectors, best first; equal scores in the order of their ids."""
    score = np.zeros(len(candidates))
    why: dict[str, np.ndarray] = {}
    if words:
        why["words"] = np.array(seen.coverages(question.words, words))
        score += why["words"] * (WORDS_WEIGHT if vector is not None else 1)
    if vector is not None:
        mean, deviation = seen.spread(vector)
        why["cosine"] = vectors @ vector
        why["z"] = (why["cosine"] - mean) / deviation
        score += why["z"] / FULL_Z * (1 - WORDS_WEIGHT if words else 1)
    if question.codes and words:
        codes = sum(seen.rarity(code) for code in question.codes)
        rest = sum(seen.rarity(word) for word in set(question.words) if not any(word in code for code in question.codes))
        why["code"] = np.array([sum(code in each for code in question.codes) / len(question.codes) for each in map(set, words)])
        about = codes / (codes + rest)
        score = (1 - about) * score + about * (0.8 * why["code"] + 0.2 * why["words"])
    figures = [dict(zip(why, values, strict=True)) for values in zip(*(each.tolist() for each in why.values()), strict=True)]
    shown = np.clip(score, 0, 1).tolist()
    ties = _names(dataset, [candidates[i] for i in _equal(score)])
    order = sorted(range(len(candidates)), key=lambda i: (-score[i], ties.get(candidates[i], "")))
    return [Ranked(candidates[i], shown[i], figures[i], set(words[i]) if words else set()) for i in order]


def _equal(score: np.ndarray) -> list[int]:
    """Which of the scores are found more than once."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    return np.flatnonzero(counts[inverse] > 1).tolist()


def _names(dataset: lance.LanceDataset, rowids: list[int]) -> dict[int, str]:
    """{Lance's row id: the row's id}"""
    if not rowids:
        return {}
    return {row: name.hex() for row, name in zip(rowids, id_list(dataset._take_rows(rowids, columns=["_id"])["_id"]), strict=True)}


def _folded(ranked: list[Ranked], k: int, *, is_on: bool) -> list[tuple[Ranked, list[int]]]:
    """The k best of those that say something new, and the row ids of those after each that say the same."""
    if not is_on:
        return [(each, []) for each in ranked[:k]]
    kept: list[tuple[Ranked, list[int]]] = []
    holding: dict[str, list[int]] = {}       # a word -> which of `kept` have it among their first ones
    for each in ranked:
        first = _first(each.words)
        near = sorted({place for word in first for place in holding.get(word, ())})
        same = next((kept[place][1] for place in near if _is_same(each.words, kept[place][0].words)), None)
        if same is not None:
            same.append(each.rowid)
        elif len(kept) < k:
            for word in first:
                holding.setdefault(word, []).append(len(kept))
            kept.append((each, []))
    return kept


def _first(words: set[str]) -> list[str]:
    """So many words, in their order, that a row which shares FOLDED_SHARE with this one shares one of them.

    Source: Chaudhuri, Ganti and Kaushik 2006, https://doi.org/10.1109/ICDE.2006.9 (prefix filter)
    """
    return sorted(words)[:len(words) - ceil(FOLDED_SHARE * len(words)) + 1]


def _is_same(one: set[str], other: set[str]) -> bool:
    few, many = (len(one), len(other)) if len(one) < len(other) else (len(other), len(one))
    if few == 0 or few < FOLDED_SHARE * many:
        return False
    shared = len(one & other)
    return shared >= FOLDED_SHARE * (few + many - shared) and not any(map(is_number, one ^ other))


def _hits(dataset: lance.LanceDataset, shown: list[tuple[Ranked, list[int]]]) -> list[Hit]:
    """What is shown, with the rows' columns, but for vectors."""
    if not shown:
        return []
    columns = [each.name for each in visible(dataset.schema) if not pa.types.is_fixed_size_list(each.type)]
    rows = dataset._take_rows([each.rowid for each, _ in shown], columns=["_id", *columns]).to_pylist()
    names = _names(dataset, [row for _, others in shown for row in others])
    return [Hit(each.score, row.pop("_id").hex(), row, each.why, tuple(names[other] for other in others))
            for (each, others), row in zip(shown, rows, strict=True)]
