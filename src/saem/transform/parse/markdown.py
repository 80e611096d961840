"""Markdown: the rendered text is cited, not the marks: people read citations, and `[text](https://...)` is noise to search.

pyromark (MIT, 3 MB; pulldown-cmark in Rust) over markdown-it-py and mistune (1.7 and 2.5 MB/s against 120, so 2,000 documents
of 10 kB would take 12 s to parse instead of 0.2). Its HTML goes through the renderer of html.py, so that tables, lists and HTML inside
Markdown come out the same everywhere.
"""
import datetime
import re

from saem.core.errors import missing
from saem.transform.parse._decode import decode
from saem.transform.parse._parsed import Parsed, moment
from saem.transform.parse.html import LIBRARIES as HTML_LIBRARIES
from saem.transform.parse.html import VERSION as HTML_VERSION
from saem.transform.parse.html import render, tree_of

SUFFIXES: tuple[str, ...] = (".md", ".markdown")
VERSION = f"3+{HTML_VERSION}"
LIBRARIES: tuple[str, ...] = ("pyromark", *HTML_LIBRARIES)

_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?\n)??\1[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"^(\w+)[ \t]*[:=][ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
# Only ordinary HTML is taken as HTML: `Vec<String>` and `<your name>` are text that the author forgot to quote, and an open
# <script> or <title> would swallow all that follows it
_NO_HTML = re.compile(r"<(?!!--|/?(?:a|abbr|address|article|aside|b|big|blockquote|br|caption|center|cite|code|col|colgroup|dd|"
                      r"del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|i|img|input|ins|kbd|li|main|mark|"
                      r"nav|ol|p|picture|pre|q|s|samp|section|small|source|span|strike|strong|sub|summary|sup|table|tbody|td|"
                      r"tfoot|th|thead|tr|tt|u|ul|var)\b(?![-:]))", re.IGNORECASE)
_NO_TEXT = re.compile(r"<(script|style|svg|iframe|video|audio)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# CommonMark leaves `**"대출"**은` as it is, because a letter follows the mark without a space
_LEFT_STRONG = re.compile(r"(<pre\b.*?</pre>|<code>.*?</code>)|\*\*(\S[^*\n]*?)\*\*", re.DOTALL)


def parse(content: bytes, path: str) -> Parsed:
    """Title, author and dates are the front matter's; without one the title is the first heading.

    Raises: E401 (no text), E402 (not text), E103 (pyromark or selectolax is not installed).

    >>> parse(b"# Fees\\n\\nSee [the **desk**](/desk).\\n\\n* one\\n* two\\n", "fees.md").text
    'Fees\\n\\nSee the desk.\\n\\n- one\\n- two'
    """
    source = decode(content, path).lstrip("\n")
    front = _FRONT_MATTER.match(source)
    body = source[front.end():] if front else source
    html = _NO_HTML.sub("&lt;", _NO_TEXT.sub("", _html(body)))
    if "**" in html:
        html = _LEFT_STRONG.sub(lambda found: found[1] or found[2], html)
    root = tree_of(html).body
    text, headings, elements = render(root, is_page=False).assembled() if root is not None else ("", [], [])
    about = {name.lower(): value.strip("\"'") for name, value in _FIELD.findall(front[2] or "")} if front else {}
    title = about.get("title") or (headings[0].text if headings else "")
    author = ", ".join(filter(None, (name.strip(" \"'") for name in about.get("author", "").strip("[]").split(","))))
    return Parsed(text, title, [], headings, elements, author, _first(about, "date", "created", "published"),
                  _first(about, "updated", "modified", "lastmod", "last_modified"))


def _first(about: dict[str, str], *names: str) -> datetime.datetime | None:
    return next((found for name in names if (found := moment(about.get(name, "")))), None)


def _html(source: str) -> str:
    try:
        from pyromark import Options, html
    except ModuleNotFoundError as error:
        raise missing("pyromark", "reading Markdown", "parse") from error
    return html(source, options=Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS
                | Options.ENABLE_FOOTNOTES | Options.ENABLE_HEADING_ATTRIBUTES)
