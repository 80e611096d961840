"""A curated table feeds search, embeddings and training alike; what is forgotten leaves all three, and its twin takes its place.

The text is real: saem's own how-to pages in English and Korean, of which some lie in a mirror a second time.
"""
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import saem
from saem.curate import Override, Policy, decide, keep, measure, near_duplicates
from saem.engine.project import Project
from saem.sources import folder, records
from saem.train import fit, predict
from saem.transform import chunk, embed, parse

PAGES = Path(__file__).parents[2] / "docs"
NAMES = ("forget", "go-back", "put-rows", "read-korean", "serve-models", "take-groups", "upgrade", "keep-current")
TWICE = ("forget", "go-back")                      # those that the mirror has, too
SECRET = "The caretaker's key hangs behind the clock."     # only the manual's copy says so
SPAN = "caretaker's key hangs"
POLICY = Policy({"*": ()}, near_duplicate=.7, source_rank=("manual", "mirror"), max_drop_per_source=1)
FED = ("curated", "chunks", "training", "model", "scored")


@dataclass(frozen=True)
class Document:
    path: str
    text: str


@dataclass(frozen=True)
class Example:
    is_korean: bool


@saem.operator(version="1")
def labelled(doc: Document) -> Example:
    return Example("/ko/" in doc.path)


class Domain:
    """A manual and its mirror, curated; chunks with vectors and a model are made from what stays."""

    def __init__(self, place: Path, state: str = "state") -> None:
        self.files = place / "files"
        self.db = Project(str(place / state))
        docs = self.db.source("files", folder(str(self.files))).derive("docs", parse)
        overrides = self.db.source("overrides", records(Override, key="row"))
        signals = docs.derive("signals", measure())
        twins = docs.derive("near_duplicates", near_duplicates())
        decisions = signals.derive("decisions", decide(POLICY), using=[twins, overrides])
        curated = docs.derive("curated", keep(), using=[decisions])
        chunks = curated.derive("chunks", chunk(max_chars=600), embed(model="hash"), carry=["path"])
        chunks.index(text="text", vector="embedding")
        curated.derive("training", labelled).derive("model", fit(target="is_korean", learner="ngrams"))
        chunks.derive("scored", predict(model="model"))
        self.db.run()

    def paths(self, table: str) -> set[str]:
        return set(self.db.table(table).to_arrow(["path"])["path"].to_pylist())

    def seen(self) -> set[str]:
        """The paths of the documents that the model was trained on, as its lineage tells."""
        parents = {parent for row in self.db.table("model").dataset().to_table(["_parents"])["_parents"].to_pylist() for parent in row}
        rows = self.db.table("training").dataset().to_table(["_id", "path"]).to_pylist()
        return {row["path"] for row in rows if row["_id"] in parents}

    def answer(self) -> str:
        return str(self.db.table("chunks").search("keyed hash of its name refuses it until saem allow", k=1)[0].row["path"])

    def held(self) -> dict[str, list[str]]:
        """What every fed table holds, in a fixed order."""
        return {name: sorted(map(repr, self.db.table(name).to_arrow().to_pylist())) for name in FED}


def lay(place: Path) -> Path:
    files = place / "files"
    for language in ("en", "ko"):
        source = PAGES / "how-to" if language == "en" else PAGES / "ko" / "how-to"
        for name in NAMES:
            for root in ("manual", "mirror") if name in TWICE else ("manual",):
                target = files / root / language / f"{name}.md"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / f"{name}.md", target)
    own = files / "manual" / "en" / "forget.md"
    own.write_text(f"{own.read_text('utf-8')}\n{SECRET}\n", "utf-8")
    return place


@pytest.fixture
def domain(tmp_path: Path) -> Domain:
    return Domain(lay(tmp_path))


def test_of_two_copies_one_is_searched_embedded_and_trained_on(domain: Domain) -> None:
    wanted = {f"manual/{language}/{name}.md" for language in ("en", "ko") for name in NAMES}
    assert len(domain.paths("docs")) == len(wanted) + 4
    assert domain.paths("curated") == domain.paths("chunks") == domain.paths("training") == domain.paths("scored") == wanted
    assert domain.seen() == wanted
    assert domain.answer() == "manual/en/forget.md"
    scored = domain.db.table("scored").to_arrow(["path", "prediction"]).to_pylist()
    right = sum((row["prediction"] > .5) == ("/ko/" in row["path"]) for row in scored)
    assert right > .8 * len(scored), "the model is of use"


def test_a_forgotten_page_leaves_index_vectors_and_model_and_its_twin_takes_its_place(domain: Domain, tmp_path: Path) -> None:
    before = domain.db.table("model").to_arrow(["digest"])["digest"].to_pylist()
    receipt = domain.db.forget("files", "manual/en/forget.md", reason="asked by its author")
    gone, twin = "manual/en/forget.md", "mirror/en/forget.md"
    for name in ("curated", "chunks", "training", "scored"):
        assert gone not in domain.paths(name), name
        assert twin in domain.paths(name), f"{name} has the twin at once, without another run"
    assert receipt.models == ["model"], "the receipt names the model that saw it"
    assert domain.seen() >= {twin}
    assert gone not in domain.seen()
    assert domain.db.table("model").to_arrow(["digest"])["digest"].to_pylist() != before
    assert domain.answer() == twin, "search finds the copy that stays"
    assert not [hit for hit in domain.db.table("chunks").search(SPAN) if SPAN in str(hit.row["text"])]
    domain.db.close()
    (domain.files / gone).unlink()
    afresh = Domain(tmp_path, "afresh")
    again = Domain(tmp_path, "state")
    assert again.held() == afresh.held(), "as if it had never been there"


def test_a_model_that_cannot_be_fitted_without_the_row_is_gone_and_so_are_its_predictions(domain: Domain) -> None:
    korean = [f"{root}/ko/{name}.md" for root in ("manual", "mirror") for name in (NAMES if root == "manual" else TWICE)]
    receipt = domain.db.forget("files", *korean, reason="a contract ended")
    assert receipt.rows["model"] == 1
    assert len(domain.db.table("model").to_arrow()) == 0, "one class alone trains nothing, and what saw the rows does not stay in use"
    assert "all 8 examples are of one sort" in str(domain.db.quarantine("model")[0]["reason"]), "and it is told why"
    assert len(domain.db.table("scored").to_arrow()) == 0
    assert domain.paths("chunks") == {f"manual/en/{name}.md" for name in NAMES}, "search goes on without them"
