"""Dates in names of files, as people in Korea, America and Europe write them, and numbers that are none."""
import datetime
from pathlib import Path

import pytest

from benchmarks.dates import measure
from saem.door import open as door
from saem.transform.dates import dates
from saem.transform.parse import File, parse

DAY = [datetime.date(2024, 7, 26)]


@pytest.mark.parametrize("name", [
    "2024.07.26", "24년 7월 26일", "072624", "20240726", "2024-7-26", "July 26 2024", "26JUL2024", "2024년 7월 26일 회의록.hwp",
    "'24.7.26 식단",
    "회의록20240726.hwp", "2024. 7. 26. 공문.pdf", "240726_회의록", "2024_07_26", "26.07.2024", "07-26-2024", "Jul. 26, 2024",
    "26th of July 2024",
    "IMG_20240726_101530.jpg", "20240726101530.log", "KakaoTalk_20240726_1015_30_123.txt", "backup-2024-07-26T10-15-30Z.sql",
    "app.log.2024-07-26",
    "Screenshot 2024-07-26 at 10.15.30.png", "minutes_July_26_2024_final.docx", "2024Jul26", "07262024", "2024年7月26日",
    "cam3-20240726T101500.txt",
    "2024_0726 회의록.txt", "2024-0726_보고", "2024 7월 26일.txt",
    "2024.07.26(금) 안내문 v2.pdf", "26-Jul-24", "2024\u1102\u1167\u11ab 7\u110b\u116f\u11af 26\u110b\u1175\u11af.txt"])
def test_one_day_in_many_spellings(name: str) -> None:
    assert dates(name) == DAY


@pytest.mark.parametrize(("name", "first"), [
    ("2024년 7월 소식", "2024-07-01"), ("2024-07 소식.pdf", "2024-07-01"), ("July 2024 newsletter", "2024-07-01"), ("2024년 3분기 실적",
    "2024-07-01"),
    ("Q3 2024", "2024-07-01"), ("2024Q3.xlsx", "2024-07-01"), ("3Q24 results", "2024-07-01"), ("24년 1분기", "2024-01-01"),
    ("2024 3/4분기", "2024-07-01")])
def test_a_month_or_a_quarter_is_its_first_day(name: str, first: str) -> None:
    assert [str(day) for day in dates(name)] == [first]


@pytest.mark.parametrize(("name", "meant"), [
    ("07-06-2024", "2024-07-06"), ("07.06.2024", "2024-06-07"), ("010203", "2001-02-03"), ("12.05.24", "2012-05-24"), ("991231",
    "1999-12-31"),
    ("07.26.24", "2024-07-26"), ("260724", "2026-07-24")])
def test_what_may_be_read_in_two_ways_follows_the_rules(name: str, meant: str) -> None:
    assert [str(day) for day in dates(name)] == [meant]


@pytest.mark.parametrize("name", [
    "010-2024-0726 연락처", "02-2407-2600", "v24.7.26", "conda-24.7.1", "libgmp.so.10.4.1", "10.24.7.26 server", "ISBN 9788920240726",
    "학번 20240726",
    "주문번호_20240726-1234567", "order 20240726", "240726-3123456", "KR1020240726123B1", "a240726f9.diff", "1920x1080",
    "2023-24 timetable",
    "2024-2025", "2024학년도 2학기", "annual report 2024", "제2024-07호 공문", "7월 26일 식단", "chapter 7.26", "0726 메모", "2024-13-45",
    "20241345",
    "2023.02.30", "계좌 110-240-726123", "032720ddc1.js", "May Kim CV", "", "no digits at all", "2024명 명단", "1" * 5000, "2024." * 400])
def test_numbers_that_are_no_dates(name: str) -> None:
    assert dates(name) == []


def test_several_dates_stand_in_their_order() -> None:
    assert [str(day) for day in dates("20240801-20240726 방학 (2024.08.01 수정)")] == ["2024-08-01", "2024-07-26"]


@pytest.mark.parametrize("name", [
    "2024.07.01-07.05 휴관.txt", "2024.7.1~7.5", "2024.07.01~05", "2024년 7월 1일~5일", "2024년 7월 1일 ~ 7월 5일 안내", "20240701~0705",
    "2024-07-01~07-05", "7월 1일~5일 2024 휴관.md", "2024.07.01.~07.05."])
def test_the_end_of_a_range_may_leave_out_what_it_shares_with_its_start(name: str) -> None:
    assert [str(day) for day in dates(name)] == ["2024-07-01", "2024-07-05"]


def test_a_range_may_go_over_new_year_and_a_clock_is_no_end_of_one() -> None:
    assert [str(day) for day in dates("20241228~0103")] == ["2024-12-28", "2025-01-03"]
    assert dates("20240726-1530") == dates("2024.07.26 10.15.30") == dates("2024-07-26-10-15") == DAY


def test_a_day_without_a_year_has_that_of_the_file_itself_where_nothing_else_tells() -> None:
    assert dates("7월 26일 식단.docx") == []
    assert dates("7월 26일 식단.md", "2024") == dates("7월 26일.md", "2019/2024년 행사/가을") == DAY
    assert dates("7월 26일 식단.docx", near=datetime.date(2024, 7, 20)) == DAY
    assert [str(day) for day in dates("1월 5일.docx", near=datetime.date(2024, 12, 28))] == ["2025-01-05"], "the nearest such day"
    assert [str(day) for day in dates("1월 5일.docx", "2021", near=datetime.date(2024, 12, 28))] == ["2021-01-05"]


def test_generated_names_are_read_as_their_authors_meant_them() -> None:
    scores, _ = measure(3000, seed=11, find=dates)
    assert scores["all"].f1 > 0.93
    assert scores["korean"].f1 > 0.99
    assert scores["no date"].clean > 0.99 * scores["no date"].names


def test_a_document_has_the_dates_of_its_name_not_of_its_folder() -> None:
    document = parse(File("2023-01-01/20240701~20240726 휴관.txt", "휴관 안내입니다.".encode()))
    assert (document.date, document.dates) == (DAY[0], [datetime.date(2024, 7, 1), *DAY])
    assert parse(File("2023-01-01/a.txt", b"text")).date is None


def test_hits_can_be_filtered_by_date(tmp_path: Path) -> None:
    for name in ("회의록_20240726.txt", "회의록_20230726.txt", "minutes.txt"):
        (tmp_path / name).write_text("연체료는 하루 100원이다.\n", "utf-8")
    db = door(str(tmp_path), state=str(tmp_path / ".state"))
    db.run()
    found = db.table("chunks").search("연체료", where="date >= date '2024-01-01'")
    for where in ("date = '2024-07-26'", "date >= '2024.7.1' AND language = 'ko'", "date BETWEEN '2024-07-01' AND '2024-07-31'",
                  "date IN ('2024-07-26', '2024-07-27')", "array_has(dates, '2024-07-26')", "modified IS NULL AND date > '20240101'"):
        chunks = db.table("chunks") if "modified" not in where else db.table("docs")
        held = chunks.to_arrow(["path"], where)["path"].to_pylist()
        assert held == ["회의록_20240726.txt"], where
    assert [hit.row["path"] for hit in db.table("chunks").search("연체료", where="date = '2024-07-26'")] == ["회의록_20240726.txt"]
    assert {hit.row["path"] for hit in found} == {"회의록_20240726.txt"}
    rows = db.sql("select path from docs where list_contains(dates, date '2023-07-26')")
    assert rows["path"].to_pylist() == ["회의록_20230726.txt"]
    db.close()
