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
from saem.store.table import lookup
from saem.transform.embed import MODEL

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.infer.answers import Answer

TABLE, MARGINS = "approved", "approved_margins"
PRECISION = 0.95          # of the answers that are given, so many must be right
MIN_SCORE = 0.9           # before anything is calibrated: nearly the same words


@dataclass(frozen=True)
class ApprovedRow:
    """cites: 'table:row:hash' of what the answer cited when it was approved; embedding: of the question, by `model`."""
    question: str
    answer: str
    cites: list[str]
    approved_at: datetime.datetime
    model: str
    embedding: list[float]


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
    """The tables, once a project: what is approved, and how near is near enough."""
    if TABLE not in db.tables:
        db.source(TABLE, records(ApprovedRow, key="question"))
        db.source(MARGINS, records(Margin, key="model"))


def model_of(db: "Project") -> str:
    """The embedding model: that of the project's own vectors, else saem's."""
    return next((model for head in db.heads().values() for model in head.encoders.values()), MODEL)


def approve(db: "Project", pairs: "Iterable[tuple[str, str]] | Answer", answer: str = "", readers: Sequence[str] = ("*",)) -> int:
    """Approve (question, answer) pairs, or an answer that `ask` gave; returns how many. Approving a question again replaces its answer.

    An answer that cites is made from what it cites: who may not read that does not get it, and when that changes or goes it is not given.
    readers  of pairs: who may be answered so
    """
    from saem.infer.answers import Answer
    declare(db)
    now, model = datetime.datetime.now(datetime.UTC), model_of(db)
    if isinstance(pairs, Answer):
        if not pairs.found:
            raise SaemError("E104", "nothing was found: there is no answer to approve", where=caller(),
                            fix="approve(db, [(question, answer)])")
        cited = [_cited(db, each.table, each.row) for each in pairs.citations]
        cites = sorted({f"{each.table}:{each.row}:{content}" for each, (_, content) in zip(pairs.citations, cited, strict=True)})
        rows = [ApprovedRow(pairs.question, answer or pairs.text, cites, now, model, _embedded(model, [pairs.question])[0].tolist())]
        db.tables[TABLE].put(rows, [sorted({bytes.fromhex(each.row) for each in pairs.citations})],
                             [db.catalog.intersect([code for code, _ in cited])])
    else:
        told = [(question.strip(), said.strip()) for question, said in pairs]
        if not told or not all(question and said for question, said in told):
            raise SaemError("E104", "a question or an answer is empty", where=caller(),
                            fix='approve(db, [("Where is it?", "On floor 2.")])')
        vectors = _embedded(model, [question for question, _ in told])
        rows = [ApprovedRow(question, said, [], now, model, vector.tolist())
                for (question, said), vector in zip(told, vectors, strict=True)]
        db.tables[TABLE].put(rows, None, [db.catalog.reader_code(list(readers))] * len(rows))
    db.run(only=[TABLE], wait_s=60)
    return len(rows)


def _embedded(model: str, questions: Sequence[str]) -> np.ndarray:
    """(n, d) float32, unit length."""
    return registry.embedder(model).passages(list(questions))


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
    score, ahead, place = known.nearest([question])[0]
    margin = _margin(db, known.model)
    if place < 0:
        return Similar(question, False, "", "", "", 0.0, 0.0)
    found = score >= margin.score and ahead >= margin.ahead and known.stands(place)
    return Similar(question, found, known.answers[place] if found else "", known.questions[place], known.ids[place], score, ahead)


class _Known:
    """The approved questions that a reader may read, as vectors and words."""

    def __init__(self, db: "Project") -> None:
        heads = db.heads()
        if TABLE not in heads:
            raise SaemError("E208", "no answer is approved yet", where=caller(),
                            fix="saem approve ANSWER, or saem approve --file FAQ.jsonl")
        rows = db.published(TABLE, heads).to_table(columns=["_id", "question", "answer", "cites", "model", "embedding"]).to_pylist()
        self.db, self.model = db, model_of(db.origin)
        self.questions, self.answers = [row["question"] for row in rows], [row["answer"] for row in rows]
        self.ids, self.cites = [row["_id"].hex() for row in rows], [row["cites"] for row in rows]
        others = [row["question"] for row in rows if row["model"] != self.model]      # approved before the model was another
        again = iter(_embedded(self.model, others) if others else ())
        self.vectors = np.array([row["embedding"] if row["model"] == self.model else next(again) for row in rows], np.float32)
        self.words = [set(words.split()) for words in registry.tokenize(self.questions)]

    def stands(self, place: int) -> bool:
        """Whether all that an answer cites is still as it was when it was approved."""
        for each in self.cites[place]:
            table, row, content = each.split(":")
            if table not in self.db.heads():
                return False
            try:
                if _cited(self.db, table, row)[1] != content:
                    return False
            except SaemError:
                return False
        return True

    def nearest(self, asked: Sequence[str]) -> list[tuple[float, float, int]]:
        """(score, how far before the best question with another answer, place) of each; place -1 = nothing is known."""
        if not self.questions:
            return [(0.0, 0.0, -1)] * len(asked)
        cosines = _embedded(self.model, asked) @ self.vectors.T
        made = []
        for row, words in zip(cosines, registry.tokenize(list(asked)), strict=True):
            own = set(words.split())
            shared = np.array([len(own & each) / len(own | each) if own | each else 0.0 for each in self.words])
            scores = (row + shared) / 2
            best = int(scores.argmax())
            others = [score for score, answer in zip(scores, self.answers, strict=True) if answer != self.answers[best]]
            made.append((float(scores[best]), float(scores[best] - max(others, default=0.0)), best))
        return made


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
    right = [place >= 0 and known.answers[place] == wanted for (_, _, place), (_, wanted) in zip(found, cases, strict=True)]
    figures = [(score, ahead, is_right) for (score, ahead, _), is_right in zip(found, right, strict=True)]
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
    try:
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError) as error:
        raise SaemError("E501", f"'{path}' cannot be read: {error}", fix='a line: {"question": "...", "answer": "..."}') from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("question"), str) or where not in row:
            raise SaemError("E501", f"line {number} of '{path}' lacks question or {where}", fix='{"question": "...", "answer": "..."}')
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
