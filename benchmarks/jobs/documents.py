"""Documents -> chunks -> hash embedding -> index. Each function is one step in a process of its own."""
import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

import saem
from benchmarks.jobs.by_hand import PLAIN_CHARS
from saem.core import registry
from saem.core.protocols import Embedder
from saem.sources import folder
from saem.transform import chunk, embed, embedders, parse

PIECE = pa.schema([("text", pa.string()), ("start", pa.int64())])


@saem.operator(version="1", adds=PIECE, key=["text"])
def cut(rows: pa.Table) -> saem.Made:
    """Every 1,000 characters a piece, wherever that falls: what the peers were measured with."""
    origin: list[int] = []
    texts: list[str] = []
    starts: list[int] = []
    for index, content in enumerate(rows["content"].to_pylist()):
        text = content.decode()
        for start in range(0, len(text), PLAIN_CHARS):
            origin.append(index)
            texts.append(text[start:start + PLAIN_CHARS])
            starts.append(start)
    return saem.Made(pa.table([texts, starts], schema=PIECE), np.array(origin, np.int64))


def pipeline(state: str, corpus: str, way: str) -> tuple[saem.Project, saem.Table]:
    """way 'plain': the peers' setting, vector index only; 'default': what `saem ask FOLDER` does, but for the embedder."""
    db = saem.Project(state)
    files = db.source("files", folder(corpus))
    if way == "plain":
        return db, files.derive("chunks", cut, embed(model="hash"), carry=["path"]).index(vector="embedding")
    docs = files.derive("docs", parse)
    chunks = docs.derive("chunks", chunk(max_chars=400), embed(model="hash"), carry=["path", "title", "language"])
    return db, chunks.index(text="text", vector="embedding")


def run(state: str, corpus: str, way: str, counter: str = "") -> dict[str, Any]:
    """Bring it up to date. counter: a file that grows by a byte for every text embedded."""
    if counter:
        embedders._loaded["hash"] = Counting(registry.embedder("hash"), counter)
    db, chunks = pipeline(state, corpus, way)
    report = db.run()
    counts = report.tables["chunks"]
    return {"seconds": report.seconds, "chunks": chunks.count(), "computed": counts.computed, "reused": counts.reused}


def inspect(state: str, corpus: str, way: str) -> dict[str, Any]:
    """What the table holds, whatever the order of its rows."""
    _, chunks = pipeline(state, corpus, way)
    rows = chunks.to_arrow(["_id", "path", "start", "text"]).sort_by("_id")
    return {"chunks": len(rows), "distinct": len(rows["_id"].unique()), "texts": len(rows["text"].unique()), "content": hash_of(rows)}


def hash_of(rows: pa.Table) -> str:
    import hashlib
    return hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest()


def change(state: str, corpus: str, way: str, times: int) -> dict[str, Any]:
    """One document after the other gets another last paragraph; `db.run()` in a process that is warm."""
    db, _ = pipeline(state, corpus, way)
    db.run()
    names, seconds, computed = sorted(os.listdir(corpus)), [], []
    for name in names[100:100 + times]:
        with open(os.path.join(corpus, name), "a", encoding="utf-8") as document:
            document.write("\n\nOne paragraph more, as people add them.\n")
        started = time.perf_counter()
        report = db.run()
        seconds.append(time.perf_counter() - started)
        computed.append(report.tables["chunks"].computed)
    return {"seconds": seconds, "computed": computed}


class Counting:
    """An embedder that leaves a byte in a file for every text, so that a kill -9 cannot hide what was computed."""

    def __init__(self, embedder: Embedder, counter: str) -> None:
        self.name, self.dimension, self.fingerprint = embedder.name, embedder.dimension, embedder.fingerprint
        self.embedder = embedder
        self.file = os.open(counter, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        os.write(self.file, b"x" * len(texts))
        return self.embedder.passages(texts)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.embedder.queries(texts)
