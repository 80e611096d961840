"""Repeated passages: none of the promised length is missed, and every span is the same words in both rows."""
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from saem.curate import repeated_passages
from tests.curate.duplicates import compared

dice = np.random.default_rng(3)
VOCABULARY = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ark", "ell", "oom", "ine", "ast", "und", "ich")]


def shared(*texts: str | None, min_words: int = 50) -> list[dict[str, object]]:
    operator = repeated_passages(min_words=min_words)
    made = operator.function(compared(operator, pa.table({"text": pa.array(texts, pa.string())})), **operator.settings)
    return [row | {"left": int.from_bytes(row["left"], "big"), "right": int.from_bytes(row["right"], "big")}
            for row in made.rows.to_pylist()]


def words(count: int) -> str:
    return " ".join(dice.choice(VOCABULARY, count)) + " " + str(dice.integers(10**9))


def spans(row: dict[str, object], one: str, other: str) -> list[tuple[str, str]]:
    return [(one[s["left_start"]:s["left_end"]], other[s["right_start"]:s["right_end"]]) for s in row["spans"]]    # type: ignore[attr-defined]


@settings(max_examples=25, deadline=None)
@given(st.integers(50, 120), st.integers(0, 90), st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_a_passage_of_fifty_words_is_found_wherever_it_stands(length: int, a: int, b: int, c: int, d: int) -> None:
    passage = words(length)
    one, other = f"{words(a)} {passage} {words(b)}", f"{words(c)} {passage.upper()}, {words(d)}"
    row, = shared(one, other)
    (left, right), = spans(row, one, other)
    assert left.lower() == right.lower()
    assert left in passage
    assert len(left.split()) >= length - 50
    assert abs(row["similarity"] - len(left) / min(len(one), len(other))) < .01     # type: ignore[operator]


def test_shorter_repetitions_are_no_passages() -> None:
    passage = words(20)
    assert shared(f"{words(60)} {passage} {words(60)}", f"{words(60)} {passage} {words(60)}") == []


def test_two_passages_are_two_spans_in_their_order() -> None:
    first, second = words(70), words(80)
    one, other = f"{first} {words(100)} {second}", f"{second} {words(90)} {first}"
    row, = shared(one, other)
    assert [(a in first, b in first) for a, b in spans(row, one, other)] == [(True, True), (False, False)]
    assert [(a in second, b in second) for a, b in spans(row, one, other)] == [(False, False), (True, True)]


def test_places_are_those_of_the_text_as_it_is_written() -> None:
    passage = words(60)
    before = "Cafe\u0301 ﬁn de sie\u0300cle 🔥 한글 \u1112\u1161\u11ab " * 7
    one, other = f"{before}{passage} end", f"other words {passage}"
    row, = shared(one, other)
    (left, right), = spans(row, one, other)
    assert left == right
    assert left in passage


def test_korean_passages_are_found_whatever_their_spaces() -> None:
    passage = "도서관은 아침 아홉 시에 문을 열고 저녁 여섯 시에 닫습니다. 연체료는 하루에 백 원이며 책은 두 주 동안 빌릴 수 있습니다. " \
              "자리는 미리 맡을 수 없고 음식은 휴게실에서만 먹을 수 있으며 노트북은 이 층에서만 쓸 수 있습니다. 문의는 안내대에 하십시오."
    one, other = f"첫째 문서의 머리말입니다. {passage}", f"{passage.replace(' ', '')} 둘째 문서의 맺음말은 전혀 다른 내용입니다."
    row, = shared(one, other)
    (left, right), = spans(row, one, other)
    assert left.replace(" ", "") == right.replace(" ", "")


def test_rows_with_one_boilerplate_are_joined_to_the_first_and_not_all_to_all() -> None:
    licence = words(90)
    texts = [f"{words(120)} {licence} {words(40)}" for _ in range(200)]
    rows = shared(*texts)
    made = {(row["left"], row["right"]) for row in rows}
    assert {(0, number) for number in range(1, 200)} <= made
    assert len(made) < 3 * 200


def test_empty_and_missing_texts_hold_no_passage() -> None:
    assert shared("", None, "word", "...", "word") == []
