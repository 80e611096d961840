"""A user's SQL condition on rows: dates may be written as text, and a mistake is told in the user's words."""
import re

import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError, caller

TYPED = ("date", "timestamp")           # a word before a text that says what it is

_TOKEN = re.compile(r"\s+|'(?:[^']|'')*'|`[^`]+`|[^\W\d]\w*|.", re.DOTALL)
_DAY = re.compile(r"'\s*(\d{4})\s?[-./]?\s?(\d{1,2})\s?[-./]?\s?(\d{1,2})\.?(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)Z?)?\s*'")
_INSIDE = re.compile(r"Invalid user input: |Error resolving filter expression .*?: (?=[A-Z])|LanceError\([^)]*\): |, /\S*.*|, rust.*")
# the query holds more than was asked
_QUERY = re.compile(r"Error parsing statement: SELECT .*?(?=sql parser error|$)|\s*at Line: \d+, Column:? \d+")
_UNKNOWN = re.compile(r"No field named [`\"']?([^`\"'.,\s]+)")


def dated(where: str, schema: pa.Schema) -> str:
    """The condition with texts that are compared with a date or a time turned into such, which Lance does not do by itself.

    >>> dated("date = '2024.7.26' AND path = '2024-07-26'", pa.schema([("date", pa.date32()), ("path", pa.string())]))
    "date = date '2024-07-26' AND path = '2024-07-26'"
    """
    made, word, kind = list[str](), "", ""
    for token in _TOKEN.findall(where):
        name = token.strip("`")
        if token[0] == "'" and kind and word.lower() not in TYPED:
            token = _typed(kind, token)
        elif name in schema.names:
            kind = _kind(schema.field(name).type)
        made.append(token)
        word = name if token.strip() else word
    return "".join(made)


def wrong(where: str, schema: pa.Schema, error: Exception) -> SaemError:
    """E211 in the words of who wrote the condition: without the paths and layers that Lance's message goes through."""
    names = visible(schema).names
    said = _QUERY.sub("", _INSIDE.sub("", str(error).splitlines()[0])).strip()
    said = "it is no SQL condition" if not said or "_readers" in said else said
    unknown = _UNKNOWN.search(said)
    fix = f"an SQL condition over {', '.join(names)}"
    dates = [name for name in names if _kind(schema.field(name).type)]
    if unknown:
        said = f"no column is named '{unknown[1]}'"
    elif dates and any(re.search(rf"\b{name}\b", where) for name in dates):
        fix = f"dates as in: {dates[0]} >= '2024-07-26'; {fix}"
    return SaemError("E211", f"the condition {where!r} is wrong: {said:.200}", where=caller(), fix=fix)


def _kind(of: pa.DataType) -> str:
    """'date' or 'timestamp' of a column of such values, or of lists of them."""
    of = of.value_type if pa.types.is_list(of) else of
    return "date" if pa.types.is_date(of) else "timestamp" if pa.types.is_timestamp(of) else ""


def _typed(kind: str, text: str) -> str:
    found = _DAY.fullmatch(text)
    if found is None:
        return text
    day = f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    return f"{kind} '{day}{f' {found[4]}' if found[4] and kind == 'timestamp' else ''}'"
