"""A disk that is full: nothing is published, nothing is lost, and with room again the run ends."""
import os
import random
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.project import Project
from saem.engine.table import Table
from saem.sources import folder
from saem.sources.folder import File
from tests.contract.laws import check_equal, tables_of
from tests.engine.rows import Loud


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@saem.operator(version="1", key=["loud"])
def twice(file: File) -> Iterable[Loud]:
    yield Loud(file.content.hex())
    yield Loud(file.content[::-1].hex())


def declare(db: Project, docs: Path) -> Table:
    return db.source("files", folder(str(docs), types=["*"])).derive("loud", twice)


@pytest.mark.parametrize("files", [4, 12, 25], ids=lambda files: f"{files * 200} KB more")
def test_a_full_disk_publishes_nothing_and_the_next_run_with_room_is_a_rebuild(small_disk: Path, tmp_path: Path, files: int) -> None:
    docs, dice = tmp_path / "docs", random.Random(files)
    docs.mkdir()
    for number in range(3):
        (docs / f"{number}.bin").write_bytes(dice.randbytes(200_000))
    db = Project(str(small_disk / "state"))
    declare(db, docs)
    db.run()
    before = tables_of(db)
    (small_disk / "ballast").write_bytes(bytes(max(0, os.statvfs(small_disk).f_bavail * 4096 - 1_500_000)))
    for number in range(files):
        (docs / f"new{number}.bin").write_bytes(dice.randbytes(200_000))
    with pytest.raises(SaemError, match="make room") as error:
        db.run()
    assert error.value.code == "E304"
    db.close()
    db = Project(str(small_disk / "state"))
    declare(db, docs)
    assert tables_of(db) == before, "what was published can still be read"
    (small_disk / "ballast").unlink()
    if files > 10:
        subprocess.run(["mount", "-o", "remount,size=80m", str(small_disk)], check=True)
    db.run()
    again = Project(str(tmp_path / "again"))
    declare(again, docs)
    again.run()
    check_equal(tables_of(db), tables_of(again))
    db.close()
    again.close()


def test_a_disk_without_any_room_left_cannot_even_begin_and_says_so(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.bin").write_bytes(b"x" * 1000)
    Project(str(small_disk / "state")).close()
    with open(small_disk / "ballast", "wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(bytes(4096)):
            pass
    with pytest.raises(SaemError, match="make room") as error:
        Project(str(small_disk / "state"))
    assert error.value.code == "E304"
    (small_disk / "ballast").unlink()
    db = Project(str(small_disk / "state"))
    declare(db, tmp_path / "docs")
    db.run()
    db.close()
