"""The sentences of found passages, each with what stands above it: what can be quoted, and what a written sentence is compared with."""
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from saem.core import registry
from saem.infer.injection import orders_a_model
from saem.transform.splitting import sentences

MIN_CHARS = 6
_ITEM = re.compile(r"\s*(?:[-*+•▪·○●]|\(?\d{1,2}[.)]|[①-⑳]|[가나다라마바사][.)])\s")
_NAMED = re.compile(r"[^:|]{1,60}: ")      # a row of a table that names its values: what stands above it is another row
_LEAD_IN = re.compile(r"[:：]\s*$|다음과 같[^.]*\.?\s*$")
_FINISHED = re.compile(r"[.!?。…][\"'”’)\]]*\s*$|(?:다|요|음|함)\s*$")
_QUESTION = re.compile(r"[?？]\s*$")


@dataclass(frozen=True)
class Passage:
    """A found piece of text, the headings above it ('Library > Fines'), and the score of its search; z: that of its cosine."""
    text: str
    heading: str
    score: float
    z: float = 0.0


@dataclass(frozen=True)
class Chosen:
    """Characters start:end of a passage."""
    passage: int
    start: int
    end: int


@dataclass
class Candidate:
    """A sentence, the words that stand above it (headings, the line that leads a list in, a table's head), and its figures."""
    place: Chosen
    text: str
    lead: Chosen | None          # the line that leads an unfinished item of a list in
    led: str                     # the text with that line
    of: Passage
    words: list[str] = field(default_factory=list)
    above: set[str] = field(default_factory=set)
    over: str = ""               # what stands above it, as text
    figures: dict[str, float] = field(default_factory=dict)


def candidates(passages: Sequence[Passage], first: int = 0) -> list[Candidate]:
    """Every sentence of the passages that says something to a reader, without figures. first: the number of the first passage."""
    made: list[Candidate] = []
    over: list[str] = []                                      # what stands above each
    for number, passage in enumerate(passages, first):
        headings = {part.strip() for part in passage.heading.split(" > ")}
        lead: Chosen | None = None
        head: Chosen | None = None                            # a table's first row
        for span in sentences(passage.text):
            place, text = Chosen(number, *span), passage.text[span.start:span.end]
            is_item, is_row = bool(_ITEM.match(text)), " | " in text
            head = head or place if is_row and not _NAMED.match(text) else None
            above = [passage.heading, *(passage.text[p.start:p.end] for p in (lead if is_item else None, head) if p and p != place)]
            leads = lead if is_item and not _FINISHED.search(text) else None
            led = f"{passage.text[leads.start:leads.end]}\n{text}" if leads else text
            says = len(text) >= MIN_CHARS and text.strip("#* ") not in headings and not _QUESTION.search(text) and not _LEAD_IN.search(text)
            if says and not orders_a_model(text):
                made.append(Candidate(place, text, leads, led, passage))
                over.append("\n".join(above))
            if not is_item:
                lead = place if _LEAD_IN.search(text) else None
    tokens = registry.tokenize([*(c.text for c in made), *over])
    for candidate, own, text, others in zip(made, tokens, over, tokens[len(made):], strict=False):
        candidate.words, candidate.over, candidate.above = own.split(), text, set(others.split())
    return made


def is_bare(text: str) -> bool:
    """Whether a line says nothing: no sentence, no item of a list, no row of a table."""
    return not (_FINISHED.search(text) or _ITEM.match(text) or " | " in text)
