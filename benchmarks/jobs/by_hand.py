"""The same work without saem, as a person would write it in an hour: nothing of it is ever kept current."""
import os
from typing import Any

import lance
import pyarrow as pa

from saem.transform.embedders.hash import HashEmbedder

PLAIN_CHARS = 1_000


def build(corpus: str, target: str) -> dict[str, Any]:
    """Read, cut, embed, one `lance.write_dataset`."""
    paths: list[str] = []
    starts: list[int] = []
    texts: list[str] = []
    for path in sorted(os.listdir(corpus)):
        with open(os.path.join(corpus, path), encoding="utf-8") as document:
            text = document.read()
        for start in range(0, len(text), PLAIN_CHARS):
            paths.append(path)
            starts.append(start)
            texts.append(text[start:start + PLAIN_CHARS])
    vectors = HashEmbedder().passages(texts)
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
    lance.write_dataset(pa.table({"path": paths, "start": starts, "text": texts, "embedding": embedding}), target)
    return {"chunks": len(texts)}
