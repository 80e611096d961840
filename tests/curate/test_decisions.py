"""Keep or drop: what decided, what another policy would do, what a person says, and what changes when a row does."""
import dataclasses
from pathlib import Path

import pyarrow as pa
import pytest

import saem
from saem.core.identity import ID
from saem.core.shapes import Groups, Made
from saem.curate import Override, Policy, Rule, calibrate, decide, enforced, keep, measure, restore, web_rules, what_if, why
from saem.engine.project import Project
from saem.sources import records

EDGE = pa.schema([("left", ID), ("right", ID), ("similarity", pa.float32()), ("kind", pa.string())])
SHORT = Rule("short", "chars", "<", 12, "a test", drops=True)
LONG = "a text that is long enough to stay"


@dataclasses.dataclass(frozen=True)
class Page:
    path: str
    text: str
    modified: str = ""


@dataclasses.dataclass(frozen=True)
class Tie:
    key: str
    left: bytes
    right: bytes
    similarity: float
    kind: str


@saem.operator(
    version="1", adds=pa.schema([("text", pa.string()), ("path", pa.string()), ("modified", pa.string())]), key=[], links=[("_id",)]
)
def copied(rows: Groups) -> Made:
    import numpy as np
    return Made(rows.select(["text", "path", "modified"]), np.arange(len(rows)))


@saem.operator(version="1", adds=EDGE, consumes=["key"])
def edges_of(rows: pa.Table) -> pa.Table:
    made = [rows["left"].cast(ID), rows["right"].cast(ID), rows["similarity"].cast(pa.float32()), rows["kind"]]
    return pa.table(made, schema=EDGE)


class Curation:
    """A project whose pages and edges a test puts by hand."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        self.open(policy)

    def open(self, policy: Policy) -> None:
        self.db = Project(str(self.folder))
        self.pages = self.db.source("pages", records(Page, key="path"))
        self.ties = self.db.source("ties", records(Tie, key="key"))
        self.overrides = self.db.source("overrides", records(Override, key="row"))
        self.docs = self.pages.derive("docs", copied)
        self.signals = self.docs.derive("signals", measure())
        edges = self.ties.derive("near_duplicates", edges_of)
        self.decisions = self.signals.derive("decisions", decide(policy), using=[edges, self.overrides])
        self.curated = self.docs.derive("curated", keep(), using=[self.decisions])

    def put(self, *pages: Page, readers: list[str] | None = None) -> None:
        codes = [self.db.catalog.reader_code(readers)] * len(pages) if readers else None
        self.pages.put(pages, readers=codes)

    def tie(self, left: str, right: str, similarity: float = .9, kind: str = "near") -> None:
        a, b = self.id(left), self.id(right)
        self.ties.put([Tie(f"{left}-{right}", a, b, similarity, kind)])

    def id(self, path: str) -> bytes:
        return bytes(self.docs.dataset().to_table(columns=["_id"], filter=f"path = '{path}'")["_id"][0].as_py())

    def run(self) -> dict[str, saem.core.run.Counts]:
        return self.db.run().tables

    def kept(self) -> list[str]:
        return sorted(self.curated.to_arrow()["path"].to_pylist())


@pytest.fixture
def make(tmp_path: Path):
    made: list[Curation] = []

    def start(policy: Policy | None = None) -> Curation:
        made.append(Curation(tmp_path / "project", policy or Policy({"*": (SHORT,)}, near_duplicate=.7, max_drop_per_source=1)))
        return made[-1]
    return start


def test_a_dropped_row_says_rule_value_and_threshold(make) -> None:
    c = make()
    c.put(Page("a", LONG), Page("b", "tiny"))
    c.run()
    assert c.kept() == ["a"]
    told = why(c.decisions, "b")
    assert (told.keep, told.by, told.decided.rule, told.decided.value, told.decided.threshold) == (False, "rule", "short", 4, 12)
    assert "short: chars is 4, < 12" in str(told)
    assert why(c.decisions, "a").keep


def test_without_settings_a_policy_drops_nothing_and_reports_what_fires(make) -> None:
    c = make(Policy())
    c.put(Page("a", LONG), Page("b", "tiny"))
    c.run()
    assert c.kept() == ["a", "b"]
    assert "gopher.too_short" in {each.rule for each in why(c.decisions, "b").flags}


def test_a_duplicate_gives_way_to_a_twin_that_stays_and_the_oldest_is_preferred(make) -> None:
    c = make()
    c.put(Page("a", LONG + " a", "2024"), Page("b", LONG + " b", "2020"), Page("c", LONG + " c", "2022"))
    c.run()
    c.tie("a", "b")
    c.tie("c", "a")
    c.run()
    assert c.kept() == ["b", "c"]         # a gives way to b; c is like a, which is gone, and stays
    told = why(c.decisions, "a")
    assert (told.by, told.twin_name, told.decided.rule, round(told.decided.value, 2), told.decided.threshold) == (
        "duplicate",
        "b",
        "duplicate.near",
        0.9,
        0.7,
    )


def test_when_the_kept_row_goes_its_twin_takes_its_place(make) -> None:
    c = make()
    c.put(*(Page(name, LONG, year) for name, year in (("a", "2020"), ("b", "2021"), ("c", "2022"))))
    c.run()
    c.tie("a", "b", 1.0, "exact")
    c.tie("a", "c", 1.0, "exact")
    c.run()
    assert c.kept() == ["a"]
    c.pages.drop(["a"])
    c.run()
    assert "a" not in c.kept()
    assert len(c.kept()) == 1              # the edges to a still tie b and c: they are equal


def test_equal_rows_are_one_group_whatever_row_their_edges_meet_in(make) -> None:
    c = make()
    c.put(*(Page(name, LONG, year) for name, year in (("a", "2023"), ("b", "2020"), ("c", "2022"), ("d", "2021"))))
    c.run()
    for other in "bcd":
        c.tie("a", other, 1.0, "exact")
    c.run()
    assert c.kept() == ["b"]


def test_a_row_never_gives_way_to_one_with_other_readers(make) -> None:
    c = make()
    c.put(Page("secret", LONG, "2019"), readers=["kim"])
    c.put(Page("open", LONG, "2020"), Page("later", LONG, "2021"), readers=["*"])
    c.run()
    c.tie("secret", "open", 1.0, "exact")
    c.tie("secret", "later", 1.0, "exact")
    c.run()
    assert c.kept() == ["open", "secret"]
    assert sorted(c.db.as_user("lee").table("curated").to_arrow()["path"].to_pylist()) == []      # lee is nobody's reader yet
    c.db.catalog.reader_code(["lee"])


def test_a_person_s_word_stands_above_rules_and_duplicates(make) -> None:
    c = make()
    c.put(Page("a", LONG, "2020"), Page("b", LONG, "2021"), Page("c", "tiny"))
    c.run()
    c.tie("a", "b", 1.0, "exact")
    c.run()
    restore(c.overrides, "b", reason="the signed copy", by="kim")
    restore(c.overrides, c.id("c"))
    c.run()
    assert c.kept() == ["b", "c"]          # what a person keeps is preferred to what nobody spoke for
    assert "the signed copy (kim)" in str(why(c.decisions, "b"))
    restore(c.overrides, "b", keep=False)
    c.run()
    assert c.kept() == ["a", "c"]
    with pytest.raises(saem.SaemError, match="E209"):
        restore(c.overrides, "nothing")


def test_only_decisions_of_what_hangs_together_are_made_again(make) -> None:
    c = make()
    c.put(*(Page(f"p{i}", f"{LONG} {i}", str(2000 + i)) for i in range(30)))
    c.run()
    c.tie("p1", "p2")
    c.tie("p2", "p3")
    c.tie("p7", "p8")
    counts = c.run()
    assert counts["decisions"].recomputed == 5
    assert counts["decisions"].changed == 2         # p2, p8; p3 is like p2, which is gone
    assert counts["curated"].deleted == 2
    c.put(Page("p1", "tiny", "2001"))
    counts = c.run()
    assert counts["decisions"].recomputed == 3
    assert "p2" in c.kept()
    assert "p3" not in c.kept()


def test_what_if_tells_what_another_policy_would_do_and_changes_nothing(make) -> None:
    c = make()
    c.put(*(Page(f"p{i}", LONG + " x" * i) for i in range(20)), Page("q", "tiny"))
    c.run()
    other = Policy({"*": (Rule("wordy", "chars", ">", len(LONG) + 20, "a test", drops=True),)}, max_drop_per_source=.2)
    told = what_if(c.decisions, other)
    assert (told.kept, told.dropped, told.newly_dropped, told.newly_kept) == (12, 9, 9, 1)
    assert told.by_rule == {"wordy": 9}
    assert "9 of 21 rows (43%)" in told.stopped
    assert c.kept() == sorted(f"p{i}" for i in range(20))


def test_a_policy_that_would_wipe_out_a_source_stops_and_publishes_nothing(make) -> None:
    c = make()
    c.put(*(Page(f"manual/{i}", f"{LONG} {i}") for i in range(40)))
    c.run()
    snapshot = c.db.snapshot
    c.open(Policy({"*": enforced(web_rules, "gopher.too_short")}, max_drop_per_source=.3))
    with pytest.raises(saem.SaemError, match=r"E309.*40 of 40 rows \(100%\) of the source 'manual'"):
        c.run()
    assert c.db.snapshot == snapshot
    assert len(c.kept()) == 40


def test_calibrated_rules_spare_the_rows_they_were_fitted_to(make) -> None:
    c = make()
    c.put(*(Page(f"good/{i}", LONG + " word" * i) for i in range(40)), *(Page(f"bad/{i}", "x" * 30) for i in range(10)))
    c.run()
    rules = calibrate(c.signals, target="path like 'good/%'", quantile=0)
    c.open(Policy({name: enforced(each) for name, each in rules.items()}, max_drop_per_source=1))
    c.run()
    assert [path for path in c.kept() if path.startswith("good/")] == sorted(f"good/{i}" for i in range(40))
    assert not [path for path in c.kept() if path.startswith("bad/")]
    with pytest.raises(saem.SaemError, match="E104"):
        calibrate(c.signals, target="path = 'good/1'")


def test_a_rule_for_a_signal_that_is_not_there_is_told(make) -> None:
    c = make(Policy({"*": (Rule("odd", "oddness", ">", 1, "a test"),)}))
    c.put(Page("a", LONG))
    with pytest.raises(saem.SaemError, match="oddness"):
        c.run()


def test_equal_texts_are_measured_once(make) -> None:
    c = make()
    c.put(Page("a", LONG))
    c.run()
    c.put(Page("b", LONG))
    counts = c.run()
    assert counts["signals"].computed == 0
    assert counts["signals"].reused == 1
