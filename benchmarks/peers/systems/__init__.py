"""One file a system, each as its documentation recommends for this job; `open_system` is all that the harness calls.

Only the module of the system at hand is imported, in that system's own environment.
"""
from collections.abc import Iterable
from typing import Protocol


class System(Protocol):
    """A project of one system, held open."""

    def sync(self) -> None:
        """Bring the tables up to date with the folder. Raises: what the system raises."""

    def failures(self) -> list[str]:
        """What the system says failed in the last sync, by its own documented means."""

    def retry(self) -> None:
        """The documented way to compute again what has failed."""

    def rows(self) -> Iterable[tuple[str, str]]:
        """(file name, text) of every chunk."""

    def search(self, question: str, k: int) -> list[str]:
        """File names of the k nearest chunks, best first."""

    def clean(self) -> None:
        """The documented way to drop old versions."""
