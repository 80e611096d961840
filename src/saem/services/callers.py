"""Who may call a door, by name and token: a table of saem.toml, read again when the file changes, so that who is taken out is out."""
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from saem.core.errors import SaemError
from saem.services.listening import settings, token_of

Caller = TypeVar("Caller")
Kinds = Mapping[str, type | tuple[type, ...]]


class Callers(Generic[Caller]):
    """The callers of `[saem.DOOR.TABLE.NAME]`. While the file cannot be read, nobody is let in.

    path   of saem.toml; read: gives its `[saem]`
    known  the settings of `[saem.DOOR]`
    made   of a caller's name, what the table says of it, and all of `[saem]`
    """

    def __init__(self, path: str, read: Callable[[], Mapping[str, Any]], name: str, table: str, known: Kinds,
                 made: Callable[[str, dict[str, Any], Mapping[str, Any]], Caller]) -> None:
        self.path, self.read, self.name, self.table, self.kinds, self.made = path, read, name, table, known, made
        self._lock = threading.Lock()
        self._read: tuple[int, dict[str, Caller], dict[str, str]] | None = None

    @property
    def stamp(self) -> int:
        """When saem.toml was written; 0 = there is none."""
        try:
            return os.stat(self.path).st_mtime_ns
        except OSError:
            return 0

    def settings(self) -> Mapping[str, Any]:
        """`[saem.DOOR]`. Raises: E207 for what is wrong in it."""
        return settings(self.read().get(self.name, {}), self.kinds, self.name)

    def known(self) -> dict[str, Caller]:
        """Raises: E207 for what is wrong in the file."""
        return self._now()[1]

    def tokens(self) -> dict[str, str]:
        """{name: token}; {} while saem.toml is wrong."""
        try:
            return self._now()[2]
        except SaemError:
            return {}

    def _now(self) -> tuple[int, dict[str, Caller], dict[str, str]]:
        with self._lock:
            stamp = self.stamp
            if self._read is None or self._read[0] != stamp:
                told, every = self.settings().get(self.table, {}), self.read()
                made = {name: self.made(name, each, every) for name, each in told.items()}
                tokens = {name: token_of(told[name], f"{self.name}.{self.table}.{name}") for name in made}
                self._read = stamp, made, tokens
            return self._read
