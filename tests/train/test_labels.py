"""Labels that somebody got wrong are found, with the label that they should have; rows that are right are left alone."""
import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import saem
from saem.engine.project import Project
from saem.sources import records
from saem.train import cross_fit, label_errors
from saem.train.labels import confident_joint, fold_of, margins_of, suspects

TOPICS = {"library": "book shelf lend return reader fine card catalogue 도서관 연체료 책 빌리다",
          "kitchen": "soup pan salt oven onion knife recipe boil 부엌 소금 냄비 끓이다",
          "sport": "ball goal team match coach score field run 축구 경기 선수 점수"}
dice = np.random.default_rng(4)


@dataclasses.dataclass
class Note:
    key: str
    author: str
    text: str
    label: str | None


def notes(count: int, wrong: float) -> tuple[list[Note], dict[str, str]]:
    """Notes and {key of a wrongly labelled one: its true label}."""
    made, truth = [], {}
    names = sorted(TOPICS)
    for number in range(count):
        topic = names[number % 3]
        own, other = TOPICS[topic].split(), " ".join(TOPICS.values()).split()
        words = [*dice.choice(own, 7), *dice.choice(other, 3), f"no{number}"]
        label = topic
        if dice.random() < wrong:
            label = names[(number + 1 + int(dice.integers(2))) % 3]
            truth[f"n{number}"] = topic
        made.append(Note(f"n{number}", f"a{number % 40}", " ".join(words), label))
    return made, truth


@pytest.fixture
def db(tmp_path: Path) -> Project:
    return Project(str(tmp_path / "p"))


def declared(db: Project, entity: str = "author") -> tuple[saem.Table, saem.Table, saem.Table]:
    rows = db.source("notes", records(Note, key="key"))
    folds = rows.derive("folds", cross_fit(target="label", entity=entity))
    return rows, folds, rows.derive("errors", label_errors(models="folds"), carry=["key"])


def test_planted_errors_are_found_with_their_true_labels(db: Project) -> None:
    rows, folds, errors = declared(db)
    made, truth = notes(600, .15)
    rows.put([*made, Note("none", "a1", "a note without a label", None)])
    db.run()
    found = {row["key"]: row["suggested"] for row in errors.to_arrow(["key", "suggested"]).to_pylist()}
    right = set(found) & set(truth)
    assert len(right) / len(truth) > .9
    assert len(right) / len(found) > .9
    assert sum(found[key] == truth[key] for key in right) / len(right) > .95
    assert folds.to_arrow()["rows"].to_pylist() == [600 - n for n in np.bincount(
        fold_of(pa.chunked_array([pa.array([note.author for note in made])]), 5), minlength=5).tolist()]
    db.close()


def test_a_suspect_names_its_row_and_the_models_as_parents(db: Project) -> None:
    rows, folds, errors = declared(db)
    rows.put(notes(150, .15)[0])
    db.run()
    ids = {row["key"]: row["_id"] for row in rows.to_arrow(["key", "_id"]).to_pylist()}
    models = set(folds.to_arrow(["_id"])["_id"].to_pylist())
    for row in errors.to_arrow(["key", "_unit", "_parents"]).to_pylist():
        assert row["_unit"] == ids[row["key"]]
        assert set(row["_parents"]) == {ids[row["key"]]} | models
    db.close()


def test_no_model_has_seen_the_author_that_it_judges() -> None:
    authors = pa.chunked_array([pa.array([f"a{n % 40}" for n in range(400)])])
    folds = fold_of(authors, 5)
    assert {len(set(folds[np.array(authors.to_pylist()) == name].tolist())) for name in set(authors.to_pylist())} == {1}
    assert np.array_equal(fold_of(authors.slice(7), 5), folds[7:])


def test_suspects_are_as_many_as_labels_are_estimated_to_be_wrong() -> None:
    code = np.array([0] * 10 + [1] * 10)
    chance = np.full((20, 2), .1)
    chance[np.arange(20), code] = .9
    chance[[2, 5, 13]] = chance[[2, 5, 13]][:, ::-1]
    chance[7] = [.6, .4]
    joint = confident_joint(chance, code)
    assert joint.sum(axis=1).tolist() == [10, 10]
    assert np.round(joint).astype(int).tolist() == [[8, 2], [1, 9]]
    rows, suggested = suspects(chance, np.where(np.arange(20) == 5, -1, code), margins_of(chance, code, joint))
    assert rows.tolist() == [2, 13]
    assert suggested.tolist() == [1, 0]


def test_one_label_or_one_author_tells_nothing(db: Project) -> None:
    rows, _, errors = declared(db)
    rows.put([Note(f"{n}", "same", f"text {n}", "a" if n % 2 else "b") for n in range(8)])
    db.run()
    assert len(errors.to_arrow()) == 0
    assert "in 1 folds tell nothing" in str(list(db.quarantine()))
    db.close()
