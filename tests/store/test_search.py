"""Search over rows of words and vectors made by hand: what is found, in which order, and why."""
import operator
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.core.errors import SaemError
from saem.core.identity import ID
from saem.store.candidates import Large, Small
from saem.store.readable import Readable
from saem.store.sample import FEW_ROWS, Sample, is_hangul
from saem.store.search import Question, find

SIZE = 8
ROWS = [("late fee library", 0), ("library hours", 1), ("dormitory curfew hours", 2), ("canteen lunch price", 3), ("late bus", 4)]


def unit(axis: int, *, also: int | None = None) -> np.ndarray:
    vector = np.zeros(SIZE, np.float32)
    vector[axis] = 1
    if also is not None:
        vector[also] = 0.5
    made: np.ndarray = vector / np.linalg.norm(vector)
    return made


def table(place: Path, rows: list[tuple[str, int]], *, text: bool = True, vector: bool = True) -> lance.LanceDataset:
    words = pa.array([row for row, _ in rows], pa.string())
    columns: dict[str, pa.Array] = {"_id": pa.array([i.to_bytes(2, "big") * 8 for i in range(len(rows))], ID),
                                    "text": words, "number": pa.array(range(len(rows)), pa.int64())}
    if text:
        columns["_tokens_text"] = words
    if vector:
        flat = np.concatenate([unit(axis) for _, axis in rows]) if rows else np.zeros(0, np.float32)
        columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float32()), SIZE)
    dataset = lance.write_dataset(pa.table(columns), str(place), enable_stable_row_ids=True)
    if text and rows:
        dataset.create_scalar_index("_tokens_text", index_type="INVERTED", base_tokenizer="whitespace", stem=False,
                                    remove_stop_words=False, ascii_folding=False, lower_case=False, with_position=False)
    return lance.dataset(str(place))


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> lance.LanceDataset:
    return table(tmp_path_factory.mktemp("lance") / "school.lance", ROWS)


def both(words: str, axis: int) -> Question:
    return Question(words.split(), "_tokens_text", unit(axis), "embedding")


def test_words_and_meaning_together_find_the_row(school: lance.LanceDataset) -> None:
    hits = find(school, both("late fee", 0), 3, None).hits
    assert hits[0].row["text"] == "late fee library"
    assert len(hits) == 3


def test_hits_are_ordered_by_scores_that_their_figures_explain(school: lance.LanceDataset) -> None:
    hits = find(school, both("library hours", 3), 5, None).hits
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    for hit in hits:
        assert 0 <= hit.score <= 1
        assert 0 <= hit.why["words"] <= 1
        assert hit.score == pytest.approx(min(1, max(0, 0.4 * hit.why["words"] + 0.6 * hit.why["z"] / 6)))


def test_equal_scores_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    hits = find(table(tmp_path / "t.lance", [("same", 1)] * 6), both("same", 1), 6, None).hits
    assert [h.id for h in hits] == sorted(h.id for h in hits)


def test_a_condition_is_met_by_every_hit(school: lance.LanceDataset) -> None:
    hits = find(school, both("late", 0), 5, "number >= 3").hits
    assert {h.row["number"] for h in hits} == {3, 4}
    assert find(school, both("late", 0), 5, "number > 99").hits == []


def test_rows_outside_the_condition_change_no_figure(tmp_path: Path) -> None:
    few = table(tmp_path / "few.lance", ROWS)
    many = table(tmp_path / "many.lance", ROWS + [("late late fee", 0)] * 40)
    seen, unseen = (find(dataset, both("late fee", 0), 5, "number < 5").hits for dataset in (few, many))
    assert [(h.score, h.why) for h in seen] == [(h.score, h.why) for h in unseen]


@pytest.mark.parametrize("where", ["no_such = 1", "number >", "number = 'x' AND"])
def test_a_wrong_condition_is_told_with_the_columns_there_are(school: lance.LanceDataset, where: str) -> None:
    with pytest.raises(SaemError, match="E211") as raised:
        find(school, both("late", 0), 5, where)
    assert "number" in raised.value.fix
    assert "_tokens" not in raised.value.fix


def test_a_condition_that_goes_on_after_its_end_is_refused(school: lance.LanceDataset) -> None:
    with pytest.raises(SaemError, match="E211"):
        find(school, both("late", 0), 5, "number > 1; drop table")


def test_more_hits_than_rows_gives_them_all(school: lance.LanceDataset) -> None:
    assert len(find(school, both("late", 0), 1_000, None).hits) == len(ROWS)


def test_hidden_columns_and_vectors_stay_hidden(school: lance.LanceDataset) -> None:
    assert set(find(school, both("late", 0), 1, None).hits[0].row) == {"text", "number"}


def test_an_empty_table_has_no_hits(tmp_path: Path) -> None:
    assert find(table(tmp_path / "none.lance", []), both("late", 0), 5, None).hits == []


def test_a_table_without_vectors_is_searched_by_words(tmp_path: Path) -> None:
    dataset = table(tmp_path / "words.lance", ROWS, vector=False)
    hits = find(dataset, Question(["late", "fee"], "_tokens_text", None, None), 5, None).hits
    assert [h.row["number"] for h in hits] == [0, 4]
    assert set(hits[0].why) == {"words"}
    assert hits[0].score == hits[0].why["words"]


def test_a_table_without_words_is_searched_by_vectors(tmp_path: Path) -> None:
    dataset = table(tmp_path / "vectors.lance", ROWS, text=False)
    hits = find(dataset, Question([], None, unit(2), "embedding"), 2, None).hits
    assert hits[0].row["number"] == 2
    assert set(hits[0].why) == {"cosine", "z"}


def test_a_question_of_nothing_finds_nothing(school: lance.LanceDataset) -> None:
    assert find(school, Question([], "_tokens_text", None, None), 5, None).hits == []


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    sample = Sample(None, [["page", "rare"], *[["page"]] * 50])
    assert sample.rarity("unknown") > sample.rarity("rare") > sample.rarity("page") > 0
    assert operator.gt(*sample.coverages(["rare", "page"], [["rare"], ["page"]]))


@given(st.lists(st.sampled_from("abcdef"), max_size=6), st.lists(st.sampled_from("abcdef"), max_size=9))
def test_coverage_is_a_share(asked: list[str], held: list[str]) -> None:
    share = Sample(None, [["a", "b"], ["a"], ["c", "d"]]).coverages(asked, [held])[0]
    assert 0 <= share <= 1
    assert (share > 0) == bool(set(asked) & set(held))


def test_a_korean_question_reaches_the_english_row_that_answers() -> None:
    """Axis 0 is the language, axis 1 the subject: without the language, the subject decides."""
    generator = np.random.default_rng(0)

    def row(is_korean: bool, subject: float) -> np.ndarray:
        vector = generator.normal(0, 0.1, SIZE).astype(np.float32)
        vector[0], vector[1] = (1 if is_korean else -1), subject
        made: np.ndarray = vector / np.linalg.norm(vector)
        return made

    vectors = np.stack([row(i < 30, 0) for i in range(60)])
    sample = Sample(vectors, [["학교"]] * 30 + [["school"]] * 30)
    question = sample.without_language(row(True, 1))
    answer, other = row(False, 1), row(True, 0)
    assert answer @ question > other @ question


def test_a_small_sample_is_topped_up_and_a_large_one_left_alone() -> None:
    background = Sample(np.ones((80, 2), np.float32), [["word"]] * 80)
    small = Sample(np.zeros((1, 2), np.float32), [["own"]]).with_background(lambda: background)
    assert small.vectors is not None
    assert len(small.vectors) == len(small.words) == FEW_ROWS
    large = Sample(None, [["own"]] * FEW_ROWS)
    assert large.with_background(lambda: pytest.fail("not needed")) is large


def test_the_nearest_of_more_rows_is_nearer_by_chance() -> None:
    assert Sample(None, [], 1).chance == 0 < Sample(None, [], 100).chance < Sample(None, [], 10_000).chance < 5


def test_letters_tell_hangul_from_the_rest() -> None:
    assert is_hangul("IT 지원실")
    assert not is_hangul("the word 샘 means a spring")
    assert not is_hangul("12345")
    assert not is_hangul("")


# ---- codes, copies, conditions

CODES = [(f"error e{1000 + i} e {1000 + i} sensor does not answer", 0) for i in range(6)] + [("error sensor sensor sensor answer error", 1)]


def test_the_row_that_bears_the_code_comes_first_though_others_are_nearer_in_meaning(tmp_path: Path) -> None:
    dataset = table(tmp_path / "codes.lance", CODES)
    for number in range(6):
        code = f"e{1000 + number}"
        for words in ([code, "e", code[1:]], ["error", code, "e", code[1:]]):
            hit = find(dataset, Question(words, "_tokens_text", unit(1), "embedding", (code,)), 3, None).hits[0]
            assert hit.row["number"] == number
            assert hit.why["code"] == 1


def test_a_code_that_no_row_bears_scores_low(tmp_path: Path) -> None:
    dataset = table(tmp_path / "codes.lance", CODES)
    hits = find(dataset, Question(["e2000", "e", "2000"], "_tokens_text", unit(0), "embedding", ("e2000",)), 3, None).hits
    assert all(hit.score < 0.3 for hit in hits)


COPIED = [("late fee of the library is one coin a day", 0), ("late fee of the library is one coin a day", 0),
          ("late fee of the library is one coin each day", 0), ("late bus to the library", 1)]


def test_copies_and_versions_give_one_hit_that_names_the_others(tmp_path: Path) -> None:
    dataset = table(tmp_path / "copied.lance", COPIED)
    folded = find(dataset, both("late fee", 0), 10, None).hits
    assert len(folded) == 2
    assert len(folded[0].others) == 2
    assert folded[1].others == ()
    every = find(dataset, both("late fee", 0), 10, None, fold=False).hits
    assert {hit.id for hit in every} == {hit.id for hit in folded} | set(folded[0].others)
    assert all(hit.others == () for hit in every)


@pytest.mark.parametrize("other", ["two coin", "100 coin"])
def test_versions_that_differ_in_a_number_are_two_hits(tmp_path: Path, other: str) -> None:
    dataset = table(tmp_path / "copied.lance", [*COPIED, (f"late fee of the library is {other} a day", 0)])
    assert [len(hit.others) for hit in find(dataset, both("late fee", 0), 10, None).hits if hit.row["number"] != 3] == [2, 0]


def test_folding_makes_room_for_what_is_new(tmp_path: Path) -> None:
    dataset = table(tmp_path / "copied.lance", COPIED)
    assert [hit.row["number"] for hit in find(dataset, both("late fee", 0), 2, None).hits][1] == 3


def test_a_condition_is_applied_before_the_candidates_are_chosen(tmp_path: Path) -> None:
    """Hundreds of rows are nearer in words and in meaning: the one that the condition lets through is found all the same."""
    rows = [(f"late fee library {i}", 0) for i in range(300)] + [("late something else", 1)]
    hits = find(table(tmp_path / "many.lance", rows), both("late fee", 0), 5, "number = 300").hits
    assert [hit.row["number"] for hit in hits] == [300]
    only_meaning = find(table(tmp_path / "more.lance", rows, text=False), Question([], None, unit(0), "embedding"), 5, "number = 300").hits
    assert [hit.row["number"] for hit in only_meaning] == [300]


def test_a_small_table_in_memory_finds_what_the_one_on_disk_does(tmp_path: Path) -> None:
    rows = [(f"word{n % 7} item{n}", n % SIZE) for n in range(300)]
    dataset = table(tmp_path / "t.lance", rows)
    small, large = (kind(dataset, "_tokens_text", "embedding") for kind in (Small, Large))
    for where in (None, "number < 40", "number % 3 = 0", "number > 999"):
        near = [rows.nearest(unit(3), 20, where) for rows in (small, large)]
        cosines = [sorted((rows.held(found)[1] @ unit(3)).tolist()) if found else []
                   for rows, found in zip((small, large), near, strict=True)]
        assert cosines[0] == cosines[1], where
        assert len(cosines[0]) == (0 if where == "number > 999" else 20), where
    rowids = sorted(small.nearest(unit(2), 30, None))
    assert small.held(rowids)[0] == large.held(rowids)[0]
    np.testing.assert_array_equal(small.held(rowids)[1], large.held(rowids)[1])


def test_what_lies_in_memory_is_that_of_one_reader(tmp_path: Path) -> None:
    columns = table(tmp_path / "t.lance", ROWS).to_table().append_column("_readers", pa.array([0, 1, 0, 1, 0], pa.int32()))
    lance.write_dataset(columns, str(tmp_path / "own.lance"), enable_stable_row_ids=True)
    whole = lance.dataset(str(tmp_path / "own.lance"))
    for codes, texts in (((1,), {"library hours", "canteen lunch price"}),
                         ((0,), {"late fee library", "dormitory curfew hours", "late bus"})):
        hits = find(Readable(whole, codes), Question([], None, unit(1), "embedding"), 5, None).hits
        assert {hit.row["text"] for hit in hits} == texts
