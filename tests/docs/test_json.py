"""What the commands print with --json is what docs/reference/schemas.json says, field by field."""
import dataclasses
import io
import json
import os
import pathlib
import shutil
from typing import Any

import pytest
import typer

import saem
from saem.cli.main import app
from saem.infer.memory import memory
from tests.docs.pages import ROOT, saem_in_process
from tests.docs.test_docs import make_reference

SCHEMAS: dict[str, Any] = json.loads((ROOT / "docs" / "reference" / "schemas.json").read_text("utf-8"))["$defs"]
TYPES: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool,
                         "null": type(None), "object": dict, "array": list}


def check(value: Any, schema: dict[str, Any], where: str) -> None:
    """The part of JSON Schema that schemas.json uses; a field that it does not name is an error."""
    if "$ref" in schema:
        return check(value, SCHEMAS[schema["$ref"].rpartition("/")[2]], where)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, TYPES[k]) and not (isinstance(value, bool) and k in ("integer", "number")) for k in kinds), (where, value)
    if isinstance(value, list):
        for each in value:
            check(each, schema["items"], f"{where}[]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema["required"]) <= set(value) <= set(schema["properties"]), (where, set(value) ^ set(schema["properties"]))
        for name, each in value.items():
            check(each, schema["properties"][name], f"{where}.{name}")
    elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        for name, each in value.items():
            check(each, schema["additionalProperties"], f"{where}.{name}")


def told(*words: object) -> Any:
    _, said = saem_in_process(["saem", *map(str, words), "--json", "-q"])
    return json.loads(said[said.index("\n{") + 1:] if not said.startswith("{") else said)     # an error has a message before it


CURATION = """
    from dataclasses import dataclass
    from saem.curate import Override, Policy, decide, measure
    from saem.sources import records

    @dataclass
    class Edge:
        key: str
        left: bytes
        right: bytes
        similarity: float
        kind: str

    docs = db.tables["docs"]
    edges, overrides = db.source("edges", records(Edge)), db.source("overrides", records(Override))
    docs.derive("signals", measure()).derive("decisions", decide(Policy(near_duplicate=0.7)), using=[edges, overrides])
"""


MODEL = """
    from tests.docs.test_json import Label, count
    db.source("labels", records(Label, key="student")).derive("models", count)
"""


@dataclasses.dataclass
class Label:
    student: str


@dataclasses.dataclass
class Model:
    rows: int


@saem.operator(version="1")
def count(labels: list[Label]) -> Model:
    """A model of two students; of one it cannot be made."""
    if len(labels) < 2:
        raise ValueError("too few")
    return Model(len(labels))


def blocked_model(pipeline: pathlib.Path) -> None:
    """A model that saw what was forgotten, and cannot be fitted again."""
    pipeline.write_text(pipeline.read_text("utf-8").rstrip() + "\n" + MODEL, "utf-8")
    with saem.open(str(pipeline.parent)) as db:
        db.tables["labels"].put([Label("student haneul"), Label("student sarang")])
        db.run()
        assert db.forget("labels", "student haneul").blocked


def add_curation(pipeline: pathlib.Path) -> None:
    """Decisions at the end of a pipeline."""
    pipeline.write_text(pipeline.read_text("utf-8").rstrip() + "\n" + CURATION, "utf-8")


def test_every_command_prints_what_the_schemas_say(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("ko/library.md", "en/library.md"):
        shutil.copyfile(ROOT / "examples" / "handbook" / name, docs / name.replace("/", "_"))
        os.utime(docs / name.replace("/", "_"), (1_750_000_000, 1_750_000_000))
    (docs / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (tmp_path / "questions.jsonl").write_text('{"question": "연체료는 얼마인가요?", "document": "ko_library.md"}\n', "utf-8")
    printed = {"init": told("init", "school", "--docs", "docs")}
    (tmp_path / "school" / "saem.toml").write_text('[saem]\n[saem.groups]\nstaff = ["kim"]\n', "utf-8")
    pipeline = tmp_path / "school" / "pipeline.py"
    pipeline.write_text(pipeline.read_text("utf-8").replace("embed()", 'embed(model="hash")'), "utf-8")
    monkeypatch.setenv("SAEM_PROJECT", str(tmp_path / "school"))
    printed |= {"run": told("run"), "plan": told("plan"), "retry": told("retry"), "ask": told("ask", "연체료는 얼마인가요?")}
    printed |= {"search": told("search", "대출", "-k", 3), "status": told("status"), "show": told("show", "docs"), "doctor": told("doctor")}
    printed |= {"sql": told("sql", "select path, length(text) as n from docs"), "trace": told("trace", "files:ko_library.md")}
    printed |= {"evaluate": told("evaluate", "questions.jsonl", "--chunk", "heading:400"), "quarantine": told("quarantine")}
    printed |= {"evaluate answers": told("evaluate", "answers", "questions.jsonl")}
    printed |= {"who-can-read": told("who-can-read", "files:ko_library.md"), "why-not": told("why-not", "kim", "docs:ko_library.md")}
    printed |= {"grant": told("grant", "docs", "kim", "--reason", "exam"), "revoke": told("revoke", "docs", "kim")}
    printed |= {"log": told("log"), "diff": told("diff", 1), "restore": told("restore", 1, "--dry-run")}
    add_curation(pipeline)
    told("run")
    printed["curate"] = told("curate", "report")
    printed["show-citation"] = told("show-citation", printed["ask"]["answer"], "--out", "quote.png")
    printed |= {"forget": told("forget", "files", "en_library.md", "--reason", "asked"), "receipts": told("receipts")}
    printed |= {"verify": told("verify", printed["forget"]["id"]), "allow": told("allow", "files", "en_library.md")}
    blocked_model(pipeline)
    printed["accept"] = told("accept", "models", "--reason", "counts only")
    pipeline.write_text(pipeline.read_text("utf-8") + '\n    from saem.infer.memory import memory\n    memory(db, "tutor")\n', "utf-8")
    with saem.open(str(tmp_path / "school")) as db:
        memory(db, "tutor").remember("나는 부산에 살아", session="s1", user="kim", at="2026-03-01")
        key = memory(db, "tutor").remember("서울로 이사했어", session="s1", user="kim", at="2026-04-01")
    printed |= {"memory list": told("memory", "list", "--user", "kim", "--kind", "all"), "memory export": told("memory", "export")}
    printed |= {"memory why": told("memory", "why", key), "memory forget": told("memory", "forget", key)}
    monkeypatch.setattr("sys.stdin", io.StringIO("연체료는 얼마인가요?\n"))
    printed |= {"chat": told("chat", "--as", "kim")}
    rubric = tmp_path / "criteria.jsonl"
    rubric.write_text('{"name": "fee", "description": "names a fee", "least": 0, "most": 1, "looks_for": ["fee|연체료"]}\n', "utf-8")
    printed["grade"] = told("grade", "docs", "--key", "path", "--rubric", rubric)
    printed |= {"approve": told("approve", "Where is it?", "On floor 2."), "similar": told("similar", "Where is it?")}
    printed |= {"mcp": told("mcp", "--as", "kim", "--dry-run")}
    settings = tmp_path / "school" / "saem.toml"
    more = '\n[saem.models.local]\nmodel = "m"\n\n[saem.gateway.keys.web]\ntoken_env = "WEB_KEY"\n'
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")
    monkeypatch.setenv("WEB_KEY", "a-key-of-sixteen-letters")
    printed |= {"gateway": told("gateway", "--dry-run")}
    printed["error"] = told("show", "nothing")
    commands = {name for name, _ in make_reference().commands(typer.main.get_command(app))}
    assert commands <= set(printed), f"run it here, and describe it in docs/reference/schemas.json: {commands - set(printed)}"
    for name, value in printed.items():
        check(value, SCHEMAS[name], name)
    check(told("trace", printed["ask"]["answer"]), SCHEMAS["trace"], "trace of an answer")
    with pytest.raises(AssertionError):
        check({**printed["run"], "more": 1}, SCHEMAS["run"], "run")
