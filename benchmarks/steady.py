"""600 one-row runs in a row: latency, files and versions must not creep up."""
import os
import shutil
from collections.abc import Iterator

from benchmarks import corpus, step
from benchmarks.figure import Figure, middle

ROWS, RUNS = 100_000, 600
EDGE = 30       # runs: latency rises a little until small fragments are compacted, every 28 runs; this is a whole period


def measure() -> Iterator[Figure]:
    state = os.path.join(corpus.cache(), "steady")
    shutil.rmtree(state, ignore_errors=True)
    step.run("scale:build", state=state, rows=ROWS, way="rows")
    before = _size_mb(state)
    result = step.run("scale:steady", state=state, rows=ROWS, runs=RUNS).result
    first, last = middle(result["seconds"][:EDGE]), middle(result["seconds"][-EDGE:])
    yield Figure(f"{RUNS} one-row runs at {ROWS:,} rows: the first {EDGE}", 1e3 * first, "ms", 100)
    yield Figure(f"  the last {EDGE}", 1e3 * last, "ms", 100, f"slowest of all: {1e3 * max(result['seconds']):.0f} ms")
    yield Figure("  last / first", last / first, "x", 1.5)
    tables = result["tables"].values()
    yield Figure("  fragments, largest table", max(each["fragments"] for each in tables), "", 70)
    yield Figure("  versions, largest table", max(each["versions"] for each in tables), "")
    yield Figure("  disk after / before", _size_mb(state) / before, "x", note=f"{before:.0f} MB before")
    shutil.rmtree(state)


def _size_mb(place: str) -> float:
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(place) for name in names) / 1e6
