"""The part of the job that is the same for every system: cutting and embedding, counted, and made to fail on purpose.

Runs inside each system's own environment: Python and numpy, nothing else. What is to happen is read from the environment,
since some systems import the functions that they were given by name, in their own time.

PEERS_COUNTER  a file that grows by one byte for every text embedded, so that a kill -9 cannot hide what was done
PEERS_AT       kill:N or edit:N - at the N-th text, kill -9 this process, or change documents (`EDITED` of them) under the run's feet
PEERS_FUSE     1: a text that holds BOMB makes the embedder raise, as a model server that is down would
PEERS_CORPUS   the folder of the documents
"""
import importlib.util
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

CHARS = 1_000
DIMENSION = 384
BOMB = "zzexplodes"
EDITED = 10
DELETED = "canary.txt"
ADDED = "\n\nOne paragraph more, written while it ran.\n"
HASH = Path(__file__).parents[2] / "src/saem/transform/embedders/hash.py"


def cut(text: str) -> list[str]:
    """Every 1,000 characters a piece, wherever that falls."""
    return [text[start:start + CHARS] for start in range(0, len(text), CHARS)]


def read(path: str) -> str:
    """Raises: UnicodeDecodeError for what is not UTF-8."""
    with open(path, encoding="utf-8", newline="") as document:
        return document.read()


def names(corpus: str) -> list[str]:
    return sorted(os.listdir(corpus))


def _load() -> Any:
    """saem's hash embedder from its file: nothing else of saem is imported."""
    spec = importlib.util.spec_from_file_location("hash_embedder", HASH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.HashEmbedder()


class Embedder:
    """(n, 384) float32 for n texts; `queries` are not counted."""

    def __init__(self) -> None:
        self.model, self.lock, self.done = _load(), threading.Lock(), 0
        counter = os.environ.get("PEERS_COUNTER")
        self.counter = os.open(counter, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if counter else None
        self.event, _, at = os.environ.get("PEERS_AT", "").partition(":")
        self.at = int(at or 0)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        if os.environ.get("PEERS_FUSE") and any(BOMB in text for text in texts):
            raise RuntimeError("the embedder exploded")
        with self.lock:
            self.done += len(texts)
            if self.counter is not None:
                os.write(self.counter, b"x" * len(texts))
            if self.event and self.done >= self.at:
                self._happen()
        return self.model.passages(texts)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.model.passages(texts)

    def _happen(self) -> None:
        event, self.event = self.event, ""
        if event == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        edit(os.environ["PEERS_CORPUS"])


def edit(corpus: str) -> None:
    """EDITED documents, spread over the corpus, get another last paragraph."""
    listed = names(corpus)
    for name in listed[::max(1, len(listed) // EDITED)][:EDITED]:
        with open(os.path.join(corpus, name), "a", encoding="utf-8") as document:
            document.write(ADDED)
