"""A small language model that is trained in a second: runs of up to seven bytes, any language. It tells what a set of texts is good for.

Bits per byte of other texts is its one figure: how well it compresses them, whatever the tokenizer. It is a proxy: it sees spelling,
words and phrases, no meaning over longer distances.
"""
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from saem.curate.folding import buffers
from saem.train.compiled import compiled

ORDER = 5                  # bytes of context: runs of up to six are counted


@dataclass(frozen=True)
class Texts:
    """data: UTF-8 bytes of all rows; offsets: (n + 1,) int64."""
    data: np.ndarray
    offsets: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1


def texts(column: pa.ChunkedArray) -> Texts:
    return Texts(*buffers(column))


@dataclass(frozen=True)
class BytesModel:
    """keys, times, follow, kinds: an open hash table, see kernels/bytes.py."""
    tables: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

    def bits(self, of: Texts) -> np.ndarray:
        """(n,) bits of each row; divided by its bytes: bits per byte."""
        return np.asarray(compiled("bytes").bits(of.data, of.offsets, ORDER, *self.tables))


def learned(of: Texts, rows: np.ndarray) -> BytesModel:
    """From some rows; one that is named twice counts twice."""
    room = 1 << int(max(1 << 12, 2 * int(of.sizes[rows].sum()))).bit_length()
    while True:
        tables = np.zeros(room, np.uint64), np.zeros(room, np.int32), np.zeros(room, np.int32), np.zeros(room, np.int32)
        if compiled("bytes").count(of.data, of.offsets, np.asarray(rows, np.int64), ORDER, *tables) >= 0:
            return BytesModel(tables)
        room *= 2
