"""Finding rows by words, by vectors, or both: two candidate lists, fused into one score that explains itself.

    score = 0.5 * matched * bm25 / max(bm25)  +  0.5 * z / max(z)

matched  share of the query's words that the candidates hold at all: low for a question in another language, so that the
         words of names and numbers do not outweigh the meaning
z        how far a row's cosine stands above the table's mean, in standard deviations (a raw cosine of e5 means little)
"""
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError

POOL = 50              # candidates from each side
SAMPLE_ROWS = 1_000    # rows that mean and deviation of the cosine are estimated from


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


def find(dataset: lance.LanceDataset, question: Question, k: int, where: str | None) -> list[Hit]:
    """The k best rows, best first; equal scores in the order of their ids."""
    if not dataset.count_rows():
        return []
    bm25, words = _by_words(dataset, question, max(POOL, k), where)
    found = set(bm25) | set(_by_vector(dataset, question, max(POOL, k), where))
    if not found:
        return []
    heavy = {question.text_column, *([] if question.vector_column else [])}
    columns = [f.name for f in dataset.schema if (not f.name.startswith("_") or f.name == "_id") and f.name not in heavy
               and not pa.types.is_fixed_size_list(f.type)]
    wanted = sorted(found)
    vectors = [question.vector_column] if question.vector_column and question.vector is not None else []
    rows = dataset._take_rows(wanted, columns=[*columns, *vectors])
    text = np.array([bm25.get(rowid, 0.0) for rowid in wanted])
    matched = len(words & set(question.words)) / len(set(question.words)) if question.words else 0.0
    why: dict[str, np.ndarray] = {"bm25": text, "matched": np.full(len(wanted), matched)}
    share = text / text.max() if text.max() > 0 else text
    if vectors:
        assert question.vector is not None and question.vector_column is not None
        cosine = matrix(rows[question.vector_column]) @ question.vector
        mean, deviation = _spread(dataset, question.vector_column, question.vector)
        z = (cosine - mean) / deviation
        why |= {"cosine": cosine, "z": z}
        near = z / z.max() if z.max() > 0 else np.zeros_like(z)
        score = 0.5 * matched * share + 0.5 * near
    else:
        score = share
    content = rows.select(columns).to_pylist()
    names = [row.pop("_id").hex() for row in content]
    order = sorted(range(len(wanted)), key=lambda i: (-score[i], names[i]))[:k]
    return [Hit(float(score[i]), names[i], content[i], {name: float(values[i]) for name, values in why.items()}) for i in order]


def matrix(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """(n,) fixed-size lists -> (n, d) float32, without copying more than chunks."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(array.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(len(array), array.type.list_size)


def _by_words(dataset: lance.LanceDataset, question: Question, pool: int, where: str | None) -> tuple[dict[int, float], set[str]]:
    """({row id: BM25}, the words that its rows hold)."""
    if not question.words or question.text_column is None:
        return {}, set()
    query = {"columns": [question.text_column], "query": " ".join(question.words)}
    rows = _table(dataset, where, columns=[question.text_column, "_score"], full_text_query=query, limit=pool, with_row_id=True)
    held: set[str] = set()
    for tokens in rows[question.text_column].to_pylist():
        held.update(tokens.split())
    return dict(zip(rows["_rowid"].to_pylist(), rows["_score"].to_pylist(), strict=True)), held


def _by_vector(dataset: lance.LanceDataset, question: Question, pool: int, where: str | None) -> list[int]:
    if question.vector is None or question.vector_column is None:
        return []
    nearest = {"column": question.vector_column, "q": question.vector, "k": pool, "metric": "dot", "ef": max(100, 2 * pool)}
    rows = _table(dataset, where, columns=["_distance"], nearest=nearest, with_row_id=True)
    return rows["_rowid"].to_pylist()  # type: ignore[no-any-return]


def _table(dataset: lance.LanceDataset, where: str | None, **query: Any) -> pa.Table:
    try:
        return dataset.to_table(filter=where, prefilter=True, **query)
    except (OSError, ValueError) as error:
        if where is None:
            raise
        names = [f.name for f in dataset.schema if not f.name.startswith("_")]
        raise SaemError("E211", f"the condition {where!r} is wrong: {re.sub(r', rust.*', '', str(error).splitlines()[0]):.200}",
                        fix=f"an SQL condition over {', '.join(names)}") from error


def _spread(dataset: lance.LanceDataset, column: str, vector: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the cosine over the table."""
    cosine = _sample(dataset.uri, dataset.version, column) @ vector
    return float(cosine.mean()), float(cosine.std()) or 1.0


@lru_cache(maxsize=8)
def _sample(uri: str, version: int, column: str) -> np.ndarray:
    """(n, d) float32 vectors of rows that stand evenly over the table."""
    dataset = lance.dataset(uri, version=version)
    count = dataset.count_rows()
    picks = np.unique(np.linspace(0, count - 1, min(count, SAMPLE_ROWS)).astype(np.int64))
    return matrix(dataset.take(picks.tolist(), columns=[column])[column])
