"""How much one file may cost. `saem.toml` says it for a project, SAEM_PARSE_* for a process."""
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from saem.core.errors import SaemError


@dataclass(frozen=True)
class Limits:
    """parse_seconds   of the processor, for one file
    parse_memory_mb  of address space, for a process that parses
    parse_text_mb    of what is found in one file: text, headings, tables
    """
    parse_seconds: int = 60
    parse_memory_mb: int = 2048
    parse_text_mb: int = 256

    @property
    def wall_seconds(self) -> int:
        """On the clock: for a parser that sleeps, or a machine that is busy with other things."""
        return 5 * self.parse_seconds

    @property
    def memory_bytes(self) -> int:
        return self.parse_memory_mb << 20

    @property
    def text_bytes(self) -> int:
        return self.parse_text_mb << 20


NAMES = tuple(field.name for field in fields(Limits))
_configured = Limits()


def configure(settings: Mapping[str, Any]) -> None:
    """Take what a project's `saem.toml` says; what it does not say is as ever. Raises: E104."""
    global _configured
    _configured = replace(Limits(), **{name: _checked(name, settings[name]) for name in NAMES if name in settings})


def current() -> Limits:
    """What holds now: the environment before the project's settings."""
    named = {name: os.environ.get(f"SAEM_{name.upper()}") for name in NAMES}
    return replace(_configured, **{name: _checked(f"SAEM_{name.upper()}", value) for name, value in named.items() if value})


def _checked(name: str, value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if type(number) is not int or number < 1:
        raise SaemError("E104", f"{name} is {value!r}", fix="a whole number above 0, such as 60")
    return number
