"""`saem show`, `sql`, `trace`, `doctor`, and what all commands have in common."""
import pathlib
import subprocess
import sys

import pytest
import typer

from saem.cli.main import app
from tests.cli.conftest import Saem

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.fixture
def built(saem: Saem, handbook: pathlib.Path) -> pathlib.Path:
    saem("run", "-p", handbook, "-q")
    return handbook


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_prints_json(name: str) -> None:
    command = COMMANDS[name]
    assert f"Example: saem {name}" in command.help
    assert "--json" in {option for parameter in command.params for option in parameter.opts}


def test_sql_reads_tables_and_nothing_else(saem: Saem, built: pathlib.Path) -> None:
    counted = saem("sql", "select language, count(*) as n from docs group by 1 order by 1", "-p", built, "--json").json
    assert counted["rows"] == [{"language": "en", "n": 2}, {"language": "ko", "n": 2}]
    for refused in ("drop table docs", "select * from read_csv('/etc/passwd')", "copy docs to '/tmp/x.csv'", "select * from nowhere",
                    "select 1; select 2", "attach '/tmp/x.db'"):
        answer = saem("sql", refused, "-p", built)
        assert answer.code == 2, refused
        assert "[E211]" in answer.err
    assert not [name for name in saem("sql", "select * from chunks", "-p", built, "--json").json["columns"] if name.startswith("_")]


def test_trace_leads_up_to_the_file_and_down_to_the_answer(saem: Saem, built: pathlib.Path) -> None:
    answer = saem("ask", built, "연체료는 얼마인가요?", "--json").json["answer"]
    up = saem("trace", answer, "-p", built, "--json").json
    assert up["table"] == "answers"
    document = up["parents"][0]
    assert (document["table"], document["label"]) == ("docs", "ko/library.md")
    assert (document["parents"][0]["table"], document["parents"][0]["label"]) == ("files", "ko/library.md")
    down = saem("trace", "files:ko/library.md", "-p", built, "--json").json
    made = {child["table"] for child in down["children"][0]["children"]}
    assert {"chunks", "answers", "citations"} <= made
    missing = saem("trace", "files:no/such.md", "-p", built)
    assert missing.code == 2
    assert "[E209]" in missing.err


def test_show_takes_conditions_columns_and_limits_and_names_the_near_column(saem: Saem, built: pathlib.Path) -> None:
    shown = saem("show", "docs", "-p", built, "--where", "language = 'ko'", "--columns", "path,title", "-n", "1", "--json").json
    assert shown["count"] == 2
    assert [list(row) for row in shown["rows"]] == [["path", "title"]]
    wrong = saem("show", "docs", "-p", built, "--columns", "titel")
    assert wrong.code == 2
    assert "did you mean 'title'?" in wrong.err
    assert "did you mean 'docs'?" in saem("show", "dosc", "-p", built).err


def test_quiet_leaves_only_the_result(saem: Saem, built: pathlib.Path) -> None:
    assert saem("status", "-p", built, "-q").err == ""
    assert saem("status", "-p", built, "--json").err == ""


def test_doctor_is_content_with_a_whole_project(saem: Saem, built: pathlib.Path) -> None:
    doctor = saem("doctor", "-p", built, "--json")
    assert doctor.code == 0
    assert all(check["is_ok"] for check in doctor.json["checks"])


HELP = """import saem.cli.main, sys
sys.argv = ['saem', '--help']
try: saem.cli.main.main()
except SystemExit: pass"""


@pytest.mark.parametrize("code", ["import saem", HELP])
def test_importing_and_help_load_nothing_heavy(code: str) -> None:
    heavy = "torch daft ray onnxruntime pandas lance duckdb kiwipiepy".split()
    check = f"{code}\nimport sys; found = [m for m in {heavy} if m in sys.modules]; assert not found, found"
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True)
