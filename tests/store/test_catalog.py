"""The catalog: a publish moves all or nothing, and rights fail closed."""
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saem.core.errors import SaemError
from saem.core.principals import FOR_NONE, may_read
from saem.store.catalog import FORMAT, Catalog, Publication
from saem.store.heads import Head
from saem.store.lease import lease
from saem.store.quarantine import Problem
from saem.store.reader_sets import EVERYONE, NOBODY


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(str(tmp_path / "catalog.db"))
    yield made
    made.close()


def publication(version: int, reason: object = "why") -> Publication:
    return Publication(heads={"a": Head("a.1.lance", version, b"f"), "b": Head("b.1.lance", version, b"f")},
                       edges=[("b", "a", "a.1.lance", version)],
                       problems=[("b", Problem(b"u", "failed", "key", "op", reason))], inbox=[("n", version)])    # type: ignore[arg-type]


def state(catalog: Catalog) -> tuple[object, ...]:
    return catalog.heads(), catalog.consumed("b"), catalog.snapshot(), catalog.problems(), catalog.inbox("n")


def test_a_publish_moves_heads_watermarks_quarantine_and_inbox_together(catalog: Catalog) -> None:
    catalog.put("n", [("k", "{}")])
    with lease(catalog) as owner:
        assert catalog.publish(owner, publication(3)) == 1
    assert {head.version for head in catalog.heads().values()} == {3}
    assert catalog.consumed("b") == {"a": ("a.1.lance", 3)}
    assert [p["reason"] for p in catalog.problems("b", "failed")] == ["why"]
    assert catalog.inbox("n") == (0, {})


class Broken(str):
    """A reason that cannot be written: the publish breaks off after heads and edges."""
    def encode(self, *_: object) -> bytes:      # type: ignore[override]
        raise RuntimeError("broken off")


def test_a_publish_that_breaks_off_moves_nothing(catalog: Catalog) -> None:
    with lease(catalog) as owner:
        catalog.publish(owner, publication(3))
        before = state(catalog)
        with pytest.raises(RuntimeError):
            catalog.publish(owner, publication(4, Broken("x")))
        assert state(catalog) == before
        assert state(Catalog(catalog.path)) == before


def test_a_run_that_lost_its_lease_publishes_nothing(catalog: Catalog) -> None:
    with lease(catalog) as owner:
        catalog.db.execute("update lease set owner='another'")
        with pytest.raises(SaemError) as error:
            catalog.publish(owner, publication(3))
    assert error.value.code == "E302"
    assert catalog.heads() == {}
    assert catalog.snapshot() == 0


def test_another_process_sees_whole_publishes_only(catalog: Catalog) -> None:
    reader = Catalog(catalog.path)
    with lease(catalog) as owner, catalog.transaction():
        catalog.db.execute("insert into head values ('a', 'a.1.lance', 9, x'00', '{}', '[]', '[]')")
        assert reader.heads() == {}
        catalog.db.execute("delete from head")
        assert owner
    reader.close()


def test_a_catalog_of_a_newer_saem_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "catalog.db")
    Catalog(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"pragma user_version={FORMAT + 1}")
    with pytest.raises(SaemError, match="newer saem") as error:
        Catalog(path)
    assert error.value.code == "E205"


def test_a_file_that_is_no_catalog_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("this is a letter to my aunt, and no database at all", "utf-8")
    with pytest.raises(SaemError, match=r"catalog\.db") as error:
        Catalog(str(tmp_path / "catalog.db"))
    assert error.value.code == "E204"


def test_text_that_is_no_utf8_can_be_a_reason(catalog: Catalog) -> None:
    with lease(catalog) as owner:
        catalog.publish(owner, publication(1, "half a pair: \ud800"))
    assert catalog.problems()[0]["reason"] == "half a pair: \\ud800"


def test_the_newest_put_of_a_key_wins(catalog: Catalog) -> None:
    catalog.put("n", [("k", "1"), ("k", "2"), ("j", "3")])
    catalog.put("n", [("j", None)])
    assert catalog.inbox("n") == (4, {"k": "2", "j": None})


names = st.lists(st.sampled_from(["kim", "lee", "이", "*", "a,b", '"']), max_size=4)


@settings(deadline=None)
@given(st.lists(names, max_size=4))
def test_an_intersection_is_that_of_sets_where_everyone_is_all(tmp_path_factory: pytest.TempPathFactory, sets: list[list[str]]) -> None:
    catalog = Catalog(str(tmp_path_factory.mktemp("catalog") / "catalog.db"))
    made = catalog.readers(catalog.intersect([catalog.reader_code(each) for each in sets]))
    for person in ({"kim"}, {"lee", "이"}, {"a,b"}, {"nobody"}):
        expected = bool(sets) and all("*" in each or person & set(each) for each in sets)
        assert may_read(made, frozenset(person)) == expected
    catalog.close()


def test_no_parents_means_no_readers_and_unknown_codes_nobody(catalog: Catalog) -> None:
    assert catalog.intersect([]) == NOBODY
    assert catalog.intersect([EVERYONE]) == EVERYONE
    assert catalog.readers(NOBODY) == catalog.readers(12345) == FOR_NONE


def test_equal_sets_have_one_code_whatever_their_order(catalog: Catalog) -> None:
    assert catalog.reader_code(["b", "a", "a"]) == catalog.reader_code(("a", "b"))
    assert Catalog(catalog.path).reader_code(["a", "b"]) == catalog.reader_code(["a", "b"])


def test_a_catalog_of_an_older_format_gets_the_tables_of_today(tmp_path: Path) -> None:
    path = str(tmp_path / "catalog.db")
    Catalog(path).close()
    with sqlite3.connect(path) as db:
        db.execute("drop table held")
        db.execute("pragma user_version=3")
    opened = Catalog(path)
    assert opened.held() == []
    opened.close()
