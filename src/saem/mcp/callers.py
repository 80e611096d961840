"""Who calls: a principal given at the start, or over HTTP the one whom saem.toml names for a token."""
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from saem import door
from saem.core.errors import SaemError
from saem.services.callers import Callers
from saem.services.listening import settings

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


def callers(root: str) -> Callers[Caller]:
    """What `[saem.mcp]` says now."""
    return Callers(os.path.join(root, door.SETTINGS), partial(door.settings_of, root), "mcp", "callers", KNOWN, _caller)


def _caller(name: str, told: dict[str, Any], _: Mapping[str, Any]) -> Caller:
    where = f"mcp.callers.{name}"
    settings(told, OF_A_CALLER, where)
    if not told.get("as"):
        raise SaemError("E207", f"[saem.{where}] does not say under whose rights", where="saem.toml", fix=EXAMPLE)
    for tool in told.get("tools", ()):
        if tool not in TOOLS:
            raise SaemError("E207", f"[saem.{where}] names the tool '{tool}'", where="saem.toml", fix=f"of {', '.join(TOOLS)}")
    return Caller(name, told["as"], tuple(told.get("tools", TOOLS)))
