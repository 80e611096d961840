"""Personas: `[saem.personas.NAME]` of saem.toml. Each has a memory of its own, and its own part of the documents."""
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saem.core.errors import SaemError, suggest

EXAMPLE = '[saem.personas.tutor]\nabout = "수학 선생님"\nwhere = "path like \'math/%\'"'
MEANING = {
    "about": "who speaks, shown when a chat begins",
    "memory": "which memory, where the project has several",
    "agent": "under which name it remembers; by default its own: what it is told is not for other personas",
    "table": "the table that it answers from, where several are indexed",
    "where": "an SQL condition on the passages that it answers from",
    "model": "of [saem.models], which words its answers; without it the documents' own sentences",
}


@dataclass(frozen=True)
class Persona:
    """MEANING says what its settings are. '' = not set."""
    name: str
    about: str = ""
    memory: str = ""
    agent: str = ""
    table: str = ""
    where: str = ""
    model: str = ""


def persona(settings: Mapping[str, Any], name: str) -> Persona:
    """A persona of the table `[saem.personas]`. Raises: E104 for one that is not there, E207 for wrong settings."""
    if name not in settings:
        raise SaemError("E104", f"no persona is named '{name}'",
                        fix=suggest(name, settings, "persona") if settings else "in saem.toml:\n" + EXAMPLE)
    told = settings[name]
    if not isinstance(told, Mapping) or not all(isinstance(value, str) for value in told.values()):
        raise SaemError("E207", f"[saem.personas.{name}] is {told!r:.80}", where="saem.toml", fix=EXAMPLE)
    for key in told:
        if key not in MEANING:
            raise SaemError("E207", f"[saem.personas.{name}] has no setting '{key}'", where="saem.toml",
                            fix=suggest(key, MEANING, "setting"))
    return Persona(name, **{"agent": name, **told})
