"""A folder of hostile files among good ones: `saem run` reads the good ones, says why not of the others, and nothing else happens."""
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.hostile import FILES, MARK, READ, SECRET, make
from saem.core import registry

SECONDS = 5
GOOD = {"good.md": f"# 이용 안내\n\n{MARK}", "good.html": f"<h1>안내</h1><p>{MARK}", "good.txt": MARK,
        "good.csv": f"이름,규정\n도서관,{MARK}\n"}
DATA = Path(__file__).parents[2] / "data"


@dataclass
class Story:
    """What came of the run: the texts by path, the reasons by path."""
    exit_code: int
    texts: dict[str, str]
    reasons: dict[str, str]
    is_called: bool
    around: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    root = tmp_path_factory.mktemp("hostile")
    secret, folder = root / "secret", root / "a" / "folder"
    secret.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server:
        make(str(folder), str(secret), server.getsockname()[1])
        for name, text in GOOD.items():
            (folder / name).write_text(text, "utf-8")
        for name in ("library_ko.pdf", "encrypted.pdf"):
            shutil.copy(DATA / name, folder)
        before = sorted(map(str, root.rglob("*")))
        environment = {**os.environ, "SAEM_PARSE_SECONDS": str(SECONDS), "SAEM_PARSE_MEMORY_MB": "1024", "SAEM_PARSE_TEXT_MB": "32"}
        state = tmp_path_factory.mktemp("state")
        pipeline = ("import saem\nfrom saem.sources import folder\nfrom saem.transform import parse\n\n\ndef pipeline(db):\n"
                    f"    db.source('files', folder({str(folder)!r})).derive('docs', parse)\n")
        (state / "pipeline.py").write_text(pipeline)

        def saem(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([sys.executable, "-m", "saem.cli.main", *arguments, "-p", str(state), "--json"], env=environment,
                                  text=True, capture_output=True, timeout=900, check=False)

        done = saem("run")
        listed = json.loads(saem("quarantine").stdout)["quarantine"]
        server.settimeout(0.1)
        try:
            server.accept()[0].close()
            is_called = True
        except TimeoutError:
            is_called = False
    import saem as package
    db = package.open(str(state))
    texts = {row["path"]: row["text"] for row in db.table("docs").to_arrow().select(["path", "text"]).to_pylist()}
    db.close()
    reasons = {problem["key"]: problem["reason"] for problem in listed}
    return Story(done.returncode, texts, reasons, is_called, sorted(set(map(str, root.rglob("*"))) ^ set(before)))


def test_the_good_files_land(story: Story) -> None:
    assert story.exit_code == 3
    for name in GOOD:
        assert MARK in story.texts[name]
    assert "연체료는 하루 100원이다." in story.texts["library_ko.pdf"]
    assert story.reasons["encrypted.pdf"].startswith("[E403]")


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_does_no_harm(story: Story, name: str) -> None:
    """It is read, or lies in quarantine with its reason; no parser crashes on it."""
    if os.path.splitext(name)[1] not in registry.parsers():
        pytest.skip("no parser takes such files")
    read = [key for key in story.texts if key == name or key.startswith(f"{name}/")]
    reasons = {reason for key, reason in story.reasons.items() if key == name or key.startswith(f"{name}/")}
    assert read or reasons
    assert {READ for _ in read} | {reason[1:5] for reason in reasons} <= set(FILES[name][1]), reasons


def test_no_other_file_is_read_or_written_and_nobody_called(story: Story) -> None:
    assert not [name for name, text in story.texts.items() if SECRET in text]
    assert story.around == []
    assert not story.is_called


def test_there_are_more_than_thirty() -> None:
    assert len([name for name in FILES if os.path.splitext(name)[1] in registry.parsers()]) >= 30
