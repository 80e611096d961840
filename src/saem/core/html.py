"""How tables, answers and reports show themselves in a notebook. Everything that comes from a document is escaped."""
import html
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST = 100      # characters of one value


def paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a row of names.

    >>> table(["a"], [["<b>"]])
    '<table><tr><th>a</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(_short(value))}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
