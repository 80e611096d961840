"""A disk that gives an error at any write: nothing published is lost, nothing is damaged, and the next run ends what was begun."""
import errno
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.shims import made
from tests.contract.soak import Soak

POINTS = 3        # of each kind of error in every test run; `make soak` takes more
KINDS = {"EIO once": (errno.EIO, "0"), "a full disk": (errno.ENOSPC, "1")}


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("failing_disk", tmp_path_factory.mktemp("shim"))


def worked(home: Path, forgets: str, shim: Path, at: int, kind: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """A run, or a forget and a run, on a disk that fails at the n-th write; and how many writes there were."""
    code, goes_on = KINDS[kind]
    told = home / "writes.txt"
    environment = {**os.environ, "LD_PRELOAD": str(shim), "FAIL_UNDER": str(home / "state"), "FAIL_AT": str(at), "FAIL_WITH": str(code),
                   "FAIL_ON": goes_on, "FAIL_COUNT": str(told)}
    done = subprocess.run([sys.executable, "-m", "tests.contract.soak", "--work", str(home), forgets], env=environment, capture_output=True,
                          text=True, timeout=120)
    return done, int(told.read_text())


def strike(home: Path, shim: Path, kind: str, points: int, dice: random.Random) -> list[str]:
    """What the runs said of errors at points spread over all writes of a run with a forget."""
    one = Soak(home, dice)
    one.edit()
    shutil.copytree(home, f"{home}-trial")
    done, writes = worked(Path(f"{home}-trial"), "0.txt", shim, 0, kind)
    assert done.returncode == 0, done.stderr
    assert writes > 50, "the disk saw hardly a write"
    said = []
    for number in range(points):
        at = int(writes * (number + dice.random()) / points) + 1
        path = sorted(path for path in one.words if path not in one.forgotten)[0]
        done, _ = worked(home, path, shim, at, kind)
        assert done.returncode in (0, 1), f"write {at} of {writes}: it ended with {done.returncode}: {done.stderr[-500:]}"
        one.look(path, [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("published")])
        one.settle()
        one.edit()
        said.append(done.stderr.strip().splitlines()[-1] if done.returncode else "done all the same")
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_the_disk_at_any_write_loses_nothing(kind: str, shim: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    said = strike(tmp_path / "home", shim, kind, POINTS, random.Random(3))
    assert any(each != "done all the same" for each in said), "no error was noticed"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_the_disk_for_a_long_time(kind: str, shim: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    print(strike(tmp_path / "home", shim, kind, int(float(os.environ.get("SAEM_FUZZ_SECONDS", "120")) / 6), random.Random()))
