"""A small model of clean text, English and Korean: bits per byte tell text from noise, tables and broken encodings.

Runs of up to five bytes with their probabilities (Witten and Bell 1991, as a back-off model), counted over documentation of Debian in
both languages; made by benchmarks/language_model.py, kept beside this file. Only counts of short runs are kept, no text.
"""
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from saem.core.identity import digest
from saem.curate.requiring import compiled

ORDER = 5
FILE = "clean_text.npz"


@dataclass(frozen=True)
class LanguageModel:
    """keys (n,) uint64 ascending: the length of a run, then its bytes; bits, backoff (n,) uint8 in sixteenths."""
    keys: np.ndarray
    bits: np.ndarray
    backoff: np.ndarray

    @cached_property
    def version(self) -> str:
        return digest(self.keys.tobytes(), self.bits.tobytes(), self.backoff.tobytes()).hex()[:8]

    @cached_property
    def tables(self) -> tuple[int, np.ndarray]:
        """(order, the open table of the kernel)."""
        size = 1 << int(2 * len(self.keys)).bit_length()
        return ORDER, compiled("prediction").table_of(self.keys, self.bits, self.backoff, size)


@cache
def model() -> LanguageModel:
    """The one in the package."""
    with files("saem.curate").joinpath(FILE).open("rb") as file, np.load(file) as held:
        return LanguageModel(np.cumsum(held["steps"], dtype=np.uint64), held["bits"], held["backoff"])


def trained(text: bytes, least: int = 8) -> LanguageModel:
    """A model of these bytes, with the runs that stand there at least so often."""
    data = np.frombuffer(text, np.uint8).astype(np.uint64)
    lower: dict[int, float] = {}
    keys: list[np.ndarray] = []
    chance: list[np.ndarray] = []
    rest: dict[int, float] = {}
    for length in range(1, ORDER + 1):
        runs = np.full(len(data) - length + 1, length, np.uint64)
        for place in range(length):
            runs = runs << np.uint64(8) | data[place:len(data) - length + 1 + place]
        run, count = np.unique(runs, return_counts=True)
        context = run >> np.uint64(8) & np.uint64((1 << 8 * (length - 1)) - 1)
        first = np.flatnonzero(np.concatenate([[True], context[1:] != context[:-1]]))
        sizes = np.diff(np.append(first, len(run)))
        total = np.repeat(np.add.reduceat(count, first), sizes)
        kinds = np.repeat(sizes, sizes)
        below = np.array([lower.get(key, 0.0) for key in _shorter(run, length)]) if length > 1 else np.full(len(run), 1 / 256)
        likely = (count + kinds * below) / (total + kinds)
        kept = (count >= least) | (length == 1)
        group = np.repeat(np.arange(len(first)), sizes)[kept]
        left = 1 - np.bincount(group, likely[kept], len(first))
        room = 1 - np.bincount(group, below[kept], len(first))
        if length > 1:
            names = np.uint64(length - 1) << np.uint64(8 * (length - 1)) | context[first]
            rest |= dict(zip(names.tolist(), (np.maximum(left, 1e-6) / np.maximum(room, 1e-6)).tolist(), strict=True))
        keys.append(run[kept])
        chance.append(likely[kept])
        lower = dict(zip(run[kept].tolist(), likely[kept].tolist(), strict=True)) if length < ORDER else {}
    every, likely = np.concatenate(keys), np.concatenate(chance)
    order = np.argsort(every)
    weights = np.array([rest.get(key, 1.0) for key in every[order].tolist()])
    return LanguageModel(every[order], _sixteenths(likely[order]), _sixteenths(np.minimum(1, weights)))


def _shorter(run: np.ndarray, length: int) -> list[int]:
    """The keys of the runs without their first byte."""
    tail = run & np.uint64((1 << 8 * (length - 1)) - 1)
    return (np.uint64(length - 1) << np.uint64(8 * (length - 1)) | tail).tolist()  # type: ignore[no-any-return]


def _sixteenths(chance: np.ndarray) -> np.ndarray:
    """Probabilities as bits, in sixteenths."""
    return np.asarray(np.minimum(255, np.round(-16 * np.log2(np.maximum(chance, 1e-5)))), np.uint8)
