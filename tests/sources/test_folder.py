"""A folder of files, as a user's disk really is: names, links, files that change while they are read."""
import io
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.engine.project import Project
from saem.sources import folder

room = sys.modules["saem.sources.folder"]      # the name in the package is that of the function
LONG_AGO = 1_600_000_000


class Desk:
    """A folder and a project over it."""

    def __init__(self, home: Path) -> None:
        self.root, self.home, self.times = home / "docs", home, iter(range(LONG_AGO, LONG_AGO + 1000))
        self.root.mkdir()
        self.reads: list[str] = []

    def write(self, name: str | bytes, text: str | bytes = "text") -> None:
        path = os.path.join(os.fsencode(self.root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (next(self.times),) * 2)

    def run(self, **settings: object) -> dict[str, bytes]:
        """What the table holds after a run: {path: content}; `problems` and `skipped` say what it does not."""
        db = Project(str(self.home / "state"))
        source = folder(str(self.root), **{"types": ["*"], **settings})
        read = source.read
        source.read = lambda key: self.reads.append(key) or read(key)      # type: ignore[method-assign,func-returns-value]
        files = db.source("files", source)
        try:
            self.report = db.run().tables["files"]
            self.problems = {p["key"]: p["reason"] for p in db.catalog.problems("files", "failed")}
            self.skipped = {p["key"]: p["reason"] for p in db.catalog.problems("files", "skipped")}
            rows = files.to_arrow(columns=["path", "content"]).to_pylist()
            assert len({row["path"] for row in rows}) == len(rows)
            return {row["path"]: row["content"] for row in rows}
        finally:
            db.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_new_changed_and_deleted_files(desk: Desk) -> None:
    desk.write("a.txt", "one")
    desk.write("sub/b.txt", "two")
    assert desk.run() == {"a.txt": b"one", "sub/b.txt": b"two"}
    desk.write("a.txt", "ONE")
    (desk.root / "sub/b.txt").unlink()
    assert desk.run() == {"a.txt": b"ONE"}


def test_a_file_that_has_not_changed_is_not_read_again(desk: Desk) -> None:
    desk.write("a.txt")
    desk.write("b.txt")
    desk.run()
    desk.reads.clear()
    desk.write("b.txt", "other")
    desk.run()
    assert desk.reads == ["b.txt"]


def test_a_file_that_was_only_touched_is_read_but_changes_nothing(desk: Desk) -> None:
    desk.write("a.txt", "same")
    desk.run()
    desk.write("a.txt", "same")
    desk.run()
    assert desk.report.is_idle
    desk.reads.clear()
    desk.run()
    assert desk.reads == []


def test_a_change_within_one_tick_of_the_clock_is_seen(desk: Desk) -> None:
    """Same size, same time: a file just written may change again, so its stamp is not trusted yet."""
    path, now = desk.root / "a.txt", time.time_ns()
    for text in (b"one", b"two"):
        path.write_bytes(text)
        os.utime(path, ns=(now, now))
        assert desk.run() == {"a.txt": text}


def test_hidden_files_and_what_saemignore_and_exclude_name_are_left_out(desk: Desk) -> None:
    for name in ("keep.txt", ".hidden", ".git/config", "~$open.docx", "node_modules/x.js", "drafts/a.txt", "deep/drafts/a.txt", "b.tmp",
                 "logs/today.log", "logs/keep.txt", "private/x.txt"):
        desk.write(name)
    desk.write(".saemignore", "# rules\ndrafts/\n*.log   # all of them\n\n")
    assert set(desk.run(exclude=["*.tmp", "private/**"])) == {"keep.txt", "logs/keep.txt"}


def test_a_file_that_becomes_excluded_is_deleted(desk: Desk) -> None:
    desk.write("a.txt")
    desk.write("b.txt")
    desk.run()
    assert set(desk.run(exclude=["a.*"])) == {"b.txt"}


def test_types_that_are_not_taken_are_listed_with_the_rule(desk: Desk) -> None:
    desk.write("a.txt")
    desk.write("b.xyz")
    desk.write("noending")
    assert set(desk.run(types=[".txt"])) == {"a.txt"}
    assert desk.skipped == {"b.xyz": "no parser takes '.xyz' files", "noending": "no parser takes '' files"}
    assert set(desk.run(types=[".TXT", ".xyz"])) == {"a.txt", "b.xyz"}
    assert set(desk.skipped) == {"noending"}


def test_a_file_that_is_too_large_is_listed_with_both_sizes(desk: Desk) -> None:
    desk.write("a.txt", "x" * 1000)
    desk.write("b.txt", "x" * 2000)
    assert set(desk.run(max_bytes=1000)) == {"a.txt"}
    assert desk.skipped == {"b.txt": "max_bytes: 2,000 > 1,000 bytes"}
    desk.write("b.txt", "x" * 3000)
    desk.run(max_bytes=1000)
    assert desk.skipped == {"b.txt": "max_bytes: 3,000 > 1,000 bytes"}, "the reason is that of today"
    assert set(desk.run(max_bytes=5000)) == {"a.txt", "b.txt"}
    assert desk.skipped == {}


NAMES = ["new\nline.txt", "tab\there.txt", "quo'te\".txt", "per%cent*?.txt", "샘물.txt",
         " spaces .txt", "emoji 🪣.txt", "back\\slash.txt", "-rf", "a" * 250]


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_name_is_a_name(desk: Desk, name: str) -> None:
    desk.write(name, "one")
    assert desk.run() == {name: b"one"}
    desk.write(name, "two!")
    assert desk.run() == {name: b"two!"}
    (desk.root / name).unlink()
    assert desk.run() == {}


def test_a_name_that_is_no_utf8_keeps_its_bytes_as_escapes(desk: Desk) -> None:
    desk.write(b"caf\xe9.txt", "latin")
    assert desk.run() == {"caf\\xe9.txt": b"latin"}
    desk.write(b"caf\xe9.txt", "changed")
    assert desk.run() == {"caf\\xe9.txt": b"changed"}


def test_one_name_in_two_spellings_of_unicode_is_one_key(desk: Desk) -> None:
    desk.write("e\u0301te\u0301.txt", "decomposed, as on a Mac")
    assert desk.run() == {"\u00e9t\u00e9.txt": b"decomposed, as on a Mac"}
    desk.write("\u00e9t\u00e9.txt", "both lie there")
    assert len(desk.run()) == 2


def test_a_file_that_is_respelled_in_place_is_still_read(desk: Desk) -> None:
    source = folder(str(desk.root), types=["*"])
    db = Project(str(desk.home / "state"))
    files = db.source("files", source)
    desk.write("e\u0301.txt", "one")
    db.run()
    (desk.root / "e\u0301.txt").unlink()
    desk.write("\u00e9.txt", "two!")
    db.run()
    assert files.to_arrow()["content"].to_pylist() == [b"two!"]


def test_a_loop_of_links_ends(desk: Desk) -> None:
    desk.write("sub/a.txt")
    (desk.root / "sub/up").symlink_to(desk.root)
    (desk.root / "sub/self").symlink_to(desk.root / "sub")
    assert set(desk.run()) == {"sub/a.txt"}
    assert {key: "listed already" in rule for key, rule in desk.skipped.items()} == {"sub/up": True, "sub/self": True}


def test_a_link_within_the_folder_is_read_and_one_that_leads_out_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.write("a.txt", "mine")
    (tmp_path / "secret.txt").write_text("another's", "utf-8")
    (tmp_path / "secrets").mkdir()
    (desk.root / "inside.txt").symlink_to(desk.root / "a.txt")
    (desk.root / "outside.txt").symlink_to(tmp_path / "secret.txt")
    (desk.root / "outside").symlink_to(tmp_path / "secrets")
    assert desk.run() == {"a.txt": b"mine", "inside.txt": b"mine"}
    assert set(desk.problems) == {"outside.txt", "outside"}
    assert all("leads out of the folder" in reason for reason in desk.problems.values())


def failing(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Root can read everything, so the refusal is put between."""
    def opened(path: str, *arguments: object, **named: object) -> object:
        if str(path).endswith(name):
            raise error
        return open(path, *arguments, **named)      # type: ignore[call-overload]
    monkeypatch.setattr(room, "open", opened, raising=False)


def test_a_file_that_cannot_be_read_keeps_what_was_read_before_and_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("a.txt", "one")
    desk.write("b.txt", "two")
    desk.run()
    desk.write("a.txt", "ONE!")
    failing(monkeypatch, "a.txt", PermissionError(13, "Permission denied"))
    assert desk.run() == {"a.txt": b"one", "b.txt": b"two"}
    assert desk.problems == {"a.txt": "[E406] PermissionError: [Errno 13] Permission denied"}
    monkeypatch.undo()
    assert desk.run()["a.txt"] == b"ONE!"
    assert desk.problems == {}


def test_a_new_file_that_cannot_be_read_is_in_quarantine(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("a.txt", "one")
    failing(monkeypatch, "a.txt", OSError(5, "Input/output error"))
    assert desk.run() == {}
    assert list(desk.problems) == ["a.txt"]


def test_a_file_that_vanishes_before_it_is_read_is_not_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("a.txt", "one")
    desk.write("b.txt", "two")
    failing(monkeypatch, "a.txt", FileNotFoundError(2, "No such file"))
    assert desk.run() == {"b.txt": b"two"}
    assert desk.problems == {}


def test_a_file_that_grows_while_it_is_read_is_read_whole_in_the_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("a.log", "one")
    left = 2

    class Growing(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal left
            found = super().read(size)
            if left:
                left -= 1
                desk.write("a.log", found + b" more")
            return found

    def opened(path: str, *how: str, **named: str) -> object:
        return open(path, *how, **named) if named else Growing(path, *how)      # type: ignore[call-overload]

    monkeypatch.setattr(room, "open", opened, raising=False)
    assert desk.run() == {"a.log": b"one more more"}


def test_a_folder_that_cannot_be_listed_keeps_its_rows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("a.txt")
    desk.write("locked/b.txt")
    desk.write("locked/deep/c.txt")
    desk.write("lockedtoo.txt")
    before = desk.run()
    scandir = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    (desk.root / "lockedtoo.txt").unlink()
    assert set(desk.run()) == set(before) - {"lockedtoo.txt"}
    assert desk.problems == {"locked": "[E406] the folder cannot be listed: Permission denied"}
    monkeypatch.undo()
    shutil.rmtree(desk.root / "locked")
    assert set(desk.run()) == {"a.txt"}
    assert desk.problems == {}


def test_a_folder_that_is_gone_deletes_nothing(desk: Desk) -> None:
    desk.write("a.txt")
    desk.run()
    os.rename(desk.root, desk.home / "unmounted")
    with pytest.raises(SaemError, match="is the disk mounted") as error:
        desk.run()
    assert error.value.code == "E305"
    os.rename(desk.home / "unmounted", desk.root)
    assert set(desk.run()) == {"a.txt"}
    assert desk.report.is_idle


def test_a_file_becomes_a_folder_and_a_folder_a_file(desk: Desk) -> None:
    desk.write("a", "file")
    desk.write("b/x.txt", "in folder")
    desk.run()
    (desk.root / "a").unlink()
    shutil.rmtree(desk.root / "b")
    desk.write("a/y.txt", "in folder")
    desk.write("b", "file")
    assert desk.run() == {"a/y.txt": b"in folder", "b": b"file"}


def test_an_empty_file_is_a_row(desk: Desk) -> None:
    desk.write("empty.txt", "")
    assert desk.run() == {"empty.txt": b""}
