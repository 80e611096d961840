"""Near duplicates: what is found, beside Jaccard by brute force; letters and spaces that hide nothing; rows that mean harm."""
import itertools
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saem
from saem.core.errors import SaemError
from saem.curate import near_duplicates
from saem.curate.folding import folded, joined
from saem.curate.near_duplicates import signatures
from saem.engine.project import Project
from saem.sources import records
from tests.curate.duplicates import Text, compared, edited, jaccard, pairs

HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"
ENGLISH = " ".join((HANDBOOK / "en" / name).read_text() for name in ("library.md", "tuition.md"))
KOREAN = (HANDBOOK / "ko" / "library.md").read_text()


def found(*texts: str | None) -> dict[tuple[int, int], tuple[str, float]]:
    return pairs(near_duplicates(), "text", list(texts), pa.string())


def test_pairs_are_those_of_brute_force() -> None:
    dice = np.random.default_rng(1)
    vocabulary = sorted({word for word in ENGLISH.split() if word.isalpha()})
    base = [" ".join(dice.choice(vocabulary, 300)) for _ in range(60)]
    texts = base + [edited(text, rate, dice) for text, rate in zip(base, itertools.cycle([0, .005, .01, .02, .04, .08, .2]), strict=False)]
    true = {(a, b): jaccard(texts[a], texts[b]) for a, b in itertools.combinations(range(len(texts)), 2)}
    made = found(*texts)
    assert all(pair in made for pair, similarity in true.items() if similarity >= .8), "none of .8 is missed"
    assert all(true[pair] >= .55 for pair in made), "none is far from the threshold"
    assert max(abs(true[pair] - similarity) for pair, (_, similarity) in made.items()) < .13, "four standard errors"
    assert sum(true[pair] >= .8 for pair in made) > 20
    assert {kind for kind, _ in made.values()} == {"exact", "near"}


@pytest.mark.parametrize("change", [
    lambda text: text.replace(" ", ""),
    lambda text: " ".join(text.replace(" ", "")),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.replace(" ", "\n\n  "),
    lambda text: text.replace(".", "!"),
    lambda text: "\ufeff" + text.replace("다", "다\u200b"),
], ids=["no spaces", "spaces everywhere", "decomposed jamo", "lines", "punctuation", "invisible letters"])
def test_korean_written_otherwise_is_the_same(change: object) -> None:
    text = "도서관은 아침 아홉 시에 문을 엽니다. 연체료는 하루에 백 원이며, 책은 두 주 동안 빌릴 수 있습니다. 자리는 미리 맡을 수 없습니다."
    assert found(text, change(text)) == {(0, 1): ("near", 1.0)}     # type: ignore[operator]


@pytest.mark.parametrize("other", [
    ENGLISH.upper(), ENGLISH.replace(" ", "   "), "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in ENGLISH),
    ENGLISH.replace("fi", "ﬁ").replace("tion", "t\u00adion"), "«" + ENGLISH.replace(", ", " - "),
], ids=["upper case", "spaces", "full width", "ligatures and soft hyphens", "punctuation"])
def test_english_written_otherwise_is_the_same(other: str) -> None:
    assert found(ENGLISH, other) == {(0, 1): ("near", 1.0)}


@pytest.mark.parametrize(("one", "other"), [("Café STRASSE und Öl im Haus", "cafe\u0301 Straße UND öl im haus"),
                                            ("ΟΔΥΣΣΕΥΣ ήταν βασιλιάς της Ιθάκης", "οδυσσευς Ήταν ΒΑΣΙΛΙΆΣ της ιθάκης"),
                                            ("ﾊﾟｿｺﾝを使う方法について説明します", "パソコンを使う方法について説明します"),
                                            ("\u0958लम और किताब मेज पर हैं", "\u0915\u093cलम और किताब मेज पर हैं")])
def test_letters_of_other_scripts_fold_too(one: str, other: str) -> None:
    assert found(one, other) == {(0, 1): ("near", 1.0)}


def test_korean_of_other_words_is_not_the_same() -> None:
    kept = KOREAN[:len(KOREAN) // 3]
    assert found(KOREAN, KOREAN[len(KOREAN) // 2:], kept + "전혀 다른 이야기가 여기에 이어집니다. " * 30) == {}
    (pair, (kind, similarity)), = found(KOREAN, KOREAN.replace("도서관", "열람실", 1)).items()
    assert (pair, kind) == ((0, 1), "near")
    assert .8 < similarity < 1


def test_numbers_are_words_like_any_other() -> None:
    bill = "The bill of month {} for flat {} of the house at the lake comes to {} euros, due on day {}. Thank you very much."
    assert found(bill.format(1, 2, 300, 4), bill.format(5, 6, 701, 8)) == {}


def test_rows_without_words_are_equal_only_byte_for_byte() -> None:
    assert found("", "", " ", "...", "?!", None, None, "...") == {(0, 1): ("exact", 1.0), (3, 7): ("exact", 1.0)}
    assert found("word", "Word.", "other") == {(0, 1): ("near", 1.0)}


def test_of_many_equal_rows_each_has_one_edge_to_the_first() -> None:
    made = found(*[ENGLISH] * 50_000, ENGLISH.upper(), ENGLISH.upper())
    assert len(made) == 50_001
    assert {left for left, _ in made} == {0, 50_000}
    assert made[(0, 49_999)] == ("exact", 1.0)
    assert made[(0, 50_000)] == ("near", 1.0), "the first of one class and the first of the other"
    assert made[(50_000, 50_001)] == ("exact", 1.0)


def test_a_row_of_ten_megabytes_is_a_row() -> None:
    long = " ".join(f"{word}{number}" for number in range(2_300) for word in ENGLISH.split()[:600])
    assert len(long) > 10_000_000
    assert found(long, "short", long + " and one more line") == {(0, 2): ("near", 1.0)}


@pytest.mark.parametrize("shift", [1, 7, 63, 1000, 4095])
def test_words_of_any_length_and_script_are_the_same_wherever_they_stand(shift: int) -> None:
    words = [letter * size for size in (1, 7, 8, 9, 16, 17, 63, 1024, 1025, 5000) for letter in ("x", "é", "α", "다", "カ", "𠀀")]
    text = " ".join(words * 3)
    assert found(text, "." * shift + text.upper()) == {(0, 1): ("near", 1.0)}
    assert found(text, text.replace("x" * 5000, "x" * 4999))[0, 1][1] < 1


def test_rows_cut_anywhere_in_a_table_are_read_where_they_lie() -> None:
    texts = pa.chunked_array([["x", ENGLISH], [None, KOREAN, ENGLISH.lower()]]).slice(1)
    whole = signatures.function(pa.table({"text": texts})).rows
    alone = [signatures.function(pa.table({"text": pa.array([text], pa.large_string())})).rows for text in texts.to_pylist()]
    assert whole.to_pylist() == [row for table in alone for row in table.to_pylist()]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=8))
def test_any_texts_are_taken_and_equal_words_are_found(texts: list[str]) -> None:
    made = found(*texts, *(folded(text) for text in texts))
    first = {text: texts.index(text) for text in texts}
    for number, text in enumerate(texts):
        assert first[text] == number or made[first[text], number] == ("exact", 1.0)
    words = compared(near_duplicates(), pa.table({"text": pa.array([*texts, *map(folded, texts)], pa.string())}))["words"].to_pylist()
    assert words[:len(texts)] == words[len(texts):], "what is folded says the same"


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_row_is_folded_as_unicode_says_and_its_places_are_kept(text: str) -> None:
    made, places = joined(text)
    assert len(places) == len(made) + 1
    assert sorted(places) == list(places)
    assert places[-1] == len(text)


def rows_of(db: Project) -> list[dict[str, object]]:
    return db.table("duplicates").to_arrow().to_pylist()  # type: ignore[no-any-return]


def opened(folder: Path) -> Project:
    db = Project(str(folder))
    db.source("notes", records(Text)).derive("duplicates", near_duplicates())
    return db


def test_an_edge_names_two_rows_and_is_read_by_those_who_may_read_both(tmp_path: Path) -> None:
    db = opened(tmp_path)
    for key, text, who in [("a", ENGLISH, "kim"), ("b", ENGLISH + " more", "lee"), ("c", ENGLISH, "kim")]:
        db.tables["notes"].put([Text(key, text)], readers=[db.catalog.reader_code([who, "boss"])])
    db.run()
    notes = {row["_id"]: row["key"] for row in db.table("notes").to_arrow(["_id", "key"]).to_pylist()}
    said = {frozenset((notes[row["left"]], notes[row["right"]])) for row in rows_of(db)}
    assert len(said) == 2
    assert frozenset("ac") in said
    groups = {person: len(db.as_user(person).table("duplicates").to_arrow()) for person in ("kim", "lee", "boss")}
    assert groups == {"kim": 1, "lee": 0, "boss": 2}
    db.close()


@pytest.mark.parametrize("seed", range(3))
def test_what_a_reader_sees_of_his_rows_is_as_if_there_were_no_others(tmp_path: Path, seed: int) -> None:
    """The edges between kim's rows are those of a project that holds kim's rows alone, and after any changes those of a rebuild."""
    dice = np.random.default_rng(seed)
    texts = [ENGLISH, ENGLISH.upper(), ENGLISH + " One more thing.", ENGLISH + " One more thing!", "Another text, of nobody."]
    db, alone = opened(tmp_path / "all"), opened(tmp_path / "alone")
    for _ in range(4):
        for key in dice.choice(12, 5, replace=False).tolist():
            text, reader = texts[dice.integers(5)], ("kim", "boss")[dice.integers(2)]
            db.tables["notes"].put([Text(f"{key}", text)], readers=[reader])
            if reader == "kim":
                alone.tables["notes"].put([Text(f"{key}", text)], readers=["kim"])
            else:
                alone.tables["notes"].drop([f"{key}"])
        db.run()
        alone.run()
        assert edges_of(db.as_user("kim")) == edges_of(alone)
    again = opened(tmp_path / "again")
    seen = {row["key"] for row in db.as_user("kim").table("notes").to_arrow(["key"]).to_pylist()}
    for row in db.table("notes").to_arrow(["key", "text"]).to_pylist():
        again.tables["notes"].put([Text(**row)], readers=["kim" if row["key"] in seen else "boss"])
    again.run()
    assert edges_of(again) == edges_of(db)
    for each in (db, alone, again):
        each.close()


def edges_of(db: Project) -> set[tuple[str, str, str, float]]:
    keys = {row["_id"]: row["key"] for row in db.table("notes").to_arrow(["_id", "key"]).to_pylist()}
    return {(keys[row["left"]], keys[row["right"]], row["kind"], row["similarity"]) for row in rows_of(db)}


def test_when_the_first_of_three_is_forgotten_the_others_are_a_pair(tmp_path: Path) -> None:
    db = opened(tmp_path)
    db.tables["notes"].put([Text(key, ENGLISH) for key in ("first-note", "second-note", "third-note")])
    db.run()
    first, = {row["left"] for row in rows_of(db)}
    assert len(rows_of(db)) == 2
    key, = [row["key"] for row in db.table("notes").to_arrow(["_id", "key"]).to_pylist() if row["_id"] == first]
    receipt = db.forget("notes", key)
    assert receipt.verdict == "proved", receipt.summary()
    edge, = rows_of(db)
    assert first not in (edge["left"], edge["right"])
    db.close()


def test_a_change_works_on_its_neighbours_alone(tmp_path: Path) -> None:
    dice = np.random.default_rng(2)
    vocabulary = sorted({word for word in ENGLISH.split() if word.isalpha()})
    db = opened(tmp_path)
    db.tables["notes"].put([Text(str(number), " ".join(dice.choice(vocabulary, 80))) for number in range(300)])
    db.run()
    db.tables["notes"].put([Text("new", db.table("notes").to_arrow(where="key = '7'")["text"][0].as_py())])
    report = db.run()
    assert report.tables["duplicates_signatures"].recomputed == 1
    assert report.tables["duplicates"].recomputed <= 5
    assert [row["kind"] for row in rows_of(db)] == ["exact"]
    db.close()


def test_a_table_without_the_column_is_told_so_at_once(tmp_path: Path) -> None:
    db = Project(str(tmp_path))
    with pytest.raises(SaemError, match="'signatures' reads 'body'") as raised:
        db.source("notes", records(Text)).derive("duplicates", near_duplicates(column="body"))
    assert raised.value.code == "E101"
    db.close()


def test_importing_curation_loads_no_compiler() -> None:
    code = "import sys, saem.curate; print('numba' in sys.modules, 'PIL' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert told.stdout.split() == ["False", "False"]


def test_pairs_of_ones_own_need_a_column_of_lists(tmp_path: Path) -> None:
    @saem.operator(version="1", adds=pa.schema([("n", pa.int64())]))
    def same(rows: saem.core.shapes.Pairs) -> saem.core.shapes.Made:
        raise AssertionError
    db = Project(str(tmp_path))
    with pytest.raises(SaemError, match="list column"):
        db.source("notes", records(Text)).derive("same", same, by="text")
    db.close()
