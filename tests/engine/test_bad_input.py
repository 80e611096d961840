"""What goes wrong, and what a user is told."""
import dataclasses
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.project import Project
from saem.sources import folder, records
from saem.store.catalog import FORMAT
from saem.store.lease import lease
from tests.engine.rows import Counter, Item, Loud, Many

Open = Callable[[], Project]
counter = Counter()


@saem.source(key="key")
def items(count: int, repeats: bool = False) -> Iterable[Item]:
    yield from (Item(f"k{number}", f"w{number % 10}", str(number)) for number in range(count))
    if repeats:
        yield Item("k0")


@saem.operator(version="1")
def shout(item: Item) -> Loud:
    if item.text == "7777":
        raise ValueError("seven is a crowd")
    return Loud(item.text + "!")


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(SaemError) as error:
        call()
    assert error.value.fix, "an error says how to mend it"
    return error.value.code


# operators

def test_one_row_in_ten_thousand_that_raises_takes_no_other_with_it(db: Project) -> None:
    loud = db.source("items", items(10_000)).derive("loud", shout)
    report = db.run()
    assert (loud.count(), report.quarantined) == (9_999, 1)
    problem, = db.catalog.problems("loud")
    assert (problem["key"], problem["operator"], problem["reason"]) == ("k7777", "shout", "ValueError: seven is a crowd")
    assert 'raise ValueError("seven is a crowd")' in problem["details"]


def test_one_row_of_a_batch_that_raises_takes_no_other_with_it(db: Project) -> None:
    @saem.operator(version="1", adds=pa.schema([("size", pa.int64())]))
    def size(rows: pa.Table) -> pa.Table:
        if "7777" in rows["text"].to_pylist():
            raise ValueError("seven is a crowd")
        return rows.append_column("size", pa.array([len(text) for text in rows["text"].to_pylist()], pa.int64()))

    sized = db.source("items", items(10_000)).derive("sized", size)
    db.run()
    assert sized.count() == 9_999
    assert [problem["key"] for problem in db.catalog.problems("sized")] == ["k7777"]


def test_a_generator_that_fails_half_way_gives_nothing(db: Project) -> None:
    @saem.operator(version="1")
    def letters(item: Item) -> Iterable[Loud]:
        for number in itertools.count():
            if number == 2 and item.text == "1":
                raise RuntimeError("half-way")
            if number == 3:
                return
            yield Loud(f"{item.text}{number}")

    table = db.source("items", items(3)).derive("letters", letters)
    db.run()
    assert sorted(table.to_arrow()["loud"].to_pylist()) == ["00", "01", "02", "20", "21", "22"]
    assert [problem["key"] for problem in db.catalog.problems("letters")] == ["k1"]


WRONG_RESULTS = {
    "another class": lambda item: Item("a"), "nothing": lambda item: None, "a text for a number": lambda item: Many("a", "b"),      # type: ignore[arg-type]
    "a number too large": lambda item: Many("a", 2**70), "half a surrogate pair": lambda item: Many("\ud800", 1),
}


@pytest.mark.parametrize("what", WRONG_RESULTS)
def test_a_result_that_breaks_its_hints_puts_its_row_in_quarantine_alone(db: Project, what: str) -> None:
    @saem.operator(version="1")
    def work(item: Item) -> Many:
        return WRONG_RESULTS[what](item) if item.key == "k1" else Many(item.key, 1)      # type: ignore[no-any-return]

    table = db.source("items", items(3)).derive("made", work)
    db.run()
    assert sorted(table.to_arrow()["key"].to_pylist()) == ["k0", "k2"]
    assert [problem["reason"][:6] for problem in db.catalog.problems("made")] == ["[E106]"]


def test_an_error_that_says_no_utf8_is_still_told(db: Project) -> None:
    @saem.operator(version="1")
    def work(item: Item) -> Loud:
        raise ValueError("bad \ud800 bytes")

    db.source("items", items(1)).derive("made", work)
    db.run()
    assert db.catalog.problems("made")[0]["reason"] == "ValueError: bad \\ud800 bytes"


def test_a_missing_package_ends_the_run_with_the_command_that_brings_it(db: Project) -> None:
    @saem.operator(version="1")
    def work(item: Item) -> Loud:
        raise saem.core.errors.missing("kiwipiepy", "text", "ko")

    db.source("items", items(3)).derive("made", work)
    with pytest.raises(SaemError, match=r'pip install "saem\[ko\]"') as error:
        db.run()
    assert error.value.code == "E103"
    assert db.snapshot == 0


# declaring

def test_mistakes_in_a_pipeline_show_where_they_are_made(db: Project) -> None:
    table = db.source("items", items(3))
    assert code_of(lambda: table.derive("made", shout(n=3))) == "E104"
    assert code_of(lambda: table.derive("made", len)) == "E105"
    assert code_of(lambda: table.derive("made")) == "E104"
    assert code_of(lambda: table.derive("made", shout, by="who")) == "E104"
    assert code_of(lambda: table.derive("made", shout, carry=["who"])) == "E104"
    assert code_of(lambda: table.derive("made", shout, using=[table])) == "E104"
    assert code_of(lambda: table.derive("items", shout)) == "E201"
    assert code_of(lambda: table.derive("Made", shout)) == "E201"
    assert code_of(lambda: table.derive("_made", shout)) == "E201"
    assert code_of(lambda: db.source("other", shout)) == "E105"
    assert code_of(lambda: db.source("other", items())) == "E104"
    assert code_of(lambda: db.source("other", items(3), readers="owner")) == "E101"
    assert code_of(lambda: items(cuont=3)) == "E104"


def test_a_column_that_is_not_there_is_named_when_the_table_is_declared(db: Project) -> None:
    @saem.operator(version="1")
    def group(rows: list[Item]) -> Iterable[Many]: ...

    @saem.operator(version="1")
    def cut(item: Item) -> Iterable[Loud]: ...

    table = db.source("items", items(3))
    with pytest.raises(SaemError, match="did you mean 'who'"):
        table.derive("made", group, by="wo")
    with pytest.raises(SaemError, match="did you mean 'text'"):
        table.derive("made", cut, carry=["txt"])


def test_two_tables_of_one_name_say_where_the_other_is(db: Project) -> None:
    db.source("items", items(3))
    with pytest.raises(SaemError, match=r"the other is at test_bad_input.py:\d+"):
        db.source("items", items(3))


def test_tables_that_depend_on_each_other_in_a_circle_are_named(db: Project) -> None:
    db.source("items", items(3))
    db.derive("a", shout, using=["b"])
    db.derive("b", shout, using=["a"])
    with pytest.raises(SaemError, match="a -> b -> a") as error:
        db.run()
    assert error.value.code == "E203"


def test_a_parent_that_is_nowhere_is_named_with_the_near_one(db: Project) -> None:
    db.source("items", items(3))
    db.derive("a", shout, using=["itms"])
    with pytest.raises(SaemError, match="did you mean 'items'") as error:
        db.run()
    assert error.value.code == "E202"


def test_a_table_that_is_asked_for_and_not_there_is_an_error(db: Project) -> None:
    db.source("items", items(3))
    assert code_of(lambda: db.run(only=["itms"])) == "E202"
    assert code_of(lambda: db.table("itms")) == "E202"
    assert code_of(lambda: db.table("items").to_arrow()) == "E208"


def test_a_costly_result_that_a_later_operator_would_replace_is_refused(db: Project) -> None:
    @saem.operator(version="1", adds=pa.schema([("size", pa.int64())]), memo=["text"])
    def measure(rows: pa.Table) -> pa.Table: ...

    @dataclasses.dataclass
    class Size:
        size: int

    @saem.operator(version="1")
    def double(row: Size) -> Size: ...

    table = db.source("items", items(3))
    with pytest.raises(SaemError, match="'double' replaces 'size', which the costly 'measure' wrote"):
        table.derive("made", measure, double)
    with pytest.raises(SaemError, match="stands twice"):
        table.derive("made", measure, measure)


# sources

def test_a_source_that_gives_one_key_twice_publishes_nothing(db: Project) -> None:
    db.source("items", items(3, repeats=True))
    assert code_of(db.run) == "E306"
    assert db.snapshot == 0


def test_a_source_that_breaks_off_deletes_nothing(open_project: Open) -> None:
    @saem.source(key="key")
    def shaky() -> Iterable[Item]:
        yield Item("k0")
        if counter.is_broken:
            raise ConnectionError("gone")
        yield Item("k1")

    for is_broken in (False, True):
        counter.is_broken = is_broken
        db = open_project()
        table = db.source("items", shaky())
        if is_broken:
            with pytest.raises(SaemError, match="ConnectionError: gone") as error:
                db.run()
            assert error.value.code == "E305"
        else:
            db.run()
        assert table.count() == 2
    counter.is_broken = False


def test_a_row_of_a_source_that_fits_no_column_is_in_quarantine(db: Project) -> None:
    @saem.source(key="who")
    def counts() -> Iterable[Many]:
        return [Many("a", 1), Many("b", "two"), Many("c", 3)]      # type: ignore[arg-type]

    table = db.source("counts", counts())
    assert db.run().quarantined == 1
    assert sorted(table.to_arrow()["who"].to_pylist()) == ["a", "c"]
    assert [problem["key"] for problem in db.catalog.problems("counts")] == ["b"]
    assert db.run().tables["counts"].is_idle


# changes of code

def breakable(version: str) -> saem.core.operator.Operator:
    @saem.operator(version=version)
    def work(item: Item) -> Loud:
        if version == "bad" or (version == "half" and item.key < "k2"):
            raise TypeError("a mistake in the code")
        return Loud(item.text + version)
    return work


def test_new_code_under_which_every_row_fails_is_a_mistake_and_is_not_published(open_project: Open) -> None:
    db = open_project()
    table = db.source("items", items(4)).derive("loud", breakable("1"))
    db.run()
    before = table.to_arrow()
    db = open_project()
    table = db.source("items", items(4)).derive("loud", breakable("bad"))
    with pytest.raises(SaemError, match="a mistake in the code") as error:
        db.run()
    assert error.value.code == "E303"
    assert table.to_arrow() == before
    assert not db.catalog.problems()
    db = open_project()
    table = db.source("items", items(4)).derive("loud", breakable("half"))
    assert db.run().quarantined == 2
    assert table.count() == 2, "some rows fail: a result, with the others in quarantine"


@dataclasses.dataclass
class Louder:
    loud: str
    size: int


def test_new_columns_take_the_place_of_the_old_and_children_follow(open_project: Open) -> None:
    @saem.operator(version="1")
    def wide(item: Item) -> Louder:
        return Louder(item.text + "!", len(item.text))

    @saem.operator(version="1")
    def again(row: Loud) -> Iterable[Loud]:
        yield Loud(row.loud * 2)

    for op, columns in [(shout, ["key", "who", "text", "loud"]), (wide, ["key", "who", "text", "loud", "size"]),
                        (shout, ["key", "who", "text", "loud"])]:
        db = open_project()
        table = db.source("items", items(3)).derive("loud", op)
        child = table.derive("again", again)
        db.run()
        assert table.to_arrow().column_names == columns
        assert sorted(child.to_arrow()["loud"].to_pylist()) == ["0!0!", "1!1!", "2!2!"]
        assert all(counts.is_idle for counts in db.run().tables.values())


def test_a_costly_column_survives_new_columns_beside_it(open_project: Open) -> None:
    @saem.operator(version="1", adds=pa.schema([("size", pa.int64())]), memo=["text"])
    def measure(rows: pa.Table) -> pa.Table:
        counter.n += len(rows)
        return rows.append_column("size", pa.array([len(text) for text in rows["text"].to_pylist()], pa.int64()))

    @saem.operator(version="1")
    def more(item: Item) -> Loud:
        return Loud("more")

    counter.n = 0
    for operators in ([measure], [more, measure]):
        db = open_project()
        db.source("items", items(5)).derive("made", *operators)
        db.run()
    assert counter.n == 5


def test_equal_input_is_computed_once_however_many_threads_are_at_it(db: Project) -> None:
    @saem.operator(version="1", adds=pa.schema([("size", pa.int64())]), memo=["who"])
    def measure(rows: pa.Table) -> pa.Table:
        counter.n += len(rows)
        return rows.append_column("size", pa.array([len(text) for text in rows["who"].to_pylist()], pa.int64()))

    counter.n = 0
    db.source("items", items(2_000)).derive("made", measure)
    report = db.run()
    assert counter.n == 10
    assert (report.tables["made"].computed, report.tables["made"].reused) == (10, 1_990)


# the state on disk

def test_the_state_of_a_newer_saem_is_not_touched(tmp_path: Path) -> None:
    Project(str(tmp_path)).close()
    with sqlite3.connect(tmp_path / "catalog.db") as catalog:
        catalog.execute(f"pragma user_version={FORMAT + 1}")
    assert code_of(lambda: Project(str(tmp_path))) == "E205"


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", "utf-8")
    with pytest.raises(SaemError, match=str(tmp_path / "state")) as error:
        Project(str(tmp_path / "state"))
    assert error.value.code == "E204"


def test_a_second_run_at_once_is_refused(open_project: Open) -> None:
    db, other = open_project(), open_project()
    db.source("items", items(1))
    with lease(other.catalog):
        assert code_of(db.run) == "E301"
    db.run()


def test_a_run_that_is_overtaken_publishes_nothing(open_project: Open, tmp_path: Path) -> None:
    db = open_project()
    db.on_step = lambda point: db.catalog.db.execute("update lease set owner='another'") if point == "before publish" else None      # type: ignore[assignment]
    db.source("items", items(3))
    assert code_of(db.run) == "E302"
    assert db.snapshot == 0


def test_an_empty_folder_of_versions_that_a_power_cut_left_is_filled(open_project: Open, tmp_path: Path) -> None:
    os.makedirs(tmp_path / "state/tables/items.1.lance/_versions")
    db = open_project()
    table = db.source("items", items(3))
    db.run()
    assert table.count() == 3


def test_sql_reads_all_tables_at_one_snapshot(open_project: Open) -> None:
    db, reader = open_project(), open_project()
    table = db.source("items", records(Item))
    table.derive("loud", shout)
    table.put([Item("a")])
    db.run()
    heads, asked = reader.catalog.heads, []
    reader.catalog.heads = lambda: (asked.append(1), heads())[1]      # type: ignore[method-assign,func-returns-value]
    reader.sql("select count(*) from items join loud using (key)")
    assert len(asked) == 1


def test_a_source_folder_that_is_not_there_is_named(db: Project, tmp_path: Path) -> None:
    db.source("files", folder(str(tmp_path / "nowhere")))
    with pytest.raises(SaemError, match="nowhere"):
        db.run()
