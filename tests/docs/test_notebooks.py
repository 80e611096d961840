"""The notebooks of examples/ run from top to bottom, show something, and hold no output of a former run."""
import ast
import json
import pathlib
import shutil
from typing import Any

import pytest

from tests.docs.pages import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def cells(path: pathlib.Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def run(path: pathlib.Path) -> list[Any]:
    """The value of each cell's last line, as a notebook would show it."""
    names: dict[str, Any] = {"__name__": "__notebook__"}
    shown = []
    for cell in cells(path):
        tree = ast.parse("".join(cell["source"]))
        last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None  # type: ignore[attr-defined]
        exec(compile(tree, path.name, "exec"), names)
        value = eval(compile(last, path.name, "eval"), names) if last else None
        if value is not None:
            shown.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
    return shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "handbook", tmp_path / "handbook")
    monkeypatch.chdir(tmp_path)
    shown = run(path)
    assert sum("<table>" in each for each in shown) >= 2
    if path.stem == "handbook_answers":
        assert any("100원" in each for each in shown)
        assert any("Not found" in each for each in shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_kept_without_output(path: pathlib.Path) -> None:
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(path))


def test_what_documents_hold_is_escaped_in_a_notebook() -> None:
    from saem.infer import Answer, Citation, Sentence
    bad = "<script>alert(1)</script>"
    citation = Citation(1, "docs", "00", bad, None, 0, 3, bad)
    answer = Answer(bad, True, bad, [Sentence(bad, [citation])], [citation], 1, "00")
    assert "<script>" not in answer._repr_html_()
    assert "&lt;script&gt;" in answer._repr_html_()
