"""One publisher at a time; a dead one is overtaken."""
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.store import lease as room
from saem.store.catalog import Catalog
from saem.store.lease import lease

HOLD = """
import sys, time
from saem.store.catalog import Catalog
from saem.store.lease import lease
with lease(Catalog(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "catalog.db")


def holder(path: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_and_told_who_is_at_work(path: str) -> None:
    me = f"process {os.getpid()} on {socket.gethostname()}"
    with lease(Catalog(path)), pytest.raises(SaemError, match=me) as error, lease(Catalog(path)):
        pass
    assert error.value.code == "E301"
    with lease(Catalog(path)):
        pass


def test_a_second_run_that_waits_gets_its_turn(path: str) -> None:
    first = lease(Catalog(path))
    first.__enter__()
    threading.Timer(.2, lambda: first.__exit__(None, None, None)).start()
    with lease(Catalog(path), wait_s=10):
        pass


def test_another_process_at_work_is_waited_for_and_a_killed_one_overtaken_at_once(path: str) -> None:
    process = holder(path)
    try:
        with pytest.raises(SaemError, match=f"process {process.pid} ") as error, lease(Catalog(path)):
            pass
        assert error.value.code == "E301"
    finally:
        process.kill()
    process.wait()
    started = time.monotonic()
    with lease(Catalog(path)):
        assert time.monotonic() - started < 1


def test_a_new_process_with_the_number_of_the_dead_one_does_not_hold_its_lease(path: str) -> None:
    catalog = Catalog(path)
    catalog.db.execute("insert into lease values ('run', 'dead', ?, 'born long ago', ?, ?)",
                       (os.getppid(), socket.gethostname(), time.time() + 60))
    with lease(catalog):
        pass


def test_an_owner_of_this_process_that_could_not_give_it_back_is_overtaken(path: str) -> None:
    catalog = Catalog(path)
    with lease(catalog):
        mine = catalog.db.execute("select * from lease").fetchone()
    catalog.db.execute("insert into lease values (?,?,?,?,?,?)", mine)
    with lease(catalog):
        pass


def test_an_owner_on_another_machine_is_waited_for_until_its_lease_ends(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WATCH_S", .2)
    catalog = Catalog(path)
    catalog.db.execute("insert into lease values ('run', 'far', 1, '1', 'another-machine', ?)", (time.time() + .4,))
    with pytest.raises(SaemError, match="another-machine"), lease(catalog):
        pass
    with lease(catalog, wait_s=5):
        pass


@pytest.mark.parametrize("days", [-400, 400])
def test_a_living_owner_on_another_machine_keeps_its_lease_whatever_a_clock_says(path: str, days: int,
                                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WATCH_S", .5)
    monkeypatch.setattr(room, "EXPIRES_S", .8)
    catalog, stop = Catalog(path), threading.Event()
    catalog.db.execute("insert into lease values ('run', 'far', 1, '1', 'another-machine', ?)", (time.time() + days * 86_400,))

    def renew() -> None:
        far = Catalog(path)
        while not stop.wait(.1):
            far.db.execute("update lease set expires_at=? where owner='far'", (time.time() + days * 86_400,))

    heart = threading.Thread(target=renew)
    heart.start()
    try:
        with pytest.raises(SaemError, match="another-machine"), lease(catalog, wait_s=1.5):
            pass
    finally:
        stop.set()
        heart.join()
    with lease(catalog, wait_s=3):      # it lives no more: it is overtaken, and not in 400 days
        pass


def test_a_living_owner_renews_its_lease(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RENEW_S", .05)
    catalog = Catalog(path)
    with lease(catalog):
        before = catalog.db.execute("select expires_at from lease").fetchone()[0]
        time.sleep(.4)
        assert catalog.db.execute("select expires_at from lease").fetchone()[0] > before
