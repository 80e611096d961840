"""The kernels, imported at first use."""
from types import ModuleType

from saem.core import compiling


def compiled(name: str) -> ModuleType:
    """A module of kernels/. Raises E103 without numba."""
    return compiling.compiled("saem.curate.kernels", name, "looking for duplicates")
