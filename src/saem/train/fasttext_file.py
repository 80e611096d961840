"""A supervised fastText model, read from its `.bin` file by its published format: no package, nothing executed, sizes checked.

Source: github.com/facebookresearch/fastText, src/fasttext.cc, dictionary.cc, args.cc (format version 12).
"""
import struct
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError
from saem.curate.folding import buffers
from saem.train.compiled import compiled

MAGIC, VERSIONS = 793712314, (11, 12)
HIERARCHICAL, SOFTMAX = 1, 3
SUPERVISED = 3
ARGUMENTS = ("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn", "lrUpdateRate")


@dataclass(frozen=True)
class FastText:
    """labels in their order; counts: how often each was seen in training; input (words + bucket, d), output (labels, d) float32."""
    arguments: dict[str, int]
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    dictionary: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    words: int
    input: np.ndarray
    output: np.ndarray

    def probabilities(self, texts: pa.ChunkedArray) -> np.ndarray:
        """(n, labels) float64, as `predict(text, k=-1)` gives them; a label of its own scale where the loss is ova or ns."""
        data, offsets = buffers(texts)
        told = self.arguments
        hidden = compiled("fasttext").hidden(data, offsets, *self.dictionary, self.input, self.words, max(1, told["bucket"]), told["minn"],
                                             told["maxn"], told["wordNgrams"])
        scores = hidden.astype(np.float64) @ self.output.T.astype(np.float64)
        if told["loss"] == SOFTMAX:
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            return np.asarray(scores / scores.sum(axis=1, keepdims=True))
        chance = 1 / (1 + np.exp(-scores))
        return self._of_tree(chance) if told["loss"] == HIERARCHICAL else np.asarray(chance)

    def _of_tree(self, right: np.ndarray) -> np.ndarray:
        """Hierarchical softmax: a label's chance is that of its path through the Huffman tree. right: (n, nodes) of going right."""
        count = len(self.labels)
        total = [*self.counts, *[10**15] * (count - 1)]
        leaf, node = count - 1, count
        children: dict[int, tuple[int, int]] = {}
        for made in range(count, 2 * count - 1):
            pair = []
            for _ in range(2):
                if leaf >= 0 and total[leaf] < total[node]:
                    pair.append(leaf)
                    leaf -= 1
                else:
                    pair.append(node)
                    node += 1
            children[made] = pair[0], pair[1]
            total[made] = total[pair[0]] + total[pair[1]]
        chance = np.ones((len(right), 2 * count - 1))
        for made in range(2 * count - 2, count - 1, -1):
            left_child, right_child = children[made]
            chance[:, left_child] = chance[:, made] * (1 - right[:, made - count])
            chance[:, right_child] = chance[:, made] * right[:, made - count]
        return np.asarray(chance[:, :count])


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize(form)
        if self.at + size > len(self.content):
            raise broken("it ends early")
        self.at += size
        return struct.unpack_from(form, self.content, self.at - size)

    def name(self) -> bytes:
        end = self.content.find(b"\0", self.at)
        if end < 0:
            raise broken("a word has no end")
        self.at, start = end + 1, self.at
        return self.content[start:end]

    def matrix(self, width: int) -> np.ndarray:
        rows, columns = self.take("<qq")
        if columns != width or rows < 0 or self.at + 4 * rows * columns > len(self.content):
            raise broken(f"a matrix of {rows} x {columns} does not fit")
        self.at += 4 * rows * columns
        return np.frombuffer(self.content, "<f4", rows * columns, self.at - 4 * rows * columns).reshape(rows, columns)


def broken(why: str) -> SaemError:
    return SaemError("E402", f"this is no fastText model that can be read: {why}", fix="give the .bin of a supervised model")


def parsed(content: bytes) -> FastText:
    """Raises E402 for anything but a supervised model that is not quantized."""
    reader = _Reader(content)
    magic, version = reader.take("<ii")
    if magic != MAGIC or version not in VERSIONS:
        raise broken("it does not begin as one")
    told = dict(zip(ARGUMENTS, reader.take("<12i"), strict=True))
    reader.take("<d")
    if told["model"] != SUPERVISED:
        raise broken("it is a model of word vectors")
    if version == 11:
        told["maxn"] = 0
    size, words, labels = reader.take("<iii")
    _, pruned = reader.take("<qq")
    if pruned > 0 or size != words + labels or min(size, words, labels) < 0:
        raise broken("its dictionary is pruned" if pruned > 0 else "its dictionary has another size")
    names, counts, kinds = [], [], []
    for _ in range(size):
        names.append(reader.name())
        count, kind = reader.take("<qb")
        counts.append(count)
        kinds.append(kind)
    if reader.take("<?")[0]:
        raise broken("it is quantized (.ftz)")
    vectors = reader.matrix(told["dim"])
    reader.take("<?")
    output = reader.matrix(told["dim"])
    hashed = told["bucket"] if told["maxn"] > 0 or told["wordNgrams"] > 1 else 0
    if len(vectors) < words + hashed or len(output) != labels or kinds != [0] * words + [1] * labels:
        raise broken("its matrices do not fit its dictionary")
    joined, bounds = np.frombuffer(b"".join(names), np.uint8), np.cumsum([0, *map(len, names)]).astype(np.int64)
    places = compiled("fasttext").table(joined, bounds, 2 * size + 1)
    return FastText(told, tuple(name.decode("utf-8", "replace") for name in names[words:]), tuple(counts[words:]),
                    (joined, bounds, np.array(kinds, np.int8), places), words, vectors, output)
