"""What a file is, by what it holds."""
import importlib.util
import inspect
import io
import zipfile
from collections.abc import Iterator

import pytest

from benchmarks.hostile import docx, epub, mail, pdf, zipped
from saem.core import registry
from saem.core.errors import SaemError
from saem.transform.parse import _sniff
from saem.transform.parse._sniff import kind

PNG, JPEG = b"\x89PNG\r\n\x1a\n" + bytes(99), b"\xff\xd8\xff\xe0" + bytes(99)
XLSX, PPTX = zipped({"xl/workbook.xml": b"<a/>"}), zipped({"ppt/presentation.xml": b"<a/>"})
HTML = b"<!-- saved --><!doctype html><p>text"
MAIL = mail(b"Dear all,\r\n")
KOREAN = "도서관은 아홉 시에 연다.\n대출 기간은 14일이다.\n".encode()


@pytest.fixture(params=["magika", "alone"], autouse=True)
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With magika, and where it is not installed."""
    if request.param == "alone":
        monkeypatch.setattr(_sniff, "_model", lambda: None)
    elif importlib.util.find_spec("magika") is None:
        pytest.skip("magika is not installed")
    _sniff._magika.cache_clear()
    yield
    _sniff._magika.cache_clear()


@pytest.mark.parametrize(("content", "path", "suffix"), [
    (docx(), "a.docx", ".docx"), (docx(), "a", ".docx"), (docx(), "a.txt", ".docx"), (docx(), "a.zip", ".docx"),
    (docx(), "a.docm", ".docm"),
    (XLSX, "report.docx", ".xlsx"), (PPTX, "a.pdf", ".pptx"), (epub("<p>a"), "a.zip", ".epub"), (epub("<p>a"), "a.epub", ".epub"),
    (pdf(), "a.txt", ".pdf"), (pdf(), "a", ".pdf"), (pdf(), "a.docx", ".pdf"), (b"\n\n" + pdf(), "a.hwpx", ".pdf"),
    (HTML, "a.pdf", ".html"), (HTML, "a.docx", ".html"), (HTML, "a", ".html"), (HTML, "a.txt", ".txt"), (HTML, "a.md", ".md"),
    (MAIL, "a", ".eml"), (MAIL, "a.pdf", ".eml"), (MAIL, "a.txt", ".txt"), (b'{"a": [1]}', "a", ".json"), (b"[1, 2]", "a", ".json"),
    (b'{"cells": [], "nbformat": 4}', "a", ".ipynb"), (KOREAN, "a", ""), (KOREAN, "README", ""), (KOREAN, "a.csv", ".csv"),
    (KOREAN.decode().encode("utf-16"), "a.txt", ".txt"), (KOREAN.decode().encode("cp949"), "a.txt", ".txt"), (b"", "a.docx", ".docx"),
    (b"[x] buy bread", "a", ""), (b"From: here\nit goes on", "a", ""),
    (pdf() + docx(), "a.pdf", ".pdf"), (pdf() + docx(), "a.docx", ".pdf"), (docx() + HTML, "a.html", ".docx"),
])
def test_the_right_parser_takes_it(content: bytes, path: str, suffix: str) -> None:
    assert kind(content, path) == suffix


@pytest.mark.parametrize(("content", "path", "what"), [
    (b"MZ\x90\x00" + bytes(99), "a.pdf", "Windows program"), (b"\x7fELF" + bytes(99), "a.txt", "Linux program"),
    (b"GIF89a" + bytes(99) + docx(), "a.zip", "GIF"), (zipped({"a.txt": b"a"}), "a.txt", "zip archive"),
    (b"\x1f\x8b" + bytes(99), "a.csv", "gzip"), (b"SQLite format 3\x00", "a.md", "SQLite"),
])
def test_what_no_parser_takes_is_refused_by_what_it_is(content: bytes, path: str, what: str) -> None:
    with pytest.raises(SaemError, match=what) as refused:
        kind(content, path)
    assert refused.value.code == "E402"
    assert refused.value.fix


@pytest.mark.parametrize(("picture", "called"), [(PNG, "a.txt"), (JPEG, "a.docx"), (JPEG, "a")])
def test_a_picture_under_another_name_is_read_as_a_picture_or_refused(picture: bytes, called: str) -> None:
    if {".png", ".jpg"} <= set(registry.parsers()):
        assert kind(picture, called) in (".png", ".jpg")
        return
    with pytest.raises(SaemError, match="E402.*picture"):
        kind(picture, called)


def test_text_under_the_name_of_an_office_file_is_no_surprise() -> None:
    """With magika it is read as text; without, the parser of the name refuses it."""
    assert kind(KOREAN * 20, "a.docx") in (".txt", ".docx")


def test_magika_names_what_has_no_signature() -> None:
    if _sniff._model() is None:
        assert kind(riff(), "a.txt") == ".txt"
        return
    with pytest.raises(SaemError, match="looks like .*Audio"):
        kind(riff(), "a.txt")


def riff() -> bytes:
    import wave
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(range(256)) * 40)
    return out.getvalue()


def test_an_archive_that_lies_about_its_contents_is_an_archive() -> None:
    broken = zipped({"a": b"a"})
    cut = broken.replace(b"PK\x05\x06", b"PK\x05\x07")
    with pytest.raises(SaemError, match="zip archive"):
        kind(cut, "a.txt")
    assert zipfile.is_zipfile(io.BytesIO(broken))


@pytest.mark.parametrize("content", [b"<!---->" * 500, b"Date: \n " * 500, b'{"' * 2000, b"[" * 4000, b"<?xml" * 800, b" " * 5000])
def test_no_beginning_makes_the_search_run_away(content: bytes) -> None:
    assert kind(content, "a") in ("", ".json", ".eml")


def test_what_a_parser_calls_shown_draws_a_page() -> None:
    """`show-citation` calls it with the file's content, its path and a page: no helper of that name may stand in its place."""
    drawers = [module for module in set(registry.parsers().values()) if hasattr(module, "shown")]
    assert len(drawers) >= 2
    for module in drawers:
        assert list(inspect.signature(module.shown).parameters) == ["content", "path", "number"], module.__name__
