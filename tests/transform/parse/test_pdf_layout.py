"""PDF: the order in which people read, tables, furniture, and where each word stands."""
import datetime
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from saem.transform.parse import pdf
from saem.transform.parse._parsed import Parsed
from tests.transform.parse.pages import ENGLISH, HANGUL, HEIGHT, KOREAN, WIDTH, drawn, grid, two_columns


def parsed(content: bytes) -> Parsed:
    made = pdf.parse(content, "a.pdf")
    for element in made.elements:
        text = made.text[element.start:element.end]
        assert text == text.strip() != ""
    assert all(a.end <= b.start for a, b in zip(made.elements, made.elements[1:], strict=False))
    return made


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("row_by_row", [True, False], ids=["drawn row by row", "drawn column by column"])
@pytest.mark.parametrize(("font", "words"), [("Helvetica", ENGLISH), (KOREAN, HANGUL)], ids=["english", "korean"])
def test_columns_are_read_one_after_the_other_and_a_heading_across_stands_between(font: str, words: list[str], row_by_row: bool) -> None:
    lines: list[tuple[list[str], list[str]]] = []
    made = parsed(drawn(lambda canvas: lines.append(two_columns(canvas, font, words, row_by_row))))
    above, below = lines[0]
    wanted = ["A heading that stands across both columns", *above, "Another heading across the middle of the page", *below]
    assert flat(made.text) == " ".join(wanted)
    assert [made.text[e.start:e.end] for e in made.elements if e.kind == "title"] == [wanted[0], wanted[len(above) + 1]]


def test_a_short_list_beside_a_long_column_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for k in range(20):
            canvas.drawString(50, 750 - 14 * k, f"Line {k} of the left column, which is about as wide")
            if k < 9:
                canvas.drawString(320, 750 - 14 * k, f"Line {k} of the right column, which is as wide")
    text = parsed(drawn(draw)).text
    assert text.index("Line 19 of the left") < text.index("Line 0 of the right")
    assert " | " not in text


def test_a_ruled_table_keeps_its_cells_with_wrapped_lines_and_a_merged_head() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 800, "Text before the table that is not a part of it.")
        grid(canvas, [["Fees of 2026", "", ""], ["Item", "Price", "Days"], ["Book", "100 won", "14"], ["Film", "500 won\nor more", "3"]],
             50, 650, ("SPAN", (0, 0), (2, 0)))
        canvas.drawString(50, 620, "Table 1. Fees of the library")
    made = parsed(drawn(draw))
    table, = (e for e in made.elements if e.kind == "table")
    assert table.cells == [["Fees of 2026", "", ""], ["Item", "Price", "Days"], ["Book", "100 won", "14"], ["Film", "500 won or more", "3"]]
    assert "Item | Price | Days\nBook | 100 won | 14" in made.text[table.start:table.end]
    assert [e.kind for e in made.elements] == ["paragraph", "table", "caption"]


def test_a_korean_table_with_open_sides_and_words_that_nearly_touch_its_rules() -> None:
    rows = [("구분", "대상", "금액"), ("연체료", "학생 및 교직원 모두", "100원"), ("분실", "모든 회원", "책값")]

    def draw(canvas: Canvas) -> None:
        canvas.setFont(KOREAN, 10)
        for y in (700, 680, 660, 640):
            canvas.line(50, y, 260, y)
        for x in (92, 190):
            canvas.line(x, 640, x, 700)
        for k, row in enumerate(rows):
            for x, text in zip((60, 95, 193), row, strict=True):
                canvas.drawString(x, 686 - 20 * k, text)
    table, = parsed(drawn(draw)).elements
    assert table.cells == [list(row) for row in rows]


def test_a_table_without_rules_is_told_by_its_columns() -> None:
    rows = [("Name", "Room", "Phone"), ("Kim Minsu", "B-204", "3366"), ("Lee Jia", "A-101", "3399"), ("Park Haneul", "C-7", "3301")]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 620, "The people of the library, with the room and the telephone number of each of them:")
        for k, row in enumerate(rows):
            for x, text in zip((60, 200, 300), row, strict=True):
                canvas.drawString(x, 580 - 16 * k, text)
    assert [e.cells for e in parsed(drawn(draw)).elements] == [[], [list(row) for row in rows]]


def test_the_numbers_of_a_list_that_stand_apart_make_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        for k, text in enumerate(["Bring your card", "Give it at the desk", "Wait for the lamp"]):
            canvas.drawString(60, 700 - 16 * k, f"{k + 1}.")
            canvas.drawString(90, 700 - 16 * k, text)
    made = parsed(drawn(draw))
    assert [(e.kind, made.text[e.start:e.end]) for e in made.elements] == [
        ("list", "1. Bring your card\n2. Give it at the desk\n3. Wait for the lamp")]


def test_running_heads_and_feet_are_told_once_and_page_numbers_never() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(6):
            canvas.setFont("Helvetica", 9)
            canvas.drawString(50, 810, "Saemteo School - Library rules")
            canvas.drawCentredString(WIDTH / 2, 30, f"- {number + 1} -")
            canvas.drawString(50, 20, "printed on 2026-03-01")
            canvas.setFont("Helvetica", 12)
            canvas.drawString(60, 770, f"Section {number + 7}")
            canvas.drawString(60, 60, f"Room {number * number}")
            for k in range(20):
                canvas.drawString(60, 740 - 20 * k, f"Page {number} line {k} of the text, which is different everywhere.")
            canvas.showPage()
    text = parsed(drawn(draw)).text
    assert not re.search(r"- \d -", text)
    assert text.startswith("Saemteo School - Library rules\n\n")
    assert text.count("Library rules") == text.count("printed on 2026-03-01") == 1
    assert all(f"Room {number * number}" in text and f"Page {number} line 0" in text for number in range(6))


def test_one_page_keeps_its_first_and_last_line() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 820, "Notice 12")
        canvas.drawString(50, 20, "3")
    assert parsed(drawn(draw)).text.split() == ["Notice", "12", "3"]


def test_a_word_that_a_line_breaks_is_whole_again_and_a_code_keeps_its_hyphen() -> None:
    def draw(canvas: Canvas) -> None:
        for k, line in enumerate(["The library gives infor-", "mation about the room B-", "204 and its machines."]):
            canvas.drawString(60, 700 - 15 * k, line)
    assert flat(parsed(drawn(draw)).text) == "The library gives information about the room B-204 and its machines."


def test_korean_lines_that_break_inside_words_are_joined_where_other_lines_end_with_a_space() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(KOREAN, 12)
        for k, line in enumerate(["도서관은 모든 회원에게 책을 ", "빌려주며 다른 사람이 예약하지 ", "않은 책은 두 번까지 기간을 늘릴 수 있",
                                  "고 예약된 책은 안내대에서 ", "문자로 알려 드립니다."]):
            canvas.drawString(60, 700 - 18 * k, line)
    assert "늘릴 수 있고 예약된 책은 안내대에서\n문자로" in parsed(drawn(draw)).text


def test_a_korean_line_without_any_space_is_read_as_it_stands() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(KOREAN, 12)
        for k, line in enumerate(["도서관은모든회원에게열권까지", "열나흘동안책을빌려줍니다"]):
            canvas.drawString(60, 700 - 18 * k, line)
    assert parsed(drawn(draw)).text == "도서관은모든회원에게열권까지\n열나흘동안책을빌려줍니다"


def test_author_and_dates_come_from_the_metadata() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setTitle("도서관 규정")
        canvas.setAuthor("김샘")
        canvas.drawString(50, 700, "text")
    content = drawn(draw)
    content = re.sub(rb"/CreationDate \([^)]*\)", b"/CreationDate (D:20240726103000+09'00')", content)
    content = re.sub(rb"/ModDate \([^)]*\)", b"/ModDate (D:2025)", content)
    made = parsed(content)
    assert (made.title, made.author) == ("도서관 규정", "김샘")
    assert made.created == datetime.datetime(2024, 7, 26, 1, 30, tzinfo=datetime.UTC)
    assert made.modified == datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize("text", ["D:20249926", "yesterday", "D:00000000", "D:20240726103000+99'99'"])
def test_a_wrong_date_is_no_date(text: str) -> None:
    assert pdf._date(text) is None


def sideways(canvas: Canvas) -> None:
    """Coordinates of a landscape page, drawn upwards along an upright one."""
    canvas.rotate(90)
    canvas.translate(0, -WIDTH)
    canvas.setFont("Helvetica", 12)


def test_a_rotated_page_is_read_as_it_is_seen() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        sideways(canvas)
        canvas.drawString(60, 500, "Upright on a rotated page")
        canvas.drawString(60, 480, "and its second line")
    made = parsed(drawn(draw))
    assert made.text == "Upright on a rotated page\nand its second line"
    left, top, right, bottom = made.elements[0].box
    assert 58 < left < 64
    assert WIDTH - 500 - 14 < top < WIDTH - 500 < WIDTH - 480 < bottom < WIDTH - 480 + 5
    assert right < 250


def test_a_table_that_is_set_sideways_is_a_table() -> None:
    rows = [("Name", "Room", "Phone"), ("Kim Minsu", "B-204", "3366"), ("Lee Jia", "A-101", "3399")]

    def draw(canvas: Canvas) -> None:
        sideways(canvas)
        for k, row in enumerate(rows):
            for x, text in zip((60, 200, 300), row, strict=True):
                canvas.drawString(x, 500 - 16 * k, text)
    table, = parsed(drawn(draw)).elements
    assert table.cells == [list(row) for row in rows]
    left, top, right, bottom = table.box                       # on the page as it is seen: higher than wide
    assert bottom - top > 240 > right - left
    assert top > HEIGHT - 345


WORDS = st.lists(st.sampled_from(["library", "100", "B-204", "fee", "Tuesday", "won", "at", "loans,"]), min_size=1, max_size=9)


@settings(max_examples=30, deadline=None)
@given(lines=st.lists(WORDS, min_size=1, max_size=25), size=st.sampled_from([7.0, 10.0, 14.5]), pitch=st.sampled_from([1.2, 1.6, 2.4]),
       rotation=st.sampled_from([0, 180]))
def test_every_line_is_in_the_text_and_inside_its_elements_box(lines: list[list[str]], size: float, pitch: float, rotation: int) -> None:
    spots = [(60.0, 780 - size * pitch * k, " ".join(words)) for k, words in enumerate(lines)]

    def draw(canvas: Canvas) -> None:
        if rotation:
            canvas.setPageRotation(180)
            canvas.translate(WIDTH, HEIGHT)
            canvas.rotate(180)
        canvas.setFont("Helvetica", size)
        for x, y, text in spots:
            canvas.drawString(x, y, text)
    made = parsed(drawn(draw))
    assert flat(made.text) == " ".join(text for _, _, text in spots)
    at = 0
    for x, y, text in spots:
        at = made.text.index(text.split()[0], at)
        element = next(e for e in made.elements if e.start <= at < e.end)
        left, top, right, bottom = element.box
        width = pdfmetrics.stringWidth(text, "Helvetica", size)
        assert left - 1 <= x + 0.15 * size
        assert right + 0.15 * size >= x + width
        assert top <= HEIGHT - y <= bottom
        at += 1
