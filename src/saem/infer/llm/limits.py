"""How fast a model may be called: so many calls and tokens in any minute."""
import threading
import time
from collections import deque
from collections.abc import Callable

from saem.core.errors import SaemError

WINDOW_S = 60.0


class Pace:
    """Keeps callers of one model within its limits: they wait their turn, in the order in which they came.

    calls, tokens  a minute; 0 = no limit
    """

    def __init__(self, name: str, calls: int, tokens: int, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self.name, self.calls, self.tokens, self.clock, self.sleep = name, calls, tokens, clock, sleep
        self.taken: deque[tuple[float, int]] = deque()      # (when, tokens) of the last minute
        self.lock = threading.Lock()

    def wait(self, tokens: int, longest_s: float = WINDOW_S) -> float:
        """Wait until a call of so many tokens fits; returns the seconds waited.

        Raises: E804 for a call that never fits, or not within `longest_s`.
        """
        if self.tokens and tokens > self.tokens:
            raise SaemError("E804", f"a call of about {tokens:,} tokens is more than '{self.name}' may take in a minute",
                            fix=f"tokens_per_minute = {tokens}, or fewer passages: --k")
        waited = 0.0
        with self.lock:
            while (wait_s := self._until(tokens)) > 0:
                if waited + wait_s > longest_s:
                    raise SaemError("E804", f"the limits of '{self.name}' leave no room for {wait_s:.0f} s", fix="ask again later")
                self.sleep(wait_s)
                waited += wait_s
            if self.calls or self.tokens:
                self.taken.append((self.clock(), tokens))
        return waited

    def _until(self, tokens: int) -> float:
        """Seconds until there is room."""
        now = self.clock()
        while self.taken and now - self.taken[0][0] >= WINDOW_S:
            self.taken.popleft()
        leaving = [0.0, *(when + WINDOW_S - now for when, _ in self.taken)]      # when the oldest 0, 1, 2 ... have left
        held = sum(size for _, size in self.taken)
        for gone, (wait_s, size) in enumerate(zip(leaving, [*(size for _, size in self.taken), 0], strict=True)):
            if (not self.calls or len(self.taken) - gone < self.calls) and (not self.tokens or held + tokens <= self.tokens):
                return wait_s
            held -= size
        return leaving[-1]
