"""More than 200 MB of real text, from the documentation that Debian packages, and copies planted in it of which the truth is known."""
import gzip
import os
import random
import re
import subprocess
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpus import cache

PACKAGES = ("linux-doc-6.1", "libreoffice-help-ko", "libreoffice-help-en-us", "postgresql-doc-15", "qtbase5-doc-html", "libboost1.81-doc",
            "openjdk-17-doc", "wx3.2-doc", "ghc-doc", "erlang-doc")
WANTED_BYTES = 200_000_000
SIZE_CHARS = (400, 400_000)
TAG, SCRIPT = re.compile(rb"<[^>]*>"), re.compile(rb"(?is)<(script|style|head|nav)\b.*?</\1>")
PLANTED = ("exact", "case and spaces", "2 % of words", "4 % of words", "6 % of words", "10 % of words", "cut off", "header", "moved",
           "half", "Hangul spaces")
EVERY = 6                  # one document in so many has a planted copy
HANGUL = re.compile(r"[가-힣]")


def prepared() -> tuple[str, str]:
    """(documents as Parquet: key, text; planted pairs as Parquet: left, right, kind). Made on first use."""
    place = os.path.join(cache(), "duplicates")
    documents, truth = os.path.join(place, "documents.parquet"), os.path.join(place, "planted.parquet")
    if not os.path.exists(truth):
        os.makedirs(place, exist_ok=True)
        texts, planted = _planted(_texts())
        order = list(range(len(texts)))
        random.Random(11).shuffle(order)
        pq.write_table(pa.table({"key": [f"d{i:06}" for i in order], "text": [texts[i] for i in order]}), documents, row_group_size=8192)
        names = {name: [f"d{pair[name]:06}" for pair in planted] for name in (0, 1)}
        pq.write_table(pa.table({"left": names[0], "right": names[1], "kind": [pair[2] for pair in planted]}), truth)
    return documents, truth


def _texts() -> list[str]:
    found: list[str] = []
    total = 0
    for package in PACKAGES:
        if total > WANTED_BYTES * 0.9:
            break
        with tempfile.TemporaryDirectory(dir=cache()) as work:
            subprocess.run(["apt-get", "download", "-qq", package], cwd=work, check=True)
            deb = next(name for name in os.listdir(work) if name.endswith(".deb"))
            subprocess.run(["dpkg-deb", "-x", deb, "out"], cwd=work, check=True)
            for folder, _, names in sorted(os.walk(os.path.join(work, "out"))):
                for name in sorted(names):
                    text = _text(os.path.join(folder, name))
                    if SIZE_CHARS[0] <= len(text) <= SIZE_CHARS[1]:
                        found.append(text)
                        total += len(text.encode())
    return found


def _text(path: str) -> str:
    if os.path.islink(path) or not path.endswith((".html", ".txt", ".html.gz", ".txt.gz", ".htm", ".xhp")):
        return ""
    with (gzip.open(path) if path.endswith(".gz") else open(path, "rb")) as file:
        raw = file.read()
    if ".htm" in path or path.endswith(".xhp"):
        raw = TAG.sub(b" ", SCRIPT.sub(b" ", raw))
    return re.sub(r"[ \t]+", " ", raw.decode("utf-8", "replace"))


def _planted(texts: list[str]) -> tuple[list[str], list[tuple[int, int, str]]]:
    dice = random.Random(7)
    vocabulary = [word for text in dice.sample(texts, 2_000) for word in text.split()]
    made, pairs = list(texts), []
    for number in range(0, len(texts), EVERY):
        kind = PLANTED[len(pairs) % len(PLANTED)]
        if kind == "Hangul spaces" and len(HANGUL.findall(texts[number])) < 200:
            kind = "4 % of words"
        made.append(_copy(texts[number], kind, dice, vocabulary, texts))
        pairs.append((number, len(made) - 1, kind))
    return made, pairs


def _copy(text: str, kind: str, dice: random.Random, vocabulary: list[str], texts: list[str]) -> str:
    if kind == "exact":
        return text
    if kind == "case and spaces":
        return re.sub(r"[ \n]", lambda space: space[0] * 2, text.upper() if dice.random() < .5 else text.lower())
    if kind == "Hangul spaces":
        return re.sub(r"(?<=[가-힣]) (?=[가-힣])", "", text)
    if kind.endswith("of words"):
        rate = int(kind.split()[0]) / 100
        return re.sub(r"\S+", lambda word: dice.choice(vocabulary) if dice.random() < rate else word[0], text)
    if kind == "cut off":
        return text[:int(len(text) * dice.uniform(.7, .95))]
    if kind == "header":
        return f"Copyright 2026 Example Portal. Home Login Sign up {' '.join(dice.choices(vocabulary, k=dice.randint(5, 40)))}\n{text}"
    if kind == "moved":
        parts = text.split("\n\n")
        dice.shuffle(parts)
        return "\n\n".join(parts)
    return text[:len(text) // 2] + dice.choice(texts)[:len(text) // 2]
