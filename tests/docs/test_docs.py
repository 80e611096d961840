"""The documents say what is there."""
import importlib.util
import pathlib
import re
from typing import Any

import pytest

import saem.sources
from saem.core import registry
from saem.core.errors import CODES

ROOT = pathlib.Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_error_code_has_its_line() -> None:
    page = read("docs/reference/errors.md")
    for code, (what, exit_code) in CODES.items():
        assert f"| {code} | {what} |" in page
        assert re.search(rf"\| {code} .* \| {exit_code} \|\n", page)
    assert set(re.findall(r"^\| (E\d+)", page, re.MULTILINE)) == set(CODES)
    codes = re.findall(r"^\| (E\d+) .* \| (\d) \|$", read("docs/ko/reference/errors.md"), re.MULTILINE)
    assert {code: int(exit_code) for code, exit_code in codes} == {code: exit_code for code, (_, exit_code) in CODES.items()}


def test_every_code_that_is_raised_is_known() -> None:
    raised = {code for path in (ROOT / "src").rglob("*.py") for code in re.findall(r'"(E\d{3})"', path.read_text("utf-8"))}
    assert raised == set(CODES), raised ^ set(CODES)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", ["commands", "operators", "sources", "formats", "models", "python", "settings", "json"])
def test_the_pages_of_reference_are_what_the_code_says(name: str, language: str) -> None:
    path, text = make_reference().page(name, language)
    assert text == path.read_text("utf-8"), "python docs/make_reference.py"


def test_everything_that_is_registered_is_in_the_reference() -> None:
    for room, page in (("embedder", "models"), ("strategy", "models"), ("learner", "models"), ("parser", "formats")):
        for name in registry.names(room):
            assert re.search(rf"(^### {name}$|^\| `?{name}`? \|)", read(f"docs/reference/{page}.md"), re.MULTILINE), (room, name)
    for place, op in make_reference().operators().items():
        assert f"## {place.rpartition('.')[2]}\n" in read("docs/reference/operators.md")
        assert op.function.__doc__, place
    for name in saem.sources.__all__:
        assert f"## {name}\n" in read("docs/reference/sources.md")
    for name in saem.__all__:
        assert f"## saem.{name}\n" in read("docs/reference/python.md")


def test_every_public_method_says_what_it_does() -> None:
    for part in re.split(r"^### ", read("docs/reference/python.md"), flags=re.MULTILINE)[1:]:
        said = re.sub(r"```text.*?```", "", part.partition("\n## ")[0], flags=re.DOTALL)
        assert len(said.split()) > 4, part


def test_every_setting_of_the_environment_is_in_the_reference() -> None:
    used = {name for path in (ROOT / "src").rglob("*.py") for name in re.findall(r"\bSAEM_[A-Z_]+[A-Z]\b(?!_)", path.read_text("utf-8"))}
    assert used == set(re.findall(r"SAEM_[A-Z_]+", read("docs/reference/settings.md")))


def make_reference() -> Any:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_map_of_the_house_names_every_file() -> None:
    drawn = read("ARCHITECTURE.md")
    for path in (ROOT / "src" / "saem").rglob("*.py"):
        if path.name != "__init__.py":
            assert path.name in drawn or re.search(rf"\b{path.stem}\b", drawn), path


def test_the_commands_of_both_readmes_are_commands() -> None:
    commands = set(re.findall(r"^## saem (\w+)", read("docs/reference/commands.md"), re.MULTILINE))
    for readme in ("README.md", "README.ko.md"):
        typed = "".join(re.findall(r"^```\n(.*?)^```", read(readme), re.MULTILINE | re.DOTALL))
        named = set(re.findall(r"^saem (\w+)", typed, re.MULTILINE))
        assert named
        assert named <= commands


def test_pins_and_docs_hold_no_address_of_a_registry_and_no_path_of_a_machine() -> None:
    assert "://" not in read("constraints.txt")
    for name in ("README.md", "README.ko.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        assert not re.search(r"/(root|work|tmp/v)/", read(name))
