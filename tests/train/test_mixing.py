"""Weights of sources that fit a target, rows drawn by them, and synthetic rows counted and capped."""
import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from saem.engine.project import Project
from saem.sources import records
from saem.train import draw, mixture, proxy_runs, synthetic_quota, within_quota

dice = np.random.default_rng(9)
WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ark", "ell", "oom", "ine", "ast", "und", "ich")]
SPOKEN = {"law": WORDS[:28], "code": WORDS[28:56], "chat": WORDS[56:]}


@dataclasses.dataclass
class Doc:
    key: str
    source: str
    text: str
    is_synthetic: bool | None = False


def doc(number: int, source: str, is_synthetic: bool | None = False) -> Doc:
    return Doc(f"{source}{number}", source, " ".join(dice.choice(SPOKEN[source], 40)), is_synthetic)


@pytest.fixture
def db(tmp_path: Path) -> Project:
    return Project(str(tmp_path / "p"))


def test_the_sources_that_the_target_is_made_of_get_the_weight(db: Project) -> None:
    docs, target = (db.source(name, records(Doc, key="key")) for name in ("docs", "target"))
    runs = docs.derive("runs", proxy_runs(runs=24, proxy_bytes=12_000), using=[target])
    weights = runs.derive("weights", mixture())
    chosen = docs.derive("training", draw(weights="weights", size_bytes=30_000))
    docs.put([doc(n, source) for source, count in (("law", 30), ("code", 60), ("chat", 210)) for n in range(count)])
    target.put([doc(1000 + n, source) for source, count in (("law", 14), ("code", 14)) for n in range(count)])
    db.run()
    rows = {row["source"]: row for row in weights.to_arrow().to_pylist()}
    assert rows["law"]["weight"] + rows["code"]["weight"] > .85
    assert sum(row["weight"] for row in rows.values()) == pytest.approx(1)
    assert rows["law"]["predicted"] < rows["law"]["predicted_as_is"]
    assert rows["law"]["rank_correlation"] > .8
    measured = {row["run"]: row["bits_per_byte"] for row in runs.to_arrow().to_pylist()}
    assert measured[1] < measured[0], "all alike is nearer to the target than mostly chat"
    drawn = chosen.to_arrow(["source", "text", "copy"]).to_pylist()
    size = {source: sum(len(row["text"]) for row in drawn if row["source"] == source) for source in SPOKEN}
    for source in SPOKEN:
        assert size[source] == pytest.approx(rows[source]["weight"] * 30_000, rel=.35, abs=900)
    assert max(row["copy"] for row in drawn if row["source"] == "law") >= 1, "a small source is repeated"
    db.close()


def test_drawn_rows_stay_drawn_when_another_row_comes(db: Project) -> None:
    docs, weights = db.source("docs", records(Doc, key="key")), pa.table({
        "source_column": ["source"] * 2, "source": ["law", "chat"], "weight": [.5, .5], "size_bytes": [8000, 20000]})
    rows = pa.Table.from_pylist([dataclasses.asdict(doc(n, source)) for source in ("law", "chat") for n in range(50)])
    operator = draw(weights="weights", size_bytes=8000)
    all_of_them = operator.function(rows, weights, **operator.settings)
    some = operator.function(rows.slice(10, 60), weights, **operator.settings)
    inside = [i for i, origin in enumerate(all_of_them.origin.tolist()) if 10 <= origin < 70]
    assert some.rows.equals(all_of_them.rows.take(pa.array(inside)))
    assert docs.name == "docs"
    db.close()


def test_synthetic_rows_are_counted_and_capped_and_real_ones_all_stay(db: Project) -> None:
    docs = db.source("docs", records(Doc, key="key"))
    quota = docs.derive("quota", synthetic_quota(max_share=.2))
    training = docs.derive("training", within_quota(quota="quota"))
    docs.put([doc(n, "law") for n in range(60)] + [doc(n, "code", True) for n in range(60)] + [doc(n, "chat", None) for n in range(20)])
    db.run()
    told, = quota.to_arrow().to_pylist()
    kept = training.to_arrow(["text", "is_synthetic"]).to_pylist()
    made = sum(len(row["text"]) for row in kept if row["is_synthetic"] is not False)
    assert told["synthetic_rows"] == 80, "a row of which nobody knows counts as synthetic"
    assert told["share"] > .5
    assert told["kept_share"] == pytest.approx(made / sum(len(row["text"]) for row in kept))
    assert .15 < told["kept_share"] <= .2
    assert sum(row["is_synthetic"] is False for row in kept) == 60
    docs.put([doc(100 + n, "law") for n in range(400)])
    db.run()
    assert quota.to_arrow()["below"].to_pylist() == ["all"]
    assert len(training.to_arrow(["text"])) == 540
    db.close()
