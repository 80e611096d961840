"""Grading by a rubric: criteria in a table, points and quoted evidence for each, repeated runs, and agreement with people.

A judge is never the only measure: `agreement` says how far it goes with people's grades, and with itself.
"""
import inspect
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.operator import operator
from saem.core.shapes import Made

SCORE = pa.schema([
    ("criterion", pa.string()), ("run", pa.int64()), ("points", pa.int64()), ("least", pa.int64()), ("most", pa.int64()),
    ("evidence", pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("quote", pa.string())]))),
    ("why", pa.string()), ("judge", pa.string())])


@dataclass(frozen=True)
class Criterion:
    """One row of a rubric. least, most: points; looks_for: regular expressions, for the judge 'rules'."""
    name: str
    description: str
    least: int
    most: int
    looks_for: list[str]


@dataclass(frozen=True)
class Judgement:
    """Points, the characters start:end of the text that they rest on, and why."""
    points: int
    spans: tuple[tuple[int, int], ...]
    why: str


@dataclass(frozen=True)
class Agreement:
    """Of one criterion. kappa: quadratic weighted, with people's grades; itself: between the first two runs; None = nothing to compare."""
    criterion: str
    texts: int
    kappa: float | None
    exact: float | None
    itself: float | None


Judge = Callable[[str, Criterion, int], Judgement]


def _depends(judge: Any = "rules", **_: Any) -> list[str]:
    return [f"judge {version_of(judge)}"]


@operator(version="1", adds=SCORE, key=["criterion", "run"], depends=_depends)
def grade(texts: pa.Table, criteria: pa.Table, judge: Any = "rules", column: str = "text", runs: int = 1) -> Made:
    """One row a text, criterion and run: `essays.derive("scores", grade(), using=[criteria], carry=["key"])`.

    judge   'rules', or a function (text, criterion, run) -> Judgement, such as a ModelJudge
    column  holds the text
    runs    how often each is judged: a judge that differs from itself shows in `agreement`
    A judgement outside the criterion's points, or with evidence outside the text, fails: the text goes to quarantine.
    """
    judged, version = judge_of(judge), version_of(judge)
    names = ("name", "description", "least", "most", "looks_for")
    rubric = [Criterion(**{name: row[name] for name in names}) for row in criteria.select(list(names)).to_pylist()]
    rows, origin, others = [], [], []
    for place, text in enumerate(texts[column].to_pylist()):
        for number, criterion in enumerate(rubric):
            for run in range(1, runs + 1):
                rows.append(_row(judged(text, criterion, run), text, criterion, run, version))
                origin.append(place)
                others.append(number)
    return Made(pa.Table.from_pylist(rows, SCORE), np.array(origin, np.int64), (np.array(others, np.int64),))


def graded(texts: pa.Table, criteria: pa.Table, judge: Any = "rules", column: str = "text", key: str = "key",
           runs: int = 1) -> tuple[pa.Table, list[dict[str, str]]]:
    """(scores with the key of their text, what could not be graded: key and reason), of texts that no table derives scores from."""
    made, failed, named = [], [], texts.schema.field(key)
    for place in range(len(texts)):
        name = texts[key][place].as_py()
        try:
            found = grade.function(texts.slice(place, 1), criteria, judge, column, runs).rows
        except SaemError as error:
            failed.append({"key": str(name), "reason": str(error)})
        else:
            made.append(found.add_column(0, named, pa.array([name] * len(found), named.type)))
    empty = pa.schema([named, *SCORE]).empty_table()
    return pa.concat_tables([empty, *made]), failed


def read_file(path: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Lines of JSON that hold some names. Raises: E501 for a file that is not so."""
    try:
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError) as error:
        raise SaemError("E501", f"'{path}' cannot be read: {error}", where=caller(), fix=f"a line: {{\"{names[0]}\": ...}}") from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not set(names) <= set(row):
            raise SaemError("E501", f"line {number} of '{path}' lacks one of {', '.join(names)}", where=caller(),
                            fix="one JSON object a line")
    return [{name: row[name] for name in names} for row in rows]


def _row(made: Judgement, text: str, criterion: Criterion, run: int, version: str) -> dict[str, Any]:
    is_good = criterion.least <= made.points <= criterion.most and all(0 <= start < end <= len(text) for start, end in made.spans)
    if not is_good:
        raise SaemError("E803", f"the judge {version} gives {made.points} points for '{criterion.name}' on {made.spans}",
                        fix=f"{criterion.least} to {criterion.most} points, and places in the text")
    evidence = [{"start": start, "end": end, "quote": text[start:end]} for start, end in made.spans]
    return {"criterion": criterion.name, "run": run, "points": made.points, "least": criterion.least, "most": criterion.most,
            "evidence": evidence, "why": made.why, "judge": version}


def judge_of(judge: Any) -> Judge:
    """Raises: E102 for an unknown name, E105 for what is no function of (text, criterion, run)."""
    if isinstance(judge, str):
        return registry.load("judge", judge).judge  # type: ignore[no-any-return]
    if not callable(judge) or len(inspect.signature(judge).parameters) != 3:
        raise SaemError("E105", f"{judge!r:.60} is no judge", where=caller(), fix="a function (text, criterion, run) -> Judgement")
    return judge  # type: ignore[no-any-return]


def version_of(judge: Any) -> str:
    """Name and version, as scores carry it."""
    if isinstance(judge, str):
        return str(registry.load("judge", judge).VERSION)
    return str(getattr(judge, "version", getattr(judge, "__name__", type(judge).__name__)))


def agreement(scores: Any, people: Any, key: str = "key") -> list[Agreement]:
    """How far a judge goes with people, by criterion.

    scores  a table of scores that carries `key`; the first run is compared
    people  a table with `key`, criterion and points; both may be of any kind that Arrow reads
    """
    given: dict[str, dict[tuple[Any, int], int]] = defaultdict(dict)
    ranges: dict[str, tuple[int, int]] = {}
    for row in pa.table(scores).select([key, "criterion", "run", "points", "least", "most"]).to_pylist():
        given[row["criterion"]][row[key], row["run"]] = row["points"]
        ranges[row["criterion"]] = row["least"], row["most"]
    human = {(row[key], row["criterion"]): row["points"] for row in pa.table(people).select([key, "criterion", "points"]).to_pylist()}
    return [_agreed(name, found, human, *ranges[name]) for name, found in sorted(given.items())]


def _agreed(name: str, found: Mapping[tuple[Any, int], int], human: Mapping[tuple[Any, str], int], least: int, most: int) -> Agreement:
    both = [(points, human[text, name]) for (text, run), points in found.items() if run == 1 and (text, name) in human]
    twice = [(points, found[text, 2]) for (text, run), points in found.items() if run == 1 and (text, 2) in found]
    exact = sum(a == b for a, b in both) / len(both) if both else None
    return Agreement(name, len(both), kappa(both, least, most), exact, kappa(twice, least, most))


def kappa(pairs: Iterable[Sequence[int]], least: int, most: int) -> float | None:
    """Cohen's kappa with quadratic weights, in [-1, 1]; None where there are no pairs, or neither ever differs from itself.

    Source: Cohen 1968, https://doi.org/10.1037/h0026256

    >>> kappa([(1, 1), (2, 2), (3, 3)], 1, 3), kappa([(1, 3), (3, 1)], 1, 3)
    (1.0, -1.0)
    """
    rows = np.array([tuple(pair) for pair in pairs], int).reshape(-1, 2)
    size = most - least + 1
    if not len(rows) or size < 2:
        return None
    if rows.min() < least or rows.max() > most:
        raise SaemError("E104", f"a grade is outside {least} to {most}", where=caller(),
                        fix="grades of people within the criterion's points")
    seen = np.zeros((size, size))
    np.add.at(seen, (rows[:, 0] - least, rows[:, 1] - least), 1)
    apart = np.subtract.outer(np.arange(size), np.arange(size)) ** 2
    chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / len(rows)
    expected = float((apart * chance).sum())
    return None if expected == 0 else round(1.0 - float((apart * seen).sum()) / expected, 6)
