"""`saem init`, `run`, `plan`, `retry`: a project's life."""
import email.message
import pathlib

import pytest

from tests.cli.conftest import Saem


@pytest.fixture
def school(saem: Saem, handbook: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    assert saem("init", "school", "--docs", handbook).code == 0
    monkeypatch.chdir(tmp_path / "school")
    return tmp_path / "school"


def test_a_project_is_made_planned_run_and_asked_as_the_readme_says(saem: Saem, school: pathlib.Path) -> None:
    steps = {step["table"]: step for step in saem("plan", "--json").json["tables"]}
    assert steps["files"]["units"] == 4
    assert steps["chunks"]["why"] == "never built"
    ran = saem("run", "--json").json["tables"]
    counted = ("added", "changed", "deleted", "unchanged", "reused", "computed", "quarantined", "seconds")
    assert all(set(counted) <= set(counts) for counts in ran.values())
    assert (ran["files"]["added"], ran["docs"]["added"]) == (4, 4)
    assert ran["chunks"]["computed"] == ran["chunks"]["added"] > 0
    assert "하루 100원" in saem("ask", "연체료는 얼마인가요?").out
    assert saem("status", "--json").json["tables"][0] == {
        "table": "files", "rows": 4, "made_from": [], "quarantined": 0, "skipped": 0, "declared": True}
    assert {step["why"] for step in saem("plan", "--json").json["tables"]} == {"up to date"}


def test_a_rename_computes_nothing_and_a_change_only_itself(saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    saem("run")
    (handbook / "canteen.md").rename(handbook / "food.md")
    renamed = saem("run", "--json").json["tables"]
    assert renamed["chunks"]["computed"] == 0
    assert renamed["chunks"]["reused"] > 0
    with (handbook / "parking.txt").open("a", encoding="utf-8") as file:
        file.write("\nBicycles stand beside the gate.\n")
    plan = {step["table"]: step["units"] for step in saem("plan", "--json").json["tables"]}
    assert plan["files"] == 1
    changed = saem("run", "--json").json["tables"]
    assert changed["docs"]["changed"] == 1
    assert changed["chunks"]["computed"] <= 2
    assert changed["chunks"]["unchanged"] > 0


def test_a_file_that_cannot_be_read_is_quarantined_the_rest_lands_and_it_leaves_when_mended(
        saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    (handbook / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is a PDF")
    (handbook / "empty.md").write_text("")
    (handbook / "film.mkv").write_bytes(b"\x1aE\xdf\xa3")
    ran = saem("run", "--json")
    assert ran.code == 3
    assert ran.json["tables"]["docs"]["quarantined"] == 2
    assert ran.json["tables"]["files"]["skipped"] == 1
    held = saem("quarantine", "--json")
    assert held.code == 3
    assert {row["key"]: row["reason"].split("]")[0][1:] for row in held.json["quarantine"]}.keys() == {"broken.pdf", "empty.md"}
    doctor = saem("doctor")
    assert doctor.code == 3
    assert "film.mkv" in doctor.out
    (handbook / "empty.md").write_text("# No longer empty\n\nThe gate closes at nine.\n")
    (handbook / "broken.pdf").unlink()
    assert saem("run").code == 0
    assert "nothing is in quarantine" in saem("quarantine").out


def test_a_skipped_type_alone_is_no_failure(saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    (handbook / "film.mkv").write_bytes(b"\x1aE\xdf\xa3")
    assert saem("run").code == 0


def test_retry_computes_what_failed_for_a_passing_reason(saem: Saem, school: pathlib.Path, tmp_path: pathlib.Path) -> None:
    flag = tmp_path / "up"
    (school / "pipeline.py").write_text(f"""
import os
from dataclasses import dataclass
import saem
from saem.sources import folder
from saem.transform import parse

@dataclass
class Document:
    text: str

@dataclass
class Length:
    length: int

@saem.operator(version="1")
def measure(doc: Document) -> Length:
    if not os.path.exists({str(flag)!r}):
        raise ConnectionError("the server is down")
    return Length(len(doc.text))

def pipeline(db: saem.Project) -> None:
    db.source("files", folder({str(tmp_path / 'handbook')!r})).derive("docs", parse).derive("lengths", measure)
""", "utf-8")
    assert saem("run", "--json").json["tables"]["lengths"]["quarantined"] == 4
    flag.write_text("")
    assert saem("run", "--json").json["tables"]["lengths"]["quarantined"] == 4      # nothing has changed: it is not tried again by itself
    assert saem("retry", "--json").json["tables"]["lengths"]["quarantined"] == 0
    assert saem("show", "lengths", "--json").json["count"] == 4


def test_a_broken_pipeline_names_its_line(saem: Saem, school: pathlib.Path) -> None:
    (school / "pipeline.py").write_text("import saem\n\ndef pipeline(db):\n    db.nothing(\n", "utf-8")
    broken = saem("run")
    assert broken.code == 2
    assert "[E207]" in broken.err
    assert "pipeline.py:" in broken.err
    (school / "pipeline.py").write_text("import saem\nfrom saem.transform import chunk\nchunk(max_char=3)\n", "utf-8")
    mistyped = saem("run")
    assert "pipeline.py:3" in mistyped.err
    assert "did you mean 'max_chars'?" in mistyped.err


def test_outside_of_a_project_the_way_in_is_named(saem: Saem, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lost = saem("status")
    assert lost.code == 2
    assert "saem init" in lost.err


def test_an_existing_project_is_not_overwritten(saem: Saem, school: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(school.parent)
    assert saem("init", "school").code == 2


def test_state_can_be_kept_elsewhere(saem: Saem, handbook: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert saem("ask", handbook, "연체료는 얼마인가요?", "--state", tmp_path / "state").code == 0
    assert not (handbook / ".saem").exists()
    assert (tmp_path / "state" / "catalog.db").exists()


def test_what_was_read_in_part_is_told_by_the_run_and_by_doctor(saem: Saem, school: pathlib.Path, handbook: pathlib.Path) -> None:
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"] = "Rules", "office@school.kr"
    mail.set_content("The gate closes at ten.")
    locked = pathlib.Path(__file__).parent.parent / "data" / "encrypted.pdf"
    mail.add_attachment(locked.read_bytes(), "application", "pdf", filename="secret.pdf")
    (handbook / "rules.eml").write_bytes(bytes(mail))
    ran = saem("run")
    assert ran.code == 0
    assert "docs: 1 read in part, such as rules.eml" in ran.out
    assert "secret.pdf" in saem("doctor").out
