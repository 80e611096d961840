"""What a user notices of a memory: it finds what was said, knows what no longer holds, keeps secrets, and forgets."""
import datetime
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.engine.project import Project
from saem.infer.memory import Found, Memory, Policy, memory, names


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Project]:
    with Project(str(tmp_path)) as made:
        made.groups = {"team:math": ("lee", "agent:tutor")}
        yield made


@pytest.fixture
def notes(db: Project) -> Memory:
    return memory(db, "tutor")


def say(notes: Memory, text: str, at: str = "2026-03-01", user: str = "kim", agent: str = "tutor", **how: object) -> str:
    return notes.remember(text, session="s1", user=user, agent=agent, at=at, **how)  # type: ignore[arg-type]


def shown(notes: Memory, question: str, **who: object) -> str:
    return notes.recall(question, **who).text  # type: ignore[arg-type]


def current(notes: Memory, user: str = "kim", at: str | None = None) -> dict[str, str]:
    return {item.text.partition(" [")[0].partition(" · ")[2].partition(":")[0]: item.text.partition(": ")[2].partition(" [")[0]
            for item in notes.beliefs(user=user, at=at)}


@pytest.mark.parametrize("is_run", [False, True])
def test_the_newest_statement_wins_and_the_older_is_not_shown_as_current(notes: Memory, is_run: bool) -> None:
    say(notes, "나는 부산에 살아")
    say(notes, "이번에 서울로 이사했어", "2026-04-01")
    if is_run:
        notes.keep_current()
    found = notes.recall("내가 어디에 살지?", user="kim")
    assert found.items[0].kind == "belief"
    assert "서울" in found.items[0].text
    assert [item.is_current for item in found.items if "부산" in item.text] == [False]
    assert current(notes, at="2026-03-15") == {"home": "부산"}
    assert current(notes) == {"home": "서울"}


@pytest.mark.parametrize("is_run", [False, True])
def test_deleting_the_newer_statement_revives_the_older(notes: Memory, is_run: bool) -> None:
    say(notes, "I work at Naver.")
    newer = say(notes, "I quit my old job and joined Kakao.", "2026-04-01")
    if is_run:
        notes.keep_current()
    assert current(notes) == {"employer": "Kakao"}
    notes.db.table("tutor_messages").drop([newer])
    assert current(notes) == {"employer": "Naver"}
    notes.keep_current()
    assert current(notes) == {"employer": "Naver"}


def test_what_waits_for_a_run_reads_as_it_will_after_it(notes: Memory) -> None:
    texts = ["I live in Seoul.", "I like tea, coffee and milk.", "My exam is on June 3.", "I moved to Busan.", "I no longer like coffee.",
             "우리 형은 한화에서 일해.", "나 땅콩 알레르기 있어.", "시험이 6월 17일로 바뀌었어."]
    for number, text in enumerate(texts):
        say(notes, text, f"2026-03-{number + 1:02}")
        if number == 3:
            notes.keep_current()
    waiting = [(key, belief) for key, belief in notes.history(user="kim")]
    notes.keep_current()
    assert [(key, belief) for key, belief in memory(notes.db, "tutor").history(user="kim")] == waiting


def test_a_forgotten_message_is_nowhere_and_the_older_belief_holds_again(notes: Memory) -> None:
    say(notes, "My favorite food is lasagna.")
    newer = say(notes, "My favorite food is bibimbap with extra chili now.", "2026-04-01")
    notes.keep_current()
    notes.recall("What is my favorite food?", user="kim")
    receipt = notes.forget(newer)
    assert receipt.verdict == "proved"
    assert {"tutor_messages", "tutor_claims", "tutor_beliefs", "tutor_reflections"} <= set(receipt.rows)
    assert current(notes) == {"favorite food": "lasagna"}
    assert "bibimbap" not in str(notes.export()) + shown(notes, "bibimbap with extra chili", user="kim")
    with pytest.raises(SaemError, match="E209"):
        notes.why(newer)


def test_a_message_is_forgotten_before_any_run(notes: Memory) -> None:
    key = say(notes, "My locker code is four seven one one.")
    notes.forget(key)
    assert notes.messages() == []
    assert shown(notes, "locker code", user="kim") == ""


def test_a_forgotten_session_takes_no_more_messages(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    notes.forget("kim/s1")
    with pytest.raises(SaemError, match="E704"):
        say(notes, "I live in Busan.")


@pytest.mark.parametrize("is_run", [False, True])
def test_private_stays_private(notes: Memory, db: Project, is_run: bool) -> None:
    say(notes, "My goal is to run a marathon.")
    say(notes, "My goal is to learn to swim.", user="lee")
    say(notes, "I live in Jeju.", agent="coach")
    if is_run:
        notes.keep_current()
    assert "swim" not in shown(notes, "lee's goal: learn to swim", user="kim")
    assert "Jeju" in shown(notes, "Where do I live?", user="kim")
    assert "Jeju" not in shown(notes, "Where does kim live, Jeju?", user="kim", agent="tutor")     # what was told to another agent
    assert "marathon" not in shown(notes, "What is kim's goal, a marathon?", user="lee", agent="tutor")
    assert shown(notes, "goal", user="stranger") == ""
    assert notes.context(user="kim").paged_out == 0
    assert "swim" not in notes.context(user="kim").text
    if is_run:
        assert db.as_user("lee").table("tutor_beliefs").to_arrow(["object"])["object"].to_pylist() == ["learn to swim"]
        seen = memory(db.as_user("lee"), "tutor")
        assert "swim" in seen.recall("What is my goal?").text
        assert "marathon" not in seen.recall("What is my goal, a marathon?").text
        with pytest.raises(SaemError, match="E601"):
            seen.recall("goal", user="kim")
        with pytest.raises(SaemError, match="E601"):
            seen.remember("x", session="s", user="lee")


def test_sharing_is_a_grant_that_can_be_taken_back(notes: Memory) -> None:
    say(notes, "I struggle with statistics.", agent="coach")
    say(notes, "I live in Jeju.", user="park", agent="coach")
    notes.keep_current()
    assert shown(notes, "statistics", user="lee") == ""
    assert notes.share(agent="coach", with_=["team:math"], user="kim", reason="asked by kim") == 1
    assert "statistics" in shown(notes, "statistics", user="lee")
    assert "Jeju" not in shown(notes, "live Jeju", user="lee")
    say(notes, "I struggle with chemistry.", agent="coach", at="2026-03-02")      # later messages too
    assert "chemistry" in shown(notes, "chemistry", user="lee")
    assert notes.shares()[0].reason == "asked by kim"
    notes.unshare("coach", ["team:math"], user="kim")
    assert shown(notes, "statistics chemistry", user="lee") == ""


def test_an_agents_own_note_is_not_its_users(notes: Memory) -> None:
    notes.remember("kim gives up quickly when tired.", session="s1", agent="tutor", role="note")
    assert "tired" in shown(notes, "tired", user="kim", agent="tutor")
    assert shown(notes, "tired", user="kim") == ""


def test_of_what_was_told_to_two_agents_the_newest_holds(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    say(notes, "I moved to Busan.", "2026-05-01", agent="coach")
    assert current(notes) == {"home": "Busan"}
    assert [item.text.partition(": ")[2][:5] for item in notes.beliefs(user="kim", agent="tutor")] == ["Seoul"]


def test_claims_of_one_moment_contradict_each_other_and_newer_ones_do_not(notes: Memory) -> None:
    say(notes, "My exam is on June 3.")
    say(notes, "시험은 6월 5일이야.")
    say(notes, "I live in Seoul.")
    say(notes, "I live in Busan.", "2026-03-02")
    (found,) = notes.conflicts(user="kim")
    assert found.predicate == "exam"
    assert {belief.object for belief in found.beliefs.values()} == {"June 3", "6월 5일"}
    assert all("contradicted" in item.text for item in notes.recall("When is my exam?", user="kim").items if item.kind == "belief")


def test_two_users_who_differ_on_one_thing_are_a_conflict_for_those_who_may_read_both(notes: Memory) -> None:
    say(notes, "The school festival is on May 3.")
    say(notes, "The school festival is on May 5.", "2026-03-02", user="lee")
    assert notes.conflicts(user="kim") == []
    assert {b.user for b in notes.conflicts()[0].beliefs.values()} == {"kim", "lee"}


def test_what_expires_ends_and_the_older_holds_again(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    say(notes, "I live in Jeju.", "2026-06-01", expires=datetime.timedelta(days=7))
    assert current(notes, at="2026-06-03") == {"home": "Jeju"}
    assert current(notes, at="2026-07-01") == {"home": "Seoul"}
    assert notes.expire("2026-07-01") == 1
    assert len(notes.messages()) == 1
    assert current(notes) == {"home": "Seoul"}


def test_messages_older_than_the_policy_keeps_go(db: Project) -> None:
    notes = memory(db, "tutor", policy=Policy(keep_days=30))
    say(notes, "hello there", "2026-01-01")
    say(notes, "hello again", "2026-06-01")
    assert notes.expire("2026-06-02") == 1
    assert [each.text for each in notes.messages()] == ["hello again"]


def test_a_revision_supersedes_and_a_denial_ends(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    (belief,) = notes.beliefs(user="kim")
    notes.revise(belief.id, "Busan", user="kim", at="2026-04-01")
    assert current(notes) == {"home": "Busan"}
    (belief,) = notes.beliefs(user="kim")
    notes.revise(belief.id, None, user="kim", at="2026-05-01")
    assert current(notes) == {}
    assert [each.object for _, each in notes.history(user="kim")] == ["Seoul", "Busan"]


def test_tools_are_bound_to_who_asks(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    say(notes, "I live in Jeju.", user="lee")
    recall, remember, revise = notes.tools(user="kim", agent="tutor", session="s2")
    assert [tool.to_openai()["function"]["name"] for tool in (recall, remember, revise)] == ["recall", "remember", "revise"]
    (found,) = recall(query="Where do I live?")
    assert "Seoul" in found["text"]
    revise(id=found["id"], value="Busan")
    assert "Busan" in recall(query="Where do I live?")[0]["text"]
    remember(text="My hobby is chess.")
    assert "chess" in shown(notes, "hobby", user="kim")
    with pytest.raises(TypeError):
        recall(query="home", user="lee")


def test_a_context_keeps_its_budget_and_summarises_what_it_pages_out(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    for number in range(60):
        session = "old" if number < 40 else "new"
        notes.remember(f"We compared the library budget of year {number} with the plan of the library.", session=session, user="kim",
                       at=f"2026-04-01 10:{number:02}")
    notes.keep_current()
    made = notes.context(user="kim", agent="tutor", session="new", budget_tokens=500)
    assert made.tokens <= 500
    assert "Seoul" in made.text
    assert "year 59" in made.text
    assert made.paged_out > 0
    assert made.summaries
    assert "library" in made.summaries[0].text
    assert "year 3 " in shown(notes, "library budget of year 3", user="kim")      # paged out, and found


def test_use_makes_a_memory_hot(notes: Memory) -> None:
    say(notes, "My hobby is chess.")
    before = notes.beliefs(user="kim")[0]
    for _ in range(30):
        notes.recall("What is my hobby?", user="kim")
    notes.keep_current()
    after = notes.beliefs(user="kim")[0]
    assert after.why["frequency"] > before.why["frequency"]
    assert (before.tier, after.tier) == ("warm", "hot")
    assert notes.why(after.id, user="kim")["uses"] == 30


def test_why_names_the_characters_that_say_it(notes: Memory) -> None:
    text = "Hello! By the way, I live in Seoul. Thanks."
    say(notes, text)
    (belief,) = notes.beliefs(user="kim")
    told = notes.why(belief.id[:12], user="kim")
    (claim,) = told["claims"]
    assert text[claim["start"]:claim["end"]] == claim["quote"] == "I live in Seoul"
    assert told["readers"] == ["agent:tutor or kim"]
    with pytest.raises(SaemError, match="E209"):
        notes.why(belief.id, user="lee")


def test_a_belief_of_which_a_later_message_speaks_unread_is_unsure(notes: Memory) -> None:
    say(notes, "My hobby is chess.")
    say(notes, "Chess bores me; a hobby with fresh air it shall be.", "2026-04-01")
    item = next(item for item in notes.recall("What is my hobby?", user="kim").items if item.kind == "belief")
    assert item.is_current is None
    assert "fresh air" in item.text


def test_an_extractor_of_ones_own_reads_the_messages(db: Project) -> None:
    notes = memory(db, "moods", extractor=mood)
    notes.remember("mood=bright today", session="s", user="kim")
    assert current(notes) == {}                  # it is not told to be quick: its claims wait for the run, the text does not
    assert "bright" in shown(notes, "bright", user="kim")
    notes.keep_current()
    assert current(notes) == {"mood": "bright"}


def mood(text: str, said_at: datetime.datetime) -> list[Found]:
    at = text.find("mood=")
    return [Found("", "mood", text[at + 5:].split()[0], at, len(text))] if at >= 0 else []


def test_a_claim_that_is_not_in_its_message_is_quarantined(db: Project) -> None:
    def wild(text: str, said_at: datetime.datetime) -> list[Found]:
        return [Found("", "mood", "bright", 0, len(text) + 5)]
    notes = memory(db, "moods", extractor=wild)
    notes.remember("hello", session="s", user="kim")
    notes.keep_current()
    assert [each["table"] for each in db.quarantine()] == ["moods_claims"]


@pytest.mark.parametrize("how", [
    {"text": ""}, {"text": "   "}, {"text": "x" * 100_001}, {"user": "a/b"}, {"user": "*"}, {"user": "agent:coach"}, {"session": ""},
    {"role": "system"}, {"importance": 2.0}, {"at": "yesterday"}, {"agent": "a\nb"}])
def test_bad_input_is_refused_and_nothing_is_kept(notes: Memory, how: dict[str, object]) -> None:
    with pytest.raises(SaemError, match="E104"):
        notes.remember(**{"text": "hello", "session": "s1", "user": "kim", **how})  # type: ignore[arg-type]
    assert notes.messages() == []


def test_hostile_text_is_only_text(notes: Memory) -> None:
    text = "I live in Seoul'); drop table head; -- 🔥 \x00 \u202e"
    say(notes, text)
    say(notes, "a | home = x", "2026-03-02")
    notes.keep_current()
    assert notes.messages(user="kim")[0].text == text
    assert current(notes).keys() <= {"home"}


def test_another_process_sees_what_was_remembered(notes: Memory, db: Project) -> None:
    say(notes, "I live in Seoul.")
    with Project(db.state) as other:
        assert "Seoul" in shown(memory(other, "tutor"), "Where do I live?", user="kim")
        assert names(other) == ["tutor"]
    say(notes, "I moved to Busan.", "2026-04-01")
    notes.keep_current()
    with Project(db.state) as other:
        assert current(memory(other, "tutor")) == {"home": "Busan"}


def test_many_messages_are_brought_into_the_tables_beside_who_remembers_them(db: Project) -> None:
    notes = memory(db, "tutor", policy=Policy(run_after=8))
    for number in range(30):
        say(notes, f"My locker code is {number}.", f"2026-03-{number + 1:02}")
        assert f": {number} " in shown(notes, "locker code", user="kim")       # before, during and after the runs
    deadline = time.monotonic() + 60
    while not db.heads() and time.monotonic() < deadline:       # nobody has called for a run
        time.sleep(.05)
    assert db.table("tutor_beliefs").count() > 0
    notes.close()
    assert db.table("tutor_messages").count() == 30


def test_a_paraphrase_is_found_by_meaning_and_only_by_those_who_may_read_it(db: Project) -> None:
    notes, words = memory(db, "tutor"), memory(db, "plain", embedder=None)
    for own in (notes, words):
        for user, text in [("kim", "하루도 커피를 거를 수가 없어"), ("lee", "물 없이는 하루도 못 견뎌"), ("kim", "어제 산에 올랐어"),
                           ("kim", "The train was late again.")]:
            own.remember(text, session="s", user=user, at="2026-03-01")
        own.keep_current()
    question = "Which drink could I not do without?"
    assert "커피" in shown(notes, question, user="kim")
    assert "커피" not in shown(words, question, user="kim")
    assert "커피" not in shown(notes, question, user="lee")


def test_of_two_messages_about_one_matter_the_older_is_marked_and_stands_below(notes: Memory) -> None:
    say(notes, "Gym membership: the green studio downtown.")
    newer = say(notes, "Gym membership: the blue hall by the river.", "2026-04-01")
    first, second = notes.recall("gym membership", user="kim").items
    assert "blue" in first.text
    assert first.newer == ""
    assert "spoken of again on 2026-04-01: Gym" in second.text
    assert (second.newer, second.is_current) == (newer, None)


def test_a_snapshot_remembers_what_was_known_then(notes: Memory, db: Project) -> None:
    say(notes, "I live in Seoul.")
    notes.keep_current()
    then = db.snapshot
    say(notes, "I moved to Busan.", "2026-03-02")
    notes.keep_current()
    old = memory(db.at(then), "tutor")
    assert [item.text.partition(": ")[2][:5] for item in old.beliefs(everyone=True)] == ["Seoul"]
    assert current(notes) == {"home": "Busan"}


def test_what_is_too_old_to_be_held_is_found_forgotten_and_keeps_its_readers(db: Project) -> None:
    notes = memory(db, "tutor", policy=Policy(in_memory=4), embedder=None)
    old = say(notes, "The wifi password of the cabin is walrus.", "2026-01-01")
    hers = notes.remember("The wifi password of the office is penguin.", session="s", user="lee", at="2026-01-02")
    say(notes, "I live in Seoul.", "2026-01-03")
    for day in range(10, 20):
        say(notes, f"Nothing much happened on day {day}.", f"2026-02-{day}")
    notes.keep_current()
    (found,) = [each for each in notes.recall("wifi password", user="kim").items if each.kind == "message" and "walrus" in each.text]
    assert notes.lineage(found, user="kim") == notes.lineage(notes.recall("wifi password", everyone=True).items[0]) or found.id == old
    assert "penguin" not in shown(notes, "wifi password", user="kim")
    assert "penguin" in shown(notes, "wifi password", everyone=True)                           # the owner
    (belief,) = notes.beliefs(user="kim")
    parents, codes = notes.lineage(belief, user="kim")
    assert (len(parents), len(codes)) == (1, 1)                                 # its message is old, too
    assert notes.why(old, user="kim")["readers"] == ["agent:tutor or kim"]
    with pytest.raises(SaemError, match="E209"):
        notes.why(hers, user="kim")
    assert len(notes.messages(user="kim")) == 12
    notes.forget(user="kim", session="s1")
    assert "walrus" not in shown(notes, "wifi password", everyone=True)
    assert [each.text for each in notes.messages()] == ["The wifi password of the office is penguin."]


def test_a_receipt_names_no_key_of_what_waits_and_says_the_same(notes: Memory) -> None:
    first, second = say(notes, "My locker code is 4711, keep it safe."), say(notes, "My locker code is 4711, keep it safe.")
    notes.keep_current()
    for _ in range(300):        # recalls are counted, and their counts wait for a run
        notes.recall("locker code", user="kim")
    receipt = notes.forget(first)
    assert second not in str(receipt.to_dict())
    assert notes.forget(second).verdict == "proved"


@pytest.mark.parametrize("asker", [{}, {"user": None}, {"agent": "tutor"}])
def test_a_session_without_a_user_reads_nothing_unless_everyone_is_meant(notes: Memory, asker: dict[str, str | None]) -> None:
    say(notes, "I live in Seoul.")
    for ask in (lambda **who: notes.recall("live", **who), notes.context, notes.beliefs, lambda **who: notes.tools(session="s", **who)):
        with pytest.raises(SaemError, match=r"E104.*no user is named[\s\S]*everyone=True"):
            ask(**asker)
    assert "Seoul" in notes.recall("live", **asker, everyone=True).text
    assert notes.recall("live", user="").items == []


@pytest.mark.parametrize("at", ["yesterday", "2026-02-30", "9999-12-31"])
def test_a_time_that_is_none_is_told(notes: Memory, at: str) -> None:
    with pytest.raises(SaemError, match="E104"):
        notes.beliefs(user="kim", at=at)


def test_nobody_has_said_what_is_to_come(notes: Memory) -> None:
    with pytest.raises(SaemError, match="E104.*nobody has said that yet"):
        say(notes, "I live in Seoul.", "2999-01-01")
    assert notes.messages() == []


def test_forgetting_a_stranger_says_that_nothing_is_remembered(notes: Memory) -> None:
    say(notes, "I live in Seoul.")
    with pytest.raises(SaemError, match="E209.*nothing is remembered of 'nobody'"):
        notes.forget(user="nobody", reason="r")
    with pytest.raises(SaemError, match="of 'kim' in session 's9'"):
        notes.forget(user="kim", session="s9")
    assert len(notes.messages()) == 1


def test_what_is_asked_supposed_or_said_by_others_stands_below_what_is_told(notes: Memory) -> None:
    say(notes, "I do not live in Seoul any more", "2026-03-01")
    asides = ["Do I live in Tokyo?", "If I lived in Paris I would be happy", "My friend says I live in Mars",
              "만약 내가 런던에 산다면 좋겠다"]
    for day, text in enumerate(asides, 2):
        say(notes, text, f"2026-03-{day:02}")
    found = notes.recall("Where do I live?", user="kim", at="2026-03-10").items
    assert "I do not live in Seoul" in found[0].text
    assert not found[0].newer


def test_a_recall_that_nothing_fits_says_so(notes: Memory) -> None:
    say(notes, "My goal is to run a marathon.")
    for question in ("password", "", "' OR 1=1 --"):
        found = notes.recall(question, user="kim")
        assert not found.fits
        assert found.text.startswith("(nothing about this; what is known otherwise:)\nkim · goal")
    fitting = notes.recall("What is my goal?", user="kim")
    assert fitting.fits
    assert fitting.text.startswith("kim · goal")
    assert notes.recall("password", user="stranger").text == ""
