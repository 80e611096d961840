"""What passes between saem and a process that parses: length-prefixed JSON, and the file's bytes. No pickle.

What comes back is data of a process that a hostile file may have taken over: every value is checked for its type, and every
offset against the text.
"""
import dataclasses
import datetime
import json
import math
import struct
import types
import typing
from functools import cache
from typing import Any

from saem.transform.parse._parsed import KINDS, Parsed

LENGTH = struct.Struct("<Q")


class Unfit(ValueError):
    """A reply that is not what a parser gives."""


def encoded(message: Any) -> bytes:
    """Its length and its JSON; dataclasses become objects, dates ISO 8601. Raises: UnicodeEncodeError for half of a surrogate pair."""
    body = json.dumps(message, ensure_ascii=False, default=_plain, check_circular=False).encode("utf-8")
    return LENGTH.pack(len(body)) + body


def decoded(body: bytes) -> dict[str, Any]:
    """One message. Raises: Unfit."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unfit(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise Unfit(f"a {type(message).__name__}")
    return message


def parsed_of(told: Any) -> Parsed:
    """A reply as a document. Raises: Unfit; E401 where it has no text."""
    parsed: Parsed = _built(told, Parsed, "document")
    size = len(parsed.text)
    _check_rising("page_starts", parsed.page_starts, size)
    _check_rising("headings", [heading.start for heading in parsed.headings], size)
    for heading in parsed.headings:
        if not parsed.text.startswith(heading.text, heading.start):
            raise Unfit(f"the heading {heading.text[:40]!r} does not stand at {heading.start}")
    _check_rising("elements", [place for element in parsed.elements for place in (element.start, element.end)], size)
    _check_rising("recognised", [place for each in parsed.recognised for place in (each.start, each.end)], size)
    if not all(0 <= each.confidence <= 1 for each in parsed.recognised):
        raise Unfit("a confidence is not between 0 and 1")
    for element in parsed.elements:
        if element.kind not in KINDS or len(element.box) not in (0, 4):
            raise Unfit(f"an element of the kind {element.kind[:40]!r} with {len(element.box)} numbers as its box")
    return parsed


def _check_rising(what: str, places: list[int], size: int) -> None:
    if places and not (places[0] >= 0 and places[-1] <= size and all(a <= b for a, b in zip(places, places[1:], strict=False))):
        raise Unfit(f"{what} are not in rising order within the text")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date):      # and times, which are dates too
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"a parser gave a {type(value).__name__}")


@cache
def _hints(row_class: type) -> dict[str, Any]:
    return typing.get_type_hints(row_class)


def _built(value: Any, hint: Any, where: str) -> Any:
    """The value as its hint promises it, or Unfit. Numbers are finite, dates have a time zone."""
    if dataclasses.is_dataclass(hint):
        hints = _hints(typing.cast(type, hint))
        if not isinstance(value, dict) or not value.keys() <= hints.keys():
            raise Unfit(f"{where} is a {type(value).__name__}")
        try:
            return typing.cast(type, hint)(**{name: _built(each, hints[name], name) for name, each in value.items()})
        except TypeError as error:
            raise Unfit(f"{where} is incomplete: {error}") from error
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is list and type(value) is list:
        return value if inner[0] is str and all(type(each) is str for each in value) else [_built(each, inner[0], where) for each in value]
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _built(value, next(each for each in inner if each is not type(None)), where)
    if hint is datetime.datetime and type(value) is str:
        return _time(value, where)
    if hint is datetime.date and type(value) is str:
        return _date(value, where)
    if hint is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if hint in (str, int, bool) and type(value) is hint:
        return value
    raise Unfit(f"{where} is a {type(value).__name__}")


def _time(value: str, where: str) -> datetime.datetime:
    try:
        time = datetime.datetime.fromisoformat(value)
    except ValueError as error:
        raise Unfit(f"{where} is no time: {value[:40]!r}") from error
    if time.tzinfo is None:
        raise Unfit(f"{where} has no time zone")
    return time


def _date(value: str, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(value)
    except ValueError as error:
        raise Unfit(f"{where} is no date: {value[:40]!r}") from error
