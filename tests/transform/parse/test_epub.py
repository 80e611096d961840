"""EPUB books, of both versions, in Korean and English, and broken ones."""
import io
import zipfile

import pytest

from saem.core.errors import SaemError
from saem.transform.parse import epub
from tests.transform.parse.test_tables_and_code import places

CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
OPF = """<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>샘물 이야기</dc:title>
<dc:creator>김샘</dc:creator><dc:creator>A. Lee</dc:creator>
<dc:date>2024-07-26</dc:date><meta property="dcterms:modified">2024-08-01T10:00:00Z</meta></metadata>
<manifest><item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/><item id="css" href="a.css" media-type="text/css"/>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine toc="ncx"><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/><itemref idref="none"/></spine></package>"""
NAV = """<html xmlns:epub="http://www.idpf.org/2007/ops"><body><nav epub:type="toc"><ol><li><a href="text/one%20a.xhtml">첫째 장</a></li>
<li><a href="text/two.xhtml#x">Two</a></li></ol></nav></body></html>"""
NCX = """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>샘물</text></docTitle>
<navMap><navPoint><navLabel><text>첫째 장</text></navLabel>
<content src="text/one%20a.xhtml"/></navPoint></navMap></ncx>"""
ONE = "<html><body><p>물은 아래로 흐른다.</p></body></html>"
TWO = ("<?xml version='1.0'?><html><body><h1>The spring</h1><p>Water rises.</p>"
       "<table><tr><td>a</td><td>b</td></tr></table></body></html>")
BOOK = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OEBPS/content.opf": OPF, "OEBPS/nav.xhtml": NAV,
        "OEBPS/toc.ncx": NCX, "OEBPS/text/one a.xhtml": ONE, "OEBPS/text/two.xhtml": TWO, "OEBPS/a.css": "p{}"}


def book(**changes: str | None) -> bytes:
    """The book with members replaced ('OEBPS/..' by the end of their name) or left out (None)."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in BOOK.items():
            key = name.rpartition("/")[2].partition(".")[0].replace(" ", "_")
            if changes.get(key, text) is not None:
                archive.writestr(name, changes.get(key, text) or "")
        for name, text in changes.items():
            if "/" in name and text is not None:
                archive.writestr(name, text)
    return held.getvalue()


@pytest.mark.parametrize("content", [book(), book(content=OPF.replace(' properties="nav"', "").replace('<itemref idref="nav"/>', "")),
                                     book(container=None)])
def test_chapters_in_order_with_their_names_and_who_wrote_them(content: bytes) -> None:
    parsed = epub.parse(content, "샘.epub")
    assert parsed.text == "첫째 장\n\n물은 아래로 흐른다.\n\nThe spring\n\nWater rises.\n\na | b"
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "첫째 장"), (1, "The spring")]
    assert (parsed.title, parsed.author) == ("샘물 이야기", "김샘, A. Lee")
    assert str(parsed.created) == "2024-07-26 00:00:00+00:00"
    assert str(parsed.modified) == "2024-08-01 10:00:00+00:00"
    assert parsed.missing == []
    places(parsed)


def test_a_chapter_that_is_gone_is_told_and_the_rest_is_read() -> None:
    parsed = epub.parse(book(two=None), "a.epub")
    assert "물은" in parsed.text
    assert parsed.missing == ["the chapter 'OEBPS/text/two.xhtml': 'OEBPS/text/two.xhtml' is missing in it"]


def test_copy_protection_is_told_as_such_and_scrambled_fonts_are_not_it() -> None:
    def lock(name: str) -> str:
        return f'<encryption xmlns:enc="e"><enc:EncryptedData><enc:CipherReference URI="{name}"/></enc:EncryptedData></encryption>'
    with pytest.raises(SaemError) as error:
        epub.parse(book(**{"META-INF/encryption.xml": lock("OEBPS/text/two.xhtml")}), "a.epub")
    assert error.value.code == "E403"
    assert epub.parse(book(**{"META-INF/encryption.xml": lock("OEBPS/font.otf")}), "a.epub").text


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 rubbish", book()[:200], book(content=None), book(content="<package/>"),
                                     book(content="<a"), book(container="<x"), book(content=OPF.replace("?>", "?>" + BOMB, 1)),
                                     book(one_a=None, two=None),
                                     book(one_a="<html/>", two="<html/>")])
def test_what_is_no_book_is_refused(content: bytes) -> None:
    with pytest.raises(SaemError) as error:
        epub.parse(content, "a.epub")
    assert error.value.code in ("E401", "E402", "E404")


def test_names_that_lead_out_of_the_book_are_not_followed() -> None:
    parsed = epub.parse(book(content=OPF.replace("text/two.xhtml", "../../../etc/passwd")), "a.epub")
    assert "root:" not in parsed.text
    assert len(parsed.missing) == 1
