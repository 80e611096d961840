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


@dataclasses.dataclass(frozen=True, kw_only=True)
class OccasionRow:
    """One way of one evaluation. place: its rank among the ways."""
    key: str
    evaluation: str
    evaluated_at: datetime.datetime
    questions: str
    answerable: int
    unanswerable: int
    snapshot: int
    place: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluationRow(OccasionRow):
    """One variant; the first is the one that was in use. See `evaluating.Score`."""
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerScoreRow(OccasionRow):
    """One mode and model. See `answering.AnswerScore`."""
    mode: str
    model: str
    support: float | None
    precision: float | None
    recall: float | None
    refused: float | None
    wrongly_refused: float | None
    sentences: float
    written: int
    stood: float | None
    helped: float | None
    p50_s: float
    p95_s: float
    cost: float


ROWS: dict[str, type[OccasionRow]] = {"evaluations": EvaluationRow, "answer_scores": AnswerScoreRow}      # by table


def declare(db: "Project", table: str) -> None:
    """The table, once a project."""
    if table not in db.tables:
        db.source(table, records(ROWS[table], key="key"))


def figures_of(made: "Evaluation | AnswerEvaluation", score: Any, table: str) -> dict[str, Any]:
    """What the row of a way says beyond the occasion."""
    own = [field.name for field in dataclasses.fields(ROWS[table]) if field.name not in OccasionRow.__dataclass_fields__]
    return {name: score.named[name] if name in score.named else getattr(score if hasattr(score, name) else made, name) for name in own}


def record(db: "Project", table: str, made: "Evaluation | AnswerEvaluation") -> None:
    """Keep the figures: durable at once, in the table as soon as no other run is at work."""
    declare(db, table)
    shared: dict[str, Any] = {"evaluation": made.key, "evaluated_at": made.evaluated_at, "questions": made.questions,
                              "answerable": made.answerable, "unanswerable": made.unanswerable, "snapshot": made.snapshot}
    db.tables[table].put([ROWS[table](key=f"{made.key}:{place}", place=place, **shared, **figures_of(made, score, table))
                          for place, score in enumerate(made.scores)])
    try:
        db.run(only=[table, *(["calls"] if "calls" in db.tables else [])])
    except SaemError as error:
        if error.code != "E301":
            raise


def last(db: "Project") -> list[dict[str, Any]]:
    """The rows of the newest evaluation, in their order. Raises: E208 where there is none."""
    if "evaluations" not in db.catalog.heads():
        raise SaemError("E208", "nothing has been evaluated yet", fix="saem evaluate QUESTIONS.jsonl")
    rows = db.table("evaluations").to_arrow().to_pylist()
    newest = max(rows, key=lambda row: row["evaluated_at"])["evaluation"]
    return sorted((row for row in rows if row["evaluation"] == newest), key=lambda row: row["place"])
