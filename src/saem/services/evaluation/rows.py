"""Evaluations are rows, so that two of them can be compared: `saem sql "select * from evaluations"`."""
import dataclasses
import datetime
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError
from saem.sources.records import records

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.services.evaluation.answering import AnswerEvaluation
    from saem.services.evaluation.evaluating import Evaluation

TABLE, ANSWERS = "evaluations", "answer_scores"


@dataclasses.dataclass(frozen=True)
class EvaluationRow:
    """One variant of one evaluation. Its rank among them is `place`; the first is the one that was in use."""
    key: str
    evaluation: str
    evaluated_at: datetime.datetime
    questions: str
    answerable: int
    unanswerable: int
    snapshot: int
    place: int
    chunk: str
    model: str
    verdict: str
    chunks: int
    mean_chars: float
    ndcg: float | None
    ndcg_low: float
    ndcg_high: float
    recall: float | None
    recall_at: int
    mrr: float | None
    passage: float | None
    answered: float | None
    refused: float | None
    p50_ms: float
    p95_ms: float
    build_s: float
    computed: int
    reused: int
    apart: float
    apart_low: float
    apart_high: float


@dataclasses.dataclass(frozen=True)
class AnswerScoreRow:
    """One mode and model of one evaluation of answers; see `answering.AnswerScore`."""
    key: str
    evaluation: str
    evaluated_at: datetime.datetime
    questions: str
    answerable: int
    unanswerable: int
    snapshot: int
    mode: str
    model: str
    support: float | None
    precision: float | None
    recall: float | None
    refused: float | None
    wrongly_refused: float | None
    sentences: float
    dropped: int
    p50_s: float
    p95_s: float
    cost: float


def declare_answers(db: "Project") -> None:
    """The table of the figures of answers, once a project."""
    if ANSWERS not in db.tables:
        db.source(ANSWERS, records(AnswerScoreRow, key="key"))


def declare(db: "Project") -> None:
    """The table, once a project."""
    if TABLE not in db.tables:
        db.source(TABLE, records(EvaluationRow, key="key"))


def rows_of(made: "Evaluation") -> list[EvaluationRow]:
    """The figures of an evaluation as rows."""
    shared: dict[str, Any] = {"evaluation": made.key, "evaluated_at": made.evaluated_at, "questions": made.questions,
                              "answerable": made.answerable, "unanswerable": made.unanswerable, "snapshot": made.snapshot,
                              "recall_at": made.recall_at}
    own = {field.name for field in dataclasses.fields(EvaluationRow)} - set(shared) - {"key", "place", "chunk", "model"}
    return [EvaluationRow(key=f"{made.key}:{place}", place=place, chunk=score.variant.cut, model=score.variant.model,
                          **shared, **{name: getattr(score, name) for name in own}) for place, score in enumerate(made.scores)]


def record_answers(db: "Project", made: "AnswerEvaluation") -> None:
    """Keep the figures of answers, a row a way."""
    declare_answers(db)
    shared: dict[str, Any] = {"evaluation": made.key, "evaluated_at": made.evaluated_at, "questions": made.questions,
                              "answerable": made.answerable, "unanswerable": made.unanswerable, "snapshot": made.snapshot}
    own = {field.name for field in dataclasses.fields(AnswerScoreRow)} - set(shared) - {"key", "mode", "model"}
    db.tables[ANSWERS].put([AnswerScoreRow(key=f"{made.key}:{score.way.name}", mode=score.way.mode, model=score.way.model, **shared,
                                           **{name: getattr(score, name) for name in own}) for score in made.scores])
    _taken_in(db, [ANSWERS, *(["calls"] if "calls" in db.tables else [])])


def _taken_in(db: "Project", tables: list[str]) -> None:
    """As soon as no other run is at work."""
    try:
        db.run(only=tables)
    except SaemError as error:
        if error.code != "E301":
            raise


def record(db: "Project", made: "Evaluation") -> None:
    """Keep the figures: durable at once, in the table as soon as no other run is at work."""
    declare(db)
    db.tables[TABLE].put(rows_of(made))
    _taken_in(db, [TABLE])


def last(db: "Project") -> list[dict[str, Any]]:
    """The rows of the newest evaluation, in their order. Raises: E208 where there is none."""
    if TABLE not in db.catalog.heads():
        raise SaemError("E208", "nothing has been evaluated yet", fix="saem evaluate QUESTIONS.jsonl")
    rows = db.table(TABLE).to_arrow().to_pylist()
    newest = max(rows, key=lambda row: row["evaluated_at"])["evaluation"]
    return sorted((row for row in rows if row["evaluation"] == newest), key=lambda row: row["place"])
