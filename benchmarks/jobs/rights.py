"""Documents in topics, ten vectors each, read by groups of every size: each function is one process."""
import os
import random
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

import saem
from saem.core.source import Entry
from saem.engine.view import View
from saem.store.search import Question, find

SHARES = (90, 60, 30, 10, 1, 0.1)      # per cent of the documents
WAYS = ("random", "topic")             # a group reads documents here and there, or whole topics
TOPICS, PIECES, DIMENSION = 200, 10, 384
K, EXACT = 10, 64


@dataclass(frozen=True)
class Document:
    key: str


@dataclass(frozen=True)
class Text:
    """What the pieces are made of, under a name of its own for each derivation."""
    key: str


def vectors(numbers: np.ndarray) -> np.ndarray:
    """(n,) documents -> (n * PIECES, DIMENSION) float32, unit length: about their topic, and about the document within it."""
    topics = np.random.default_rng(1).standard_normal((TOPICS, DIMENSION)).astype(np.float32)
    made = np.empty((len(numbers), PIECES, DIMENSION), np.float32)
    for position, number in enumerate(numbers.tolist()):
        dice = np.random.default_rng(1000 + number)
        own = topics[number % TOPICS] + 0.7 * dice.standard_normal(DIMENSION, np.float32)
        made[position] = own + 0.7 * dice.standard_normal((PIECES, DIMENSION), np.float32)
    flat = made.reshape(-1, DIMENSION)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


@saem.operator(version="1", memo="key", adds=pa.schema([("piece", pa.int64()), ("embedding", pa.list_(pa.float32(), DIMENSION))]))
def embedded(rows: pa.Table) -> pa.Table:
    """The costly step: a document's vector of this piece."""
    number, piece = (np.array(each) for each in zip(*(map(int, key.split(".")) for key in rows["key"].to_pylist()), strict=True))
    flat = vectors(number).reshape(len(rows), PIECES, DIMENSION)[np.arange(len(rows)), piece]
    column = pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1)), DIMENSION)
    return rows.append_column("piece", pa.array(piece, pa.int64())).append_column("embedding", column)


@saem.operator(version="1", adds=pa.schema([("key", pa.string())]))
def pieces(rows: pa.Table) -> saem.Made:
    origin = np.repeat(np.arange(len(rows)), PIECES)
    names = [f"{key}.{piece}" for key in rows["key"].to_pylist() for piece in range(PIECES)]
    return saem.Made(pa.table({"key": names}), origin)


@dataclass
class Shelf:
    """A listing of n documents; `closed` are those that the board alone reads now."""
    documents: int
    closed: set[str] = field(default_factory=set)
    row_class: type = Document

    def entries(self) -> Iterator[Entry]:
        return (Entry(f"{number:05}", "1") for number in range(self.documents))

    def read(self, key: str) -> tuple[Document, str]:
        return Document(key), "1"

    def readers(self, key: str) -> list[str]:
        """The groups that may read a document: the random ones by a die of its own, the others by its topic."""
        if key in self.closed:
            return ["board"]
        return list(_groups(int(key), self.documents))


@cache
def _groups(number: int, documents: int) -> tuple[str, ...]:
    """Kept, so that a change of readers is not the time of these dice."""
    return tuple(group(way, share) for way in WAYS for share in SHARES if is_member(number, way, share, documents))


def is_member(number: int, way: str, share: float, documents: int) -> bool:
    if way == "random":
        return random.Random(number).random() * 100 < share
    rank = number % TOPICS * (documents // TOPICS) + number // TOPICS      # by topic, then within it
    return rank * 100 < share * documents


def group(way: str, share: float) -> str:
    return f"{way}{share}"


class Library:
    """The project with its documents; everyone is in one group, and the board too."""

    def __init__(self, state: str, documents: int) -> None:
        self.shelf = Shelf(documents)
        self.db = saem.Project(state)
        self.db.groups = {group(way, share): (f"reader-{group(way, share)}",) for way in WAYS for share in SHARES} | {"board": ("chair",)}
        files = self.db.source("files", self.shelf, readers=self.shelf.readers)
        files.derive("pieces", pieces).derive("chunks", embedded()).index(vector="embedding")

    def reader(self, way: str, share: float) -> View:
        return self.db.as_user(f"reader-{group(way, share)}")


def build(state: str, documents: int) -> dict[str, Any]:
    started = time.perf_counter()
    library = Library(state, documents)
    library.db.run()
    return {"seconds": time.perf_counter() - started, "rows": library.db.table("chunks").count()}


def search(state: str, documents: int, times: int) -> list[dict[str, Any]]:
    """Of each group: the share of the true best ten that `search` shows, and its milliseconds at p50; first of the owner."""
    library = Library(state, documents)
    asked = _questions(documents, times)
    held = library.db.published("chunks").to_table(columns=["_id", "embedding", "key"])
    matrix = held["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, DIMENSION)
    names = np.array([each.hex() for each in held["_id"].to_pylist()])
    number = np.array([int(key.split(".")[0]) for key in held["key"].to_pylist()])
    readers: list[tuple[str, float, Any, np.ndarray]] = [("all", 100, library.db, np.arange(len(names)))]
    for way in WAYS:
        for share in SHARES:
            may = np.array([is_member(each, way, share, documents) for each in range(documents)])
            readers.append((way, share, library.reader(way, share), np.flatnonzero(may[number])))
    found = []
    for way, share, project, visible in readers:
        dataset = project.published("chunks")
        seconds, right = [], []
        _find(dataset, asked[0])
        for question in asked:
            started = time.perf_counter()
            hits = _find(dataset, question)
            seconds.append(time.perf_counter() - started)
            near = visible[np.argsort(-(matrix[visible] @ question), kind="stable")[:K]]
            right.append(len({hit.id for hit in hits} & set(names[near].tolist())) / max(1, len(near)))
        found.append({"way": way, "share": share, "rows": len(visible), "recall": float(np.mean(right)),
                      "p50_ms": 1e3 * float(np.median(seconds))})
    return found


def _find(dataset: Any, vector: np.ndarray) -> list[Any]:
    return find(dataset, Question([], None, vector, "embedding"), K, None, fold=False).hits


def _questions(documents: int, times: int) -> np.ndarray:
    """(times, DIMENSION): near a piece of any document, whoever may read it."""
    dice = np.random.default_rng(2)
    near = vectors(dice.integers(0, documents, times))[::PIECES]
    asked = near + 0.03 * dice.standard_normal(near.shape).astype(np.float32)
    return np.asarray(asked / np.linalg.norm(asked, axis=1, keepdims=True), np.float32)


def pairs(state: str, documents: int, count: int, seed: int = 3) -> dict[str, int]:
    """Random principals with random questions: rows that came and should not have. What each may read is told without saem."""
    library, threads = Library(state, documents), os.cpu_count() or 1
    asked = _questions(documents, 500)
    people = [(way, share) for way in WAYS for share in SHARES]
    may = {each: {f"{n:05}" for n in range(documents) if is_member(n, *each, documents)} for each in people}
    datasets = {each: library.reader(*each).published("chunks") for each in people}
    strangers = [library.db.as_user(name).published("chunks") for name in ("nobody", "chair")]

    def part(number: int) -> tuple[int, int]:
        dice, rows, leaks = random.Random(seed * 1000 + number), 0, 0
        for _ in range(number, count, threads):
            who = dice.choice(people)
            allowed, dataset = (may[who], datasets[who]) if dice.random() < .97 else (set(), dice.choice(strangers))
            for key in _asked(dataset, asked[dice.randrange(len(asked))], dice, documents):
                rows += 1
                leaks += key.split(".")[0] not in allowed
        return rows, leaks

    with ThreadPoolExecutor(threads) as pool:
        told = list(pool.map(part, range(threads)))
    return {"pairs": count, "rows": sum(rows for rows, _ in told), "leaks": sum(leaks for _, leaks in told)}


def _asked(dataset: Any, vector: np.ndarray, dice: random.Random, documents: int) -> Iterable[str]:
    """The keys that one question gives: of the nearest, of one row by its key, or of a range."""
    kind = dice.random()
    if kind < .9:
        nearest = {"column": "embedding", "q": vector, "k": K, "metric": "dot", "ef": 100}
        return dataset.to_table(nearest=nearest, columns=["key", "_distance"])["key"].to_pylist()  # type: ignore[no-any-return]
    number = dice.randrange(documents)
    condition = f"key = '{number:05}.0'" if kind < .95 else f"key >= '{number:05}' AND key < '{number + 1:05}' OR true"
    return dataset.to_table(filter=condition, columns=["key"], limit=K)["key"].to_pylist()  # type: ignore[no-any-return]


def change(state: str, documents: int, many: int) -> dict[str, Any]:
    """Readers of one document, then of many: seconds until everyone sees it downstream, model calls, and what the index still covers."""
    library = Library(state, documents)
    library.db.run()
    told: dict[str, Any] = {}
    for name, closed in (("one", {f"{documents // 3:05}"}), ("many", {f"{n:05}" for n in range(many)})):
        chair = library.db.as_user("chair")
        before = chair.table("chunks").count()
        library.shelf.closed |= closed
        started = time.perf_counter()
        report = library.db.run()
        seen = chair.table("chunks").count() - before
        dataset = library.db.published("chunks")
        index = next(each["name"] for each in dataset.list_indices() if each["fields"] == ["embedding"])
        told[name] = {"seconds": time.perf_counter() - started, "rows": seen, "computed": sum(c.computed for c in report.tables.values()),
                      "unindexed": dataset.stats.index_stats(index)["num_unindexed_rows"],
                      "tables": {table: counts.seconds for table, counts in report.tables.items()}}
    return told
