"""Of equal rows one stays: and nobody loses sight of a copy that he may read."""
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saem
from saem.core.principals import clauses, is_wider
from saem.sources import records
from saem.transform import deduplicate
from saem.transform.deduplicate import _hidden

GROUPS = {"staff": ("lee", "cho"), "board": ("park", "cho"), "students": ("kim",)}


@dataclass(frozen=True)
class Paper:
    path: str
    text: str
    reader: str


@pytest.fixture
def db(tmp_path: Path) -> saem.Project:
    made = saem.Project(str(tmp_path / "state"))
    made.groups = dict(GROUPS)
    made.source("papers", records(Paper), readers="reader").derive("once", deduplicate, by="text")
    return made


def _run(db: saem.Project, *papers: tuple[str, str, str]) -> None:
    db.tables["papers"].put([Paper(*each) for each in papers])
    db.run()


def _seen(db: saem.Project, person: str) -> list[str]:
    return sorted(db.as_user(person).table("once").to_arrow(["path"])["path"].to_pylist())


def test_a_copy_that_few_may_read_never_hides_one_that_is_for_all(db: saem.Project) -> None:
    _run(db, ("a-secret", "same", "board"), ("b-public", "same", "*"))
    assert {person: _seen(db, person) for person in ("kim", "park")} == {"kim": ["b-public"], "park": ["b-public"]}


def test_copies_of_which_neither_is_read_by_all_readers_of_the_other_both_stay(db: saem.Project) -> None:
    _run(db, ("a", "same", "board"), ("b", "same", "staff"), ("c", "same", "staff"))
    assert {person: _seen(db, person) for person in ("park", "lee", "cho")} == {"park": ["a"], "lee": ["b"], "cho": ["a", "b"]}


def test_of_copies_with_the_same_readers_the_first_stays_and_its_twin_follows_it(db: saem.Project) -> None:
    _run(db, ("a", "same", "*"), ("b", "same", "*"), ("c", "other", "*"))
    assert _seen(db, "kim") == ["a", "c"]
    db.tables["papers"].drop(["a"])
    db.run()
    assert _seen(db, "kim") == ["b", "c"]


READERS = {"a": ["board"], "b": ["*"]}


def test_when_the_readers_of_a_copy_change_another_one_stays(tmp_path: Path) -> None:
    @dataclass
    class Listed:
        row_class: type = Paper

        def entries(self) -> Iterable[saem.Entry]:
            return [saem.Entry("a", "1"), saem.Entry("b", "1")]

        def read(self, key: str) -> tuple[Paper, str]:
            return Paper(key, "same", ""), "1"

    db = saem.Project(str(tmp_path / "state"))
    db.groups = dict(GROUPS)
    db.source("papers", Listed(), readers=lambda key: READERS[key]).derive("once", deduplicate, by="text")
    db.run()
    assert (_seen(db, "kim"), _seen(db, "park")) == (["b"], ["b"])
    READERS["b"] = ["board"]
    try:
        db.run()
        assert (_seen(db, "kim"), _seen(db, "park")) == ([], ["a"])
    finally:
        READERS["b"] = ["*"]
    db.run()
    assert (_seen(db, "kim"), _seen(db, "park")) == (["b"], ["b"])


@given(st.lists(st.sets(st.sampled_from(["a", "b", "c", "*"])), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_whoever_reads_a_copy_reads_one_that_stays_and_none_that_stays_is_needless(names: list[set[str]]) -> None:
    readers = [clauses(each) for each in names]
    stay = [at for at in range(len(readers)) if at not in set(_hidden(list(range(len(readers))), readers))]
    for each in readers:
        assert any(is_wider(readers[at], each) for at in stay)
    for at in stay:
        assert not any(is_wider(readers[other], readers[at]) for other in stay if other != at)
