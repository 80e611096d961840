"""HTML: the main text, tables as rows that name their values, list items as lines `- a`; navigation and other
furniture is told, not read.

selectolax (MIT, 8 MB, no dependencies; the lexbor parser of HTML5) over lxml (twice slower to walk, cuts documents off at a
depth of 256), trafilatura and justext (2.5 MB/s against 10, a dozen dependencies, and they return text without headings).
Its one weakness is shared by every HTML5 parser: time grows with depth times size, so `flatten` bounds the depth first.
"""
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from saem.core.errors import missing
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import decode
from saem.transform.parse._html_lines import BLOCKS, Lines
from saem.transform.parse._html_lines import VERSION as LINES_VERSION
from saem.transform.parse._parsed import Parsed, moment

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SUFFIXES: tuple[str, ...] = (".html", ".htm", ".xhtml")
VERSION = f"3+{DECODE_VERSION}.{LINES_VERSION}"
LIBRARIES: tuple[str, ...] = ("selectolax",)

MAX_DEPTH = 256                       # of nested elements; real pages stay below 100
MANY_TAGS = 20_000                    # with fewer, even the deepest nest costs less than counting it would
MIN_MAIN_CHARS = 200                  # a shorter <main> is trusted only if the page holds little else
MIN_MAIN_SHARE = 0.25

INVISIBLE = frozenset({
    "script", "style", "noscript", "template", "head", "title", "svg", "canvas", "object", "iframe", "select",
    "button", "input", "textarea", "datalist", "audio", "video", "map", "rp", "rt"
})
FURNITURE = frozenset({"nav", "footer", "aside", "header"})
NAMES = {"nav": "navigation", "footer": "a footer", "aside": "an aside", "header": "a page header"}
FURNITURE_ROLES = frozenset({
    "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "toolbar", "dialog",
    "alertdialog"
})
# names of <meta> -> what they say; the first that a page has is taken
META = {"author": "author", "article:author": "author", "dc.creator": "author", "dcterms.creator": "author",
        "article:published_time": "created", "date": "created", "dc.date": "created", "dcterms.created": "created",
        "datepublished": "created", "pubdate": "created",
        "article:modified_time": "modified", "og:updated_time": "modified", "dcterms.modified": "modified", "last-modified": "modified"}

_CONTACT = re.compile(r"\d{2,4}[-.) ]\s?\d{3,4}[-. ]\d{4}|[\w.+-]+@[\w-]+\.\w|주소|Address", re.IGNORECASE)
# XML's declarations within a DOCTYPE, whose end HTML would take for text
_ENTITIES = re.compile(r"(<!DOCTYPE[^\[>]{0,500})\[.{0,20000}?\]\s*>", re.DOTALL | re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
# What cannot nest (comments, scripts) is stepped over whole; an unclosed comment reaches to the end, as browsers have it
_TAG = re.compile(r"<!--(?:.*?-->|.*)|<(script|style)\b.*?(?:</\1\s*>|$)|<(/?)([a-z][a-z0-9-]*)[^<>]*>",
                  re.DOTALL | re.IGNORECASE)
_NOT_NESTING = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "p", "li",
    "td", "th", "tr", "dt", "dd", "option", "thead", "tbody", "tfoot"
})


def parse(content: bytes, path: str) -> Parsed:
    """The title is <title>, else the first <h1>. A footer that says how to reach someone stands last; menus of links are left out by rule,
    other furniture is in `missing`.

    Raises: E401 (no text), E402 (not text), E103 (selectolax is not installed).

    >>> page = parse(b"<title>Fees</title><aside>Note</aside><h1>Late fees<table><tr><th>Item<th>Won<tr><td>Book<td>100</table>", "a.html")
    >>> page.title, page.text, page.missing
    ('Fees', 'Late fees\\n\\nItem: Book | Won: 100', ['an aside was not read: 4 characters'])
    """
    charset = _CHARSET.search(content[:4096])
    source = decode(content, path, charset[1].decode("ascii") if charset else "")
    tree = tree_of(source)
    title = tree.css_first("title")
    lines, furniture = main_text(tree)
    text, headings, elements = lines.assembled()
    left = Counter[str]()
    for node in furniture:
        beside, _, blocks = render(node, is_page=False).assembled()
        if node.tag == "footer" and _CONTACT.search(beside):
            start = len(text) + 2 if text else 0
            text = f"{text}\n\n{beside}" if text else beside
            for e in blocks:
                elements.append(replace(e, kind="paragraph" if e.kind == "title" else e.kind, start=start + e.start, end=start + e.end))
        elif beside and not _is_menu(node):
            left[NAMES.get(node.tag or "", "furniture")] += len(beside)
    named = " ".join(title.text().split()) if title else ""
    about = _about(tree)
    return Parsed(text, named or next((h.text for h in headings if h.level == 1), ""), [], headings, elements,
                  about.get("author", ""), moment(about.get("created", "")), moment(about.get("modified", "")),
                  [f"{what} was not read: {chars} characters" for what, chars in left.items()])


def _is_menu(node: "LexborNode") -> bool:
    """Whether all it says are names of links and buttons, with a heading: ways to other pages, no text of this one."""
    if "breadcrumb" in (node.attributes.get("class") or "").lower():
        return True
    linked = [len("".join(link.text().split())) for link in node.css("a, button")]
    headed = sum(len("".join(heading.text().split())) for heading in node.css("h1, h2, h3, h4, h5, h6"))
    return bool(linked) and len("".join(node.text().split())) <= sum(linked) + headed


def _about(tree: "LexborHTMLParser") -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.head.css("meta[content]") if tree.head else []:
        attributes = meta.attributes
        kind = META.get((attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or "").lower(), "")
        content = " ".join((attributes.get("content") or "").split())
        if kind and content and not (kind == "author" and content.startswith("http")):      # a profile's address
            found.setdefault(kind, content)
    return found


def tree_of(source: str) -> "LexborHTMLParser":
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ModuleNotFoundError as error:
        raise missing("selectolax", "reading HTML", "parse") from error
    return LexborHTMLParser(flatten(_ENTITIES.sub(r"\1>", source, count=1)))


def flatten(source: str, max_depth: int = MAX_DEPTH) -> str:
    """The same HTML with elements below `max_depth` dissolved: their text stays, as lines where they were blocks.

    >>> flatten("<div><div><b>x</b></div></div>" * 20_000, max_depth=1)[:30]
    '<div><br>x<br></div><div><br>x'
    """
    if source.count("<") < MANY_TAGS:
        return source
    open_tags: Counter[str] = Counter()
    depth = 0
    broken_at = -1                                            # end of the last tag that became a line break

    def dissolve(tag: re.Match[str]) -> str:
        nonlocal depth, broken_at
        name = (tag[3] or "").lower()
        if not name:
            return tag[0]
        if name in _NOT_NESTING:
            is_kept = depth < max_depth
        elif tag[2]:
            if not open_tags[name]:
                return ""                                     # it closes nothing
            open_tags[name] -= 1
            depth -= 1
            is_kept = depth < max_depth
        else:
            is_kept = depth < max_depth
            open_tags[name] += 1
            depth += 1
        if is_kept or name not in BLOCKS:
            return tag[0] if is_kept else ""
        is_next_to_break = tag.start() == broken_at
        broken_at = tag.end()
        return "" if is_next_to_break else "<br>"

    return _TAG.sub(dissolve, source)


def main_text(tree: "LexborHTMLParser") -> tuple[Lines, list["LexborNode"]]:
    """(the text, the furniture that is not in it): of <main>, else of the only <article>, if it is the bulk of the page; else of the
    page without its furniture; else of all of it."""
    body = tree.body
    if body is None:
        return Lines(), []
    page = render(body, is_page=True)
    mains = tree.css("main, [role=main]") or tree.css("article")
    if len(mains) == 1:
        lines = render(mains[0], is_page=False)
        if len(lines) >= MIN_MAIN_CHARS or len(lines) >= MIN_MAIN_SHARE * len(page) > 0:
            return lines, [*page.left_out, *_outside(body, mains[0])]
    return (page, page.left_out) if page else (render(body, is_page=False), [])


def _outside(body: "LexborNode", main: "LexborNode") -> list["LexborNode"]:
    """What stands beside the main text, and is no furniture by name."""
    found: list[LexborNode] = []
    node: LexborNode | None = main
    while node is not None and node.parent is not None and node.mem_id != body.mem_id:
        found += [each for each in node.parent.iter() if each.mem_id != node.mem_id and not _is_left_out(each, each.tag or "", True)]
        node = node.parent
    return found


def render(root: "LexborNode", *, is_page: bool) -> Lines:
    """The lines below `root`. A page's furniture is left out; within an article an <aside> or <header> is part of the text."""
    out = Lines()
    node = root.first_child
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            out.piece.append(node.text_content or "")
        elif tag[:1] not in "-!" and not _is_left_out(node, tag, is_page and not out.articles):
            out.open(node, tag)
            if node.first_child is not None:
                node = node.first_child
                continue
            out.close(tag)
        elif is_page and tag not in INVISIBLE and not _is_left_out(node, tag, False):
            out.left_out.append(node)
        while node.next is None:                              # up to the next element that has something after it
            if node.parent is None or node.parent.mem_id == root.mem_id:
                out.end_line()
                return out
            node = node.parent
            out.close(node.tag or "")
        node = node.next
    return out


def _is_left_out(node: "LexborNode", tag: str, is_page: bool) -> bool:
    if tag in INVISIBLE or is_page and tag in FURNITURE and not (tag == "header" and node.css_first("h1")):
        return True
    if tag not in BLOCKS and tag != "span":
        return False
    attributes = node.attributes
    if not attributes:
        return False
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return ("hidden" in attributes or attributes.get("aria-hidden") == "true" or "display:none" in style
            or is_page and (attributes.get("role") or "").lower() in FURNITURE_ROLES)
