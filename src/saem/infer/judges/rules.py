"""Points by what a criterion looks for: the share of its words and patterns that the text holds. No model; the same at every run."""
import re

from saem.infer.grading import Criterion, Judgement

VERSION = "rules 1"


def judge(text: str, criterion: Criterion, run: int) -> Judgement:
    """Each of `looks_for` is a regular expression; where it is first found is evidence."""
    found = [re.search(each, text, re.IGNORECASE) for each in criterion.looks_for]
    spans = tuple((each.start(), each.end()) for each in found if each is not None and each.end() > each.start())
    share = len(spans) / len(found) if found else 0.0
    points = round(criterion.least + share * (criterion.most - criterion.least))
    lacking = [each for each, place in zip(criterion.looks_for, found, strict=True) if place is None]
    return Judgement(points, spans, f"not found: {', '.join(lacking)}" if lacking else "all found")
