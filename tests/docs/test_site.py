"""The site builds without one broken link, needs nothing from the network, and its search knows Korean."""
import importlib.util
import json
import pathlib
import re

import pytest

from tests.docs.pages import ROOT

pytest.importorskip("furo", reason='pip install "saem[docs]"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    spec = importlib.util.spec_from_file_location("make_site", ROOT / "docs" / "make_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    target = tmp_path_factory.mktemp("site")
    assert module.build(target) == 0
    return target


def test_every_page_is_there_in_both_languages_and_leads_to_the_other(site: pathlib.Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        html = (site / page.relative_to(ROOT / "docs")).with_suffix(".html")
        other = re.search(r'class="other-language"><a href="([^"]+)"', html.read_text("utf-8"))
        assert other is not None
        assert (html.parent / other[1]).resolve().is_file(), html


def test_nothing_is_fetched_from_elsewhere(site: pathlib.Path) -> None:
    fetched = r'(?:src|srcset|data)="(?:https?:)?//|<link[^>]*href="(?:https?:)?//|url\(["\']?(?:https?:)?//|@import'
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text("utf-8")
        assert not re.findall(fetched, text), path


def test_the_korean_search_finds_a_word_under_its_particles(site: pathlib.Path) -> None:
    index = (site / "ko" / "searchindex.js").read_text("utf-8")
    assert f"{json.dumps('계보')}:" in index
    assert "KoreanStemmer" not in (site / "ko" / "_static" / "language_data.js").read_text("utf-8")      # there is no such script
