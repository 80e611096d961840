"""What someone with fresh eyes ran into, once each."""
import pathlib
import shutil
import sqlite3

import pytest

from tests.cli.conftest import Saem

PIPELINE = """
import saem
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db):
    files = db.source("files", folder({docs!r}))
    docs = files.derive({name!r}, parse)
    docs.derive("chunks", chunk(max_chars={size}), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
"""


@pytest.fixture
def school(handbook: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    place = tmp_path / "school"
    place.mkdir()
    monkeypatch.chdir(place)
    write(place, handbook)
    (place / "saem.toml").write_text("[saem]\n")
    return place


def write(place: pathlib.Path, handbook: pathlib.Path, name: str = "docs", size: int = 400) -> None:
    (place / "pipeline.py").write_text(PIPELINE.format(docs=str(handbook), name=name, size=size))


def test_after_a_parent_is_renamed_questions_are_answered_as_before(saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    saem("run")
    write(school, handbook, name="pages")
    assert saem("run").code == 0
    asked = saem("ask", "연체료는 얼마인가요?", "--json").json
    assert asked["citations"][0]["table"] == "pages"
    rows = {row["table"]: row for row in saem("status", "--json").json["tables"]}
    assert rows["chunks"]["made_from"] == ["pages"]
    assert "docs" not in rows


def test_a_pipeline_without_settings_is_still_a_project(saem: Saem, school: pathlib.Path) -> None:
    saem("run")
    (school / "saem.toml").unlink()
    assert saem("run", "--json").json["tables"]["files"]["deleted"] == 0


def test_the_tables_of_answers_are_not_to_be_had(saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    write(school, handbook, name="answers")
    refused = saem("run")
    assert refused.code == 2
    assert "[E201]" in refused.err


def test_the_plan_names_what_has_changed_and_knows_the_pace(saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    saem("run")
    write(school, handbook, size=200)
    steps = {step["table"]: step for step in saem("plan", "--json").json["tables"]}
    assert "chunk: settings {'max_chars': 400} -> {'max_chars': 200}" in steps["chunks"]["why"]
    assert steps["chunks"]["seconds"] < 60
    assert steps["docs"]["why"] == "up to date"


def test_a_name_that_is_not_defined_in_the_pipeline_names_its_line(saem: Saem, school: pathlib.Path) -> None:
    (school / "pipeline.py").write_text("import saem\n\ndef pipeline(db):\n    db.source('files', foldr('x'))\n")
    broken = saem("run")
    assert broken.code == 2
    assert "pipeline.py:4" in broken.err
    (school / "pipeline.py").write_text("from saem.transform import sql\n\ndef pipeline(db):\n    db.derive('x', sql('selec 1'))\n")
    assert "[E211]" in saem("run").err


def test_tables_whose_files_were_taken_away_are_made_again(saem: Saem, school: pathlib.Path) -> None:
    saem("run")
    shutil.rmtree(school / ".saem" / "tables" / "docs.1.lance")
    shown = saem("show", "docs")
    assert shown.code == 1
    assert "[E307]" in shown.err
    assert saem("doctor").code == 3
    assert saem("run").code == 0
    assert saem("show", "docs", "--json").json["count"] == 4
    assert "100원" in saem("ask", "연체료는 얼마인가요?").out


def test_a_condition_that_goes_on_after_its_end_is_refused(saem: Saem, school: pathlib.Path) -> None:
    saem("run")
    assert "[E211]" in saem("show", "docs", "--where", "1=1; drop table docs").err
    assert saem("show", "docs", "--where", "title = 'a;b'", "--json").json["count"] == 0
    assert "[E202]" in saem("quarantine", "nowhere").err


def test_looking_at_a_folder_leaves_nothing_in_it(saem: Saem, handbook: pathlib.Path) -> None:
    for command in (("status",), ("plan",), ("show", "docs"), ("search", "x"), ("trace", "files:x")):
        looked = saem(*command, "-p", handbook)
        assert looked.code == 1
        assert "[E208]" in looked.err
    assert not (handbook / ".saem").exists()


def test_hints_keep_the_state_that_was_named(saem: Saem, handbook: pathlib.Path, tmp_path: pathlib.Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = saem("ask", handbook, "연체료는 얼마인가요?", "--state", "elsewhere")
    assert "--state elsewhere" in asked.err.splitlines()[-1]
    assert (tmp_path / "elsewhere" / "catalog.db").exists()


def test_settings_that_are_not_known_are_named(saem: Saem, school: pathlib.Path) -> None:
    (school / "saem.toml").write_text("[saem]\nstat = 'x'\n")
    assert "did you mean 'state'?" in saem("status").err
    (school / "saem.toml").write_text("[saem]\nstate = 5\n")
    assert "[E207]" in saem("status").err


def test_errors_can_be_read_as_json(saem: Saem, school: pathlib.Path) -> None:
    assert saem("show", "nowhere", "--json").json["error"]["code"] == "E202"


def test_a_catalog_from_a_newer_saem_is_left_alone(saem: Saem, school: pathlib.Path) -> None:
    saem("run")
    with sqlite3.connect(school / ".saem" / "catalog.db") as catalog:
        catalog.execute("pragma user_version = 99")
    assert "[E205]" in saem("status").err
