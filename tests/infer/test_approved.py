"""Approved answers: the nearest question's, or "don't know"; rights, forgetting and calibration as their user meets them."""
import json
import pathlib

import pytest

import saem
from saem.core.errors import SaemError
from saem.infer import approved, ask
from saem.infer.approved import approve, calibrate, similar

PIPELINE = """import saem
from saem.infer import approved
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("docs"), readers=lambda path: ["*"] if path.startswith("open") else ["staff"])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    approved.declare(db)
"""
PAIRS = [("What is the late fee for a book?", "It is 100 won a day."), ("Where is the swimming pool?", "Behind the gym."),
         ("How do I get a parking permit?", "Ask at the front desk."), ("도서관은 몇 시에 닫나요?", "밤 10시에 닫습니다."),
         ("When does the canteen open?", "At half past eleven.")]


@pytest.fixture
def db(tmp_path: pathlib.Path) -> saem.Project:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "open.md").write_text("# Library\n\nThe late fee is 100 won a day.\n", "utf-8")
    (tmp_path / "docs" / "closed.md").write_text("# Vault\n\nThe vault code is 4711.\n", "utf-8")
    (tmp_path / "pipeline.py").write_text(PIPELINE, "utf-8")
    (tmp_path / "saem.toml").write_text('[saem.groups]\nstaff = ["lee"]\nstudents = ["kim"]\n', "utf-8")
    made = saem.open(str(tmp_path))
    made.run()
    return made


def test_a_question_that_was_approved_is_answered_so_and_another_is_not(db: saem.Project) -> None:
    assert approve(db, PAIRS) == 5
    for question, answer in PAIRS:
        assert similar(db, question).answer == answer
    far = similar(db, "Who wrote the school song?")
    assert (far.found, far.answer) == (False, "")
    approve(db, [(PAIRS[0][0], "It is 200 won a day.")])        # again: the answer is another now
    assert similar(db, PAIRS[0][0]).answer == "It is 200 won a day."


def test_an_approved_answer_is_for_those_who_may_read_what_it_cites(db: saem.Project, tmp_path: pathlib.Path) -> None:
    approve(db, ask(db.table("chunks"), "What is the vault code?"))
    assert similar(db.as_user("lee"), "What is the vault code?").answer == "The vault code is 4711."
    assert similar(db.as_user("kim"), "What is the vault code?") == approved.Similar("What is the vault code?", False, "", "", "", 0.0, 0.0)
    closed = tmp_path / "docs" / "closed.md"
    closed.write_text("# Vault\n\nThe vault code is 9999.\n", "utf-8")
    db.run()
    assert not similar(db, "What is the vault code?").found          # what it cites says something else now
    db.forget("files", "closed.md")
    assert db.table("approved").count() == 0


def test_calibration_finds_how_near_is_near_enough_and_prints_what_it_costs(db: saem.Project) -> None:
    approve(db, PAIRS)
    right = dict(PAIRS)
    near = [("late fee for a book", 0), ("What is the fee for a late book?", 0), ("Where is the pool for swimming?", 1),
            ("the swimming pool", 1), ("How do I get a permit for parking?", 2), ("parking permit", 2), ("도서관은 몇 시에 닫아요?", 3),
            ("When does the canteen open today?", 4)]
    far = ["Who wrote the school song?", "What is the capital of France?", "Where is the nurse?", "기숙사 통금이 있나요?",
           "Why is the sky blue?", "When does the bus to the city leave?", "How do I print?", "What is for lunch?"]
    cases: list[tuple[str, str | None]] = [(question, right[PAIRS[place][0]]) for question, place in near] + [(each, None) for each in far]
    assert not similar(db, near[0][0]).found                   # before: nearly the same words only
    margin = calibrate(db, cases)
    assert margin.right + margin.wrong + margin.refused == len(cases)
    assert margin.right >= 4
    assert similar(db, near[0][0]).answer == right[PAIRS[0][0]]
    assert not any(similar(db, each).found for each in far)
    with pytest.raises(SaemError, match="too few"):
        calibrate(db, cases[:5])


def test_the_commands_approve_and_answer(db: saem.Project, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.docs.pages import saem_in_process
    monkeypatch.setenv("SAEM_PROJECT", str(tmp_path))
    asked = ask(db.table("chunks"), "What is the late fee?")
    db.close()
    (tmp_path / "faq.jsonl").write_text("\n".join(json.dumps({"question": q, "answer": a}) for q, a in PAIRS), "utf-8")
    assert saem_in_process(["saem", "approve", "--file", str(tmp_path / "faq.jsonl"), "-q"])[1].startswith("5 approved")
    assert saem_in_process(["saem", "approve", asked.answer[:12], "-q"])[1].startswith("1 approved")
    assert saem_in_process(["saem", "similar", "What is the late fee?", "-q"])[1].startswith("The late fee is 100 won a day.")
    code, said = saem_in_process(["saem", "similar", "도대체 누구세요?", "-q"])
    assert (code, said.strip()) == (3, "모르겠습니다.")


@pytest.mark.parametrize(("line", "what"), [("{broken", "line 3 of .* is no JSON"),
                                            ('{"question": "a"}', "line 3 of .* lacks question or answer")])
def test_a_line_that_cannot_be_read_is_named_by_its_number(tmp_path: pathlib.Path, line: str, what: str) -> None:
    path = tmp_path / "approved.jsonl"
    path.write_text('{"question": "a", "answer": "b"}\n\n' + line + "\n", "utf-8")
    with pytest.raises(SaemError, match=what):
        approved.read_file(str(path))
