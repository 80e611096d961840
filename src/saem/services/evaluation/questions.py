"""A user's file of questions: JSON lines or CSV, read with the number of each line that is wrong."""
import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from saem.core.errors import SaemError

EXAMPLE = '{"question": "연체료는 얼마인가요?", "document": "library.md", "sentence": "하루 100원입니다."}'


@dataclass(frozen=True)
class Question:
    """What is asked; the documents that answer, () = none does; the sentence that answers, '' = not told; `holding`: those it stands in."""
    question: str
    documents: tuple[str, ...]
    sentence: str
    line: int
    holding: tuple[str, ...] = ()

    @property
    def is_answerable(self) -> bool:
        return bool(self.documents)


def read(path: str) -> list[Question]:
    """The questions of a .jsonl or .csv file.

    question   what is asked
    document   the document that answers, by its path; a list of several; null where none does. `path` and `also` are other names
    sentence   its sentence that answers, if it is to be looked for too; `answer` is another name

    Raises: E501 with the line, for a file that cannot be read, holds no question, or holds something else.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeDecodeError as error:
        raise SaemError("E501", f"'{path}' is not UTF-8 text", where=path, fix="save it as UTF-8") from error
    except OSError as error:
        raise SaemError("E501", f"'{path}' cannot be read: {error.strerror}", where=path, fix="saem evaluate QUESTIONS.jsonl") from error
    rows = _csv(text, path) if path.lower().endswith(".csv") else _json_lines(text, path)
    made = [_question(row, number, path) for number, row in rows]
    if not made:
        raise SaemError("E501", f"'{path}' holds no question", where=path, fix=f"one a line: {EXAMPLE}")
    lines: dict[str, int] = {}
    for each in made:
        if lines.setdefault(each.question, each.line) != each.line:
            raise _wrong(f"the question of line {lines[each.question]} stands there twice", path, each.line, "take one of them out")
    return made


def check(questions: list[Question], known: set[str], path: str) -> None:
    """Every document must be there. Raises: E501 with the line and the nearest name."""
    for question in questions:
        for document in question.documents:
            if document not in known:
                near = get_close_matches(document, known, 1, 0.5)
                fix = f"did you mean '{near[0]}'?" if near else f"{len(known)} documents are known; saem show docs lists their paths"
                raise _wrong(f"no document is named '{document}'", path, question.line, fix)


def _json_lines(text: str, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if text.lstrip()[:1] == "[" and not _is_json(text.splitlines()[0]):
        raise _wrong("it is one JSON list, not a JSON object a line", path, 1, f"one a line: {EXAMPLE}")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise _wrong(f"this is no JSON: {error.msg} at column {error.colno}", path, number, f"one object a line: {EXAMPLE}") from error
        if not isinstance(row, dict):
            raise _wrong(f"this is a {type(row).__name__}, not an object", path, number, f"one object a line: {EXAMPLE}")
        yield number, row


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except json.JSONDecodeError:
        return False


def _csv(text: str, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """With a header; several documents with ';' between."""
    rows = csv.DictReader(io.StringIO(text), restkey="")
    for row in rows:
        named = {(name or "").strip(): value for name, value in row.items() if isinstance(value, str)}
        documents = [each.strip() for name in ("document", "path") for each in named.pop(name, "").split(";") if each.strip()]
        yield rows.line_num, {**{name: value for name, value in named.items() if value}, "document": documents or None}


def _question(row: dict[str, Any], line: int, path: str) -> Question:
    asked = row.get("question")
    if not isinstance(asked, str) or not asked.strip():
        known = f"its fields are {', '.join(map(str, row))}" if row else "it is empty"
        raise _wrong(f"there is no question: {known}", path, line, f'"question" is needed: {EXAMPLE}')
    named = next((name for name in ("document", "path") if name in row), None)
    if named is None and row.get("answerable") is not False:
        raise _wrong("there is no document", path, line, 'the path of the one that answers, or "document": null where none does')
    given = row[named] if named else None
    documents = given if isinstance(given, list) else [given] if given is not None else []
    documents = [*documents, *(row.get("also") or [])]
    if not all(isinstance(document, str) and document for document in documents):
        raise _wrong(f"'{named}' is {given!r:.60}", path, line, "a path, a list of paths, or null where no document answers")
    sentence = row.get("sentence") or row.get("answer") or ""
    if not isinstance(sentence, str):
        raise _wrong(f"the sentence is {sentence!r:.60}", path, line, "a text out of the document")
    paths = tuple(dict.fromkeys(os.path.normpath(document).replace(os.sep, "/") for document in documents))
    return Question(asked.strip(), paths, " ".join(sentence.split()), line)


def _wrong(what: str, path: str, line: int, fix: str) -> SaemError:
    return SaemError("E501", what, where=f"{path}:{line}", fix=fix)
