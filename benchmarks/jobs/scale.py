"""events (put) -> pieces (flat_map) -> totals (relation by user): each function is one process.

way 'rows': operators of row objects, as most people write them; 'arrow': the same work on record batches.
"""
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import saem
from saem.core.columns import row_schema
from saem.sources import records

PUT_ROWS = 50_000
EVENTS_PER_USER = 10


@dataclass(frozen=True)
class Event:
    key: str
    user: str
    text: str


@dataclass(frozen=True)
class Piece:
    user: str
    text: str


@dataclass(frozen=True)
class Total:
    user: str
    pieces: int
    letters: int


@saem.operator(version="1")
def piece(event: Event) -> Iterable[Piece]:
    return [Piece(event.user, event.text)]


@saem.operator(version="1")
def total(pieces: list[Piece]) -> Iterable[Total]:
    yield Total(pieces[0].user, len(pieces), sum(len(each.text) for each in pieces))


@saem.operator(version="1", adds=row_schema(Piece))
def pieces_of(events: pa.Table) -> saem.Made:
    return saem.Made(events.select(["user", "text"]), np.arange(len(events)))


@saem.operator(version="1", adds=row_schema(Total))
def totals_of(pieces: saem.Groups) -> saem.Made:
    numbered = pa.table([pieces["user"], pc.cast(pc.utf8_length(pieces["text"]), pa.int64()), pa.array(np.arange(len(pieces)))],
                        names=["user", "letters", "row"])
    found = numbered.group_by("user", use_threads=False).aggregate([("row", "count"), ("letters", "sum"), ("row", "min")])
    rows = pa.table([found["user"], found["row_count"], found["letters_sum"]], schema=row_schema(Total))
    return saem.Made(rows, found["row_min"].to_numpy(), whole=True)


class Stream:
    """The project with n events in it."""

    def __init__(self, state: str, rows: int, way: str = "rows") -> None:
        self.db, self.rows = saem.Project(state), rows
        self.events = self.db.source("events", records(Event))
        first, second = (piece, total) if way == "rows" else (pieces_of, totals_of)
        self.events.derive("pieces", first).derive("totals", second, by="user")

    def event(self, number: int, mark: str = "") -> Event:
        return Event(f"k{number}", f"u{number % (self.rows // EVENTS_PER_USER)}", f"event number {number} of the stream {mark} " * 3)

    def timed(self, put: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Wall and CPU seconds of the put and of the run after it, the rows that the run changed in each table, memory."""
        before = time.perf_counter()
        put()
        started, cpu = time.perf_counter(), time.process_time()
        report = self.db.run()
        return {"put_s": started - before, "run_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu,
                "changed": [c.added + c.changed + c.deleted + c.regranted for c in report.tables.values()],
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def build(state: str, rows: int, way: str) -> dict[str, Any]:
    stream = Stream(state, rows, way)

    def put() -> None:
        for start in range(0, rows, PUT_ROWS):
            stream.events.put(stream.event(i) for i in range(start, min(rows, start + PUT_ROWS)))

    return stream.timed(put)


def small(state: str, rows: int, times: int) -> dict[str, list[dict[str, Any]]]:
    """One row at a time: the first in a process that has just begun, then warm."""
    stream, mark = Stream(state, rows), str(time.time())
    events, nobody_else = stream.events, [stream.db.catalog.reader_code(["kim"])]
    made: dict[str, list[dict[str, Any]]] = {"fresh": [stream.timed(lambda: events.put([stream.event(rows // 2, mark)]))]}
    made["change"] = [stream.timed(lambda i=i: events.put([stream.event(rows // 3 + i, mark)])) for i in range(times)]
    made["insert"] = [stream.timed(lambda i=i: events.put([stream.event(rows + i)])) for i in range(times)]
    made["delete"] = [stream.timed(lambda i=i: events.drop([f"k{rows + i}"])) for i in range(times)]
    made["readers"] = [stream.timed(lambda i=i: events.put([stream.event(rows // 5 + i)], readers=nobody_else)) for i in range(times)]
    made["nothing"] = [stream.timed() for _ in range(times)]
    return made


def large(state: str, rows: int, way: str, changed: int) -> dict[str, dict[str, Any]]:
    """Many rows in one run; they touch every tenth row of every group."""
    stream, mark = Stream(state, rows, way), str(time.time())
    one = [stream.db.catalog.reader_code(["staff"])]
    return {"change": stream.timed(lambda: stream.events.put(stream.event(i, mark) for i in range(changed))),
            "readers": stream.timed(lambda: stream.events.put([stream.event(i, mark) for i in range(changed)], readers=one * changed)),
            "delete": stream.timed(lambda: stream.events.drop(f"k{i}" for i in range(changed)))}


def steady(state: str, rows: int, runs: int) -> dict[str, Any]:
    """One-row runs in a row, and what they leave behind."""
    stream, mark = Stream(state, rows), str(time.time())
    stream.timed()
    seconds = [stream.timed(lambda i=i: stream.events.put([stream.event(i * 37 % rows, mark)]))["run_s"] for i in range(runs)]
    tables = {}
    for name, table in stream.db.tables.items():
        dataset = table.dataset()
        tables[name] = {"fragments": len(dataset.get_fragments()), "versions": len(dataset.versions())}
    return {"seconds": seconds, "tables": tables}
