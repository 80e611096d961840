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


SAME = {      # before, after: the result of work may differ, so its fingerprint must
    "its own code": (WORK, WORK.replace("+ 1", "+ 2")),
    "a helper": ("def help(x):\n    return x\ndef work(x):\n    return help(x)\n", "def help(x):\n    return -x\ndef work(x):\n    return help(x)\n"),
    "a helper's helper": ("def deep(x):\n    return x\ndef help(x):\n    return deep(x)\ndef work(x):\n    return help(x)\n",
                          "def deep(x):\n    return -x\ndef help(x):\n    return deep(x)\ndef work(x):\n    return help(x)\n"),
    "a constant": ("N = 1\ndef work(x):\n    return x + N\n", "N = 2\ndef work(x):\n    return x + N\n"),
    "a constant in a list": ("N = [1, {'a': 2}]\ndef work(x):\n    return N\n", "N = [1, {'a': 3}]\ndef work(x):\n    return N\n"),
    "a pattern": ("import re\nP = re.compile('a')\ndef work(x):\n    return P\n", "import re\nP = re.compile('b')\ndef work(x):\n    return P\n"),
    "a closure value": ("def make(n):\n    def work(x):\n        return x + n\n    return work\nwork = make(1)\n",
                        "def make(n):\n    def work(x):\n        return x + n\n    return work\nwork = make(2)\n"),
    "a closure function": ("def make(f):\n    def work(x):\n        return f(x)\n    return work\nwork = make(lambda x: x)\n",
                           "def make(f):\n    def work(x):\n        return f(x)\n    return work\nwork = make(lambda x: -x)\n"),
    "a default that is named": ("N = 1\ndef help(x, n=N):\n    return x + n\ndef work(x):\n    return help(x)\n",
                                "N = 2\ndef help(x, n=N):\n    return x + n\ndef work(x):\n    return help(x)\n"),
    "a cached helper": ("import functools\n@functools.cache\ndef help(x):\n    return x\ndef work(x):\n    return help(x)\n",
                        "import functools\n@functools.cache\ndef help(x):\n    return -x\ndef work(x):\n    return help(x)\n"),
    "a partial's function": ("import functools\ndef help(x, n):\n    return x\ng = functools.partial(help, n=1)\ndef work(x):\n    return g(x)\n",
                             "import functools\ndef help(x, n):\n    return -x\ng = functools.partial(help, n=1)\ndef work(x):\n    return g(x)\n"),
    "a partial's argument": ("import functools\ndef help(x, n):\n    return x\ng = functools.partial(help, n=1)\ndef work(x):\n    return g(x)\n",
                             "import functools\ndef help(x, n):\n    return x\ng = functools.partial(help, n=2)\ndef work(x):\n    return g(x)\n"),
    "a method": ("class A:\n    def m(self, x):\n        return x\ndef work(x):\n    return A().m(x)\n",
                 "class A:\n    def m(self, x):\n        return -x\ndef work(x):\n    return A().m(x)\n"),
    "what a method reaches": ("def help(x):\n    return x\nclass A:\n    @staticmethod\n    def m(x):\n        return help(x)\n"
                              "def work(x):\n    return A.m(x)\n",
                              "def help(x):\n    return -x\nclass A:\n    @staticmethod\n    def m(x):\n        return help(x)\n"
                              "def work(x):\n    return A.m(x)\n"),
    "a base class": ("class B:\n    def m(self, x):\n        return x\nclass A(B):\n    pass\ndef work(x):\n    return A().m(x)\n",
                     "class B:\n    def m(self, x):\n        return -x\nclass A(B):\n    pass\ndef work(x):\n    return A().m(x)\n"),
    "a class value that is named": ("N = 1\nclass A:\n    n = N\ndef work(x):\n    return A.n\n", "N = 2\nclass A:\n    n = N\ndef work(x):\n    return A.n\n"),
    "an object's state": ("class A:\n    def __init__(self, n):\n        self.n = n\na = A(1)\ndef work(x):\n    return a.n\n",
                          "class A:\n    def __init__(self, n):\n        self.n = n\na = A(2)\ndef work(x):\n    return a.n\n"),
    "a decorator": ("def twice(f):\n    def g(x):\n        return f(f(x))\n    return g\n@twice\ndef work(x):\n    return x + 1\n",
                    "def twice(f):\n    def g(x):\n        return f(f(f(x)))\n    return g\n@twice\ndef work(x):\n    return x + 1\n"),
    "a decorator that wraps": (
        "import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(x):\n        return f(f(x))\n    return g\n@twice\ndef work(x):\n    return x\n",
        "import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(x):\n        return f(x)\n    return g\n@twice\ndef work(x):\n    return x\n"),
}


@pytest.mark.parametrize("what", SAME)
def test_a_change_counts_in(load: Load, what: str) -> None:
    before, after = SAME[what]
    assert load(before) == load(before), "the same code has the same fingerprint"
    assert load(before) != load(after)


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
    text = "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\ndef work(x):\n    return even(x)\n"
    assert load(text) == load(text)
    assert load(text) != load(text.replace("n != 0", "n > 0"))


def test_an_operator_that_has_the_name_of_a_method_it_calls_comes_to_an_end(load: Load) -> None:
    text = ("import dataclasses, saem\n@dataclasses.dataclass\nclass A:\n    text: str\n@saem.operator(version='1')\n"
            "def encode(row: A) -> A:\n    return A(row.text.encode().decode())\nwork = encode.function\n")
    assert load(text) == load(text)


def test_an_object_that_names_its_own_fingerprint_is_asked(load: Load) -> None:
    text = "class Model:\n    fingerprint = '{}'\n    def __init__(self):\n        self.calls = {}\nm = Model()\ndef work(x):\n    return m\n"
    assert load(text.format("v1", 1)) == load(text.format("v1", 2)) != load(text.format("v2", 1))
