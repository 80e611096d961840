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
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError
from saem.core.identity import id_list
from saem.store.sample import Sample, matrix, sample
from saem.store.table import condition

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


@dataclass(frozen=True)
class Found:
    """The best rows, the question as it was compared with them, and the sample that its figures are relative to."""
    hits: list[Hit]
    words: list[str]
    vector: np.ndarray | None
    sample: Sample


def find(dataset: lance.LanceDataset, question: Question, k: int, where: str | None,
         background: Callable[[], Sample] | None = None, fold: bool = True) -> Found:
    """The k best rows, best first; equal scores in the order of their ids.

    where       an SQL condition that every row meets which is found or counted
    background  gives what tops up the sample of a small table
    fold        of rows that say nearly the same show one
    Raises: E211 for a wrong condition.
    """
    with told(dataset, where):
        seen = sample(dataset, where, question.vector_column, question.text_column)
        seen = seen.with_background(background) if background else seen
        vector = None if question.vector is None else seen.without_language(question.vector)
        with ThreadPoolExecutor(1) as other:      # Lance lets go of Python's lock
            by_words = other.submit(_by_words, dataset, question, max(POOL, k), where)
            by_vector = _by_vector(dataset, question, vector, max(POOL, k), where)
            candidates = sorted(by_words.result() | by_vector)
    ranked = _ranked(dataset, question, vector, candidates, seen) if candidates else []
    shown = _folded(ranked, k, is_on=fold and question.text_column is not None)
    return Found(_hits(dataset, shown), question.words, vector, seen)


@contextmanager
def told(dataset: lance.LanceDataset, where: str | None) -> Iterator[None]:
    """What goes wrong inside is the condition's fault, if there is one. Raises: E211."""
    try:
        yield
    except (OSError, ValueError) as error:
        if where is None:
            raise
        raise SaemError("E211", f"the condition {where!r} is wrong: {re.sub(r', rust.*', '', str(error).splitlines()[0]):.200}",
                        fix=f"an SQL condition over {', '.join(visible(dataset.schema).names)}") from error


def holds(dataset: lance.LanceDataset, column: str, word: str, where: str | None) -> bool:
    """Whether any row that meets the condition has a word."""
    return bool(_ids(dataset, where, ["_score"], full_text_query={"columns": [column], "query": word}, limit=1))


@dataclass(frozen=True)
class Ranked:
    """A candidate with its figures; `words` are all that its row holds."""
    rowid: int
    id: str
    score: float
    why: dict[str, float]
    words: set[str]


def _ranked(dataset: lance.LanceDataset, question: Question, vector: np.ndarray | None, candidates: list[int],
            seen: Sample) -> list[Ranked]:
    """The candidates, best first; equal scores in the order of their ids."""
    own = [name for name in (question.text_column, question.vector_column) if name]
    rows = dataset._take_rows(candidates, columns=["_id", *own])
    score, held = np.zeros(len(candidates)), list[list[str]]()
    why: dict[str, np.ndarray] = {}
    if question.text_column is not None:
        held = [words.split() for words in rows[question.text_column].to_pylist()]
        why["words"] = np.array(seen.coverages(question.words, held))
        score += why["words"] * (WORDS_WEIGHT if vector is not None else 1)
    if vector is not None and question.vector_column is not None:
        mean, deviation = seen.spread(vector)
        why["cosine"] = matrix(rows[question.vector_column]) @ vector
        why["z"] = (why["cosine"] - mean) / deviation
        score += why["z"] / FULL_Z * (1 - WORDS_WEIGHT if question.text_column is not None else 1)
    if question.codes and held:
        codes = sum(seen.rarity(code) for code in question.codes)
        rest = sum(seen.rarity(word) for word in set(question.words) if not any(word in code for code in question.codes))
        why["code"] = np.array([sum(code in each for code in question.codes) / len(question.codes) for each in map(set, held)])
        about = codes / (codes + rest)
        score = (1 - about) * score + about * (0.8 * why["code"] + 0.2 * why["words"])
    names = [each.hex() for each in id_list(rows["_id"])]
    figures = [dict(zip(why, values, strict=True)) for values in zip(*(each.tolist() for each in why.values()), strict=True)]
    shown = np.clip(score, 0, 1).tolist()
    order = sorted(range(len(candidates)), key=lambda i: (-score[i], names[i]))
    return [Ranked(candidates[i], names[i], shown[i], figures[i], set(held[i]) if held else set()) for i in order]


def _folded(ranked: list[Ranked], k: int, *, is_on: bool) -> list[tuple[Ranked, tuple[str, ...]]]:
    """The k best of those that say something new, and the ids of those after each that say the same."""
    if not is_on:
        return [(each, ()) for each in ranked[:k]]
    kept: list[tuple[Ranked, list[str]]] = []
    for each in ranked:
        same = next((others for first, others in kept if _is_same(each.words, first.words)), None)
        if same is not None:
            same.append(each.id)
        elif len(kept) < k:
            kept.append((each, []))
    return [(each, tuple(others)) for each, others in kept]


def _is_same(one: set[str], other: set[str]) -> bool:
    few, many = (len(one), len(other)) if len(one) < len(other) else (len(other), len(one))
    return few > 0 and few >= FOLDED_SHARE * many and len(one & other) >= FOLDED_SHARE * len(one | other)


def _hits(dataset: lance.LanceDataset, shown: list[tuple[Ranked, tuple[str, ...]]]) -> list[Hit]:
    """What is shown, with the rows' columns, but for vectors."""
    columns = [each.name for each in visible(dataset.schema) if not pa.types.is_fixed_size_list(each.type)]
    rows = dataset._take_rows([each.rowid for each, _ in shown], columns=columns).to_pylist() if shown else []
    return [Hit(each.score, each.id, row, each.why, others) for (each, others), row in zip(shown, rows, strict=True)]


def _by_words(dataset: lance.LanceDataset, question: Question, pool: int, where: str | None) -> set[int]:
    """Ids of the rows that Lance's BM25 puts first."""
    if not question.words or question.text_column is None:
        return set()
    query = {"columns": [question.text_column], "query": " ".join(question.words)}
    return _ids(dataset, where, ["_score"], full_text_query=query, limit=pool)


def _by_vector(dataset: lance.LanceDataset, question: Question, vector: np.ndarray | None, pool: int, where: str | None) -> set[int]:
    if vector is None or question.vector_column is None:
        return set()
    nearest = {"column": question.vector_column, "q": vector, "k": pool, "metric": "dot", "ef": max(100, 2 * pool)}
    return _ids(dataset, where, ["_distance"], nearest=nearest)


def _ids(dataset: lance.LanceDataset, where: str | None, columns: list[str], **query: Any) -> set[int]:
    found = dataset.to_table(filter=condition(where, dataset), prefilter=True, columns=columns, with_row_id=True, **query)
    return set(found["_rowid"].to_pylist())
