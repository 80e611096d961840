"""What a user notices of an answer: the right sentence, its exact place, and a plain no."""
from collections.abc import Iterator
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.table import Table
from saem.infer import ask
from saem.sources import folder
from saem.transform import chunk, parse

PAGES = {
    "library.md": """# Library

## Loans

Students may borrow five books for 14 days. Teachers may borrow ten books for 30 days.

The late fee is 100 won per book per day.

## Rooms

The reading room has 240 seats and is on the second floor of Building C.
""",
    "tablets.md": """# Tablets on loan

What happened | What you pay
--- | ---
Broken screen | 60,000 won
Lost pen | 35,000 won

When you return a tablet, bring:

- the charger and its cable
- the pen, unless you paid for it
""",
    "dormitory.md": """# 기숙사

## 통금

기숙사 통금 시간은 일요일부터 목요일까지 밤 11시입니다.

## 세탁

세탁기는 한 번에 1,000원이고 건조기는 한 번에 1,500원입니다. 세탁실은 D동 지하 1층에 있습니다.
""",
    "canteen.md": """# 학생식당

점심은 오전 11시 30분부터 오후 1시 30분까지 먹을 수 있습니다. 채식 식단은 화요일과 목요일에 나옵니다.
""",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("school")
    for name, text in PAGES.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def chunks(pages: Path) -> Iterator[Table]:
    db = saem.open(str(pages))
    db.run()
    yield db.table("chunks")
    db.close()


@pytest.mark.parametrize(("question", "path", "part"), [
    ("What is the late fee for a book?", "library.md", "100 won"),
    ("기숙사 통금은 몇 시인가요?", "dormitory.md", "밤 11시"),
    ("세탁기는 얼마예요?", "dormitory.md", "1,000원"),
    ("How much do I pay for a broken screen?", "tablets.md", "60,000 won"),
    ("채식 식단은 언제 나오나요?", "canteen.md", "화요일과 목요일"),
])
def test_the_sentence_that_answers_is_cited(chunks: Table, question: str, path: str, part: str) -> None:
    answer = ask(chunks, question, keep=False)
    assert answer.found
    assert answer.citations[0].key == path
    assert part in answer.text


@pytest.mark.parametrize("question", ["What is the capital of Australia?", "비트코인 지금 얼마야?", "How do I bake sourdough bread?",
                                      "세종대왕은 어떤 사람이었나요?"])
def test_what_the_pages_do_not_say_is_not_answered(chunks: Table, question: str) -> None:
    answer = ask(chunks, question, keep=False)
    assert not answer.found
    assert answer.citations == []
    assert answer.sentences == []
    assert answer.text == ""


@pytest.mark.parametrize("question", ["가", "?", "🙂🙂🙂", "the of and to", "이 그 저", "\u200b", "a" * 10_000, "연체료 " * 2_500,
                                      "\ud800"])
def test_odd_questions_get_an_answer_or_a_no(chunks: Table, question: str) -> None:
    answer = ask(chunks, question, keep=False)
    assert 0 <= answer.why["support"] <= 1
    assert answer.found == bool(answer.citations)


def test_a_question_as_long_as_a_book_is_an_error_that_says_how_long_it_may_be(chunks: Table) -> None:
    for call in (chunks.search, lambda text: ask(chunks, text)):
        with pytest.raises(SaemError, match=r"(?s)E104.*10,001 characters.*at most 10,000"):
            call("a" * 10_001)


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_is_an_error_that_says_what_to_type(chunks: Table, question: str) -> None:
    with pytest.raises(SaemError, match="E104"):
        ask(chunks, question, keep=False)


def test_each_quote_is_the_documents_text_at_its_place(chunks: Table) -> None:
    texts = {row["path"]: row["text"] for row in chunks.project.table("docs").to_arrow(["path", "text"]).to_pylist()}
    cited = 0
    for question in ("What is the late fee?", "통금은 몇 시인가요?", "Where is the reading room?", "세탁실은 어디에 있나요?",
                     "broken screen cost"):
        for citation in ask(chunks, question, keep=False).citations:
            assert citation.table == "docs"
            assert texts[citation.key][citation.start:citation.end] == citation.quote
            cited += 1
    assert cited >= 4


def test_no_sentence_is_cited_twice(chunks: Table) -> None:
    for question in ("How many books may students borrow?", "세탁기와 건조기는 얼마예요?", "What do I pay for a lost pen?"):
        answer = ask(chunks, question, keep=False)
        places = [(c.key, c.start, c.end) for c in answer.citations]
        assert len(places) == len(set(places)) <= 3
        assert len({s.text for s in answer.sentences}) == len(answer.sentences)


def test_the_same_sentence_in_two_documents_is_cited_once(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).write_text(PAGES["library.md"] + f"\nPage {name}.\n", encoding="utf-8")
    db = saem.open(str(tmp_path))
    db.run()
    answer = ask(db.table("chunks"), "What is the late fee for a book?", keep=False)
    db.close()
    assert [c.quote for c in answer.citations] == ["The late fee is 100 won per book per day."]


def test_a_row_of_a_table_is_a_sentence(chunks: Table) -> None:
    answer = ask(chunks, "What do I pay for a lost pen?", keep=False)
    assert any("Lost pen" in c.quote and "35,000" in c.quote and "\n" not in c.quote for c in answer.citations)


def test_a_condition_limits_what_may_answer(chunks: Table) -> None:
    assert ask(chunks, "기숙사 통금은 몇 시인가요?", where="path = 'dormitory.md'", keep=False).found
    elsewhere = ask(chunks, "기숙사 통금은 몇 시인가요?", where="path = 'library.md'", keep=False)
    assert {c.key for c in elsewhere.citations} <= {"library.md"}
    with pytest.raises(SaemError, match="E211"):
        ask(chunks, "통금", where="no_such_column = 1", keep=False)


def test_a_folder_of_one_short_page_answers_and_refuses(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("The spare key is in the drawer of the front desk.", encoding="utf-8")
    db = saem.open(str(tmp_path))
    db.run()
    table = db.table("chunks")
    assert "drawer" in ask(table, "Where is the spare key?", keep=False).text
    assert not ask(table, "How tall is the Eiffel Tower?", keep=False).found
    db.close()


def test_an_empty_folder_says_not_found(tmp_path: Path) -> None:
    db = saem.open(str(tmp_path))
    db.run()
    assert not ask(db.table("chunks"), "Where is the key?", keep=False).found
    db.close()


def test_a_table_without_vectors_is_asked_by_words(tmp_path: Path, pages: Path) -> None:
    from saem.engine.project import Project
    db = Project(str(tmp_path / "state"))
    chunks = db.source("files", folder(str(pages))).derive("docs", parse).derive("chunks", chunk(), carry=["path", "title"])
    chunks.index(text="text")
    db.run()
    answer = ask(chunks, "What is the late fee per book per day?", keep=False)
    assert "100 won" in answer.text
    assert not ask(chunks, "Who wrote Pride and Prejudice?", keep=False).found
    db.close()


def test_the_figures_behind_a_decision_are_told(chunks: Table) -> None:
    found, refused = (ask(chunks, q, keep=False).why for q in ("What is the late fee for a book?", "Which planet has the most moons?"))
    assert found["support"] >= 0.5 > refused["support"]
    assert {"meaning", "near", "covered", "fit"} <= set(found)
    assert all(isinstance(value, float) for value in found.values())


def test_the_same_question_gets_the_same_answer(chunks: Table) -> None:
    first, second = (ask(chunks, "세탁기는 얼마예요?", keep=False) for _ in range(2))
    assert first == second
    assert first.why == second.why


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    home = tmp_path_factory.mktemp("notes")
    texts = {"people.txt": "Jonas Weber has the phone 010-2222-3333 and the parking slot B-12.\nFalcon ships in March 2026.\n",
             "old.txt": "Employees may work from home two days a week after asking their team lead in writing.\n",
             "new.txt": "Employees may work from home three days a week after asking their team lead in writing.\n"}
    for name, text in texts.items():
        (home / name).write_text(text, "utf-8")
    db = saem.open(str(home))
    db.run()
    yield db.table("chunks")
    db.close()


@pytest.mark.parametrize(("question", "name"), [
    ("What is the phone number of Peter Schmidt?", "Schmidt"), ("When does Eagle ship?", "Eagle"), ("Eagle은 언제 나오나요?", "Eagle"),
    ("What is E-9999 for?", "E-9999")])
def test_a_question_about_a_name_or_code_that_no_row_holds_is_refused_and_says_so(notes: Table, question: str, name: str) -> None:
    answer = ask(notes, question, keep=False)
    assert not answer.found
    assert [step.why for step in answer.steps if step.decision == "absent"][0].endswith(f"'{name}'")


def test_a_name_that_is_held_is_answered(notes: Table) -> None:
    assert "010-2222-3333" in ask(notes, "What is the phone number of Jonas Weber?", keep=False).text
    assert "March 2026" in ask(notes, "When does Falcon ship?", keep=False).text


def test_copies_that_contradict_each_other_in_a_number_are_both_shown_and_both_told(notes: Table) -> None:
    answer = ask(notes, "How many days a week may employees work from home?", keep=False)
    assert {c.key for c in answer.citations} == {"old.txt", "new.txt"}
    assert len([hit for hit in notes.search("work from home", k=5) if "work from home" in hit.row["text"]]) == 2
