"""What people type: spaces lost or too many, a letter wrong; and what must never be touched."""
import pytest

from saem.core import registry
from saem.engine.spelling import mended
from saem.store.sample import Sample

TEXTS = ["도서관 연체료는 한 권당 하루 100원입니다.", "기숙사 통금 시간은 밤 11시입니다.", "장학금 신청은 9월에 받습니다.",
         "The late fee of the library is 100 won.", "Tuition is due in March.", "Report error E-1024 to the desk."]
REAL = {"tuition", "library", "capital", "australia", "fee", "the", "late"}


def read_as(question: str, rows: int = 0) -> str:
    words = [words.split() for words in registry.tokenize(TEXTS)]
    return mended(question, Sample(None, words, rows or len(words)), lambda word: False, lambda word: word in REAL)


@pytest.mark.parametrize(("typed", "meant"), [
    ("연체 료는 얼마예요?", "연체료는 얼마예요?"), ("기숙 사 통금", "기숙사 통금"), ("장학굼 신청", "장학금 신청"),
    ("도서광 연체료", "도서관 연체료"),
    ("tuitoin in March", "tuition in March"), ("librery late fee", "library late fee"), ("latefee", "late fee"),
])
def test_a_slip_is_read_as_the_word_of_the_table(typed: str, meant: str) -> None:
    assert read_as(typed) == meant


@pytest.mark.parametrize("question", ["연체료는 얼마인가요?", "기숙사 통금", "E-1025", "e1025 오류", "What is the capital of Australia?",
                                      "통근 버스", "", "?!", "  the  late\tfee ", "가", "🙂", "대출 강아지"])
def test_words_that_are_words_stay_as_they_are(question: str) -> None:
    assert read_as(question) == question


def test_a_table_without_words_mends_nothing() -> None:
    assert mended("연체 료", Sample(None, []), lambda word: False, lambda word: False) == "연체 료"


def test_a_word_that_the_rest_of_a_large_table_holds_is_left_alone() -> None:
    words = [words.split() for words in registry.tokenize(TEXTS)]
    large = Sample(None, words, 1_000_000)
    assert mended("tuitoin", large, lambda word: word == "tuitoin", lambda word: False) == "tuitoin"
