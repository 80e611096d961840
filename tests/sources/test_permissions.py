"""Readers from the files' own permissions: never more than whom the machine would let open the file."""
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.core.principals import FOR_ALL, FOR_NONE, Clauses, clauses
from saem.sources import folder, posix_groups

OWNER, TEAM = 54_321, 54_322         # numbers that no user and no group of the machine has
KIM, LIBRARY = f"uid:{OWNER}", f"gid:{TEAM}"

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")


def _file(path: Path, mode: int, text: str = "# 안내\n\n대출은 14일이다.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.chown(path, OWNER, TEAM)
    path.chmod(mode)
    return path


def _readers(root: Path, key: str) -> Clauses:
    source = folder(str(root), readers="posix")
    list(source.entries())
    assert source.readers_of is not None
    return source.readers_of(key)


@pytest.mark.parametrize(("mode", "expected"), [
    (0o644, FOR_ALL), (0o640, clauses([KIM, LIBRARY])), (0o600, clauses([KIM])), (0o200, FOR_NONE),
    (0o604, clauses([KIM])),            # the group is shut out: who else is let in cannot be told from names
    (0o044, FOR_NONE), (0o440, clauses([KIM, LIBRARY]))])
def test_a_mode_says_who_reads(tmp_path: Path, mode: int, expected: Clauses) -> None:
    tmp_path.chmod(0o755)
    _file(tmp_path / "a.md", mode)
    assert _readers(tmp_path, "a.md") == expected


def test_a_folder_on_the_way_shuts_out_whom_the_file_would_let_in(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    _file(tmp_path / "team" / "own" / "a.md", 0o644)
    for name, mode in (("team", 0o750), ("team/own", 0o755)):
        os.chown(tmp_path / name, OWNER, TEAM)
        (tmp_path / name).chmod(mode)
    assert _readers(tmp_path, "team/own/a.md") == clauses([KIM, LIBRARY])
    (tmp_path / "team/own").chmod(0o700)
    assert _readers(tmp_path, "team/own/a.md") == clauses([KIM])
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "link.md").symlink_to(tmp_path / "team" / "own" / "a.md")
    assert _readers(tmp_path, "open/link.md") == clauses([KIM]), "a link opens no closed folder"


def test_beside_an_access_control_list_the_owner_alone_is_certain(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = _file(tmp_path / "a.md", 0o640)
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 4, 12_345), (0x04, 0, 0xFFFFFFFF), (0x10, 4, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    try:
        os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries))
    except OSError:
        pytest.skip("this file system has no access control lists")
    assert path.stat().st_mode & 0o040, "the mode shows the group's bits, but the group itself may not read"
    assert _readers(tmp_path, "a.md") == clauses([KIM])


def test_a_file_that_was_not_seen_is_for_nobody(tmp_path: Path) -> None:
    assert _readers(tmp_path, "nothing.md") == FOR_NONE


@dataclass(frozen=True)
class Text:
    text: str


@dataclass
class Counted:
    """How often files are read."""
    inner: object
    reads: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def read(self, key: str) -> object:
        self.reads.append(key)
        return self.inner.read(key)      # type: ignore[attr-defined]


def _paths(db: saem.Project, person: str) -> list[str]:
    return sorted(db.as_user(person).table("docs").to_arrow(["path"])["path"].to_pylist())


def test_a_change_of_mode_reaches_what_is_made_of_the_file_and_nothing_is_read_again(tmp_path: Path) -> None:
    from saem.transform import parse
    root = tmp_path / "docs"
    for name in ("a.md", "b.md"):
        os.utime(_file(root / name, 0o640), (1_700_000_000, 1_700_000_000))
    db = saem.Project(str(tmp_path / "state"))
    counted = Counted(folder(str(root), readers="posix"))
    db.source("files", counted).derive("docs", parse)
    db.groups = {LIBRARY: ("lee",)}
    db.run()
    assert (_paths(db, "lee"), _paths(db, KIM), _paths(db, "park")) == (["a.md", "b.md"], ["a.md", "b.md"], [])
    counted.reads.clear()
    (root / "a.md").chmod(0o600)
    report = db.run()
    assert (_paths(db, "lee"), _paths(db, KIM)) == (["b.md"], ["a.md", "b.md"])
    assert ([c.regranted for c in report.tables.values()], counted.reads) == ([1, 1], [])


def test_a_row_whose_file_cannot_be_read_again_loses_its_readers_all_the_same(tmp_path: Path) -> None:
    from saem.transform import parse
    root = tmp_path / "docs"
    _file(root / "a.md", 0o644)
    db = saem.Project(str(tmp_path / "state"))
    source = folder(str(root), readers="posix")
    db.source("files", source).derive("docs", parse)
    db.groups = {"staff": ("lee",)}
    db.run()
    assert _paths(db, "lee") == ["a.md"]
    _file(root / "a.md", 0o600, "# 비밀\n\n이제 다른 글이다.")

    def refused(key: str) -> object:
        raise PermissionError(13, "Permission denied")

    source.read = refused       # type: ignore[method-assign, assignment]  # as it is for a saem that is not root
    db.run()
    assert _paths(db, "lee") == []
    assert len(db.table("docs")) == 1, "what the table held of it stays"


def test_two_ways_to_say_who_reads_are_one_too_many(tmp_path: Path) -> None:
    db = saem.Project(str(tmp_path / "state"))
    with pytest.raises(SaemError, match="names readers of its own"):
        db.source("files", folder(str(tmp_path), readers="posix"), readers=["staff"])
    with pytest.raises(SaemError, match="readers='unix'"):
        folder(str(tmp_path), readers="unix")


def test_the_groups_of_the_machine_are_rows() -> None:
    import grp
    rows = {(each.group, each.member) for each in posix_groups().rows()}
    for each in grp.getgrall():
        names = each.gr_name, f"gid:{each.gr_gid}"
        assert all({(name, member) for name in names} & rows for member in each.gr_mem if member != each.gr_name)
