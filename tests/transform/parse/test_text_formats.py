"""Plain text, Markdown and HTML: what a reader of a citation sees, and what is refused."""
import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.core.errors import SaemError
from saem.transform.parse import html, markdown, plain
from saem.transform.parse._decode import clean
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._sniff import kind

KOREAN = "도서관 이용 안내\n\n연체료는 하루 100원이다. 대출 기간은 14일이다."
NESTED = 200_000                      # a parser whose time grows with the square of it would hang here

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>Late fees &amp; more</title><style>p{color:red}</style></head>
<body><header><a href="/">Home</a></header><nav><ul><li>Menu one</li><li>Menu two</li></ul></nav>
<div role="navigation">Bread &gt; crumbs</div>
<main><h1>Late fees</h1><p>A late book costs <b>ten</b> cents&nbsp;a day.<br>See <a href="https://example.org/x">the desk</a>.</p>
<h2>Table</h2><table><thead><tr><th>Item</th><th>Fee</th></tr></thead><tbody><tr><td>Book</td><td>10 <i>cents</i></td></tr>
<tr><td>Film</td><td>1 euro</td></tr></tbody></table>
<ul><li>first<ul><li>inner</li></ul></li><li>second</li></ul><ol start="3"><li>third</li></ol>
<pre>x = 1
    y = 2</pre><p>연체료는 하루 100원이다. """ + "The rule holds for every reader of the library. " * 5 + """</p></main>
<aside>Advertisement</aside><script>alert("no")</script><footer>Copyright</footer></body></html>"""

MARKDOWN = """---
title: "Library rules"
---
<!-- not for readers -->
# Lending `books`

A **late** book costs [ten cents](https://example.org/fees)
a day. ![floor plan](plan.png) **"연체료"**는 100원이다.

| Item | Fee |
|------|----:|
| Book | 10  |

* first
    * inner
1. one

Late fees
---------

Write `Vec<String>` or Vec<String>, and use the <script> tag.

```python
def fee(days):
    return days * 10
```
"""


def refused(call: object, *arguments: object) -> SaemError:
    assert callable(call)
    with pytest.raises(SaemError) as caught:
        call(*arguments)
    return caught.value


def headings_stand_where_they_say(parsed: Parsed) -> bool:
    """And so do elements: in order, apart, without space around them, with the cells of their table; headings are titles."""
    end = 0
    for element in parsed.elements:
        text = parsed.text[element.start:element.end]
        assert end <= element.start < element.end <= len(parsed.text)
        assert text == (text.rstrip() if element.kind == "code" else text.strip())
        assert all(cell in text for row in element.cells for cell in row)
        end = element.end
    assert not parsed.elements or [e.start for e in parsed.elements if e.kind == "title"] == [h.start for h in parsed.headings]
    return all(parsed.text[h.start:h.start + len(h.text)] == h.text for h in parsed.headings)


# ---- encodings

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "euc-kr"])
def test_korean_text_reads_alike_in_every_encoding(encoding: str) -> None:
    assert plain.parse(KOREAN.encode(encoding), "a.txt").text == KOREAN


def test_decomposed_hangul_of_macos_is_composed() -> None:
    assert plain.parse(unicodedata.normalize("NFD", KOREAN).encode(), "a.txt").text == KOREAN


@pytest.mark.parametrize("text", ["Un résumé déjà vu, naïve façade à Zürich.", "“Smart quotes” – said he…", "Österreich, 5 €"])
def test_western_text_is_not_taken_for_korean(text: str) -> None:
    assert plain.parse(text.encode("cp1252"), "a.txt").text == text


def test_a_few_bytes_lost_on_the_way_do_not_change_the_encoding() -> None:
    assert plain.parse((KOREAN * 5).encode() + b"\xff", "a.txt").text.startswith(KOREAN)


def test_line_ends_soft_hyphens_ligatures_and_colours_are_cleaned() -> None:
    content = "a\r\nb\rc or\u00addi\u200bnary of\ufb01ce \x1b[31mred\x1b[0m".encode()
    assert plain.parse(content, "a.log").text == "a\nb\nc ordinary office red"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


# ---- what is no text

@pytest.mark.parametrize("content", [b"abc\0def", bytes(range(256)) * 4, b"\x01\x02\x03" * 50, b"\x80\x81\xfe\xff\x9d" * 20])
def test_binary_under_a_text_name_is_refused(content: bytes) -> None:
    error = refused(plain.parse, content, "data.txt")
    assert error.code == "E402"
    assert "is named .txt but is not text" in str(error)


@pytest.mark.parametrize("parser", [plain, markdown, html])
@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
def test_a_file_without_text_is_a_failure(parser: object, content: bytes) -> None:
    assert refused(parser.parse, content, "a").code == "E401"  # type: ignore[attr-defined]


def test_a_page_of_scripts_alone_is_a_failure() -> None:
    assert refused(html.parse, b"<title>App</title><script>run()</script><div id=root></div>", "a.html").code == "E401"


@pytest.mark.parametrize(("content", "path", "suffix"), [
    (b"%PDF-1.7 ...", "notes.txt", ".pdf"), (b"\xef\xbb\xbf\n%PDF-1.4", "a.pdf", ".pdf"), (b"hello", "README", ""),
    (b"hello", "A.MD", ".md"), (b"\n<!doctype HTML><p>x", "page", ".html"), (b"PK\x03\x04..", "a.docx", ".docx"),
    (b"the mark %PDF- is explained here", "a.txt", ".txt"),
])
def test_the_parser_is_chosen_by_content_before_name(content: bytes, path: str, suffix: str) -> None:
    assert kind(content, path) == suffix


@pytest.mark.parametrize(("content", "path", "what"), [
    (b"PK\x03\x04rest", "report.pdf", "zip"),
    (b"\x1f\x8b\x08", "a.md", "gzip"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.pdf", "HWP"), (b"\x7fELF", "run", "program"),
])
def test_other_formats_under_a_wrong_name_are_refused_by_what_they_are(content: bytes, path: str, what: str) -> None:
    error = refused(kind, content, path)
    assert error.code == "E402"
    assert what in error.what
    assert error.fix


# ---- plain text

def test_plain_text_finds_title_and_numbered_parts() -> None:
    rules = "도서관 규정\n\n제1장 대출\n\n제3조(대출 기간) 14일로 한다.\n제3조를 따른다.\n\nChapter 2 Fees\nSection 5 says so.\n"
    parsed = plain.parse(rules.encode(), "rules.txt")
    assert parsed.title == "도서관 규정"
    assert [(h.level, h.text) for h in parsed.headings] == [(2, "제1장 대출"), (4, "제3조(대출 기간)"), (1, "Chapter 2 Fees")]
    assert headings_stand_where_they_say(parsed)


def test_restructured_text_takes_levels_from_the_underlines() -> None:
    parsed = plain.parse(b"Guide\n=====\n\nText.\n\nFees\n----\n\nTen cents.\n\nHours\n-----\n\nNine to five.", "a.rst")
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Guide"), (2, "Fees"), (2, "Hours")]
    assert parsed.title == "Guide"
    assert headings_stand_where_they_say(parsed)


# ---- Markdown

def test_markdown_reads_as_it_is_rendered() -> None:
    parsed = markdown.parse(MARKDOWN.encode(), "rules.md")
    assert parsed.text == """Lending books

A late book costs ten cents a day. floor plan "연체료"는 100원이다.

Item: Book | Fee: 10

- first
  - inner

1. one

Late fees

Write Vec<String> or Vec<String>, and use the <script> tag.

def fee(days):
    return days * 10"""
    assert parsed.title == "Library rules"
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Lending books"), (2, "Late fees")]
    assert headings_stand_where_they_say(parsed)


def blocks(parsed: Parsed) -> list[tuple[str, str]]:
    assert headings_stand_where_they_say(parsed)
    return [(element.kind, parsed.text[element.start:element.end]) for element in parsed.elements]


def test_markdown_is_told_in_typed_blocks() -> None:
    assert blocks(markdown.parse(MARKDOWN.encode(), "rules.md")) == [
        ("title", "Lending books"), ("paragraph", 'A late book costs ten cents a day. floor plan "연체료"는 100원이다.'),
        ("table", "Item: Book | Fee: 10"), ("list", "- first\n  - inner"), ("list", "1. one"), ("title", "Late fees"),
        ("paragraph", "Write Vec<String> or Vec<String>, and use the <script> tag."), ("code", "def fee(days):\n    return days * 10")]


@pytest.mark.parametrize(("front", "author", "created"), [
    ("---\ntitle: 규정\nauthor: 김서영\ndate: 2024-03-01\n---\n", "김서영", "2024-03-01T00:00:00+00:00"),
    ('+++\nauthor = "Kim"\ndate = 2024-03-01T09:30:00+09:00\n+++\n', "Kim", "2024-03-01T00:30:00+00:00"),
    ('---\nauthor: ["Kim", Lee]\ndate: 2024-03-01 09:30:00 +0900\n---\n', "Kim, Lee", "2024-03-01T00:30:00+00:00"),
    ("---\ndate: soon\nauthor:\n---\n", "", ""),
])
def test_front_matter_tells_author_and_date(front: str, author: str, created: str) -> None:
    parsed = markdown.parse(f"{front}text".encode(), "a.md")
    assert (parsed.author, parsed.created.isoformat() if parsed.created else "") == (author, created)


def test_without_front_matter_the_first_heading_is_the_title() -> None:
    assert markdown.parse("# 이용 안내\n\n글".encode(), "a.md").title == "이용 안내"
    assert markdown.parse(b"only text", "a.md").title == ""


def test_a_rule_is_not_taken_for_front_matter() -> None:
    assert markdown.parse(b"one\n\n---\n\ntwo\n\n---\n\nthree", "a.md").text == "one\n\ntwo\n\nthree"


@pytest.mark.parametrize("source", [">" * NESTED + " x", "[" * NESTED + "x", "**a " * NESTED, "<div>" * NESTED + "x"])
def test_deeply_nested_markdown_is_read(source: str) -> None:
    assert markdown.parse(source.encode(), "a.md").text.strip("*[ ")[:1] in ("x", "a")


# ---- HTML

def test_a_page_gives_its_main_text_without_furniture() -> None:
    parsed = html.parse(PAGE.encode(), "fees.html")
    assert parsed.text.startswith("""Late fees

A late book costs ten cents a day.
See the desk.

Table

Item: Book | Fee: 10 cents
Item: Film | Fee: 1 euro

- first
  - inner
- second

3. third

x = 1
    y = 2

연체료는 하루 100원이다. The rule holds""")
    assert not any(word in parsed.text for word in ("Menu", "Home", "crumbs", "Copyright", "Advertisement", "alert", "color"))
    assert parsed.title == "Late fees & more"
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Late fees"), (2, "Table")]
    assert headings_stand_where_they_say(parsed)


def test_a_page_is_told_in_typed_blocks() -> None:
    parsed = html.parse(PAGE.encode(), "fees.html")
    assert [kind for kind, _ in blocks(parsed)] == [
        "title", "paragraph", "title", "table", "list", "list", "code", "paragraph"]
    assert next(e.cells for e in parsed.elements if e.kind == "table") == [["Item", "Fee"], ["Book", "10 cents"], ["Film", "1 euro"]]


def test_captions_code_and_headings_within_lists_keep_their_kind() -> None:
    page = ("<ul><li>one<pre>a\n  b</pre><li>two</ul><table><caption>Fees <b>2024</b></caption><tr><td>a<td>b</table>"
            "<figure><img alt=plan><figcaption>Figure 1</figcaption></figure><ul><li><h3>Head</h3>tail</ul><div>one</div><div>two</div>")
    assert blocks(html.parse(page.encode(), "a.html")) == [
        ("list", "- one"), ("code", "a\n  b"), ("list", "- two"), ("caption", "Fees 2024"), ("table", "a | b"), ("paragraph", "plan"),
        ("caption", "Figure 1"), ("title", "- Head"), ("list", "tail"), ("paragraph", "one\ntwo")]


def test_a_page_tells_its_author_and_dates() -> None:
    page = ('<head><meta name="Author" content=" 김서영 "><meta property="article:published_time" content="2024-03-01T09:30:00+09:00">'
            '<meta property="article:modified_time" content="2024-05-02"><meta name="date" content="1999-01-01"></head><p>x')
    parsed = html.parse(page.encode(), "a.html")
    assert parsed.author == "김서영"
    assert [str(parsed.created), str(parsed.modified)] == ["2024-03-01 00:30:00+00:00", "2024-05-02 00:00:00+00:00"]


def test_a_page_without_main_loses_only_its_furniture() -> None:
    page = b"<body><nav>Menu</nav><header><h1>Fees</h1></header><div>Ten cents.</div><div>Per day.</div><footer>(c)</footer>"
    assert html.parse(page, "a.html").text == "Fees\n\nTen cents.\nPer day."


def test_a_page_of_navigation_alone_is_still_read() -> None:
    assert html.parse(b"<nav><a href=x>Opening hours</a></nav>", "a.html").text == "Opening hours"


def test_a_teaser_in_main_does_not_hide_the_page() -> None:
    page = "<body><main>Hi</main><div>" + "The rules of the library in full. " * 40 + "</div>"
    assert "rules of the library" in html.parse(page.encode(), "a.html").text


def test_layout_tables_are_lines_and_data_tables_are_rows() -> None:
    page = b"<table><tr><td><h2>News</h2><p>Open late.</p><table><tr><td>Mon<td>9-5</table></td></tr></table>"
    assert html.parse(page, "a.html").text == "News\n\nOpen late.\n\nMon | 9-5"


def test_hidden_parts_are_left_out() -> None:
    page = b"<p>Seen.</p><p hidden>Not</p><div style='display: none'>Not</div><span aria-hidden=true>Not</span><template>Not</template>"
    assert html.parse(page, "a.html").text == "Seen."


@pytest.mark.parametrize("charset", ["euc-kr", "ks_c_5601-1987", "EUC-KR"])
def test_the_declared_charset_is_used(charset: str) -> None:
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head><p>똠방각하 연체료'
    assert html.parse(page.encode("cp949"), "a.html").text == "똠방각하 연체료"


def test_a_wrong_charset_does_not_spoil_utf_8() -> None:
    assert html.parse('<meta charset="iso-8859-1"><p>연체료</p>'.encode(), "a.html").text == "연체료"


@pytest.mark.parametrize("tag", ["div", "b", "span", "ul><li", "table><tr><td", "blockquote", "svg", "section><p"])
def test_deeply_nested_html_is_read(tag: str) -> None:
    closing = "".join(f"</{name}>" for name in reversed(tag.split("><")))
    text = html.parse((f"<{tag}>" * NESTED + "<p>deep" + closing * NESTED + "<p>after").encode(), "deep.html").text
    assert "after" in text or tag == "svg"


@given(st.text(alphabet="<>/abpdivtr \"'=!-&;h1\n", max_size=200))
def test_any_broken_html_gives_text_or_a_reason(source: str) -> None:
    for parser in (html, markdown):
        with contextlib.suppress(SaemError):
            assert headings_stand_where_they_say(parser.parse(source.encode(), "a.html"))


def test_a_page_tells_what_it_leaves_out_and_reads_a_footer_that_says_how_to_reach_someone() -> None:
    page = "<body><nav>Menu <a href=/>Home</a></nav><aside><a href=/news>News</a></aside>" \
           "<h1>Lunch</h1><p>From 11:25.</p><footer>Kitchen 02-123-4567</footer></body>"
    parsed = html.parse(page.encode(), "a.html")
    assert parsed.text == "Lunch\n\nFrom 11:25.\n\nKitchen 02-123-4567"
    assert parsed.missing == ["navigation was not read: 9 characters"]      # but a menu of links alone is no text of this page


def test_declarations_of_xml_leave_nothing_in_the_text() -> None:
    page = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><p>A fact.</p>'
    assert html.parse(page.encode(), "a.html").text == "A fact."
