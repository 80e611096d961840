"""kill -9, as a power cut does it: nothing is lost, nothing half-done is seen, little is computed twice."""
import itertools
import os
import random
import signal
import time
from pathlib import Path

import pytest

from saem.engine.project import Project
from tests.contract.killing import asked, declare, start
from tests.contract.laws import check_equal, check_idle, tables_of
from tests.contract.soak import soak

clock = itertools.count()     # every file that is written is newer than all before it


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    return tmp_path


def write(home: Path, files: int, lines: int, edition: str) -> None:
    for number in range(files):
        (home / "docs" / f"{number}.txt").write_text(
            f"author{number % 5}\n" + "\n".join(f"{edition} {number} {line}" for line in range(lines)), "utf-8")
        os.utime(home / "docs" / f"{number}.txt", (1.6e9, 1.6e9 + next(clock)))


def check_like_rebuilt(home: Path) -> None:
    """A run after all kills makes the tables of a build from nothing, and then there is nothing more to do."""
    db, again = Project(str(home / "state")), Project(str(home / f"again{time.monotonic_ns()}"))
    declare(db, str(home))
    declare(again, str(home))
    db.run()
    again.run()
    check_equal(tables_of(db), tables_of(again))
    check_idle(db)
    db.close()
    again.close()


def test_killed_at_every_commit_point_of_a_publish_the_next_run_is_a_rebuild(home: Path) -> None:
    write(home, 6, 4, "first")
    done = start(str(home))
    out, errors = done.communicate(timeout=60)
    assert done.returncode == 0, errors
    published = tables_of(Project(str(home / "state")))
    write(home, 3, 5, "second")
    (home / "docs" / "5.txt").unlink()
    for kill_at in range(1, 40):
        process = start(str(home), kill_at)
        out, errors = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, errors
        if kill_at == 1:
            assert tables_of(Project(str(home / "state"))) == published, "a reader saw a run that never ended"
    assert kill_at > 5, "the run had too few commit points to prove anything"
    assert asked(str(home)).most_common(1)[0][1] == 1, "a text was computed twice although a killed run had written it"
    check_like_rebuilt(home)


def test_killed_at_random_moments_the_next_run_is_a_rebuild(home: Path) -> None:
    kill_at_random(home, 6, random.Random(4))


@pytest.mark.slow
def test_killed_at_random_moments_for_a_long_time(home: Path) -> None:
    kill_at_random(home, int(float(os.environ.get("SAEM_FUZZ_SECONDS", "120")) / 2), random.Random())


def test_workers_that_run_and_forget_are_killed_and_nothing_is_lost() -> None:
    assert soak(3, 4)["kills"] == 3


@pytest.mark.slow
def test_workers_that_run_and_forget_are_killed_for_a_long_time() -> None:
    print(soak(int(float(os.environ.get("SAEM_FUZZ_SECONDS", "120")) / 2), random.randrange(10**9)))


def kill_at_random(home: Path, kills: int, dice: random.Random) -> None:
    write(home, 30, 100, "first")
    struck = 0
    for number in range(kills):
        process = start(str(home))
        assert process.stdout is not None
        process.stdout.readline()       # "declared": from here on the run is at work
        time.sleep(dice.uniform(0, .6))
        struck += process.poll() is None
        process.kill()
        process.communicate()
        if dice.random() < .5:
            write(home, dice.randint(1, 6), 100, f"edition {number}")
    assert struck, "no run was struck"
    check_like_rebuilt(home)


def test_a_killed_build_repeats_at_most_what_lies_between_two_commits(home: Path) -> None:
    write(home, 60, 100, "text")        # 6,000 texts, committed about every 512
    process = start(str(home))
    while len(asked(str(home))) < 3_000 and process.poll() is None:
        time.sleep(.005)
    process.kill()
    process.communicate()
    before = asked(str(home))
    assert 3_000 <= sum(before.values()) < 6_000, "the kill came too late to prove anything"
    done = start(str(home))
    _, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors
    repeated = sum(asked(str(home)).values()) - len(asked(str(home)))
    assert len(asked(str(home))) == 6_000
    assert repeated <= 1_000, f"{repeated} texts were computed twice"
    check_like_rebuilt(home)
