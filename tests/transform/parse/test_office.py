"""Office documents, as LibreOffice, Hancom-like and python writers make them: blocks, tables, metadata; and what is refused."""
import contextlib
import datetime
import io
import re
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.core.errors import SaemError
from saem.transform.parse import _workbook, docx, hwpx, pptx, xlsx
from saem.transform.parse._numberformat import shown
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._sniff import kind

DATA = Path(__file__).parents[2] / "data"
FILES: dict[str, ModuleType] = {"rules.docx": docx, "guide.pptx": pptx, "fees.xlsx": xlsx, "rules.hwpx": hwpx}
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def parsed(name: str) -> Parsed:
    return FILES[name].parse((DATA / name).read_bytes(), name)  # type: ignore[no-any-return]


def archive(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def changed(name: str, members: dict[str, str | bytes | None]) -> bytes:
    """A file of DATA with other members; None takes one away."""
    with zipfile.ZipFile(DATA / name) as file:
        kept: dict[str, str | bytes | None] = {each: file.read(each) for each in file.namelist()}
    return archive({member: content for member, content in (kept | members).items() if content is not None})


def word(body: str, **parts: str) -> Parsed:
    types = {"styles": "styles", "numbering": "numbering", "footnotes": "footnotes"}
    relations = "".join(f'<Relationship Id="{n}" Type="{OFFICE}/{types[n]}" Target="{n}.xml"/>' for n in parts)
    members: dict[str, str | bytes] = {f"word/{name}.xml": f"<w:{name} {WORD}>{content}</w:{name}>" for name, content in parts.items()}
    members |= {"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
                "word/_rels/document.xml.rels": f"<Relationships {RELATIONS}>{relations}</Relationships>"}
    return docx.parse(archive(members), "a.docx")


def workbook(rows: str, **members: str) -> Parsed:
    relations = (f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
                 f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>')
    return xlsx.parse(archive({
        "xl/workbook.xml": f'<workbook {SHEET} xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {RELATIONS}>{relations}</Relationships>",
        "xl/worksheets/sheet1.xml": f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>"} | members), "a.xlsx")


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def offsets_are_exact(document: Parsed) -> bool:
    """Elements lie in the text in order, do not overlap and have no space around them; cells stand in their table."""
    end = 0
    for element in document.elements:
        text = document.text[element.start:element.end]
        assert end <= element.start < element.end <= len(document.text)
        assert text.strip("\n") == text
        assert all(cell in text for row in element.cells for cell in row)
        assert bool(element.cells) == (element.kind == "table")
        end = element.end
    assert all(document.text[h.start:h.start + len(h.text)] == h.text for h in document.headings)
    assert [e.start for e in document.elements if e.kind == "title"] == [h.start for h in document.headings]
    assert document.page_starts == sorted(document.page_starts)
    return True


@pytest.mark.parametrize("name", FILES)
def test_every_element_stands_where_it_says(name: str) -> None:
    document = parsed(name)
    assert offsets_are_exact(document)
    kept = "".join(document.text[e.start:e.end] for e in document.elements)
    assert "".join(kept.split()) == "".join(document.text.split())          # the elements are all of the text


# ---- docx

def test_a_word_document_of_libreoffice_reads_as_it_is_shown() -> None:
    document = parsed("rules.docx")
    assert document.text == """머리말 HEADER

제1장 대출 Lending

책은 14일 동안 빌린다.¹ A late book costs 100 won a day. 추가된 문장.

¹ 방학에는 한 달이다.

1.1 연체 Late books

1. 첫째 항목
  a) inner one
  b) inner two
2. 둘째 항목

Then:

- 점 하나
- 점 둘

제2장 요금표 Fees

표 1 Fees by kind

구분: Book | Fee 요금: 하루 | 100원
구분: Book | Fee 요금: 한 주 (7일) | 500원

본문 뒤.

글상자 안의 글 BOX

x = 1
y = 2

꼬리말 FOOTER"""                                               # without the comment, which is told, and what was deleted
    assert document.missing == ["1 comment was not read"]
    assert [e.kind for e in document.elements] == [
        "paragraph",
        "title", "paragraph", "paragraph", "title", "list", "paragraph", "list", "title", "caption", "table", "paragraph", "paragraph",
        "code", "paragraph"]
    assert [h.level for h in document.headings] == [1, 2, 1]
    assert document.elements[10].cells == [["구분", "Fee 요금", ""], ["Book", "하루", "100원"], ["Book", "한 주 (7일)", "500원"]]
    assert (document.title, document.author, document.page_starts) == ("도서관 규정", "김서영", [])
    assert document.created == datetime.datetime(2024, 3, 1, 9, 30, tzinfo=datetime.UTC)
    assert document.modified == datetime.datetime(2024, 5, 2, 10, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("name", "level"), [("heading 2", 2), ("제목 1", 1), ("제목3", 3), ("개요 2", 2), ("Heading 9", 9)])
def test_headings_are_known_by_their_styles_in_korean_and_english(name: str, level: int) -> None:
    styles = (f'<w:style w:styleId="a"><w:name w:val="{name}"/></w:style><w:style w:styleId="b"><w:name w:val="Mine"/>'
              '<w:basedOn w:val="a"/></w:style>')
    document = word(p("하나", '<w:pStyle w:val="a"/>') + p("둘", '<w:pStyle w:val="b"/>') + p("셋"), styles=styles)
    assert [(h.level, h.text) for h in document.headings] == [(level, "하나"), (level, "둘")]


def test_an_outline_level_alone_makes_a_heading() -> None:
    document = word(p("Fees", '<w:outlineLvl w:val="2"/>') + p("text", '<w:outlineLvl w:val="9"/>'))
    assert [(h.level, h.text) for h in document.headings] == [(3, "Fees")]


def test_rules_without_styles_get_their_numbered_headings() -> None:
    assert [h.text for h in word(p("제1장 총칙") + p("제1조(목적) 이 규정은 그렇다.")).headings] == ["제1장 총칙", "제1조(목적)"]


def test_styles_that_are_based_on_each_other_in_a_circle_end() -> None:
    styles = "".join(f'<w:style w:styleId="{a}"><w:name w:val="{a}"/><w:basedOn w:val="{b}"/></w:style>' for a, b in ("ab", "ba"))
    assert word(p("text", '<w:pStyle w:val="a"/>'), styles=styles).text == "text"


def test_lists_count_on_begin_anew_and_number_in_korean() -> None:
    numbering = ('<w:abstractNum w:abstractNumId="5"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="ganada"/>'
                 '<w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num>'
                 '<w:num w:numId="2"><w:abstractNumId w:val="5"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
                 "</w:num>")
    body = "".join(p(f"item {n}", f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{n}"/></w:numPr>') for n in (1, 1, 2, 1, 0))
    assert word(body, numbering=numbering).text == "가. item 1\n나. item 1\n가. item 2\n다. item 1\n\nitem 0"


def test_deleted_moved_hidden_and_field_text_is_left_out_and_inserted_text_stays() -> None:
    body = ("<w:p><w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText><w:t>gone</w:t></w:r></w:del>"
            "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:ins><w:r><w:t>added </w:t></w:r></w:ins>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
            "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>end</w:t></w:r></w:p>")
    document = word(body)
    assert document.text == "kept added end"
    assert document.missing == ["1 stretch of hidden text was not read"]


def test_tables_that_frame_text_are_text_and_nested_ones_stay_in_their_cell() -> None:
    def tbl(*rows: str) -> str:
        return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"

    def tc(content: str) -> str:
        return f"<w:tc>{content}</w:tc>"

    framed = word(tbl(tc(p("first") + p("second"))))
    assert [e.kind for e in framed.elements] == ["paragraph", "paragraph"]
    placed = word(tbl(tc(p("above")), tc(tbl(tc(p("a")) + tc(p("b")), tc(p("c")) + tc(p("d"))) + p(""))))
    assert [e.cells for e in placed.elements] == [[], [["a", "b"], ["c", "d"]]]
    nested = word(tbl(tc(p("x")) + tc(tbl(tc(p("a")) + tc(p("b"))) + p("")), tc(p("y")) + tc(p("z"))))
    assert [e.cells for e in nested.elements] == [[["x", "a, b"], ["y", "z"]]]
    deleted = word(tbl(tc(p("a")) + tc(p("b")), "<w:trPr><w:del/></w:trPr>" + tc(p("c")) + tc(p("d")), tc(p("e")) + tc(p("f"))))
    assert deleted.text == "a | b\ne | f"


def test_another_prefix_than_w_is_as_good() -> None:
    xml = f'<x:document {WORD.replace(":w", ":x")}><x:body><x:p><x:r><x:t>연체료</x:t></x:r></x:p></x:body></x:document>'
    assert docx.parse(archive({"word/document.xml": xml}), "a.docx").text == "연체료"


def test_pictures_and_charts_are_named_as_missing() -> None:
    assert word(p("text") + "<w:p><w:r><w:drawing><a:blip/><a:blip/><c:chart/></w:drawing></w:r></w:p>".replace("a:", "w:").replace(
        "c:", "w:")).missing == ["1 chart was not read", "2 pictures: not in the file"]


# ---- pptx

def test_slides_are_pages_with_title_list_table_and_notes() -> None:
    document = parsed("guide.pptx")
    assert document.text == """도서관 안내

Library guide

대출 규정

- 책은 14일
  - DVD는 7일
- Renew once

발표자 노트: 연장은 한 번.

요금

구분: 책 | Fee: 100 | 단위: 원
구분: 책 | Fee: 500 | 단위: 원

연체는 하루 100원"""
    pages = [document.text[start:].partition("\n")[0] for start in document.page_starts]
    assert pages == ["도서관 안내", "대출 규정", "요금", ""]          # the last slide is empty
    table = next(e for e in document.elements if e.kind == "table")
    assert table.cells == [["구분", "Fee", "단위"], ["책", "100", "원"], ["책", "500", "원"]]
    assert table.box == [72.0, 144.0, 504.0, 288.0]
    assert (document.title, document.author) == ("도서관 안내", "김서영")


# ---- xlsx

def test_a_workbook_of_libreoffice_reads_as_it_is_shown() -> None:
    document = parsed("fees.xlsx")
    assert document.text == """연체료

2024년 연체료 현황

학과: 공과대학 | 이름: 김민수 | 반납일: 2024년 3월 1일 | 금액: 1,500원 | 비율: 3.5% | 시각: 오전 9:30 | 합계: 3,000
학과: 공과대학 | 이름: 이영희 | 반납일: 2024년 12월 25일 | 금액: 1,234,567원 | 비율: 50.0% | 시각: 오후 6:05 | 합계: 2,469,134
학과: 인문대학 | 이름: Tom | 반납일: 2023년 1월 9일 | 금액: -300원 | 비율: 100.0% | 시각: 오전 12:00 | 합계: -600

TRUE | 3.14159 | a b | #DIV/0!

Notes

Only one line.
And a second."""
    assert document.missing == ["the hidden sheet '비밀' was not read"]
    assert [document.text[start:start + 3] for start in document.page_starts] == ["연체료", "Not", ""]
    assert [h.text for h in document.headings] == ["연체료", "Notes"]


@pytest.mark.parametrize(("value", "code", "text"), [
    (0.1 + 0.2, "General", "0.3"), (1e20, "General", "1e+20"), (1234.5, "#,##0.00", "1,234.50"), (-1234.5, "#,##0;(#,##0)", "(1,235)"),
    (0.125, "0.00", "0.13"), (0.5, "0%", "50%"), (12345678, "#,##0,", "12,346"), (7, "000", "007"), (0, '0;-0;"없음"', "없음"),
    (1500, '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "1,500"), (0, '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "-"),
    (1500, "[$₩-412]#,##0", "₩1,500"), (12, 'General"명"', "12명"), (12345, "0.00E+00", "1.23E+04"), (0.5, "# ?/?", "0.5"),
    (45352, "yyyy-mm-dd", "2024-03-01"), (45352, "m/d/yy", "3/1/24"), (45352, "d-mmm-yyyy", "1-Mar-2024"),
        (45352, "yyyy.m.d aaaa", "2024.3.1 금요일"),
    (45352.75, "h:mm AM/PM", "6:00 PM"), (45352.75, "AM/PM h:mm", "오후 6:00"),
        (45352.4999999, "yyyy-mm-dd hh:mm:ss", "2024-03-01 12:00:00"), (1.5, "[h]:mm", "36:00"),
    (0.000011574, "mm:ss.0", "00:01.0"), (1, "yyyy-mm-dd", "1900-01-01"), (1e300, "yyyy-mm-dd", "1e+300"), (-5, "yyyy-mm-dd", "-5"),
    (3, "[Red]0;[Blue]-0", "3"), (2.5, "0.##", "2.5"), (2, "0.##", "2"), (5, "\\N\\o. 0", "No. 5"),
])
def test_numbers_read_as_excel_shows_them(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@given(st.floats(), st.text(alphabet='#0?.,%yYmdhsEe+-"\\[]$@*_/;:가 AMPG', max_size=20))
def test_no_format_code_breaks_a_sheet(value: float, code: str) -> None:
    with contextlib.suppress(ValueError, OverflowError):      # infinite ones, which xlsx.py shows as they are written
        assert isinstance(shown(value, code), str)


def test_cells_without_values_places_or_sense_are_read_as_far_as_they_go() -> None:
    rows = ('<row><c t="inlineStr"><is><t>a</t></is></c><c><v>1</v></c><c t="s"><v>99</v></c><c r="XFD1"><v>nan</v></c></row>'
            '<row r="3"><c r="B3" t="str"><f>A1</f><v>x</v></c><c r="C3"><v>1e400</v></c><c r="D3"><f>1+1</f></c></row>')
    document = workbook(rows)
    assert document.text == "S\n\na | 1 | nan\n\nx | 1e400"
    assert document.missing == ["sheet 'S': 1 formulas have no stored value: open and save the file in Excel"]


def test_a_sparse_sheet_costs_no_more_than_its_cells() -> None:
    rows = "".join(f'<row r="{n}"><c r="{column}{n}"><v>{n}</v></c><c r="A{n}"><v>0</v></c></row>' for n, column in enumerate(
        (f"{a}{b}{c}" for a in "ABCDEFGH" for b in "ABCDEFGHIJ" for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 1))
    table = workbook(rows).elements[1]
    assert sum(map(len, table.cells)) < 10_000


def test_a_workbook_that_is_too_large_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workbook, "MAX_CELLS", 10)
    document = workbook("".join(f"<row><c><v>{n}</v></c><c><v>{n}</v></c></row>" for n in range(8)))
    assert "4 | 4" in document.text
    assert "5 | 5" not in document.text
    assert document.missing == ["sheet 'S': the last 6 cells were not read: a workbook is read up to 10 cells"]


# ---- hwpx

def test_a_hangul_document_reads_as_it_is_shown() -> None:
    document = parsed("rules.hwpx")
    assert document.text == """머리말은 빼야 한다

1. 총칙

이 규정은 도서관의 이용에 필요한 사항을 정한다.

가. 대출 Lending

대출 기간은 14일이며, 연체료는 하루 100원이다.¹

¹ 재학생에게만 적용한다.

2. 요금표

구분: 책 | 기간: 하루 | 요금: 100원
구분: 책 | 기간: 한 주 | 요금: 500원

상자 안의 글

- 첫째
- 둘째
1. 하나
2. 둘

남을 낱말. 추가한 말."""                                        # without header, memo and deleted words
    assert [(h.level, h.text) for h in document.headings] == [(1, "1. 총칙"), (2, "가. 대출 Lending"), (1, "2. 요금표")]
    assert document.created == datetime.datetime(2025, 9, 17, 4, 32, 50, tzinfo=datetime.UTC)
    assert [e.kind for e in document.elements].count("table") == 1            # the box of one cell is no table


def test_a_hangul_document_with_a_password_is_refused_as_encrypted() -> None:
    manifest = '<odf:manifest xmlns:odf="urn:o"><odf:file-entry><odf:encryption-data/></odf:file-entry></odf:manifest>'
    with pytest.raises(SaemError) as caught:
        hwpx.parse(changed("rules.hwpx", {"META-INF/manifest.xml": manifest}), "a.hwpx")
    assert caught.value.code == "E403"


# ---- hostile and broken files, alike for all

MAIN = {"rules.docx": "word/document.xml", "guide.pptx": "ppt/presentation.xml", "fees.xlsx": "xl/workbook.xml",
        "rules.hwpx": "Contents/section0.xml"}


def refused(name: str, content: bytes) -> SaemError:
    with pytest.raises(SaemError) as caught:
        FILES[name].parse(content, name)
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize("name", FILES)
def test_broken_office_files_are_refused_with_their_reason(name: str) -> None:
    whole = (DATA / name).read_bytes()
    assert refused(name, b"").code == "E401"
    assert refused(name, whole[:len(whole) // 2]).code == "E404"
    assert refused(name, b"not a zip").code == "E402"
    assert refused(name, archive({"a.txt": "x"})).code == "E402"
    assert refused(name, (DATA / next(other for other in FILES if other != name)).read_bytes()).code == "E402"      # renamed
    assert refused(name, changed(name, {MAIN[name]: None})).code in ("E402", "E404")
    assert refused(name, changed(name, {MAIN[name]: "<a><b></a>"})).code == "E404"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("dtd", ['<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/passwd">'])
def test_entities_in_any_office_file_are_refused(name: str, dtd: str) -> None:
    assert refused(name, changed(name, {MAIN[name]: f"<!DOCTYPE x [{dtd}]><x>&b;</x>"})).code == "E404"


@pytest.mark.parametrize("name", FILES)
def test_a_bomb_in_the_main_part_is_refused(name: str) -> None:
    assert "zip bomb" in refused(name, changed(name, {MAIN[name]: b"<a>" + bytes([32]) * (40 << 20)})).what


def test_a_password_is_told_from_a_wrong_name() -> None:
    content = (DATA / "encrypted.docx").read_bytes()
    assert kind(content, "a.docx") == ".docx"
    assert refused("rules.docx", content).code == "E403"


def test_markup_nested_as_deep_as_one_likes_is_read_or_refused() -> None:
    deep = "<w:tbl><w:tr><w:tc>" * 20_000 + p("deep") + "</w:tc></w:tr></w:tbl>" * 20_000
    assert word(deep).text == "deep"


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_any_damage_gives_a_document_or_a_reason(name: str, data: st.DataObject) -> None:
    content = bytearray((DATA / name).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(SaemError):
        offsets_are_exact(FILES[name].parse(bytes(content), name))


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_any_wrong_number_or_lost_element_gives_a_document_or_a_reason(name: str, data: st.DataObject) -> None:
    with zipfile.ZipFile(DATA / name) as file:
        member = data.draw(st.sampled_from([each for each in file.namelist() if each.endswith((".xml", ".rels", ".hpf"))]))
        xml = file.read(member).decode()
    words = data.draw(st.lists(st.sampled_from(sorted(set(re.findall(r'"[^"<>]*"|(?<=[</])[\w:]+', xml)))), min_size=1, max_size=4))
    for word in words:
        xml = xml.replace(word, data.draw(st.sampled_from(['"-1"', '""', '"99999999999999"', '"x"'])) if word[0] == '"' else "w:p")
    with contextlib.suppress(SaemError):
        offsets_are_exact(FILES[name].parse(changed(name, {member: xml}), name))
