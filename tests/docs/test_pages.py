"""Every block of code in the documentation runs and prints what the page says, in both languages."""
import pathlib

import pytest

from tests.docs.pages import ROOT, Page, Wrong, all_pages, run_page

DOCS = ROOT / "docs"


@pytest.mark.parametrize("path", all_pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_the_page_does_what_it_says(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run_page(path, tmp_path)


def test_a_page_that_says_something_else_is_noticed(tmp_path: pathlib.Path) -> None:
    page = ROOT / "docs" / "index.md"
    for text, wrong in (("```console\n$ echo one\ntwo\n```\n", "two"), ("```python\n1 / 0\n```\n", "ZeroDivisionError"),
                        ("```sh\nsaem fly\n```\n", "fly"), ("```sh\nsaem run --fast\n```\n", "--fast"),
                        ("```console\n$ saem show nothing\n```\n", "E206"), ("```klingon\nx\n```\n", "klingon")):
        copy = tmp_path / page.name
        copy.write_text(text, "utf-8")
        with pytest.raises((Wrong, ValueError), match=wrong):
            Page(copy, tmp_path).run()
