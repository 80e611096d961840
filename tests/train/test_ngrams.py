"""A quality classifier that a user trains on good and bad texts: it tells them apart, says why, and is the same whatever the order."""
import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import saem
from saem.engine.project import Project
from saem.sources import records
from saem.train import explain, fit, predict, tell_apart
from saem.train.learners import base_rate, ngrams
from saem.train.linear import trained, unpacked

GOOD = ["The library opens at nine and closes at six; late books cost one hundred won a day.",
        "To restore a backup, stop the server, copy the files back, and start it again.",
        "A function that returns a list keeps the order in which its rows came.",
        "도서관은 아홉 시에 열고 여섯 시에 닫습니다. 연체료는 하루에 백 원입니다.",
        "백업을 되살리려면 서버를 멈추고 파일을 되돌린 다음 다시 시작하십시오."]
BAD = ["CLICK HERE to win a free prize now!!! limited offer click here",
       "best cheap pills online buy now free shipping click",
       "lorem ipsum asdf asdf qwer subscribe follow like share win",
       "지금 클릭하세요 무료 경품 당첨 대박 이벤트 클릭클릭",
       "최저가 무료 배송 대박 할인 지금 바로 클릭하세요"]


@dataclasses.dataclass
class Text:
    key: str
    text: str


def examples(repeat: int = 8) -> pa.Table:
    rows = [(f"{text} {number}", good) for number in range(repeat) for texts, good in ((GOOD, True), (BAD, False)) for text in texts]
    return pa.table({"text": [text for text, _ in rows], "is_good": [good for _, good in rows]})


def test_it_tells_unseen_good_texts_from_bad_ones_in_both_languages() -> None:
    unseen = pa.table({"text": ["The server keeps the order of its files.", "도서관에서는 여섯 시에 서버를 멈춥니다.",
                                "click now to win free pills", "무료 할인 이벤트 클릭"]})
    score = ngrams.predict(ngrams.fit(examples(), "is_good", "text"), unseen)
    assert score[:2].min() > .7
    assert score[2:].max() < .3


def test_the_model_does_not_depend_on_the_order_of_its_rows() -> None:
    rows = examples()
    mixed = rows.take(pa.array(np.random.default_rng(1).permutation(len(rows))))
    assert ngrams.fit(rows, "is_good", "text") == ngrams.fit(mixed, "is_good", "text")


def test_a_packed_model_scores_as_before() -> None:
    texts = examples()["text"]
    model = trained(texts, np.arange(len(texts)) % 3, ["a", "b", "c"])
    chances = unpacked(model.packed()).probabilities(texts)
    assert np.array_equal(chances, model.probabilities(texts))
    assert np.allclose(chances.sum(axis=1), 1)
    with pytest.raises(saem.SaemError, match="E208"):
        unpacked(b"something else")


def test_case_width_and_composition_make_no_difference() -> None:
    model = ngrams.fit(examples(), "is_good", "text")
    same = pa.table({"text": ["Click the café 도서관", "CLICK the cafe\u0301 도서관", "ｃｌｉｃｋ THE CAFÉ \u1103\u1169서관"]})
    assert len(set(ngrams.predict(model, same).tolist())) == 1


def test_empty_missing_and_hostile_texts_have_a_score() -> None:
    model = ngrams.fit(examples(), "is_good", "text")
    odd = pa.table({"text": pa.array(["", None, "...", "\0\ufeff", "🔥" * 50, "가" * 3000, "\U0010ffff" * 9], pa.string())})
    score = ngrams.predict(model, odd)
    assert ((score > 0) & (score < 1)).all()
    assert len(set(score[:4].tolist())) == 1


@pytest.fixture
def db(tmp_path: Path) -> Project:
    return Project(str(tmp_path / "p"))


def test_a_user_trains_on_two_tables_scores_a_third_and_asks_why(db: Project) -> None:
    good, bad, docs = (db.source(name, records(Text, key="key")) for name in ("good", "bad", "docs"))
    quality = good.derive("quality", tell_apart(), using=[bad])
    scored = docs.derive("scored", predict(model="quality"))
    good.put([Text(f"{n}", text) for n, text in enumerate(GOOD)])
    bad.put([Text(f"{n}", text) for n, text in enumerate(BAD)])
    docs.put([Text("fine", "Copy the files back and start the server."), Text("spam", "무료 경품 클릭하세요")])
    db.run()
    found = {row["key"]: row["prediction"] for row in scored.to_arrow(["key", "prediction"]).to_pylist()}
    assert found["fine"] > .6
    assert found["spam"] < .4
    why = explain(quality, "무료 경품 클릭하세요")
    assert why.score == pytest.approx(found["spam"], abs=1e-6)
    assert all(reason.adds < 0 for reason in why.reasons)
    assert {"무료", "클릭"} <= {reason.ngram for reason in explain(quality, "무료 경품 클릭하세요", most=100).reasons}
    assert f"score {why.score:.3f}" in str(why)
    db.close()


def test_what_an_explanation_adds_up_is_the_score(db: Project) -> None:
    good, bad = (db.source(name, records(Text, key="key")) for name in ("good", "bad"))
    quality = good.derive("quality", tell_apart(), using=[bad])
    good.put([Text(f"{n}", text) for n, text in enumerate(GOOD)])
    bad.put([Text(f"{n}", text) for n, text in enumerate(BAD)])
    db.run()
    why = explain(quality, "copy copy the free files", most=2)
    odds = why.bias + sum(reason.adds for reason in why.reasons) + why.rest
    assert why.score == pytest.approx(1 / (1 + np.exp(-odds)))
    assert len(why.reasons) == 2
    db.close()


def test_a_further_bad_example_gives_the_model_that_a_rebuild_gives(tmp_path: Path) -> None:
    artifacts = []
    for name, steps in (("grown", (3, 5)), ("at once", (5,))):
        db = Project(str(tmp_path / name))
        good, bad = (db.source(table, records(Text, key="key")) for table in ("good", "bad"))
        quality = good.derive("quality", tell_apart(), using=[bad])
        good.put([Text(f"{n}", text) for n, text in enumerate(GOOD)])
        for many in steps:
            bad.put([Text(f"{n}", text) for n, text in enumerate(BAD[:many])])
            db.run()
        artifacts.append(quality.to_arrow(["artifact", "rows"]).to_pylist())
        db.close()
    assert artifacts[0] == artifacts[1]
    assert artifacts[0][0]["rows"] == 10


def test_mistakes_say_what_to_mend(db: Project) -> None:
    with pytest.raises(saem.SaemError, match="is_good.*int64"):
        ngrams.fit(pa.table({"text": ["a"], "is_good": [1]}), "is_good", "text")
    with pytest.raises(saem.SaemError, match="no column 'body'"):
        ngrams.fit(examples(), "is_good", "body")
    rows = db.source("rows", records(Text, key="key"))
    rate = rows.derive("rate", fit(target="missing"))
    with pytest.raises(saem.SaemError, match="E208"):
        explain(rate, "anything")
    assert not hasattr(base_rate, "reasons")
    db.close()
