"""By hand: SQLite remembers the hash of each file, Lance holds the chunks; what a careful person writes in a day.

No vector index, as saem makes none for so few rows: a search scans them.
"""
import hashlib
import os
import sqlite3
from collections.abc import Iterable
from datetime import timedelta

import lance
import pyarrow as pa

from benchmarks.peers import work

SCHEMA = pa.schema([("path", pa.string()), ("text", pa.string()), ("embedding", pa.list_(pa.float32(), work.DIMENSION))])
SLICE = 4_000              # chunks held in memory before they are written


class ByHand:
    def __init__(self, home: str, corpus: str) -> None:
        os.makedirs(home, exist_ok=True)
        self.corpus, self.target, self.embedder = corpus, os.path.join(home, "chunks.lance"), work.Embedder()
        self.state = sqlite3.connect(os.path.join(home, "state.db"))
        self.state.execute("create table if not exists files(name text primary key, hash text)")
        if not os.path.exists(self.target):
            lance.write_dataset(SCHEMA.empty_table(), self.target)
        self.failed: list[str] = []

    def sync(self) -> None:
        """What was deleted goes first: a crash in between leaves a gap that the next run fills, and never a double."""
        known = dict(self.state.execute("select name, hash from files"))
        found, changed = {}, []
        for name in work.names(self.corpus):
            with open(os.path.join(self.corpus, name), "rb") as document:
                content = document.read()
            found[name] = hashlib.blake2b(content, digest_size=16).hexdigest()
            if known.get(name) != found[name]:
                changed.append((name, content))
        self.failed = []
        self._forget([name for name in known if name not in found])
        self._write(changed, found)

    def _write(self, changed: list[tuple[str, bytes]], hashes: dict[str, str]) -> None:
        names: list[str] = []
        texts: list[str] = []
        done: list[str] = []
        for number, (name, content) in enumerate(changed, 1):
            try:
                pieces = work.cut(content.decode())
            except UnicodeDecodeError as error:
                self.failed.append(f"{name}: {error}")
                continue
            names += [name] * len(pieces)
            texts += pieces
            done.append(name)
            if len(texts) >= SLICE or number == len(changed):
                self._flush(names, texts, done, hashes)
                names, texts, done = [], [], []

    def _flush(self, names: list[str], texts: list[str], done: list[str], hashes: dict[str, str]) -> None:
        vectors = pa.array(self.embedder.passages(texts).reshape(-1))
        self._forget(done)
        rows = pa.table([names, texts, pa.FixedSizeListArray.from_arrays(vectors, work.DIMENSION)], schema=SCHEMA)
        lance.write_dataset(rows, self.target, mode="append")
        with self.state:
            self.state.executemany("insert or replace into files values (?, ?)", [(name, hashes[name]) for name in done])

    def _forget(self, names: list[str]) -> None:
        """Rows of these files, those of a crashed run too."""
        dataset = lance.dataset(self.target)
        if names and dataset.count_rows():
            quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
            dataset.delete(f"path in ({quoted})")
        with self.state:
            self.state.executemany("delete from files where name = ?", [(name,) for name in names])

    def failures(self) -> list[str]:
        return self.failed

    def retry(self) -> None:
        self.sync()

    def rows(self) -> Iterable[tuple[str, str]]:
        held = lance.dataset(self.target).to_table(["path", "text"])
        return zip(held["path"].to_pylist(), held["text"].to_pylist(), strict=True)

    def search(self, question: str, k: int) -> list[str]:
        nearest = {"column": "embedding", "q": self.embedder.queries([question])[0], "k": k, "metric": "dot"}
        return lance.dataset(self.target).to_table(["path"], nearest=nearest)["path"].to_pylist()

    def clean(self) -> None:
        dataset = lance.dataset(self.target)
        dataset.optimize.compact_files(materialize_deletions_threshold=0.0)
        lance.dataset(self.target).cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)


open_system = ByHand
