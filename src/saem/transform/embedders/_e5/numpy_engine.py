"""The same encoder in numpy alone, fp32: for machines without onnxruntime. About a quarter of its speed; no int8 anywhere.

Its vectors differ from the int8 ones in the second or third digit, so it has a fingerprint of its own.
"""
from dataclasses import dataclass

import numpy as np

from saem.transform.embedders._e5.pack import Pack


@dataclass(frozen=True)
class _Layer:
    """One layer's weights, float32; matrices are (in, out)."""

    query_key_value: np.ndarray
    query_key_value_bias: np.ndarray
    attention: np.ndarray
    attention_bias: np.ndarray
    attention_norm: tuple[np.ndarray, np.ndarray]
    inner: np.ndarray
    inner_bias: np.ndarray
    outer: np.ndarray
    outer_bias: np.ndarray
    outer_norm: tuple[np.ndarray, np.ndarray]


class NumpyEngine:
    """Runs windows of one length, each on its own. Holds 85 MB of dequantised weights (the vocabulary stays packed)."""

    def __init__(self, pack: Pack) -> None:
        self._heads, self._epsilon = pack.heads, np.float32(pack.epsilon)
        self._norm = pack.vector("emb.ln.w"), pack.vector("emb.ln.b")
        self._layers = [_read_layer(pack, f"l{layer}") for layer in range(pack.layers)]

    def __call__(self, embedded: np.ndarray) -> np.ndarray:
        """(windows, tokens, hidden) float32, word and position vectors -> the same shape, the last layer's states."""
        return np.stack([self._encode(window) for window in embedded])

    def _encode(self, window: np.ndarray) -> np.ndarray:
        """(tokens, hidden) -> (tokens, hidden). One window at a time: BLAS rounds otherwise in matrices of another height."""
        states = self._normalise(window, self._norm)
        for layer in self._layers:
            attended = self._attend(states @ layer.query_key_value + layer.query_key_value_bias)
            states = self._normalise(states + attended @ layer.attention + layer.attention_bias, layer.attention_norm)
            inner = _gelu(states @ layer.inner + layer.inner_bias)
            states = self._normalise(states + inner @ layer.outer + layer.outer_bias, layer.outer_norm)
        return states

    def _attend(self, query_key_value: np.ndarray) -> np.ndarray:
        """(tokens, 3 * hidden) -> (tokens, hidden): softmax(Q K^T / sqrt(d)) V for each head."""
        tokens = len(query_key_value)
        query, key, value = query_key_value.reshape(tokens, 3, self._heads, -1).transpose(1, 2, 0, 3)    # (heads, tokens, d)
        weights = query @ key.transpose(0, 2, 1) * np.float32(query.shape[-1] ** -0.5)
        weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        context: np.ndarray = (weights @ value).transpose(1, 0, 2).reshape(tokens, -1)
        return context

    def _normalise(self, values: np.ndarray, norm: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Layer normalisation of each token."""
        weight, bias = norm
        centred = values - values.mean(axis=1, keepdims=True)
        variance = np.square(centred).mean(axis=1, keepdims=True)
        normalised: np.ndarray = centred / np.sqrt(variance + self._epsilon) * weight + bias
        return normalised


def _read_layer(pack: Pack, name: str) -> _Layer:
    def matrix(part: str, width: int) -> np.ndarray:
        return np.ascontiguousarray(pack.matrix(f"{name}.{part}.w", width))

    def norm(part: str) -> tuple[np.ndarray, np.ndarray]:
        return pack.vector(f"{name}.{part}.w"), pack.vector(f"{name}.{part}.b")

    return _Layer(
        np.hstack([matrix(part, pack.hidden) for part in "qkv"]),
        np.concatenate([pack.vector(f"{name}.{part}.b") for part in "qkv"]),
        matrix("ao", pack.hidden), pack.vector(f"{name}.ao.b"), norm("aln"),
        matrix("fi", pack.hidden), pack.vector(f"{name}.fi.b"),
        matrix("fo", pack.feed_forward), pack.vector(f"{name}.fo.b"), norm("oln"),
    )


def _gelu(x: np.ndarray) -> np.ndarray:
    """x Phi(x), with tanh in place of the error function (within 5e-4).

    Source: Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2.
    """
    result: np.ndarray = 0.5 * x * (1 + np.tanh(np.float32((2 / np.pi) ** 0.5) * (x + np.float32(0.044715) * x * x * x)))
    return result
