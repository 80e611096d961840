"""A zip archive as a folder: as people pack them, and as attackers do."""
import contextlib
import io
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.project import Project
from saem.sources import folder
from tests.sources.test_folder import Desk, desk  # noqa: F401

archive = sys.modules["saem.sources.archive"]
NAMES = {"a.md": "one", "inner/나.md": "둘", "inner/deep/c.txt": "three"}


def packed(files: Mapping[str, str | bytes], stored: bool = False) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(zipfile.ZipInfo(name, (2024, 7, 26, 10, 30, 0)), text, made.compression)
    return held.getvalue()


def rows(text: Mapping[str, str], name: str = "box.zip") -> dict[str, bytes]:
    return {f"{name}/{key}": value.encode() for key, value in text.items()}


def test_members_are_rows_and_go_with_their_archive(desk: Desk) -> None:  # noqa: F811
    desk.write("box.zip", packed(NAMES))
    desk.write("beside.txt", "file")
    assert desk.run() == {"beside.txt": b"file", **rows(NAMES)}
    (desk.root / "box.zip").unlink()
    assert desk.run() == {"beside.txt": b"file"}


def test_an_unchanged_archive_is_not_read_and_of_a_changed_one_only_what_changed(desk: Desk) -> None:  # noqa: F811
    desk.write("box.zip", packed(NAMES))
    desk.run()
    desk.reads.clear()
    desk.run()
    assert desk.reads == []
    assert desk.report.is_idle
    changed = {**NAMES, "a.md": "ONE", "new.md": "new"}
    del changed["inner/deep/c.txt"]
    desk.write("box.zip", packed(changed))
    assert desk.run() == rows(changed)
    assert desk.reads == ["box.zip/a.md", "box.zip/new.md"]


def test_within_one_process_an_unchanged_archive_is_not_even_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    desk.write("box.zip", packed(NAMES))
    source = folder(str(desk.root), types=["*"])
    first = list(source.entries())
    monkeypatch.setattr(archive, "Archive", None)
    assert list(source.entries()) == first


def test_types_and_excludes_hold_for_members(desk: Desk) -> None:  # noqa: F811
    names = {"keep.md": "k", "x.bin": "b", ".hidden.md": "h", "__MACOSX/._keep.md": "m", "drafts/d.md": "d", "deep/drafts/e.md": "e",
             "private/p.md": "p", "old.tmp": "t"}
    desk.write("box.zip", packed(names))
    desk.write("whole.zip", packed(names))
    desk.write(".saemignore", "drafts/\nwhole.zip/\n")
    assert set(desk.run(types=[".md"], exclude=["*.tmp", "box.zip/private/**"])) == {"box.zip/keep.md"}
    assert desk.skipped == {"box.zip/x.bin": "no parser takes '.bin' files"}
    assert set(desk.run(types=[".md"], exclude=["*.zip"])) == set()
    assert set(desk.run(types=[".zip"], exclude=["whole.*"])) == {"box.zip"}, "named as a type it is a file"


def test_a_member_that_is_too_large_is_listed_with_both_sizes(desk: Desk) -> None:  # noqa: F811
    desk.write("box.zip", packed({"a.txt": "x" * 500, "b.txt": "x" * 2000}))
    assert set(desk.run(max_bytes=1000)) == {"box.zip/a.txt"}
    assert desk.skipped == {"box.zip/b.txt": "max_bytes: 2,000 > 1,000 bytes"}


@dataclass(frozen=True)
class Text:
    content: bytes


@dataclass(frozen=True)
class Vector:
    size: int


def test_renaming_an_archive_computes_nothing_again(desk: Desk) -> None:  # noqa: F811
    log = str(desk.home / "calls")      # a list would be part of what the function is

    @saem.operator(version="1", memo=["content"])
    def costly(text: Text) -> Vector:
        with open(log, "a", encoding="utf-8") as file:
            file.write("x")
        return Vector(len(text.content))

    desk.write("box.zip", packed(NAMES))
    db = Project(str(desk.home / "state"))
    table = db.source("files", folder(str(desk.root), types=["*"])).derive("sizes", costly)
    db.run()
    assert os.path.getsize(log) == 3
    os.rename(desk.root / "box.zip", desk.root / "상자.zip")
    db.run()
    assert os.path.getsize(log) == 3
    assert set(table.to_arrow()["path"].to_pylist()) == set(rows(NAMES, "상자.zip"))
    db.close()


def renamed(content: bytes, old: str, new: bytes) -> bytes:
    """Names as other programs write them: bytes without the mark of UTF-8."""
    assert len(old) == len(new)
    return content.replace(old.encode(), new)


@pytest.mark.parametrize("codec", ["cp949", "utf-8", "cp437"])
def test_names_of_every_age_come_out_right(desk: Desk, codec: str) -> None:  # noqa: F811
    name = "Grüße aus München.txt" if codec == "cp437" else "대출 규정/연체료 안내.txt"
    held = name.encode(codec)
    desk.write("box.zip", renamed(packed({"N" * len(held): "text"}), "N" * len(held), held))
    assert desk.run() == {f"box.zip/{name}": b"text"}


def test_windows_separators_and_decomposed_names_are_ours(desk: Desk) -> None:  # noqa: F811
    desk.write("box.zip", renamed(packed({"inner+b.txt": "w"}), "inner+b.txt", b"inner\\b.txt"))
    desk.write("mac.zip", packed({"e\u0301te\u0301.txt": "m"}))
    assert desk.run() == {"box.zip/inner/b.txt": b"w", "mac.zip/été.txt": b"m"}


# ---- what is refused, and what lands all the same

def test_names_that_lead_out_are_refused_and_the_rest_lands(desk: Desk) -> None:  # noqa: F811
    bad = ["../evil.txt", "/etc/evil.txt", "C:evil.txt", "a/../../evil.txt", "..\\evil2.txt"]
    desk.write("box.zip", packed({**dict.fromkeys(bad, "evil"), "good.txt": "good"}))
    assert desk.run() == {"box.zip/good.txt": b"good"}
    assert len(desk.problems) == 5
    assert all("leads out of the archive" in reason for reason in desk.problems.values())
    assert not list(desk.home.rglob("evil*"))


def test_one_name_twice_is_refused_and_the_rest_lands(desk: Desk) -> None:  # noqa: F811
    files = {"a.txt": "one", "A.txt": "two", "./b.txt": "b", "c.txt": "c", "b.txt": "B"}
    desk.write("box.zip", renamed(packed(files), "A.txt", b"a.txt"))
    assert desk.run() == {"box.zip/c.txt": b"c"}
    assert desk.problems == dict.fromkeys(["box.zip/a.txt", "box.zip/b.txt"], "[E404] the archive holds 2 files of this name")


def test_encrypted_and_linked_and_strangely_packed_members_have_their_reason(desk: Desk) -> None:  # noqa: F811
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("good.txt", "good")
        made.writestr(zipfile.ZipInfo("locked.txt"), "secret")
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("lzma.txt", "packed otherwise", zipfile.ZIP_LZMA)
    content = bytearray(held.getvalue())
    at = content.index(b"locked.txt", content.index(b"PK\x01\x02")) - 46
    struct.pack_into("<H", content, at + 8, 1)
    desk.write("box.zip", bytes(content))
    assert desk.run() == {"box.zip/good.txt": b"good"}
    assert "password" in desk.problems["box.zip/locked.txt"]
    assert "method 14" in desk.problems["box.zip/lzma.txt"]
    assert desk.skipped == {"box.zip/link.txt": "a link within an archive"}


def test_an_archive_within_an_archive_is_a_file(desk: Desk) -> None:  # noqa: F811
    desk.write("box.zip", packed({"a.txt": "a", "inner.zip": packed({"b.txt": "b"})}))
    assert sorted(desk.run()) == ["box.zip/a.txt", "box.zip/inner.zip"]      # which `parse` opens
    assert desk.skipped == {}


def test_too_many_members_are_one_problem(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(archive, "MAX_MEMBERS", 20)
    desk.write("box.zip", packed({f"{n}.txt": "x" for n in range(21)}))
    desk.write("fine.zip", packed({f"{n}.txt": "x" for n in range(20)}))
    assert len(desk.run()) == 20
    assert desk.problems == {"box.zip": "[E407] the archive holds more than 20 files"}


def test_bombs_are_refused_without_being_unpacked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(archive, "FREE_BYTES", 1 << 20)
    desk.write("member.zip", packed({"bomb.txt": b"\0" * (4 << 20), "good.txt": "good"}))
    assert desk.run() == {"member.zip/good.txt": b"good"}
    assert "zip bomb" in desk.problems["member.zip/bomb.txt"]
    monkeypatch.setattr(archive, "FREE_TOTAL_BYTES", 2 << 20)
    desk.write("all.zip", packed({f"{n}.txt": b"\0" * (1 << 20) for n in range(3)}))
    desk.run()
    assert "zip bomb" in desk.problems["all.zip"]


def test_files_that_share_their_bytes_are_a_bomb(desk: Desk) -> None:  # noqa: F811
    content = packed({"a.txt": "x" * 5000, "b.txt": "x" * 5000}, stored=True)
    second = content.rindex(b"PK\x01\x02")
    desk.write("box.zip", content[:second + 42] + struct.pack("<L", 0) + content[second + 46:])
    assert desk.run() == {}
    assert "share their bytes" in desk.problems["box.zip"]


def test_a_member_that_says_it_is_smaller_than_it_is_gives_no_more_than_it_says(desk: Desk) -> None:  # noqa: F811
    text = b"x" * 100_000
    content = bytearray(packed({"a.txt": text, "b.txt": "b"}))
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<L", content, at + 24, 10)
    desk.write("box.zip", bytes(content))
    assert desk.run() == {"box.zip/b.txt": b"b"}
    assert "damaged" in desk.problems["box.zip/a.txt"]
    struct.pack_into("<L", content, at + 16, zlib.crc32(text[:10]))
    desk.write("box.zip", bytes(content))
    assert desk.run() == {"box.zip/a.txt": b"x" * 10, "box.zip/b.txt": b"b"}


@pytest.mark.parametrize("broken", [b"", b"hello", b"PK\x03\x04", packed(NAMES)[:-30], packed(NAMES)[:100], packed(NAMES)[40:],
                                    b"PK\x05\x06" + b"\xff" * 18, b"PK\x06\x06" + b"\xff" * 52 + b"PK\x05\x06" + b"\xff" * 18])
def test_a_broken_archive_is_one_problem_and_keeps_what_was_read_of_it(desk: Desk, broken: bytes) -> None:  # noqa: F811
    desk.write("box.zip", packed(NAMES))
    desk.write("other.txt", "other")
    before = desk.run()
    desk.write("box.zip", broken)
    assert desk.run() == before
    assert list(desk.problems) == ["box.zip"]
    assert desk.problems["box.zip"].startswith("[E404] ")
    (desk.root / "box.zip").unlink()
    assert desk.run() == {"other.txt": b"other"}
    assert desk.problems == {}


def test_a_damaged_member_fails_alone(desk: Desk) -> None:  # noqa: F811
    content = bytearray(packed({"a.txt": "one " * 100, "b.txt": "two"}, stored=True))
    content[50] ^= 0xFF
    desk.write("box.zip", bytes(content))
    assert desk.run() == {"box.zip/b.txt": b"two"}
    assert list(desk.problems) == ["box.zip/a.txt"]


def test_an_empty_archive_holds_nothing(desk: Desk) -> None:  # noqa: F811
    desk.write("box.zip", packed({}))
    assert desk.run() == {}
    assert desk.problems == {}


def test_random_damage_never_stops_a_run(desk: Desk) -> None:  # noqa: F811
    content = packed({f"{n}/문서.txt": f"text {n} " * 50 for n in range(5)})
    source = folder(str(desk.root), types=["*"])
    for place in range(0, len(content), 7):
        broken = bytearray(content)
        broken[place] ^= 0x55
        desk.write("box.zip", bytes(broken))
        for entry in source.entries():
            if not entry.failed and not entry.skipped:
                with contextlib.suppress(SaemError):
                    source.read(entry.key)
