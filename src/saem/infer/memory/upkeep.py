"""The runs that keep a memory's tables current: one that is asked for, and one beside the caller, in a thread with a project of its own."""
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError
from saem.infer.memory.tables import KINDS, declare, table

if TYPE_CHECKING:
    from saem.core.run import Report
    from saem.engine.project import Project


class Upkeep:
    """Runs of one memory. At most one thread works at a time; a run of another process is left to its work."""

    def __init__(self, db: "Project", name: str, extractor: Any, embedder: str | None, remote: bool) -> None:
        self.db, self.name = db, name
        self.declare: Callable[[Project], None] = lambda project: declare(project, name, extractor, embedder, remote)
        self._thread: threading.Thread | None = None
        self._next = 0  # how many wait when a run is begun again: one that failed is not begun at every message

    def run(self, wait_s: float) -> "Report | None":
        """A run of the memory's tables; None where another is at work."""
        self.join()
        return _run(self.db, self.name, wait_s)

    def start(self, waits: int, every: int) -> None:
        """Begin a run beside the caller, who does not wait for it. What fails in it fails again in the next run, which tells.

        waits  how many messages do; every: how many more of them before one that failed is tried again
        """
        if waits >= self._next and (self._thread is None or not self._thread.is_alive()):
            self._next = waits + every
            self._thread = threading.Thread(target=self._beside, name=f"saem memory {self.name}")
            self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _beside(self) -> None:
        from saem.engine.project import Project
        with suppress(SaemError), Project(self.db.state, self.db.on_step, self.db.root) as own:
            own.groups, own.models = self.db.groups, self.db.models
            self.declare(own)
            _run(own, self.name, 0.0)
            self._next = 0


def _run(db: "Project", name: str, wait_s: float) -> "Report | None":
    wanted = [table(name, kind) for kind in KINDS if table(name, kind) in db.tables]
    try:
        return db.run(only=wanted, wait_s=wait_s)
    except SaemError as error:
        if error.code != "E301" or wait_s:
            raise
        return None
