"""Where the candidates of a search come from: a small table lies in memory, a large one is asked through its indexes.

A flat search on disk decodes every vector for each question: 20 ms at 10,000 rows. In memory it is one product: 1 ms, and exact.
What lies in memory is what one reader may read, of one version.
"""
from collections.abc import Sequence
from typing import Any, Protocol

import lance
import numpy as np
import pyarrow as pa

from saem.store.readable import Readable
from saem.store.sample import matrix, sample
from saem.store.table import condition

SMALL_ROWS = 20_000        # with vectors of 384 numbers: 30 MB; from here on a table has a vector index
LOOKED_AT = 2              # rows of a vector index that are looked at for each candidate
LOOKED_AT_BY_READERS = 16  # under rights the nearest may be hidden, a whole topic of them: of the best ten 8 finds .969, 16 .987
KEPT_BYTES = 96 << 20      # of all small tables in memory; the one that was asked longest ago goes first

_SMALL: dict[tuple[object, ...], "Small"] = {}


class Rows(Protocol):
    """The rows of a table that may be read, by Lance's row ids."""

    def nearest(self, vector: np.ndarray, pool: int, where: str | None) -> list[int]:
        """The rows whose vectors have the greatest dot product with this one, in no order."""

    def held(self, rowids: Sequence[int]) -> tuple[list[list[str]], np.ndarray]:
        """(each row's words, (n, d) float32 vectors); either is empty where there is no such column."""


class Small:
    """All of it in memory."""

    def __init__(self, dataset: lance.LanceDataset, text: str | None, vector: str | None) -> None:
        rows = dataset.to_table(columns=[name for name in (text, vector) if name], with_row_id=True).sort_by("_rowid")
        self.dataset = dataset
        self.rowids = rows["_rowid"].to_numpy()                                           # (n,) ascending
        self.words = rows[text].combine_chunks() if text else None
        self.vectors = matrix(rows[vector]) if vector else np.empty((0, 0), np.float32)
        self.size_bytes = self.vectors.nbytes + (self.words.nbytes if self.words is not None else 0)

    def nearest(self, vector: np.ndarray, pool: int, where: str | None) -> list[int]:
        """See Rows."""
        places = np.arange(len(self.rowids))
        if where is not None:
            places = np.searchsorted(self.rowids, np.array(sorted(ids(self.dataset, where, [])), np.uint64))
        # not '@': BLAS' threads wait for each other, 30 ms where another process has a core
        cosine = np.einsum("ij,j->i", self.vectors if where is None else self.vectors[places], vector)
        best = np.argpartition(-cosine, pool)[:pool] if len(cosine) > pool else slice(None)
        return self.rowids[places[best]].tolist()  # type: ignore[no-any-return]

    def held(self, rowids: Sequence[int]) -> tuple[list[list[str]], np.ndarray]:
        """See Rows."""
        places = np.searchsorted(self.rowids, np.array(rowids, np.uint64))
        words = [text.split() for text in self.words.take(pa.array(places)).to_pylist()] if self.words is not None else []
        return words, self.vectors[places] if len(self.vectors) else self.vectors


class Large:
    """On disk, through the vector index."""

    def __init__(self, dataset: lance.LanceDataset, text: str | None, vector: str | None) -> None:
        self.dataset, self.text, self.vector = dataset, text, vector

    def nearest(self, vector: np.ndarray, pool: int, where: str | None) -> list[int]:
        """See Rows. Nearly all of them: the index is approximate."""
        looked_at = LOOKED_AT_BY_READERS if isinstance(self.dataset, Readable) else LOOKED_AT
        query = {"column": self.vector, "q": vector, "k": pool, "metric": "dot", "ef": pool * looked_at}
        return list(ids(self.dataset, where, ["_distance"], nearest=query))

    def held(self, rowids: Sequence[int]) -> tuple[list[list[str]], np.ndarray]:
        """See Rows."""
        rows = self.dataset._take_rows(list(rowids), columns=[name for name in (self.text, self.vector) if name])
        words = [text.split() for text in rows[self.text].to_pylist()] if self.text else []
        return words, matrix(rows[self.vector]) if self.vector else np.empty((0, 0), np.float32)


def rows_of(dataset: lance.LanceDataset, text: str | None, vector: str | None) -> Rows:
    """In memory if they are few."""
    if vector is None or sample(dataset, None, vector, text).rows >= SMALL_ROWS:
        return Large(dataset, text, vector)
    key = (dataset.uri, dataset.version, getattr(dataset, "rights", None), text, vector)
    found = _SMALL.pop(key, None) or Small(dataset, text, vector)
    for other in [each for each in list(_SMALL) if each[0] == dataset.uri and each[1] != dataset.version]:
        _SMALL.pop(other, None)                # a former version may hold what has been forgotten since
    while _SMALL and found.size_bytes + sum(each.size_bytes for each in list(_SMALL.values())) > KEPT_BYTES:
        _SMALL.pop(next(iter(_SMALL)), None)
    _SMALL[key] = found                        # last: asked last
    return found


def by_words(dataset: lance.LanceDataset, words: Sequence[str], text: str | None, pool: int, where: str | None) -> list[int]:
    """The rows that Lance's BM25 puts first, in no order."""
    if not words or text is None:
        return []
    return list(ids(dataset, where, ["_score"], full_text_query={"columns": [text], "query": " ".join(words)}, limit=pool))


def ids(dataset: lance.LanceDataset, where: str | None, columns: list[str], **query: Any) -> set[int]:
    """Row ids of what a query finds among the rows that meet the condition."""
    found = dataset.to_table(filter=condition(where, dataset), prefilter=True, columns=columns, with_row_id=True, **query)
    return set(found["_rowid"].to_pylist())
