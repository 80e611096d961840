"""The documents say what is there."""
import importlib.util
import pathlib
import re

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


def test_every_code_that_is_raised_is_known() -> None:
    raised = {code for path in (ROOT / "src").rglob("*.py") for code in re.findall(r'"(E\d{3})"', path.read_text("utf-8"))}
    assert raised == set(CODES), raised ^ set(CODES)


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    spec = importlib.util.spec_from_file_location("make_commands", ROOT / "docs" / "make_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == read("docs/reference/commands.md"), "python docs/make_commands.py"


def test_the_map_of_the_house_names_every_file() -> None:
    drawn = read("ARCHITECTURE.md")
    for path in (ROOT / "src" / "saem").rglob("*.py"):
        if path.name != "__init__.py" and "_e5" not in path.parts and path.parent.name != "embedders" and path.parent.name != "learners":
            assert path.name in drawn or path.stem in drawn, path


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
