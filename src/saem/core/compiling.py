"""Compiled kernels, imported at first use. Numba compiles them once a machine and keeps them on disk; who waits for that is told."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from saem.core.errors import missing

NOTE = "compiling for this machine, once, about 20 s   처음 한 번, 이 컴퓨터에 맞춰 컴파일합니다 (20초쯤)"
_listeners: list[Callable[[str], None]] = []


def compiled(package: str, name: str, purpose: str) -> ModuleType:
    """A module of a package of kernels. Raises E103 without numba."""
    try:
        import_module("numba")
    except ModuleNotFoundError as error:
        raise missing("numba", purpose, "curate") from error
    _watch()
    return import_module(f"{package}.{name}")


@contextmanager
def heard(listener: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, the listener is given the note when something is compiled: once a process."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@cache
def _watch() -> None:
    from numba.core import event

    class Compiles(event.Listener):  # type: ignore[misc]
        is_told = False

        def on_start(self, _: Any) -> None:
            if not self.is_told and _listeners:
                self.is_told = True
                _listeners[-1](NOTE)

        def on_end(self, _: Any) -> None:
            pass

    event.register("numba:compile", Compiles())      # a kernel that is read from the disk is none
