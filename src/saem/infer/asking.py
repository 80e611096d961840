"""Ask: find passages, take the sentences that answer, refuse when their support is weak. No model writes anything."""
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.identity import ID
from saem.engine.searching import explore
from saem.infer.answers import Answer, Citation, Sentence, record
from saem.infer.evidence import Passage, choose
from saem.store.heads import Head
from saem.store.reader_sets import EVERYONE
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.table import Table
    from saem.store.search import Found, Hit

PASSAGES = 8
_MARKER = re.compile(r"^(?:[-*•·]|\d+[.)])\s+")      # of a list item: it belongs to the quote, not to the answer


def ask(chunks: "Table", question: str, k: int = PASSAGES, where: str | None = None, keep: bool = True) -> Answer:
    """The sentences of the documents that answer, each with its citation; found=False when none does well enough.

    k      passages to look at
    where  an SQL condition on them, such as "language = 'ko'"
    keep   record the answer as a row (table `answers`), so that it can be traced and turns stale
    """
    if not question.strip():
        raise SaemError("E104", "the question is empty", where=caller(), fix='saem ask FOLDER "연체료는 얼마인가요?"')
    db = chunks.project
    snapshot, heads = db.snapshot, db.heads()       # one reading: a run may publish at any moment
    found = explore(db, chunks.name, question, k, where, heads)
    hits = found.hits
    passages = passages_of(found)
    model = next(iter(heads[chunks.name].encoders.values()), None)
    chosen, why = choose(question, passages, found, registry.embedder(model) if model else None)
    places = _Places(chunks, heads, [hits[c.passage] for c in chosen])
    citations = [places.cite(n, hits[c.passage], c.start, c.end) for n, c in enumerate(chosen, 1)]
    sentences = [Sentence(_MARKER.sub("", " ".join(c.quote.split()), count=1), [c.n]) for c in citations]
    answer = Answer(question, bool(citations), " ".join(s.text for s in sentences), sentences, citations, False, snapshot, "", why)
    asker = EVERYONE if db.person is None else db.catalog.reader_code([db.person])      # a question is its asker's own
    readers = db.catalog.intersect([asker, *places.readers])
    return record(db.origin, answer, places.hashes, readers) if keep else answer


def passages_of(found: "Found") -> list[Passage]:
    """The hits as text with what stands above it."""
    return [Passage(h.row["text"], h.row.get("heading") or h.row.get("title") or "", h.score, h.why.get("z", 0.0)) for h in found.hits]


class _Places:
    """Where the hits stand: in their documents if these are known by offsets, else in themselves."""

    def __init__(self, chunks: "Table", heads: Mapping[str, Head], hits: Sequence["Hit"]) -> None:
        self.chunks, self.db, self.heads = chunks, chunks.project, heads
        self.hashes: dict[str, str] = {}
        self.readers: list[int] = []
        own = self._rows(chunks.name, [bytes.fromhex(h.id) for h in hits], [])
        parents = sorted({p for row in own.values() for p in row["_parents"]})
        self.own = own
        self.documents: dict[bytes, tuple[str, dict[str, Any]]] = {}
        for name in self.db.catalog.consumed(chunks.name):
            if name in heads and "text" in self.db.published(name, heads).schema.names:
                found = self._rows(name, parents, ["text"])
                self.documents |= {row: (name, values) for row, values in found.items()}

    def _rows(self, table: str, rows: list[bytes], columns: list[str]) -> dict[bytes, dict[str, Any]]:
        if not rows:
            return {}
        dataset = self.db.published(table, self.heads)
        label = [n for n in ("path", "key", "title", *(("page_starts",) if columns else ())) if n in dataset.schema.names]
        found = lookup(dataset, "_id", pa.array(sorted(set(rows)), ID), ["_id", "_hash", "_readers", "_parents", *label, *columns])
        return {row["_id"]: row for row in found.to_pylist()}

    def cite(self, n: int, hit: "Hit", start: int, end: int) -> Citation:
        """A citation of characters start:end of a hit's text."""
        own = self.own[bytes.fromhex(hit.id)]
        parent = next((p for p in own["_parents"] if p in self.documents), None)
        quote = hit.row["text"][start:end]
        if parent is not None and isinstance(hit.row.get("start"), int):
            name, document = self.documents[parent]
            shift = hit.row["start"]
            if document["text"][shift + start:shift + end] == quote:
                return self._citation(n, name, parent, document, hit, shift + start, shift + end, quote)
        return self._citation(n, self.chunks.name, bytes.fromhex(hit.id), own, hit, start, end, quote)

    def _citation(self, n: int, table: str, row: bytes, values: dict[str, Any], hit: "Hit", start: int, end: int, quote: str) -> Citation:
        self.hashes[row.hex()] = values["_hash"].hex()
        self.readers.append(int(values["_readers"])) 
        key = next((str(values[k]) for k in ("path", "key", "title") if values.get(k)), row.hex())
        starts = values.get("page_starts")                     # a chunk may begin on the page before its quote
        page = bisect_right(starts, start) if starts else hit.row.get("page")
        return Citation(n, table, row.hex(), key, page, start, end, quote)
