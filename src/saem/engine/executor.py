"""The local executor: threads in this process, for operators that leave the interpreter (models) while they work."""
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def in_order(function: Callable[[A], B], items: Iterable[A], workers: int) -> Iterator[B]:
    """map() with `workers` threads and at most one item waiting; results come in order. 0 or 1 workers = no threads."""
    if workers < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers, "saem") as pool:
        ahead: deque[Future[B]] = deque()
        try:
            for item in items:
                ahead.append(pool.submit(function, item))
                if len(ahead) > workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
