"""kill -9 at random moments, again and again: what was published is never lost, nothing is damaged, what was forgotten stays gone.

    python -m tests.contract.soak --kills 500 [--seed 1] [--seconds 600]

It tells how many kills there were also when its time is over, or when it is ended by SIGTERM or Ctrl-C: what was killed is checked first.
A worker process runs, or forgets a file and runs. Between two workers files come, change and go. After each kill the catalog and every
table are read and compared with what was published before; after every `EVERY` kills a run must make the tables of a build from nothing,
and a scan that decodes must find no word of a forgotten file.
"""
import argparse
import itertools
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from saem.core.identity import digest
from saem.engine.project import Project
from tests.contract.killing import declare
from tests.contract.laws import Tables, check_equal, check_forgotten, check_idle, check_parents_exist, check_readers, tables_of

EVERY = 25
FILES, LINES = 12, 30


class Soak:
    """One home, one worker at a time, and what is known of what it published."""

    def __init__(self, home: Path, dice: random.Random) -> None:
        self.home, self.dice, self.clock = home, dice, itertools.count()
        self.told: Counter[str] = Counter()
        self.forgotten: set[str] = set()
        self.words: dict[str, set[str]] = {}        # path: the words of every edition that it had
        self.names = list(range(FILES * 2))         # of files that may come; one that is forgotten makes room for a new one
        (home / "docs").mkdir()
        for number in range(FILES):
            self.write(f"{number}.txt")
        with self.opened() as db:
            db.run()
            self.before = (db.snapshot, tables_of(db))

    def opened(self, state: str = "state") -> Project:
        db = Project(str(self.home / state))
        declare(db, str(self.home))
        return db

    def write(self, path: str) -> None:
        word = f"zq{self.dice.getrandbits(60):018}"
        self.words.setdefault(path, set()).add(word)
        lines = [f"{word} line {number}" for number in range(self.dice.randint(1, LINES))]
        (self.home / "docs" / path).write_text(f"author{self.dice.randrange(4)}\n" + "\n".join(lines), "utf-8")
        os.utime(self.home / "docs" / path, (1.6e9, 1.6e9 + next(self.clock)))

    def edit(self) -> None:
        for _ in range(self.dice.randint(1, 4)):
            path = f"{self.dice.choice(self.names)}.txt"
            if self.dice.random() < .25:
                (self.home / "docs" / path).unlink(missing_ok=True)
            else:
                self.write(path)

    def strike(self) -> None:
        """Let a worker begin, and kill it, mostly while it is at work."""
        self.edit()
        forgets = ""
        if self.dice.random() < .4:
            with self.opened() as db:
                held = sorted(db.table("files").to_arrow(["path"])["path"].to_pylist())
            forgets = self.dice.choice(held) if held else ""
        worker = subprocess.Popen([sys.executable, "-m", "tests.contract.soak", "--work", str(self.home), forgets], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, start_new_session=True)      # Ctrl-C is for this process alone
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(self.dice.uniform(0, .9 if forgets else .35))
        is_struck = worker.poll() is None
        worker.kill()
        out, errors = worker.communicate()
        assert is_struck or worker.returncode == 0, errors
        what = "forgot" if forgets and "forgotten" not in out else "ran"
        self.told[f"killed while it {what}" if is_struck else "ended before the kill"] += 1
        self.told["kills"] += is_struck
        self.look(forgets, [int(line.split()[1]) for line in out.splitlines() if line.startswith("published")])

    def look(self, forgets: str, said: list[int]) -> None:
        """What readers see after the kill."""
        with self.opened() as db:
            tables, snapshot = tables_of(db), db.snapshot
            assert snapshot >= max([self.before[0], *said]), "a snapshot that was published is lost"
            if snapshot == self.before[0]:
                assert tables == self.before[1], "published rows have changed without a publish"
            check_parents_exist(db, tables)
            check_readers(db, tables)
            if forgets and db.catalog.mark(digest("files", forgets)) in db.catalog.forgotten("files"):
                self.forgotten.add(forgets)
                number = int(forgets.removesuffix(".txt"))
                self.names = [each if each != number else max(self.names) + 1 for each in self.names]
            self.before = (snapshot, tables)

    def settle(self) -> Tables:
        """A run after all that: like a build from nothing, and nothing of what was forgotten anywhere."""
        again = f"again{next(self.clock)}"
        with self.opened() as db, self.opened(again) as fresh:
            db.run()
            marks = [("files", fresh.catalog.mark(digest("files", path)), 0.0) for path in self.forgotten]
            fresh.catalog.db.executemany("insert into forgotten values (?,?,?)", marks)
            fresh.run()
            check_equal(tables_of(db), tables_of(fresh))
            check_idle(db)
            assert not db.catalog.erasures()
            assert {each.verdict for each in db.receipts()} <= {"proved", "unproved"}, [each.summary() for each in db.receipts()]
            words = sorted(word for path in self.forgotten for word in self.words[path])
            check_forgotten(db, words)
            self.before = (db.snapshot, tables_of(db))
            self.told["words of forgotten files looked for"] = len(words)
            self.told["erasures with a receipt"] = len(db.receipts())
        subprocess.run(["rm", "-rf", str(self.home / again)], check=True)
        self.told["compared with a rebuild"] += 1
        print(f"{self.told['kills']} kills so far, nothing wrong", file=sys.stderr, flush=True)
        return self.before[1]


def soak(kills: int, seed: int, seconds: float = math.inf, stopped: threading.Event | None = None) -> Counter[str]:
    """Strike until there were so many kills, the time is over or it is stopped; AssertionError where a law is broken."""
    until, stopped = time.monotonic() + seconds, stopped or threading.Event()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        one, settled = Soak(Path(folder), random.Random(seed)), 0
        while one.told["kills"] < kills and time.monotonic() < until and not stopped.is_set():
            one.strike()
            if one.told["kills"] >= settled + EVERY:
                settled = one.told["kills"]
                one.settle()
        one.settle()
        return one.told


def work(home: str, forgets: str) -> None:
    """The worker: forgets, if asked, and runs; says what it has done as soon as it is done."""
    db = Project(f"{home}/state")
    declare(db, home)
    print("declared", flush=True)
    if forgets:
        db.forget("files", forgets)
        print("forgotten", flush=True)
    print("published", db.run().snapshot, flush=True)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--kills", type=int, default=500)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--seconds", type=float, default=math.inf)
    asked.add_argument("--work", nargs=2, metavar=("HOME", "FORGET"))
    given = asked.parse_args()
    if given.work:
        return work(*given.work)
    started, stopped = time.monotonic(), threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.set())
    told = soak(given.kills, given.seed, given.seconds, stopped)
    print(f"{told.pop('kills')} kills, 0 corruptions, 0 published rows lost, {time.monotonic() - started:.0f} s: {dict(told)}")


if __name__ == "__main__":
    main()
