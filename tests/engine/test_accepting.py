"""A model that saw a forgotten row and cannot be fitted without it: it serves nobody, until it is fitted again or its owner accepts it."""
import dataclasses
import json
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.core.operator import Operator
from saem.core.run import OnStep, ignore
from saem.engine.project import Project
from saem.sources import records
from saem.train import predict
from tests.contract.fuzz import Crash

LEAST = 3


@dataclasses.dataclass
class Label:
    student: str
    churned: bool


@dataclasses.dataclass
class Rate:
    learner: str
    rows: int
    artifact: bytes
    note: str


@saem.operator(version="1", by="churned")
def kinds(rows: list[Label]) -> Rate:
    """One model of each kind of student; it takes three to be one."""
    if len(rows) < LEAST:
        raise ValueError(f"only {len(rows)} rows")
    return Rate("base_rate", len(rows), json.dumps({"rate": len(rows) / 10}).encode(), "a model of counts")


@saem.operator(version="1", by="churned")
def gossips(rows: list[Label]) -> Rate:
    """A model that learns a name by heart."""
    if len(rows) < LEAST:
        raise ValueError(f"only {len(rows)} rows")
    return Rate("base_rate", len(rows), json.dumps({"rate": .5}).encode(), " ".join(row.student for row in rows))


def opened(home: Path, model: Operator = kinds, on_step: OnStep = ignore) -> Project:
    db = Project(str(home / "state"), on_step)
    labels = db.source("labels", records(Label, key="student"))
    labels.derive("models", model)
    labels.derive("scored", predict("models"))
    return db


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with opened(tmp_path) as db:
        db.tables["labels"].put([Label(f"student haneul {n}", n < LEAST) for n in range(10)])
        db.run()
        assert db.table("models").count() == 2
    return tmp_path


def rates(db: Project) -> list[int]:
    return sorted(db.table("models").to_arrow(["rows"])["rows"].to_pylist())


def test_it_serves_again_when_its_owner_says_why(home: Path) -> None:
    with opened(home) as db:
        receipt = db.forget("labels", "student haneul 1")
        assert (receipt.verdict, rates(db)) == ("proved", [7]), receipt.summary()
        assert [each["table"] for each in receipt.blocked] == ["models"]
        done = db.accept("models", reason="counts only")
        assert rates(db) == [3, 7]
        assert done.accepted[0]["reason"] == "counts only"
        assert "Accepted all the same: models" in done.page()
        assert db.receipts()[-1].accepted == done.accepted
        found = db.trace(receipt.blocked[0]["row"])
        assert found.to_dict()["accepted"] == "counts only"
        assert len(found.parents) == 2, "a forgotten row is still among the parents, or a living one is not"
        above = [node for node in db.trace("scored:student haneul 0").parents if node.table == "models"]
        assert "counts only" in [node.accepted for node in above], "what is made by it does not say so"
        assert all(counts.is_idle for counts in db.run().tables.values())
        assert rates(db) == [3, 7]
        assert db.verify(receipt.id).verdict == "proved"


def test_a_model_that_is_fitted_again_is_another_one(home: Path) -> None:
    with opened(home) as db:
        row = db.forget("labels", "student haneul 1").blocked[0]["row"]
        db.accept("models", row[:8], reason="counts only")
        db.tables["labels"].put([Label(f"student sarang {n}", True) for n in range(2)])
        db.run()
        assert rates(db) == [4, 7]
        assert "accepted" not in db.trace(row).to_dict()
        with pytest.raises(SaemError, match="E209"):
            db.accept("models", reason="again")


def test_before_it_is_accepted_a_fit_ends_the_block(home: Path) -> None:
    with opened(home) as db:
        db.forget("labels", "student haneul 1")
        db.tables["labels"].put([Label("student sarang", True)])
        db.run()
        assert rates(db) == [3, 7]
        with pytest.raises(SaemError, match="E209"):
            db.accept("models", reason="counts only")


def test_what_it_saw_is_forgotten_too_when_more_of_it_is_forgotten(home: Path) -> None:
    with opened(home) as db:
        db.forget("labels", "student haneul 1")
        db.accept("models", reason="counts only")
        again = db.forget("labels", "student haneul 2")
        assert (rates(db), [each["table"] for each in again.blocked]) == ([7], ["models"]), "a model that saw the second row serves"
        db.forget("labels", "student haneul 0")
        with pytest.raises(SaemError, match="E209"):
            db.accept("models", again.blocked[0]["row"], reason="counts only")


def test_a_model_that_holds_the_text_itself_cannot_be_accepted(tmp_path: Path) -> None:
    with opened(tmp_path, gossips) as db:
        db.tables["labels"].put([Label(f"student haneul {n}", n < LEAST) for n in range(10)])
        db.run()
        receipt = db.forget("labels", "student haneul 1")
        assert (receipt.verdict, receipt.blocked, rates(db)) == ("proved", [], [7])
        with pytest.raises(SaemError, match="E209"):
            db.accept("models", reason="it is only a name")


def test_without_a_reason_or_by_another_it_is_not_accepted(home: Path) -> None:
    with opened(home) as db:
        db.forget("labels", "student haneul 1")
        with pytest.raises(SaemError, match="E104"):
            db.accept("models", reason=" ")
        with pytest.raises(SaemError, match="E601"):
            db.as_user("kim").accept("models", reason="mine")
        assert rates(db) == [7]


@pytest.mark.parametrize("point", ["erasure begun", "before publish", "after publish", "heads moved", "acceptance noted"])
def test_a_crash_leaves_it_blocked_and_it_can_be_accepted_afterwards(home: Path, point: str) -> None:
    def stop(step: str) -> None:
        if step == point:
            raise Crash(step)

    if point == "acceptance noted":
        with opened(home) as db:
            db.forget("labels", "student haneul 1")
    with opened(home, kinds, stop) as db, pytest.raises(Crash):
        db.accept("models", reason="counts only") if point == "acceptance noted" else db.forget("labels", "student haneul 1")
    with opened(home) as db:
        db.run()
        assert rates(db) == [7]
        db.accept("models", reason="counts only")
        assert rates(db) == [3, 7]
