"""Any sentence-embedding model that lies in a folder as ONNX: `embed(model="onnx:/models/bge-small-en")`.

The folder's layout is the one that model hubs use: `model.onnx` (or `onnx/model.onnx`) and `tokenizer.json`; where they are
present, `1_Pooling/config.json` (mean or cls), `sentence_bert_config.json` (longest window) and
`config_sentence_transformers.json` (prompts). Source: https://sbert.net/docs/package_reference/sentence_transformer/models.html.
"""
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saem.core.errors import SaemError
from saem.transform.embedders._require import require
from saem.transform.embedders._weights import sha256

VERSION = 1                  # raise it with every change that moves a vector
MAX_TOKENS = 512             # of a window, unless the model takes fewer


def load(argument: str = "") -> "OnnxEmbedder":
    """`argument` is the folder.

    Raises: `SaemError` E103 without onnxruntime or tokenizers, E104 when the folder is not such a model.
    """
    folder = Path(argument).expanduser()
    model = next((path for path in (folder / "model.onnx", folder / "onnx" / "model.onnx") if path.is_file()), None)
    if not argument or model is None or not (folder / "tokenizer.json").is_file():
        raise SaemError("E104", "the embedder 'onnx' needs a folder with model.onnx and tokenizer.json", where=argument,
                        fix='embed(model="onnx:/path/to/folder")')
    tokenizer = require("tokenizers", f"onnx:{argument}").Tokenizer.from_file(str(folder / "tokenizer.json"))
    prompts = _read_json(folder / "config_sentence_transformers.json").get("prompts", {})
    longest = _read_json(folder / "sentence_bert_config.json").get("max_seq_length") or MAX_TOKENS
    content = [sha256(path) for path in sorted(folder.rglob("*")) if path.suffix == ".json" or model.name in path.name]
    return OnnxEmbedder(
        f"onnx:{argument}", model, tokenizer, pooling=_pooling(folder), max_tokens=min(longest, MAX_TOKENS),
        prompts=(prompts.get("document", prompts.get("passage", "")), prompts.get("query", "")),
        fingerprint=f"onnx/{VERSION} files-{'-'.join(content)}")


class OnnxEmbedder:
    """Tokens' states pooled to unit vectors. Texts longer than a window are the mean of their windows.

    Each window runs alone: models with dynamic int8, of which there are many, give a text another vector in other company.
    `prompts` are put before passages and before queries.
    """

    def __init__(self, name: str, model: Path, tokenizer: Any, *, pooling: str = "mean", max_tokens: int = MAX_TOKENS,
                 prompts: tuple[str, str] = ("", ""), fingerprint: str, threads: int = 1) -> None:
        runtime = require("onnxruntime", name)
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"],
                                                 disabled_optimizers=["SkipLayerNormFusion"])     # slower than what it fuses
        self._inputs = {value.name for value in self._session.get_inputs()}
        outputs = [value.name for value in self._session.get_outputs()]
        self._output = "sentence_embedding" if "sentence_embedding" in outputs else outputs[0]
        self._tokenizer, self._pooling, self._prompts = tokenizer, pooling, prompts
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self.name = name
        self.fingerprint = f"{fingerprint} onnxruntime-{runtime.__version__} tokenizers-{require('tokenizers', name).__version__}"
        self.dimension = len(self._embed_one(""))

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length, independent of the other texts. Any length; empty texts too."""
        return self._embed(self._prompts[0], texts)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length: questions, to be compared with passages."""
        return self._embed(self._prompts[1], texts)

    def _embed(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._embed_one(prompt + text)
        return vectors

    def _embed_one(self, text: str) -> np.ndarray:
        """(dimension,): the windows' vectors, each weighed by its tokens (as one long window's mean would)."""
        first = self._tokenizer.encode(text.encode("utf-8", "replace").decode())              # no lone surrogates in Rust
        vector = np.sum([len(window.ids) * self._run(window.ids) for window in [first, *first.overflowing]], axis=0)
        unit: np.ndarray = vector / max(float(np.linalg.norm(vector)), 1e-9)
        return unit

    def _run(self, ids: list[int]) -> np.ndarray:
        """One window's (dimension,) vector. Most models leave the pooling to their caller; some do it."""
        tokens = np.array([ids], np.int64)
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        states: np.ndarray = self._session.run([self._output], {name: feed[name] for name in self._inputs})[0][0]
        if states.ndim == 1:
            return states
        pooled: np.ndarray = states[0] if self._pooling == "cls" else states.mean(axis=0)
        return pooled


def _pooling(folder: Path) -> str:
    config = _read_json(folder / "1_Pooling" / "config.json")
    named = [name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
             for name, is_set in config.items() if name.startswith("pooling_mode_") and is_set]
    chosen = [str(config["pooling_mode"])] if "pooling_mode" in config else named or ["mean"]
    if chosen not in (["mean"], ["cls"]):
        raise SaemError("E104", f"the embedder 'onnx' pools by mean or cls, not by {' and '.join(chosen)}", where=str(folder),
                        fix=f"embed(model=\"sentence_transformers:{folder}\")")
    return chosen[0]


def _read_json(path: Path) -> dict[str, Any]:
    """A config file's object; an absent file is an empty one."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content
