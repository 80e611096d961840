"""What counts as a change of code, and what does not. The code is a user's module that is edited and loaded anew."""
import importlib
import linecache
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from saem.core.fingerprint import fingerprint

Load = Callable[..., bytes]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write modules, import the first afresh and return the fingerprint of its function `work`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def loaded(pipe: str, settings: dict[str, object] | None = None, **others: str) -> bytes:
        for name, text in {"pipe": pipe, **others}.items():
            (tmp_path / name.replace("__", "/")).with_suffix(".py").parent.mkdir(exist_ok=True)
            (tmp_path / name.replace("__", "/")).with_suffix(".py").write_text(text, "utf-8")
        for name in [name for name in sys.modules if name.split(".")[0] in ("pipe", "helpers", "package")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        linecache.clearcache()
        return fingerprint(importlib.import_module("pipe").work, settings or {})

    yield loaded
    for name in [name for name in sys.modules if name.split(".")[0] in ("pipe", "helpers", "package")]:
        del sys.modules[name]


WORK = "def work(x):\n    return x + 1\n"


def test_comments_docstrings_and_blank_lines_do_not_count(load: Load) -> None:
    assert load(WORK) == load('# why\n\n\ndef work(x):\n    """What."""\n    # how\n\n    return x + 1  # so\n')


CHANGES = {      # a module, and an edit of it under which the result of `work` may differ
    "its own code": (WORK, "+ 1", "+ 2"),
    "a helper": ("""
def help(x):
    return x
def work(x):
    return help(x)""", "return x", "return -x"),
    "a helper's helper": ("""
def deep(x):
    return x
def help(x):
    return deep(x)
def work(x):
    return help(x)""", "return x", "return -x"),
    "a constant": ("N = 1\ndef work(x):\n    return x + N", "N = 1", "N = 2"),
    "a constant in a list": ("N = [1, {'a': 2}]\ndef work(x):\n    return N", "2}", "3}"),
    "a pattern": ("import re\nP = re.compile('a')\ndef work(x):\n    return P", "'a'", "'b'"),
    "a closure value": ("""
def make(n):
    def work(x):
        return x + n
    return work
work = make(1)""", "make(1)", "make(2)"),
    "a closure function": ("""
def make(f):
    def work(x):
        return f(x)
    return work
work = make(lambda x: x)""", "lambda x: x", "lambda x: -x"),
    "a default that is named": ("""
N = 1
def help(x, n=N):
    return x + n
def work(x):
    return help(x)""", "N = 1", "N = 2"),
    "a cached helper": ("""
import functools
@functools.cache
def help(x):
    return x
def work(x):
    return help(x)""", "return x", "return -x"),
    "a partial's function": ("""
import functools
def help(x, n):
    return x
g = functools.partial(help, n=1)
def work(x):
    return g(x)""", "return x", "return -x"),
    "a partial's argument": ("""
import functools
def help(x, n):
    return x
g = functools.partial(help, n=1)
def work(x):
    return g(x)""", "n=1", "n=2"),
    "a method": ("""
class A:
    def m(self, x):
        return x
def work(x):
    return A().m(x)""", "return x", "return -x"),
    "what a method reaches": ("""
def help(x):
    return x
class A:
    @staticmethod
    def m(x):
        return help(x)
def work(x):
    return A.m(x)""", "return x", "return -x"),
    "a base class": ("""
class B:
    def m(self, x):
        return x
class A(B):
    pass
def work(x):
    return A().m(x)""", "return x", "return -x"),
    "a class value that is named": ("N = 1\nclass A:\n    n = N\ndef work(x):\n    return A.n", "N = 1", "N = 2"),
    "an object's state": ("""
class A:
    def __init__(self, n):
        self.n = n
a = A(1)
def work(x):
    return a.n""", "A(1)", "A(2)"),
    "a decorator": ("""
def twice(f):
    def g(x):
        return f(f(x))
    return g
@twice
def work(x):
    return x + 1""", "f(f(x))", "f(x)"),
    "a decorator that wraps": ("""
import functools
def twice(f):
    @functools.wraps(f)
    def g(x):
        return f(f(x))
    return g
@twice
def work(x):
    return x + 1""", "f(f(x))", "f(x)"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_counts_in(load: Load, what: str) -> None:
    before, old, new = CHANGES[what]
    assert load(before) == load(before), "the same code has the same fingerprint"
    assert load(before) != load(before.replace(old, new))


IMPORTS = {
    "a module": "import helpers\ndef work(x):\n    return helpers.help(x)\n",
    "a name from a module": "from helpers import help\ndef work(x):\n    return help(x)\n",
    "a module that is imported inside": "def work(x):\n    from helpers import help\n    return help(x)\n",
}


@pytest.mark.parametrize("what", IMPORTS)
def test_a_users_module_counts_however_it_is_imported(load: Load, what: str) -> None:
    if "inside" in what:     # only what has been imported can be looked at
        first, second = ("import helpers\n" + IMPORTS[what],) * 2
    else:
        first = second = IMPORTS[what]
    assert load(first, helpers="def help(x):\n    return x\n") != load(second, helpers="def help(x):\n    return -x\n")


def test_a_module_that_a_module_imports_counts(load: Load) -> None:
    files = {"package____init__": "", "package__one": "from .two import help\n\ndef first(x):\n    return help(x)\n"}
    work = "from package import one\ndef work(x):\n    return one.first(x)\n"
    before = load(work, package__two="def help(x):\n    return x\n", **files)
    assert before != load(work, package__two="def help(x):\n    return -x\n", **files)


def test_an_unused_neighbour_does_not_count(load: Load) -> None:
    assert load("def other(x):\n    return 1\n" + WORK) == load("def other(x):\n    return 2\n" + WORK)


def test_settings_count_and_their_order_does_not(load: Load) -> None:
    assert load(WORK, {"a": 1, "b": 2}) == load(WORK, {"b": 2, "a": 1})
    assert load(WORK, {"a": 1}) != load(WORK, {"a": 2})
    assert load(WORK, {"a": 1}) != load(WORK, {"a": "1"})


def test_functions_that_call_each_other_come_to_an_end(load: Load) -> None:
    text = "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\n"
    text += "def work(x):\n    return even(x)\n"
    assert load(text) == load(text)
    assert load(text) != load(text.replace("n != 0", "n > 0"))


def test_an_operator_that_has_the_name_of_a_method_it_calls_comes_to_an_end(load: Load) -> None:
    text = ("import dataclasses, saem\n@dataclasses.dataclass\nclass A:\n    text: str\n@saem.operator(version='1')\n"
            "def encode(row: A) -> A:\n    return A(row.text.encode().decode())\nwork = encode.function\n")
    assert load(text) == load(text)


def test_an_object_that_names_its_own_fingerprint_is_asked(load: Load) -> None:
    text = "class Model:\n    fingerprint = '{}'\n    def __init__(self):\n        self.calls = {}\n"
    text += "m = Model()\ndef work(x):\n    return m\n"
    assert load(text.format("v1", 1)) == load(text.format("v1", 2)) != load(text.format("v2", 1))
