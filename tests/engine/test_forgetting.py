"""Forgotten means gone: from tables, indexes, old versions, answers and the catalog, and it does not come back."""
import dataclasses
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lance.file import LanceFileReader

from saem.core.errors import SaemError
from saem.core.identity import digest, row_ids
from saem.core.operator import operator
from saem.core.run import OnStep, ignore
from saem.engine.project import Project
from saem.infer import answers, ask
from saem.services.health import project_health
from saem.sources import folder, records
from saem.store.canaries import Canaries
from saem.store.scanning import scan
from saem.transform import chunk, embed, parse, sql
from tests.contract.fuzz import Crash, Fuse

SECRET = "연체료를 면제받은 학생은 김하늘이고 학번은 20311 입니다 zwqxv"
WORD = "zwqxv"


@dataclasses.dataclass
class Tap:
    student: str
    day: int
    place: str


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for number in range(12):
        write(tmp_path, f"doc{number}.md", f"# 안내 {number}\n\n도서관은 평일에 엽니다. The library opens at nine on day {number}.")
    write(tmp_path, "private-letter.md", f"# 편지\n\n{SECRET}.\n\nIt names nobody else but {WORD}.")
    return tmp_path


def write(home: Path, name: str, text: str) -> None:
    (home / "docs" / name).write_text(text, "utf-8")
    os.utime(home / "docs" / name, (1.6e9, 1.6e9 + len(text)))


def opened(home: Path, on_step: OnStep = ignore) -> Project:
    db = Project(str(home / "state"), on_step)
    docs = db.source("files", folder(str(home / "docs")), readers=["staff"]).derive("docs", parse)
    chunks = docs.derive("chunks", chunk(max_chars=200), embed(model="hash"), carry=["path", "title"])
    chunks.index(text="text", vector="embedding")
    db.source("taps", records(Tap, key=["student", "day"]))
    answers.declare(db)
    return db


def left(home: Path, *texts: str) -> dict[str, list[str]]:
    """{text: files of the state that hold it}, by the scan that decodes."""
    made = {}
    for text in texts:
        found = scan(str(home / "state"), Canaries.of(b"a key of the test", [text.encode()]))
        assert not found.unread
        made[text] = [place for places in found.places.values() for place in places]
    return made


def rows(db: Project) -> dict[str, int]:
    return {name: db.table(name).count() for name in ("files", "docs", "chunks", "answers", "citations")}


def test_a_forgotten_file_is_nowhere_and_does_not_come_back(home: Path) -> None:
    with opened(home) as db:
        db.run()
        write(home, "private-letter.md", f"# 편지\n\n{SECRET}, second edition.\n\nIt names nobody else but {WORD}.")
        db.run()
        answer = ask(db.tables["chunks"], "연체료를 면제받은 학생은 누구인가요?")
        assert WORD in answer.text
        before = left(home, SECRET, "private-letter.md")
        assert all(before.values())
        receipt = db.forget("files", "private-letter.md", reason="asked by the student")
        assert receipt.verdict == "proved", receipt.summary()
        assert {"files", "docs", "chunks", "answers", "citations"} <= set(receipt.rows)
        assert receipt.withdrawn >= 2
        assert receipt.indexes["chunks"] == ["_tokens_text"]
        assert left(home, SECRET, "private-letter.md", answer.text) == {SECRET: [], "private-letter.md": [], answer.text: []}
        assert (home / "docs" / "private-letter.md").exists()
        report = db.run()
        assert report.tables["files"].forgotten == 1
        assert all(counts.is_idle and not counts.recomputed for counts in report.tables.values()), "the rest was computed again"
        assert rows(db) == {"files": 12, "docs": 12, "chunks": 12, "answers": 0, "citations": 0}
        assert db.tables["chunks"].search("도서관")[0].row["path"].startswith("doc")
        assert db.allow("files", "private-letter.md") == 1
        assert db.run().tables["files"].added == 1


@dataclasses.dataclass
class Said:
    text: str


@dataclasses.dataclass
class Word:
    word: str


@operator(version="1")
def words(answer: Said) -> Iterable[Word]:
    for word in answer.text.split():
        yield Word(f"this word was said in an answer: {word}")


@pytest.mark.parametrize("is_published", [True, False])
def test_what_is_derived_from_an_answer_goes_with_the_document_that_it_cites(home: Path, is_published: bool) -> None:
    with opened(home) as db:
        said = db.tables["answers"].derive("said", words)
        said.index(text="word")
        notes = db.source("notes", records(Tap, key=["student", "day"]))
        notes.derive("copies", sql("select student, place from notes"))
        db.run()
        answer = ask(db.tables["chunks"], "연체료를 면제받은 학생은 누구인가요?")
        db.run()
        cited = said.to_arrow(["_id"], "word like '%zwqxv%' or word like '%20311%'")["_id"].to_pylist()
        assert cited
        notes.put([Tap("kim", 1, "a note on what was said in an answer"), Tap("lee", 1, "a note on nothing forgotten")], [cited, []])
        if is_published:
            db.run()
        receipt = db.forget("files", "private-letter.md")
        assert receipt.verdict == "proved", receipt.summary()
        assert {"answers", "said"} <= set(receipt.rows)
        assert receipt.waiting == (0 if is_published else 1)
        gone = (SECRET, answer.text, f"in an answer: {answer.text.split()[0]}", "a note on what was said")
        assert left(home, *gone) == {text: [] for text in gone}
        assert said.count() == 0
        report = db.run()
        assert report.tables["said"].is_idle
        assert db.table("copies").to_arrow()["student"].to_pylist() == ["lee"]


def test_what_waits_and_was_made_from_what_waits_goes_too(home: Path) -> None:
    with opened(home) as db:
        notes = db.source("notes", records(Tap, key=["student", "day"]))
        db.run()
        letter = db.table("chunks").to_arrow(["_id"], "path = 'private-letter.md'")["_id"].to_pylist()
        notes.put([Tap("kim", 1, "a note on the letter")], [letter])
        note = row_ids("notes", [digest("notes", next(iter(db.catalog.inbox("notes")[1])))], [b""], [0])
        notes.put([Tap("kim", 2, "a note on a note that waits")], [note])
        db.forget("files", "private-letter.md")
        assert left(home, "a note on a note that waits") == {"a note on a note that waits": []}


def test_the_receipt_tells_who_and_why_and_holds_neither_text_nor_key(home: Path) -> None:
    with opened(home) as db:
        db.run()
        receipt = db.forget("files", "private-letter.md", reason="asked by the student")
        told = [(home / "state" / "receipts" / f"{receipt.id}{suffix}").read_text("utf-8") for suffix in (".json", ".md")]
        assert all("asked by the student" in text and WORD not in text and "private" not in text for text in told)
        assert json.loads(told[0])["verdict"] == "proved"
        assert [each.id for each in db.receipts()] == [receipt.id]
        assert db.verify(receipt.id[-8:]).verdict == "proved"


def test_a_scan_of_raw_bytes_would_miss_what_the_decoding_scan_finds(home: Path) -> None:
    with opened(home) as db:
        for number in range(300):
            write(home, f"more{number}.md", f"# {number}\n\n{SECRET} {number}. " + "The same words again and again. " * 20)
        db.run()
        found = left(home, SECRET)[SECRET]
        raw = [place for place in found if SECRET.encode() not in (home / "state" / place).read_bytes()]
        assert raw, "Lance's encodings hide the text from a search for its bytes"
        assert found == left(home, SECRET)[SECRET]


def test_verify_finds_what_someone_brings_back_behind_the_back_of_saem(home: Path) -> None:
    with opened(home) as db:
        db.run()
        text = (home / "docs" / "private-letter.md").read_text("utf-8")
        receipt = db.forget("files", "private-letter.md")
        (home / "state" / "note.txt").write_text(text, "utf-8")
        assert db.verify(receipt.id).verdict == "found"
        os.remove(home / "state" / "note.txt")
        with zipfile.ZipFile(home / "state" / "copy.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("letter.md", text)
        seen = db.verify(receipt.id)
        assert seen.verdict == "found"
        assert seen.after is not None
        assert seen.after.places == ["copy.zip"]


def test_equal_text_of_another_file_is_listed_with_its_readers(home: Path) -> None:
    shutil.copyfile(home / "docs" / "private-letter.md", home / "docs" / "a-copy-of-it.md")
    with opened(home) as db:
        db.run()
        receipt = db.forget("files", "private-letter.md")
        assert receipt.verdict == "proved"
        assert {each["table"] for each in receipt.held_by} == {"files", "docs", "chunks"}
        assert {each["readers"] for each in receipt.held_by} == {"staff"}
        assert db.table("files").count("path = 'a-copy-of-it.md'") == 1


def test_an_archive_stands_for_all_that_lies_in_it(home: Path) -> None:
    with zipfile.ZipFile(home / "docs" / "letters.zip", "w") as archive:
        archive.writestr("one.md", f"# one\n\nfirst {SECRET}")
        archive.writestr("in/two.md", f"# two\n\nsecond {SECRET}")
    with opened(home) as db:
        db.run()
        assert db.table("files").count("starts_with(path, 'letters.zip/')") == 2
        assert db.forget("files", "letters.zip").rows["files"] == 2
        assert db.run().tables["files"].forgotten == 2
        assert db.table("files").count("starts_with(path, 'letters.zip')") == 0


def test_put_rows_go_by_condition_those_that_wait_too(home: Path) -> None:
    with opened(home) as db:
        taps = db.tables["taps"]
        taps.put([Tap("kim haneul", 1, "the library of the school"), Tap("lee", 1, "the gym of the school")])
        db.run()
        taps.put([Tap("kim haneul", 1, "a place that only waits in the inbox")])
        receipt = db.forget("taps", where="student = 'kim haneul'")
        assert (receipt.rows, receipt.waiting) == ({"taps": 1}, 1)
        assert left(home, "kim haneul", "a place that only waits") == {"kim haneul": [], "a place that only waits": []}
        taps.put([Tap("kim haneul", 1, "once more")])
        assert db.run().tables["taps"].forgotten == 1
        assert taps.to_arrow()["student"].to_pylist() == ["lee"]


def test_a_file_that_could_not_be_read_leaves_no_name_and_no_traceback(home: Path) -> None:
    write(home, "broken-private-file.pdf", "%PDF-1.4 " + SECRET)
    with opened(home) as db:
        db.run()
        assert [p["key"] for p in db.quarantine()] == ["broken-private-file.pdf"]
        db.forget("files", "broken-private-file.pdf")
        assert db.quarantine() == []
        assert left(home, "broken-private-file.pdf") == {"broken-private-file.pdf": []}


def test_what_is_gone_already_and_what_was_forgotten_can_be_forgotten(home: Path) -> None:
    with opened(home) as db:
        db.run()
        os.remove(home / "docs" / "private-letter.md")
        db.run()
        assert left(home, SECRET)[SECRET], "older versions hold it"
        assert db.forget("files", "private-letter.md").verdict == "proved"
        assert not left(home, SECRET)[SECRET]
        again = db.forget("files", "private-letter.md")
        assert again.is_earlier
        assert [again.id] == [each.id for each in db.receipts()], "one receipt, that of the first time"


def test_a_mistyped_key_a_derived_table_and_a_condition_that_none_meets_are_errors(home: Path) -> None:
    with opened(home) as db:
        db.run()
        for arguments, where, code in [(("files", "privat-letter.md"), None, "E209"), (("docs", "private-letter.md"), None, "E702"),
                                       (("files",), "path = 'x'", "E209"), (("files",), None, "E104"), (("nothing", "x"), None, "E202")]:
            with pytest.raises(SaemError) as error:
                db.forget(*arguments, where=where)
            assert error.value.code == code
        with pytest.raises(SaemError, match=r"saem forget files 'private-letter\.md'"):
            db.forget("docs", "private-letter.md")
        with pytest.raises(SaemError) as error:
            db.as_user("staff").forget("files", "private-letter.md")
        assert error.value.code == "E601"
        assert rows(db)["files"] == 13


def test_a_dry_run_changes_nothing(home: Path) -> None:
    with opened(home) as db:
        db.run()
        before = db.snapshot
        would = db.forget("files", "private-letter.md", dry_run=True)
        assert would.rows["files"] == 1
        assert (db.snapshot, db.receipts(), rows(db)["files"]) == (before, [], 13)


def test_a_crash_at_any_step_is_finished_by_the_next_run(home: Path) -> None:
    with opened(home) as db:
        db.run()
        ask(db.tables["chunks"], "연체료를 면제받은 학생은 누구인가요?")
    shutil.copytree(home / "state", home / "before")
    reached = []
    for left_over in range(100):
        shutil.rmtree(home / "state")
        shutil.copytree(home / "before", home / "state")
        try:
            with opened(home, Fuse(left_over)) as db:
                db.forget("files", "private-letter.md")
            break
        except Crash as point:
            reached.append(str(point))
        with opened(home) as db:
            db.run()
            assert (rows(db)["files"], rows(db)["answers"]) == (12, 0), f"after a crash at {reached[-1]}"
            assert [each.verdict for each in db.receipts()] == ["proved"], f"after a crash at {reached[-1]}"
            assert all(counts.is_idle for counts in db.run().tables.values())
        assert left(home, SECRET, "private-letter.md") == {SECRET: [], "private-letter.md": []}, f"after a crash at {reached[-1]}"
    assert {"erasure begun", "heads moved", "receipt written"} <= set(reached)


def test_a_state_that_is_put_back_from_an_older_copy_forgets_again(home: Path) -> None:
    with opened(home) as db:
        db.run()
        shutil.copytree(home / "state", home / "before")
        db.forget("files", "private-letter.md")
    put_back(home)
    with opened(home) as db:
        db.run()
        assert rows(db)["files"] == 12
        assert not left(home, SECRET)[SECRET]
        first, second = sorted(db.receipts(), key=lambda each: len(each.reason))      # of one second, so that their names do not sort
        assert first.rows["files"] == second.rows["files"] == 1
        assert first.id in second.reason
        assert db.verify(first.id).verdict == db.verify(second.id).verdict == "proved"


def put_back(home: Path) -> None:
    """The older copy of the state; the receipts stay."""
    for name in ("catalog.db", "tables"):
        path = home / "state" / name
        shutil.rmtree(path) if path.is_dir() else os.remove(path)
    shutil.copytree(home / "before", home / "state", dirs_exist_ok=True)


def test_until_it_is_erased_again_nobody_is_shown_what_an_older_copy_brought_back(home: Path) -> None:
    with opened(home) as db:
        db.run()
        shutil.copytree(home / "state", home / "before")
        receipt = db.forget("files", "private-letter.md")
    put_back(home)
    with opened(home) as db:
        readings: list[Callable[[], object]] = [
            lambda: db.table("docs").to_arrow(), lambda: db.table("chunks").search(WORD), lambda: db.sql("select * from docs"),
            lambda: db.as_user("staff").table("chunks").search(WORD), lambda: db.as_user("staff").sql("select * from docs"),
            lambda: ask(db.table("chunks"), "What does the letter name?"), lambda: db.trace("files:private-letter.md"),
            lambda: db.at(db.snapshot).table("docs").to_arrow(), lambda: db.at(db.snapshot).as_user("staff").sql("select * from docs")]
        for reading in readings:
            with pytest.raises(SaemError) as error:
                reading()
            assert error.value.code == "E705"
        found = db.verify(receipt.id)
        assert (found.verdict, found.back["files"]) == ("found", 1)
        assert "IT IS BACK" in found.summary()
        assert not found.held_by, "no row of its own is another's"
        assert [check.name for check in project_health(db) if check.is_failure] == [f"forgetting {receipt.id}"]
        db.run()
        for reading in readings[:5]:
            assert SECRET not in str(reading())


def test_what_was_allowed_again_stays_when_an_older_copy_is_put_back(home: Path) -> None:
    with opened(home) as db:
        db.run()
        shutil.copytree(home / "state", home / "before")
        receipt = db.forget("files", "private-letter.md")
        assert db.allow("files", "private-letter.md") == 1
        db.run()
    put_back(home)
    with opened(home) as db:
        assert all(counts.is_idle for counts in db.run().tables.values())
        assert rows(db)["files"] == 13
        assert [each.rows for each in db.receipts()] == [receipt.rows]
        db.forget("files", "private-letter.md")
    put_back(home)
    with opened(home) as db:
        db.run()
        assert rows(db)["files"] == 12, "forgotten anew after it had been allowed"


def test_what_was_allowed_after_the_copy_had_been_made_is_not_kept_out(home: Path) -> None:
    with opened(home) as db:
        db.run()
        db.forget("files", "private-letter.md")
        shutil.copytree(home / "state", home / "before")
        db.allow("files", "private-letter.md")
    put_back(home)
    with opened(home) as db:
        db.run()
        assert rows(db)["files"] == 13


def test_what_is_kept_out_is_told_and_is_no_work_to_do(home: Path) -> None:
    with opened(home) as db:
        db.table("taps").put([Tap("kim", 1, "gate"), Tap("lee", 1, "gate")])
        db.run()
        db.forget("files", "private-letter.md")
        db.forget("taps", ("kim", 1))
        db.table("taps").put([Tap("kim", 1, "gate")])
        steps = {step.table: step for step in db.plan()}
        assert [(steps[name].units, steps[name].why, steps[name].kept_out) for name in ("files", "taps")] == [(0, "up to date", 1)] * 2
        assert steps["docs"].why == "up to date"
        report = db.run()
        assert report.tables["taps"].forgotten == 1
        assert "1 kept out" in str(report)


def test_while_another_run_is_at_work_nothing_is_forgotten_and_it_says_so(home: Path) -> None:
    said = []

    def during(point: str) -> None:
        if point == "before publish" and not said:
            said.append("")
            with opened(home) as other, pytest.raises(SaemError) as error:
                other.forget("files", "private-letter.md")
            said.extend([error.value.code, error.value.fix])

    with opened(home) as db:
        db.run()
    with opened(home, during) as db:
        write(home, "new.md", "# new\n\nsomething new")
        db.run()
        assert said[:2] == ["", "E301"]
        assert "--wait" in said[2]


def test_copies_that_an_evaluation_keeps_go_whole(home: Path) -> None:
    with opened(home) as db:
        db.run()
        beside = home / "state" / "evaluate"
        beside.mkdir()
        (beside / "pieces.txt").write_text(SECRET, "utf-8")
        assert db.forget("files", "private-letter.md").verdict == "proved"
        assert not beside.exists()


def test_the_words_of_a_text_index_go_with_its_files(home: Path) -> None:
    with opened(home) as db:
        db.run()
        place = home / "state" / "tables" / "chunks.1.lance" / "_indices"
        before = set(os.listdir(place))
        db.forget("files", "private-letter.md")
        after = set(os.listdir(place))
        assert after
        assert not before & after
        tokens = next(place.rglob("*tokens.lance"))
        assert WORD not in str(LanceFileReader(str(tokens)).read_all().to_table().to_pylist())
