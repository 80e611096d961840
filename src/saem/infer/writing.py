"""Generate mode: a model writes from numbered passages, and code decides what of it stands.

    what is asked -> search, under the asker's rights -> what may be shown -> is it enough? else search for what is missing
    -> the model writes -> each sentence is checked against the passages -> is each part of the question answered?

The model is asked for neither citations nor a refusal. Every decision is a step of the answer.
Source: Asai et al. 2023, https://arxiv.org/abs/2310.11511 (Self-RAG); here its critique is computed, not generated.
"""
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.protocols import Embedder, TokenEmbedder
from saem.engine.searching import explore
from saem.infer.answers import Answer, Citation, Sentence, Step, record
from saem.infer.asking import PASSAGES, Places, asker, passages_of, plain
from saem.infer.evidence import ENOUGH, Chosen, Comparison, Passage, choose
from saem.infer.grounding import Checker, Verdict
from saem.infer.injection import speaks_to_a_model
from saem.infer.kinds import FIT, UNFIT, wanted
from saem.infer.llm import Model, Reply, prompt, tokens_about
from saem.infer.locality import barred
from saem.infer.parts import needs_documents, parts
from saem.store.sample import is_hangul
from saem.store.search import Found, Hit
from saem.transform.splitting import sentences as split

if TYPE_CHECKING:
    from saem.engine.table import Table
    from saem.infer.personal import Because

THINKS = ("<think>", "</think>")
ROUNDS = 2                 # searches at most: the question's, and one for what is missing
MAX_SENTENCES = 6
MAX_BEHIND = 3.0           # of a written sentence's source behind the sentence that extract would give, in the units of the rank
ABOUT_Z = 2.0              # of a sentence's cosine with the question: enough, where they share no word
FIRST_WIDE = "\u1100"      # Hangul and Han: a small vocabulary splits them into their three bytes
FORM = 50                  # tokens that a chat's form takes
PURPOSE = "answer"


@dataclass
class Part:
    """A part of the question: the passages that answer it best, and how well. chosen: places in the writer's hits."""
    text: str
    support: float = 0.0
    chosen: list[Chosen] = field(default_factory=list)
    found: Found | None = None

    @property
    def is_answerable(self) -> bool:
        return self.support >= ENOUGH


class Writing:
    """One question on its way to an answer. Iterate: sentences as soon as they are checked; then `answer`."""

    def __init__(self, chunks: "Table", question: str, model: Model, k: int = PASSAGES, where: str | None = None, keep: bool = True,
                 rounds: int = ROUNDS, because: "Because | None" = None) -> None:
        """because: the memory that decides which passages answer; its words are part of the question from here on."""
        self.chunks, self.db, self.model, self.because = chunks, chunks.project, model, because
        self.question = because.added(question) if because else question
        self.k, self.where, self.keep, self.rounds = k, where, keep, rounds
        self.snapshot, self.heads = self.db.snapshot, self.db.heads()       # one reading: a run may publish at any moment
        encoder = next(iter(self.heads[chunks.name].encoders.values()), None)
        self.embedder: Embedder | None = registry.embedder(encoder) if encoder else None
        self.hits: list[Hit] = []
        self.found: Found | None = None
        self.steps: list[Step] = []
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []
        self.replies: list[Reply] = []
        self.figures: dict[str, float] = {}
        self.shown: list[Hit] = []
        self.mode, self.is_partial = "generate", False
        self.answer: Answer | None = None
        if because is not None:
            self.steps.append(because.step)

    def __iter__(self) -> Iterator[Sentence]:
        asked = self._parts()
        if asked:
            self._search(asked)
            if any(part.is_answerable for part in asked):
                yield from self._write(asked)
        self.answer = self._answer(asked)

    def finished(self) -> Answer:
        for _ in self:
            pass
        assert self.answer is not None
        return self.answer

    def step(self, name: str, decision: str, why: str) -> None:
        self.steps.append(Step(name, decision, why))

    # what is asked

    def _parts(self) -> list[Part]:
        if not needs_documents(self.question):
            self.step("retrieve", "no", "nothing is asked that documents could answer")
            return []
        found = [Part(text) for text in parts(self.question)]
        self.step("retrieve", "yes", f"{len(found)} parts: {' | '.join(part.text for part in found)}" if len(found) > 1 else "one question")
        return found

    # what is found

    def _search(self, asked: Sequence[Part]) -> None:
        """Search for the question; then, for the parts that nothing answers yet, with their own words."""
        queries = [self.question]
        for number in range(1, self.rounds + 1):
            known = len(self.hits)
            for query in queries:
                self._take(query, self.k * number, number)
            for part in asked:
                if not part.is_answerable and len(self.hits) > known:       # the same passages say the same again
                    self._judge(part)
            queries = [part.text if part.text != self.question else _keywords(part.text) for part in asked if not part.is_answerable]
            said = ", ".join(f"{part.support:.2f}" for part in asked)
            if not queries:
                self.step("enough", "yes", f"support {said} of {ENOUGH}")
                return
            again = number < self.rounds
            self.step("enough", "search again" if again else "no", f"support {said} of {ENOUGH}")

    def _take(self, query: str, k: int, number: int) -> None:
        """Add what a search finds, but for what may not be shown to the model."""
        found = explore(self.db, self.chunks.name, query, k, self.where, self.heads)
        self.found = self.found or found
        known = {hit.id for hit in self.hits}
        new = [hit for hit in found.hits if hit.id not in known and hit.row.get("text")]
        new = self.because.held(new) if self.because else new
        commanding = [hit for hit in new if speaks_to_a_model(f"{hit.row.get('heading') or ''}\n{hit.row['text']}")]
        local = barred(self.chunks, self.heads, [hit.id for hit in new]) if self.model.spec.is_remote else set()
        for hit in commanding:
            self.step("relevant", "left out", f"{_name(hit)}: it speaks to a model instead of a reader")
        for hit in new:
            if hit.id in local:
                self.step("relevant", "left out", f"{_name(hit)}: its source bars it from remote models")
        out = {hit.id for hit in commanding} | local
        self.hits += [hit for hit in new if hit.id not in out]
        self.step("relevant", f"{len(new) - len(out)} passages", f"round {number}: {query}")

    def _judge(self, part: Part) -> None:
        """How well the passages answer a part, and with which sentences: as in extract mode."""
        assert self.found is not None
        own = self.found if part.text == self.question else explore(self.db, self.chunks.name, part.text, self.k, self.where, self.heads)
        passages = passages_of(replace(own, hits=self.hits))
        part.found = own
        part.chosen, figures = choose(part.text, passages, own, self.embedder)
        if figures["support"] >= part.support:
            part.support = figures["support"]
            self.figures = figures if figures["support"] >= self.figures.get("support", 0.0) else self.figures

    # what is written

    def _write(self, asked: Sequence[Part]) -> Iterator[Sentence]:
        assert self.found is not None
        self.places = Places(self.chunks, self.heads, self.hits)
        passages = passages_of(replace(self.found, hits=self.hits))
        token_embedder = self.embedder if isinstance(self.embedder, TokenEmbedder) else None
        checker = Checker(passages, token_embedder)
        used: list[Verdict] = []
        try:
            self.is_partial = not all(part.is_answerable for part in asked)
            for written in self._model(passages, [part for part in asked if part.is_answerable]):
                verdict = checker.check(written)
                reason = verdict.reason or self._beside(verdict, [place for part in asked for place in part.chosen])
                self.step("supported", "no" if reason else "yes", f"{verdict.text}{f' ({reason})' if reason else ''}")
                if not reason and not any(verdict.text == other.text for other in used):
                    used.append(verdict)
                    yield self._cited(verdict.text, verdict.spans)
        except SaemError as error:
            if error.code not in ("E801", "E802") or not used:
                raise
            self.step("write", "cut off", f"[{error.code}] {error.what}")
        yield from self._complete(asked, used, passages)

    def _model(self, passages: Sequence[Passage], asked: Sequence[Part]) -> Iterator[str]:
        """Whole sentences, as the model finishes them."""
        language = "ko" if is_hangul(self.question) else "en"
        used = prompt("answer", language, self.db.origin.root)
        frame = used.filled({"passages": "", "question": self.question, "sentences": str(MAX_SENTENCES)})
        room = self.model.spec.context_tokens - self.model.spec.max_tokens - FORM - sum(self._tokens(each.content) for each in frame)
        texts = list[str]()
        for hit, passage in self._in_order(passages, asked):
            text = f"[{len(texts) + 1}] {passage.heading}\n{passage.text}"
            size = self._tokens(text) + 8
            if size > room:
                continue
            room -= size
            texts.append(text)
            self.shown.append(hit)
        if len(texts) < len(passages):
            self.step("write", f"{len(texts)} passages shown", f"{len(passages) - len(texts)} do not fit into context_tokens")
        if not texts:
            return
        question = self.question if not self.is_partial else "; ".join(part.text for part in asked)
        filled = used.filled({"passages": "\n\n".join(texts), "question": question, "sentences": str(MAX_SENTENCES)})
        stream = self.model.stream(filled, purpose=PURPOSE, prompt=used, inputs=self.places.rows_of(self.shown), readers=self._readers())
        text, done = "", 0
        for piece in aloud(stream):
            text += piece
            spans = split(text[done:])
            for span in spans[:-1]:
                yield text[done + span.start:done + span.end]
            done += spans[-1].start if spans else 0
        if stream.reply is not None:
            self.replies.append(stream.reply)
            self.step("write", f"{stream.reply.tokens_out} tokens", f"{self.model.spec.name} from {len(texts)} passages, prompt "
                                                                   f"{used.name} {used.fingerprint}")
        yield from (text[done + span.start:done + span.end] for span in split(text[done:]))

    def _tokens(self, text: str) -> int:
        """About how many; of a file that runs here, which refuses what is too long, at most: its vocabulary may know no Korean."""
        if self.model.spec.kind != "gguf":
            return tokens_about(text)
        wide = sum(character >= FIRST_WIDE for character in text)
        return 3 * wide + (len(text) - wide) // 3

    def _in_order(self, passages: Sequence[Passage], asked: Sequence[Part]) -> list[tuple[Hit, Passage]]:
        """Those that the parts are answered from first."""
        first = dict.fromkeys(place.passage for part in asked for place in part.chosen)
        return [(self.hits[at], passages[at]) for at in (*first, *(n for n in range(len(passages)) if n not in first))]

    def _beside(self, verdict: Verdict, chosen: Sequence[Chosen]) -> str:
        """Why a supported sentence is not about the question; '' = it is."""
        assert self.found is not None
        words = set(registry.tokenize([verdict.text])[0].split())       # not its headings: an order may stand below the right one
        near = {(place.passage, place.start) for place in chosen}
        if words & set(self.found.words) or any((span.passage, span.start) in near for span in verdict.spans):
            return ""
        if self.embedder is not None and self.found.vector is not None:
            mean, deviation = self.found.sample.spread(self.found.vector)
            if (float(self.embedder.passages([verdict.text])[0] @ self.found.vector) - mean) / deviation >= ABOUT_Z:
                return ""
        return "it is not about the question"

    def _cited(self, text: str, spans: Sequence[Chosen]) -> Sentence:
        """The sentence with its citations; a place that is cited already keeps its number."""
        own: list[Citation] = []
        for span in spans:
            made = self.places.cite(len(self.citations) + 1, self.hits[span.passage], span.start, span.end)
            same = next((c for c in self.citations if (c.row, c.start, c.end) == (made.row, made.start, made.end)), None)
            if same is None:
                self.citations.append(made)
            own.append(same or made)
        self.sentences.append(Sentence(text, own))
        return self.sentences[-1]

    # whether that is an answer

    def _complete(self, asked: Sequence[Part], used: Sequence[Verdict], passages: Sequence[Passage]) -> Iterator[Sentence]:
        """For an answerable part of which the model says nothing that stands, the documents' own sentences."""
        lacking = [part for part in asked if part.is_answerable and not self._is_said(part, used, passages)]
        told = f"nothing that stands for: {' | '.join(part.text for part in lacking)}" if lacking else "every answerable part is answered"
        self.step("useful", "yes" if not lacking else "in part" if used else "no", told)
        for part in lacking:
            self.step("fall back", "extract", f"the documents' own sentences for: {part.text}")
            for span in part.chosen:
                hit = self.hits[span.passage]
                yield self._cited(plain(hit.row["text"][span.start:span.end]), [span])
        if not used:
            self.mode = "extract"

    def _is_said(self, part: Part, used: Sequence[Verdict], passages: Sequence[Passage]) -> bool:
        """Whether a sentence that stands is from where the part is answered, or holds what it asks for and answers it about as well."""
        kind = wanted(part.text)
        near = {(place.passage, place.start) for place in part.chosen}
        compared = Comparison(part.text, passages, part.found, self.embedder, part.chosen) if used and part.found is not None else None
        for verdict in used:
            if kind.fit(verdict.text) == UNFIT and is_hangul(verdict.text) == is_hangul(part.text):
                continue
            if any((span.passage, span.start) in near for span in verdict.spans):
                return True
            if kind.fit(verdict.text) == FIT and (compared is None or compared.behind(verdict.spans) <= MAX_BEHIND):
                return True
        return False

    def _readers(self) -> int:
        """A question is its asker's own; what was made from passages is for those who may read all of them."""
        shown = self.places.readers_of(self.shown) if self.shown else ()
        allowed = [asker(self.db), *shown, *(self.because.readers if self.because else ())]
        return self.db.catalog.intersect(allowed)

    def _answer(self, asked: Sequence[Part]) -> Answer:
        unanswered = [part.text for part in asked if not part.is_answerable]
        if unanswered and self.sentences:
            self.step("unanswered", "named", " | ".join(unanswered))
        made = Answer(self.question, bool(self.sentences), " ".join(each.text for each in self.sentences), self.sentences, self.citations,
                      self.snapshot, mode=self.mode, model=self.model.spec.name if self.replies else "",
                      cost=sum(reply.cost for reply in self.replies), unanswered=unanswered, steps=self.steps,
                      because=self.because.item.id if self.because else "", why=self.figures)
        if not self.keep:
            return made
        shown = [*(self.places.rows_of(self.shown) if self.shown else ()), *(self.because.rows if self.because else ())]
        return record(self.db.origin, made, self.places.hashes if self.shown else {}, self._readers(), shown)


class Answering:
    """What `ask(..., stream=True)` gives: iterate over its sentences as they are checked; all that an Answer has, it has at the end."""

    def __init__(self, writing: Writing) -> None:
        self._writing, self._sentences = writing, iter(writing)

    def __iter__(self) -> Iterator[Sentence]:
        return self._sentences

    @property
    def answer(self) -> Answer:
        """The whole answer; waits for what is still being written."""
        for _ in self._sentences:
            pass
        assert self._writing.answer is not None
        return self._writing.answer

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.answer, name)


def aloud(pieces: Iterable[str]) -> Iterator[str]:
    """What a model writes, without the thoughts that stand before it.

    >>> "".join(aloud(["<thi", "nk>Hm. 100?</th", "ink>100 won."])), "".join(aloud(["100 ", "won."]))
    ('100 won.', '100 won.')
    """
    held, has_begun = "", False
    for piece in pieces:
        if has_begun:
            yield piece
            continue
        held += piece
        start = held.lstrip()
        if start.startswith(THINKS[0]):
            _, end, rest = start.partition(THINKS[1])
            has_begun = bool(end)
            if rest:
                yield rest
        elif not THINKS[0].startswith(start):
            has_begun = True
            yield held
    if not has_begun and not held.lstrip().startswith(THINKS[0]):
        yield held


def _name(hit: Hit) -> str:
    return str(hit.row.get("path") or hit.row.get("title") or hit.id[:12])


def _keywords(text: str) -> str:
    """The words that carry a question: the second search goes without its grammar."""
    return " ".join(registry.tokenize([re.sub(r"[?？]", " ", text)])[0].split()) or text
