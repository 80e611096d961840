"""python -m benchmarks.prove [--peers PYTHON] [PART ...]: what choosing training data is worth on real text, beside its controls.

Parts: rules, classifier, labels, mixture, contamination. The text is Debian's documentation; PYTHON is one with cleanlab 2.9.0 and
fasttext-community 0.11.9 installed, which are then run on the same rows.
"""
import argparse
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks import corpus
from saem.curate import Override, Policy, contaminated, decide, enforced, keep, korean_rules, measure, near_duplicates, web_rules, without
from saem.engine.project import Project
from saem.sources import records
from saem.train import cross_fit, draw, label_errors, mixture, prove, proxy_runs
from saem.train.bytes_model import learned, texts
from saem.train.labels import fold_of
from saem.train.linear import trained

PACKAGES = ("linux-doc-6.1", "libreoffice-help-en-us", "libreoffice-help-ko", "debian-handbook", "debian-reference-en",
            "installation-guide-amd64")
GOOD = ("debian-handbook", "debian-reference-en")      # edited by hand, chapter by chapter: what the raw pages are compared with
RAW_PAGES = 3_000
NOISE = 0.2
PASSAGE_CHARS, PASSAGES = 300, 8      # of a document, for labels
LEAST_DOCUMENTS = 10                   # of a folder that is a class
dice = np.random.default_rng(20)


@dataclass
class Page:
    key: str
    source: str
    text: str
    label: str = ""


def pages() -> tuple[list[Page], list[Page], list[Page]]:
    """(raw pages, good pages to learn from, good pages to be measured on); no page is in two of them."""
    every = [Page(f"{package}/{path}", package, text[:20_000]) for package, path, text in corpus.pages(PACKAGES) if len(text) > 400]
    order = dice.permutation(len(every)).tolist()
    good = [every[i] for i in order if every[i].source in GOOD]
    parts = [Page(f"{page.key}#{start}", page.source, page.text[start:start + 2_000])
             for page in good for start in range(0, len(page.text), 2_000)]
    raw = [every[i] for i in order if every[i].source not in GOOD][:RAW_PAGES]
    half = len(parts) // 2
    return raw, parts[:half], parts[half:]


def table(rows: list[Page]) -> pa.Table:
    return pa.table({name: [getattr(row, name) for row in rows] for name in ("key", "source", "text", "label")})


def rules(_: str) -> Iterator[str]:
    """Every rule of web pages and Korean, all enforced, and near duplicates: through a project."""
    raw, _good, target = pages()
    policy = Policy({"ko": enforced(korean_rules), "*": enforced(web_rules)}, near_duplicate=.7, max_drop_per_source=1)
    only_twins = Policy({"*": ()}, near_duplicate=.7, max_drop_per_source=1)
    with tempfile.TemporaryDirectory() as place:
        db = Project(place)
        docs = db.source("raw", records(Page, key="key")).derive("docs", whole())
        overrides = db.source("overrides", records(Override, key="row"))
        signals = docs.derive("signals", measure())
        twins = docs.derive("twins", near_duplicates())
        made = [docs.derive(f"curated_{name}", keep(), using=[signals.derive(f"decisions_{name}", decide(each), using=[twins, overrides])])
                for name, each in (("rules", policy), ("twins", only_twins))]
        db.tables["raw"].put(raw)
        db.run()
        for curated, name in zip(made, ("web and Korean rules enforced, twins dropped", "twins dropped, no rule"), strict=True):
            yield f"{name}: {len(curated.to_arrow(['key'])):,} of {len(raw):,} pages kept\n{prove(curated, target=table(target), raw=docs)}"
        db.close()


def whole() -> object:
    """A derived copy of a source, as parse would give it."""
    import saem

    @saem.operator(version="1", adds=pa.schema([("source", pa.string())]))
    def copied(rows: pa.Table) -> pa.Table:
        return rows

    return copied


def classifier(python: str) -> Iterator[str]:
    """Good pages told from raw ones; the best third of the raw pages against a random third."""
    raw, good, target = pages()
    good, target = good[:len(raw) // 3], target[:len(raw) // 3]
    cut = [Page(page.key, page.source, page.text[:2_000]) for page in raw]
    train, test = table(good + cut[:len(good)]), table(target + cut[len(good):len(good) + len(target)])
    truth = [np.repeat([1, 0], [n, n]) for n in (len(good), len(target))]
    trained(train["text"].slice(0, 50), truth[0][:50] * 0)     # compiling does not count
    clock = time.process_time()
    model = trained(train["text"], truth[0])
    learning = time.process_time() - clock
    clock = time.process_time()
    scores = model.probabilities(test["text"])[:, 0]
    scoring = time.process_time() - clock
    mb = [rows["text"].nbytes / 1e6 for rows in (train, test)]
    yield (f"saem: AUC {auc(scores, truth[1]):.4f}; learns {mb[0] / learning:.1f} MB/s, scores {mb[1] / scoring:.1f} MB/s, "
           f"{len(test) / scoring:,.0f} texts/s ({len(train):,} and {len(test):,} texts, CPU seconds)")
    if python:
        both = {"train": (train["text"].to_pylist(), truth[0].tolist()), "test": (test["text"].to_pylist(), truth[1].tolist())}
        yield peer(python, FASTTEXT, **both)
    rest = raw[len(good):]
    best = np.argsort(-model.probabilities(table(rest)["text"])[:, 0])[:len(rest) // 3]
    yield f"the third of {len(rest):,} raw pages that the classifier likes best\n" + str(
        prove(table(rest).take(pa.array(np.sort(best))), target=table(target), raw=table(rest)))


def labels(python: str) -> Iterator[str]:
    """Short passages of the kernel's documentation by folder, a fifth of the labels wrong in one of three ways: what that costs, and what
    taking suspects out is worth, for a linear model and for one that learns by heart. No document is both learned from and measured on."""
    train, test, classes = passages()
    truth = np.array([classes.index(page.label) for page in train])
    for kind, wrong_by in MISTAKES.items():
        given = wrong_by(truth, [page.source for page in train], len(classes))
        rows = [Page(page.key, page.source, page.text, classes[label]) for page, label in zip(train, given.tolist(), strict=True)]
        wrong = {page.key for page, was, now in zip(train, truth, given, strict=True) if was != now}
        with tempfile.TemporaryDirectory() as place:
            db = Project(place)
            noisy = db.source("noisy", records(Page, key="key"))
            folds = noisy.derive("folds", cross_fit(target="label", entity="source"))
            errors = noisy.derive("errors", label_errors(models="folds"), carry=["key"])
            sure = noisy.derive("sure", without(), using=[errors])
            noisy.put(rows)
            db.run()
            found = {row["key"] for row in errors.to_arrow(["key"]).to_pylist()}
            yield (f"{kind}: {len(rows):,} passages, {len(wrong):,} labels of {len(classes)} wrong; {len(found):,} suspected, precision "
                   f"{len(found & wrong) / len(found):.3f}, recall {len(found & wrong) / len(wrong):.3f}; "
                   f"noise estimated {folds.to_arrow()['noise'][0].as_py():.3f}")
            if python:
                yield beside_cleanlab(python, table(rows), classes, found, wrong)
            for model in ("linear", "nearest") if kind == "at random" else ("nearest",):
                proof = prove(sure, target=table(test), label="label", model=model, max_bytes=50_000_000)
                right = prove(table(train), target=table(test), raw=table(train), label="label", model=model, max_bytes=50_000_000, draws=1)
                yield f"{model}\n{proof}\nwith no wrong label: {right.arms[0].mean:.4f}"
            db.close()


def passages() -> tuple[list[Page], list[Page], list[str]]:
    """(to learn from, to measure on, classes): three documents of four are learned from."""
    folder = corpus.documents()
    names = [name for name in sorted(os.listdir(folder)) if not name.startswith("translations__")]
    often = Counter(name.split("__")[0] for name in names)
    classes = sorted(name for name, count in often.items() if count >= LEAST_DOCUMENTS)
    rows = {True: list[Page](), False: list[Page]()}
    for number, name in enumerate(name for name in names if name.split("__")[0] in classes):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read(PASSAGE_CHARS * PASSAGES)
        parts = [text[start:start + PASSAGE_CHARS] for start in range(0, len(text), PASSAGE_CHARS)]
        rows[number % 4 > 0] += [Page(f"{name}#{i}", name, part, name.split("__")[0])
                                 for i, part in enumerate(parts) if len(part) > PASSAGE_CHARS / 2]
    return rows[True], rows[False], classes


def at_random(truth: np.ndarray, _: list[str], classes: int) -> np.ndarray:
    """Any other label."""
    return np.where(dice.random(len(truth)) < NOISE, (truth + dice.integers(1, classes, len(truth))) % classes, truth)


def by_class(truth: np.ndarray, _: list[str], classes: int) -> np.ndarray:
    """Each class is mistaken for one other."""
    return np.where(dice.random(len(truth)) < NOISE, (truth + 1) % classes, truth)


def by_document(truth: np.ndarray, documents: list[str], classes: int) -> np.ndarray:
    """All passages of a fifth of the documents have one other label, as where a person labels documents."""
    wrong = {name: int(dice.integers(1, classes)) * int(dice.random() < NOISE) for name in dict.fromkeys(documents)}
    return np.asarray((truth + np.array([wrong[name] for name in documents])) % classes)


MISTAKES = {"at random": at_random, "by class": by_class, "by document": by_document}


def beside_cleanlab(python: str, rows: pa.Table, classes: list[str], found: set[str], wrong: set[str]) -> str:
    """Its default filter over the same out-of-fold chances."""
    code = np.array([classes.index(label) for label in rows["label"].to_pylist()])
    fold = fold_of(rows["source"], 5)
    chance = np.zeros((len(rows), len(classes)))
    for number in range(5):
        model = trained(rows["text"].filter(pa.array(fold != number)), code[fold != number], classes)
        chance[fold == number] = model.probabilities(rows["text"].filter(pa.array(fold == number)))
    keys = rows["key"].to_pylist()
    theirs = {keys[i] for i in json.loads(peer(python, CLEANLAB, labels=code.tolist(), chance=chance.tolist()))}
    return (f"cleanlab 2.9.0 on the same chances: {len(theirs):,} suspected, precision {len(theirs & wrong) / len(theirs):.3f}, recall "
            f"{len(theirs & wrong) / len(wrong):.3f}; {len(theirs & found):,} are ours too")


def mixing(_: str) -> Iterator[str]:
    """Weights of the packages for the good pages, then a larger model at these weights, beside those as it is and all alike."""
    raw, _good, target = pages()
    rows, goal = table(raw), table(target)
    with_runs = proxy_runs(source="source")
    clock = time.process_time()
    runs = with_runs.function(rows, goal, **with_runs.settings)
    weights = mixture.function(runs)
    spent = time.process_time() - clock
    judged = texts(goal["text"])
    alike = pa.array(np.full(len(weights), 1 / len(weights)))
    made = {}
    for name, column in (("chosen", weights["weight"]), ("as it is", weights["share"]), ("all alike", alike)):
        mixed = weights.set_column(weights.column_names.index("weight"), "weight", column)
        part = texts(draw.function(rows, mixed, weights="weights", size_bytes=3_000_000).rows["text"])
        made[name] = learned(part, np.arange(len(part))).bits(judged).sum() / judged.sizes.sum()
    yield "; ".join(f"{row['source']} {row['weight']:.2f} (has {row['share']:.2f})" for row in weights.to_pylist())
    yield ("bits per byte of 3 MB: " + ", ".join(f"{name} {value:.4f}" for name, value in made.items())
           + f"; rank correlation {weights['rank_correlation'][0].as_py():.3f}; 48 runs in {spent:.0f} CPU-s")


def contamination(_: str) -> Iterator[str]:
    """Sentences of the pages planted in other pages, as they are, in capitals and without spaces."""
    raw, good, _target = pages()
    asked = pa.table({"id": [page.key for page in good], "text": [page.text[:400] for page in good]})
    planted = []
    for number, page in enumerate(raw):
        if number % 10 == 0:
            question = asked["text"][number % len(asked)].as_py()
            words = question.split()[:40]
            page.text = f"{page.text[:1_000]} {(' '.join(words)).upper() if number % 20 else '  '.join(words)} {page.text[1_000:]}"
            planted.append((number, asked["id"][number % len(asked)].as_py()) if len(words) >= 20 else (number, ""))
    operator = contaminated(name="id")
    rows = table(raw)
    operator.function(rows.slice(0, 5), asked, **operator.settings)
    clock = time.process_time()
    made = operator.function(rows, asked, **operator.settings)
    spent = time.process_time() - clock
    found = set(zip(made.origin.tolist(), made.rows["evaluation"].to_pylist(), strict=True))
    wanted = [each for each in planted if each[1]]
    yield (f"{sum(each in found for each in wanted)} of {len(wanted)} planted passages found among {len(asked):,} evaluation rows; "
           f"{rows['text'].nbytes / 1e6 / spent:.1f} MB/s a core; "
           f"{len({row for row, _ in found} - {row for row, _ in planted}):,} further pages")


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    rank = np.argsort(np.argsort(scores, kind="stable"), kind="stable") + 1
    good = int(truth.sum())
    return float((rank[truth == 1].sum() - good * (good + 1) / 2) / (good * (len(truth) - good)))


CLEANLAB = """
import json, sys, numpy as np
from cleanlab.filter import find_label_issues
given = json.load(open(sys.argv[1]))
mask = find_label_issues(np.array(given["labels"]), np.array(given["chance"]), filter_by="prune_by_noise_rate", n_jobs=1)
print(json.dumps(np.flatnonzero(mask).tolist()))
"""
FASTTEXT = """
import json, sys, time, tempfile, fasttext
given = json.load(open(sys.argv[1]))
line = lambda text: " ".join(text.lower().split())
with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
    file.writelines(f"__label__{y} {line(text)}\\n" for text, y in zip(*given["train"]))
    file.flush()
    clock = time.process_time()
    model = fasttext.train_supervised(file.name, epoch=5, wordNgrams=2, dim=100, bucket=200000, thread=1, verbose=0, lr=.5)
    learning = time.process_time() - clock
lines = [line(text) for text in given["test"][0]]
clock = time.process_time()
found = [model.predict(each, k=2) for each in lines]
scoring = time.process_time() - clock
scores = [float(chances[names.index("__label__1")]) for names, chances in found]
truth = given["test"][1]
order = sorted(range(len(scores)), key=scores.__getitem__)
rank = {i: n + 1 for n, i in enumerate(order)}
good = sum(truth)
auc = (sum(rank[i] for i, y in enumerate(truth) if y) - good * (good + 1) / 2) / (good * (len(truth) - good))
sizes = [sum(len(t.encode()) for t in given[name][0]) / 1e6 for name in ("train", "test")]
print(f"fastText: AUC {auc:.4f}; learns {sizes[0] / learning:.1f} MB/s, scores {sizes[1] / scoring:.1f} MB/s")
"""


def peer(python: str, program: str, **given: object) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(given, file)
        file.flush()
        return subprocess.run([python, "-c", program, file.name], check=True, capture_output=True, text=True).stdout.strip()


PARTS = {"rules": rules, "classifier": classifier, "labels": labels, "mixture": mixing, "contamination": contamination}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--peers", default="", metavar="PYTHON")
    options = parser.parse_args()
    for name in options.parts or PARTS:
        print(f"## {name}", flush=True)
        for line in PARTS[name](options.peers):
            print(line, flush=True)


if __name__ == "__main__":
    main()
