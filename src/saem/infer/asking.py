"""Ask: find passages, take the sentences that answer, refuse when their support is weak. In generate mode a model words them."""
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.identity import ID
from saem.core.protocols import Embedder
from saem.engine.searching import explore
from saem.engine.steady import steady
from saem.infer.answers import Answer, Citation, Sentence, Step, record
from saem.infer.evidence import Evidence
from saem.infer.sentences import Chosen, Passage, candidates
from saem.store.heads import Head
from saem.store.reader_sets import NOBODY
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table
    from saem.infer.llm import Model
    from saem.infer.memory import Memory
    from saem.infer.personal import Because, Speaker
    from saem.infer.writing import Answering
    from saem.store.search import Found, Hit

PASSAGES = 8
MODES = ("extract", "generate")
_MARKER = re.compile(r"^(?:[-*•·]|\d+[.)])\s+")      # of a list item: it belongs to the quote, not to the answer


@overload
def ask(chunks: "Table", question: str, k: int = ..., where: str | None = ..., keep: bool = ..., *, mode: str = ...,
        model: "str | Model | None" = ..., as_user: str | None = ..., notes: "Memory | Speaker | None" = ...,
        stream: Literal[False] = ...) -> Answer: ...
@overload
def ask(chunks: "Table", question: str, k: int = ..., where: str | None = ..., keep: bool = ..., *, mode: str = ...,
        model: "str | Model | None" = ..., as_user: str | None = ..., notes: "Memory | Speaker | None" = ...,
        stream: Literal[True]) -> "Answering": ...
def ask(chunks: "Table", question: str, k: int = PASSAGES, where: str | None = None, keep: bool = True, *, mode: str = "extract",
        model: "str | Model | None" = None, as_user: str | None = None, notes: "Memory | Speaker | None" = None,
        stream: bool = False) -> "Answer | Answering":
    """The sentences that answer, each with its citations; found=False when the documents do not answer well enough.

    k        passages to look at
    where    an SQL condition on them, such as "language = 'ko'"
    keep     record the answer as a row (table `answers`), so that it can be traced and turns stale
    mode     extract: the documents' own sentences; generate: a model's, of which those stand that a passage supports
    model    of generate mode: its name in saem.toml (by default the first), or a `saem.infer.llm.Model`
    as_user  under whose rights; by default those of the project that the table is from
    notes    a memory: what the asker has told it may decide which passage answers; or a Speaker of it
    stream   of generate mode: iterate over the result, sentence by sentence, while the model still writes
    """
    if not question.strip():
        raise SaemError("E104", "the question is empty", where=caller(), fix='saem ask FOLDER "연체료는 얼마인가요?"')
    if mode not in MODES or (mode == "extract" and (model is not None or stream)):
        raise SaemError("E104", f"mode is '{mode}'" if mode not in MODES else "model= and stream= are of generate mode", where=caller(),
                        fix='ask(chunks, question, mode="generate", model="local")')
    if as_user is not None:
        chunks = chunks.project.as_user(as_user).table(chunks.name)
    because = _because(chunks, question, k, where, notes) if notes is not None else None
    if mode == "generate":
        from saem.infer.llm import model as configured
        from saem.infer.writing import Answering, Writing
        writer = configured(chunks.project, model) if model is None or isinstance(model, str) else model
        writing = Writing(chunks, question, writer, k, where, keep, because=because)
        return Answering(writing) if stream else writing.finished()
    answer, hashes, readers = _extracted(chunks, question, k, where, because)
    return record(chunks.project.origin, answer, hashes, readers, because.rows if because else ()) if keep else answer


def _because(chunks: "Table", question: str, k: int, where: str | None, notes: "Memory | Speaker") -> "Because | None":
    """The belief of the asker that decides which passage answers, if one does."""
    from saem.infer.personal import Speaker, reasons
    speaker = notes if isinstance(notes, Speaker) else Speaker(notes, chunks.project.person)
    plain: str | None = None
    for each in reasons(speaker, question):
        plain = _around(chunks, question, k, where, None) if plain is None else plain
        other = _around(chunks, question, k, where, each)
        if other and each.decides(question, plain, other):
            speaker.notes.keep_current()    # its messages are parents of the answer
            return each
    return None


@steady
def _around(chunks: "Table", question: str, k: int, where: str | None, because: "Because | None") -> str:
    """The sentences that answer and what stands above them, as text; '' = nothing answers."""
    found, chosen, _ = _chosen(chunks.project, chunks.project.heads(), chunks.name, question, k, where, because)
    rows = [(found.hits[each.passage].row, each) for each in chosen]
    return "\n".join(f"{row.get('title') or ''} {row.get('heading') or ''} {row['text'][each.start:each.end]}" for row, each in rows)


def _chosen(db: "Project", heads: Mapping[str, Head], table: str, question: str, k: int, where: str | None,
            because: "Because | None") -> "tuple[Found, list[Chosen], dict[str, float]]":
    """(what a search finds, the sentences of it that answer, the figures that decided).

    because  a belief: of what is found only that counts which speaks of its object
    """
    question = because.added(question) if because else question
    found = explore(db, table, question, k, where, heads)
    found = replace(found, hits=because.held(found.hits)) if because else found
    model = next(iter(heads[table].encoders.values()), None)
    return found, *answering(question, found, registry.embedder(model) if model else None, k)


@steady
def _extracted(chunks: "Table", question: str, k: int, where: str | None,
               because: "Because | None" = None) -> tuple[Answer, dict[str, str], int]:
    """(the answer, {cited row: its hash}, who may read the answer)."""
    db = chunks.project
    snapshot, heads = db.snapshot, db.heads()       # one reading: a run may publish at any moment
    found, chosen, why = _chosen(db, heads, chunks.name, question, k, where, because)
    hits = found.hits
    places = Places(chunks, heads, [hits[c.passage] for c in chosen])
    citations = [places.cite(n, hits[c.passage], c.start, c.end) for n, c in enumerate(chosen, 1)]
    sentences = [Sentence(plain(c.quote), [c]) for c in citations]
    answer = Answer(question, bool(citations), " ".join(s.text for s in sentences), sentences, citations, snapshot,
                    steps=[*([because.step] if because else []), *absent(question, found)],
                    because=because.item.id if because else "", why=why)
    readers = db.catalog.intersect([asker(db), *places.readers, *(because.readers if because else ())])
    return answer, places.hashes, readers


def asker(db: "Project") -> int:
    """Who may read a question and its answer: its asker, or the owner alone."""
    return NOBODY if db.person is None else db.catalog.own_code([db.person])


def absent(question: str, found: "Found") -> list[Step]:
    """That no row holds a name or a code of the question, if so."""
    words = [*found.unknown, *(word.strip("?!.,;:") for word in question.split() if set(registry.codes(word)) & set(found.absent))]
    return [Step("search", "absent", f"no row holds {', '.join(map(repr, words))}")] if words else []


def plain(quote: str) -> str:
    """A quote as a sentence of an answer: on one line, without the mark of a list item."""
    return _MARKER.sub("", " ".join(quote.split()), count=1)


def answering(question: str, found: "Found", embedder: Embedder | None, k: int = PASSAGES) -> tuple[list[Chosen], dict[str, float]]:
    """What a search's first k hits answer: `ask` and `saem evaluate` decide here, so that what the one measures the other does."""
    if not found.hits or "text" not in found.hits[0].row:
        return [], {"support": 0.0}
    return Evidence(question, candidates(passages_of(found)[:k]), found, embedder).chosen()


def passages_of(found: "Found") -> list[Passage]:
    """The hits as text with what stands above it."""
    return [Passage(h.row["text"], h.row.get("heading") or h.row.get("title") or "", h.score, h.why.get("z", 0.0)) for h in found.hits]


class Places:
    """Where the hits stand: in their documents if these are known by offsets, else in themselves."""

    def __init__(self, chunks: "Table", heads: Mapping[str, Head], hits: Sequence["Hit"]) -> None:
        self.chunks, self.db, self.heads = chunks, chunks.project, heads
        self.hashes: dict[str, str] = {}
        self.readers: list[int] = []                  # of the rows that are cited
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
        label = [n for n in ("path", "key", "title", *(("page_starts", "recognised") if columns else ())) if n in dataset.schema.names]
        found = lookup(dataset, "_id", pa.array(sorted(set(rows)), ID), ["_id", "_hash", "_readers", "_parents", *label, *columns])
        return {row["_id"]: row for row in found.to_pylist()}

    def rows_of(self, hits: Sequence["Hit"]) -> list[str]:
        """The rows that hold the texts of hits, by id: their documents, or themselves."""
        return [parent.hex() if parent is not None else hit.id for hit in hits for parent in [self._parent(hit)]]

    def readers_of(self, hits: Sequence["Hit"]) -> list[int]:
        """The codes of those who may read those rows."""
        return [int((self.documents[parent][1] if parent is not None else self.own[bytes.fromhex(hit.id)])["_readers"])
                for hit in hits for parent in [self._parent(hit)]]

    def _parent(self, hit: "Hit") -> bytes | None:
        return next((p for p in self.own[bytes.fromhex(hit.id)]["_parents"] if p in self.documents), None)

    def cite(self, n: int, hit: "Hit", start: int, end: int) -> Citation:
        """A citation of characters start:end of a hit's text."""
        own = self.own[bytes.fromhex(hit.id)]
        parent = self._parent(hit)
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
        sure = [r["confidence"] for r in values.get("recognised") or [] if r["start"] < end and start < r["end"]]
        return Citation(n, table, row.hex(), key, page, start, end, quote, min(sure, default=None))
