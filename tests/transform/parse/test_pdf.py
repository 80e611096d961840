"""PDF: pages, headings, and honest refusals. The files in tests/data were made with fpdf2."""
import io
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.transform.parse import pdf

DATA = Path(__file__).parents[2] / "data"


def read(name: str) -> bytes:
    return (DATA / name).read_bytes()


def code_of(content: bytes) -> str:
    with pytest.raises(SaemError) as caught:
        pdf.parse(content, "a.pdf")
    assert caught.value.fix
    return caught.value.code


def test_korean_text_is_read_with_title_and_bookmarks() -> None:
    parsed = pdf.parse(read("library_ko.pdf"), "library_ko.pdf")
    assert parsed.title == "도서관 이용 안내"
    assert "연체료는 하루 100원이다." in parsed.text
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "제1장 대출"), (1, "제2장 연체"), (1, "제3장 열람실")]
    assert all(parsed.text[h.start:h.start + len(h.text)] == h.text for h in parsed.headings)


def test_a_citation_finds_its_page() -> None:
    parsed = pdf.parse(read("handbook_en.pdf"), "handbook_en.pdf")
    assert len(parsed.page_starts) == 4                       # the third page is empty
    for words, page in [("Every member", 1), ("25.50 euros", 1), ("Late fees", 2), ("B-204", 2), ("The end of", 4)]:
        assert bisect_right(parsed.page_starts, parsed.text.index(words)) == page


def test_a_file_name_in_the_metadata_is_no_title() -> None:
    assert pdf.parse(read("handbook_en.pdf"), "a.pdf").title == "1 Lending"     # the metadata say 'handbook_final.docx'


def test_a_scan_is_a_failure_that_says_so() -> None:
    with pytest.raises(SaemError, match="none of the 2 pages has text") as caught:
        pdf.parse(read("scan.pdf"), "scan.pdf")
    assert caught.value.code == "E401"


def test_an_encrypted_file_is_refused() -> None:
    assert code_of(read("encrypted.pdf")) == "E403"


def test_a_cut_off_file_is_refused_and_not_half_read() -> None:
    content = read("library_ko.pdf")
    assert {code_of(content[:at]) for at in (200, len(content) // 2, len(content) - 600)} == {"E404"}


def test_a_corrupt_file_is_refused() -> None:
    assert code_of(b"%PDF-1.7\n" + b"\x00rubbish" * 100 + b"\n%%EOF") == "E404"


def test_another_format_under_the_name_is_refused() -> None:
    assert code_of(b"just text") == "E402"


def test_threads_read_as_one_does() -> None:
    contents = [read("library_ko.pdf"), read("handbook_en.pdf")] * 10
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda content: pdf.parse(content, "a.pdf"), contents))
    assert together == [pdf.parse(content, "a.pdf") for content in contents]


def test_fields_of_a_form_are_read_and_notes_are_told_as_not_read() -> None:
    from reportlab.pdfgen.canvas import Canvas
    file = io.BytesIO()
    page = Canvas(file)
    page.drawString(72, 760, "Applicant:")
    page.acroForm.textfield(name="applicant", value="Kim", x=72, y=700, width=200)
    page.textAnnotation("Please revise", Rect=(50, 550, 200, 650))
    page.showPage()
    page.drawString(72, 760, "The fee is due in May.")
    page.save()
    parsed = pdf.parse(file.getvalue(), "form.pdf")
    assert "The fee is due in May." in parsed.text
    assert parsed.text.startswith("Applicant:\n\nKim\n")
    assert parsed.missing == ["page 1: 1 note was not read"]
    left, top, right, bottom = next(e.box for e in parsed.elements if parsed.text[e.start:e.end] == "Kim")
    assert 70 < left < right < 275                               # where the field stands
    assert 841.9 - 740 < top < bottom < 841.9 - 695
