"""Ask every question of every variant, and say what was found, how fast, and whether a difference is more than chance."""
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import mean
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError, caller
from saem.core.run import OnProgress, Progress, ignore
from saem.engine.searching import explore
from saem.infer.asking import PASSAGES, answering
from saem.services.evaluation.metrics import average, difference, interval, ndcg, percentile, recall, reciprocal_rank
from saem.services.evaluation.occasion import Occasion, occasion, side_by_side
from saem.services.evaluation.questions import Question, check, read
from saem.services.evaluation.variants import Layout, Variant, Workshop, layout, only, variants

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table
    from saem.store.search import Found

POOL = 50              # chunks that are looked at for the first ten documents
RANKS = 10
RECALL_AT = 5
WARM_UP = 3            # questions asked before the clock runs: the first ones load the models


@dataclass(frozen=True)
class Outcome:
    """What came of one question: gain = nDCG@10; has_passage: one of the first chunks holds the sentence that was told."""
    question: Question
    gain: float
    recall: float
    reciprocal: float
    has_passage: bool
    is_answered: bool       # the answer cites a document that was told, and says the sentence where it stands there
    is_refused: bool
    search_ms: float
    ranked: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """One variant's figures over all questions. Shares in [0, 1]; None where no question tells."""
    variant: Variant
    chunks: int
    mean_chars: float
    ndcg: float | None
    ndcg_low: float
    ndcg_high: float
    recall: float | None
    mrr: float | None
    passage: float | None       # of the questions with a sentence: a chunk among the first 5 holds it
    answered: float | None      # of the answerable questions: `ask` cites the right place
    refused: float | None       # of the unanswerable questions
    p50_ms: float
    p95_ms: float
    build_s: float              # of this evaluation; what is held from former ones costs nothing
    computed: int               # texts that were embedded for it
    reused: int                 # texts that some table had the vectors of
    apart: float = 0.0          # nDCG less that of the current variant, question by question
    apart_low: float = 0.0
    apart_high: float = 0.0
    outcomes: tuple[Outcome, ...] = field(default=(), repr=False)

    @property
    def named(self) -> dict[str, str]:
        return {"chunk": self.variant.cut, "model": self.variant.model}

    @property
    def verdict(self) -> str:
        """'better', 'worse' or 'noise'; 'current' of the one in use."""
        if self.variant.is_current:
            return "current"
        return "better" if self.apart_low > 0 else "worse" if self.apart_high < 0 else "noise"


@dataclass(frozen=True, kw_only=True)
class Evaluation(Occasion):
    """All variants side by side. failed: those that could not be built, and why."""
    recall_at: int
    scores: tuple[Score, ...]
    failed: tuple[tuple[Variant, str], ...] = ()
    unfound: int = 0            # sentences that stand in none of their documents; they are not looked for

    @property
    def best(self) -> Score | None:
        """The variant to adopt: of those that are surely better than the current one, that with the highest nDCG; None = keep."""
        better = [score for score in self.scores if score.verdict == "better"]
        return max(better, key=lambda score: score.ndcg or 0.0, default=None)


def evaluate(db: "Project", questions: str, *, chunk: Sequence[str] = (), embed: Sequence[str] = (), table: "Table | None" = None,
             k: int = RECALL_AT, keep: bool = True, on_progress: OnProgress = ignore) -> Evaluation:
    """How well a project finds what its questions ask for: as it is, and cut or embedded in other ways.

    questions  a .jsonl or .csv file, see `questions.read`
    chunk      chunkings, as 'heading:800'; by default every strategy with the project's max_chars
    embed      models, as embed() takes them; by default the project's
    table      the searched table, where there are several
    k          of recall@k
    keep       record the figures in the table `evaluations`

    The variants are built in `.saem/evaluate`, beside what is published, which is only read. A variant that cannot be built is told.
    Raises: E501 for a wrong file, E502 for a table that cannot be varied, E208 where nothing is published.
    """
    if k < 1:
        raise SaemError("E104", f"k is {k}", where=caller(), fix="at least 1")
    asked = read(questions)
    found = layout(table or only(db))
    wanted = variants(found, list(chunk), list(embed))
    texts = _documents(found)
    check(asked, set(texts), questions)
    told = [_told(question, texts) for question in asked]
    workshop = Workshop(found)
    try:
        scores, failed = side_by_side(wanted, lambda variant: _score(workshop, variant, told, k, on_progress),
                                      ends=lambda variant, error: variant.is_current or error.code == "E301")
    finally:
        workshop.close()
    made = Evaluation(**occasion(db, questions, told), recall_at=k, scores=tuple(_compared(scores)), failed=failed,
                      unfound=sum(a.sentence != b.sentence for a, b in zip(asked, told, strict=True)))
    if keep:
        from saem.services.evaluation.rows import record
        record(db, "evaluations", made)
    return made


def _documents(found: Layout) -> dict[str, str]:
    """{what a document is called: its text}"""
    held = found.table.project.table(found.base.name).to_arrow([found.label, *(["text"] if "text" in found.base.schema.names else [])])
    texts = held["text"].to_pylist() if "text" in held.column_names else [""] * len(held)
    return {str(name): text or "" for name, text in zip(held[found.label].to_pylist(), texts, strict=True)}


def _told(question: Question, texts: dict[str, str]) -> Question:
    """Without a sentence that stands in none of its documents: an answer in other words is no passage to look for."""
    holding = tuple(document for document in question.documents
                    if question.sentence and question.sentence in " ".join(texts[document].split()))
    return replace(question, sentence=question.sentence if holding else "", holding=holding)


def _score(workshop: Workshop, variant: Variant, questions: Sequence[Question], k: int, on_progress: OnProgress) -> Score:
    tables, name = workshop.declare(variant)
    report = workshop.bring(tables, on_progress)
    counts = [report.tables[each] for each in tables]
    embedder = workshop.embedder(variant.model)
    heads = workshop.db.catalog.heads()
    outcomes: list[Outcome] = []
    for question in questions[:WARM_UP]:
        explore(workshop.db, name, question.question, POOL, None, heads)
    for number, question in enumerate(questions, 1):
        clock = time.perf_counter()
        found = explore(workshop.db, name, question.question, POOL, None, heads)
        took = 1000 * (time.perf_counter() - clock)
        outcomes.append(_outcome(question, found, workshop.layout.label, embedder, k, took))
        on_progress(Progress(f"{variant.cut} {variant.model}", number, len(questions)))
    texts = workshop.db.table(name).to_arrow(["text"])["text"].to_pylist() if "text" in workshop.db.table(name).columns else []
    there = [each for each in outcomes if each.question.is_answerable]
    told = [each for each in there if each.question.sentence]
    away = [each for each in outcomes if not each.question.is_answerable]
    gains, times = [each.gain for each in there], [each.search_ms for each in outcomes]
    low, high = interval(gains)
    return Score(variant, workshop.db.table(name).count(), mean(map(len, texts)) if texts else 0.0, average(gains), low, high,
                 average([each.recall for each in there]), average([each.reciprocal for each in there]),
                 average([each.has_passage for each in told]), average([each.is_answered for each in there]),
                 average([each.is_refused for each in away]), percentile(times, 0.5), percentile(times, 0.95),
                 sum(each.seconds for each in counts), sum(each.computed for each in counts), sum(each.reused for each in counts),
                 outcomes=tuple(outcomes))


def _outcome(question: Question, found: "Found", label: str, embedder: Any, k: int, took: float) -> Outcome:
    ranked = tuple(dict.fromkeys(str(hit.row.get(label)) for hit in found.hits))
    wanted, sentence = question.documents, question.sentence
    passages = [" ".join(str(hit.row.get("text", "")).split()) for hit in found.hits[:k] if str(hit.row.get(label)) in wanted]
    near = found.hits[:PASSAGES]
    chosen, _ = answering(question.question, found, embedder)
    cited = [(str(near[place.passage].row.get(label)), near[place.passage].row["text"][place.start:place.end]) for place in chosen]
    is_answered = any(document in wanted and (document not in question.holding or sentence in " ".join(quote.split()))
                      for document, quote in cited)
    return Outcome(question, ndcg(ranked, wanted, RANKS), recall(ranked, wanted, k), reciprocal_rank(ranked, wanted, RANKS),
                   bool(sentence) and any(sentence in passage for passage in passages), is_answered, not chosen, took, ranked[:RANKS])


def _compared(scores: Sequence[Score]) -> list[Score]:
    """Each with its difference to the current variant."""
    current = next(score for score in scores if score.variant.is_current)
    base = [each.gain for each in current.outcomes if each.question.is_answerable]
    made = []
    for score in scores:
        gains = [each.gain for each in score.outcomes if each.question.is_answerable]
        apart, low, high = difference(gains, base, len(scores) - 1)
        made.append(replace(score, apart=apart, apart_low=low, apart_high=high))
    return made
