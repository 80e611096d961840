"""saem: a folder, one derived table of chunks with vectors; it makes their index itself once they are too many to scan."""
import os
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

import saem
from benchmarks.peers import work
from saem.sources import folder
from saem.transform import embed, embedders

PIECE = pa.schema([("text", pa.string()), ("start", pa.int64())])


@saem.operator(version="1", adds=PIECE, key=["text"])
def cut(rows: pa.Table) -> saem.Made:
    origin: list[int] = []
    texts: list[str] = []
    starts: list[int] = []
    for index, content in enumerate(rows["content"].to_pylist()):
        pieces = work.cut(content.decode())
        origin += [index] * len(pieces)
        texts += pieces
        starts += range(0, work.CHARS * len(pieces), work.CHARS)
    return saem.Made(pa.table([texts, starts], schema=PIECE), np.array(origin, np.int64))


class Counted(work.Embedder):
    """The embedder that all systems share, under the name that saem knows."""
    name, dimension, fingerprint = "hash", work.DIMENSION, "hash/1"


class Saem:
    def __init__(self, home: str, corpus: str) -> None:
        embedders._loaded["hash"] = Counted()
        self.db = saem.Project(home)
        files = self.db.source("files", folder(corpus))
        self.chunks = files.derive("chunks", cut, embed(model="hash"), carry=["path"]).index(vector="embedding")

    def sync(self) -> None:
        self.db.run()

    def failures(self) -> list[str]:
        return [f"{row['table']} {row['key']}: {row['reason']}" for row in self.db.quarantine()]

    def retry(self) -> None:
        self.db.run(retry=True)

    def rows(self) -> Iterable[tuple[str, str]]:
        held = self.chunks.to_arrow(["path", "text"])
        return zip(held["path"].to_pylist(), held["text"].to_pylist(), strict=True)

    def search(self, question: str, k: int) -> list[str]:
        return [os.path.basename(hit.row["path"]) for hit in self.chunks.search(question, k)]

    def clean(self) -> None:
        """`forget` for the row whose file has gone: what its older versions hold leaves the disk."""
        self.db.forget("files", work.DELETED, reason="the file was deleted")


open_system = Saem
