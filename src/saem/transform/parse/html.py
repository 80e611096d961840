"""HTML: the main text, tables as rows `a | b`, list items as lines `- a`, without navigation and other furniture.

selectolax (MIT, 8 MB, no dependencies; the lexbor parser of HTML5) over lxml (twice slower to walk, cuts documents off at a
depth of 256), trafilatura and justext (2.5 MB/s against 10, a dozen dependencies, and they return text without headings).
Its one weakness is shared by every HTML5 parser: time grows with depth times size, so `flatten` bounds the depth first.
"""
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saem.core.errors import missing
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import decode
from saem.transform.parse._parsed import Element, Heading, Parsed, moment

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SUFFIXES: tuple[str, ...] = (".html", ".htm", ".xhtml")
VERSION = f"2+{DECODE_VERSION}"
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
FURNITURE_ROLES = frozenset({
    "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "toolbar", "dialog",
    "alertdialog"
})
PARAGRAPHS = frozenset({
    "p", "ul", "ol", "dl", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "hr",
    "details"
})
LINES = frozenset({
    "div", "section", "article", "main", "header", "footer", "aside", "nav", "address", "form", "fieldset", "legend",
    "figcaption", "caption", "summary", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "center",
    "body", "html", "option", "hgroup"
})
BLOCKS = PARAGRAPHS | LINES
# names of <meta> -> what they say; the first that a page has is taken
META = {"author": "author", "article:author": "author", "dc.creator": "author", "dcterms.creator": "author",
        "article:published_time": "created", "date": "created", "dc.date": "created", "dcterms.created": "created",
        "datepublished": "created", "pubdate": "created",
        "article:modified_time": "modified", "og:updated_time": "modified", "dcterms.modified": "modified", "last-modified": "modified"}
LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
# What cannot nest (comments, scripts) is stepped over whole; an unclosed comment reaches to the end, as browsers have it
_TAG = re.compile(r"<!--(?:.*?-->|.*)|<(script|style)\b.*?(?:</\1\s*>|$)|<(/?)([a-z][a-z0-9-]*)[^<>]*>",
                  re.DOTALL | re.IGNORECASE)
_NOT_NESTING = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "p", "li",
    "td", "th", "tr", "dt", "dd", "option", "thead", "tbody", "tfoot"
})


def parse(content: bytes, path: str) -> Parsed:
    """The title is <title>, else the first <h1>.

    Raises: E401 (no text), E402 (not text), E103 (selectolax is not installed).

    >>> page = parse(b"<title>Fees</title><nav>Home</nav><h1>Late fees</h1><table><tr><td>Book<td>100</table>", "a.html")
    >>> page.title, page.text
    ('Fees', 'Late fees\\n\\nBook | 100')
    """
    charset = _CHARSET.search(content[:4096])
    source = decode(content, path, charset[1].decode("ascii") if charset else "")
    tree = tree_of(source)
    title = tree.css_first("title")
    text, headings, elements = main_text(tree).assembled()
    named = " ".join(title.text().split()) if title else ""
    about = _about(tree)
    return Parsed(text, named or next((h.text for h in headings if h.level == 1), ""), [], headings, elements,
                  about.get("author", ""), moment(about.get("created", "")), moment(about.get("modified", "")))


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


@dataclass
class Rows:
    """A table that is open: the line at which it begins, its rows so far, and the cells of the row that is open."""
    start: int
    rows: list[list[str]] = field(default_factory=list)
    row: list[str] = field(default_factory=list)


@dataclass
class Lines:
    """Lines of text as they are found on a walk through the tree, and what is open at the moment.

    blocks: first line -> (kind, line after the last, cells) of what is no paragraph; in_list: (first, after the last) of whole lists.
    """
    lines: list[str] = field(default_factory=list)
    blocks: dict[int, tuple[str, int, list[list[str]]]] = field(default_factory=dict)
    in_list: list[tuple[int, int]] = field(default_factory=list)
    list_start: int = 0
    caption_start: int = 0
    levels: dict[int, int] = field(default_factory=dict)      # number of the line -> level of the heading that it is
    piece: list[str] = field(default_factory=list)            # of the line that is being built
    prefix: str = ""                                          # of that line: a list mark
    lists: list[int] = field(default_factory=list)            # the next number of each open list, 0 for bullets
    tables: list["Rows | None"] = field(default_factory=list)      # those that are open; None for layout
    is_cell: bool = False
    is_preformatted: bool = False
    articles: int = 0

    def open(self, node: "LexborNode", tag: str) -> None:
        if tag == "pre" and not self.is_cell:
            self.end_paragraph()
            self.is_preformatted = True
        elif tag == "br":
            self.end_line()
        elif tag == "img":
            self.piece.append(f" {node.attributes.get('alt') or ''} ")
        elif tag not in BLOCKS:
            return
        elif tag in ("td", "th") and self.tables and self.tables[-1] is not None:
            self.is_cell = True
        elif tag in PARAGRAPHS and not (self.lists and tag in ("p", "ul", "ol")):
            self.end_paragraph()
        else:
            self.end_line()
        if tag in ("ul", "ol"):
            if not self.lists:
                self.list_start = len(self.lines)
            self.lists.append(_first_number(node) if tag == "ol" else 0)
        elif tag == "li":
            self.start_item()
        elif tag == "table":
            self.tables.append(None if _is_layout(node) else Rows(len(self.lines)))
        elif tag in ("caption", "figcaption"):
            self.caption_start = len(self.lines)
        elif tag in ("main", "article"):
            self.articles += 1

    def close(self, tag: str) -> None:
        if tag not in BLOCKS:
            return
        if tag == "pre" and self.is_preformatted:
            self.is_preformatted = False
            self.end_preformatted()
        elif tag in ("td", "th") and self.is_cell and (table := self.tables[-1]) is not None:
            table.row.append(" ".join("".join(self.piece).split()))
            self.piece.clear()
            self.is_cell = False
        elif tag == "tr" and self.tables and (table := self.tables[-1]) is not None:
            if any(table.row):
                self.piece.append(" | ".join(table.row))
                table.rows.append(table.row)
            table.row = []
            self.end_line()
        elif tag in LEVELS:
            self.end_heading(LEVELS[tag])
        elif tag in PARAGRAPHS and not (self.lists and tag == "p") and not len(self.lists) > 1:
            self.end_paragraph()
        else:
            self.end_line()
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
            if not self.lists:
                self.in_list.append((self.list_start, len(self.lines)))
        elif tag == "table" and self.tables:
            table = self.tables.pop()
            if table and table.rows:
                self.blocks[table.start] = ("table", len(self.lines), table.rows)
        elif tag in ("caption", "figcaption"):
            if len(self.lines) > self.caption_start:
                self.blocks[self.caption_start] = ("caption", len(self.lines), [])
            if self.tables and (table := self.tables[-1]):
                table.start = len(self.lines)
        elif tag in ("main", "article"):
            self.articles -= 1

    def start_item(self) -> None:
        number = self.lists[-1] if self.lists else 0
        self.prefix = "  " * (len(self.lists) - 1) + (f"{number}. " if number else "- ")
        if number:
            self.lists[-1] += 1

    def end_line(self) -> None:
        if self.is_cell or self.is_preformatted:
            self.piece.append("\n")
            return
        line = " ".join("".join(self.piece).split())
        self.piece.clear()
        if line:
            self.lines.append(self.prefix + line)
            self.prefix = ""

    def end_paragraph(self) -> None:
        self.end_line()
        if self.lines and self.lines[-1] and not self.is_cell:
            self.lines.append("")

    def end_heading(self, level: int) -> None:
        before = len(self.lines)
        self.end_line()
        if len(self.lines) > before:
            self.levels[before] = level
        self.end_paragraph()

    def end_preformatted(self) -> None:
        block = "".join(self.piece).strip("\n").expandtabs(4)
        self.piece.clear()
        if block.strip():
            self.blocks[len(self.lines)] = ("code", len(self.lines) + block.count("\n") + 1, [])
            self.lines += [*(line.rstrip() for line in block.split("\n")), ""]

    def assembled(self) -> tuple[str, list[Heading], list[Element]]:
        """(text, headings, elements). Lines that no block takes are a list's where a list is, else paragraphs."""
        self.end_line()
        lines, levels, blocks = self.lines, self.levels, self.blocks
        listed = {number for first, after in self.in_list for number in range(first, after)}
        starts, start = [], 0
        for line in lines:
            starts.append(start)
            start += len(line) + 1
        elements: list[Element] = []
        number, count = 0, len(lines)
        while number < count:
            first, line = number, lines[number]
            block = blocks.get(number)
            number += 1
            if not line:
                if block:                                     # it begins with an empty line
                    blocks.setdefault(number, block)
                continue
            cells: list[list[str]] = []
            if first in levels:
                kind = "title"
            elif block:
                kind, after, cells = block
                while number < after and number not in levels:
                    number += 1
            else:
                kind = "list" if first in listed else "paragraph"
                while number < count and lines[number] and number not in blocks and number not in levels and (
                        (number in listed) == (first in listed)):
                    number += 1
            last = number - 1
            while not lines[last]:
                last -= 1
            indent = 0 if kind == "code" else len(line) - len(line.lstrip())
            elements.append(Element(kind, starts[first] + indent, starts[last] + len(lines[last]), [], cells))
        return "\n".join(lines).rstrip(), [Heading(starts[n], level, lines[n]) for n, level in levels.items()], elements

    def __len__(self) -> int:
        return sum(map(len, self.lines))


def _is_layout(table: "LexborNode") -> bool:
    """Whether a table places the parts of a page: its cells hold tables or headings. (A search below a node may find itself.)"""
    return table.css_first("h1, h2, h3, h4, form") is not None or any(found.mem_id != table.mem_id for found in table.css("table"))


def _first_number(node: "LexborNode") -> int:
    first = node.attributes.get("start") or "1"
    return int(first) if first.isascii() and first.isdigit() and len(first) < 6 else 1


def main_text(tree: "LexborHTMLParser") -> Lines:
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
