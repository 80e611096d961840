"""A row that may not be read answers like one that is not there, byte for byte, whatever command or method is asked for it."""
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
import typer

import saem
from saem.cli.main import app
from saem.core.errors import SaemError
from saem.infer import ask, picture
from saem.infer.approved import approve
from tests.docs.pages import saem_in_process

PIPELINE = """import saem
from saem.infer import approved
from saem.sources import folder
from saem.transform import chunk, embed, group_by, parse

def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("docs"), readers=lambda path: ["*"] if path == "public.md" else ["staff"])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    docs.derive("sizes", group_by(values={"n": "count()"}), by="path")
    approved.declare(db)
"""
HIDDEN, ABSENT = "closed", "nowhere"
RUBRIC = str(Path(__file__).with_name("criteria.jsonl"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("office")
    (root / "docs").mkdir()
    (root / "docs" / "public.md").write_text("# Open\n\nThe library opens at nine.", encoding="utf-8")
    (root / "docs" / f"{HIDDEN}.md").write_text("# Closed\n\nThe vault code is 4711.", encoding="utf-8")
    (root / "saem.toml").write_text('[saem.groups]\nstaff = ["lee"]\nstudents = ["kim"]\n', encoding="utf-8")
    (root / "pipeline.py").write_text(PIPELINE, encoding="utf-8")
    with saem.open(str(root)) as db:
        db.run()
        approve(db, ask(db.as_user("lee").table("chunks"), "What is the vault code?"))
        approve(db, [("When does the library open?", "At nine.")])
        db.run()
    return root


@pytest.fixture(scope="module")
def ids(place: Path) -> dict[str, list[str]]:
    """Rows that kim may not read, and as many that nobody has."""
    with saem.open(str(place)) as db:
        hidden = [db.published(name).to_table(columns=["_id"], filter=f"path = '{HIDDEN}.md'")["_id"][0].as_py().hex()
                  for name in ("files", "docs", "chunks", "sizes")]
        hidden.append(db.published("answers").to_table(columns=["_id"])["_id"][0].as_py().hex())
    return {HIDDEN: hidden, ABSENT: [blake2b(each.encode(), digest_size=16).hexdigest() for each in hidden]}


def _condition(name: str) -> str:
    return f"path = '{name}.md'"


# how each command with --as is asked for a row: by a word that stands for it, and by ids
COMMANDS: dict[str, Callable[[str, list[str]], list[list[str]]]] = {
    "trace": lambda name, ids: [["trace", f"{table}:{name}.md"] for table in ("files", "docs", "chunks", "sizes")]
    + [["trace", each] for each in ids] + [["trace", each[:12]] for each in ids],
    "show": lambda name, ids: [["show", table, "--ids", "--where", _condition(name)] for table in ("files", "docs", "chunks", "sizes")],
    "search": lambda name, ids: [["search", "vault code"], ["search", "vault code", "--where", _condition(name)]],
    "sql": lambda name, ids: [["sql", f"select count(*) n, max(text) t from docs where {_condition(name)}"]],
    "ask": lambda name, ids: [["ask", "What is the vault code?", "--where", _condition(name)]],
    "show-citation": lambda name, ids: [["show-citation", ids[-1]], ["show-citation", ids[-1][:12]]],
    "similar": lambda name, ids: [["similar", "What is the vault code?"]],
    "grade": lambda name, ids: [["grade", "docs", "--key", "path", "--rubric", RUBRIC, "--where", _condition(name)]],
    "status": lambda name, ids: [["status"]],
    "curate": lambda name, ids: [["curate", "report"], ["curate", "report", "--table", "docs"]],
}


def test_no_command_that_reads_as_someone_is_left_out() -> None:
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    read = {name for name, command in commands.items() if any("--as" in each.opts for each in command.params)}
    assert read - {"mcp", "chat"} == set(COMMANDS)              # those two go on talking: tests/mcp, tests/infer/test_personal.py


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_the_same_of_a_denied_row_and_of_a_missing_one(place: Path, ids: dict[str, list[str]], command: str) -> None:
    asked = {name: COMMANDS[command](name, ids[name]) for name in (HIDDEN, ABSENT)}
    for extra in ([], ["--json"]):
        for denied, missing in zip(asked[HIDDEN], asked[ABSENT], strict=True):
            told = [_said([*words, "--as", "kim", "-p", str(place), *extra], name, ids[name])
                    for words, name in ((denied, HIDDEN), (missing, ABSENT))]
            assert told[0] == told[1], denied
            assert "4711" not in told[0][1]


def _said(words: list[str], name: str, ids: list[str]) -> tuple[int, str]:
    """(exit code, what was printed), without the very words of the question."""
    code, text = saem_in_process(["saem", *words])
    for each in ids:
        text = text.replace(each, "ID").replace(each[:12], "ID")
    text = re.sub(r"\b[0-9a-f]{12,32}\b", "ID", text.replace(name, "NAME"))       # a new answer has an id of its own,
    return code, re.sub(r'"snapshot": \d+', '"snapshot": N', text)                 # and is a publish


def test_the_rows_are_there_for_who_may_read_them(place: Path, ids: dict[str, list[str]]) -> None:
    for command in ("trace", "show", "sql", "show-citation"):
        for words in COMMANDS[command](HIDDEN, ids[HIDDEN]):
            more = ["--out", str(place / "quote.png")] if command == "show-citation" else []
            code, text = saem_in_process(["saem", *words, "--as", "lee", "-p", str(place), *more])
            assert code == 0, (words, text)


DOORS: dict[str, Callable[[saem.Project, str, str], Any]] = {
    "trace by label": lambda db, name, row: db.trace(f"docs:{name}.md"),
    "trace by id": lambda db, name, row: db.trace(row),
    "picture": lambda db, name, row: picture(db, row),
    "rows": lambda db, name, row: db.table("docs").to_arrow(where=_condition(name)).to_pylist(),
    "count": lambda db, name, row: db.table("sizes").count(_condition(name)),
    "search": lambda db, name, row: [hit.to_dict() for hit in db.table("chunks").search("vault code", where=_condition(name))],
    "diff": lambda db, name, row: db.diff(db.snapshot),
    "why not": lambda db, name, row: db.why_not("kim", f"docs:{name}.md"),
    "who can read": lambda db, name, row: db.who_can_read(row),
    "forget": lambda db, name, row: db.forget("files", f"{name}.md"),
    "allow": lambda db, name, row: db.allow("files", f"{name}.md"),
    "verify": lambda db, name, row: db.verify(row),
    "restore": lambda db, name, row: db.restore(1),
    "quarantine": lambda db, name, row: db.quarantine(),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_method_says_the_same_of_a_denied_row_and_of_a_missing_one(place: Path, ids: dict[str, list[str]], door: str) -> None:
    told = []
    with saem.open(str(place)) as db:
        for name in (HIDDEN, ABSENT):
            for row in ids[name]:
                try:
                    said = repr(DOORS[door](db.as_user("kim"), name, row))
                except SaemError as error:
                    said = f"{error.code} {error.exit_code} {error}"
                told.append(said.replace(name, "NAME").replace(row, "ROW"))
    assert len(set(told)) == 1
