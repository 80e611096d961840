"""One publisher at a time: a lease in the catalog that its owner renews and that ends with its process."""
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from saem.core.errors import SaemError
from saem.store.catalog import Catalog

EXPIRES_S = 60.0        # a dead owner on another machine is overtaken after this
RENEW_S = 10.0
WATCH_S = 15.0          # nor before it was seen not to renew for so long: clocks differ, and jump
_living: set[str] = set()       # owners in this process; one that could not give its lease back is not among them


@contextmanager
def lease(catalog: Catalog, wait_s: float = 0.0, fix: str = "wait for it to end, then: saem run") -> Iterator[str]:
    """Hold the right to publish; yields the owner's name. A dead owner on this machine is overtaken at once.

    One on another machine is dead when its lease has ended and it is not seen to renew it, or is not seen to for as long as a lease lasts:
    a clock that jumps takes the lease from nobody who lives, and gives it to nobody for days.
    Raises: E301 if another run is still at work after `wait_s` seconds.
    """
    owner, deadline, watch = uuid.uuid4().hex, time.monotonic() + wait_s, Watch()
    while (holder := _take(catalog, owner, watch)) is not None:
        if time.monotonic() >= deadline and not watch.is_ending:
            raise SaemError("E301", f"another run (process {holder[0]} on {holder[1]}) is at work", where=catalog.path,
                            fix=fix)
        time.sleep(0.05)
    _living.add(owner)
    stop = threading.Event()
    heart = threading.Thread(target=_renew, args=(catalog.path, owner, stop), daemon=True)
    heart.start()
    try:
        yield owner
    finally:
        _living.discard(owner)
        stop.set()
        heart.join()
        with suppress(sqlite3.OperationalError):    # a full disk: then the lease ends with this process
            catalog.db.execute("delete from lease where name='run' and owner=?", (owner,))


class Watch:
    """What was seen of a lease that another machine holds. is_ending: it has ended by the clock, nobody was seen to renew it so far."""

    def __init__(self) -> None:
        self.seen: tuple[str, float] | None = None
        self.since, self.is_renewed, self.is_ending = 0.0, False, False

    def is_dead(self, owner: str, expires_at: float) -> bool:
        if self.seen != (owner, expires_at):
            self.is_renewed = self.is_renewed or self.seen is not None
            self.seen, self.since = (owner, expires_at), time.monotonic()
        has_ended = expires_at <= time.time()
        self.is_ending = has_ended and not self.is_renewed
        return time.monotonic() - self.since >= (WATCH_S if has_ended else EXPIRES_S)


def _take(catalog: Catalog, owner: str, watch: Watch) -> tuple[int, str] | None:
    """Take the lease; or the (process, machine) that holds it."""
    with catalog.transaction():
        held = catalog.db.execute("select owner, pid, born, host, expires_at from lease where name='run'").fetchone()
        if held and _is_alive(watch, *held):
            return int(held[1]), str(held[3])
        catalog.db.execute("insert or replace into lease values ('run',?,?,?,?,?)",
                           (owner, os.getpid(), _born(os.getpid()), socket.gethostname(), time.time() + EXPIRES_S))
    return None


def _renew(path: str, owner: str, stop: threading.Event) -> None:
    if stop.wait(RENEW_S):
        return
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    while True:
        db.execute("update lease set expires_at=? where name='run' and owner=?", (time.time() + EXPIRES_S, owner))
        if stop.wait(RENEW_S):
            return db.close()


def _is_alive(watch: Watch, owner: str, pid: int, born: str, host: str, expires_at: float) -> bool:
    if host != socket.gethostname():
        return not watch.is_dead(owner, expires_at)
    if pid == os.getpid():
        return owner in _living
    return _born(pid) == born


def _born(pid: int) -> str:
    """A mark of this very process: its number alone is given again. '' = no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return "" if fields[0] == "Z" else fields[19]    # start time in clock ticks since boot
    except FileNotFoundError:
        if os.path.exists("/proc/self"):
            return ""
    try:
        os.kill(pid, 0)     # no /proc (macOS): alive or not is all that can be told
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
