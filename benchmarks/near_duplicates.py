"""python -m benchmarks.near_duplicates [--peers] [--documents N]: near duplicates in 200 MB of real text with planted truth.

Kernels by themselves, the same through a project (decode, storage and lineage with it), kept current after 1 %, and beside datatrove,
rensa and gaoya on a part of the text (--peers: in an environment of their own, made at first use). Semantic and image duplicates too.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import corpus
from benchmarks.duplicates.others import other_searches
from benchmarks.duplicates.texts import prepared
from benchmarks.duplicates.truth import Truth, precision, recall
from benchmarks.figure import Figure, table
from saem.core.shapes import READERS, Made
from saem.curate import near_duplicates
from saem.curate.near_duplicates import signatures
from saem.engine.project import Project
from saem.sources import records

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "duplicates")
PIECE = 1_024
PEER_DOCUMENTS = 3_000
PEERS = ("rensa", "gaoya", "datatrove")
SHARE = 100                # one row in so many is added, then deleted
CHECKED = 3_000            # pairs of which brute force tells how alike they are


@dataclass
class Document:
    key: str
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--documents", type=int, default=None)
    options = parser.parse_args()
    documents, truth = prepared()
    rows = pq.read_table(documents)
    rows = rows.slice(0, options.documents).combine_chunks()
    planted = [(r["left"], r["right"]) for r in pq.read_table(truth).to_pylist()]
    figures = []
    for figure in beside_peers(rows, planted) if options.peers else measure(rows, planted):
        figures.append(figure)
        print(*figure.cells(), file=sys.stderr, flush=True)      # some take minutes
    print(table(figures))


def measure(rows: pa.Table, planted: list[tuple[str, str]]) -> Iterator[Figure]:
    yield from compile_costs()
    texts = rows["text"]
    size_mb = sum(chunk.nbytes for chunk in texts.chunks) / 1e6
    yield Figure("text", size_mb, "MB", note=f"{len(rows):,} documents, {len(planted):,} planted copies")
    compared(rows.slice(0, 100))        # kernels are loaded
    before_kb = peak_kb(reset=True)
    clock = time.process_time()
    made = sketched(rows)
    signing = time.process_time() - clock
    found = near_duplicates.function(made)
    whole = time.process_time() - clock
    used_mb = (peak_kb() - before_kb) / 1e3
    sketch_mb = made.nbytes / 1e6
    yield Figure("kernels, from Arrow: signatures", size_mb / signing, "MB/s a core", note=f"{signing:.2f} CPU-s")
    yield Figure("kernels, from Arrow: signatures and verified pairs", size_mb / whole, "MB/s a core", note="goal: 250 or more")
    held = f"{used_mb:.0f} MB; signatures and keys {sketch_mb:.0f} MB"
    yield Figure("memory above the text", used_mb / sketch_mb, "x signatures", 2.0, held)
    yield from other_searches(ready)
    yield from exactness(rows, planted, numbered(found))
    yield from kept_current(rows)


def sketched(rows: pa.Table) -> pa.Table:
    """In pieces, as a run hands them on."""
    return ready(pa.concat_tables([signatures.function(rows.slice(start, PIECE)).rows for start in range(0, len(rows), PIECE)]))


def ready(made: pa.Table) -> pa.Table:
    """With what the engine adds: who each row is, that it is asked for, and that all may read it."""
    own = pa.table({"_row": ids_of(len(made)), "_asked": pa.array([True] * len(made)), READERS: pa.array(["[]"] * len(made))})
    return pa.table([*made.combine_chunks().columns, *own.columns], names=[*made.column_names, *own.column_names])


def ids_of(count: int) -> pa.Array:
    raw = b"".join(number.to_bytes(16, "big") for number in range(count))
    return pa.Array.from_buffers(pa.binary(16), count, [None, pa.py_buffer(raw)])


def numbered(found: Made) -> list[tuple[int, int]]:
    return list(zip(found.origin.tolist(), found.others[0].tolist(), strict=True))


def compared(rows: pa.Table) -> list[tuple[int, int]]:
    return numbered(near_duplicates.function(sketched(rows)))


def peak_kb(reset: bool = False) -> int:
    """The process's largest memory since it was reset."""
    if reset:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def exactness(rows: pa.Table, planted: list[tuple[str, str]], pairs: list[tuple[int, int]]) -> Iterator[Figure]:
    keys = rows["key"].to_pylist()
    truth = Truth(dict(zip(keys, rows["text"].to_pylist(), strict=True)))
    known = [(a, b, truth.jaccard(a, b)) for a, b in planted if a in truth.texts and b in truth.texts]
    named = {(keys[a], keys[b]) for a, b in pairs}
    wanted = sum(similarity >= .8 for *_, similarity in known)
    yield Figure("planted pairs of J >= .8 found", recall(known, named), "of 1", note=f"goal: .99 or more; {wanted:,} pairs")
    some = set(sorted(named)[::max(1, len(named) // CHECKED)])
    for least in (.5, .6, .65):
        yield Figure(f"pairs found with J >= {least}", precision(truth, some, least), "of 1",
                     note=f"{len(some):,} of {len(named):,} pairs by brute force" + ("; goal: .99 or more" if least == .6 else ""))


def kept_current(rows: pa.Table) -> Iterator[Figure]:
    """A project over the rows: built, 1 % added, 1 % deleted; each equal to a rebuild."""
    few = len(rows) // SHARE
    with tempfile.TemporaryDirectory(dir=corpus.cache()) as folder:
        db = opened(f"{folder}/kept")
        put(db, rows.slice(few))
        built, cpu = run(db)
        size_mb = rows["text"].nbytes / 1e6
        yield Figure("saem run: records, signatures, edges", size_mb / cpu, "MB/s of CPU", note=f"{cpu:.1f} CPU-s, " + told(built))
        put(db, rows.slice(0, few))
        added, _ = run(db)
        yield ratio("1 % added", built, added)
        with_all = edges(db)
        again = opened(f"{folder}/rebuilt")
        put(again, rows)
        rebuilt, _ = run(again)
        yield Figure("edges that differ from a rebuild after adding", len(with_all ^ edges(again)), "edges", 0, f"of {len(with_all):,}")
        before = edges(again)
        again.tables["documents"].drop(rows["key"].slice(0, few).to_pylist())
        gone, _ = run(again)
        yield ratio("1 % deleted", rebuilt, gone)
        db.close()
        fresh = opened(f"{folder}/fresh")
        put(fresh, rows.slice(few))
        run(fresh)
        yield Figure("edges that differ from a rebuild after deleting", len(edges(fresh) ^ edges(again)), "edges", 0,
                     f"{len(before) - len(edges(again)):,} edges went")
        again.close()
        fresh.close()


def opened(place: str) -> Project:
    db = Project(place)
    db.source("documents", records(Document)).derive("near_duplicates", near_duplicates())
    return db


def put(db: Project, rows: pa.Table) -> None:
    db.tables["documents"].put([Document(*pair) for pair in zip(rows["key"].to_pylist(), rows["text"].to_pylist(), strict=True)])


def run(db: Project) -> tuple[dict[str, float], float]:
    """({table: seconds}, CPU seconds)."""
    clock = time.process_time()
    report = db.run()
    return {name: counts.seconds for name, counts in report.tables.items()}, time.process_time() - clock


def told(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())


def ratio(what: str, built: dict[str, float], now: dict[str, float]) -> Figure:
    names = ("near_duplicates_signatures", "near_duplicates")
    return Figure(f"{what}: cheaper than a rebuild of both tables", sum(built[n] for n in names) / sum(now[n] for n in names), "times",
                  note="goal: 50 or more; " + told({n: now[n] for n in names}))


def edges(db: Project) -> set[tuple[object, ...]]:
    rows = db.table("near_duplicates").to_arrow()
    return set(zip(*(rows[name].to_pylist() for name in ("left", "right", "similarity", "kind")), strict=True))


def compile_costs() -> Iterator[Figure]:
    """A process of its own with an empty cache, then another one with what the first has left."""
    code = ("import time, pyarrow as pa; from benchmarks.near_duplicates import compared; clock = time.perf_counter(); "
            "compared(pa.table({'text': ['a few words of text', 'another one']})); print(time.perf_counter() - clock)")
    with tempfile.TemporaryDirectory() as cache:
        for what in ("numba compiles, once a machine", "the same from its cache, once a process"):
            made = subprocess.run([sys.executable, "-c", code], env=os.environ | {"NUMBA_CACHE_DIR": cache}, capture_output=True, text=True,
                                  check=True)
            yield Figure(what, float(made.stdout), "s")


def beside_peers(rows: pa.Table, planted: list[tuple[str, str]]) -> Iterator[Figure]:
    part = rows.slice(0, PEER_DOCUMENTS)
    size_mb = sum(chunk.nbytes for chunk in part.combine_chunks()["text"].chunks) / 1e6
    keys = part["key"].to_pylist()
    truth = Truth(dict(zip(keys, part["text"].to_pylist(), strict=True)))
    known = [(a, b, truth.jaccard(a, b)) for a, b in planted if a in truth.texts and b in truth.texts]
    compared(part.slice(0, 50))
    clock = time.process_time()
    found = compared(part)
    pace = size_mb / (time.process_time() - clock)
    ours = {(keys[a], keys[b]) for a, b in found}
    quality = f"recall {recall(known, ours):.3f}, J >= .6: {precision(truth, ours, .6):.3f}"
    yield Figure("saem", pace, "MB/s a core", note=f"{size_mb:.1f} MB; {quality}")
    python = environment()
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(part, f"{folder}/documents.parquet")
        for name in PEERS:
            subprocess.run([python, f"{HERE}/peer.py", name, f"{folder}/documents.parquet", f"{folder}/{name}.json"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(f"{folder}/{name}.json") as file:
                result = json.load(file)
            theirs = size_mb / result["cpu_s"]
            yield Figure(name, theirs, "MB/s a core", note=f"saem: {pace / theirs:.0f} times; " + _quality(result["pairs"], known, truth))


def _quality(pairs: list[list[str]], known: list[tuple[str, str, float]], truth: Truth) -> str:
    dropped = {key for name, key in pairs if name == "dropped"}
    if dropped:
        wanted = [(a, b) for a, b, similarity in known if similarity >= .8]
        return f"of pairs of J >= .8 it drops one in {sum(a in dropped or b in dropped for a, b in wanted) / max(1, len(wanted)):.3f}"
    found = {(a, b) for a, b in pairs}
    return f"recall {recall(known, found):.3f}, J >= .6: {precision(truth, found, .6):.3f}"


def environment() -> str:
    place = os.path.join(corpus.cache(), "duplicates", "peers")
    python = os.path.join(place, "bin", "python")
    if not os.path.exists(os.path.join(place, "whole")):
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", f"{HERE}/requirements.txt"], check=True)
        with open(os.path.join(place, "whole"), "w"):
            pass
    return python


if __name__ == "__main__":
    main()
