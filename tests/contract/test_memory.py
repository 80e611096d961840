"""The laws where a memory is remembered, read and forgotten as its users do it; the tables alone are in test_laws.py."""
import itertools
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from saem.engine.project import Project
from saem.infer.memory import Memory, memory
from tests.contract.laws import check_equal, check_idle, tables_of
from tests.contract.stories import ASKERS, LATER, Story


@pytest.mark.parametrize("seed", range(4))
def test_after_any_story_the_tables_are_those_of_a_rebuild_and_everybody_reads_what_is_theirs(seed: int) -> None:
    story = Story(seed)
    try:
        story.tell(14)
        story.tell(14)
    finally:
        story.close()


@pytest.fixture
def notes(tmp_path: Path) -> Memory:
    return memory(Project(str(tmp_path)), "tutor", embedder="hash")


@pytest.mark.parametrize("is_run", [False, True])
def test_what_is_superseded_is_not_shown_as_current_and_holds_again_when_the_newer_goes(notes: Memory, is_run: bool) -> None:
    notes.remember("I live in Seoul.", session="s", user="kim", at="2026-04-01")
    notes.keep_current()
    newer = notes.remember("I moved to Busan.", session="s", user="kim", at="2026-04-02")
    assert [each.is_current for each in notes.recall("Where do I live?", user="kim", at=LATER).items if "Seoul" in each.text] == [False]
    if is_run:
        notes.keep_current()
    assert [each.sources[0].quote for each in notes.beliefs(user="kim", at=LATER)] == ["I moved to Busan"]
    notes.db.tables["tutor_messages"].drop([newer])
    if is_run:
        notes.keep_current()
    assert [each.sources[0].quote for each in notes.beliefs(user="kim", at=LATER)] == ["I live in Seoul"]


@pytest.mark.parametrize("is_run", [False, True])
def test_nobody_is_shown_what_is_not_theirs(notes: Memory, is_run: bool) -> None:
    own = {(user, agent): notes.remember(f"My locker code is {number}.", session="s", user=user, agent=agent, at="2026-04-01")
           for number, (user, agent) in enumerate(itertools.product(["kim", "lee"], ["tutor", "coach"]), 4711)}
    if is_run:
        notes.keep_current()
    for asker in ASKERS:
        allowed = {key for (user, agent), key in own.items()
                   if asker.get("user", user) == user and asker.get("agent", agent) == agent}
        for question in ("What is the locker code?", "kim lee 4711 4712 4713 4714", "My locker code is 4711."):
            items = notes.recall(question, **asker, k=50, budget_tokens=9_999, at=LATER, everyone="user" not in asker).items
            assert {source.message for item in items for source in item.sources} <= allowed, asker
        assert {each.key for each in notes.messages(**asker)} == allowed


def test_counts_of_what_is_forgotten_go_with_it(notes: Memory) -> None:
    key = notes.remember("My locker code is 4711.", session="s", user="kim", at="2026-04-01")
    notes.keep_current()
    for _ in range(3):
        notes.recall("locker code", user="kim", at=LATER)
    notes.keep_current()
    assert notes.db.table("tutor_uses").count() == 1
    assert notes.forget(key).verdict == "proved"
    assert notes.db.table("tutor_uses").count() == 0


def test_a_count_is_read_by_those_who_read_its_message(notes: Memory) -> None:
    notes.remember("My locker code is 4711.", session="s", user="kim", at="2026-04-01")
    notes.share("tutor", ["lee"])
    notes.recall("locker code", user="kim", at=LATER)
    notes.keep_current()
    assert notes.db.as_user("lee").table("tutor_uses").count() == 1
    notes.unshare("tutor", ["lee"])
    assert notes.db.as_user("lee").table("tutor_uses").count() == 0
    assert notes.db.as_user("kim").table("tutor_uses").count() == 1


def test_killed_at_random_moments_no_message_is_lost_and_the_tables_are_those_of_a_rebuild(tmp_path: Path) -> None:
    dice, kept, struck = random.Random(5), list[str](), 0
    for number in range(5):
        process = subprocess.Popen([sys.executable, "-m", "tests.contract.remembering", str(tmp_path / "state"), str(number)],
                                   stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(dice.uniform(.5, 2))
        struck += process.poll() is None
        process.send_signal(signal.SIGKILL)
        kept += [line.strip() for line in process.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
    assert struck == 5
    assert len(kept) > 20, "too little was remembered to prove anything"
    db, again = Project(str(tmp_path / "state")), Project(str(tmp_path / "again"))
    notes = memory(db, "tutor", embedder="hash")
    held = notes.messages()
    assert set(kept) <= {each.key for each in held}, "a message that was remembered is lost"
    notes.keep_current()
    memory(again, "tutor", embedder="hash")
    again.tables["tutor_messages"].put(held, readers=[again.catalog.reader_code([each.user, "agent:tutor"]) for each in held])
    again.run()
    kinds = ("messages", "claims", "beliefs", "reflections", "episodes", "vectors")
    one, other = tables_of(db), tables_of(again)
    check_equal({f"tutor_{kind}": one[f"tutor_{kind}"] for kind in kinds}, {f"tutor_{kind}": other[f"tutor_{kind}"] for kind in kinds})
    check_idle(db)
