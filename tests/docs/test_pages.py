"""Every block of code in the documentation runs and prints what the page says, in both languages."""
import pathlib
import re

import pytest

from tests.docs.pages import ROOT, Page, Wrong, all_pages, run_page

DOCS = ROOT / "docs"


@pytest.mark.parametrize("path", all_pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_the_page_does_what_it_says(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run_page(path, tmp_path)


def test_both_languages_have_the_same_pages() -> None:
    english = {path.relative_to(DOCS) for path in all_pages() if "ko" not in path.relative_to(DOCS).parts}
    assert {path.relative_to(DOCS / "ko") for path in (DOCS / "ko").rglob("*.md")} == english


@pytest.mark.parametrize("path", sorted((DOCS / "ko").rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_a_korean_page_is_in_korean(path: pathlib.Path) -> None:
    prose = re.sub(r"^```.*?^```", "", path.read_text("utf-8").partition("<!-- from here on")[0], flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall("[가-힣]", prose)) > 30
    assert re.search(r"니다[.:]", prose)


def test_a_page_that_says_something_else_is_noticed(tmp_path: pathlib.Path) -> None:
    page = ROOT / "docs" / "index.md"
    for text, wrong in (("```console\n$ echo one\ntwo\n```\n", "two"), ("```python\n1 / 0\n```\n", "ZeroDivisionError"),
                        ("```sh\nsaem fly\n```\n", "fly"), ("```sh\nsaem run --fast\n```\n", "--fast"),
                        ("```console\n$ saem show nothing\n```\n", "E206"), ("```klingon\nx\n```\n", "klingon")):
        copy = tmp_path / page.name
        copy.write_text(text, "utf-8")
        with pytest.raises((Wrong, ValueError), match=wrong):
            Page(copy, tmp_path).run()
