"""Relations, their keys and their parents, in the corners where lineage goes wrong."""
import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pytest

import saem
from saem.core.principals import clauses
from saem.core.shapes import Groups, Made
from saem.engine.project import Project
from saem.engine.table import Table
from saem.sources import records
from tests.engine.rows import Counter, Item, Loud, Many

Open = Callable[[], Project]
N = pa.schema([("n", pa.int64())])
counter = Counter()


def stored(table: Table) -> list[dict[str, object]]:
    return table.dataset().to_table().to_pylist()      # type: ignore[no-any-return]


def put(db: Project, *rows: Item, name: str = "items") -> Table:
    table = db.source(name, records(Item))
    table.put(rows)
    return table


def test_rows_with_named_parents_and_rows_of_the_whole_group_stand_side_by_side(db: Project) -> None:
    @saem.operator(version="1")
    def first_and_all(rows: list[Item]) -> Iterable[Many]:
        yield saem.made_from(Many("first", 1), rows[0])
        yield Many("all", len(rows))

    table = put(db, Item("a"), Item("b")).derive("made", first_and_all, by="who")
    db.run()
    assert {row["who"]: len(row["_parents"]) for row in stored(table)} == {"first": 1, "all": 2}      # type: ignore[arg-type]


def test_a_parent_that_was_never_in_the_group_is_a_failure_of_that_group(db: Project) -> None:
    @saem.operator(version="1")
    def wrong(rows: list[Item]) -> Iterable[Many]:
        yield saem.made_from(Many("x", 1), Item("from nowhere") if rows[0].who == "w" else rows[0])

    table = put(db, Item("a"), Item("b", "v")).derive("made", wrong, by="who")
    db.run()
    assert table.count() == 1
    problem, = db.catalog.problems("made")
    assert (problem["key"], problem["reason"]) == ("w", "[E106] 'wrong' named a parent that is no row of its group")


@pytest.mark.parametrize(("origin", "other", "what"), [(-1, 0, "origins among"), (9, 0, "origins among"), (0, 9, "origins among")])
def test_an_origin_that_is_no_row_is_a_failure(db: Project, origin: int, other: int, what: str) -> None:
    @saem.operator(version="1", adds=N)
    def join(left: Groups, right: Groups) -> Made:
        return Made(pa.table([[1]], schema=N), np.array([origin]), (np.array([other]),))

    left = put(db, Item("a"))
    left.derive("made", join, by="who", using=[put(db, Item("b"), name="others")])
    db.run()
    assert what in db.catalog.problems("made")[0]["reason"]


def test_a_row_made_from_two_keys_is_a_failure(db: Project) -> None:
    @saem.operator(version="1", adds=N)
    def cross(left: Groups, right: Groups) -> Made:
        pairs = [(i, j) for i in range(len(left)) for j in range(len(right))]
        return Made(pa.table([[1] * len(pairs)], schema=N), np.array([i for i, _ in pairs]), (np.array([j for _, j in pairs]),))

    left = put(db, Item("a", "v"), Item("b", "w"))
    table = left.derive("made", cross, by="who", using=[put(db, Item("c", "v"), Item("d", "w"), name="others")])
    db.run()
    assert table.count() == 2, "alone, each key gives its own pair"
    assert all(len(row["_parents"]) == 2 for row in stored(table))      # type: ignore[arg-type]


def test_columns_that_a_groups_operator_forgets_are_named(db: Project) -> None:
    @saem.operator(version="1", adds=N)
    def forgets(left: Groups) -> Made:
        return Made(pa.table({"m": [1]}), np.array([0]))

    put(db, Item("a")).derive("made", forgets, by="who")
    db.run()
    assert db.catalog.problems("made")[0]["reason"] == "[E106] 'forgets' gave no column n"


def test_null_is_a_key_like_any_other(db: Project) -> None:
    @dataclasses.dataclass
    class Maybe:
        key: str
        who: str | None

    @saem.operator(version="1")
    def total(rows: list[Maybe]) -> Iterable[Many]:
        yield Many(str(rows[0].who), len(rows))

    source = db.source("items", records(Maybe))
    table = source.derive("made", total, by="who")
    source.put([Maybe("1", "a"), Maybe("2", None), Maybe("3", None)])
    db.run()
    assert {row["who"]: row["n"] for row in stored(table)} == {"a": 1, "None": 2}
    source.put([Maybe("2", "a")])
    db.run()
    assert {row["who"]: row["n"] for row in stored(table)} == {"a": 2, "None": 1}


def test_a_relation_may_be_followed_by_a_map_that_reads_a_table_without_the_key(db: Project) -> None:
    @dataclasses.dataclass
    class Word:
        word: str

    @saem.operator(version="1")
    def total(rows: list[Item]) -> Iterable[Many]:
        yield Many(rows[0].who, len(rows))

    @saem.operator(version="1")
    def say(row: Many, words: list[Word]) -> Loud:
        return Loud(f"{row.who}{row.n}{words[0].word}")

    words = db.source("words", records(Word))
    words.put([Word("!")])
    table = put(db, Item("a"), Item("b")).derive("made", total, say, by="who", using=[words])
    db.run()
    assert [(row["loud"], len(row["_parents"])) for row in stored(table)] == [("w2!", 3)]      # type: ignore[arg-type]


def test_a_map_may_consume_what_named_the_rows_of_the_flat_map_before_it(db: Project) -> None:
    @dataclasses.dataclass
    class Text:
        text: str

    @saem.operator(version="1")
    def cut(item: Item) -> Iterable[Text]:
        yield from (Text(word) for word in item.text.split())

    @saem.operator(version="1", consumes=["text"])
    def shout(row: Text) -> Loud:
        return Loud(row.text.upper())

    table = put(db, Item("a", text="x y x")).derive("made", cut, shout)
    db.run()
    before = {row["_id"] for row in stored(table)}
    db.tables["items"].put([Item("a", text="new x y x")])
    db.run()
    after = {row["_id"]: row["loud"] for row in stored(table)}
    assert len(before) == 3
    assert before < set(after), "a word on top renames no other"


def test_a_grant_on_a_table_read_whole_calls_no_operator(db: Project) -> None:
    @saem.operator(version="1")
    def count(item: Item, others: list[Many]) -> Loud:
        counter.n += 1
        return Loud(str(len(others)))

    others = db.source("others", records(Many))
    table = put(db, Item("a"), Item("b")).derive("made", count, using=[others])
    others.put([Many("x", 1), Many("y", 1)])
    db.run()
    counter.n = 0
    others.put([Many("x", 1)], readers=[db.catalog.reader_code(["kim"])])
    report = db.run()
    assert counter.n == 0
    assert report.tables["made"].regranted == 2
    assert {db.catalog.readers(row["_readers"]) for row in stored(table)} == {clauses(["kim"])}      # type: ignore[arg-type]


@pytest.mark.parametrize("query", [
    "select count(*) n from items join others using (key)", "select count(*) n from items i, others o where i.key = o.key",
    "with items as (select * from others) select count(*) n from items join others using (key)",
    "select count(*) n from (select key from items union select key from others)",
])
def test_sql_finds_the_tables_that_a_query_joins(db: Project, query: str) -> None:
    put(db, Item("a"))
    put(db, Item("a"), name="others")
    db.run()
    assert db.sql(query).to_pylist() == [{"n": 1}]
