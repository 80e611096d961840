"""`saem grade` as a teacher uses it: points with their evidence, and how far the judge goes with people."""
import json
import pathlib

import pytest
from typer.testing import CliRunner

from saem.cli.main import app

PIPELINE = """import saem
from saem.sources import folder
from saem.transform import parse

def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("essays"), readers=lambda path: ["staff"] if path.startswith("secret") else ["*"])
    files.derive("docs", parse)
"""
CRITERIA = [{"name": "thesis", "description": "says what it argues, and why", "least": 0, "most": 2, "looks_for": ["I argue", "because"]},
            {"name": "place", "description": "names a place", "least": 0, "most": 1, "looks_for": ["library"]}]


@pytest.fixture
def place(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "essays").mkdir()
    for name, text in {"kim.md": "I argue that the library matters, because books last.", "lee.md": "Books are nice.",
                       "secret.md": "I argue nothing."}.items():
        (tmp_path / "essays" / name).write_text(text, "utf-8")
    (tmp_path / "pipeline.py").write_text(PIPELINE, "utf-8")
    (tmp_path / "saem.toml").write_text('[saem.groups]\nstaff = ["park"]\nstudents = ["kim"]\n', "utf-8")
    lines = {"criteria.jsonl": CRITERIA, "grades.jsonl": [{"path": "kim.md", "criterion": "thesis", "points": 2},
                                                          {"path": "lee.md", "criterion": "thesis", "points": 0}]}
    for name, rows in lines.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert CliRunner().invoke(app, ["run", "-q", "-p", str(tmp_path)]).exit_code == 0
    return tmp_path


def graded(place: pathlib.Path, *more: str) -> dict[str, list[dict[str, object]]]:
    done = CliRunner().invoke(app, ["grade", "docs", "-p", str(place), "--key", "path", "--rubric", str(place / "criteria.jsonl"),
        "--json", *more])
    assert done.exit_code == 0, done.output
    made: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    return made


def test_points_come_with_the_words_that_they_rest_on_and_are_compared_with_people(place: pathlib.Path) -> None:
    made = graded(place, "--people", str(place / "grades.jsonl"), "--runs", "2")
    points = {(row["path"], row["criterion"], row["run"]): row["points"] for row in made["scores"]}
    assert points["kim.md", "thesis", 1] == 2
    assert points["lee.md", "thesis", 2] == 0
    assert len(points) == 3 * 2 * 2
    (row,) = [row for row in made["scores"] if (row["path"], row["criterion"], row["run"]) == ("kim.md", "place", 1)]
    assert row["evidence"] == [{"start": 17, "end": 24, "quote": "library"}]
    (thesis,) = [row for row in made["agreement"] if row["criterion"] == "thesis"]
    assert (thesis["texts"], thesis["kappa"], thesis["itself"]) == (2, 1.0, 1.0)


def test_who_may_not_read_a_text_sees_no_points_of_it(place: pathlib.Path) -> None:
    assert {row["path"] for row in graded(place, "--as", "kim")["scores"]} == {"kim.md", "lee.md"}


def test_a_criterion_that_no_judge_can_keep_to_is_told_and_fails_the_command(place: pathlib.Path) -> None:
    (place / "criteria.jsonl").write_text(json.dumps(CRITERIA[0] | {"least": 5, "most": 2}) + "\n", "utf-8")
    done = CliRunner().invoke(app, ["grade", "docs", "-p", str(place), "--key", "path", "--rubric", str(place / "criteria.jsonl")])
    assert done.exit_code == 3
    assert "not graded: kim.md: [E803]" in done.output
