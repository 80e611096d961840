"""Rows of tables name their values, in every format, where the first row is a header; a form keeps its labels."""
import io
import zipfile

import pytest

from saem.transform.parse import docx, html
from saem.transform.parse._grid import Covered, told

LEFT, UP = Covered.BY_LEFT, Covered.BY_UPPER


@pytest.mark.parametrize("grid", [
    [["성명", "김하늘"], ["부서", "총무팀"]],
    [["성명", "김하늘", "부서", "총무팀"], ["직위", "과장", "담당", "출입증"]],
    [["Name", "Kim", "Team", "Sales"], ["Room", "B-204", "Car", "none"]],
    [["1", "2", "3"], ["4", "5", "6"]],
    [["같은 말", "같은 말", "다른 말"], ["가", "나", "다"]],
    [["한 줄", "뿐", "이다"]]], ids=["form of two", "form of four", "English form", "numbers", "a name twice", "one row"])
def test_a_first_row_that_names_nothing_stays_a_row(grid: list[list[str]]) -> None:
    cells, lines = told(grid)
    assert lines == [" | ".join(row) for row in grid]
    assert cells == grid


def test_a_table_of_two_columns_is_one_when_numbers_stand_below_a_name() -> None:
    assert told([["구분", "금액"], ["결혼", "500,000원"], ["자녀 출산", "731,000원"]])[1] == [
        "구분: 결혼 | 금액: 500,000원", "구분: 자녀 출산 | 금액: 731,000원"]


def test_names_in_two_rows_are_put_together_and_a_title_above_stands_alone() -> None:
    grid = [["구분", "요금", LEFT], [UP, "평일", "주말"], ["어른", "3,000원", "4,000원"], ["단체 요금", "", ""], ["학생", "", "2,000원"]]
    assert told(grid)[1] == ["구분: 어른 | 요금 평일: 3,000원 | 요금 주말: 4,000원", "단체 요금", "구분: 학생 | 요금 주말: 2,000원"]
    assert told([["2026년 요금표", LEFT, LEFT], ["구분", "평일", "주말"], ["어른", "3,000원", "4,000원"]])[1] == [
        "2026년 요금표", "구분: 어른 | 평일: 3,000원 | 주말: 4,000원"]


def test_what_the_file_marks_as_header_is_one_and_what_it_does_not_mark_is_none() -> None:
    page = "<table><tr><th>상황<th>담당<tr><td>화재<td>총무팀</table><table><tr><th>성명<td>김하늘<tr><th>부서<td>총무팀</table>"
    assert html.parse(page.encode(), "a.html").text == "상황: 화재 | 담당: 총무팀\n\n성명 | 김하늘\n부서 | 총무팀"
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def row(first: str, second: str, properties: str = "") -> str:
        return f"<w:tr>{properties}" + "".join(f"<w:tc><w:p><w:r><w:t>{t}</w:t></w:r></w:p></w:tc>" for t in (first, second)) + "</w:tr>"

    body = f"<w:tbl>{row('상황', '담당', '<w:trPr><w:tblHeader/></w:trPr>')}{row('화재', '총무팀')}</w:tbl>"
    assert docx.parse(archive({"word/document.xml": f"<w:document {word}><w:body>{body}</w:body></w:document>"}), "a.docx").text == (
        "상황: 화재 | 담당: 총무팀")


def test_cells_that_span_rows_and_columns_of_a_page_keep_their_columns() -> None:
    page = ("<table><tr><th>구분<th>기간<th>요금<tr><td rowspan=2>책<td>하루<td>100원<tr><td>한 주<td>500원"
            "<tr><td colspan=2>잡지<td>50원</table>")
    assert html.parse(page.encode(), "a.html").text == (
        "구분: 책 | 기간: 하루 | 요금: 100원\n구분: 책 | 기간: 한 주 | 요금: 500원\n구분: 잡지 | 요금: 50원")


def archive(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def test_a_table_of_thousands_of_spans_ends() -> None:
    spans = "".join(f"<tr>{'<td rowspan=1000 colspan=1000>x' * 20}" for _ in range(400))
    assert html.parse(f"<table>{spans}</table>".encode(), "a.html").text.startswith("x")
