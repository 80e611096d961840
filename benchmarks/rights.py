"""Search among 100,000 vectors of which a reader may see a share: recall, time, leaks; and what a change of readers costs."""
import os
import shutil
from collections.abc import Iterator

from benchmarks import corpus, step
from benchmarks.figure import Figure

DOCUMENTS, TIMES, PAIRS, MANY = 10_000, 200, 100_000, 3_000
RECALL, SLOWER = .98, 1.5
WORDS = {"all": "the owner, unfiltered", "random": "documents here and there", "topic": "whole topics"}


def measure() -> Iterator[Figure]:
    state = os.path.join(corpus.cache(), "rights")
    shutil.rmtree(state, ignore_errors=True)
    built = step.run("rights:build", state=state, documents=DOCUMENTS)
    yield Figure(f"{built.result['rows']:,} vectors of 384: build with their index", built.result["seconds"], "s",
                 note=f"{built.cpu_s:.0f} CPU-s")
    found = step.run("rights:search", state=state, documents=DOCUMENTS, times=TIMES).result
    whole = found[0]["p50_ms"]
    for each in found:
        name = WORDS[each["way"]] if each["way"] == "all" else f"{each['share']:g} % visible, {WORDS[each['way']]}"
        is_met = each["recall"] >= RECALL
        yield Figure(f"  {name}: p50", each["p50_ms"], "ms", None if each["way"] == "all" else SLOWER * whole,
                     f"recall@10 {each['recall']:.3f}{'' if is_met else f', MISSED: {RECALL}'}; {each['rows']:,} rows")
    pairs = step.run("rights:pairs", state=state, documents=DOCUMENTS, count=PAIRS).result
    yield Figure(f"rows that leaked, of {pairs['pairs']:,} random pairs of a principal and a question", pairs["leaks"], "", 0,
                 f"{pairs['rows']:,} rows looked at")
    changed = step.run("rights:change", state=state, documents=DOCUMENTS, many=MANY).result
    for name, count, most in (("one", 1, .2), ("many", MANY, 2.0)):
        each = changed[name]
        work = f"readers of {count:,} of {DOCUMENTS:,} documents changed, visible in {each['rows']:,} chunks"
        yield Figure(work, each["seconds"], "s", most, f"{each['computed']} model calls; {each['unindexed']} rows outside the vector index")
    shutil.rmtree(state)
