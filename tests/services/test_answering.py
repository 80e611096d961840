"""What `saem evaluate answers` tells of modes and models."""
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import saem
from saem.cli.main import app
from saem.core.errors import SaemError
from saem.services.evaluation.answer_report import figures, write
from saem.services.evaluation.answering import evaluate_answers
from tests.infer.llm.servers import Step, serving
from tests.infer.test_asking import PAGES

QUESTIONS = [
    {"question": "What is the late fee for a book?", "document": "library.md", "sentence": "The late fee is 100 won per book per day."},
    {"question": "기숙사 통금은 몇 시인가요?", "document": "dormitory.md"},
    {"question": "Who is the president of Korea?", "document": None},
]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[saem.Project]:
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with saem.open(str(tmp_path)) as opened:
        opened.run()
        (tmp_path / "questions.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in QUESTIONS), encoding="utf-8")
        yield opened


def test_modes_and_models_stand_side_by_side(db: saem.Project, tmp_path: Path) -> None:
    good = "A late book costs a fee of 100 won per day. The late fee is 500 won."
    with serving([Step(good, tokens=(1_000_000, 0))]) as server:
        db.models = {"good": {"url": server.url, "model": "m", "price_in": 2.0},
                     "down": {"url": "http://127.0.0.1:9/v1", "model": "m", "attempts": 1}}
        made = evaluate_answers(db, str(tmp_path / "questions.jsonl"), models=["good", "down"], table=db.table("chunks"))
    extract, generate = made.scores
    assert (extract.way.name, generate.way.name) == ("extract", "generate good")
    assert extract.support == generate.support == 1.0
    assert extract.recall == generate.recall == 1.0
    assert extract.refused == generate.refused == 1.0
    assert (extract.written, extract.stood, extract.helped) == (0, None, None)
    assert (generate.written, generate.stood, generate.helped) == (4, 0.25, 0.5)      # each question hears of the fee
    assert (extract.cost, generate.cost) == (0.0, 4.0)         # two questions were worth a call
    assert [way.name for way, _ in made.failed] == ["generate down"]
    assert len(figures(made)[1]) == 2
    rows = db.table("answer_scores").to_arrow().to_pylist()
    assert {row["mode"] for row in rows} == {"extract", "generate"}
    write(made, str(tmp_path / "report.html"))
    assert "500 won" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_mistyped_mode_or_model_is_told_before_anything_is_asked(db: saem.Project, tmp_path: Path) -> None:
    with pytest.raises(SaemError, match="did you mean 'generate'"):
        evaluate_answers(db, str(tmp_path / "questions.jsonl"), modes=["generat"])
    with pytest.raises(SaemError, match="E102"):
        evaluate_answers(db, str(tmp_path / "questions.jsonl"), modes=["generate"])


def test_the_first_model_is_asked_where_none_is_named_and_a_command_that_measures_nothing_fails(db: saem.Project, tmp_path: Path) -> None:
    down = {"url": "http://127.0.0.1:9/v1", "model": "m", "attempts": 1}
    db.models = {"first": down, "second": down}
    made = evaluate_answers(db, str(tmp_path / "questions.jsonl"), modes=["generate"], table=db.table("chunks"))
    assert ([way.name for way, _ in made.failed], made.scores) == (["generate first"], ())
    (tmp_path / "saem.toml").write_text('[saem.models.first]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\nattempts = 1\n', encoding="utf-8")
    asked = ["evaluate", "answers", str(tmp_path / "questions.jsonl"), "-p", str(tmp_path), "--mode", "generate"]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 1
    assert "could not be asked: generate first" in told.output
