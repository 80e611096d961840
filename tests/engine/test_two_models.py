"""While vectors are made anew with another model, a question is asked of those that are published, with the model that made them."""
from dataclasses import dataclass
from pathlib import Path

import pytest

import saem
from saem.core import registry
from saem.core.run import OnStep, ignore
from saem.sources import records
from saem.transform import embed


@dataclass(frozen=True)
class Page:
    path: str
    text: str


PAGES = [Page("a", "books are lent for fourteen days"), Page("b", "the canteen opens at noon"), Page("c", "wages are paid on the last day")]


def _project(state: Path, model: str, on_step: OnStep = ignore) -> saem.Project:
    db = saem.Project(str(state), on_step)
    db.source("pages", records(Page)).derive("chunks", embed(model=model)).index(text="text", vector="embedding")
    return db


def test_the_old_vectors_are_asked_with_the_old_model_until_the_new_ones_are_published(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    found = registry.embedder
    monkeypatch.setattr(registry, "embedder", lambda name: (asked.append(name), found(name))[1])
    db = _project(tmp_path, "hash")
    db.tables["pages"].put(PAGES)
    db.run()
    seen: list[tuple[str, str]] = []

    def search(step: str) -> None:
        if step == "before publish" or step.startswith("chunks:"):
            asked.clear()
            hit = reader.table("chunks").search("books lent for fourteen days")[0]
            seen.append((asked[0], hit.row["path"]))

    reader = _project(tmp_path, "minilm")
    stale = {step.table: step for step in reader.plan()}["chunks"]
    assert (stale.units, stale.total, stale.calls) == (3, 3, 3)
    assert "hash" in stale.why
    assert "minilm" in stale.why
    changed = _project(tmp_path, "minilm", search)
    before = db.snapshot
    changed.run()
    assert len(seen) >= 2
    assert set(seen) == {("hash", "a")}
    asked.clear()
    assert reader.table("chunks").search("books lent for fourteen days")[0].row["path"] == "a"
    assert asked[0].startswith("minilm")
    asked.clear()
    assert reader.at(before).table("chunks").search("books lent for fourteen days")[0].row["path"] == "a"
    assert asked[0] == "hash", "an older snapshot is asked with the model of its vectors"
