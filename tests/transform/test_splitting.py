"""Chunks and sentences: exact places, nothing lost, cut where a reader would."""
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.transform.parse._parsed import Heading
from saem.transform.splitting import WINDOW_CHARS, Span, sentences, split

WORDS = st.sampled_from(["fee", "Late", "book.", "연체료는", "100원이다.", "다.", "2.5", "No.", "e.g.", "\n", "\n\n", "- ", "1. ", "“", "”",
                         "?!", "…", "a | b", "👩‍👩‍👧", "e\u0301\u0301", "\u3000", "\t", "\x1c", "\ud800", "Dr.", "2024. 7. 26."])
TEXTS = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=120).map(" ".join), st.lists(WORDS, max_size=120).map("".join))


def texts_of(text: str, spans: list[Span]) -> list[str]:
    return [text[span.start:span.end] for span in spans]


def leave_out_nothing(text: str, spans: list[Span]) -> None:
    end = 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        assert not text[end:span.start].strip()
        assert text[span.start:span.end] == text[span.start:span.end].strip()
        end = span.end
    assert not text[end:].strip()


def headings_in(text: str) -> list[Heading]:
    """Every third line is called a heading, of changing level."""
    lines = list(re.finditer(r"[^\n]*\S[^\n]*", text))[::3]
    return [Heading(found.start(), index % 4 + 1, found[0]) for index, found in enumerate(lines)]


# ---- chunks

@given(TEXTS, st.integers(20, 120), st.booleans())
def test_chunks_keep_order_place_and_size_and_lose_nothing(text: str, max_chars: int, has_headings: bool) -> None:
    spans = split(text, max_chars, headings_in(text) if has_headings else [])
    leave_out_nothing(text, spans)
    assert all(span.end - span.start <= max_chars for span in spans)


@pytest.mark.parametrize("text", ["x" * 50_000, "가" * 50_000, "ab\n" * 20_000, " " * 40_000 + "end", ("word " * 90 + "\n") * 100])
def test_texts_longer_than_a_window_keep_the_same_promises(text: str) -> None:
    assert len(text) > WINDOW_CHARS
    spans = split(text, 400, [])
    leave_out_nothing(text, spans)
    assert all(span.end - span.start <= 400 for span in spans)
    assert len(spans) <= 2 * len(text) / 400 + 10             # windows do not fray the chunks


def test_a_window_does_not_show_in_the_chunks() -> None:
    paragraph = "The library opens at nine. A late book costs ten cents a day."
    text = "\n\n".join([paragraph] * 600)
    assert set(texts_of(text, split(text, 70, []))) == {paragraph}


def test_main_headings_begin_a_chunk_and_smaller_ones_share() -> None:
    text = "Guide\n\nFees\nTen cents.\n\nFilms\nOne euro.\n\nHours\nNine to five."
    at = text.index
    headings = [Heading(0, 1, "Guide"), Heading(at("Fees"), 2, "Fees"), Heading(at("Films"), 3, "Films"), Heading(at("Hours"), 2, "Hours")]
    assert texts_of(text, split(text, 200, headings)) == [
        "Guide\n\nFees\nTen cents.\n\nFilms\nOne euro.", "Hours\nNine to five."]


def test_a_heading_stays_with_its_text() -> None:
    body = "The library lends five books to each of its members for fourteen days without asking for anything in return. " * 4
    text = f"Before that.\n\nLending\n\n{body}"
    first, second, *_ = texts_of(text, split(text, 150, [Heading(14, 3, "Lending")]))
    assert first == "Before that."
    assert second.startswith("Lending\n\nThe library lends")


def test_korean_is_cut_at_sentences() -> None:
    text = "연체료는 하루 100원이다. " * 20
    assert {chunk[-1] for chunk in texts_of(text, split(text, 100, []))} == {"."}


def test_threads_split_as_one_does() -> None:
    texts = [f"Fee number {n}. " * 200 for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: split(text, 300, []), texts)) == [split(text, 300, []) for text in texts]


# ---- sentences

@given(TEXTS)
def test_sentences_keep_order_and_place_and_lose_nothing(text: str) -> None:
    leave_out_nothing(text, sentences(text))


@pytest.mark.parametrize("parts", [
    ["Dr. Kim paid 2.5 won.", "Mrs. Lee did not!", "Why?", "See No. 5, Fig. 3 and e.g. page 7."],
    ["The U.S. library opens at 9 a.m.", "It closes at 6 p.m. on weekdays.", "Books, films, etc. are lent."],
    ['"Really?" he said.', '"Yes."', "She left...", "Then she came back."],
    ["Call at 10:30 or write to a.b@c.org.", "Node.js 2.5.1 is used.", "J. K. Rowling wrote it."],
    ["No. I do not.", "Was it no. 5?"],
    ["연체료는 하루 100원입니다.", "기한은 2024. 7. 26. 까지이며, 7. 26. 이후에는 연장할 수 없습니다.", "정말요?", "네!"],
    ['그는 "가자."라고 말했다.', "제3조(대출) ① 대출은 14일로 한다.", "② 연장은 1회다."],
    ["금리는 연 2.5%이다.", "시간은 09:30이다…", "“끝이다.”", "그렇다."],
    ["图书馆九点开门。", "ここは図書館です。", "「はい。」と言った。"],
])
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    text = " ".join(parts)
    assert texts_of(text, sentences(text)) == parts


def test_a_missing_space_after_a_korean_sentence_is_forgiven() -> None:
    text = "연장은 없다.그리고 연체료는 있다."
    assert texts_of(text, sentences(text)) == ["연장은 없다.", "그리고 연체료는 있다."]


def test_lines_wrapped_by_the_page_are_one_sentence() -> None:
    text = ("Every member may borrow five books for fourteen days. A loan can be\nrenewed once, for seven days, unless somebody has "
            "reserved\nthe book, and longer if the library is closed. The fee for that is\n25.50 euros.\n\n"
            "도서관은 평일 아홉 시에 열고 여섯 시에 닫으며 주말에는 열\n지 않는다. 다만 시험 기간에는 연장한다.")
    assert texts_of(text, sentences(text)) == [
        "Every member may borrow five books for fourteen days.",
        "A loan can be\nrenewed once, for seven days, unless somebody has reserved\nthe book, and longer if the library is closed.",
        "The fee for that is\n25.50 euros.",
        "도서관은 평일 아홉 시에 열고 여섯 시에 닫으며 주말에는 열\n지 않는다.", "다만 시험 기간에는 연장한다."]


def test_items_rows_and_headings_are_each_their_own() -> None:
    lines = ["Lending", "1. Insert the card.", "2) Wait for the light", "- 연체료 100원", "• film", "가. 대출", "① 연장",
             "Item | Fee", "Book | 10", "대출 기간: 14일", "연체료: 하루 100원"]
    text = "\n".join(lines)
    assert texts_of(text, sentences(text)) == lines


def test_a_heading_above_its_paragraph_is_not_its_first_sentence() -> None:
    text = "2.3 Simple parsing\nFor simple types like a string the functions listed below may be used\ninstead of the others."
    assert texts_of(text, sentences(text))[0] == "2.3 Simple parsing"
