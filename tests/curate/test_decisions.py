"""Keep or drop: what decided, what another policy would do, what a person says, and what changes when a row does."""
import dataclasses
from pathlib import Path

import pyarrow as pa
import pytest

import saem
from saem.core.identity import ID
from saem.core.shapes import Groups, Made
from saem.curate import (
    Override,
    Policy,
    Rule,
    calibrate,
    decide,
    enforced,
    keep,
    measure,
    near_duplicates,
    restore,
    semantic_duplicates,
    web_rules,
    what_if,
    why,
)
from saem.curate.edges import EDGE, SHARES
from saem.curate.reporting import report, summary
from saem.engine.project import Project
from saem.sources import records
from saem.train import cross_fit, synthetic_quota

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


@dataclasses.dataclass(frozen=True)
class Shared:
    key: str
    left: bytes
    right: bytes
    left_share: float
    right_share: float


@saem.operator(version="1", adds=pa.schema([*EDGE, *SHARES]), consumes=["key"])
def shares_of(rows: pa.Table) -> pa.Table:
    left, right = rows["left_share"].cast(pa.float32()), rows["right_share"].cast(pa.float32())
    kinds = pa.array(["passage"] * len(rows))
    made = [rows["left"].cast(ID), rows["right"].cast(ID), pa.compute.max_element_wise(left, right), kinds, left, right]
    return pa.table(made, schema=pa.schema([*EDGE, *SHARES]))


class Curation:
    """A project whose pages and edges a test puts by hand."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder, self.policy = folder, policy
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


def test_a_reader_sees_what_became_of_equal_rows_of_his_own_whatever_row_that_he_may_not_read_lies_between_them(make) -> None:
    c = make()
    c.put(Page("secret", LONG, "2019"), readers=["board"])
    c.put(Page("one", LONG, "2020"), Page("other", LONG, "2021"), Page("near", LONG + " n", "2022"), readers=["kim"])
    c.run()
    for name in ("one", "other"):
        c.tie("secret", name, 1.0, "exact")
    c.tie("secret", "near")
    c.run()
    assert c.kept() == ["one", "secret"]
    seen = c.db.as_user("kim")
    assert seen.table("curated").to_arrow()["path"].to_pylist() == ["one"]
    assert len(seen.table("decisions").to_arrow()) == 3        # each of his rows has a decision that he may read


def test_a_document_never_gives_way_to_its_quotation(make) -> None:
    """Whatever is preferred: of a passage only the row that it covers goes, and chains end at a row that stays."""
    c = make(Policy({"*": ()}, passage=.5, prefer=["oldest"], max_drop_per_source=1))
    more = c.db.source("shared", records(Shared, key="key")).derive("passages", shares_of)
    decisions = c.signals.derive("by_passage", decide(c.policy), using=[more, c.overrides])
    c.put(Page("quote", LONG, "2018"), Page("page", LONG * 3, "2019"), Page("book", LONG * 9, "2020"), Page("copy", LONG * 3, "2021"))
    c.run()
    pairs = {("quote", "page"): (1.0, .3), ("quote", "book"): (1.0, .1), ("page", "book"): (.9, .3), ("page", "copy"): (.9, .8)}
    c.db.tables["shared"].put([Shared(f"{a}-{b}", c.id(a), c.id(b), *shares) for (a, b), shares in pairs.items()])
    c.run()
    told = {path: why(decisions, path) for path in ("quote", "page", "book", "copy")}
    assert {path: each.keep for path, each in told.items()} == {"quote": False, "page": False, "book": True, "copy": True}
    assert (told["quote"].twin_name, told["page"].twin_name) == ("book", "book")


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
    c.put(*(Page(f"good/{i}", "The books of the library are lent to the town" + " and the school" * i) for i in range(40)),
          *(Page(f"bad/{i}", f"the {'x' * 30}") for i in range(10)))
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




def test_tables_that_are_about_other_rows_are_refused_where_they_are_declared(make) -> None:
    c = make()
    other = c.docs.derive("other", copied)
    with pytest.raises(saem.SaemError, match="E104.*'decisions' is about the rows of 'docs', and 'other' about those of 'other'"):
        other.derive("kept", keep(), using=[c.decisions])
    twins = other.derive("twins", near_duplicates())
    with pytest.raises(saem.SaemError, match="E104.*'twins' is about the rows of 'other', and 'signals' about those of 'docs'"):
        c.signals.derive("mixed", decide(c.policy), using=[twins, c.overrides])


def test_edges_of_several_searches_come_into_one_decision(make, tmp_path: Path) -> None:
    c = make(Policy({"*": ()}, near_duplicate=.7, passage=.5, max_drop_per_source=1))
    more = c.db.source("more_ties", records(Tie, key="key"))
    passages = more.derive("passages", edges_of)
    near = c.db.tables["near_duplicates"]
    policy = Policy({"*": ()}, near_duplicate=.7, passage=.5, prefer=["oldest"], max_drop_per_source=1)
    decisions = c.signals.derive("both", decide(policy), using=[near, passages, c.overrides])
    c.put(Page("a", LONG + " and a", "2019"), Page("b", LONG + " b", "2020"), Page("c", LONG + " c", "2021"))
    c.run()
    more.put([Tie("a-c", c.id("a"), c.id("c"), .6, "passage")])
    c.tie("a", "b")
    c.run()
    assert [(why(decisions, path).keep, why(decisions, path).by, why(decisions, path).twin_name) for path in "abc"] == [
        (True, "", ""), (False, "duplicate", "a"), (False, "duplicate", "a")]
    assert "duplicate.passage: similarity is 0.6, >= 0.5" in str(why(decisions, "c"))
    assert why(c.decisions, "c").keep                           # that table was given no passages
    assert what_if(decisions, Policy({"*": ()}, passage=.5, max_drop_per_source=1)).newly_kept == 1
    more.drop(["a-c"])
    c.run()
    assert [why(decisions, path).keep for path in "abc"] == [True, False, True]
    with pytest.raises(saem.SaemError, match=r"E104.*decide reads 3 or more tables, 2 were given"):
        c.signals.derive("none", decide(policy), using=[c.overrides])


def test_a_policy_cannot_count_pairs_that_were_not_searched_for(make) -> None:
    c = make()
    near = c.docs.derive("near", near_duplicates())
    for policy, told in ((Policy(near_duplicate=.5), "holds no pairs below 0.65"), (Policy(passage=.5), "no table of edges of that kind")):
        with pytest.raises(saem.SaemError, match=f"E104.*{told}"):
            c.signals.derive("odd", decide(policy), using=[near, c.overrides])
    c.signals.derive("right", decide(Policy(near_duplicate=.65)), using=[near, c.overrides])


@pytest.mark.parametrize(("make_it", "fix"), [
    (lambda: enforced(web_rules, "gopher.to_short"), "did you mean 'gopher.too_short'"),
    (lambda: Policy({"korean": web_rules}), "did you mean 'ko'"),
    (lambda: Policy({"web:kr": web_rules}), "did you mean 'ko'"),
    (lambda: Policy([web_rules]), 'languages={"ko"'),
    (lambda: Policy({"ko": web_rules[0]}), 'languages={"ko"'),
    (lambda: Policy(source_rank="web"), "a list, best first"),
    (lambda: Policy(prefer="oldest"), "a list, best first"),
    (lambda: Policy(near_duplicate="0.7"), "a share"),
    (lambda: Policy(max_drop_per_source=None), "a share"),
    *[(lambda limit=limit: Rule("short", "words", "<", limit), "a number") for limit in ("50", None, float("nan"))],
    (lambda: Rule("short", "words", "lt", 5), "one of <"),
    (lambda: near_duplicates(threshold=2), "a share above 0"),
    (lambda: near_duplicates(threshold=0), "a share above 0"),
    (lambda: semantic_duplicates(threshold=2), "a share above 0"),
    (lambda: synthetic_quota(max_share=2), "a share from 0"),
    (lambda: cross_fit(target="label", folds=1), "2 or more"),
])
def test_a_mistake_in_the_settings_is_told_where_it_is_made(make_it, fix: str) -> None:
    with pytest.raises(saem.SaemError, match="E104") as told:
        make_it()
    assert fix in told.value.fix
    assert told.value.where.startswith("test_decisions.py")


def test_a_rule_cannot_compare_text(make) -> None:
    c = make(Policy({"*": (Rule("odd", "language", ">", 1),)}))
    c.put(Page("a", LONG))
    with pytest.raises(saem.SaemError, match="'language', which is no number"):
        c.run()


def test_calibrating_on_english_leaves_korean_rows_alone(make) -> None:
    c = make(Policy({"*": ()}))
    c.put(*(Page(f"en/{i}", "The library lends the books to the students of the town." + " book" * i) for i in range(40)),
          *(Page(f"ko/{i}", "도서관은 책을 빌려 줍니다. " * (i + 1)) for i in range(40)))
    c.run()
    fitted = calibrate(c.signals, target="path like 'en/%'")
    assert sorted(fitted) == ["*", "en", "ko"]
    policy = Policy({name: enforced(rules) for name, rules in fitted.items()}, max_drop_per_source=1)
    table = what_if(c.decisions, policy).decisions
    gone = [row for row in table.to_pylist() if not row["keep"]]
    assert {row["language"] for row in gone} <= {"en"}
    assert "korean.too_short" in {flag for row in table.to_pylist() if row["language"] == "ko" for flag in row["flags"]}
    assert enforced(fitted["ko"], "korean.too_short")[0].drops
    assert {rule.source for rule in fitted["en"]} == {"calibrated: 1% of path like 'en/%'"}


def test_a_small_source_that_loses_much_is_told_of_though_no_run_stops(make) -> None:
    c = make(Policy({"*": (SHORT,)}, max_drop_per_source=.1, source_rank=["many", "mnay"]))
    c.put(*(Page(f"few/{i}", "tiny") for i in range(5)), *(Page(f"many/{i}", LONG + str(i)) for i in range(30)))
    few, ranked = c.run()["decisions"].notes
    assert "of the source 'few' 0 of 5 rows stay" in few
    assert ranked == "source_rank names 'mnay', which is the source of no row; sources are: 'few', 'many'"
    made = report(c.decisions)
    assert [(each.name, each.before, each.after) for each in made.unguarded] == [("few", 5, 0)]
    assert summary(made).endswith("too small for max_drop_per_source: few keeps 0 of 5")
    assert "max_drop_per_source가 지키지 않는 출처: few 5행 중 0행" in summary(made, "ko")
    assert "of the source 'few' 0 of 5 rows stay" in str(what_if(c.decisions, Policy({"*": (SHORT,)}, max_drop_per_source=.1)))


def test_small_sources_are_guarded_together(make) -> None:
    c = make(Policy({"*": (SHORT,)}, max_drop_per_source=.3))
    c.put(*(Page(f"{folder}/{i}", "tiny") for folder in range(6) for i in range(5)), *(Page(f"many/{i}", LONG + str(i)) for i in range(30)))
    with pytest.raises(saem.SaemError, match="E309.*30 of 30 rows .* sources of fewer than 20 rows"):
        c.run()


def test_a_name_of_two_rows_is_told_and_thresholds_are_not_guessed(make) -> None:
    c = make(Policy({"*": (Rule("long", "chars", ">", 2),)}))
    c.put(Page("a", LONG))
    c.run()
    alone = Project(str(c.folder))
    assert "long (declare the pipeline" in str(why(alone.table("decisions"), "a")), "its threshold is not known here"


def test_a_flag_is_not_told_as_what_decided(make) -> None:
    c = make()
    c.put(Page("a", "tiny"), Page("b", "mini"))
    c.run()
    restore(c.overrides, "a", by="kim")
    c.run()
    assert "decided" in str(why(c.decisions, "b"))
    assert "decided" not in str(why(c.decisions, "a"))
    assert "flag  short" in str(why(c.decisions, "a"))
    assert why(c.decisions, {"path": "a"}).keep
    for nobody in (b"xx", {"page": "a"}):
        with pytest.raises(saem.SaemError, match="E209"):
            why(c.decisions, nobody)


def test_a_flag_names_the_threshold_of_the_row_s_own_language(make) -> None:
    c = make(Policy({"en": (Rule("long", "chars", ">", 20),), "*": (Rule("long", "chars", ">", 2),)}))
    c.put(Page("english", "The book and the card are in the library."), Page("other", "12 34"))
    c.run()
    assert [why(c.decisions, name).flags[0].threshold for name in ("english", "other")] == [20, 2]


def test_what_if_names_the_signals_that_there_are(make) -> None:
    c = make()
    c.put(Page("a", LONG))
    c.run()
    with pytest.raises(saem.SaemError) as told:
        what_if(c.decisions, Policy({"*": (Rule("short", "wrds", "<", 3),)}))
    assert "did you mean 'words'" in told.value.fix
    with pytest.raises(saem.SaemError, match="is no policy"):
        what_if(c.decisions, None)
