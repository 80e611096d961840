"""fastText models as fasttext-community 0.11.9 wrote them: read by our own code, they say what fastText said of the same texts."""
import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import saem
from saem.engine.project import Project
from saem.sources import records
from saem.train import predict
from saem.train.fasttext_file import parsed
from saem.train.fit import Model
from saem.train.learners.fasttext import imported

DATA = Path(__file__).parents[1] / "data"
TOLD = json.loads((DATA / "fasttext.json").read_text("utf-8"))


@dataclasses.dataclass
class Text:
    key: str
    text: str


@pytest.mark.parametrize("loss", sorted(TOLD["probabilities"]))
def test_probabilities_are_those_that_fasttext_gives(loss: str) -> None:
    model = parsed((DATA / f"fasttext_{loss}.bin").read_bytes())
    made = model.probabilities(pa.chunked_array([pa.array(TOLD["texts"])]))
    theirs = np.array([[each[label] for label in model.labels] for each in TOLD["probabilities"][loss]])
    assert np.abs(made - theirs).max() < (.01 if loss == "ova" else 1e-4), "fastText looks the logistic curve up in a coarse table"
    assert np.ptp(theirs) > .3


def test_an_imported_model_scores_rows_as_any_other(tmp_path: Path) -> None:
    db = Project(str(tmp_path / "p"))
    quality, texts = db.source("quality", records(Model, key="digest")), db.source("texts", records(Text, key="key"))
    scored = texts.derive("scored", predict(model="quality"))
    quality.put([imported(DATA / "fasttext_softmax.bin", "__label__good")])
    texts.put([Text(f"{n}", text) for n, text in enumerate(TOLD["texts"])])
    db.run()
    for row in scored.to_arrow(["key", "prediction"]).to_pylist():
        assert row["prediction"] == pytest.approx(TOLD["probabilities"]["softmax"][int(row["key"])]["__label__good"], abs=1e-4)
    db.close()


def test_other_files_and_cut_ones_are_refused(tmp_path: Path) -> None:
    content = (DATA / "fasttext_softmax.bin").read_bytes()
    for broken in (b"", b"PK\3\4 not a model", content[:40], content[:-9], content[:90] + b"\xff" * 40 + content[130:]):
        with pytest.raises(saem.SaemError, match="E402"):
            parsed(broken)
    with pytest.raises(saem.SaemError, match="__label__goo"):
        imported(DATA / "fasttext_softmax.bin", "__label__goo")
