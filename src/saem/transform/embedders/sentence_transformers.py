"""Any model of the sentence-transformers library, by name or folder: `embed(model="sentence_transformers:BAAI/bge-m3")`.

A folder is read from disk alone. A name that is not in the local cache is downloaded by the library, from the model hub.
Code that a model brings along is never run. Source: https://sbert.net.
"""
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saem.core.errors import SaemError
from saem.transform.embedders._require import require

VERSION = 1                  # raise it with every change that moves a vector

# E5 models were trained with these, but their hub pages do not configure them
_E5 = re.compile(r"(^|[/-])e5-(small|base|large)")
_E5_PROMPTS = {"query": "query: ", "document": "passage: "}


def load(argument: str = "") -> "SentenceTransformersEmbedder":
    """`argument` is a model's folder or its name on the hub.

    Raises: `SaemError` E103 without the library, E104 when there is no such model.
    """
    if not argument:
        raise SaemError("E104", "the embedder 'sentence_transformers' needs a model's name or folder",
                        fix='embed(model="sentence_transformers:intfloat/multilingual-e5-small")')
    library = require("sentence_transformers", f"sentence_transformers:{argument}", "sentence-transformers")
    try:
        model = library.SentenceTransformer(argument, trust_remote_code=False, local_files_only=Path(argument).exists())
    except (OSError, ValueError) as error:
        raise SaemError("E104", f"sentence-transformers cannot load the model: {str(error).splitlines()[0]}", where=argument,
                        fix="name a model of the hub, or a folder that holds one") from error
    return SentenceTransformersEmbedder(argument, model, f"sentence-transformers-{library.__version__}")


class SentenceTransformersEmbedder:
    """Wraps a loaded model; prompts, pooling and the longest text are as the model configures them (longer texts are cut)."""

    def __init__(self, argument: str, model: Any, library_version: str) -> None:
        self._model = model
        self._prompts = {name: text for name, text in (model.prompts or {}).items() if text}
        if _E5.search(argument) and not self._prompts:
            self._prompts = _E5_PROMPTS
        self.name = f"sentence_transformers:{argument}"
        self.dimension = len(self._embed("", [""])[0])
        self.fingerprint = " ".join([f"sentence_transformers/{VERSION}", library_version, f"weights-{_digest(model)}",
                                     f"prompts-{sorted(self._prompts.items())}", f"tokens-{model.max_seq_length}"])

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length, independent of the other texts to about 1e-6."""
        return self._embed(self._prompts.get("document", self._prompts.get("passage", "")), texts)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length: questions, to be compared with passages."""
        return self._embed(self._prompts.get("query", ""), texts)

    def _embed(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        vectors = self._model.encode(list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def _digest(model: Any) -> str:
    """sha256 of every weight, as it stands in memory: a folder's name or a hub's tag can come to mean other weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        content = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {content.dtype} {tuple(content.shape)}".encode())
        digest.update(content.flatten().view(dtype=_bytes_type()).numpy())
    return digest.hexdigest()


def _bytes_type() -> Any:
    return require("torch", "sentence_transformers").uint8
