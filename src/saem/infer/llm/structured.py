"""Structured output: the JSON in a reply, and whether it fits its schema."""
import json
from collections.abc import Mapping
from typing import Any

from saem.core.errors import missing


def parsed(text: str, schema: Mapping[str, Any]) -> tuple[Any, str]:
    """(the value, what is wrong with it: '' = it fits).

    >>> parsed('Sure: {"score": 3}', {"type": "object", "required": ["score"]})
    ({'score': 3}, '')
    """
    try:
        import jsonschema
    except ImportError as error:
        raise missing("jsonschema", "structured output", "llm") from error
    value, problem = _value(text)
    if problem:
        return None, problem
    wrong = next(iter(jsonschema.Draft202012Validator(dict(schema)).iter_errors(value)), None)
    return (value, "") if wrong is None else (None, f"{'/'.join(map(str, wrong.absolute_path)) or 'the value'}: {wrong.message:.200}")


def _value(text: str) -> tuple[Any, str]:
    """The first JSON object or list in a text: models like to talk around it, or fence it."""
    decoder, problem = json.JSONDecoder(), "no JSON object is in it"
    for start, character in enumerate(text):
        if character in "{[":
            try:
                return decoder.raw_decode(text, start)[0], ""
            except json.JSONDecodeError as error:
                problem = f"it is no JSON: {error.msg} at character {error.pos}"
                break
    return None, problem
