"""`saem show`, `sql`, `trace`, `doctor`, and what all commands have in common."""
import pathlib
import subprocess
import sys
import zipfile

import pytest
import typer

from saem.cli.main import app
from tests.cli.conftest import Saem

_TOP = typer.main.get_command(app).commands  # type: ignore[attr-defined]
COMMANDS = {f"{name} {inner}".strip(): command for name, each in _TOP.items()
            for inner, command in getattr(each, "commands", {"": each}).items()}


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


def test_a_date_is_compared_as_people_write_it_and_a_wrong_condition_is_told_without_the_store_s_own_words(
        saem: Saem, handbook: pathlib.Path) -> None:
    (handbook / "ko" / "회의록_2024_0726.md").write_text("연체료는 하루 70원으로 한다.\n", "utf-8")
    asked = saem("ask", handbook, "연체료는 얼마인가요?", "--where", "date = '2024-07-26'", "--json").json
    assert [citation["key"] for citation in asked["citations"]] == ["ko/회의록_2024_0726.md"]
    found = saem("search", "연체료", "-p", handbook, "--where", "array_has(dates, '2024.7.26')", "--json").json
    assert [hit["row"]["path"] for hit in found["hits"]] == ["ko/회의록_2024_0726.md"]
    for where, told in (("date = 'soon'", "dates as in: date >= '2024-07-26'"), ("dat = 3", "no column is named 'dat'"),
                        ("date >", "date")):
        for command in (("search", "연체료"), ("show", "chunks")):
            wrong = saem(*command, "-p", handbook, "--where", where)
            assert wrong.code == 2
            assert "[E211]" in wrong.err
            assert told in wrong.err
            assert "/home/" not in wrong.err
            assert "SELECT" not in wrong.err
            assert "rust" not in wrong.err


def test_a_code_that_no_row_holds_is_told(saem: Saem, built: pathlib.Path) -> None:
    (built / "codes.md").write_text("# Disks\n\nDisk E-4471 was replaced on Monday.\n", "utf-8")
    saem("run", "-p", built, "-q")
    absent, held = (saem("search", f"disk {code}", "-p", built) for code in ("E-9999", "E-4471"))
    assert "no row holds 'E-9999'" in absent.err
    assert "no row holds" not in held.err
    assert saem("search", "disk E-9999", "-p", built, "--json").json["absent"] == ["E-9999"]


def test_who_is_told_nothing_is_hinted_at_the_name_whatever_the_name_is(saem: Saem, built: pathlib.Path) -> None:
    hints = {}
    for name in ("stranger", "reader"):
        answer = saem("ask", built, "연체료는 얼마인가요?", "--as", name)
        assert "찾지 못했습니다" in answer.out
        assert answer.code == 0
        hints[name] = answer.err.replace(name, "NAME")
    assert "read as 'NAME'" in hints["stranger"]
    assert hints["stranger"] == hints["reader"]
    assert "read as 'nobody'" in saem("search", "연체료", "-p", built, "--as", "nobody").err


def test_doctor_looks_at_what_was_read_in_part_tells_sizes_and_says_how_to_convert(saem: Saem, handbook: pathlib.Path) -> None:
    (handbook / "old.hwp").write_bytes(b"\xd0\xcf\x11\xe0 old")
    (handbook / "log.jsonl").write_text('{"a": 1}\n' + "".join(f"no json {n}\n" for n in range(5)), "utf-8")
    (handbook / "loop").symlink_to(handbook)
    with zipfile.ZipFile(handbook / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("b.txt", b"0" * (257 << 20))
    saem("run", "-p", handbook, "-q")
    checks = {check["found"]: check for check in saem("doctor", "-p", handbook, "--json").json["checks"]}
    partly = next(check for found, check in checks.items() if found.startswith("log.jsonl"))
    assert not partly["is_ok"]
    assert not partly["is_failure"]
    assert any("bomb.zip/b.txt: 269,484,032 > 268,435,456 bytes" in found for found in checks)
    assert any("listed already" in found and "loop" in found for found in checks)
    assert ".hwpx" in next(check["fix"] for found, check in checks.items() if "'.hwp'" in found)


def test_a_traceback_of_a_file_that_no_operator_saw_is_its_reason(saem: Saem, handbook: pathlib.Path) -> None:
    (handbook / "out.md").symlink_to("/etc/hostname")
    saem("run", "-p", handbook, "-q")
    told = saem("quarantine", "--traceback", "-p", handbook).out.rstrip().splitlines()
    assert told[-1] == "[E406] a link that leads out of the folder is not followed"


def test_errors_name_no_line_of_the_launcher(handbook: pathlib.Path, tmp_path: pathlib.Path) -> None:
    launcher = tmp_path / "saem"
    launcher.write_text("import sys\nfrom saem.cli.main import main\nif __name__ == '__main__':\n    sys.exit(main())\n", "utf-8")
    for arguments in (("search", ""), ("show", "nothing"), ("search", "x", "--where", "y = 1")):
        ran = subprocess.run([sys.executable, str(launcher), *arguments, "-p", str(handbook)], capture_output=True, text=True)
        assert "[E2" in ran.stderr or "[E104]" in ran.stderr or not arguments[1]
        assert "where: saem" not in ran.stderr


HELP = """import saem.cli.main, sys
sys.argv = ['saem', '--help']
try: saem.cli.main.main()
except SystemExit: pass"""


@pytest.mark.parametrize("code", ["import saem", HELP])
def test_importing_and_help_load_nothing_heavy(code: str) -> None:
    heavy = "torch daft ray onnxruntime pandas lance duckdb kiwipiepy".split()
    check = f"{code}\nimport sys; found = [m for m in {heavy} if m in sys.modules]; assert not found, found"
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True)
