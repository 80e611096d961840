"""Ask every question of a file in every mode and by every model, and say how far the answers stand on what they cite."""
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.errors import SaemError, caller, suggest
from saem.core.protocols import Embedder
from saem.core.run import OnProgress, Progress, ignore
from saem.infer.answers import Answer
from saem.infer.asking import MODES, ask
from saem.infer.grounding import Checker
from saem.infer.llm import model as configured
from saem.infer.sentences import Passage
from saem.services.evaluation.metrics import average, interval, percentile
from saem.services.evaluation.occasion import Occasion, occasion, side_by_side
from saem.services.evaluation.questions import Question, check, read
from saem.services.evaluation.variants import layout, only

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table

OUT_OF_REACH = ("E103", "E801", "E802", "E804")       # of one model: the others are still asked


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
    supported: int
    precise: int
    is_recalled: bool        # a citation holds the sentence that was told, or is of a document that was

    @property
    def is_right(self) -> bool:
        return self.is_recalled if self.question.is_answerable else not self.answer.found

    @property
    def checked(self) -> list[bool]:
        """Of each sentence that the model wrote, whether it stood."""
        return [step.decision == "yes" for step in self.answer.steps if step.step == "supported"]

    @property
    def is_helped(self) -> bool:
        """Whether the documents' own sentences were added, because the model's did not answer."""
        return any(step.step == "fall back" for step in self.answer.steps)


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
    written: int                 # sentences, by the model
    stood: float | None          # of these
    helped: float | None         # of the answers that a model was asked for: the documents' own sentences were added
    p50_s: float
    p95_s: float
    cost: float                  # of all questions
    given: tuple[Given, ...] = field(default=(), repr=False)

    @property
    def named(self) -> dict[str, str]:
        return {"mode": self.way.mode, "model": self.way.model}


@dataclass(frozen=True, kw_only=True)
class AnswerEvaluation(Occasion):
    """All ways side by side. failed: those whose model could not be used, and why."""
    scores: tuple[AnswerScore, ...]
    failed: tuple[tuple[Way, str], ...] = ()


def evaluate_answers(db: "Project", questions: str, *, modes: Sequence[str] = (), models: Sequence[str] = (), table: "Table | None" = None,
                     keep: bool = True, on_progress: OnProgress = ignore) -> AnswerEvaluation:
    """How well questions are answered: in each mode, and in generate mode by each model.

    questions  a .jsonl or .csv file, as for `evaluate`
    modes      extract, generate; by default both, if a model is configured
    models     names in saem.toml; by default the first, as `ask` takes it
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
    ways = _ways(db, modes, models)
    ask(searched, asked[0].question, keep=False)          # before the clock runs: the first question loads what reads it
    scores, failed = side_by_side(ways, lambda way: _score(searched, way, asked, on_progress),
                                  ends=lambda _, error: error.code not in OUT_OF_REACH)
    made = AnswerEvaluation(**occasion(db, questions, asked), scores=tuple(scores), failed=failed)
    if keep and scores:
        from saem.services.evaluation.rows import record
        record(db, "answer_scores", made)
    return made


def _ways(db: "Project", modes: Sequence[str], models: Sequence[str]) -> list[Way]:
    wanted = dict.fromkeys(modes or (MODES if models or db.models else MODES[:1]))
    names = [configured(db, name).spec.name for name in models or (None,)] if "generate" in wanted else []
    return [way for mode in wanted for way in ([Way(mode)] if mode == "extract" else [Way(mode, name) for name in names])]


def _score(table: "Table", way: Way, asked: Sequence[Question], on_progress: OnProgress) -> AnswerScore:
    encoder = next(iter(table.project.heads()[table.name].encoders.values()), None)
    embedder = registry.embedder(encoder) if encoder else None
    given: list[Given] = []
    for number, question in enumerate(asked, 1):
        began = time.perf_counter()
        answer = ask(table, question.question, keep=False, mode=way.mode, model=way.model or None)
        given.append(_given(question, answer, time.perf_counter() - began, embedder))
        on_progress(Progress(way.name, number, len(asked)))
    there, away = [each for each in given if each.question.is_answerable], [each for each in given if not each.question.is_answerable]
    said, cited = [len(each.answer.sentences) for each in given], sum(len(each.answer.citations) for each in there)
    checked = [stood for each in given for stood in each.checked]
    low, high = interval([float(each.is_recalled) for each in there])
    times = [each.seconds for each in given]
    return AnswerScore(
        way, sum(each.supported for each in given) / sum(said) if sum(said) else None,
        sum(each.precise for each in there) / cited if cited else None, average([each.is_recalled for each in there]), low, high,
        average([not each.answer.found for each in away]), average([not each.answer.found for each in there]),
        average([count for count in said if count]) or 0.0, len(checked), average(checked),
        average([each.is_helped for each in given if each.answer.found and way.model]),
        percentile(times, 0.5), percentile(times, 0.95), sum(each.answer.cost for each in given), tuple(given))


def _given(question: Question, answer: Answer, seconds: float, embedder: Embedder | None) -> Given:
    """Whether each sentence is said by what it cites is looked at anew, with its own citations and nothing else."""
    supported = 0
    for sentence in answer.sentences:
        checker = Checker([Passage(citation.quote, "", 1.0) for citation in sentence.citations], embedder)
        is_quoted = any(" ".join(sentence.text.split()) in " ".join(citation.quote.split()) for citation in sentence.citations)
        supported += is_quoted or checker.check(sentence.text).is_supported
    right = [citation for citation in answer.citations if citation.key in question.documents]
    told = [citation for citation in right if question.sentence and question.sentence in " ".join(citation.quote.split())]
    return Given(question, answer, seconds, supported, len(right), bool(told if question.sentence else right))
