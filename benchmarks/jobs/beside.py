"""Readers beside a writer: every table of one snapshot says the same, whatever is published meanwhile. Each function is one process."""
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import saem
from saem.sources import records
from saem.transform import embed

GROUP = 10


@dataclass(frozen=True)
class Event:
    key: str
    user: str
    text: str
    round: int          # of the publish that brought it: all rows of a snapshot say the same


@dataclass(frozen=True)
class Piece:
    user: str
    text: str
    round: int


@dataclass(frozen=True)
class Total:
    user: str
    pieces: int
    first: int
    last: int


@saem.operator(version="1")
def piece(event: Event) -> Iterable[Piece]:
    return [Piece(event.user, event.text, event.round)]


@saem.operator(version="1")
def total(pieces: list[Piece]) -> Iterable[Total]:
    rounds = [each.round for each in pieces]
    yield Total(pieces[0].user, len(pieces), min(rounds), max(rounds))


class Stream:
    def __init__(self, state: str) -> None:
        self.db = saem.Project(state)
        self.db.groups = {"staff": ("lee",)}
        self.events = self.db.source("events", records(Event), readers=["staff"])
        self.events.derive("pieces", piece, embed(model="hash")).index(text="text", vector="embedding").derive("totals", total, by="user")

    def publish(self, rows: int, number: int) -> None:
        """Every row anew, with the number of its round."""
        self.events.put(Event(f"k{i}", f"u{i // GROUP}", f"event number {i} of the stream", number) for i in range(rows))
        self.db.run(wait_s=30)


def build(state: str, rows: int) -> None:
    Stream(state).publish(rows, 0)


def write(state: str, rows: int, seconds: float) -> dict[str, Any]:
    """A publish a second, as far as the machine can."""
    stream, started, published = Stream(state), time.perf_counter(), 0
    number = int(time.time())
    while time.perf_counter() - started < seconds:
        begun = time.perf_counter()
        stream.publish(rows, number + published)
        published += 1
        time.sleep(max(0.0, 1 - (time.perf_counter() - begun)))
    return {"published": published, "seconds": time.perf_counter() - started}


def read(state: str, rows: int, seconds: float) -> dict[str, Any]:
    """As many reads as there is time for, each of a whole snapshot: mixed ones, errors, and how many rounds were seen."""
    db, started = Stream(state).db.as_user("lee"), time.perf_counter()
    reads = mixed = 0
    errors: list[str] = []
    rounds: set[int] = set()
    while time.perf_counter() - started < seconds:
        try:
            seen = _rounds(db)
            hits = db.table("pieces").search("event number 7", k=5, fold=False)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
            continue
        reads += 1
        mixed += len(seen) != 1 or len({hit.row["round"] for hit in hits}) != 1
        rounds |= seen
    return {"reads": reads, "seconds": time.perf_counter() - started, "mixed": mixed, "errors": errors[:5], "rounds": len(rounds)}


def _rounds(db: saem.Project) -> set[int]:
    """The rounds that the tables of one snapshot tell of: one."""
    one = db.at(db.snapshot)
    events = one.table("events").to_arrow(["round"])["round"]
    totals = one.table("totals").to_arrow(["first", "last"])
    return {*events.unique().to_pylist(), *totals["first"].unique().to_pylist(), *totals["last"].unique().to_pylist()}
