"""What a run did, and how it says so while it works."""
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from saem.core import html


@dataclasses.dataclass
class Counts:
    """Rows of one table in one run."""
    added: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    regranted: int = 0         # only their readers changed
    recomputed: int = 0        # units that the operators were called for, whatever came out
    reused: int = 0            # costly results taken from the table itself
    computed: int = 0          # rows for which a costly operator really ran
    quarantined: int = 0       # units of this table that are in quarantine now
    skipped: int = 0           # left out by a rule
    forgotten: int = 0         # what the source still has and `forget` keeps out
    seconds: float = 0.0
    notes: list[str] = dataclasses.field(default_factory=list)      # what an operator says of the whole table

    @property
    def is_idle(self) -> bool:
        return not (self.added or self.changed or self.deleted or self.regranted)


@dataclasses.dataclass(frozen=True)
class Progress:
    """One step of long work on `table`: `done` of `total`, in rows where these are costly, else in units (total 0 = not known).

    How many rows the documents to come will give is guessed from those that came: `total` then moves as the work goes on.
    """
    table: str
    done: int
    total: int


@dataclasses.dataclass
class Report:
    """What one run did, table by table."""
    tables: dict[str, Counts]
    snapshot: int
    seconds: float

    @property
    def quarantined(self) -> int:
        """Units that are in quarantine now, in all tables."""
        return sum(counts.quarantined for counts in self.tables.values())

    def to_dict(self) -> dict[str, Any]:
        rows = {name: dataclasses.asdict(c) | {"seconds": round(c.seconds, 4)} for name, c in self.tables.items()}
        return {"snapshot": self.snapshot, "seconds": round(self.seconds, 4), "tables": rows}

    def __str__(self) -> str:
        lines = [f"{name}: +{c.added} ~{c.changed} -{c.deleted} ={c.unchanged}, {c.computed} computed, {c.reused} reused, "
                 f"{c.quarantined} quarantined, " + (f"{c.forgotten} kept out as forgotten, " if c.forgotten else "") + f"{c.seconds:.2f} s"
                 for name, c in self.tables.items()]
        lines += [f"{name}: {note}" for name, c in self.tables.items() for note in c.notes]
        return "\n".join([*lines, f"snapshot {self.snapshot}, {self.seconds:.2f} s"])

    def _repr_html_(self) -> str:
        names = [field.name for field in dataclasses.fields(Counts) if field.name != "notes"]
        rows = [[name, *(round(getattr(counts, each), 2) or "" for each in names)] for name, counts in self.tables.items()]
        notes = [html.paragraph(f"{name}: {note}") for name, counts in self.tables.items() for note in counts.notes]
        return html.paragraph(f"snapshot {self.snapshot}, {self.seconds:.2f} s") + html.table(["table", *names], rows) + "".join(notes)


_listeners: list[Callable[[str], None]] = []


@contextmanager
def heard(listener: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, the listener is given what `say` says."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def say(text: str) -> None:
    """One line to whoever waits for long work, if somebody listens."""
    for listener in _listeners[-1:]:
        listener(text)


OnProgress = Callable[[Progress], None]
OnStep = Callable[[str], None]


def ignore(_: Any) -> None:
    """The listener of those who do not listen."""
