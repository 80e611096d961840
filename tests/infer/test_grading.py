"""Grading by a rubric: what a teacher notices of scores, their evidence, and how far a judge can be trusted."""
import dataclasses
import json
import pathlib

import pytest

import saem
from saem.core.errors import SaemError
from saem.infer.grading import Criterion, Judgement, agreement, grade, kappa
from saem.infer.judges.model import ModelJudge
from saem.infer.llm import Model, Spec
from saem.sources.records import records
from tests.infer.llm.servers import Step, serving


@dataclasses.dataclass(frozen=True)
class Essay:
    key: str
    text: str


@dataclasses.dataclass(frozen=True)
class Grade:
    key: str
    criterion: str
    points: int


RUBRIC = [Criterion("thesis", "says what it argues", 0, 2, ["I argue", "because"]),
          Criterion("evidence", "names examples", 1, 5, [r"for example", r"\d{4}"])]
ESSAYS = [Essay("kim", "I argue that books matter, because they last. For example Frankenstein of 1818."), Essay("lee", "Books are nice."),
          Essay("park", "I argue for films. For example Parasite.")]


def project(root: pathlib.Path, judge: object = "rules", runs: int = 1, remote: bool = True) -> saem.Project:
    db = saem.Project(str(root))
    judge = ModelJudge(Model(judge, db)) if isinstance(judge, Spec) else judge
    essays = db.source("essays", records(Essay, key="key"), readers=lambda key: [key], remote=remote)
    db.source("criteria", records(Criterion, key="name"))
    db.source("grades", records(Grade, key=("key", "criterion")))
    essays.derive("scores", grade(judge=judge, runs=runs), using=["criteria"], carry=["key"])
    db.tables["criteria"].put(RUBRIC)
    db.tables["essays"].put(ESSAYS)
    return db


def points(db: saem.Project) -> dict[tuple[str, str], int]:
    return {(row["key"], row["criterion"]): row["points"] for row in db.table("scores").to_arrow(where="run = 1").to_pylist()}


def test_each_criterion_has_points_and_the_words_that_they_rest_on(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path)
    db.run()
    assert points(db) == {("kim", "thesis"): 2, ("kim", "evidence"): 5, ("lee", "thesis"): 0, ("lee", "evidence"): 1, ("park", "thesis"): 1,
                          ("park", "evidence"): 3}
    text = {essay.key: essay.text for essay in ESSAYS}
    for row in db.table("scores").to_arrow().to_pylist():
        assert all(text[row["key"]][each["start"]:each["end"]] == each["quote"] for each in row["evidence"])
    assert {row["key"] for row in db.as_user("kim").table("scores").to_arrow().to_pylist()} == {"kim"}     # nobody reads another's marks


def test_another_rubric_or_essay_grades_again_and_a_forgotten_one_has_no_marks(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path)
    db.run()
    db.tables["criteria"].put([dataclasses.replace(RUBRIC[0], most=4)])
    db.tables["essays"].put([Essay("lee", "I argue that books are nice.")])
    db.run()
    assert (points(db)["kim", "thesis"], points(db)["lee", "thesis"]) == (4, 2)
    db.forget("essays", "kim")
    assert {key for key, _ in points(db)} == {"lee", "park"}


def test_agreement_with_people_is_told_by_criterion_and_with_itself(tmp_path: pathlib.Path) -> None:
    db = project(tmp_path, judge=moody, runs=2)
    db.tables["grades"].put([Grade("kim", "thesis", 2), Grade("lee", "thesis", 0), Grade("park", "thesis", 1), Grade("kim", "evidence", 1),
                             Grade("park", "evidence", 5)])
    db.run()
    evidence, thesis = agreement(db.table("scores"), db.table("grades"))
    assert (thesis.criterion, thesis.texts, thesis.kappa, thesis.exact) == ("thesis", 3, 1.0, 1.0)
    assert thesis.itself is not None
    assert thesis.itself < 1                          # its second run says otherwise
    assert evidence.kappa == -1.0
    assert agreement(db.table("scores"), db.table("grades").to_arrow(limit=0))[0].kappa is None
    assert kappa([(1, 1), (1, 1)], 1, 5) is None       # who always says the same cannot be compared by chance


def moody(text: str, criterion: Criterion, run: int) -> Judgement:
    """Gives what the length says; at the second run the least."""
    is_thesis = criterion.name == "thesis"
    best = criterion.most if len(text) > 60 else criterion.least if len(text) < 20 or not is_thesis else 1
    return Judgement(best if run == 1 else criterion.least, (), "")


def test_a_model_judges_and_what_it_does_not_find_in_the_text_is_no_evidence(tmp_path: pathlib.Path) -> None:
    def said(asked: dict[str, object]) -> str:
        told = json.loads(asked["messages"][-1]["content"])  # type: ignore[index]
        quotes = ["Books are nice"] if told["criterion"] == "thesis" else ["a quote that it made up"]
        return json.dumps({"points": told["most"] if "nice" in told["text"] else told["least"], "quotes": quotes, "why": "so"})

    with serving([Step(said)]) as server:
        db = project(tmp_path, Spec("judge", url=server.url, model="m"))
        report = db.run()
        assert db.run().tables["scores"].is_idle
    assert report.quarantined == 1                    # lee: points for evidence that is nowhere
    assert {row["key"] for row in db.table("scores").to_arrow().to_pylist()} == {"kim", "park"}
    assert "quotes nothing" in db.quarantine("scores")[0]["reason"]
    calls = db.table("calls").to_arrow().to_pylist()
    assert {(row["model"], row["purpose"], row["problem"]) for row in calls} == {("judge", "grade", "")}
    assert len(calls) == len(server.asked)
    assert db.as_user("kim").table("calls").count() == 0


@pytest.mark.parametrize("is_remote", [True, False])
def test_essays_whose_source_bars_it_are_not_sent_to_a_judge_elsewhere(tmp_path: pathlib.Path, is_remote: bool) -> None:
    fair = json.dumps({"points": 1, "quotes": ["or"], "why": "so"})
    with serving([Step(fair)]) as server:
        db = project(tmp_path, Spec("judge", url=server.url, model="m", remote=is_remote), remote=False)
        report = db.run()
        judge = ModelJudge(Model(Spec("judge", url=server.url, model="m", remote=is_remote)))
    assert bool(server.asked) is not is_remote
    if is_remote:
        assert report.quarantined == len(ESSAYS)
        assert all(each["reason"].startswith("[E801]") and "essays bars" in each["reason"] for each in db.quarantine("scores"))
        with pytest.raises(SaemError) as error:
            judge("a text from nobody knows where", RUBRIC[0], 1)
        assert error.value.code == "E801"


def test_a_judge_that_is_none_is_told_where_it_is_named() -> None:
    with pytest.raises(SaemError, match="no judge is named 'rule'"):
        grade.function(saem_table(), saem_table(), judge="rule")


def saem_table() -> object:
    import pyarrow as pa
    return pa.table({"text": [""], "name": [""], "description": [""], "least": [0], "most": [1], "looks_for": [["a"]]})
