"""Compiled kernels, imported at first use. Numba compiles them once a machine and keeps them on disk; who waits for that is told."""
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from saem.core import run
from saem.core.errors import missing

NOTE = "compiling for this machine, once, up to a minute   처음 한 번, 이 컴퓨터에 맞춰 컴파일합니다 (길어야 1분쯤)"


def compiled(package: str, name: str, purpose: str) -> ModuleType:
    """A module of a package of kernels. Raises E103 without numba."""
    try:
        import_module("numba")
    except ModuleNotFoundError as error:
        raise missing("numba", purpose, "curate") from error
    _watch()
    return import_module(f"{package}.{name}")


@cache
def _watch() -> None:
    """What is compiled is said, once a process; a kernel that is read from the disk is not compiled."""
    from numba.core import event

    class Compiles(event.Listener):  # type: ignore[misc]
        is_told = False

        def on_start(self, _: Any) -> None:
            if not self.is_told:
                self.is_told = True
                run.say(NOTE)

        def on_end(self, _: Any) -> None:
            pass

    event.register("numba:compile", Compiles())
