"""Which sentences answer a question, and whether that is enough: decided in code, from words and meaning. No model writes.

1. Sentences of the found passages are ranked by what costs nothing: rare words of the question, the passage's own score, and
   whether they hold what is asked for (kinds.py).
2. The CANDIDATES best are embedded and ranked again with their meaning beside these.
3. The best one is read token by token beside the question, where the model shows its tokens.
4. support.py weighs its figures: enough, or not found. A question about a name that no row holds is not answered.
"""
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from saem.core import registry
from saem.core.protocols import Embedder, TokenEmbedder
from saem.infer.injection import orders_a_model
from saem.infer.kinds import FIT, UNFIT, wanted
from saem.infer.support import VECTORS_ALONE, WEIGHTS, WORDS_ALONE, Weights, probability, weigh
from saem.store.sample import is_hangul
from saem.store.search import Found, is_number

CANDIDATES = 6             # sentences that are embedded, about 3 ms each
MAX_SENTENCES = 3
MAX_BEHIND = 1.0           # of a further sentence behind the best one, in the units of the rank
MAX_SHARED = 0.6           # of its words with one that is chosen already
MIN_CHARS = 6
ENOUGH = 0.5               # support; below it the answer is: not found

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
    words: list[str]
    above: set[str]
    over: str = ""               # what stands above it, as text
    figures: dict[str, float] = field(default_factory=dict)


def choose(question: str, passages: Sequence[Passage], found: Found, embedder: Embedder | None) -> tuple[list[Chosen], dict[str, float]]:
    """(the sentences that answer, best first, and the figures that decided); no sentence = not found.

    found     the search that the passages came from
    embedder  of the searched vectors; None = words alone
    """
    has_meaning = embedder is not None and found.vector is not None
    weights = (WEIGHTS if isinstance(embedder, TokenEmbedder) else VECTORS_ALONE) if has_meaning else WORDS_ALONE
    best = early(read(question, passages, found), weights)
    if embedder is not None and has_meaning:
        understand(best, found, embedder)
    ranked = sorted(best, key=lambda each: -weigh(weights.rank, each.figures))
    if has_meaning and isinstance(embedder, TokenEmbedder):
        compare(question, ranked[:1], embedder)
    figures = why(ranked, weights)
    if found.unknown and ranked and not figures["crosses"]:      # a text in another language may write the name in its own letters
        figures |= {"unknown": float(len(found.unknown)), "support": 0.0}
    return (quoted(ranked, weights) if figures["support"] >= ENOUGH else []), figures


class Comparison:
    """How well other sentences of the passages answer than those that `choose` has chosen."""

    def __init__(self, question: str, passages: Sequence[Passage], found: Found, embedder: Embedder | None,
                 chosen: Sequence[Chosen]) -> None:
        self.found, self.embedder = found, embedder if found.vector is not None else None
        self.weights = WORDS_ALONE if self.embedder is None else WEIGHTS if isinstance(embedder, TokenEmbedder) else VECTORS_ALONE
        self.candidates = {(c.place.passage, c.place.start): c for c in read(question, passages, found)}
        self.best = self._rank(chosen)

    def behind(self, places: Sequence[Chosen]) -> float:
        """How far the best of these is behind, in the units of the rank; infinite where none could be an answer."""
        return self.best - self._rank(places)

    def _rank(self, places: Sequence[Chosen]) -> float:
        held = [each for place in places if (each := self.candidates.get((place.passage, place.start)))]
        if self.embedder is not None:
            understand(held, self.found, self.embedder)
        return max((weigh(self.weights.rank, each.figures) for each in held), default=-inf)


def read(question: str, passages: Sequence[Passage], found: Found) -> list[Candidate]:
    """Every sentence of the passages with the figures that cost nothing."""
    made = candidates(passages)
    kind, is_korean = wanted(question), is_hangul(question)
    rarity = {word: found.sample.rarity(word) for word in found.words}
    for candidate in made:
        passage, own = passages[candidate.place.passage], set(candidate.words)
        words = _share(rarity, own)
        candidate.figures = {
            "words": words, "above": _share(rarity, own | candidate.above) - words, "passage": passage.score,
            "near": passage.z - found.sample.chance, "fit": kind.fit(candidate.text), "bare": float(_is_bare(candidate.text)),
            "crosses": float(is_hangul(candidate.text) != is_korean), "meaning": 0.0, "alike": 0.0}
    return made


def early(candidates: Sequence[Candidate], weights: Weights) -> list[Candidate]:
    """The few that are worth embedding."""
    return sorted(candidates, key=lambda each: -weigh(weights.early, each.figures))[:CANDIDATES]


def understand(candidates: Sequence[Candidate], found: Found, embedder: Embedder) -> None:
    """Give each its `meaning`: the z of its cosine among the rows' cosines. Its headings beside it cost time and gain nothing."""
    if candidates and found.vector is not None:
        mean, deviation = found.sample.spread(found.vector)
        for candidate, cosine in zip(candidates, embedder.passages([c.led for c in candidates]) @ found.vector, strict=True):
            candidate.figures["meaning"] = float((cosine - mean) / deviation)


def compare(question: str, candidates: Sequence[Candidate], embedder: TokenEmbedder) -> None:
    """Give each its `alike`: the mean, over the question's tokens, of the cosine with the sentence's token that is nearest.

    One vector a text blurs which words it is made of; this sees whether each thing that is asked about is spoken of.
    Source: Khattab and Zaharia 2020, https://arxiv.org/abs/2004.12832 (late interaction)
    """
    asked = embedder.tokens(question, is_query=True) if candidates else None
    for candidate in candidates:
        held = embedder.tokens(candidate.led)
        if asked is not None and len(asked) and len(held):
            candidate.figures["alike"] = float((asked @ held.T).max(axis=1).mean())


def why(ranked: Sequence[Candidate], weights: Weights) -> dict[str, float]:
    """What decides about refusal: the figures of the best sentence, those of the question, and `support` in [0, 1]."""
    if not ranked:
        return {"support": 0.0}
    figures = dict(ranked[0].figures)
    figures["rank"] = weigh(weights.rank, figures)
    figures["covered"] = figures["words"] + figures["above"]
    figures["fits"], figures["unfit"] = float(figures["fit"] == FIT), float(figures["fit"] == UNFIT)
    # across languages no word is shared, and tokens are less alike
    figures["shared"], figures["alike_across"] = figures["covered"] * (1 - figures["crosses"]), figures["alike"] * figures["crosses"]
    return figures | {"support": probability(weights.support, figures)}


def _share(rarity: Mapping[str, float], held: set[str]) -> float:
    """How much of the question's words is held, weighted by their rarity. [0, 1]"""
    total = sum(rarity.values())
    return sum(weight for word, weight in rarity.items() if word in held) / total if total else 0.0


def candidates(passages: Sequence[Passage]) -> list[Candidate]:
    """Every sentence of the passages that says something to a reader, without figures."""
    from saem.transform.splitting import sentences
    made: list[Candidate] = []
    over: list[str] = []                                      # what stands above each
    for number, passage in enumerate(passages):
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
                made.append(Candidate(place, text, leads, led, [], set()))
                over.append("\n".join(above))
            if not is_item:
                lead = place if _LEAD_IN.search(text) else None
    tokens = registry.tokenize([*(c.text for c in made), *over])
    for candidate, own, text, others in zip(made, tokens, over, tokens[len(made):], strict=False):
        candidate.words, candidate.over, candidate.above = own.split(), text, set(others.split())
    return made


def _is_bare(text: str) -> bool:
    """Whether a line says nothing: no sentence, no item of a list, no row of a table."""
    return not (_FINISHED.search(text) or _ITEM.match(text) or " | " in text)


def quoted(ranked: Sequence[Candidate], weights: Weights) -> list[Chosen]:
    """The best sentence and those near it that say something else, each after the line that leads it in."""
    kept: list[Candidate] = []
    best = weigh(weights.rank, ranked[0].figures)
    for candidate in ranked:
        is_near = best - weigh(weights.rank, candidate.figures) <= MAX_BEHIND
        words = set(candidate.words)
        is_new = all(_is_new(words, set(other.words)) for other in kept)
        if not kept or is_near and is_new and candidate.figures["fit"] >= kept[0].figures["fit"]:
            kept.append(candidate)
    places = dict.fromkeys(place for candidate in kept for place in (candidate.lead, candidate.place) if place)
    chosen = list(places)[:MAX_SENTENCES]
    return sorted(chosen, key=lambda place: (place.passage, place.start)) if kept[0].lead else chosen


def _is_new(words: set[str], kept: set[str]) -> bool:
    """Whether a sentence says something else: by its words, or the same but for a number, which contradicts."""
    differing = words ^ kept
    return len(words & kept) <= MAX_SHARED * min(len(words), len(kept)) or bool(differing) and all(map(is_number, differing))
