"""Finding rows by words, by vectors, or both: two candidate lists, fused into one score that explains itself.

    score = 0.4 * words + 0.6 * z / 6,  at most 1

words  BM25 as share of the most that a row could have: near 0 for a question in another language, so that the few words
       that do match, names and numbers, do not outweigh the meaning
z      how far a row's cosine stands above the mean of the rows, in standard deviations (a raw cosine of e5 means little);
       what the vectors say about their language is left out of it

Both are absolute, not shares of the best row's: a question that no row answers scores low everywhere.
Source: `python -m benchmarks.answers` compares with BM25, vectors and reciprocal rank fusion.
"""
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError
from saem.store.sample import Sample, matrix, sample
from saem.store.table import condition

POOL = 50              # candidates from each side
WORDS_WEIGHT = 0.4     # 0.3 to 0.5 are as good
FULL_Z = 6.0           # the best row of a question that is answered stands 4 to 6 above the mean


@dataclass(frozen=True)
class Hit:
    """A found row. score in [0, 1]; why = the figures that it was made of."""
    score: float
    id: str
    row: dict[str, Any]
    why: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"score": round(self.score, 4), "id": self.id, "row": self.row, "why": {k: round(v, 4) for k, v in self.why.items()}}


@dataclass(frozen=True)
class Question:
    """What is asked: words for the text index, a unit vector for the vector column; either may be missing."""
    words: list[str]
    text_column: str | None
    vector: np.ndarray | None
    vector_column: str | None


@dataclass(frozen=True)
class Found:
    """The best rows, the question as it was compared with them, and the sample that its figures are relative to."""
    hits: list[Hit]
    words: list[str]
    vector: np.ndarray | None
    sample: Sample


def find(dataset: lance.LanceDataset, question: Question, k: int, where: str | None,
         background: Callable[[], Sample] | None = None) -> Found:
    """The k best rows, best first; equal scores in the order of their ids.

    where       an SQL condition that every row meets which is found or counted
    background  gives what tops up the sample of a small table
    Raises: E211 for a wrong condition.
    """
    try:
        seen = sample(dataset.uri, dataset.version, where, question.vector_column, question.text_column)
        seen = seen.with_background(background) if background else seen
        vector = None if question.vector is None else seen.without_language(question.vector)
        candidates = sorted(_by_words(dataset, question, max(POOL, k), where) | _by_vector(dataset, question, vector, max(POOL, k), where))
    except (OSError, ValueError) as error:
        if where is None:
            raise
        raise SaemError("E211", f"the condition {where!r} is wrong: {re.sub(r', rust.*', '', str(error).splitlines()[0]):.200}",
                        fix=f"an SQL condition over {', '.join(visible(dataset.schema).names)}") from error
    hits = _scored(dataset, question, vector, candidates, seen)[:k] if candidates else []
    return Found(hits, question.words, vector, seen)


def _scored(dataset: lance.LanceDataset, question: Question, vector: np.ndarray | None, candidates: list[int], seen: Sample) -> list[Hit]:
    """The candidates with their scores, best first."""
    columns = ["_id", *(f.name for f in visible(dataset.schema) if not pa.types.is_fixed_size_list(f.type))]
    own = [name for name in (question.text_column, question.vector_column) if name]
    rows = dataset._take_rows(candidates, columns=[*columns, *own])
    score = np.zeros(len(candidates))
    why: dict[str, np.ndarray] = {}
    if question.text_column is not None:
        why["words"] = np.array([seen.coverage(question.words, held.split()) for held in rows[question.text_column].to_pylist()])
        score += why["words"] * (WORDS_WEIGHT if vector is not None else 1)
    if vector is not None and question.vector_column is not None:
        mean, deviation = seen.spread(vector)
        why["cosine"] = matrix(rows[question.vector_column]) @ vector
        why["z"] = (why["cosine"] - mean) / deviation
        score += why["z"] / FULL_Z * (1 - WORDS_WEIGHT if question.text_column is not None else 1)
    content = rows.select(columns).to_pylist()
    names = [row.pop("_id").hex() for row in content]
    figures = [dict(zip(why, values, strict=True)) for values in zip(*(each.tolist() for each in why.values()), strict=True)]
    order = sorted(range(len(candidates)), key=lambda i: (-score[i], names[i]))
    return [Hit(float(np.clip(score[i], 0, 1)), names[i], content[i], figures[i]) for i in order]


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
    return set(dataset.to_table(filter=condition(where), prefilter=True, columns=columns, with_row_id=True, **query)["_rowid"].to_pylist())
