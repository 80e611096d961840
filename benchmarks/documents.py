"""2,000 real documents -> chunks -> vectors -> index, kept current: what each step costs, beside a script written by hand."""
import os
import shutil
from collections.abc import Iterator
from typing import Any

from benchmarks import corpus, step
from benchmarks.figure import Figure, least, middle

ROUNDS = 3                    # the least CPU of them counts: other work on the machine only adds
CHANGES = 7
BEFORE_NS = 3_600 * 10**9     # files written within 2 s of their reading are read again; a corpus is older than that


def measure() -> Iterator[Figure]:
    work = os.path.join(corpus.cache(), "documents")
    yield from _peers_setting(work)
    yield from _default_setting(work)
    shutil.rmtree(work)


def _peers_setting(work: str) -> Iterator[Figure]:
    """1,000-character chunks, vector index only: as the peers were measured."""
    builds, hands, noops = [], [], []
    for _ in range(ROUNDS):        # in turns, so that a busy machine slows both
        where = _fresh(work, "plain")
        hands.append(step.run("by_hand:build", corpus=where["corpus"], target=os.path.join(work, "by_hand")))
        builds.append(step.run("documents:run", **where))
        noops.append(step.run("documents:run", **where))
    built = step.run("documents:inspect", **where).result
    by_hand = least(cost.cpu_s for cost in hands)
    build = least(cost.cpu_s for cost in builds)
    yield Figure("build, 1,000-character chunks", build, "CPU-s", 3.0,
                 f"{built['chunks']:,} chunks; wall {least(c.wall_s for c in builds):.1f} s")
    yield Figure("  the same by hand, without saem", by_hand, "CPU-s", note="one lance.write_dataset, never kept current")
    yield Figure("  saem / by hand", build / by_hand, "x")
    yield Figure("  peak memory", max(cost.peak_mb for cost in builds), "MB", 400)
    yield Figure("  disk", _size_mb(where["state"]), "MB",
                 note=f"documents {_size_mb(where['corpus']):.0f} MB, by hand {_size_mb(os.path.join(work, 'by_hand')):.0f} MB")
    yield Figure("no-op rerun, a fresh process", least(cost.cpu_s for cost in noops), "CPU-s", 0.6,
                 f"of it the run {least(cost.result['seconds'] for cost in noops):.2f} s wall, the rest is imports")
    yield from _edits(where)
    yield from _crash(_fresh(work, "plain"), built, os.path.join(work, "embedded"))


def _edits(where: dict[str, str]) -> Iterator[Figure]:
    """Each is a fresh process but the first, whose process is warm."""
    changed = step.run("documents:change", **where, times=CHANGES).result
    yield Figure("one document changed: refresh in-process", middle(changed["seconds"]), "s", 0.1, _spread(changed["seconds"]))
    yield Figure("  chunks embedded", max(changed["computed"]), "chunks", 2, "the document's last chunk, and one more if it overflows")
    names, folder = sorted(os.listdir(where["corpus"])), where["corpus"]
    os.rename(os.path.join(folder, names[8]), os.path.join(folder, "zz_renamed.txt"))
    yield _embedded("a file renamed: chunks embedded", where, 0)
    os.remove(os.path.join(folder, names[9]))
    yield _embedded("a file deleted: chunks embedded", where, 0)
    shutil.copy2(os.path.join(folder, names[10]), os.path.join(folder, "zz_copy.txt"))
    yield _embedded("a file copied: chunks embedded", where, 0)
    kept = step.run("documents:inspect", **where).result
    anew = {**where, "state": where["state"] + ".anew"}
    step.run("documents:run", **anew)
    is_equal = kept == step.run("documents:inspect", **anew).result
    yield Figure("  rows that differ from a rebuild after all that", 0 if is_equal else abs(kept["chunks"] - 1), "rows", 0)


def _embedded(work: str, where: dict[str, str], most: int) -> Figure:
    cost = step.run("documents:run", **where)
    return Figure(work, cost.result["computed"], "chunks", most, f"{cost.cpu_s:.2f} CPU-s, the run {cost.result['seconds']:.2f} s")


def _crash(where: dict[str, str], built: dict[str, Any], counter: str) -> Iterator[Figure]:
    """kill -9 once half of the chunks are embedded, then run again."""
    for file in (counter, counter + ".again"):
        if os.path.exists(file):
            os.remove(file)
    step.run("documents:run", **where, counter=counter, kill_when=(counter, built["chunks"] // 2))
    step.run("documents:run", **where, counter=counter + ".again")
    after = step.run("documents:inspect", **where).result
    embedded = os.path.getsize(counter) + os.path.getsize(counter + ".again")
    missing = max(0, built["chunks"] - after["distinct"])
    yield Figure("kill -9 at half, then resume: embedded twice", max(0, embedded - built["texts"]), "chunks", 1_000,
                 f"killed after {os.path.getsize(counter):,} of {built['texts']:,} different texts")
    yield Figure("  chunks lost", missing if after["content"] != built["content"] else 0, "chunks", 0)
    yield Figure("  chunks doubled", after["chunks"] - after["distinct"], "chunks", 0)
    yield Figure("  content differs from an undisturbed build", float(after["content"] != built["content"]), "", 0)


def _default_setting(work: str) -> Iterator[Figure]:
    """What `saem ask FOLDER` does, but for the embedder: parse, 400-character chunks, text and vector index."""
    builds, noops = [], []
    for _ in range(ROUNDS):
        where = _fresh(work, "default")
        builds.append(step.run("documents:run", **where))
        noops.append(step.run("documents:run", **where))
    changed = step.run("documents:change", **where, times=CHANGES).result
    yield Figure("build as saem does by default", least(cost.cpu_s for cost in builds), "CPU-s",
                 note=f"{builds[-1].result['chunks']:,} chunks, text and HNSW index; wall {least(c.wall_s for c in builds):.1f} s")
    yield Figure("  peak memory", max(cost.peak_mb for cost in builds), "MB", 400)
    yield Figure("  disk", _size_mb(where["state"]), "MB")
    yield Figure("  no-op rerun, a fresh process", least(cost.cpu_s for cost in noops), "CPU-s", 0.6)
    yield Figure("  one document changed: refresh in-process", middle(changed["seconds"]), "s", 0.1,
                 f"{_spread(changed['seconds'])}; {max(changed['computed'])} chunk embedded")


def _fresh(work: str, way: str) -> dict[str, str]:
    """A copy of the corpus and no state."""
    shutil.rmtree(work, ignore_errors=True)
    folder = os.path.join(work, "corpus")
    shutil.copytree(corpus.documents(), folder)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        written = os.stat(path).st_mtime_ns - BEFORE_NS
        os.utime(path, ns=(written, written))
    return {"state": os.path.join(work, "state"), "corpus": folder, "way": way}


def _spread(seconds: list[float]) -> str:
    return f"middle of {len(seconds)}, from {min(seconds):.3f} to {max(seconds):.3f} s"


def _size_mb(place: str) -> float:
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(place) for name in names) / 1e6
