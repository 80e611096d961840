"""Answers and citations are rows: recorded when they are given, with the cited rows as their parents."""
import dataclasses
import datetime
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core import html
from saem.core.errors import SaemError
from saem.core.identity import ID, digest, row_ids
from saem.sources.records import records
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.project import Project


@dataclasses.dataclass(frozen=True)
class Citation:
    """quote == the text of `row` in `table`, from character `start` to `end`; page is null where there are no pages.

    ocr: the quote was read from a picture, with this confidence, from 0 to 1; null where the text is the file's own.
    """
    n: int
    table: str
    row: str
    key: str
    page: int | None
    start: int
    end: int
    quote: str
    ocr: float | None = None


@dataclasses.dataclass(frozen=True)
class Sentence:
    """One sentence of an answer, and what it stands on."""
    text: str
    citations: list[Citation]


@dataclasses.dataclass(frozen=True)
class Step:
    """What was decided on the way to an answer: step 'retrieve', 'relevant', 'write', 'supported', 'useful' ..., and why."""
    step: str
    decision: str
    why: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was asked, what was found. `answer` is the id of its row, `snapshot` the publish that it was read from.

    mode        extract: the documents' own sentences; generate: sentences that a model wrote and passages support
    cost        of the model's calls; model: its name, '' where none wrote
    unanswered  parts of the question that the documents do not answer
    steps       what was decided on the way, in order
    because     id of the memory that decided which passage answers, '' where none did
    """
    question: str
    found: bool
    text: str
    sentences: list[Sentence]
    citations: list[Citation]
    snapshot: int
    answer: str = ""
    mode: str = "extract"
    model: str = ""
    cost: float = 0.0
    unanswered: list[str] = dataclasses.field(default_factory=list)
    steps: list[Step] = dataclasses.field(default_factory=list, compare=False)
    because: str = ""
    why: dict[str, float] = dataclasses.field(default_factory=dict, compare=False)
    project: "Project | None" = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def stale(self) -> bool:
        """Whether a cited row has changed or gone since."""
        return bool(self.project is not None and self.answer and self.answer in stale(self.project.origin))

    def trace(self) -> Any:
        """The answer's row: up to the source records, through the documents that it was made from."""
        if self.project is None or not self.answer:
            raise SaemError("E209", "an answer that is not kept has no row", fix="ask(chunks, question), without keep=False")
        return self.project.trace(self.answer)

    def to_dict(self) -> dict[str, Any]:
        made = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name not in ("why", "project")}
        made["citations"] = [dataclasses.asdict(each) for each in self.citations]
        made["sentences"] = [{"text": each.text, "citations": [c.n for c in each.citations]} for each in self.sentences]
        made["steps"] = [dataclasses.asdict(each) for each in self.steps]
        return made | {"stale": self.stale}

    def _repr_html_(self) -> str:
        if not self.found:
            return html.paragraph(f"{self.question}") + html.paragraph("Not found: the documents do not answer this.")
        said = "".join(html.paragraph(f"{s.text} {' '.join(f'[{c.n}]' for c in s.citations)}") for s in self.sentences)
        places = [[f"[{c.n}]", c.key, c.page, f"{c.start}-{c.end}", c.quote, "" if c.ocr is None else f"{c.ocr:.0%} sure"]
                  for c in self.citations]
        return said + html.table(["", "document", "page", "characters", "quote", "read by OCR"], places)


@dataclasses.dataclass(frozen=True)
class SentenceRow:
    text: str
    citations: list[int]        # their numbers


@dataclasses.dataclass(frozen=True)
class AnswerRow:
    key: str
    question: str
    found: bool
    text: str
    sentences: list[SentenceRow]
    snapshot: int
    asked_at: datetime.datetime      # UTC
    mode: str = "extract"
    model: str = ""
    cost: float = 0.0
    unanswered: list[str] = dataclasses.field(default_factory=list)
    steps: list[Step] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class CitationRow:
    key: str
    answer: str
    n: int
    table: str
    row: str
    row_hash: str       # of the cited row when it was cited: another one now makes the answer stale
    path: str
    page: int | None
    start: int
    end: int
    quote: str


def declare(db: "Project") -> None:
    """The tables `answers` and `citations`, once a project."""
    for name, row_class in (("answers", AnswerRow), ("citations", CitationRow)):
        if name not in db.tables:
            db.source(name, records(row_class, key="key"))


def record(db: "Project", answer: Answer, hashes: dict[str, str], readers: int, shown: Iterable[str] = ()) -> Answer:
    """Keep an answer: durable at once, in the tables as soon as no other run is at work. Returns it with its id.

    shown  ids of rows that a model read for it: its parents beside the cited ones
    """
    declare(db)
    key = uuid.uuid4().hex
    name = row_ids("answers", [digest("answers", key)], [b""], [0])[0].hex()
    parents = [sorted({bytes.fromhex(row) for row in (*shown, *(c.row for c in answer.citations))})]
    said = [SentenceRow(each.text, [c.n for c in each.citations]) for each in answer.sentences]
    row = AnswerRow(key, answer.question, answer.found, answer.text, said, answer.snapshot, datetime.datetime.now(datetime.UTC),
                    answer.mode, answer.model, answer.cost, answer.unanswered, answer.steps)
    cited = [CitationRow(f"{key}:{c.n}", name, c.n, c.table, c.row, hashes[c.row], c.key, c.page, c.start, c.end, c.quote)
             for c in answer.citations]
    db.tables["answers"].put([row], parents, [readers])
    db.tables["citations"].put(cited, [[bytes.fromhex(c.row), bytes.fromhex(name)] for c in cited], [readers] * len(cited))
    try:
        db.run(only=[name for name in ("answers", "citations", "calls") if name in db.tables])
    except SaemError as error:
        if error.code != "E301":        # the run that is at work, or the next, takes them in
            raise
    return dataclasses.replace(answer, answer=name, project=db)


def stale(db: "Project") -> set[str]:
    """The ids of the answers of which a cited row has changed or gone."""
    if "citations" not in db.heads():
        return set()
    cited = db.table("citations").to_arrow(["answer", "table", "row", "row_hash"])
    made: set[str] = set()
    for table in set(cited["table"].to_pylist()):
        rows = [r for r in cited.to_pylist() if r["table"] == table]
        held = {}
        if table in db.heads():
            wanted = pa.array(sorted({bytes.fromhex(r["row"]) for r in rows}), ID)
            found = lookup(db.published(table), "_id", wanted, ["_id", "_hash"])
            held = {i.hex(): h.hex() for i, h in zip(found["_id"].to_pylist(), found["_hash"].to_pylist(), strict=True)}
        made |= {r["answer"] for r in rows if held.get(r["row"]) != r["row_hash"]}
    return made
