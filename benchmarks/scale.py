"""What one changed row costs over three tables as they grow, and what 100,000 changed rows cost."""
import os
import shutil
from collections.abc import Iterator

from benchmarks import corpus, step
from benchmarks.figure import Figure, middle

ROWS = (10_000, 100_000, 1_000_000)
TIMES = 5
MANY = 100_000
WAYS = {"rows": "row operators", "arrow": "Arrow operators"}
WORDS = {"change": "change 1 row", "insert": "insert 1 row", "delete": "delete 1 row", "readers": "change the readers of 1 row",
         "nothing": "no-op"}


def measure() -> Iterator[Figure]:
    for rows in ROWS:
        state = os.path.join(corpus.cache(), f"scale_{rows}")
        yield _built(state, rows, "rows")
        yield from _one_row(state, rows)
    yield from _many_rows(state, rows, "rows")
    yield _built(state, rows, "arrow")
    yield from _many_rows(state, rows, "arrow")
    for rows in ROWS:
        shutil.rmtree(os.path.join(corpus.cache(), f"scale_{rows}"))


def _built(state: str, rows: int, way: str) -> Figure:
    shutil.rmtree(state, ignore_errors=True)
    cost = step.run("scale:build", state=state, rows=rows, way=way)
    return Figure(f"{rows:,} rows: build three tables, {WAYS[way]}", cost.result["run_s"], "s",
                  note=f"{cost.result['cpu_s']:.1f} CPU-s, peak {cost.peak_mb:,.0f} MB; putting the rows in: {cost.result['put_s']:.1f} s")


def _one_row(state: str, rows: int) -> Iterator[Figure]:
    small = step.run("scale:small", state=state, rows=rows, times=TIMES)
    fresh = small.result.pop("fresh")[0]
    yield Figure("  change 1 row, first run of a process", 1e3 * fresh["run_s"], "ms", 100, f"{1e3 * fresh['cpu_s']:.0f} CPU-ms")
    for work, runs in small.result.items():
        walls, cpus = [1e3 * run["run_s"] for run in runs], [1e3 * run["cpu_s"] for run in runs]
        yield Figure(f"  {WORDS[work]}", middle(walls), "ms", 100,
                     f"middle of {TIMES}, from {min(walls):.0f} to {max(walls):.0f} ms; {middle(cpus):.0f} CPU-ms")
    yield Figure("  peak memory of all that", small.peak_mb, "MB")


def _many_rows(state: str, rows: int, way: str) -> Iterator[Figure]:
    large = step.run("scale:large", state=state, rows=rows, way=way, changed=MANY)
    for work, run in large.result.items():
        words = WORDS[work].replace("1 row", f"{MANY:,} rows")
        yield Figure(f"  {words}, {WAYS[way]}", run["run_s"], "s", 5.0 if work == "change" else None,
                     f"{run['cpu_s']:.1f} CPU-s; putting them in: {run['put_s']:.1f} s; peak so far {run['peak_mb']:,.0f} MB")
