"""Questions put to a folder in one process that stays open, as a server would."""
import time
from typing import Any

import saem
from saem.infer import ask


def many(folder: str, questions: list[str]) -> dict[str, Any]:
    """Seconds of each ask and of each search; the first of both loads the models and is not among them."""
    db = saem.open(folder)
    chunks = db.table("chunks")
    ask(chunks, questions[0])
    return {"ask": [_seconds(lambda q=q: ask(chunks, q)) for q in questions],
            "search": [_seconds(lambda q=q: chunks.search(q)) for q in questions],
            "found": sum(ask(chunks, q, keep=False).found for q in questions)}


def _seconds(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
