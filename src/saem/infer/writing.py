"""Generate mode: a model writes from numbered passages, and code decides what of it stands.

    what is asked, what is found, is it enough (reflecting.py) -> the model writes -> each sentence is checked against the passages
    -> is each part of the question answered?

The model is asked for neither citations nor a refusal. Every decision is a step of the answer.
"""
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.errors import SaemError
from saem.infer.answers import Answer, Citation, Sentence, record
from saem.infer.asking import PASSAGES, Places, asker, plain
from saem.infer.grounding import Checker, Verdict
from saem.infer.kinds import FIT, UNFIT, wanted
from saem.infer.llm import Model, Prompt, Reply, prompt, tokens_about
from saem.infer.reflecting import Part, Reflection
from saem.infer.sentences import Chosen, Passage, is_bare
from saem.infer.spoken import aloud, tidy
from saem.store.sample import is_hangul
from saem.store.search import Hit
from saem.transform.splitting import sentences as split

if TYPE_CHECKING:
    from saem.engine.table import Table
    from saem.infer.personal import Because

MAX_SENTENCES = 6
MAX_BEHIND = 3.0           # of a written sentence's source behind the sentence that extract would give, in the units of the rank
ABOUT_Z = 2.0              # of a sentence's cosine with the question: enough, where they share no word
FIRST_WIDE = "\u1100"      # Hangul and Han: a small vocabulary splits them into their three bytes
FORM = 50                  # tokens that a chat's form takes
PURPOSE = "answer"
OUT_OF_TOKENS = ("length", "max_tokens")      # why a reply ended, as servers say it


class Writing:
    """One question on its way to an answer. Iterate: sentences as soon as they are checked; then `answer`."""

    def __init__(self, chunks: "Table", question: str, model: Model, k: int = PASSAGES, where: str | None = None, keep: bool = True,
                 because: "Because | None" = None) -> None:
        """because: the memory that decides which passages answer; its words are part of the question from here on."""
        self.chunks, self.db, self.model, self.keep, self.because = chunks, chunks.project, model, keep, because
        self.question = because.added(question) if because else question
        self.looked = Reflection(chunks, self.question, k, where, model.spec.is_remote, because)
        self.step = self.looked.step
        self.used: list[Verdict] = []
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []
        self.replies: list[Reply] = []
        self.shown: list[Hit] = []
        self.answer: Answer | None = None

    def __iter__(self) -> Iterator[Sentence]:
        self.looked.look_up()
        if self.looked.answerable:
            self.places = Places(self.chunks, self.looked.heads, self.looked.hits)
            yield from self._write()
            yield from self._complete()
        self.answer = self._answer()

    def finished(self) -> Answer:
        for _ in self:
            pass
        assert self.answer is not None
        return self.answer

    # what is written

    def _write(self) -> Iterator[Sentence]:
        """The model's sentences that stand."""
        checker = Checker(self.looked.passages, self.looked.embedder, self.looked.sentences)
        try:
            for written in self._model():
                if written is None:
                    self.step("write", "taken back", "what was written so far was a thought")
                    self.used, self.sentences, self.citations = [], [], []
                    continue
                verdict = checker.check(self._below_headings(written))
                reason = verdict.reason or self._beside(verdict)
                self.step("supported", "no" if reason else "yes", f"{verdict.text}{f' ({reason})' if reason else ''}")
                if not reason and not any(verdict.text == other.text for other in self.used):
                    self.used.append(verdict)
                    yield self._cited(verdict.text, verdict.spans)
        except SaemError as error:
            if error.code not in ("E801", "E802") or not self.used:
                raise
            self.step("write", "cut off", f"[{error.code}] {error.what}")

    def _model(self) -> Iterator[str | None]:
        """Whole sentences, as the model finishes them. None: those before it were a thought."""
        used = prompt("answer", "ko" if is_hangul(self.question) else "en", self.db.origin.root)
        texts = self._shown(used)
        if not texts:
            return
        answerable, known = self.looked.answerable, self.looked.parts
        question = self.question if len(answerable) == len(known) else "; ".join(part.text for part in answerable)
        filled = used.filled({"passages": "\n\n".join(texts), "question": question, "sentences": str(MAX_SENTENCES)})
        stream = self.model.stream(filled, purpose=PURPOSE, prompt=used, inputs=self.places.rows_of(self.shown), readers=self._readers())
        text, done = "", 0
        for piece in aloud(stream):
            if piece is None:
                yield None
                text, done = "", 0
                continue
            text += piece
            spans = split(text[done:])
            for span in spans[:-1]:
                yield text[done + span.start:done + span.end]
            done += spans[-1].start if spans else 0
        if stream.reply is not None:
            self.replies.append(stream.reply)
            self.step("write", f"{stream.reply.tokens_out} tokens", f"{self.model.spec.name} from {len(texts)} passages, prompt "
                                                                   f"{used.name} {used.fingerprint}")
        rest = [text[done + span.start:done + span.end] for span in split(text[done:])]
        if rest and stream.reply is not None and stream.reply.stop in OUT_OF_TOKENS and is_bare(rest[-1]):
            self.step("write", "cut off", f"max_tokens is reached within: {rest.pop()}")
        yield from rest

    def _below_headings(self, written: str) -> str:
        """A sentence without the headings of passages that a small model writes down before it."""
        lines = written.split("\n")
        while lines and tidy(lines[0]) in self._headings:
            del lines[0]
        return "\n".join(lines)

    @cached_property
    def _headings(self) -> set[str]:
        parts = [part for each in self.looked.passages for part in (each.heading, *each.heading.split(" > "))]
        return {part.strip() for part in parts}

    def _shown(self, used: Prompt) -> list[str]:
        """The numbered passages as the model sees them: as many as fit its context, those that the parts are answered from first."""
        frame = used.filled({"passages": "", "question": self.question, "sentences": str(MAX_SENTENCES)})
        room = self.model.spec.context_tokens - self.model.spec.max_tokens - FORM - sum(self._tokens(each.content) for each in frame)
        texts = list[str]()
        for hit, passage in self._in_order():
            text = f"[{len(texts) + 1}] {passage.heading}\n{passage.text}"
            size = self._tokens(text) + 8
            if size <= room:
                room -= size
                texts.append(text)
                self.shown.append(hit)
        if len(texts) < len(self.looked.hits):
            left = len(self.looked.hits) - len(texts)
            self.step("write", f"{len(texts)} passages shown", f"{left} do not fit into context_tokens")
        return texts

    def _tokens(self, text: str) -> int:
        """About how many; of a file that runs here, which refuses what is too long, at most: its vocabulary may know no Korean."""
        if self.model.spec.kind != "gguf":
            return tokens_about(text)
        wide = sum(character >= FIRST_WIDE for character in text)
        return 3 * wide + (len(text) - wide) // 3

    def _in_order(self) -> list[tuple[Hit, Passage]]:
        first = dict.fromkeys(place.passage for part in self.looked.answerable for place in part.chosen)
        hits = list(zip(self.looked.hits, self.looked.passages, strict=True))
        return [hits[at] for at in (*first, *(number for number in range(len(hits)) if number not in first))]

    def _beside(self, verdict: Verdict) -> str:
        """Why a supported sentence is not about the question; '' = it is."""
        words = set(registry.tokenize([verdict.text])[0].split())       # not its headings: an order may stand below the right one
        judged = [part.evidence for part in self.looked.parts if part.evidence is not None]
        is_about = (words & set(self.looked.found.words) or any(_is_from(verdict, part) for part in self.looked.parts)
                    or any(each.meaning(verdict.spans) >= ABOUT_Z for each in judged))
        return "" if is_about else "it is not about the question"

    def _cited(self, text: str, spans: Sequence[Chosen]) -> Sentence:
        """The sentence with its citations; a place that is cited already keeps its number."""
        own: list[Citation] = []
        for span in spans:
            made = self.places.cite(len(self.citations) + 1, self.looked.hits[span.passage], span.start, span.end)
            same = next((c for c in self.citations if (c.row, c.start, c.end) == (made.row, made.start, made.end)), None)
            if same is None:
                self.citations.append(made)
            own.append(same or made)
        self.sentences.append(Sentence(text, own))
        return self.sentences[-1]

    # whether that is an answer

    def _complete(self) -> Iterator[Sentence]:
        """For an answerable part of which the model says nothing that stands, the documents' own sentences."""
        lacking = [part for part in self.looked.answerable if not self._is_said(part)]
        told = f"nothing that stands for: {' | '.join(part.text for part in lacking)}" if lacking else "every answerable part is answered"
        self.step("useful", "yes" if not lacking else "in part" if self.used else "no", told)
        for part in lacking:
            self.step("fall back", "extract", f"the documents' own sentences for: {part.text}")
            for span in part.chosen:
                yield self._cited(plain(self.looked.passages[span.passage].text[span.start:span.end]), [span])

    def _is_said(self, part: Part) -> bool:
        """Whether a sentence that stands is from where the part is answered, or holds what it asks for and answers it about as well."""
        assert part.evidence is not None
        kind, best = wanted(part.text), part.evidence.rank(part.chosen)
        for verdict in self.used:
            if kind.fit(verdict.text) == UNFIT and is_hangul(verdict.text) == is_hangul(part.text):
                continue
            if _is_from(verdict, part) or kind.fit(verdict.text) == FIT and best - part.evidence.rank(verdict.spans) <= MAX_BEHIND:
                return True
        return False

    def _readers(self) -> int:
        """A question is its asker's own; what was made from passages is for those who may read all of them."""
        shown = self.places.readers_of(self.shown) if self.shown else ()
        allowed = [asker(self.db), *shown, *(self.because.readers if self.because else ())]
        return self.db.catalog.intersect(allowed)

    def _answer(self) -> Answer:
        unanswered = [part.text for part in self.looked.parts if not part.is_answerable]
        if unanswered and self.sentences:
            self.step("unanswered", "named", " | ".join(unanswered))
        made = Answer(self.question, bool(self.sentences), " ".join(each.text for each in self.sentences), self.sentences, self.citations,
                      self.looked.snapshot, mode="generate" if self.used or not self.sentences else "extract",
                      model=self.model.spec.name if self.replies else "", cost=sum(reply.cost for reply in self.replies),
                      unanswered=unanswered, steps=self.looked.steps, because=self.because.item.id if self.because else "",
                      why=self.looked.figures)
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


def _is_from(verdict: Verdict, part: Part) -> bool:
    """Whether a sentence stands on one that answers a part."""
    near = {(place.passage, place.start) for place in part.chosen}
    return any((span.passage, span.start) in near for span in verdict.spans)
