"""One system at work: its folder with a copy of the documents, its state, and its steps as processes of their own."""
import json
import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.peers import costs, work
from benchmarks.step import ROOT

BEFORE_NS = 3_600 * 10**9     # documents are older than the moment in which a system looks twice at them
TIMEOUT_S = 1_800.0


class Failed(Exception):
    """A step ended without a result: a crash, or a limit."""


class Place:
    """root/corpus the documents, root/home the state, root/log what the last step printed."""

    def __init__(self, name: str, python: str, root: str, documents: str, server: str = "", say: Callable[[str], None] = print) -> None:
        self.name, self.python, self.root, self.documents, self.say = name, python, root, documents, say
        self.corpus, self.home = os.path.join(root, "corpus"), os.path.join(root, "home")
        self.counter, self.log = os.path.join(root, "counter"), os.path.join(root, "log")
        self.server = os.path.join(self.home, server) if server else ""

    def fresh(self, count: int) -> None:
        """The first `count` documents, and no state."""
        self.close()
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.corpus)
        for name in work.names(self.documents)[:count]:
            path = os.path.join(self.corpus, name)
            shutil.copy(os.path.join(self.documents, name), path)
            written = os.stat(path).st_mtime_ns - BEFORE_NS
            os.utime(path, ns=(written, written))

    def close(self) -> None:
        if self.server:
            costs.stop_server(self.server)

    def step(self, step: str, at: str = "", **settings: Any) -> costs.Cost:
        """One step in a process of its own."""
        return self.steps([(step, settings)], at)

    def steps(self, steps: Sequence[tuple[str, dict[str, Any]]], at: str = "") -> costs.Cost:
        """Steps one after the other in one process. Raises: Failed when it ends without results, unless it was to be killed."""
        if os.path.exists(self.counter):
            os.remove(self.counter)
        argv = [self.python, "-m", "benchmarks.peers.steps", self.name, json.dumps(steps)]
        cost = costs.run(argv, self._environment(at), self.server, self.log, TIMEOUT_S)
        results, embedded = _results(cost.output), self.embedded()
        words = " ".join(step for step, _ in steps) + (f" {at}" if at else "")
        problems = [each["error"] for each in results if each.get("error")]
        self.say(f"{self.name}: {words}: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} CPU-s, {embedded:,} embedded {' '.join(problems[:1])}")
        if not at.startswith("kill") and (cost.code or not results):
            self.say("\n".join(cost.output.splitlines()[-15:]))
            raise Failed(f"{words} ended with {cost.code}: {(cost.output.strip().splitlines() or [''])[-1][:200]}")
        cost.results.extend(results)
        return cost

    def embedded(self) -> int:
        """Texts that the last process embedded, however it ended."""
        return os.path.getsize(self.counter) if os.path.exists(self.counter) else 0

    def files_with(self, text: str) -> int:
        """How many files of the state hold this text, byte for byte."""
        self.close()
        return sum(text.encode() in _bytes(os.path.join(folder, name)) for folder, _, names in os.walk(self.home) for name in names)

    def size_mb(self) -> float:
        """What the state takes on disk: sparse files count what they hold."""
        return sum(os.lstat(os.path.join(folder, name)).st_blocks * 512 for folder, _, names in os.walk(self.home) for name in names) / 1e6

    def _environment(self, at: str) -> dict[str, str]:
        """No system reports home; each finds its state under `home`; none compiles its modules anew in every process."""
        own = {"PEERS_HOME": self.home, "PEERS_CORPUS": self.corpus, "PEERS_COUNTER": self.counter, "PEERS_AT": at,
               "PEERS_FUSE": "", "PEERS_SERVER": self.server, "PEERS_LANCE": os.path.join(self.home, "lance"),
               "PYTHONPATH": os.pathsep.join([ROOT, os.path.join(ROOT, "src")]),
               "COCOINDEX_DB": os.path.join(self.home, "state.db"), "COCOINDEX_DISABLE_USAGE_TRACKING": "1",
               "PIXELTABLE_HOME": self.home, "ANONYMIZED_TELEMETRY": "False", "DO_NOT_TRACK": "1"}
        return {**{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}, **own}


def _results(output: str) -> list[dict[str, Any]]:
    last = (output.strip().splitlines() or [""])[-1]
    try:
        found = json.loads(last)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
