"""What runs inside a system's own environment: `python -m benchmarks.peers.steps SYSTEM '[["sync", {}], ...]'`, one process.

The last line printed is JSON, a result for each step. A system that raises in a step is a result like any other: its error is told.
"""
import importlib
import json
import os
import shutil
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.peers import work
from benchmarks.peers.costs import server_cpu_s
from benchmarks.peers.systems import System

Look = dict[str, Any] | None


def sync(system: System, corpus: str, look: Look = None, has_fuse: bool = False) -> dict[str, Any]:
    """look: the arguments of `inspect`, once the sync is over; has_fuse: explosive texts make the embedder raise."""
    os.environ["PEERS_FUSE"] = "1" if has_fuse else ""
    found = timed(system.sync)
    os.environ["PEERS_FUSE"] = ""
    return found | {"failures": system.failures(), "rows": None if look is None else inspect(system, corpus, **look)}


def retry(system: System, corpus: str, look: Look = None) -> dict[str, Any]:
    return timed(system.retry) | {"rows": None if look is None else inspect(system, corpus, **look)}


def write(system: System, corpus: str, name: str, text: str, encoding: str = "utf-8") -> dict[str, Any]:
    """A document is put into the folder."""
    with open(os.path.join(corpus, name), "wb") as document:
        document.write(text.encode(encoding))
    return {}


def clean(system: System, corpus: str) -> dict[str, Any]:
    return timed(system.clean)


def change(system: System, corpus: str, times: int, question: str) -> dict[str, Any]:
    """A warm process: one document after the other gets another last paragraph; then a rename, a deletion, a copy. A sync after each."""
    system.sync()
    before = inspect(system, corpus, question=question)
    names, runs = work.names(corpus), []
    for name in names[len(names) // 2:][:times]:
        with open(os.path.join(corpus, name), "a", encoding="utf-8") as document:
            document.write("\n\nOne paragraph more, as people add them.\n")
        runs.append(accounted(system.sync))
    renamed, deleted, copied = (os.path.join(corpus, name) for name in names[1:4])
    os.rename(renamed, os.path.join(corpus, "zz_renamed.txt"))
    found = {"rename": accounted(system.sync)}
    os.remove(deleted)
    found["delete"] = accounted(system.sync)
    shutil.copy(copied, os.path.join(corpus, "zz_copied.txt"))
    found["copy"] = accounted(system.sync)
    return {"before": before, "refresh": runs, "after": inspect(system, corpus)} | found


def accounted(run: Callable[[], None]) -> dict[str, Any]:
    """`timed`, with the CPU seconds of a server and the texts embedded."""
    server, embedded = os.environ["PEERS_SERVER"], _counted()
    used = server_cpu_s(server)
    found = timed(run)
    found["cpu_s"] += server_cpu_s(server) - used
    return found | {"embedded": _counted() - embedded}


def _counted() -> int:
    counter = os.environ["PEERS_COUNTER"]
    return os.path.getsize(counter) if os.path.exists(counter) else 0


def inspect(system: System, corpus: str, without: Sequence[str] = (), question: str = "") -> dict[str, Any]:
    """The rows held, beside those that the documents of this moment would give; `without`: files that are not expected.

    lost: expected and not held; stale: held and not expected; doubled: held more often than expected.
    """
    expected: Counter[tuple[str, str]] = Counter()
    for name in work.names(corpus):
        if name not in without:
            expected.update((name, text) for text in work.cut(work.read(os.path.join(corpus, name))))
    held = Counter((os.path.basename(path), text) for path, text in system.rows())
    doubled = sum(count - expected[row] for row, count in held.items() if row in expected and count > expected[row])
    stale, lost = held.keys() - expected.keys(), expected - held
    return {"chunks": held.total(), "lost": lost.total(), "doubled": doubled, "stale": sum(held[row] for row in stale),
            "wrong": lost.total() + doubled + sum(held[row] for row in stale),
            "lost_documents": len({name for name, _ in lost}), "unexpected": sorted({name for name, _ in stale if name in without}),
            "found": [os.path.basename(path) for path in system.search(question, 5)] if question else []}


def timed(run: Callable[[], None]) -> dict[str, Any]:
    """Wall and CPU seconds of this process, and how it failed."""
    wall, cpu, error = time.perf_counter(), time.process_time(), ""
    try:
        run()
    except Exception as problem:
        traceback.print_exc()
        error = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
    return {"seconds": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "error": error}


def main() -> None:
    name, steps = sys.argv[1], json.loads(sys.argv[2])
    corpus = os.environ["PEERS_CORPUS"]
    module = name if "." in name else f"benchmarks.peers.systems.{name}"
    system = importlib.import_module(module).open_system(os.environ["PEERS_HOME"], corpus)
    results = []
    for step, settings in steps:
        before = _counted()
        results.append(globals()[step](system, corpus, **settings))
        results[-1]["embedded"] = _counted() - before
    print("\n" + json.dumps(results), flush=True)


if __name__ == "__main__":
    main()
