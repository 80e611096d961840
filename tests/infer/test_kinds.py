"""A question that asks for a price is not answered by a sentence without one."""
import pytest

from saem.infer.kinds import wanted


@pytest.mark.parametrize(("question", "kind", "fits", "fails"), [
    ("얼마예요?", "money", "한 장에 300원입니다.", "컬러로 인쇄합니다."),
    ("How much does it cost?", "money", "It is free for students.", "It is red."),
    ("몇 시에 열어요?", "time", "오전 9시에 엽니다.", "두 시간 동안 엽니다."),
    ("며칠 동안 빌릴 수 있나요?", "period", "14일 동안 빌립니다.", "책을 빌립니다."),
    ("언제까지 내나요?", "date", "7월 24일까지 냅니다.", "학사팀에 냅니다."),
    ("Where is the help desk?", "place", "It is in room B-204.", "It helps everyone."),
    ("어디에 있나요?", "place", "본관 2층에 있습니다.", "아주 큽니다."),
    ("How high is the wall?", "size", "It is 12 metres high.", "It is open from 16:00 to 20:00."),
    ("How old is the grand piano?", "age", "It was built in 1912.", "The grand piano is in room E-401."),
    ("상담 선생님 나이가 어떻게 되세요?", "age", "올해 41세입니다.", "상담 교사는 두 명입니다."),
    ("책은 몇 권까지 빌리나요?", "number", "5권까지 빌립니다.", "14일까지 빌립니다."),
    ("상담은 몇 번 받나요?", "number", "한 해에 10회까지 받습니다.", "예약하고 받습니다."),
    ("Who wrote it?", "person", "It was written by Jane Austen.", "It was written in a year."),
    ("몇 퍼센트예요?", "share", "2%입니다.", "두 배입니다."),
])
def test_a_sentence_fits_when_it_holds_what_is_asked_for(question: str, kind: str, fits: str, fails: str) -> None:
    asked = wanted(question)
    assert asked.kind == kind
    assert asked.fit(fits) == 1
    assert asked.fit(fails) == 0


@pytest.mark.parametrize("question", ["Are drones permitted?", "What do I bring when I return it?", "전형료도 환불되나요?", "", "🙂"])
def test_a_question_that_asks_for_no_kind_is_fitted_by_nothing_more_than_by_another(question: str) -> None:
    assert wanted(question).fit("5,000원입니다.") == wanted(question).fit("Yes.") == 0.5


def test_a_korean_counter_is_not_asked_of_an_english_sentence() -> None:
    assert wanted("책은 몇 권까지 빌리나요?").fit("Students may borrow five books.") == 1
