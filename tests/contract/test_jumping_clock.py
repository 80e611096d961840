"""A clock that jumps by days, seen by Python, SQLite and Lance alike: nothing is lost, nothing comes back, nothing waits for days."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.shims import made

DAY = 86_400
WORK = '''
import datetime, json, os, sys, time
from pathlib import Path
from saem.core.identity import digest
from saem.engine.project import Project
from saem.engine.retention import Retention
from tests.contract.killing import declare
from tests.contract.laws import check_equal, check_forgotten, check_idle, tables_of

home, clock = Path(sys.argv[1]), Path(os.environ["CLOCK_FILE"])
DAY, born = 86_400, time.time()

def jump(days):
    clock.write_text(str(int(days * DAY)))

def opened(state="state"):
    db = Project(str(home / state))
    declare(db, str(home))
    db.keep = Retention(snapshots=5, days=30)
    return db

def write(name, words):
    (home / "docs" / name).write_text(f"author1\\n{words} one\\n{words} two", "utf-8")

def run(days, name, words):
    jump(days)
    assert abs(time.time() - born - days * DAY) < 600, "the clock did not jump"
    write(name, words)
    with opened() as db:
        db.run()
        return db.snapshot
'''


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("jumping_clock", tmp_path_factory.mktemp("shim"))


def worked(home: Path, shim: Path, story: str) -> None:
    """Tell a story in a process whose clock jumps."""
    (home / "docs").mkdir()
    (home / "clock").write_text("0")
    environment = {**os.environ, "LD_PRELOAD": str(shim), "CLOCK_FILE": str(home / "clock")}
    done = subprocess.run([sys.executable, "-c", WORK + story, str(home)], env=environment, capture_output=True, text=True, timeout=120,
                          cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-3000:]


def test_after_all_jumps_the_tables_are_those_of_a_rebuild_and_what_was_forgotten_is_nowhere(shim: Path, tmp_path: Path) -> None:
    worked(tmp_path, shim, '''
run(0, "a.txt", "zqfirst")
run(400, "b.txt", "zqsecretword")
run(-30, "b.txt", "zqsecretword edited")
run(2, "c.txt", "zqthird")
for days in (-3, 500):
    jump(days)
    with opened() as db:
        receipt = db.forget("files", "b.txt" if days < 0 else "c.txt")
        assert receipt.verdict == "proved", receipt.summary()
        check_forgotten(db, ["zqsecretword"] if days < 0 else ["zqsecretword", "zqthird"])
        for name in db.heads():
            left = [each["version"] for each in db.published(name).versions()]
            assert left == [db.heads()[name].version], f"old versions of {name} stay: {left}"
        db.run()
        again = opened(f"again{days}")
        marks = [("files", again.catalog.mark(digest("files", path)), 0.0) for path in (["b.txt"] if days < 0 else ["b.txt", "c.txt"])]
        again.catalog.db.executemany("insert into forgotten values (?,?,?)", marks)
        again.run()
        check_equal(tables_of(db), tables_of(again))
        check_idle(db)
''')


def test_a_snapshot_is_found_by_its_day_whatever_the_clock_said_in_between(shim: Path, tmp_path: Path) -> None:
    worked(tmp_path, shim, '''
def day(days):
    return datetime.datetime.fromtimestamp(born + days * DAY).strftime("%Y-%m-%d")

first = run(0, "a.txt", "one")
run(900, "a.txt", "two")            # a year too late for an hour
third = run(3, "a.txt", "three")
run(-900, "a.txt", "four")          # and too early
last = run(6, "a.txt", "five")
jump(6)
with opened() as db:
    assert db.at(day(1)).snapshot == first, (db.at(day(1)).snapshot, first)
    assert db.at(day(4)).snapshot in (third, third + 1)
    assert db.at(day(6)).snapshot == last
    try:
        db.at(day(-2))
    except Exception as error:
        assert "E212" in str(error)
    else:
        raise AssertionError("there was nothing yet")
''')


def test_a_clock_that_is_years_ahead_for_an_hour_takes_no_snapshot_away(shim: Path, tmp_path: Path) -> None:
    worked(tmp_path, shim, '''
from saem.engine.retention import prune
from saem.store.lease import lease
numbers = [run(each - 20, "a.txt", f"edition {each}") for each in range(12)]
for days in (2_000, -1_000, 0):
    run(days, "b.txt", f"at {days}")
    with opened() as db, lease(db.catalog):
        prune(db, batch=1)
with opened() as db:
    kept = [each.number for each in db.catalog.snapshots()]
    assert set(numbers) <= set(kept), f"of {numbers} are left {kept}"
    assert db.at(numbers[0]).table("lines").count() == 2
''')


@pytest.mark.parametrize("days", [-365, 365])
def test_a_run_that_was_killed_before_a_jump_is_finished_after_it(shim: Path, tmp_path: Path, days: int) -> None:
    worked(tmp_path, shim, f'''
import subprocess, signal
run(0, "a.txt", "zqfirst")
write("b.txt", "zqsecond")
killed = subprocess.run([sys.executable, "-m", "tests.contract.killing", str(home), "4"], capture_output=True)
assert killed.returncode == -signal.SIGKILL, killed
jump({days})
started = time.monotonic()
with opened() as db:
    db.run()
    assert db.table("lines").count() == 4
    assert time.monotonic() - started < 30, "it waited for the dead one's lease"
''')
