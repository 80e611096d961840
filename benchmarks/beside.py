"""One reader beside a writer that publishes every second: what it costs the reader, and whether he ever sees half a publish."""
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import corpus, step
from benchmarks.figure import Figure

ROWS, SECONDS = 200, 20.0
LEAST = .8         # of the reads that the reader alone has


def measure() -> Iterator[Figure]:
    state = os.path.join(corpus.cache(), "beside")
    shutil.rmtree(state, ignore_errors=True)
    step.run("beside:build", state=state, rows=ROWS)
    alone = step.run("beside:read", state=state, rows=ROWS, seconds=SECONDS).result
    with ThreadPoolExecutor(2) as both:
        writer = both.submit(step.run, "beside:write", state=state, rows=ROWS, seconds=SECONDS + 2)
        reader = both.submit(step.run, "beside:read", state=state, rows=ROWS, seconds=SECONDS)
        beside, published = reader.result().result, writer.result().result["published"]
    pace = alone["reads"] / alone["seconds"], beside["reads"] / beside["seconds"]
    yield Figure("reads a second, nobody writes", pace[0], "", note="two tables and a search each, all of one snapshot")
    yield Figure(f"  while another process publishes {ROWS} changed rows every second", pace[1], "",
                 note=f"{published} publishes, {beside['rounds']} of them seen")
    yield Figure("  share of the idle pace that is lost", 1 - pace[1] / pace[0], "", 1 - LEAST)
    yield Figure("  errors", len(beside["errors"]), "", 0, "; ".join(beside["errors"]))
    yield Figure("  mixed snapshots", beside["mixed"], "", 0)
    shutil.rmtree(state)
