"""Forgetting while things go wrong: broken code, models, a crash, readers and another process at work."""
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.core.run import OnStep, ignore
from saem.engine.project import Project
from saem.infer import answers, ask
from saem.services.health import project_health
from saem.sources import folder, records
from saem.store.canaries import Canaries
from saem.store.scanning import scan
from saem.train import fit, predict
from saem.transform import chunk, embed, parse
from tests.contract.fuzz import Crash, Fuse

SECRET = "연체료를 면제받은 학생은 김하늘이고 학번은 20311 입니다 zwqxv"


@dataclasses.dataclass
class Label:
    student: str
    churned: bool


@dataclasses.dataclass
class Text:
    text: str


@dataclasses.dataclass
class Length:
    letters: int


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for number in range(6):
        write(tmp_path, f"doc{number}.md", f"# 안내 {number}\n\n도서관은 평일에 엽니다. The library opens at nine on day {number}.")
    write(tmp_path, "letter.md", f"# 편지\n\n{SECRET}.")
    return tmp_path


def write(home: Path, name: str, text: str) -> None:
    (home / "docs" / name).write_text(text, "utf-8")
    os.utime(home / "docs" / name, (1.6e9, 1.6e9 + len(text)))


def handbook(home: Path, on_step: OnStep = ignore) -> Project:
    db = Project(str(home / "state"), on_step)
    docs = db.source("files", folder(str(home / "docs"))).derive("docs", parse)
    docs.derive("chunks", chunk(max_chars=200), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    answers.declare(db)
    return db


def left(home: Path) -> list[str]:
    found = scan(str(home / "state"), Canaries.of(b"a key of the test", [SECRET.encode(), b"letter.md"]))
    assert not found.unread
    return sorted({place for places in found.places.values() for place in places})


def measured(home: Path, is_broken: bool) -> Project:
    @saem.operator(version="1")
    def measure(row: Text) -> Length:
        if is_broken:
            raise ValueError("the new code is broken")
        return Length(len(row.text))

    db = Project(str(home / "state"))
    docs = db.source("files", folder(str(home / "docs"))).derive("docs", parse)
    docs.derive("measured", measure).derive("pieces", chunk(max_chars=100), carry=["path"])
    return db


def test_broken_code_does_not_stop_an_erasure(home: Path) -> None:
    with measured(home, is_broken=False) as db:
        db.run()
    with measured(home, is_broken=True) as db:
        with pytest.raises(SaemError, match="E303"):
            db.run()
        receipt = db.forget("files", "letter.md")
        assert receipt.verdict == "proved", receipt.summary()
        assert list(receipt.later) == ["measured"]
        assert "measured could not be computed again ([E303]" in receipt.page()
        assert {name: db.table(name).count() for name in ("docs", "measured", "pieces")} == {"docs": 6, "measured": 6, "pieces": 6}
        assert not left(home)
    with measured(home, is_broken=False) as db:
        db.run()
        assert db.table("measured").count() == 6
        assert all(counts.is_idle for counts in db.run().tables.values())


def models(home: Path) -> Project:
    db = Project(str(home / "state"))
    labels = db.source("labels", records(Label, key="student"))
    labels.derive("churn", fit(target="churned"))
    labels.derive("scored", predict("churn"))
    return db


def test_a_model_that_saw_a_row_is_fitted_again_without_it(home: Path) -> None:
    with models(home) as db:
        labels = [Label(f"student {number}", number % 2 == 0) for number in range(100)]      # more than name their rows one by one
        db.tables["labels"].put(labels)
        db.run()
        before = db.table("churn").to_arrow().to_pylist()[0]
        receipt = db.forget("labels", "student 17")
        after = db.table("churn").to_arrow().to_pylist()[0]
        assert receipt.models == ["churn"]
        assert (before["rows"], after["rows"]) == (100, 99)
        with Project(str(home / "again")) as again:
            labels_again = again.source("labels", records(Label, key="student"))
            labels_again.derive("churn", fit(target="churned"))
            labels_again.put([each for each in labels if each.student != "student 17"])
            again.run()
            assert again.table("churn").to_arrow(["digest", "artifact"]).to_pylist() == [{k: after[k] for k in ("digest", "artifact")}]
        assert set(db.table("scored").to_arrow()["prediction"].to_pylist()) == {49 / 99 if after["rows"] == 99 and 17 % 2 == 0 else 50 / 99}


def test_a_model_that_cannot_be_fitted_again_is_blocked(home: Path) -> None:
    with models(home) as db:
        db.tables["labels"].put([Label("kim haneul", True), Label("lee", False)])
        db.run()
        assert db.table("scored").count() == 2
    with Project(str(home / "state")) as db:           # the target was renamed: every fit fails from now on
        labels = db.source("labels", records(Label, key="student"))
        labels.derive("churn", fit(target="left"))
        labels.derive("scored", predict("churn"))
        receipt = db.forget("labels", "kim haneul")
        assert receipt.verdict == "proved"
        assert "churn" in receipt.later
        assert db.table("churn").count() == 0, "a model that saw the row still serves"
        assert db.table("scored").count() == 0, "its predictions still serve"
        with pytest.raises(SaemError):
            db.run()
    with models(home) as db:
        db.run()
        assert (db.table("churn").count(), db.table("scored").count()) == (1, 1)


def test_answers_are_forgotten_by_a_condition(home: Path) -> None:
    with handbook(home) as db:
        db.run()
        ask(db.tables["chunks"], "연체료를 면제받은 학생은 누구인가요?")
        ask(db.tables["chunks"], "When does the library open?")
        assert db.table("citations").count() >= 1
        receipt = db.forget("answers", where="question like '%연체료%'", reason="asked by the student")
        assert (receipt.rows["answers"], receipt.verdict) == (1, "proved")
        assert db.table("answers").to_arrow()["question"].to_pylist() == ["When does the library open?"]
        kept = db.table("answers").to_arrow(["_id"])["_id"].to_pylist()[0].hex()
        assert set(db.table("citations").to_arrow()["answer"].to_pylist()) <= {kept}
        found = scan(str(home / "state"), Canaries.of(b"test", ["학생은 누구인가요?".encode()]))
        assert not found.places


def test_what_a_crash_cut_off_is_told_by_doctor_and_receipts_until_it_is_done(home: Path) -> None:
    with handbook(home) as db:
        db.run()

    def stop(point: str) -> None:
        if point == "before publish":
            raise Crash(point)

    with pytest.raises(Crash), handbook(home, stop) as db:
        db.forget("files", "letter.md")
    with handbook(home) as db:
        assert [each.verdict for each in db.receipts()] == ["not done"]
        waiting = [each for each in project_health(db) if each.name.startswith("forgetting")]
        assert [(each.is_failure, each.fix) for each in waiting] == [(True, "saem run")]
        ask(db.tables["chunks"], "When does the library open?")       # whatever writes next finishes it
        assert [each.verdict for each in db.receipts()] == ["proved"]
        assert not [each for each in project_health(db) if each.name.startswith("forgetting")]
        assert not left(home)


def stop_at(number: int) -> OnStep:
    return Fuse(number)


@pytest.mark.parametrize("trouble", ["twice", "crash, then again", "crash, then another key", "crash in the crash's repair"])
def test_however_often_it_is_begun_it_ends_in_the_same_state(home: Path, trouble: str) -> None:
    with handbook(home) as db:
        db.run()
    shutil.copytree(home / "state", home / "before")
    expected = _told(home, lambda: _forget(home, "letter.md", "doc3.md"))
    shutil.rmtree(home / "state")
    shutil.copytree(home / "before", home / "state")
    again: dict[str, Callable[[], None]] = {
        "twice": lambda: (_forget(home, "letter.md", "doc3.md"), _forget(home, "letter.md")),
        "crash, then again": lambda: (_crashed(home, 12, "letter.md"), _forget(home, "letter.md", "doc3.md")),
        "crash, then another key": lambda: (_crashed(home, 20, "letter.md"), _forget(home, "doc3.md")),
        "crash in the crash's repair": lambda: (_crashed(home, 12, "letter.md"), _crashed(home, 6, "doc3.md"), _forget(home, "doc3.md")),
    }
    assert _told(home, again[trouble]) == expected
    assert not left(home)


def _forget(home: Path, *keys: str) -> None:
    with handbook(home) as db:
        db.forget("files", *keys)


def _crashed(home: Path, steps: int, key: str) -> None:
    with pytest.raises(Crash), handbook(home, stop_at(steps)) as db:
        db.forget("files", key)


def _told(home: Path, play: Callable[[], None]) -> dict[str, list[bytes]]:
    """The rows of every table after it, and a run that finds nothing more to do."""
    play()
    with handbook(home) as db:
        db.run()
        assert all(counts.is_idle for counts in db.run().tables.values())
        return {name: sorted(db.table(name).to_arrow(["_id"])["_id"].to_pylist()) for name in db.catalog.heads()}


def test_readers_meanwhile_see_one_whole_snapshot_and_no_error(home: Path) -> None:
    for number in range(30):
        write(home, f"more{number}.md", f"# more {number}\n\nSome words about number {number}.")
    with handbook(home) as db:
        db.run()
    seen: list[tuple[int, int]] = []
    errors: list[Exception] = []
    is_over = threading.Event()

    def read() -> None:
        with handbook(home) as reader:
            while not is_over.is_set():
                try:
                    one = reader.sql("select (select count(*) from files) f, (select count(*) from docs) d").to_pylist()[0]
                    seen.append((one["f"], one["d"]))
                    hits = reader.tables["chunks"].search("library number", k=3)
                    assert len(hits) == 3
                    reader.tables["docs"].to_arrow()
                    ask(reader.tables["chunks"], "When does the library open?", keep=False)
                except Exception as error:
                    errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    with handbook(home) as db:
        for number in range(4):
            db.forget("files", f"more{number}.md")
    is_over.set()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    assert len(seen) > 4
    assert all(files == docs for files, docs in seen), "a reader saw two snapshots at once"
    assert {files for files, _ in seen} <= {37, 36, 35, 34, 33}


WORK = """
import sys
from pathlib import Path
from saem.core.errors import SaemError
from tests.engine.test_forgetting_in_trouble import handbook
home, first = Path(sys.argv[1]), int(sys.argv[2])
for number in range(first, first + 3):
    with handbook(home) as db:
        db.forget("files", f"more{number}.md", wait_s=60)
        db.run(wait_s=60)
"""


def test_two_processes_that_forget_and_run_at_once_end_as_one(home: Path) -> None:
    for number in range(8):
        write(home, f"more{number}.md", f"# more {number}\n\nSome words about number {number}.")
    with handbook(home) as db:
        db.run()
    workers = [subprocess.Popen([sys.executable, "-c", WORK, str(home), str(first)], stderr=subprocess.PIPE, text=True) for first in (0, 3)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    with handbook(home) as db:
        assert [each.verdict for each in db.receipts()] == ["proved"] * 6
        assert all(counts.is_idle for counts in db.run().tables.values())
        assert sorted(db.table("docs").to_arrow()["path"].to_pylist()) == sorted(
            [*(f"doc{n}.md" for n in range(6)), "letter.md", "more6.md", "more7.md"])


def test_a_snapshot_from_before_cannot_bring_back_what_was_forgotten(home: Path) -> None:
    with handbook(home) as db:
        db.run()
        older = db.snapshot
        write(home, "doc1.md", "# other\n\nAnother text stands here now.")
        db.run()
        db.forget("files", "letter.md")
        expected = _told(home, lambda: None)
        with pytest.raises(SaemError, match="E212"):
            db.restore(older)
        db.restore(db.snapshot)
        assert _told(home, lambda: None) == expected
        assert not left(home)


def test_a_parser_that_is_killed_during_an_erasure_loses_its_own_file_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from saem.transform.isolation.process import Process
    parse_file, struck = Process.parse, list[str]()

    def killed(self: Process, module: str, content: bytes, path: str) -> object:
        os.kill(self.pid, signal.SIGKILL)
        struck.append(path)
        return parse_file(self, module, content, path)

    with handbook(home) as db:
        db.run()
        write(home, "page.html", "<h1>방학</h1><p>The summer holidays begin in July.</p>")
        db.run(only=["files"])
        monkeypatch.setattr(Process, "parse", killed)
        receipt = db.forget("files", "letter.md")
        assert (receipt.verdict, struck) == ("proved", ["page.html"]), receipt.summary()
        assert [each["key"] for each in db.quarantine("docs")] == ["page.html"]
        assert not left(home)
        monkeypatch.undo()
        db.run(retry=True)
        assert db.quarantine() == []
        assert db.table("docs").count() == 7
        assert "letter.md" not in db.table("docs").to_arrow(["path"])["path"].to_pylist()
