"""What is refused before a parser of a zipped format sees it, and with which words."""
import io
import zipfile

import pytest

from saem.core.errors import SaemError
from saem.transform.parse import _container
from saem.transform.parse._container import Container
from saem.transform.parse._xml import scan


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def refused(content: bytes, member: str = "a.xml") -> SaemError:
    with pytest.raises(SaemError) as caught:
        Container(content, "a.docx").read(member)
    assert caught.value.fix
    return caught.value


def text_of(xml: bytes) -> str:
    found: list[str] = []
    scan([xml], None, None, found.append, path="a.docx", name="a.xml")
    return "".join(found)


def test_members_are_read_by_name() -> None:
    container = Container(archive({"word/a.xml": "연체료".encode(), "b.txt": b"x"}), "a.docx")
    assert container.names == ("word/a.xml", "b.txt")
    assert container.read("word/a.xml").decode() == "연체료"
    assert "c" not in container


def test_folders_written_with_backslashes_are_folders() -> None:
    assert Container(archive({"word\\a.xml": b"x"}), "a.docx").read("word/a.xml") == b"x"


@pytest.mark.parametrize("name", ["../a", "x/../../a", "/etc/passwd", "C:\\a", "..\\a"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    error = refused(archive({name: b"x"}))
    assert (error.code, "leads out" in error.what) == ("E404", True)


@pytest.mark.parametrize(("content", "code", "what"), [
    (b"", "E401", "empty"), (b"hello", "E402", "something else"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "E402", "old Office"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9) + "EncryptedPackage".encode("utf-16-le"), "E403", "password"),
    (archive({"a.xml": b"x" * 999})[:60], "E404", "cut off"), (archive({"b.xml": b"x"}), "E404", "missing"),
    (archive({"a.xml": b"x"}, zipfile.ZIP_LZMA), "E404", "compressed in a way"),
])
def test_what_is_no_whole_archive_says_why(content: bytes, code: str, what: str) -> None:
    error = refused(content)
    assert error.code == code
    assert what in error.what


def test_a_damaged_member_is_told_from_a_good_one() -> None:
    content = bytearray(archive({"a.xml": bytes(range(256)) * 40, "b.xml": b"fine"}))
    content[60] ^= 0xFF
    container = Container(bytes(content), "a.docx")
    assert container.read("b.xml") == b"fine"
    assert "damaged" in refused(bytes(content)).what


def test_a_zip_bomb_is_refused_while_it_is_read() -> None:
    bomb = archive({"a.xml": bytes(40 << 20)})
    assert len(bomb) < 100_000
    error = refused(bomb)
    assert error.code == "E407"
    assert "zip bomb" in error.what


def test_all_members_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_container, "MAX_TOTAL_BYTES", 2000)
    monkeypatch.setattr(_container, "FREE_BYTES", 2000)
    container = Container(archive({f"{n}.xml": b"x" * 600 for n in range(4)}, zipfile.ZIP_STORED), "a.docx")
    for n in range(3):
        container.read(f"{n}.xml")
    with pytest.raises(SaemError, match="E407"):
        container.read("3.xml")


def test_an_archive_of_very_many_members_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_container, "MAX_MEMBERS", 3)
    assert "more than 3 files" in refused(archive({str(n): b"" for n in range(4)})).what


LAUGHS = b'<!DOCTYPE a [<!ENTITY l "lol">' + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"&l;" * 10)
                                                   for n in range(10)) + b"]><a>&l9;</a>"


@pytest.mark.parametrize("xml", [LAUGHS, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
                                 b'<!DOCTYPE a [<!ATTLIST a b CDATA "long">]><a/>', LAUGHS.decode().encode("utf-16")])
def test_entities_are_refused_before_they_are_expanded(xml: bytes) -> None:
    with pytest.raises(SaemError, match="declares entities") as caught:
        text_of(xml)
    assert caught.value.code == "E404"


def test_a_dtd_that_is_named_is_not_fetched() -> None:
    assert text_of(b'<!DOCTYPE a SYSTEM "http://localhost:1/a.dtd"><a>x</a>') == "x"


@pytest.mark.parametrize("xml", [b"<a><b></a>", b"<a>", b"", b"\xff\xfe\x00", b'<?xml version="1.0" encoding="martian"?><a/>',
                                 b"<a>&none;</a>"])
def test_broken_xml_is_refused(xml: bytes) -> None:
    with pytest.raises(SaemError, match="not well-formed") as caught:
        text_of(xml)
    assert caught.value.code == "E404"


def test_deep_xml_is_read() -> None:
    assert text_of(b"<a>" * 200_000 + b"x" + b"</a>" * 200_000) == "x"
