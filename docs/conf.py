"""The site: `make docs` builds docs/ into site/ and docs/ko/ into site/ko/. Nothing is fetched when it is built or read."""
import re
from typing import Any

from sphinx.search import languages
from sphinx.search.en import SearchEnglish

from saem import __version__

project = "saem"
copyright = "the saem authors, Apache-2.0"
version = release = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["ko/**", "_*"]
myst_heading_anchors = 3
smartquotes = False                           # 'size' is typed as it is printed
suppress_warnings = ["myst.header", "toc.empty_glob"]     # a page of reference may begin its parts at the second level
templates_path = ["_templates"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["saem.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_title = "saem"
html_sidebars = {"**": ["sidebar/brand.html", "sidebar/language.html", "sidebar/search.html", "sidebar/scroll-start.html",
                        "sidebar/navigation.html", "sidebar/scroll-end.html"]}
pygments_style, pygments_dark_style = "friendly", "monokai"


class SearchKorean(SearchEnglish):
    """Words in the index, and of Korean words every beginning: particles follow the word that is looked for."""

    lang = "ko"
    language_name = "English"      # of the stemmer that the page loads

    def split(self, input: str) -> list[str]:
        found = []
        for word in re.findall(r"\w+", input):
            found.append(word)
            if re.fullmatch("[가-힣]+", word):
                found += [word[:length] for length in range(2, len(word))]
        return found

    def word_filter(self, word: str) -> bool:
        return len(word) > 1 if "가" <= word[0] <= "힣" else super().word_filter(word)


def _other_language(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Where the same page is in the other language; both trees have the same pages."""
    is_korean = app.config.language == "ko"
    up = "../" * pagename.count("/")
    context["other_language"] = f"{up}../{pagename}.html" if is_korean else f"{up}ko/{pagename}.html"
    context["other_language_name"] = "English" if is_korean else "한국어"
    context["other_language_code"] = "en" if is_korean else "ko"


def setup(app: Any) -> None:
    languages["ko"] = SearchKorean
    app.connect("html-page-context", _other_language)
