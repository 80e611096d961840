"""The code that the documents print runs as it is printed."""
import dataclasses
import pathlib
import re
import shutil
import sys

import pytest

import saem
from saem.core.principals import clauses
from saem.engine.project import Project
from saem.sources import folder, records

ROOT = pathlib.Path(__file__).parents[2]


def blocks(name: str, language: str = "python") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_readmes_pipeline_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = tmp_path / "handbook"
    shutil.copytree(ROOT / "examples" / "handbook" / "en", docs, ignore=shutil.ignore_patterns("*.pdf", "[f-z]*"))
    project = tmp_path / "school"
    project.mkdir()
    pipeline = next(block for block in blocks("README.md") if block.startswith("# pipeline.py"))
    (project / "pipeline.py").write_text(pipeline.replace("/home/me/handbook", str(docs)), "utf-8")
    (project / "saem.toml").write_text("[saem]\n", "utf-8")
    db = saem.open(str(project))
    db.run()
    assert db.table("docs").count() == len(list(docs.rglob("*.*")))
    assert db.table("chunks").search("dormitory curfew", k=3)


@dataclasses.dataclass(frozen=True)
class Tap:
    key: str
    student: str
    amount: int


@dataclasses.dataclass(frozen=True)
class Student:
    student: str
    left: bool


@dataclasses.dataclass(frozen=True)
class Text:
    path: str
    text: str


def test_the_readmes_derivations_run(tmp_path: pathlib.Path) -> None:
    db = Project(str(tmp_path))
    names = {"db": db, "taps": db.source("taps", records(Tap)), "students": db.source("students", records(Student)),
             "docs": db.source("docs", records(Text))}
    names["taps"].put([Tap("1", "kim", 10), Tap("2", "kim", 5), Tap("3", "lee", 1)])
    names["students"].put([Student("kim", True), Student("lee", False)])
    names["docs"].put([Text("a.md", "same"), Text("b.md", "same"), Text("c.md", "other")])
    exec(next(block for block in blocks("README.md") if "group_by(" in block), names)
    db.run()
    assert db.sql("select * from spend order by student").to_pylist() == [
        {"student": "kim", "n": 2, "spent": 15}, {"student": "lee", "n": 1, "spent": 1}]
    assert db.sql("select student, spent::int as spent from weekly order by 1").to_pylist() == [
        {"student": "kim", "spent": 15}, {"student": "lee", "spent": 1}]
    assert db.table("joined").count() == 3
    assert sorted(db.table("unique").to_arrow()["text"].to_pylist()) == ["other", "same"]
    assert db.table("scored").to_arrow()["prediction"].to_pylist() == pytest.approx([2 / 3] * 3)


def test_the_operator_source_and_parser_of_contributing_work_as_one_file_each(
        tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser is put where it says, beside a copy of the package's own; operator and source are modules anywhere."""
    named = {re.search(r"^# (src/\S+\.py)", block): block for block in blocks("CONTRIBUTING.md")}
    printed = {found[1]: block for found, block in named.items() if found}
    assert len(printed) == 3
    shutil.copytree(ROOT / "src" / "saem", tmp_path / "lib" / "saem")
    for place, block in printed.items():
        (tmp_path / "lib" / place.removeprefix("src/")).write_text(block, "utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nWrite to kim@school.kr\n", "utf-8")
    (tmp_path / "holidays.txt").write_text("2026-10-09 Hangul Day\n", "utf-8")
    script = f"""
from saem.engine.project import Project
from saem.sources import folder
from saem.sources.holidays import holidays
from saem.transform import parse
from saem.transform.emails import emails
db = Project({str(tmp_path / 'state')!r})
docs = db.source("files", folder({str(tmp_path / 'docs')!r})).derive("docs", parse)
docs.derive("emails", emails(domain="school.kr"), carry=["path"])
db.source("holidays", holidays({str(tmp_path / 'holidays.txt')!r}))
db.run()
assert db.table("emails").to_arrow().to_pylist() == [{{"path": "talk.srt", "address": "kim@school.kr", "start": 9}}]
assert db.table("holidays").to_arrow().to_pylist() == [{{"date": "2026-10-09", "name": "Hangul Day"}}]
"""
    import subprocess
    env = {"PYTHONPATH": str(tmp_path / "lib"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_arrow_operator_and_the_listing_of_contributing_work(tmp_path: pathlib.Path) -> None:
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks("CONTRIBUTING.md"):
        if not block.startswith("# src/"):
            exec(block, names)
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "kim.json").write_text('{"student": "kim lee", "points": 7}', "utf-8")
    db = Project(str(tmp_path / "state"), root=str(tmp_path))
    scores = db.source("scores", names["Scores"](str(tmp_path / "scores")))  # type: ignore[operator]
    texts = db.source("texts", records(Text))
    texts.derive("counted", names["word_count"])  # type: ignore[arg-type]
    texts.put([Text("a.md", "three small words")])
    db.run()
    assert scores.to_arrow().to_pylist() == [{"path": "kim.json", "student": "kim lee", "points": 7}]
    assert db.table("counted").to_arrow()["words"].to_pylist() == [3]
    (tmp_path / "scores" / "kim.json").write_text("not json", "utf-8")
    db.run()
    assert db.quarantine("scores")[0]["key"] == "kim.json"
    assert scores.count() == 1


def test_the_main_job_answers_refuses_and_redoes_only_what_changed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "examples" / "handbook" / "ko", docs, ignore=shutil.ignore_patterns("*.pdf", "*.html"))
    before = {path: path.read_bytes() for path in docs.rglob("*") if path.is_file()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import main_job
    main_job.main(str(docs), ["연체료는 얼마인가요?", "수영장은 몇 시에 여나요?"])
    said = capsys.readouterr().out
    assert "하루 100원" in said
    assert "not found" in said
    assert re.search(r"embedded again: [1-3] of \d+ chunks", said)
    assert "now marked stale: 1 of" in said
    assert said.rstrip().splitlines()[-1].strip().startswith("saem ask")
    assert {path: path.read_bytes() for path in docs.rglob("*") if path.is_file()} == before


def test_the_folder_source_of_the_readme_takes_readers(tmp_path: pathlib.Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("a", "utf-8")
    db = Project(str(tmp_path / "state"))
    files = db.source("files", folder(str(tmp_path / "docs")), readers=["staff"])
    db.run()
    code = files.dataset().to_table(columns=["_readers"])["_readers"][0].as_py()
    assert db.catalog.readers(code) == clauses(["staff"])
