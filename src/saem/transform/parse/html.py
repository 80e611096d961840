"""HTML: the main text, tables as rows `a | b`, list items as lines `- a`, without navigation and other furniture.

selectolax (MIT, 8 MB, no dependencies; the lexbor parser of HTML5) over lxml (twice slower to walk, cuts documents off at a
depth of 256), trafilatura and justext (2.5 MB/s against 60, a dozen dependencies, and they return text without headings).
Its one weakness is shared by every HTML5 parser: time grows with depth times size, so `flatten` bounds the depth first.
"""
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saem.core.errors import missing
from saem.transform.parse.decode import VERSION as DECODE_VERSION
from saem.transform.parse.decode import clean, decode
from saem.transform.parse.parsed import Heading, Parsed

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SUFFIXES: tuple[str, ...] = (".html", ".htm", ".xhtml")
VERSION = f"1+{DECODE_VERSION}"
LIBRARIES: tuple[str, ...] = ("selectolax",)

MAX_DEPTH = 256                       # of nested elements; real pages stay below 100
MANY_TAGS = 20_000                    # with fewer, even the deepest nest costs less than counting it would
MIN_MAIN_CHARS = 200                  # a shorter <main> is trusted only if the page holds little else
MIN_MAIN_SHARE = 0.25

INVISIBLE = frozenset("script style noscript template head title svg canvas object iframe select button input textarea "
                      "datalist audio video map rp rt".split())
FURNITURE = frozenset("nav footer aside header".split())
FURNITURE_ROLES = frozenset("navigation banner contentinfo search complementary menu menubar toolbar dialog alertdialog".split())
PARAGRAPHS = frozenset("p ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6 figure hr details".split())
LINES = frozenset("div section article main header footer aside nav address form fieldset legend figcaption caption summary "
                  "li dt dd tr td th thead tbody tfoot center body html option hgroup".split())
BLOCKS = PARAGRAPHS | LINES
LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
# What cannot nest (comments, scripts) is stepped over whole; an unclosed comment reaches to the end, as browsers have it
_TAG = re.compile(r"<!--(?:.*?-->|.*)|<(script|style)\b.*?(?:</\1\s*>|$)|<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>", re.DOTALL | re.IGNORECASE)
_NOT_NESTING = frozenset("area base br col embed hr img input link meta source track wbr p li td th tr dt dd option thead tbody "
                         "tfoot".split())


def parse(content: bytes, path: str) -> Parsed:
    """The title is <title>, else the first <h1>.

    Raises: E401 (no text), E402 (not text), E103 (selectolax is not installed).

    >>> page = parse(b"<title>Fees</title><nav>Home</nav><h1>Late fees</h1><table><tr><td>Book<td>100</table>", "a.html")
    >>> page.title, page.text
    ('Fees', 'Late fees\\\\n\\\\nBook | 100')
    """
    charset = _CHARSET.search(content[:4096])
    source = decode(content, path, charset[1].decode("ascii") if charset else "")
    tree = tree_of(source)
    title = tree.css_first("title")
    lines = _main_text(tree)
    text, headings = lines.assembled()
    named = " ".join(title.text().split()) if title else ""
    return Parsed(text, named or next((h.text for h in headings if h.level == 1), ""), [], headings)


def tree_of(source: str) -> "LexborHTMLParser":
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ModuleNotFoundError as error:
        raise missing("selectolax", "reading HTML", "parse") from error
    return LexborHTMLParser(flatten(source))


def flatten(source: str, max_depth: int = MAX_DEPTH) -> str:
    """The same HTML with elements below `max_depth` dissolved: their text stays, as lines where they were blocks.

    >>> flatten("<div><div><b>x</b></div></div>" * 20_000, max_depth=1)[:30]
    '<div><br>x<br></div><div><br>x'
    """
    if source.count("<") < MANY_TAGS:
        return source
    open_tags: Counter[str] = Counter()
    depth = 0

    def dissolve(tag: re.Match[str]) -> str:
        nonlocal depth
        name = (tag[3] or "").lower()
        if not name or name in _NOT_NESTING:
            return tag[0]
        if tag[2]:
            if not open_tags[name]:
                return ""                                     # it closes nothing
            open_tags[name] -= 1
            depth -= 1
            is_kept = depth < max_depth
        else:
            is_kept = depth < max_depth
            open_tags[name] += 1
            depth += 1
        return tag[0] if is_kept else "<br>" if name in BLOCKS else ""

    return _TAG.sub(dissolve, source)


@dataclass
class Lines:
    """Lines of text as they are found in the tree."""
    lines: list[str] = field(default_factory=list)
    levels: dict[int, int] = field(default_factory=dict)      # number of the line -> level of the heading that it is
    piece: list[str] = field(default_factory=list)            # of the line that is being built
    prefix: str = ""                                          # of that line: a list mark

    def end_line(self) -> None:
        line = " ".join("".join(self.piece).split())
        self.piece.clear()
        if line:
            self.lines.append(self.prefix + line)
            self.prefix = ""

    def end_paragraph(self) -> None:
        self.end_line()
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def add_preformatted(self) -> None:
        block = "".join(self.piece).strip("\n").expandtabs(4)
        self.piece.clear()
        self.lines += [line.rstrip() for line in block.split("\n")] if block.strip() else []

    def assembled(self) -> tuple[str, list[Heading]]:
        self.end_line()
        headings: list[Heading] = []
        start = 0
        for number, line in enumerate(self.lines):
            if number in self.levels:
                headings.append(Heading(start, self.levels[number], line))
            start += len(line) + 1
        return "\n".join(self.lines).rstrip(), headings

    def __len__(self) -> int:
        return sum(map(len, self.lines))


def _main_text(tree: "LexborHTMLParser") -> Lines:
    """<main>, else the only <article>, if it is the bulk of the page; else the page without its furniture; else all of it."""
    body = tree.body
    if body is None:
        return Lines()
    mains = tree.css("main, [role=main]") or tree.css("article")
    if len(mains) == 1:
        lines = render(mains[0], is_page=False)
        if len(lines) >= MIN_MAIN_CHARS or len(lines) >= MIN_MAIN_SHARE * len(render(body, is_page=True)) > 0:
            return lines
    return render(body, is_page=True) or render(body, is_page=False)


def render(root: "LexborNode", *, is_page: bool) -> Lines:
    """The lines below `root`. A page's furniture is left out; within an article an <aside> or <header> is part of the text."""
    out = Lines()
    lists: list[int] = []                                     # of the open lists: next number, 0 for bullets
    rows: list[list[str]] = []                                # of the open data tables: cells of the row
    insides = 0                                               # open <main> and <article>
    preformatted = 0
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            out.piece.append(node.text_content or "")
        elif not tag.startswith(("-", "!")) and not (tag in INVISIBLE or _is_left_out(node, tag, is_page and not insides)):
            insides += tag in ("main", "article")
            preformatted += tag == "pre"
            _open(node, tag, out, lists, rows)
            if node.first_child is not None:
                node = node.first_child
                continue
            _close(tag, out, lists, rows)
            insides -= tag in ("main", "article")
            preformatted -= tag == "pre"
        while node is not root and node is not None and node.next is None:
            node = node.parent
            if node is not None:
                tag = node.tag or ""
                _close(tag, out, lists, rows)
                insides -= tag in ("main", "article")
        if node is root or node is None:
            break
        node = node.next
    return out
