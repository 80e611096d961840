"""Texts get a column of words beside them, for the text index."""
import pyarrow as pa

from saem.core.errors import SaemError
from saem.core.operator import operator
from saem.transform.words import fingerprint, tokenize


def _adds(*_: pa.Schema, column: str, **__: object) -> pa.Schema:
    return pa.schema([(f"_tokens_{column}", pa.string())])


@operator(version="1", adds=_adds, depends=lambda **_: [fingerprint()])
def tokens(rows: pa.Table, column: str) -> pa.Table:
    """`_tokens_COLUMN`: the words of a text, separated by spaces; `table.index(text=...)` adds it by itself.

    The words of a column `heading` or `title` count as the text's own: a sentence rarely repeats what it stands under.
    """
    if column not in rows.column_names:
        raise SaemError("E101", f"there is no column '{column}' to index", fix="index a text column")
    parts = [rows[name].to_pylist() for name in (column, "heading", "title") if name in rows.column_names]
    texts = ["\n".join(dict.fromkeys(filter(None, each))) for each in zip(*parts, strict=True)]
    return rows.append_column(f"_tokens_{column}", pa.array(tokenize(texts), pa.string()))
