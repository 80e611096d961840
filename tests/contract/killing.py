"""A project that another process works on and that is killed with SIGKILL: at its n-th commit point, or from outside.

    python -m tests.contract.killing HOME [N]     run; kill itself at commit point N; prints how many there were

The costly operator notes every text that it is asked in a file, so that work done twice shows after a kill.
"""
import dataclasses
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

import saem
from saem.engine.project import Project
from saem.sources import folder

ASKED = os.environ.get("SAEM_TEST_ASKED", os.devnull)


@dataclasses.dataclass
class Raw:
    path: str
    content: bytes


@dataclasses.dataclass
class Line:
    author: str
    line: str


@dataclasses.dataclass
class Total:
    author: str
    lines: int


@saem.operator(version="1")
def split(file: Raw) -> Iterable[Line]:
    author, *lines = file.content.decode().split("\n")
    return [Line(author, line) for line in lines]


@saem.operator(version="1", adds=pa.schema([("embedding", pa.list_(pa.float32(), 4))]), memo=["line"])
def encode(rows: pa.Table) -> pa.Table:
    texts = rows["line"].to_pylist()
    with open(ASKED, "a", encoding="utf-8") as asked:
        asked.write("".join(f"{text}\n" for text in texts))
    vectors = np.array([[len(text), *map(ord, text[:3].ljust(3))] for text in texts], np.float32)
    return rows.append_column("embedding", pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 4))


@saem.operator(version="1")
def total(rows: list[Line]) -> Iterable[Total]:
    yield Total(rows[0].author, len(rows))


def declare(db: Project, home: str) -> None:
    lines = db.source("files", folder(f"{home}/docs", types=["*"])).derive("lines", split, encode, carry=["path"])
    lines.derive("totals", total, by="author")


def start(home: str, kill_at: int = 0) -> subprocess.Popen[str]:
    """A run in a process of its own."""
    environment = {**os.environ, "SAEM_TEST_ASKED": f"{home}/asked.txt"}
    return subprocess.Popen([sys.executable, "-m", "tests.contract.killing", home, str(kill_at)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment)


def asked(home: str) -> Counter[str]:
    """How often each text was asked of the costly operator."""
    try:
        with open(f"{home}/asked.txt", encoding="utf-8") as lines:
            return Counter(line.rstrip("\n") for line in lines)
    except FileNotFoundError:
        return Counter()


def main(home: str, kill_at: int) -> None:
    points = 0

    def on_step(point: str) -> None:
        nonlocal points
        points += 1
        if points == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    db = Project(f"{home}/state", on_step)
    declare(db, home)
    print("declared", flush=True)
    db.run()
    print(points)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
