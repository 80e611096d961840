"""Answers and citations are rows: recorded when they are given, with the cited rows as their parents."""
import dataclasses
import datetime
import uuid
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
class Sentence:
    """One sentence of an answer, and the numbers of the citations that it stands on."""
    text: str
    citations: list[int]


@dataclasses.dataclass(frozen=True)
class Citation:
    """quote == the text of `row` in `table`, from character `start` to `end`; page is null where there are no pages."""
    n: int
    table: str
    row: str
    key: str
    page: int | None
    start: int
    end: int
    quote: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was asked, what was found. `answer` is the id of its row, `snapshot` the publish that it was read from."""
    question: str
    found: bool
    text: str
    sentences: list[Sentence]
    citations: list[Citation]
    stale: bool
    snapshot: int
    answer: str
    why: dict[str, float] = dataclasses.field(default_factory=dict, compare=False)

    def to_dict(self) -> dict[str, Any]:
        made = dataclasses.asdict(self)
        made.pop("why")
        return made

    def _repr_html_(self) -> str:
        if not self.found:
            return html.paragraph(f"{self.question}") + html.paragraph("Not found: the documents do not answer this.")
        said = "".join(html.paragraph(f"{s.text} {' '.join(f'[{n}]' for n in s.citations)}") for s in self.sentences)
        places = [[f"[{c.n}]", c.key, c.page, f"{c.start}-{c.end}", c.quote] for c in self.citations]
        return said + html.table(["", "document", "page", "characters", "quote"], places)


@dataclasses.dataclass(frozen=True)
class AnswerRow:
    key: str
    question: str
    found: bool
    text: str
    sentences: list[Sentence]
    snapshot: int
    asked_at: datetime.datetime      # UTC


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


def record(db: "Project", answer: Answer, hashes: dict[str, str], readers: int) -> Answer:
    """Keep an answer: durable at once, in the tables as soon as no other run is at work. Returns it with its id."""
    declare(db)
    key = uuid.uuid4().hex
    name = row_ids("answers", [digest("answers", key)], [b""], [0])[0].hex()
    parents = [sorted({bytes.fromhex(c.row) for c in answer.citations})]
    row = AnswerRow(key, answer.question, answer.found, answer.text, answer.sentences, answer.snapshot, datetime.datetime.now(datetime.UTC))
    cited = [CitationRow(f"{key}:{c.n}", name, c.n, c.table, c.row, hashes[c.row], c.key, c.page, c.start, c.end, c.quote)
             for c in answer.citations]
    db.tables["answers"].put([row], parents, [readers])
    db.tables["citations"].put(cited, [[bytes.fromhex(c.row), bytes.fromhex(name)] for c in cited], [readers] * len(cited))
    try:
        db.run(only=["answers", "citations"])
    except SaemError as error:
        if error.code != "E301":        # the run that is at work, or the next, takes them in
            raise
    return dataclasses.replace(answer, answer=name)


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
