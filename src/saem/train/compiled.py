"""The kernels, imported at first use."""
from importlib import import_module
from types import ModuleType

from saem.core.errors import missing


def compiled(name: str) -> ModuleType:
    """A module of kernels/. Raises E103 without numba."""
    try:
        import_module("numba")
    except ModuleNotFoundError as error:
        raise missing("numba", "learning from texts", "curate") from error
    return import_module(f"saem.train.kernels.{name}")
