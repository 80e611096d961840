"""Which sentences answer a question, and whether that is enough: decided in code, from words and meaning. No model writes.

1. Sentences of the found passages are ranked by what costs nothing: rare words of the question, the passage's own score, and
   whether they hold what is asked for (kinds.py).
2. The CANDIDATES best are embedded and ranked again with their meaning beside these.
3. The best one is read token by token beside the question, where the model shows its tokens.
4. support.py weighs its figures: enough, or not found. A question about a name that no row holds is not answered.
"""
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from saem.core.counting import is_number
from saem.core.protocols import Embedder, TokenEmbedder
from saem.infer.kinds import FIT, UNFIT, wanted
from saem.infer.meaning import vectors
from saem.infer.sentences import Candidate, Chosen, is_bare
from saem.infer.support import VECTORS_ALONE, WEIGHTS, WORDS_ALONE, Weights, probability, weigh
from saem.store.sample import is_hangul
from saem.store.search import Found

CANDIDATES = 6             # sentences that are embedded, about 3 ms each
MAX_SENTENCES = 3
MAX_BEHIND = 1.0           # of a further sentence behind the best one, in the units of the rank
MAX_SHARED = 0.6           # of its words with one that is chosen already
ENOUGH = 0.5               # support; below it the answer is: not found


class Evidence:
    """What is asked, beside the sentences that were found for it, and how well each answers.

    found     the search that they came from
    embedder  of the searched vectors; None = words alone
    """

    def __init__(self, question: str, sentences: Sequence[Candidate], found: Found, embedder: Embedder | None) -> None:
        self.question, self.found = question, found
        self.embedder = embedder if found.vector is not None else None
        self.weights = WORDS_ALONE if self.embedder is None else WEIGHTS if isinstance(embedder, TokenEmbedder) else VECTORS_ALONE
        self.candidates = read(question, sentences, found)

    def chosen(self) -> tuple[list[Chosen], dict[str, float]]:
        """(the sentences that answer, best first, and the figures that decided); no sentence = not found."""
        best = early(self.candidates, self.weights)
        self._understand(best)
        ranked = sorted(best, key=lambda each: -weigh(self.weights.rank, each.figures))
        if isinstance(self.embedder, TokenEmbedder):
            compare(self.question, ranked[:1], self.embedder)
        figures = why(ranked, self.weights)
        if self.found.unknown and ranked and not figures["crosses"]:      # a text in another language may write the name in its own letters
            figures |= {"unknown": float(len(self.found.unknown)), "support": 0.0}
        return (quoted(ranked, self.weights) if figures["support"] >= ENOUGH else []), figures

    def rank(self, places: Sequence[Chosen]) -> float:
        """How well the best of some sentences answers, in the units of the rank; -infinity where none of them could."""
        return max((weigh(self.weights.rank, each.figures) for each in self._at(places)), default=-inf)

    def meaning(self, places: Sequence[Chosen]) -> float:
        """How near the nearest of some sentences is to the question: the z of its cosine, 0 where there are no vectors."""
        return max((each.figures["meaning"] for each in self._at(places)), default=0.0)

    def _at(self, places: Sequence[Chosen]) -> list[Candidate]:
        starts = {(place.passage, place.start) for place in places}
        held = [each for each in self.candidates if (each.place.passage, each.place.start) in starts]
        self._understand(held)
        return held

    def _understand(self, candidates: Sequence[Candidate]) -> None:
        if self.embedder is not None:
            understand(candidates, self.found, self.embedder)


def read(question: str, sentences: Sequence[Candidate], found: Found) -> list[Candidate]:
    """The same sentences, with the figures that cost nothing."""
    kind, is_korean = wanted(question), is_hangul(question)
    rarity = {word: found.sample.rarity(word) for word in found.words}
    made = []
    for each in sentences:
        own = set(each.words)
        words = _share(rarity, own)
        made.append(replace(each, figures={
            "words": words, "above": _share(rarity, own | each.above) - words, "passage": each.of.score,
            "near": each.of.z - found.sample.chance, "fit": kind.fit(each.text), "bare": float(is_bare(each.text)),
            "crosses": float(is_hangul(each.text) != is_korean), "meaning": 0.0, "alike": 0.0}))
    return made


def early(candidates: Sequence[Candidate], weights: Weights) -> list[Candidate]:
    """The few that are worth embedding."""
    return sorted(candidates, key=lambda each: -weigh(weights.early, each.figures))[:CANDIDATES]


def understand(candidates: Sequence[Candidate], found: Found, embedder: Embedder) -> None:
    """Give each its `meaning`: the z of its cosine among the rows' cosines. Its headings beside it cost time and gain nothing."""
    if candidates and found.vector is not None:
        mean, deviation = found.spread
        cosines = vectors(embedder, [each.led for each in candidates], found.sample) @ found.vector
        for candidate, cosine in zip(candidates, cosines, strict=True):
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
