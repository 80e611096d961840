"""Similarity answers: a question near enough to one whose answer people have approved gets that answer, else "don't know". No model writes.

A score is half the cosine of the two questions' vectors, half the share of words that they have in common. What is near enough is measured
on a user's own file of questions: see `calibrate`.
"""
import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.identity import ID
from saem.engine.steady import steady
from saem.sources.records import records
from saem.store.candidates import by_words, rows_of
from saem.store.table import lookup
from saem.transform.embed import MODEL, embed

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table
    from saem.infer.answers import Answer

TABLE, QUESTIONS, MARGINS = "approved", "approved_questions", "approved_margins"
COLUMN, WORDS, VECTOR = "question", "_tokens_question", "embedding"
POOL = 64                 # questions that are looked at closely: the nearest by meaning, and as many by words
PRECISION = 0.95          # of the answers that are given, so many must be right
MIN_SCORE = 0.9           # before anything is calibrated: nearly the same words


@dataclass(frozen=True)
class ApprovedRow:
    """cites: 'table:row:hash' of what the answer cited when it was approved."""
    question: str
    answer: str
    cites: list[str]
    approved_at: datetime.datetime


@dataclass(frozen=True)
class Margin:
    """From which score, and how far before the next other answer, an answer is given. right, wrong, refused: of the questions that it was
    not chosen by."""
    model: str
    score: float
    ahead: float
    questions: int
    right: int
    wrong: int
    refused: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"precision": self.precision}


@dataclass(frozen=True)
class Similar:
    """The approved answer of the nearest question, or found=False. row: id of the approved row; ahead: of the next other answer."""
    question: str
    found: bool
    answer: str
    nearest: str
    row: str
    score: float
    ahead: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def declare(db: "Project") -> None:
    """The tables, once a project: what is approved, its questions ready to be searched, and how near is near enough."""
    if TABLE not in db.tables:
        derive(db.source(TABLE, records(ApprovedRow, key="question")), _declared_model(db))
        db.source(MARGINS, records(Margin, key="model"))


def derive(approved: "Table", model: str = MODEL, name: str = QUESTIONS) -> "Table":
    """The questions of a table of approved answers, with words and vectors and an index on both. model: that embeds them."""
    made = approved.derive(name, embed(model=model, column=COLUMN, above=())).index(text=COLUMN, vector=VECTOR)
    made.is_own = True
    return made


def _declared_model(db: "Project") -> str:
    """The embedding model of the tables that the pipeline has declared so far; else that of what is published; else saem's."""
    declared = [str(op.settings.get("model", MODEL)) for table in db.tables.values() for op in table.operators if op.name == "embed"]
    heads = {name: head for name, head in db.heads().items() if name != QUESTIONS}
    return next(iter([*declared, *(model for head in heads.values() for model in head.encoders.values())]), MODEL)


def approve(db: "Project", pairs: "Iterable[tuple[str, str]] | Answer", answer: str = "", readers: Sequence[str] = ("*",)) -> int:
    """Approve (question, answer) pairs, or an answer that `ask` gave; returns how many. Approving a question again replaces its answer.

    An answer that cites is made from what it cites: who may not read that does not get it, and when that changes or goes it is not given.
    readers  of pairs: who may be answered so
    """
    from saem.infer.answers import Answer
    declare(db)
    now = datetime.datetime.now(datetime.UTC)
    if isinstance(pairs, Answer):
        if not pairs.found:
            raise SaemError("E104", "nothing was found: there is no answer to approve", where=caller(),
                            fix="approve(db, [(question, answer)])")
        cited = [_cited(db, each.table, each.row) for each in pairs.citations]
        cites = sorted({f"{each.table}:{each.row}:{content}" for each, (_, content) in zip(pairs.citations, cited, strict=True)})
        rows = [ApprovedRow(pairs.question, answer or pairs.text, cites, now)]
        db.tables[TABLE].put(rows, [sorted({bytes.fromhex(each.row) for each in pairs.citations})],
                             [db.catalog.intersect([code for code, _ in cited])])
    else:
        told = [(question.strip(), said.strip()) for question, said in pairs]
        if not told or not all(question and said for question, said in told):
            raise SaemError("E104", "a question or an answer is empty", where=caller(),
                            fix='approve(db, [("Where is it?", "On floor 2.")])')
        rows = [ApprovedRow(question, said, [], now) for question, said in told]
        db.tables[TABLE].put(rows, None, [db.catalog.reader_code(list(readers))] * len(rows))
    db.run(only=[TABLE, QUESTIONS], wait_s=60)
    return len(rows)


def _cited(db: "Project", table: str, row: str) -> tuple[int, str]:
    """(who may read a row, its hash). Raises: E209 where it is gone."""
    found = lookup(db.published(table), "_id", pa.array([bytes.fromhex(row)], ID), ["_readers", "_hash"]).to_pylist()
    if not found:
        raise SaemError("E209", "what the answer cites is gone", where=caller(), fix="ask again")
    return int(found[0]["_readers"]), found[0]["_hash"].hex()


@steady
def similar(db: "Project", question: str) -> Similar:
    """The approved answer of the nearest question that the asker may read; found=False where none is near enough.

    Raises: E208 where nothing is approved yet.
    """
    known = _Known(db)
    near = known.nearest([question])[0]
    if near is None:
        return Similar(question, False, "", "", "", 0.0, 0.0)
    margin = _margin(db, known.model)
    found = near.score >= margin.score and near.ahead >= margin.ahead and known.stands(near.cites)
    return Similar(question, found, near.answer if found else "", near.question, near.row, near.score, near.ahead)


@dataclass(frozen=True)
class _Near:
    """An approved question. ahead: how far it is before the best one with another answer."""
    question: str
    answer: str
    cites: Sequence[str]
    row: str
    score: float
    ahead: float


class _Known:
    """The approved questions that a reader may read, asked through their index."""

    def __init__(self, db: "Project") -> None:
        self.db, self.heads = db, db.heads()
        if QUESTIONS not in self.heads:
            raise SaemError("E208", "no answer is approved yet", where=caller(),
                            fix="saem approve ANSWER, or saem approve --file FAQ.jsonl")
        self.dataset, self.model = db.published(QUESTIONS, self.heads), self.heads[QUESTIONS].encoders[VECTOR]
        self.rows = rows_of(self.dataset, WORDS, VECTOR)

    def nearest(self, asked: Sequence[str]) -> list[_Near | None]:
        """The nearest question of each; None = nothing is known."""
        vectors = registry.embedder(self.model).passages(list(asked))       # as the known ones: one kind of text on both sides
        return [self._nearest(vector, words.split()) for vector, words in zip(vectors, registry.tokenize(list(asked)), strict=True)]

    def _nearest(self, vector: np.ndarray, asked: Sequence[str]) -> _Near | None:
        places = sorted({*self.rows.nearest(vector, POOL, None), *by_words(self.dataset, asked, WORDS, POOL, None)})
        if not places:
            return None
        words, vectors = self.rows.held(places)
        own = set(asked)
        shared = np.array([len(own & set(each)) / len(own.union(each)) if own or each else 0.0 for each in words])
        scores = (vectors @ vector + shared) / 2
        rows = self.dataset._take_rows(places, columns=["question", "answer", "cites", "_parents"]).to_pylist()
        best = int(scores.argmax())
        others = [score for score, row in zip(scores, rows, strict=True) if row["answer"] != rows[best]["answer"]]
        (row,) = rows[best]["_parents"]     # of `approved`
        return _Near(rows[best]["question"], rows[best]["answer"], rows[best]["cites"], row.hex(), float(scores[best]),
                     float(scores[best] - max(others, default=0.0)))

    def stands(self, cites: Sequence[str]) -> bool:
        """Whether all that an answer cites is still as it was when it was approved."""
        for each in cites:
            table, row, content = each.split(":")
            if table not in self.heads:
                return False
            try:
                if _cited(self.db, table, row)[1] != content:
                    return False
            except SaemError:
                return False
        return True


def _margin(db: "Project", model: str) -> Margin:
    if MARGINS in db.heads():
        for row in db.origin.table(MARGINS).to_arrow().to_pylist():
            if row["model"] == model:
                return Margin(**row)
    return Margin(model, MIN_SCORE, 0.0, 0, 0, 0, 0)


def calibrate(db: "Project", cases: Sequence[tuple[str, str | None]], precision: float = PRECISION) -> Margin:
    """Measure how near is near enough, and keep it. cases: (question, the answer that is right, None = none is).

    Each half of the cases chooses for the other: the figures are of questions that did not choose. What is kept is chosen by all.
    Raises: E501 for too few cases.
    """
    if len(cases) < 10:
        raise SaemError("E501", f"{len(cases)} questions are too few to calibrate by", where=caller(),
                        fix="at least 10, some of which none answers")
    known = _Known(db)
    found = known.nearest([question for question, _ in cases])
    figures = [(near.score, near.ahead, near.answer == wanted) if near else (0.0, 0.0, False)
               for near, (_, wanted) in zip(found, cases, strict=True)]
    counted = np.zeros(3, int)
    for half in (0, 1):
        score, ahead = _chosen(figures[half::2], precision)
        for each in figures[1 - half::2]:
            given = each[0] >= score and each[1] >= ahead
            counted += (given and each[2], given and not each[2], not given)
    score, ahead = _chosen(figures, precision)
    margin = Margin(known.model, score, ahead, len(cases), *(int(each) for each in counted))
    db.tables[MARGINS].put([margin], None, [db.catalog.reader_code(["*"])])
    db.run(only=[MARGINS], wait_s=60)
    return margin


def _chosen(figures: Sequence[tuple[float, float, bool]], precision: float) -> tuple[float, float]:
    """The (score, ahead) that gives the most right answers among those whose answers are right often enough; the stricter of equals."""
    best = (0, 2.0, 2.0)
    for score in sorted({each[0] for each in figures}):
        for ahead in (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3):
            given = [each[2] for each in figures if each[0] >= score and each[1] >= ahead]
            if given and sum(given) >= precision * len(given):
                best = max(best, (sum(given), score, ahead))
    return best[1], best[2]


def read_file(path: str, where: str = "answer") -> list[dict[str, Any]]:
    """Lines of JSON with `question` and `answer`. Raises: E501 for a file that is not so."""
    wanted = f'a line: {{"question": "...", "{where}": "..."}}'
    try:
        with open(path, encoding="utf-8") as file:
            lines = [(number, line) for number, line in enumerate(file, 1) if line.strip()]
    except (OSError, ValueError) as error:
        raise SaemError("E501", f"'{path}' cannot be read: {error}", fix=wanted) from error
    rows = []
    for number, line in lines:
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SaemError("E501", f"line {number} of '{path}' is no JSON: {error}", fix=wanted) from error
        if not isinstance(row, dict) or not isinstance(row.get("question"), str) or where not in row:
            raise SaemError("E501", f"line {number} of '{path}' lacks question or {where}", fix=wanted)
        rows.append(row)
    return rows


def given(db: "Project", answer: str) -> "Answer | None":
    """An answer of `ask` by its id (or how it begins, 8 or more digits); None where none is named so."""
    from saem.infer.answers import Answer, Citation, Sentence
    if len(answer) < 8 or "answers" not in db.heads() or set(answer) - set("0123456789abcdef"):
        return None
    rows = [row for row in db.published("answers").to_table(columns=["_id", "question", "found", "text", "snapshot"]).to_pylist()
            if row["_id"].hex().startswith(answer)]
    if len(rows) != 1:
        return None
    name = rows[0]["_id"].hex()
    cited = db.published("citations").to_table(filter=f"answer = '{name}'").to_pylist()
    fields = ("n", "table", "row", "page", "start", "end", "quote")
    citations = [Citation(**{field: row[field] for field in fields}, key=row["path"]) for row in sorted(cited, key=lambda row: row["n"])]
    return Answer(rows[0]["question"], rows[0]["found"], rows[0]["text"], [Sentence(rows[0]["text"], citations)], citations,
                  rows[0]["snapshot"], name)
