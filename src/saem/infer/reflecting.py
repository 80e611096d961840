"""What is asked, what is found for it, and whether that is enough; if not, what is missing is searched for again. No model is asked.

Every decision is a step of the answer.
Source: Asai et al. 2023, https://arxiv.org/abs/2310.11511 (Self-RAG); here its critique is computed, not generated.
"""
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.protocols import Embedder
from saem.engine.searching import explore
from saem.infer.answers import Step
from saem.infer.asking import passages_of
from saem.infer.evidence import ENOUGH, Evidence
from saem.infer.injection import speaks_to_a_model
from saem.infer.locality import BARRED, barred
from saem.infer.parts import needs_documents, parts
from saem.infer.sentences import Candidate, Chosen, Passage, candidates
from saem.store.search import Found, Hit

if TYPE_CHECKING:
    from saem.engine.table import Table
    from saem.infer.personal import Because

ROUNDS = 2                 # searches at most: the question's, and one for what is missing


@dataclass
class Part:
    """A part of the question, and how well the passages answer it. chosen: the places of those of their sentences that do."""
    text: str
    support: float = 0.0
    chosen: list[Chosen] = field(default_factory=list)
    evidence: Evidence | None = None

    @property
    def is_answerable(self) -> bool:
        return self.support >= ENOUGH


class Reflection:
    """One question and what is found for it, under the rights of whom the table is opened for.

    hits, passages, sentences   what a model may be shown
    is_remote                   that model is on another machine
    """

    def __init__(self, chunks: "Table", question: str, k: int, where: str | None, is_remote: bool, because: "Because | None") -> None:
        self.chunks, self.db, self.question = chunks, chunks.project, question
        self.k, self.where, self.is_remote, self.because = k, where, is_remote, because
        self.snapshot, self.heads = self.db.snapshot, self.db.heads()       # one reading: a run may publish at any moment
        encoder = next(iter(self.heads[chunks.name].encoders.values()), None)
        self.embedder: Embedder | None = registry.embedder(encoder) if encoder else None
        self.parts: list[Part] = []
        self.hits: list[Hit] = []
        self.passages: list[Passage] = []
        self.sentences: list[Candidate] = []
        self.steps: list[Step] = [because.step] if because else []
        self.figures: dict[str, float] = {}
        self._searched: dict[str, Found] = {}

    @property
    def found(self) -> Found:
        """The search for the question as it was asked."""
        return self._searched[self.question]

    @property
    def answerable(self) -> list[Part]:
        return [part for part in self.parts if part.is_answerable]

    def step(self, name: str, decision: str, why: str) -> None:
        self.steps.append(Step(name, decision, why))

    def look_up(self) -> None:
        """Search for the question; then, for the parts that nothing answers yet, with their own words."""
        if not needs_documents(self.question):
            self.step("retrieve", "no", "nothing is asked that documents could answer")
            return
        self.parts = [Part(text) for text in parts(self.question)]
        told = f"{len(self.parts)} parts: {' | '.join(part.text for part in self.parts)}" if len(self.parts) > 1 else "one question"
        self.step("retrieve", "yes", told)
        queries = [self.question]
        for number in range(1, ROUNDS + 1):
            known = len(self.hits)
            for query in queries:
                self._take(query, number)
            for part in self.parts:
                if not part.is_answerable and len(self.hits) > known:       # the same passages say the same again
                    self._judge(part)
            missing = [part for part in self.parts if not part.is_answerable]
            queries = [part.text if part.text != self.question else _keywords(part.text) for part in missing]
            said = f"support {', '.join(f'{part.support:.2f}' for part in self.parts)} of {ENOUGH}"
            self.step("enough", "yes" if not missing else "search again" if number < ROUNDS else "no", said)
            if not missing:
                return

    def _search(self, query: str) -> Found:
        """Each query once, for as many hits as any round takes."""
        if query not in self._searched:
            self._searched[query] = explore(self.db, self.chunks.name, query, ROUNDS * self.k, self.where, self.heads)
        return self._searched[query]

    def _take(self, query: str, number: int) -> None:
        """Add what a search finds, but for what may not be shown to the model."""
        known = {hit.id for hit in self.hits}
        new = [hit for hit in self._search(query).hits[:number * self.k] if hit.id not in known and hit.row.get("text")]
        new = self.because.held(new) if self.because else new
        commanding = [hit for hit in new if speaks_to_a_model(f"{hit.row.get('heading') or ''}\n{hit.row['text']}")]
        local = barred(self.chunks, self.heads, [hit.id for hit in new]) if self.is_remote else set()
        for hit in commanding:
            self.step("relevant", "left out", f"{_name(hit)}: it speaks to a model instead of a reader")
        for hit in new:
            if hit.id in local:
                self.step("relevant", "left out", f"{_name(hit)}: {BARRED}")
        out = {hit.id for hit in commanding} | local
        added = [hit for hit in new if hit.id not in out]
        passages = passages_of(replace(self.found, hits=added))
        self.sentences += candidates(passages, len(self.passages))
        self.hits, self.passages = self.hits + added, self.passages + passages
        self.step("relevant", f"{len(added)} passages", f"round {number}: {query}")

    def _judge(self, part: Part) -> None:
        """How well the passages answer a part, and with which sentences: as in extract mode."""
        part.evidence = Evidence(part.text, self.sentences, self._search(part.text), self.embedder)
        part.chosen, figures = part.evidence.chosen()
        if figures["support"] >= part.support:
            part.support = figures["support"]
            self.figures = figures if figures["support"] >= self.figures.get("support", 0.0) else self.figures


def _name(hit: Hit) -> str:
    return str(hit.row.get("path") or hit.row.get("title") or hit.id[:12])


def _keywords(text: str) -> str:
    """The words that carry a question: the second search goes without its grammar."""
    return " ".join(registry.tokenize([re.sub(r"[?？]", " ", text)])[0].split()) or text
