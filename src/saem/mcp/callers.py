"""Who calls: a principal given at the start, or over HTTP the one whom saem.toml names for a token."""
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saem import door
from saem.core.errors import SaemError
from saem.services.listening import settings, token_of

KNOWN: dict[str, type | tuple[type, ...]] = {"memory": str, "model": str, "callers": dict}
OF_A_CALLER: dict[str, type | tuple[type, ...]] = {"token_env": str, "as": str, "tools": list}
TOOLS = ("search", "ask", "recall", "remember", "revise", "sql")
EXAMPLE = '[saem.mcp.callers.desk]\ntoken_env = "DESK_TOKEN"\nas = "kim"'


@dataclass(frozen=True)
class Caller:
    """person: whose rights apply, None = the owner's; tools: those that may be called."""
    name: str
    person: str | None
    tools: tuple[str, ...] = TOOLS


class Callers:
    """What `[saem.mcp]` says now: read again when the file changes, so that a caller who is taken out is out.

    While the file cannot be read, nobody is let in.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._read: tuple[int, dict[str, Caller], dict[str, str]] | None = None

    @property
    def stamp(self) -> int:
        """When saem.toml was written; 0 = there is none."""
        try:
            return os.stat(os.path.join(self.root, door.SETTINGS)).st_mtime_ns
        except OSError:
            return 0

    def known(self) -> dict[str, Caller]:
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
                told = mcp_settings(self.root).get("callers", {})
                callers = {name: _caller(name, each) for name, each in told.items()}
                self._read = stamp, callers, {name: token_of(told[name], f"mcp.callers.{name}") for name in callers}
            return self._read


def mcp_settings(root: str) -> Mapping[str, Any]:
    """`[saem.mcp]`. Raises: E207 for what is wrong in it."""
    return settings(door.settings_of(root).get("mcp", {}), KNOWN, "mcp")


def _caller(name: str, told: Any) -> Caller:
    where = f"mcp.callers.{name}"
    settings(told, OF_A_CALLER, where)
    if not told.get("as"):
        raise SaemError("E207", f"[saem.{where}] does not say under whose rights", where="saem.toml", fix=EXAMPLE)
    for tool in told.get("tools", ()):
        if tool not in TOOLS:
            raise SaemError("E207", f"[saem.{where}] names the tool '{tool}'", where="saem.toml", fix=f"of {', '.join(TOOLS)}")
    return Caller(name, told["as"], tuple(told.get("tools", TOOLS)))
