"""Processes that parse, as many as cores, kept from file to file and replaced when they die."""
import atexit
import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from saem.transform.isolation.limits import Limits, current
from saem.transform.isolation.process import Process
from saem.transform.parse._parsed import Parsed

MAX_FILES = 2_000              # for one process: what little leaks goes with it
IDLE_SECONDS = 10.0            # after that they are ended; the next file starts new ones

Kind = tuple[Limits, tuple[str, ...]]


class Pool:
    """`parse` may be called by many threads at once; each file has a process of its own while it is read."""

    def __init__(self, size: int) -> None:
        self._places = threading.Semaphore(size)
        self._idle: dict[Kind, list[Process]] = {}
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[tuple[Kind, Future[Process]]] = queue.SimpleQueue()
        self._starter: threading.Thread | None = None
        self._busy = 0

    def parse(self, module: str, content: bytes, path: str, programs: Sequence[str] = ()) -> Parsed:
        """Raises: what the parser raises about the file, E106 to E110 what the process does."""
        kind = (current(), tuple(programs))
        with self._places:
            process = self._taken(kind)
            try:
                return process.parse(module, content, path)
            finally:
                self._give_back(kind, process)

    def pids(self) -> list[int]:
        """Of the idle ones."""
        with self._lock:
            return [process.pid for idle in self._idle.values() for process in idle]

    def close(self) -> None:
        """End the idle ones."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for processes in idle.values():
            for process in processes:
                process.end()

    def _taken(self, kind: Kind) -> Process:
        with self._lock:
            self._busy += 1
            if self._idle.get(kind):
                return self._idle[kind].pop()
            if self._starter is None:
                self._starter = threading.Thread(target=self._start, name="saem-parsers", daemon=True)
                self._starter.start()
        ordered: Future[Process] = Future()
        self._orders.put((kind, ordered))
        try:
            return ordered.result()
        except BaseException:
            with self._lock:
                self._busy -= 1
            raise

    def _give_back(self, kind: Kind, process: Process) -> None:
        is_kept = not process.is_worn and process.files < MAX_FILES
        with self._lock:
            self._busy -= 1
            if is_kept:
                self._idle.setdefault(kind, []).append(process)
        if not is_kept:
            process.end()

    def _start(self) -> None:
        """One thread starts them all and outlives them: the system ends a process with the *thread* that started it."""
        while True:
            try:
                kind, ordered = self._orders.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                if self._busy:
                    continue
                self.close()
                with self._lock:
                    if self._busy or self._idle:
                        continue
                    self._starter = None
                    return
            try:
                ordered.set_result(Process(*kind))
            except BaseException as error:
                ordered.set_exception(error)


_shared: list[Pool] = []
_making = threading.Lock()
os.register_at_fork(after_in_child=_shared.clear)     # pipes are not for two


def shared() -> Pool:
    """The one that this program's parsers use."""
    with _making:
        if not _shared:
            _shared.append(Pool(cores()))
            atexit.register(_shared[0].close)
        return _shared[0]


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
