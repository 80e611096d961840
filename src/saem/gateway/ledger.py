"""What each key has used: kept in the table `calls`, counted in memory, asked before every call."""
import datetime
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from saem.gateway.keys import Key
from saem.infer.llm.calls import CallRow, calls_today, record
from saem.infer.llm.spec import Spec
from saem.store.reader_sets import NOBODY

if TYPE_CHECKING:
    from saem.engine.project import Project

MINUTE_S = 60.0
NEVER = inf
TAKE_IN_EVERY = 200           # calls, then a run takes the rows in


class Limited(Exception):
    """A limit is reached. wait_s: until there is room again, NEVER for a call that is larger than a day's."""

    def __init__(self, what: str, wait_s: float) -> None:
        super().__init__(what)
        self.wait_s = wait_s


@dataclass
class Used:
    """Of one day: tokens and cost that were used, and what calls under way may still use."""
    tokens: int = 0
    cost: float = 0.0
    held_tokens: int = 0
    held_cost: float = 0.0


class Ledger:
    """Shared by all threads. What a call may use at most is held from its limits until it is known what it did use.

    One gateway a project counts right; two would each see the other's calls only when they start.
    """

    def __init__(self, db: "Project", now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.db, self.now, self.clock = db, now, clock
        self.lock = threading.Lock()
        self.day = now().date()
        self.keys: dict[str, Used] = defaultdict(Used)
        self.models: dict[str, Used] = defaultdict(Used)
        self.recent: dict[str, deque[float]] = defaultdict(deque)
        self.waiting = 0
        for row in calls_today(db):
            self._add(row["caller"], row["model"], row["tokens_in"] + row["tokens_out"], row["cost"])

    @contextmanager
    def admitted(self, key: Key, spec: Spec, tokens_in: int, tokens_out: int) -> Iterator[None]:
        """Let a call in that may use so many tokens. Raises: Limited."""
        tokens, cost = tokens_in + tokens_out, spec.cost(tokens_in, tokens_out)
        with self.lock:
            self._turn_day()
            self._check(key, spec, tokens, cost)
            self.recent[key.name].append(self.clock())
            held = self.keys[key.name], self.models[spec.name]
            for used in held:
                used.held_tokens, used.held_cost = used.held_tokens + tokens, used.held_cost + cost
        try:
            yield
        finally:
            with self.lock:
                for used in held:
                    used.held_tokens, used.held_cost = used.held_tokens - tokens, used.held_cost - cost

    def _check(self, key: Key, spec: Spec, tokens: int, cost: float) -> None:
        recent, used, of_model = self.recent[key.name], self.keys[key.name], self.models[spec.name]
        while recent and self.clock() - recent[0] >= MINUTE_S:
            recent.popleft()
        if key.calls_per_minute and len(recent) >= key.calls_per_minute:
            raise Limited(f"{key.calls_per_minute} calls a minute", MINUTE_S - (self.clock() - recent[0]))
        if key.tokens_per_day and used.tokens + used.held_tokens + tokens > key.tokens_per_day:
            raise Limited(f"{key.tokens_per_day:,} tokens a day, of which {used.tokens:,} are used; this call may take {tokens:,}",
                          NEVER if tokens > key.tokens_per_day else self._night())
        for what, limit, each in (("key", key.cost_per_day, used), ("model", spec.cost_per_day, of_model)):
            if limit and each.cost + each.held_cost + cost > limit:
                raise Limited(f"the {what} may cost {limit:.4g} a day, of which {each.cost:.4g} are used",
                              NEVER if cost > limit else self._night())

    def write(self, row: CallRow, inputs: Sequence[str], readers: int | None) -> str:
        """Keep a call's row: the owner's alone, unless said otherwise. Now and then a run takes the rows in."""
        with self.lock:
            self._turn_day()
            self._add(row.caller, row.model, row.tokens_in + row.tokens_out, row.cost)
            name = record(self.db, row, inputs, NOBODY if readers is None else readers)
            self.waiting += 1
            if self.waiting >= TAKE_IN_EVERY:
                self.take_in()
            return name

    def take_in(self) -> None:
        """Bring the rows that wait into the table; where another run is at work, it or the next does."""
        from saem.core.errors import SaemError
        self.waiting = 0
        try:
            self.db.run(only=["calls"])
        except SaemError as error:
            if error.code != "E301":
                raise

    def _add(self, key: str, model: str, tokens: int, cost: float) -> None:
        for used in (self.keys[key], self.models[model]):
            used.tokens, used.cost = used.tokens + tokens, used.cost + cost

    def _turn_day(self) -> None:
        """At midnight UTC what was used is forgotten; what is held stays."""
        if self.now().date() != self.day:
            self.day = self.now().date()
            for used in (*self.keys.values(), *self.models.values()):
                used.tokens, used.cost = 0, 0.0

    def _night(self) -> float:
        """Seconds until midnight UTC."""
        now = self.now()
        return (datetime.datetime.combine(now.date() + datetime.timedelta(days=1), datetime.time(), datetime.UTC) - now).total_seconds()
