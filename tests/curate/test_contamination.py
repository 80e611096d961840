"""Training rows that hold evaluation rows: none with a shared run of thirteen words is missed, and the places are right."""
import pyarrow as pa
import pytest

import saem
from saem.curate import contaminated

QUESTION = ("A shuttle leaves the main gate every twenty minutes from nine in the morning until six in the evening; "
            "how many shuttles leave on a day without holidays?")
KOREAN = "도서관은 아침 아홉 시에 문을 열고 저녁 여섯 시에 닫습니다. 하루에 백 원인 연체료를 두 주 동안 내지 않으면 얼마가 됩니까?"
SHORT = "Which river flows through the capital of that country?"
FILLER = "Nothing of this paragraph stands anywhere else, it only takes up room before and after what matters here. "


def found(texts: list[str | None], asked: list[str | None], **settings: object) -> list[dict[str, object]]:
    evaluation = pa.table({"id": [f"q{n}" for n in range(len(asked))], "text": pa.array(asked, pa.string())})
    operator = contaminated(name="id", **settings)
    made = operator.function(pa.table({"text": pa.array(texts, pa.string())}), evaluation, **operator.settings)
    return [row | {"row": origin} for row, origin in zip(made.rows.to_pylist(), made.origin.tolist(), strict=True)]


def test_a_question_within_a_document_is_found_with_its_places() -> None:
    text = FILLER + QUESTION.upper().replace(" ", "  ") + " " + FILLER
    row, = found([FILLER, text], [SHORT, QUESTION])
    assert (row["row"], row["evaluation"]) == (1, "q1")
    assert row["passage"] == text[row["start"]:row["end"]]      # type: ignore[misc]
    assert row["passage"].lower().split() == QUESTION[:-1].lower().split()      # type: ignore[attr-defined]
    assert QUESTION[row["evaluation_start"]:row["evaluation_end"]] == QUESTION[:-1]     # type: ignore[misc]
    assert row["share"] == pytest.approx(1, abs=.02)


def test_korean_is_found_whatever_its_spaces() -> None:
    row, = found([f"머리말입니다. {KOREAN.replace(' ', '')} 맺음말입니다."], [KOREAN])
    assert str(row["passage"]).replace(" ", "").startswith("도서관은아침")
    assert row["share"] > .95      # type: ignore[operator]


def test_thirteen_words_count_and_twelve_do_not() -> None:
    words = QUESTION.split()
    assert len(found([FILLER + " ".join(words[:13]) + " " + FILLER], [QUESTION])) == 1
    assert found([FILLER + " ".join(words[:12]) + " " + FILLER], [QUESTION]) == []
    assert len(found([FILLER + " ".join(words[:12]) + " " + FILLER], [QUESTION], min_words=10)) == 1


def test_a_short_question_is_looked_for_as_a_whole() -> None:
    assert len(SHORT.split()) < 13
    row, = found([f"{FILLER}{SHORT} {FILLER}"], [QUESTION, SHORT])
    assert row["evaluation"] == "q1"
    assert found([f"{FILLER}{SHORT.replace('river', 'road')} {FILLER}"], [QUESTION, SHORT]) == []
    assert found(["Which river is it?"], ["Which river is it?"]) == []


def test_two_passages_are_two_spans_and_one_question_may_leak_into_many_rows() -> None:
    first, second = QUESTION.split(";")
    rows = found([f"{first} {FILLER} {second} a a a a a a", QUESTION, QUESTION], [QUESTION], min_words=9)
    assert [row["row"] for row in rows] == [0, 0, 1, 2]
    assert str(rows[0]["passage"]).endswith("evening")


def test_places_are_those_of_the_text_as_it_is_written() -> None:
    before = "Cafe\u0301 ﬁn 🔥 \u1112\u1161\u11ab " * 9
    row, = found([before + QUESTION], [QUESTION])
    assert row["passage"] == QUESTION[:-1]


def test_empty_and_missing_texts_and_no_evaluation_at_all() -> None:
    assert found([None, "", "..."], [QUESTION, None, ""]) == []
    assert found([QUESTION], []) == []
    with pytest.raises(saem.SaemError, match="E101"):
        found([QUESTION], [QUESTION], column="body")
