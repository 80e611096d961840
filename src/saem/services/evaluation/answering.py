"""Ask every question of a file in every mode and by every model, and say how far the answers stand on what they cite."""
import datetime
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.errors import SaemError, caller, suggest
from saem.core.protocols import TokenEmbedder
from saem.core.run import OnProgress, Progress, ignore
from saem.infer.answers import Answer
from saem.infer.asking import MODES, ask
from saem.infer.grounding import Checker
from saem.infer.llm import model as configured
from saem.infer.sentences import Passage
from saem.services.evaluation.metrics import interval, percentile
from saem.services.evaluation.questions import Question, check, read
from saem.services.evaluation.variants import layout, only

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table


@dataclass(frozen=True)
class Way:
    """A mode, and the model that words the answers; '' = none does."""
    mode: str
    model: str = ""

    @property
    def name(self) -> str:
        return f"{self.mode} {self.model}".strip()


@dataclass(frozen=True)
class Given:
    """What came of one question. supported: sentences that their own citations say; precise: citations of a document that was told."""
    question: Question
    answer: Answer
    seconds: float
    sentences: int
    supported: int
    citations: int
    precise: int
    is_recalled: bool        # a citation holds the sentence that was told, or is of a document that was
    dropped: int             # sentences of the model that no passage supports

    @property
    def is_right(self) -> bool:
        return self.is_recalled if self.question.is_answerable else not self.answer.found


@dataclass(frozen=True)
class AnswerScore:
    """One way over all questions. Shares in [0, 1]; None where nothing tells."""
    way: Way
    support: float | None        # of the sentences: what they cite says them, by the checker
    precision: float | None      # of the citations, on answerable questions
    recall: float | None         # of the answerable questions
    recall_low: float
    recall_high: float
    refused: float | None        # of the unanswerable questions
    wrongly_refused: float | None
    sentences: float             # an answer
    dropped: int
    p50_s: float
    p95_s: float
    cost: float                  # of all questions
    given: tuple[Given, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class AnswerEvaluation:
    """All ways side by side. failed: those whose model could not be used, and why."""
    key: str
    evaluated_at: datetime.datetime
    questions: str
    answerable: int
    unanswerable: int
    snapshot: int
    scores: tuple[AnswerScore, ...]
    failed: tuple[tuple[Way, str], ...] = ()


def evaluate_answers(db: "Project", questions: str, *, modes: Sequence[str] = (), models: Sequence[str] = (), table: "Table | None" = None,
                     keep: bool = True, on_progress: OnProgress = ignore) -> AnswerEvaluation:
    """How well questions are answered: in each mode, and in generate mode by each model.

    questions  a .jsonl or .csv file, as for `evaluate`
    modes      extract, generate; by default both, if a model is configured
    models     names in saem.toml; by default all
    keep       record the figures in the table `answer_scores`
    Raises: E501 for a wrong file, E104 for a mode that is none, E102 for a model that is none.
    """
    for mode in modes:
        if mode not in MODES:
            raise SaemError("E104", f"no mode is named '{mode}'", where=caller(), fix=suggest(mode, MODES, "mode"))
    searched = table or only(db)
    found = layout(searched)
    asked = read(questions)
    check(asked, {str(name) for name in db.table(found.base.name).to_arrow([found.label])[found.label].to_pylist()}, questions)
    scores: list[AnswerScore] = []
    failed: list[tuple[Way, str]] = []
    for way in _ways(db, modes, models):
        try:
            scores.append(_score(searched, way, asked, on_progress))
        except SaemError as error:
            if error.code not in ("E801", "E802", "E804", "E103"):
                raise
            failed.append((way, f"[{error.code}] {error.what}"))
    made = AnswerEvaluation(uuid.uuid4().hex, datetime.datetime.now(datetime.UTC), os.path.basename(questions),
                            sum(each.is_answerable for each in asked), sum(not each.is_answerable for each in asked), db.snapshot,
                            tuple(scores), tuple(failed))
    if keep and scores:
        from saem.services.evaluation.rows import record_answers
        record_answers(db, made)
    return made


def _ways(db: "Project", modes: Sequence[str], models: Sequence[str]) -> list[Way]:
    names = list(models) or list(db.models)
    for name in names:
        configured(db, name)             # a mistyped one is told before anything is asked
    wanted = modes or (["extract", "generate"] if names else ["extract"])
    if "generate" in wanted and not names:
        configured(db)                   # raises: none is configured
    return [way for mode in dict.fromkeys(wanted) for way in ([Way(mode)] if mode == "extract" else [Way(mode, name) for name in names])]


def _score(table: "Table", way: Way, asked: Sequence[Question], on_progress: OnProgress) -> AnswerScore:
    model = next(iter(table.project.heads()[table.name].encoders.values()), None)
    embedder = registry.embedder(model) if model else None
    given: list[Given] = []
    for number, question in enumerate(asked, 1):
        began = time.perf_counter()
        answer = (ask(table, question.question, keep=False) if way.mode == "extract" else
                  ask(table, question.question, keep=False, mode=way.mode, model=way.model))
        given.append(_given(question, answer, time.perf_counter() - began, embedder if isinstance(embedder, TokenEmbedder) else None))
        on_progress(Progress(way.name, number, len(asked)))
    there, away = [each for each in given if each.question.is_answerable], [each for each in given if not each.question.is_answerable]
    sentences, citations = sum(each.sentences for each in given), sum(each.citations for each in there)
    low, high = interval([float(each.is_recalled) for each in there])
    times = [each.seconds for each in given]
    return AnswerScore(
        way, sum(each.supported for each in given) / sentences if sentences else None,
        sum(each.precise for each in there) / citations if citations else None, _share([each.is_recalled for each in there]), low, high,
        _share([not each.answer.found for each in away]), _share([not each.answer.found for each in there]),
        mean(each.sentences for each in given if each.sentences) if sentences else 0.0, sum(each.dropped for each in given),
        percentile(times, 0.5), percentile(times, 0.95), sum(each.answer.cost for each in given), tuple(given))


def _share(values: Sequence[bool]) -> float | None:
    return mean(map(float, values)) if values else None


def _given(question: Question, answer: Answer, seconds: float, embedder: TokenEmbedder | None) -> Given:
    """Whether each sentence is said by what it cites is looked at anew, with its own citations and nothing else."""
    supported = 0
    for sentence in answer.sentences:
        checker = Checker([Passage(citation.quote, "", 1.0) for citation in sentence.citations], embedder)
        is_quoted = any(" ".join(sentence.text.split()) in " ".join(citation.quote.split()) for citation in sentence.citations)
        supported += is_quoted or checker.check(sentence.text).is_supported
    right = [citation for citation in answer.citations if citation.key in question.documents]
    told = [citation for citation in right if question.sentence and question.sentence in " ".join(citation.quote.split())]
    return Given(question, answer, seconds, len(answer.sentences), supported, len(answer.citations), len(right),
                 bool(told if question.sentence else right),
                 sum(step.step == "supported" and step.decision == "no" for step in answer.steps))
