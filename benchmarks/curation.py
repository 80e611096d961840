"""Signals and decisions beside datatrove's: first whether they say the same of the same texts, only then how fast.

    python -m benchmarks curation                       # the figures
    python -m benchmarks.curation --disagreements       # where the two differ, rule by rule
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import corpus
from benchmarks.figure import Figure, middle
from benchmarks.step import ROOT

PACKAGES = (
    "linux-doc-6.1",
    "libreoffice-help-en-us",
    "libreoffice-help-ko",
    "debian-handbook",
    "debian-reference-en",
    "installation-guide-amd64",
)
BOTH_ROWS = 1_000             # datatrove takes a minute or two for these
PAIRS = {
    "GopherQualityFilter": "gopher.",
    "GopherRepetitionFilter": "repetition.",
    "C4QualityFilter": "c4.",
    "FineWebQualityFilter": "fineweb.",
}
LEAST_EQUAL, LEAST_SPEED = 99.0, 80.0
MILLION = 1_000_000


def measure() -> Iterator[Figure]:
    texts = _texts()
    both = texts.take(pa.array(np.linspace(0, len(texts) - 1, min(BOTH_ROWS, len(texts))).astype(int)))
    theirs = _datatrove(both)
    fired = _fired(both)
    for name, prefix in PAIRS.items():
        mine, their = _failed(fired, prefix, len(both)), np.array([bool(reason) for reason in theirs[name]["reasons"]])
        equal = 100 * float((mine == their).mean())
        yield Figure(f"decisions equal to datatrove's {name}", equal, "%", None,
                     f"{len(both):,} pages; datatrove drops {their.mean():.1%}, saem {mine.mean():.1%}", LEAST_EQUAL)
    mb = both.nbytes / 1e6
    spent = sum(each["cpu_s"] for each in theirs.values())
    yield Figure("datatrove, four filters", mb / spent, "MB/s a core", None, f"{mb:.0f} MB, {spent:.0f} CPU-s")
    yield from _speed(texts)
    yield from _what_if(texts)


def _texts() -> pa.ChunkedArray:
    """Every page that has a text, in the order of names."""
    place = os.path.join(corpus.cache(), "curation.parquet")
    if not os.path.exists(place):
        found = [text for _, _, text in corpus.pages(PACKAGES) if text]
        pq.write_table(pa.table({"text": pa.array(found, pa.large_string())}), place)
    return pq.read_table(place)["text"].combine_chunks()


def _datatrove(texts: pa.Array) -> dict[str, Any]:
    """What datatrove says, from its own environment (made once); kept beside the texts."""
    from benchmarks.peers.environments import made
    place = os.path.join(corpus.cache(), f"curation-{len(texts)}-{texts.nbytes}")
    if not os.path.exists(place + ".json"):
        pq.write_table(pa.table({"text": texts}), place + ".parquet")
        python = os.environ.get("DATATROVE_PYTHON") or made("datatrove", print).python
        subprocess.run([python, os.path.join(ROOT, "benchmarks/curation_datatrove.py"), place + ".parquet", place + ".json"], check=True)
    with open(place + ".json", encoding="utf-8") as file:
        return dict(json.load(file))


def _fired(texts: pa.Array) -> dict[str, np.ndarray]:
    """{rule: whether it fires for each row}."""
    from saem.curate.measure import measure as signals
    from saem.curate.rules import COMPARE, web_rules
    rows = signals.function(pa.table({"text": texts}))
    return {rule.name: COMPARE[rule.comparison](rows[rule.signal].to_numpy(), np.float32(rule.threshold)) for rule in web_rules}


def _failed(fired: dict[str, np.ndarray], prefix: str, rows: int) -> np.ndarray:
    return np.any([hit for name, hit in fired.items() if name.startswith(prefix)] or [np.zeros(rows, bool)], axis=0)


def _speed(texts: pa.Array) -> Iterator[Figure]:
    from saem.curate.measure import measure as signals
    mb = texts.nbytes / 1e6
    started = time.process_time()
    signals.function(pa.table({"text": texts.slice(0, 50)}))
    first = time.process_time() - started
    yield Figure(
        "the first call in a process: kernels from numba's cache, or compiled",
        first,
        "CPU-s",
        None,
        "compiled once a machine and version",
    )
    kernels = _kernels(texts)
    for name, seconds in kernels.items():
        yield Figure(f"{name}", mb / seconds, "MB/s a core", None, f"{mb:.0f} MB", LEAST_SPEED if name.startswith("the rules") else None)
    started = time.process_time()
    signals.function(pa.table({"text": texts}))
    yield Figure(
        "measure(): all signals, with language", mb / (time.process_time() - started), "MB/s a core", None, f"{len(texts):,} pages"
    )


def _kernels(texts: pa.Array) -> dict[str, float]:
    """{kernel: CPU seconds}, the middle of three."""
    from saem.curate.characters import classes
    from saem.curate.kernels import patterns, prediction, statistics
    from saem.curate.language_model import model
    from saem.curate.measure import buffers
    from saem.curate.words import word_hints, word_table
    buffer, offsets = buffers(pa.chunked_array([texts]))
    longest, rows = int(np.diff(offsets).max()), len(texts)
    out, found, bits = (
        np.empty((rows, len(statistics.COUNTED)), np.int64),
        np.empty((rows, len(patterns.COUNTED)), np.int64),
        np.empty(rows, np.float32),
    )
    work = {
        "the rules of Gopher, C4, FineWeb and Korean": lambda: statistics.count_all(
            buffer, offsets, longest, statistics.bytes_that_part(classes()), classes(), word_table(), word_hints(), out
        ),
        "personal data and addresses": lambda: patterns.count_patterns(buffer, offsets, np.zeros(0, np.uint64), found),
        "bits per byte of a sample of each page": lambda: prediction.bits_per_byte(buffer, offsets, *model().tables, bits),
    }
    spent = {}
    for name, run in work.items():
        times = []
        for _ in range(3):
            started = time.process_time()
            run()
            times.append(time.process_time() - started)
        spent[name] = middle(times)
    return spent


def _what_if(texts: pa.Array) -> Iterator[Figure]:
    """Another policy on a million rows of signals: what differs, without reading a text again."""
    import lance

    from saem.curate.explaining import compared, needed
    from saem.curate.policy import Policy
    from saem.curate.rules import enforced, web_rules
    signals, edges = _million(texts)
    overrides = pa.table({"row": pa.array([], pa.binary()), "keep": pa.array([], pa.bool_())})
    now = compared(signals, edges, overrides, Policy(), None)
    other = Policy({"*": enforced(web_rules)}, near_duplicate=.7, max_drop_per_source=1)
    compared(signals, edges.slice(0, 1_000), overrides, other, None)      # the kernels are read
    cpu, wall = time.process_time(), time.perf_counter()
    told = compared(signals, edges, overrides, other, now.decisions)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    yield Figure("what_if on 1,000,000 rows and 300,000 edges, in memory", cpu, "CPU-s", 2.0,
                 f"{wall:.1f} s by the clock; {told.dropped:,} would go")
    with tempfile.TemporaryDirectory() as place:
        lance.write_dataset(signals, place)
        cpu, wall = time.process_time(), time.perf_counter()
        lance.dataset(place).to_table(columns=needed(signals.column_names, other))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    yield Figure("reading the signals that it compares from Lance", cpu, "CPU-s", None, f"{wall:.1f} s by the clock")


def _million(texts: pa.Array) -> tuple[pa.Table, pa.Table]:
    """A million rows of the signals of real pages, each with an id of its own, of 20 sources; edges at random."""
    from saem.core.identity import ID
    from saem.curate.edges import together
    from saem.curate.measure import measure as signals_of
    dice = np.random.default_rng(1)
    ids = pa.Array.from_buffers(pa.binary(16), MILLION, [None, pa.py_buffer(dice.bytes(16 * MILLION))])
    measured = signals_of.function(pa.table({"text": texts.take(pa.array(np.linspace(0, len(texts) - 1, 3_000).astype(int)))}))
    made = {"_unit": ids, "_readers": pa.array(np.ones(MILLION, np.int32)), "source": pa.array(dice.integers(0, 20, MILLION).astype(str))}
    rows = measured.drop_columns(["text"]).take(pa.array(dice.integers(0, len(measured), MILLION))).combine_chunks()
    made |= {name: rows[name] for name in rows.column_names}
    left, right = dice.integers(0, MILLION, (2, 300_000))
    edges = pa.table(
        {
            "left": ids.take(pa.array(left)),
            "right": ids.take(pa.array(right)),
            "similarity": pa.array(dice.random(300_000), pa.float32()),
            "kind": pa.array(["near"] * 300_000),
        },
        schema=pa.schema([("left", ID), ("right", ID), ("similarity", pa.float32()), ("kind", pa.string())]),
    )
    return pa.table(made), together([edges])


def disagreements() -> None:
    """Where the two differ: how often, by which rule, and three rows of each."""
    texts = _texts()
    both = texts.take(pa.array(np.linspace(0, len(texts) - 1, min(BOTH_ROWS, len(texts))).astype(int)))
    theirs, fired = _datatrove(both), _fired(both)
    for name, prefix in PAIRS.items():
        reasons = theirs[name]["reasons"]
        mine = _failed(fired, prefix, len(both))
        own = [
            ",".join(rule.removeprefix(prefix) for rule, hit in fired.items() if rule.startswith(prefix) and hit[row])
            for row in range(len(both))
        ]
        cases = [(reasons[row] or "kept", own[row] or "kept", row) for row in range(len(both)) if mine[row] != bool(reasons[row])]
        print(f"{name}: {len(cases)} of {len(both):,} differ")
        for (their, our), count in Counter(case[:2] for case in cases).most_common(12):
            rows = [row for a, b, row in cases if (a, b) == (their, our)][:3]
            print(f"  {count:4}  datatrove: {their}; saem: {our}; rows {rows}")


if __name__ == "__main__":
    sys.path.insert(0, ROOT)
    disagreements() if "--disagreements" in sys.argv else [print(figure.cells()) for figure in measure()]
