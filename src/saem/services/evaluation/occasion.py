"""What every evaluation is: the questions of a file, asked of several ways side by side. A way that cannot be asked is told."""
import datetime
import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from saem.core.errors import SaemError
from saem.services.evaluation.questions import Question

if TYPE_CHECKING:
    from saem.engine.project import Project

Way = TypeVar("Way")
Scored = TypeVar("Scored")


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """When it was, and of what."""
    key: str
    evaluated_at: datetime.datetime
    questions: str
    answerable: int
    unanswerable: int
    snapshot: int


def occasion(db: "Project", path: str, asked: Sequence[Question]) -> dict[str, Any]:
    """The fields of an Occasion that is now."""
    there = sum(each.is_answerable for each in asked)
    return {"key": uuid.uuid4().hex, "evaluated_at": datetime.datetime.now(datetime.UTC), "questions": os.path.basename(path),
            "answerable": there, "unanswerable": len(asked) - there, "snapshot": db.snapshot}


def side_by_side(ways: Iterable[Way], score: Callable[[Way], Scored], ends: Callable[[Way, SaemError], bool],
                 ) -> tuple[list[Scored], tuple[tuple[Way, str], ...]]:
    """(what came of each way, those that failed and why). ends: of an error that is the evaluation's, not the way's."""
    scores, failed = list[Scored](), list[tuple[Way, str]]()
    for way in ways:
        try:
            scores.append(score(way))
        except SaemError as error:
            if ends(way, error):
                raise
            failed.append((way, f"[{error.code}] {error.what}"))
    return scores, tuple(failed)
