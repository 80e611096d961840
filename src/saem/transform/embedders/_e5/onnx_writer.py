"""Write an ONNX model without the `onnx` package (which brings 20 MB): the few protobuf messages that a small graph needs.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (the field numbers below) and
https://protobuf.dev/programming-guides/encoding/ (the wire format).
"""
import struct
from collections.abc import Sequence

import numpy as np

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7                      # onnx.TensorProto.DataType
_DATA_TYPES = {np.dtype("f4"): FLOAT, np.dtype("u1"): UINT8, np.dtype("i1"): INT8, np.dtype("i4"): INT32, np.dtype("i8"): INT64}
_FLOAT_ATTRIBUTE, _INT_ATTRIBUTE = 1, 2                               # onnx.AttributeProto.AttributeType
CONTRIB = "com.microsoft"                                             # onnxruntime's own operators


class GraphWriter:
    """Collects nodes and constants; every method that adds a value returns its name, so that calls nest."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: float) -> str:
        """Apply an operator to named values; the name of its one result. Attributes are floats or integers."""
        result = self._fresh_name()
        message = [_bytes(1, name) for name in inputs] + [_bytes(2, result), _bytes(4, operator)]
        for name, value in attributes.items():
            if isinstance(value, float):
                content = _key(2, 5) + struct.pack("<f", value) + _integer(20, _FLOAT_ATTRIBUTE)
            else:
                content = _integer(3, value) + _integer(20, _INT_ATTRIBUTE)
            message.append(_bytes(5, _bytes(1, name) + content))
        self._nodes.append(b"".join([*message, _bytes(7, domain)]))
        return result

    def constant(self, value: np.ndarray | np.generic) -> str:
        """Put an array (or a numpy scalar) into the model; its name."""
        name, array = self._fresh_name(), np.asarray(value)
        shape = b"".join(_integer(1, size) for size in array.shape)
        self._constants.append(shape + _integer(2, _DATA_TYPES[array.dtype]) + _bytes(8, name) + _bytes(9, array.tobytes()))
        return name

    def input(self, name: str, shape: Sequence[str | int]) -> str:
        """A float32 input; a size that varies is given as a name."""
        self._inputs.append(_float_value(name, shape))
        return name

    def output(self, name: str, shape: Sequence[str | int]) -> None:
        """Name a value as the model's float32 result."""
        self._outputs.append(_float_value(name, shape))

    def model(self, opset: int) -> bytes:
        """The finished file."""
        graph = [*(_bytes(1, node) for node in self._nodes), _bytes(2, "graph"), *(_bytes(5, c) for c in self._constants),
                 *(_bytes(11, value) for value in self._inputs), *(_bytes(12, value) for value in self._outputs)]
        opsets = [_bytes(8, _bytes(1, domain) + _integer(2, version)) for domain, version in (("", opset), (CONTRIB, 1))]
        return _integer(1, 9) + _bytes(7, b"".join(graph)) + b"".join(opsets)             # IR version 9

    def _fresh_name(self) -> str:
        self._count += 1
        return f"v{self._count}"


def _float_value(name: str, shape: Sequence[str | int]) -> bytes:
    """ValueInfoProto(name, TypeProto(tensor(FLOAT, TensorShapeProto(dimensions))))."""
    sizes = b"".join(_bytes(1, _bytes(2, size) if isinstance(size, str) else _integer(1, size)) for size in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _integer(1, FLOAT) + _bytes(2, sizes)))


def _varint(number: int) -> bytes:
    """Seven bits a byte, lowest first; negative numbers as 64-bit two's complement."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _integer(field: int, number: int) -> bytes:
    return _key(field, 0) + _varint(number)


def _bytes(field: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return _key(field, 2) + _varint(len(content)) + content
