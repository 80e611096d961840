"""What a user's function is, as 16 bytes: its syntax tree and that of everything of the user's own that it reaches.

Comments, blank lines and docstrings do not count. Helpers, closure values, constants and user modules do. Installed
packages and the standard library do not: an operator names those that matter in `depends=`.
"""
import ast
import dataclasses
import enum
import functools
import importlib.util
import inspect
import re
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from saem.core.identity import digest

_INSTALLED = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


_working: ContextVar[frozenset[Callable[..., Any]]] = ContextVar("working", default=frozenset())


def fingerprint(function: Callable[..., Any], settings: Mapping[str, Any]) -> bytes:
    """saem's own operators are told apart by version and settings, users' also by their code."""
    if function in (working := _working.get()):     # an operator that reaches itself, by recursion or by the name of a method
        return digest("itself")
    token = _working.set(working | {function})
    try:
        return _described(function, settings)
    finally:
        _working.reset(token)


def _described(function: Callable[..., Any], settings: Mapping[str, Any]) -> bytes:
    walk = _Walk()
    parts = [f"{name}={walk.value(value)}" for name, value in sorted(settings.items())]
    if not function.__module__.startswith("saem."):
        parts.append(walk.value(function))
    return digest(*parts)


class _Walk:
    """Describes values as text; each function, class and module is described once."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def value(self, value: Any) -> str:
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | range | enum.Enum):
            return repr(value)
        if isinstance(value, re.Pattern):
            return f"pattern({value.pattern!r}, {value.flags})"
        if id(value) in self.seen:
            return "seen"
        if isinstance(value, list | tuple):
            return f"{type(value).__name__}({', '.join(self.value(item) for item in value)})"
        if isinstance(value, set | frozenset):
            return f"set({', '.join(sorted(self.value(item) for item in value))})"
        if isinstance(value, Mapping):
            return f"map({', '.join(sorted(f'{self.value(k)}: {self.value(v)}' for k, v in value.items()))})"
        self.seen.add(id(value))
        if hasattr(value, "fingerprint") and not isinstance(value, type):
            mark = value.fingerprint
            return repr(mark() if callable(mark) else mark)
        if isinstance(value, types.FunctionType):
            return self._function(value) if _is_users(value.__module__) else f"{value.__module__}.{value.__qualname__}"
        if isinstance(value, types.MethodType):
            return self.value(value.__func__) + self.value(value.__self__)
        if isinstance(value, functools.partial):
            return self.value([value.func, value.args, value.keywords])
        if hasattr(value, "__wrapped__") and not isinstance(value, type):     # functools.cache
            return self.value(value.__wrapped__)
        if isinstance(value, type):
            return self._class(value) if _is_users(value.__module__) else f"{value.__module__}.{value.__qualname__}"
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if dataclasses.is_dataclass(value):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return self.value(type(value)) + self.value(fields)
        if hasattr(value, "__array__"):     # numpy, Arrow: by content
            return repr(digest(bytes(memoryview(value.__array__()).cast("B")))) if value.__array__().nbytes else "empty"
        if _is_users(type(value).__module__) and hasattr(value, "__dict__"):
            return self.value(type(value)) + self.value(vars(value))
        return f"{type(value).__module__}.{type(value).__qualname__}"

    def _function(self, function: types.FunctionType) -> str:
        parts = [_tree(function.__code__) or _code(function.__code__), self.value([function.__defaults__, function.__kwdefaults__])]
        parts += [self.value(cell.cell_contents) for cell in function.__closure__ or () if _is_filled(cell)]
        parts += [self.value(function.__globals__[name]) for name in sorted(set(_names(function.__code__)))
                  if name in function.__globals__]
        parts += [self._named_module(name) for name in _imports(function)]
        return "\n".join(parts)

    def _class(self, cls: type) -> str:
        parts = [_tree(cls) or cls.__qualname__]
        for name, member in sorted(vars(cls).items()):
            member = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            is_own = isinstance(member, types.FunctionType) and member.__module__ == cls.__module__ and _tree(member.__code__)
            if is_own or not (name.startswith("__") or callable(member) or hasattr(member, "__get__")):
                parts.append(self.value(member))
        parts += [self.value(base) for base in cls.__bases__]
        return "\n".join(parts)

    def _module(self, module: types.ModuleType) -> str:
        file = getattr(module, "__file__", None)
        if file is None or not _is_users(module.__name__):
            return module.__name__
        with open(file, encoding="utf-8") as source:
            tree = ast.parse(source.read())
        reached = [self._named_module(name) for name in _imported(tree, getattr(module, "__package__", None))]
        return "\n".join([ast.dump(_bare(tree)), *reached])

    def _named_module(self, name: str) -> str:
        module = sys.modules.get(name)
        return self.value(module) if module is not None else name


def _is_users(module: str | None) -> bool:
    name = module or ""
    if name == "saem" or name.startswith("saem."):
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or not file.startswith(_INSTALLED)


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _code(code: types.CodeType) -> str:
    """Where there is no source (a shell, a frozen module): the byte code."""
    constants = [_code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names}"


_parsed: dict[int, tuple[Any, str | None, ast.Module]] = {}     # by id; the thing is kept, so that its id stays its own


def _tree(thing: Any) -> str | None:
    """The syntax tree of a class or code object as text; None where there is no source."""
    return _source(thing)[1]


def _source(thing: Any) -> tuple[Any, str | None, ast.Module]:
    """Each thing is parsed once: loaded code does not change."""
    if id(thing) not in _parsed:
        try:
            tree = _bare(ast.parse(textwrap.dedent(inspect.getsource(thing))))
            _parsed[id(thing)] = (thing, ast.dump(tree), tree)
        except (OSError, TypeError, SyntaxError):
            _parsed[id(thing)] = (thing, None, ast.Module([], []))
    return _parsed[id(thing)]


def _bare(tree: ast.Module) -> ast.Module:
    """Without docstrings; comments are not in the tree at all."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


def _imports(function: types.FunctionType) -> list[str]:
    return _imported(_source(function.__code__)[2], function.__globals__.get("__package__"))


def _imported(tree: ast.AST, package: str | None) -> list[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (package or not node.level):
            name = "." * node.level + (node.module or "")
            name = importlib.util.resolve_name(name, package) if node.level else name
            names |= {name} | {f"{name}.{alias.name}" for alias in node.names}
    return sorted(names)
