"""The six laws, one sentence each, over pipelines with every operator kind."""
import itertools
import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from saem.engine.project import Project
from tests.contract.fuzz import EDITS, FOLDER_EDITS, Crash, Fuse, run_and_check
from tests.contract.laws import (
    check_all,
    check_forgotten,
    check_idle,
    check_parents_exist,
    check_readers,
    check_sufficiency,
    problems_of,
    tables_of,
)
from tests.contract.pipelines import PIPELINES, Note, calls
from tests.contract.world import Action, World, tiny_thresholds

TEXTS = {
    "a.txt": "ann\nsea\ndata flow. data flow. 샘",
    "b.txt": "bob\nsea\nrow and lineage",
    "c.txt": "bob\nsky\nrow and lineage",
    "sub/d.txt": "cho\nsky\n물 and row and row. weather",
    "e.txt": "ann\nsky\nthis one is BAD",
    "f.txt": "cho\nsea\nfine at first, then HALF",
    "g.txt": "dee\nsea\nthe only one, and on 🔥",
}
RUN = Action("run", ())


@pytest.fixture(params=["usual thresholds", "tiny thresholds"])
def thresholds(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "usual thresholds":
        yield
    else:
        with tiny_thresholds():
            yield


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(getattr(request, "param", "every_kind"))
    for path, text in TEXTS.items():
        made.write(path, text)
    if made.pipeline == "every_kind":
        for title, author, said, who in [("t1", "ann", "one", ["*"]), ("t2", "ann", "two", ["kim"]), ("t3", "bob", "three", ["*"])]:
            put(made, Note(title, author, said), who)
    yield made
    made.close()


tiny_only = pytest.mark.parametrize("thresholds", ["tiny thresholds"], indirect=True)
every_pipeline = pytest.mark.parametrize("world", sorted(PIPELINES), indirect=True)


def put(world: World, note: Note, who: list[str]) -> None:
    world.notes[note.title] = (note, who)
    with world.opened() as db:
        db.tables["notes"].put([note], readers=[db.catalog.reader_code(who)])


def built(world: World) -> Counter[str]:
    """Bring the project up to date; how often each operator ran."""
    before = calls.count.copy()
    with world.opened() as db:
        db.run()
    return calls.count - before


def said_in(db: Project, word: str) -> list[str]:
    """The tables in which a word can still be read."""
    return [name for name in db.tables if word in str(db.table(name).to_arrow().to_pylist())]


# law 2, with all that one state of a project can show of the others

@every_pipeline
@pytest.mark.usefixtures("thresholds")
def test_after_edits_of_every_kind_the_tables_are_those_of_a_rebuild(world: World) -> None:
    dice = random.Random(3)
    kinds = [*EDITS] if world.pipeline == "every_kind" else [*FOLDER_EDITS]
    run_and_check(world, RUN)
    for some in (kinds[::3], kinds[1::3], kinds[2::3]):
        for kind in some * 2:
            world.play(Action(kind, tuple(dice.random() for _ in range(9))))
        run_and_check(world, RUN)


@tiny_only
@pytest.mark.usefixtures("thresholds")
def test_new_code_settings_models_and_columns_make_the_tables_of_a_rebuild(world: World) -> None:
    run_and_check(world, RUN)
    for changed in [{"suffix": "?", "is_wide": True, "seed": 2}, {"model": "b"}, {"size": 5, "is_wide": False}]:    # none hides another
        world.settings |= changed
        os.remove(f"{world.docs}/{world.paths()[0]}")      # what is gone goes in a rebuild too
        run_and_check(world, RUN)


def test_a_row_that_moves_to_another_group_leaves_the_old_one(world: World) -> None:
    run_and_check(world, RUN)
    world.write("b.txt", "cho\nsky\nrow and lineage")
    run_and_check(world, RUN)
    os.remove(f"{world.docs}/g.txt")
    world.write("b.txt", "eve\nsky\nrow and lineage")
    run_and_check(world, RUN)
    with world.opened() as db:
        assert set(db.tables["totals"].to_arrow()["author"].to_pylist()) == {"ann", "bob", "cho", "eve"}


def test_a_file_that_failed_is_there_once_it_is_mended(world: World) -> None:
    built(world)
    with world.opened() as db:
        failed = {problem["key"] for problem in db.catalog.problems(kind="failed")}
    assert {"e.txt", "f.txt", "g.txt"} <= failed
    for path in ("e.txt", "f.txt", "g.txt"):
        world.write(path, "ann\nsea\nmended")
    run_and_check(world, RUN)
    with world.opened() as db:
        assert not db.catalog.problems()


def test_a_unit_that_begins_to_fail_loses_all_its_rows_and_is_in_quarantine(world: World) -> None:
    with tiny_thresholds():
        built(world)
    world.write("a.txt", "ann\nsea\nlong enough for a few slices of costly rows, and then comes 🔥 at the end of it")
    with tiny_thresholds():
        run_and_check(world, RUN)
    with world.opened() as db:
        assert "a.txt" not in db.tables["chunks"].to_arrow()["path"].to_pylist()
        assert ("chunks", "a.txt") in {(p["table"], p["key"]) for p in db.catalog.problems(kind="failed")}


def test_one_bad_group_among_many_fails_alone(world: World) -> None:
    for number in range(8):
        put(world, Note(f"n{number}", f"author{number}", "CURSED" if number == 3 else "fine"), ["*"])
        world.write(f"n{number}.txt", f"author{number}\nsea\ntext {number}")
    run_and_check(world, RUN)
    with world.opened() as db:
        assert [p["key"] for p in db.catalog.problems("pairs", "failed")] == ["author3"]
        check_sufficiency(db, 20, random.Random(0), ["pairs"])


def test_a_run_after_which_nothing_changed_calls_nothing_and_writes_nothing(world: World) -> None:
    built(world)
    with world.opened() as db:
        check_idle(db)


def test_work_is_what_changed(world: World) -> None:
    built(world)
    world.write("b.txt", "bob\nsea\nrow and lineage, changed")
    made = built(world)
    assert (made["read"], made["cut"], made["lines"], made["price"]) == (1, 1, 1, 1)
    assert made["total"] == 3, "the group of one author, in the three tables of totals"


def test_renames_and_copies_ask_the_model_nothing(world: World) -> None:
    built(world)
    os.rename(f"{world.docs}/a.txt", f"{world.docs}/renamed.txt")
    world.write("copy.txt", TEXTS["b.txt"])
    asked = calls.texts.copy()
    run_and_check(world, RUN)
    with world.opened() as db:
        assert {"renamed.txt", "copy.txt"} <= set(db.tables["chunks"].to_arrow()["path"].to_pylist())
    rebuilt = {text: count for text, count in (calls.texts - asked).items() if count > 1}
    assert not rebuilt, "only the build from nothing beside it asked, once a text"


# law 1

@every_pipeline
@pytest.mark.usefixtures("thresholds")
def test_every_row_comes_out_again_from_the_parents_that_it_names(world: World) -> None:
    built(world)
    with world.opened() as db:
        check_parents_exist(db, tables_of(db))
        check_sufficiency(db, 3, random.Random(5))


# law 3

@every_pipeline
def test_a_row_is_read_by_those_who_may_read_all_of_its_parents(world: World) -> None:
    world.grants |= {"a.txt": ["kim"], "b.txt": ["lee"], "c.txt": ["kim", "lee"], "sub/d.txt": [], "anchor.txt": ["*"]}
    built(world)
    with world.opened() as db:
        check_readers(db, tables_of(db))


@every_pipeline
@pytest.mark.usefixtures("thresholds")
def test_a_change_of_readers_reaches_every_descendant_and_calls_no_operator(world: World) -> None:
    built(world)
    world.grants |= {"a.txt": ["kim"], "b.txt": ["lee", "kim"], "anchor.txt": ["*"]}
    if world.pipeline == "every_kind":
        put(world, Note("t3", "bob", "three"), ["kim"])
    with world.opened() as db:
        before = calls.count.copy()
        report = db.run()
        ran = calls.count - before
        check_readers(db, tables_of(db))
    assert not ran, f"operators ran: {ran}"
    assert sum(counts.regranted for counts in report.tables.values()) > 0
    run_and_check(world, RUN)


# law 4

@every_pipeline
@tiny_only
@pytest.mark.usefixtures("thresholds")
def test_a_deleted_file_leaves_no_row_in_any_table(world: World) -> None:
    world.write("secret.txt", "zed\nsea\nxyzzy xyzzy. plugh")
    run_and_check(world, RUN)
    with world.opened() as db:
        assert len(said_in(db, "zed")) + len(said_in(db, "xyzzy")) > 2
    os.remove(f"{world.docs}/secret.txt")
    run_and_check(world, RUN)
    with world.opened() as db:
        assert said_in(db, "zed") + said_in(db, "xyzzy") + said_in(db, "secret.txt") == []


def test_a_dropped_record_and_an_unlisted_row_leave_nothing(world: World) -> None:
    put(world, Note("gone", "ann", "xyzzy"), ["*"])
    world.price_rows["sky"] = (3.25, ["*"])
    run_and_check(world, RUN)
    with world.opened() as db:
        assert said_in(db, "xyzzy") == ["notes", "pairs", "left"]
        db.tables["notes"].drop(["gone"])
    del world.notes["gone"], world.price_rows["sky"]
    run_and_check(world, RUN)
    with world.opened() as db:
        assert said_in(db, "xyzzy") == []
        assert db.tables["prices"].to_arrow()["topic"].to_pylist() == ["sea"]


def test_when_every_file_goes_every_derived_row_goes(world: World) -> None:
    built(world)
    for path in (*world.paths(), "anchor.txt"):
        os.remove(f"{world.docs}/{path}")
    run_and_check(world, RUN)
    with world.opened() as db:
        assert {name for name in db.tables if db.tables[name].count()} == {"notes", "prices"}
        assert not db.catalog.problems()


@every_pipeline
@pytest.mark.usefixtures("thresholds")
def test_a_forgotten_file_is_nowhere_and_the_rest_is_as_if_it_had_never_been(world: World) -> None:
    world.write("a-very-secret-name.txt", "zed\nsea\nxyzzy plugh waldo. a data flow")
    run_and_check(world, RUN)
    world.write("a-very-secret-name.txt", "zed\nsky\nxyzzy plugh waldo twice. a data flow")
    run_and_check(world, RUN)
    with world.opened() as db:
        receipt = db.forget("files", "a-very-secret-name.txt")
        assert receipt.verdict == "proved", receipt.summary()
        check_forgotten(db, ["a-very-secret-name.txt", "xyzzy plugh waldo"])
        before = calls.count.copy()
        assert all(counts.is_idle for counts in db.run().tables.values())
        assert calls.count == before
    os.remove(f"{world.docs}/a-very-secret-name.txt")
    run_and_check(world, RUN)


# law 5

@every_pipeline
@tiny_only
@pytest.mark.usefixtures("thresholds")
def test_a_crash_at_any_commit_point_loses_nothing_and_shows_nothing(world: World) -> None:
    built(world)
    with world.opened() as db:
        before, problems = tables_of(db), problems_of(db)
    world.write("a.txt", "bob\nsky\ndata flow, moved and mended")
    world.write("new.txt", "ann\nsea\na new one")
    os.remove(f"{world.docs}/c.txt")
    world.grants["b.txt"] = ["kim"]
    if world.pipeline == "every_kind":
        put(world, Note("t9", "cho", "nine"), ["kim"])
        world.settings["is_wide"] = True
    reached = []
    for left in itertools.count(0, 7):      # every seventh point here; the fuzz reaches the others
        try:
            with world.opened(Fuse(left)) as db:
                db.run()
            break
        except Crash as point:
            reached.append(str(point))
        with world.opened() as db:
            if reached[-1] != "after publish":
                assert (tables_of(db), problems_of(db)) == (before, problems), f"readers saw a crash at {reached[-1]}"
    assert len(reached) > (5 if world.pipeline == "every_kind" else 0)
    run_and_check(world, RUN)


def test_a_reader_at_any_moment_of_a_run_sees_one_whole_snapshot(world: World) -> None:
    built(world)
    world.write("a.txt", "bob\nsky\ndata flow, moved and mended")
    os.remove(f"{world.docs}/c.txt")
    with world.opened() as reader:
        before, seen = tables_of(reader), []

        def look(point: str) -> None:
            if len(seen) % 4 == 0 or "publish" in point:
                seen.append((point, tables_of(reader)))
            else:
                seen.append((point, before))

        with world.opened(look) as db:
            db.run()
        after = tables_of(reader)
    assert before != after
    for point, tables in seen:
        assert tables == (after if point == "after publish" else before), f"at {point} a reader saw something in between"


def test_an_operator_that_is_interrupted_publishes_nothing(world: World) -> None:
    built(world)
    with world.opened() as db:
        before = tables_of(db)
    world.write("new.txt", "ann\nsea\na new one")
    calls.on_call = Fuse(4)
    with world.opened() as db, pytest.raises(Crash):
        db.run()
    calls.on_call = lambda name: None
    with world.opened() as db:
        assert tables_of(db) == before
    run_and_check(world, RUN)


# law 6

@every_pipeline
def test_every_row_that_gave_nothing_is_listed_with_its_reason(world: World) -> None:
    built(world)
    with world.opened() as db, world.rebuilt() as again:
        check_all(db, again)
        reasons = {(p["table"], p["key"]): p["reason"] for p in db.catalog.problems()}
    assert all(reasons.values())
    if world.pipeline == "every_kind":
        assert reasons["docs", "e.txt"] == "ValueError: bad text in e.txt"
        assert reasons["chunks", "f.txt"] == "ValueError: fails half-way"
        assert reasons["chunks", "g.txt"] == "ValueError: the model refuses"


def test_what_failed_for_outside_reasons_is_computed_again_on_retry(world: World) -> None:
    calls.is_stormy = True
    built(world)
    calls.is_stormy = False
    with world.opened() as db:
        assert ("docs", "sub/d.txt") in {(p["table"], p["key"]) for p in db.catalog.problems()}
        assert db.run().tables["docs"].is_idle, "a failed row is not tried at every run"
        db.run(retry=True)
        with world.rebuilt() as again:
            check_all(db, again)
