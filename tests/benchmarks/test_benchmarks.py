"""The benchmarks run and measure what they say; how long it takes is their business, not a test's."""
from pathlib import Path

import pytest

from benchmarks import step
from benchmarks.figure import Figure, number, table
from benchmarks.jobs import by_hand, documents, scale


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, sentence in (("a.txt", "A spring in the wood. "), ("b.txt", "A table of rows. "), ("c.txt", "A table of rows. ")):
        (folder / name).write_text(sentence * 200)
    return str(folder)


@pytest.mark.parametrize("way", ["plain", "default"])
def test_documents_are_counted_as_computed_only_when_they_changed(corpus: str, tmp_path: Path, way: str) -> None:
    where = {"state": str(tmp_path / "state"), "corpus": corpus, "way": way}
    first, again = documents.run(**where), documents.run(**where)
    assert first["computed"] + first["reused"] == first["chunks"] == documents.inspect(**where)["distinct"]
    assert first["reused"]                                   # b.txt and c.txt hold the same
    assert (again["computed"], again["reused"]) == (0, 0)


def test_by_hand_makes_the_chunks_that_saem_makes(corpus: str, tmp_path: Path) -> None:
    made = by_hand.build(corpus, str(tmp_path / "by_hand"))
    assert made["chunks"] == documents.run(str(tmp_path / "state"), corpus, "plain")["chunks"]


def test_row_and_arrow_operators_make_the_same_totals(tmp_path: Path) -> None:
    totals = {}
    for way in ("rows", "arrow"):
        state = str(tmp_path / way)
        scale.build(state, 100, way)
        scale.large(state, 100, way, 20)
        totals[way] = scale.Stream(state, 100, way).db.sql("select * from totals order by user")
    assert totals["rows"].select(["user", "pieces", "letters"]) == totals["arrow"].select(["user", "pieces", "letters"])
    assert len(totals["rows"]) == 10


def test_one_changed_row_changes_one_row_of_each_table(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    scale.build(state, 100, "rows")
    small = scale.small(state, 100, times=1)
    assert small["change"][0]["changed"] == [1, 2, 2]        # pieces and totals are named by their content: one goes, one comes
    assert small["nothing"][0]["changed"] == [0, 0, 0]


def test_a_step_is_accounted_by_the_system_and_can_be_killed(tmp_path: Path) -> None:
    cost = step.command(["python3", "-c", "print(sum(range(10**6)) and 7)"])
    assert cost.result == 7
    assert cost.cpu_s > 0 < cost.peak_mb
    mark = tmp_path / "mark"
    killed = step.command(["python3", "-c", f"import time; open({str(mark)!r}, 'w').write('x'); time.sleep(60); print(1)"], (str(mark), 1))
    assert killed.result is None


def test_a_missed_goal_is_told() -> None:
    figures = [Figure("slow", 12.0, "s", 5), Figure("fast", 0.0312, "s", 0.1), Figure("told", 14_902, "rows")]
    assert [figure.verdict for figure in figures] == ["MISSED", "met", ""]
    assert [number(figure.value) for figure in figures] == ["12", "0.0312", "14,902"]
    assert table(figures).count("\n") == 4
