"""The main job on the handbook: the first answer from a plain folder, the next one, and answers in a process that stays open."""
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator

from benchmarks import step
from benchmarks.figure import Figure, middle

HANDBOOK = os.path.join(step.ROOT, "examples", "handbook")
QUESTIONS = HANDBOOK + "_questions.jsonl"
COUNT, ROUNDS = 50, 3


def measure() -> Iterator[Figure]:
    with open(QUESTIONS, encoding="utf-8") as file:
        questions = [json.loads(line)["question"] for line in file][:COUNT]
    firsts, seconds = [], []
    with tempfile.TemporaryDirectory() as work:
        folder = os.path.join(work, "handbook")
        for _ in range(ROUNDS):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(HANDBOOK, folder, ignore=shutil.ignore_patterns(".saem"))
            firsts.append(step.command(_command(folder, questions[0])))
            seconds.append(step.command(_command(folder, questions[1])))
        many = step.run("ask:many", folder=folder, questions=questions)
    files = sum(len(names) for _, _, names in os.walk(HANDBOOK))
    yield Figure("saem ask, a folder never seen", middle(c.wall_s for c in firsts), "s", 60,
                 f"{files} files; {middle(c.cpu_s for c in firsts):.1f} CPU-s, peak {max(c.peak_mb for c in firsts):,.0f} MB")
    yield Figure("saem ask again, a new process", middle(c.wall_s for c in seconds), "s",
                 note=f"{middle(c.cpu_s for c in seconds):.1f} CPU-s")
    for work, per in (("ask", many.result["ask"]), ("search", many.result["search"])):
        slow = sorted(per)[int(0.95 * len(per))]
        yield Figure(f"{work} in an open process, p50 of {len(per)}", 1e3 * middle(per), "ms", note=f"p95 {1e3 * slow:.0f} ms")


def _command(folder: str, question: str) -> list[str]:
    return [sys.executable, "-m", "saem.cli.main", "ask", folder, question, "--json", "-q"]
