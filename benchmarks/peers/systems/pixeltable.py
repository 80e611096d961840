"""Pixeltable: a table of documents, a view that iterates over their pieces, an embedding index (pgvector, HNSW) on the pieces.

Its documentation leaves it to the user to find out what has changed in a folder: a hash column and a comparison here. A column of
type Document cannot be updated, so a changed document is deleted and inserted.
"""
import hashlib
import os
from collections.abc import Iterable, Iterator
from typing import TypedDict

import pixeltable as pxt
from pixeltable.func import Batch

from benchmarks.peers import work

_embedder = work.Embedder()


class Piece(TypedDict):
    text: str


@pxt.iterator
def pieces(document: pxt.Document) -> Iterator[Piece]:
    for text in work.cut(work.read(document)):
        yield {"text": text}


@pxt.udf(batch_size=64)
def embed(text: Batch[str]) -> Batch[pxt.Array[(384,), pxt.Float]]:
    return list(_embedder.passages(text))


class Pixeltable:
    def __init__(self, home: str, corpus: str) -> None:
        self.corpus = corpus
        schema = {"name": pxt.Required[pxt.String], "document": pxt.Document, "hash": pxt.String}
        self.documents = pxt.create_table("documents", schema, primary_key="name", if_exists="ignore")
        self.chunks = pxt.create_view("chunks", self.documents, iterator=pieces(self.documents.document), if_exists="ignore")
        self.chunks.add_embedding_index("text", idx_name="nearest", embedding=embed, if_exists="ignore")
        self.status: list[str] = []

    def sync(self) -> None:
        table, known, self.status = self.documents, {}, []
        for row in table.select(table.name, table.hash).collect():
            known[row["name"]] = row["hash"]
        found = {name: self._row(name) for name in work.names(self.corpus)}
        changed = [row for name, row in found.items() if known.get(name) != row["hash"]]
        gone = [name for name in known if name not in found or known[name] != found[name]["hash"]]
        if gone:
            table.delete(table.name.isin(gone))
        if changed:
            status = table.insert(changed, on_error="ignore")
            self.status = [f"{status.num_excs} errors in {', '.join(status.cols_with_excs)}"] if status.num_excs else []

    def _row(self, name: str) -> dict[str, str]:
        path = os.path.join(self.corpus, name)
        with open(path, "rb") as document:
            return {"name": name, "document": path, "hash": hashlib.blake2b(document.read(), digest_size=16).hexdigest()}

    def failures(self) -> list[str]:
        return self.status

    def retry(self) -> None:
        """`recompute_columns(errors_only=True)` is for computed columns; an index is made again as a whole."""
        self.chunks.add_embedding_index("text", idx_name="nearest", embedding=embed, if_exists="replace")

    def rows(self) -> Iterable[tuple[str, str]]:
        for row in self.chunks.select(self.chunks.name, self.chunks.text).collect():
            yield row["name"], row["text"]

    def search(self, question: str, k: int) -> list[str]:
        near = self.chunks.text.similarity(string=question, idx="nearest")
        return [row["name"] for row in self.chunks.order_by(near, asc=False).limit(k).select(self.chunks.name).collect()]

    def clean(self) -> None:
        """No documented way: every version stays, for `revert` and time travel."""


open_system = Pixeltable
