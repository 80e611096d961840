"""Documents become chunks: pieces small enough to be found and cited, with their exact place."""
from bisect import bisect_right

import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError
from saem.core.operator import Made, operator
from saem.core.versions import versions

CHUNK = pa.schema([("text", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("page", pa.int64()), ("heading", pa.string())])


def _depends(**_: object) -> list[str]:
    from saem.transform.splitting import VERSION
    return [f"splitting={VERSION}", *versions(["semantic-text-splitter"])]


@operator(version="1", adds=CHUNK, key=["text"], depends=_depends)
def chunk(rows: pa.Table, max_chars: int = 400) -> Made:
    """Pieces of at most `max_chars` characters of the column `text`, cut at headings, paragraphs, then sentences.

    text == document[start:end]; page from 1, null where there are no pages; heading: those above the piece, outermost first.
    """
    from saem.transform.parse._parsed import Heading
    from saem.transform.splitting import split
    if max_chars < 20:
        raise SaemError("E104", f"max_chars is {max_chars}", fix="at least 20 characters")
    texts = rows["text"].to_pylist()
    pages = rows["page_starts"].to_pylist() if "page_starts" in rows.column_names else [[]] * len(rows)
    heads = rows["headings"].to_pylist() if "headings" in rows.column_names else [[]] * len(rows)
    origin: list[int] = []
    columns: dict[str, list[object]] = {name: [] for name in CHUNK.names}
    for index, (text, page_starts, sections) in enumerate(zip(texts, pages, heads, strict=True)):
        headings = [Heading(h["start"], h["level"], h["text"]) for h in sections or []]
        starts = [h.start for h in headings]
        for span in split(text, max_chars, headings):
            origin.append(index)
            columns["text"].append(text[span.start:span.end])
            columns["start"].append(span.start)
            columns["end"].append(span.end)
            columns["page"].append(bisect_right(page_starts, span.start) or None if page_starts else None)
            columns["heading"].append(_above(headings[:bisect_right(starts, span.start)]))
    return Made(pa.table([pa.array(columns[f.name], f.type) for f in CHUNK], schema=CHUNK), np.array(origin, np.int64))


def _above(headings: list) -> str:  # type: ignore[type-arg]
    """The headings in force after the last of these: 'Library > Fines'."""
    path: list[tuple[int, str]] = []
    for heading in headings:
        path = [p for p in path if p[0] < heading.level] + [(heading.level, heading.text)]
    return " > ".join(text for _, text in path)
