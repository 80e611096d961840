"""What one changed row costs over three tables as they grow, and what 100,000 changed rows cost."""
import os
import shutil
from collections.abc import Iterator

from benchmarks import corpus, step
from benchmarks.figure import Figure, middle

ROWS = (10_000, 100_000, 1_000_000)
TIMES = 5
MANY = 100_000
WORDS = {"change": "change 1 row", "insert": "insert 1 row", "delete": "delete 1 row", "readers": "change the readers of 1 row", "nothing": "no-op"}


def measure() -> Iterator[Figure]:
    for rows in ROWS:
        state = os.path.join(corpus.cache(), f"scale_{rows}")
        shutil.rmtree(state, ignore_errors=True)
        built = step.run("scale:build", state=state, rows=rows)
        yield Figure(f"{rows:,} rows: build three tables", built.result["run_s"], "s",
                     note=f"{built.result['cpu_s']:.1f} CPU-s, peak {built.peak_mb:,.0f} MB; putting them in: {built.result['put_s']:.1f} s")
        small = step.run("scale:small", state=state, rows=rows, times=TIMES)
        fresh = small.result.pop("fresh")[0]
        yield Figure("  change 1 row, first run of a process", 1e3 * fresh["run_s"], "ms", 100, f"peak {small.peak_mb:,.0f} MB")
        for work, runs in small.result.items():
            yield Figure(f"  {WORDS[work]}", 1e3 * middle(run["run_s"] for run in runs), "ms", 100,
                         f"slowest of {TIMES}: {1e3 * max(run['run_s'] for run in runs):.0f} ms; {1e3 * middle(run['cpu_s'] for run in runs):.0f} CPU-ms")
        if rows > MANY:
            large = step.run("scale:large", state=state, rows=rows, changed=MANY)
            for work, run in large.result.items():
                yield Figure(f"  {WORDS[work].replace('1 row', f'{MANY:,} rows')}", run["run_s"], "s", 5.0 if work == "change" else None,
                             f"{run['cpu_s']:.1f} CPU-s; putting them in: {run['put_s']:.1f} s; peak {large.peak_mb:,.0f} MB")
        shutil.rmtree(state)
