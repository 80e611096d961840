"""Any endpoint that speaks OpenAI's /embeddings: `embed(model="openai:text-embedding-3-small")`.

`SAEM_EMBED_URL` is its base URL (by default OpenAI's own), `SAEM_EMBED_KEY` its key; local servers (vLLM, Ollama, llama.cpp) need
none. Texts leave the machine. Source: https://platform.openai.com/docs/api-reference/embeddings.
"""
import os
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from saem.core.addresses import is_here
from saem.core.errors import SaemError
from saem.transform.embedders._require import require

VERSION = 1                                  # raise it with every change that moves a vector
DEFAULT_URL = "https://api.openai.com/v1"
TEXTS_PER_REQUEST = 128
ATTEMPTS = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0     # between attempts, doubling
TIMEOUT_S = 60.0
_TRY_AGAIN = {408, 409, 429, 500, 502, 503, 504, 529}


def load(argument: str = "") -> "OpenAIEmbedder":
    """`argument` is the model's name at the endpoint. Nothing is sent before the first text (or the first look at `dimension`).

    Raises: `SaemError` E103 without httpx, E104 without a model's name.
    """
    if not argument:
        raise SaemError("E104", "the embedder 'openai' needs a model's name", fix='embed(model="openai:text-embedding-3-small")')
    return OpenAIEmbedder(argument, os.environ.get("SAEM_EMBED_URL") or DEFAULT_URL, os.environ.get("SAEM_EMBED_KEY", ""))


class OpenAIEmbedder:
    """Sends texts in batches and tries again when the endpoint is busy. A stored text and a question are embedded alike.

    The fingerprint is the endpoint and the model's name: what runs behind them cannot be seen from here.
    """

    def __init__(self, model: str, url: str, key: str, *, timeout_s: float = TIMEOUT_S,
                 first_wait_s: float = FIRST_WAIT_S) -> None:
        self._httpx = require("httpx", f"openai:{model}")
        self._client = self._httpx.Client(timeout=timeout_s, headers={"Authorization": f"Bearer {key}"} if key else {})
        self._model, self._url, self._first_wait_s = model, url.rstrip("/") + "/embeddings", first_wait_s
        self.name = f"openai:{model}"
        self.is_remote = not is_here(url)
        self.fingerprint = f"openai/{VERSION} {self._url} {model}"

    @cached_property
    def dimension(self) -> int:
        """Asked once, with one word."""
        return int(self._request(["dimension"]).shape[1])

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32, unit length.

        Raises: `SaemError` E104 when the endpoint refuses (wrong key, unknown model), E308 when it stays out of reach or busy
        through five attempts; `ValueError` when it answers with something else than vectors.
        """
        batches = [self._request(texts[start:start + TEXTS_PER_REQUEST]) for start in range(0, len(texts), TEXTS_PER_REQUEST)]
        return np.concatenate(batches) if batches else np.empty((0, self.dimension), np.float32)

    queries = passages

    def _request(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) for one batch. An empty text is sent as a space: the API takes no empty ones."""
        answer = self._post({"model": self._model, "input": [text or " " for text in texts], "encoding_format": "float"})
        rows = sorted(answer.get("data", []), key=lambda row: int(row["index"]))
        if [row["index"] for row in rows] != list(range(len(texts))):
            raise ValueError(f"{self._url} gave {len(rows)} vectors for {len(texts)} texts")
        vectors = np.array([row["embedding"] for row in rows], np.float32)
        unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
        return unit

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        wait_s, problem = self._first_wait_s, ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            try:
                response = self._client.post(self._url, json=body)
            except self._httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if response.status_code == 200:
                answer: dict[str, Any] = response.json()
                return answer
            problem = f"{response.status_code} {response.text[:200]}"
            if response.status_code not in _TRY_AGAIN:
                raise SaemError("E104", f"the embedding endpoint refuses: {problem}", where=self._url,
                                fix="look at SAEM_EMBED_URL, SAEM_EMBED_KEY and the model's name")
            wait_s = max(wait_s, _asked_wait_s(response.headers.get("retry-after", "")))
        raise SaemError("E308", f"the embedding endpoint failed {ATTEMPTS} times, last with: {problem}", where=self._url,
                        fix="is it up, and SAEM_EMBED_URL right? then: saem run")


def _asked_wait_s(retry_after: str) -> float:
    """The seconds that a Retry-After header asks for, within reason; it may also hold a date, which is not followed."""
    return min(float(retry_after), LONGEST_WAIT_S) if retry_after.replace(".", "", 1).isdigit() else 0.0
