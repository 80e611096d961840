"""Reading beside an erasure: it removes the versions that readers may have opened a moment ago.

What fails on a version that has gone meanwhile is read again, from the newest snapshot: whole, only later.
"""
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from saem.core.errors import SaemError

TIMES = 5        # erasures during one reading
Read = TypeVar("Read", bound=Callable[..., Any])


def steady(read: Read) -> Read:
    """For a function whose first argument is a project, a view or a table. An error stays one unless something was published meanwhile."""
    @wraps(read)
    def again(held: Any, *arguments: Any, **named: Any) -> Any:
        project = getattr(held, "project", held)
        for _ in range(TIMES):
            before = project.origin.catalog.snapshot()
            try:
                return read(held, *arguments, **named)
            except (OSError, ValueError, SaemError):
                if project.origin.catalog.snapshot() == before:
                    raise
                project._opened.clear()
                project.origin._opened.clear()
        return read(held, *arguments, **named)
    return again  # type: ignore[return-value]
