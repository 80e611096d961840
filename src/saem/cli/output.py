"""What a terminal shows: tables, progress with pace and time left, and the next command."""
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from saem.core.run import OnProgress, Progress, heard, ignore


@dataclass
class Output:
    """How this command talks: as JSON, quietly, or for people."""
    is_json: bool = False
    is_quiet: bool = False

    def data(self, value: Any) -> None:
        """JSON on stdout, one document."""
        print(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None, default=plain))

    def line(self, text: str = "") -> None:
        """A line of the result, for people."""
        print(text)

    def note(self, text: str) -> None:
        """A message beside the result."""
        if not self.is_quiet:
            print(text, file=sys.stderr)

    def next(self, command: str) -> None:
        """The last line: what one would type next."""
        if not self.is_quiet and not self.is_json:
            print(f"\nnext: {command}", file=sys.stderr)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str] = ()) -> None:
        """Rows for people: aligned on a terminal as in a file, wide characters counted as two."""
        from rich import box
        from rich.console import Console
        from rich.table import Table
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in columns:
            made.add_column(column, justify="right" if column in right else "left", overflow="fold")
        for row in rows:
            made.add_row(*(_cell(value) for value in row))
        console = Console(markup=False, highlight=False)
        if not console.is_terminal:
            console.width = 160
        console.print(made)

    @contextlib.contextmanager
    def progress(self) -> Iterator[OnProgress]:
        """A listener for long work: a bar on a terminal, a line every few seconds elsewhere, nothing when quiet."""
        if self.is_quiet or self.is_json:
            yield ignore
        elif sys.stderr.isatty():
            with _bars() as listener, heard(self.note):
                yield listener
        else:
            with heard(self.note):
                yield _Lines()


@contextlib.contextmanager
def _bars() -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    tasks: dict[str, Any] = {}
    with Bars(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"), TimeRemainingColumn(),
              console=Console(stderr=True), transient=True) as bars:
        def listen(step: Progress) -> None:
            if step.table not in tasks:
                tasks[step.table] = (bars.add_task(step.table, total=step.total or None, pace=""), time.monotonic())
            task, began = tasks[step.table]
            elapsed = time.monotonic() - began
            pace = f"{step.done / elapsed:,.0f} rows/s" if elapsed > 0.5 else ""
            bars.update(task, completed=step.done, total=step.total or None, pace=pace)
        yield listen


class _Lines:
    """Off a terminal: a line for each table that takes longer than a few seconds."""
    EVERY_S = 5.0

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.said = time.monotonic()

    def __call__(self, step: Progress) -> None:
        now = time.monotonic()
        began = self.began.setdefault(step.table, now)
        if now - self.said >= self.EVERY_S and step.done != step.total:
            self.said = now
            pace = step.done / max(1e-6, now - began)
            left = f", {(step.total - step.done) / pace:.0f} s left" if step.total and pace else ""
            print(f"{step.table}: {step.done:,} of {step.total or '?'} ({pace:,.0f} rows/s{left})", file=sys.stderr)


def printable(text: str) -> str:
    """A name on one line: control characters of hostile file names move no cursor."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def plain(value: Any) -> Any:
    """Values that JSON has no word for."""
    if isinstance(value, bytes):
        return value.hex() if len(value) == 16 else f"{len(value)} bytes"
    return str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex() if len(value) == 16 else f"{len(value):,} bytes"
    if isinstance(value, float):
        return f"{value:,.6g}"
    text = printable(" ".join(str(value).split()))
    return text[:117] + "..." if len(text) > 120 else text
