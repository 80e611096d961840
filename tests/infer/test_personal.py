"""The same question by two people, and a conversation that remembers: what a person notices of it."""
import json
import pathlib

import pytest

import saem
from saem.infer import ask
from saem.infer.chatting import Chat, is_question
from saem.infer.memory import memory
from tests.infer.llm.servers import Step, serving

PIPELINE = """import saem
from saem.infer.memory import memory
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("docs"), readers=lambda path: ["*"] if path.startswith("open") else ["staff"])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    memory(db, "tutor")
"""
DOCUMENTS = {
    "open-busan.md": "# Busan campus\n\nThe curfew of the dormitory is 11 p.m.\n",
    "open-seoul.md": "# Seoul campus\n\nThe curfew of the dormitory is midnight.\n",
    "closed.md": "# Daegu campus\n\nThe curfew of the dormitory is 10 p.m.\n",
}
CURFEW = "When is the curfew of the dormitory?"


@pytest.fixture
def db(tmp_path: pathlib.Path) -> saem.Project:
    (tmp_path / "docs").mkdir()
    for name, text in DOCUMENTS.items():
        (tmp_path / "docs" / name).write_text(text, "utf-8")
    (tmp_path / "pipeline.py").write_text(PIPELINE, "utf-8")
    (tmp_path / "saem.toml").write_text('[saem.groups]\nstaff = ["lee"]\nstudents = ["kim", "park", "choi"]\n', "utf-8")
    made = saem.open(str(tmp_path))
    made.run()
    return made


def test_two_people_who_live_elsewhere_get_the_answer_that_is_theirs(db: saem.Project) -> None:
    notes = memory(db, "tutor")
    notes.remember("I live in Busan.", session="s", user="kim")
    notes.remember("I live in Seoul.", session="s", user="park")
    answers = {name: ask(db.table("chunks"), CURFEW, as_user=name, notes=notes) for name in ("kim", "park")}
    assert answers["kim"].citations[0].key == "open-busan.md"
    assert answers["park"].citations[0].key == "open-seoul.md"
    told = [answer for answer in answers.values() if answer.because]
    assert told                                       # for whom the plain answer was another, it is said why
    assert all(step.why.startswith("remembered:") for answer in told for step in answer.steps if step.step == "personal")


def test_a_memory_opens_no_passage_that_its_person_may_not_read(db: saem.Project) -> None:
    notes = memory(db, "tutor")
    for name in ("kim", "lee"):
        notes.remember("I live in Daegu.", session="s", user=name)
    assert ask(db.table("chunks"), CURFEW, as_user="lee", notes=notes).citations[0].key == "closed.md"
    assert ask(db.table("chunks"), CURFEW, as_user="kim", notes=notes).citations[0].key != "closed.md"


def test_an_answer_that_a_memory_decided_goes_when_the_memory_is_forgotten(db: saem.Project) -> None:
    notes = memory(db, "tutor")
    plain = ask(db.table("chunks"), CURFEW, as_user="kim").citations[0].key
    other = "Seoul" if "busan" in plain else "Busan"
    key = notes.remember(f"I live in {other}.", session="s", user="kim")
    answer = ask(db.table("chunks"), CURFEW, as_user="kim", notes=notes)
    assert answer.because
    assert other in answer.steps[0].why
    assert db.as_user("kim").table("answers").count(f"snapshot >= 0 and text = '{answer.text}'") == 1
    assert db.as_user("park").table("answers").count() == 0
    notes.forget(key)
    assert db.table("answers").count(f"text = '{answer.text}'") == 0
    again = ask(db.table("chunks"), CURFEW, as_user="kim", notes=notes)
    assert (again.because, again.citations[0].key) == ("", plain)


def test_a_model_words_the_answer_that_a_memory_decided(db: saem.Project) -> None:
    notes = memory(db, "tutor")
    plain = ask(db.table("chunks"), CURFEW, as_user="kim", keep=False).citations[0].key
    other = "Seoul" if "busan" in plain else "Busan"
    notes.remember(f"I live in {other}.", session="s", user="kim")
    said = DOCUMENTS[f"open-{other.lower()}.md"].split("\n")[2]
    with serving([Step(said)]) as server:
        db.models = {"local": {"url": server.url, "model": "m"}}
        from saem.infer.llm import calls
        calls.declare(db)
        answer = ask(db.table("chunks"), CURFEW, mode="generate", as_user="kim", notes=notes)
        assert other in server.asked[0]["messages"][-1]["content"]
    assert (answer.mode, answer.text) == ("generate", said)
    assert answer.because


def test_a_chat_remembers_answers_and_shows_why(db: saem.Project) -> None:
    talk = Chat(db.table("chunks"), memory(db, "tutor"), "kim")
    assert talk.say("hello").kind == "greeting"
    told = talk.say("내 시험은 6월 3일이야. 부산에 살아.")
    assert (told.kind, bool(told.remembered)) == ("remembered", True)
    own = talk.say("내 시험이 언제지?")
    assert own.kind == "memory"
    assert "6월 3일" in own.text
    assert own.recalled[0].why["relevance"] > 0
    curfew = talk.say(CURFEW)
    assert curfew.kind == "documents"
    assert curfew.answer is not None
    assert curfew.answer.citations[0].quote in DOCUMENTS[curfew.answer.citations[0].key]
    assert talk.say("What is the price of the piano?").kind == "unknown"
    other = Chat(db.table("chunks"), memory(db, "tutor"), "park")
    assert other.say("내 시험이 언제지?").kind == "unknown"       # another person's


def test_a_persona_does_not_know_what_another_was_told(db: saem.Project) -> None:
    notes = memory(db, "tutor")
    coach, doctor = Chat(None, notes, "kim", "coach"), Chat(None, notes, "kim", "doctor")
    coach.say("My exam is on June 3.")
    assert "June 3" in coach.say("When is my exam?").text
    assert doctor.say("When is my exam?").kind == "unknown"


def test_what_is_asked_and_what_is_told() -> None:
    for text in ("기숙사 통금은 몇 시야?", "연체료 알려 주세요", "Where is it", "내 목표가 뭐였지"):
        assert is_question(text)
    for text in ("나는 수학이 약하고 6월에 시험이 있어", "I moved to Seoul.", "My exam is on June 3."):
        assert not is_question(text)


def test_the_command_takes_a_line_and_gives_an_answer_off_a_terminal(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from tests.docs.pages import saem_in_process
    docs = tmp_path / "handbook"
    docs.mkdir()
    (docs / "library.md").write_text("# Library\n\nThe late fee is 100 won a day.\n", "utf-8")
    (docs / "saem.toml").write_text('[saem.groups]\nstudents = ["kim"]\n'
                                    '[saem.personas.tutor]\nabout = "a tutor"\nwhere = "path = \'absent.md\'"\n', "utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("My exam is on June 3.\nWhen is my exam?\nWhat is the late fee?\n"))
    code, said = saem_in_process(["saem", "chat", str(docs), "--as", "kim", "--json", "-q"])
    turns = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert (code, [turn["kind"] for turn in turns]) == (0, ["remembered", "memory", "documents"])
    monkeypatch.setattr("sys.stdin", io.StringIO("When is my exam?\n"))             # another day: it still knows
    assert "June 3" in saem_in_process(["saem", "chat", str(docs), "--as", "kim"])[1]
    monkeypatch.setattr("sys.stdin", io.StringIO("When is my exam?\nWhat is the late fee?\n"))
    code, said = saem_in_process(["saem", "chat", str(docs), "--as", "kim", "--persona", "tutor", "--json", "-q"])
    assert [json.loads(line)["kind"] for line in said.splitlines() if line.startswith("{")] == ["unknown", "unknown"]
