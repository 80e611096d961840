"""What a vector stands for: a text under its title and headings; and what is embedded again when one of these changes."""
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import saem
from saem.core.run import Progress
from saem.engine.project import Project
from saem.sources import folder
from saem.transform import chunk, embed, parse
from saem.transform.embed import headed

PAGES = {"library.md": "# Library\n\n## Fines\n\nThe fine is 100 won a day.\n\n## Loans\n\nBooks are lent for 14 days.\n",
         "dormitory.md": "# 기숙사\n\n## 통금\n\n문은 밤 11시에 닫힙니다.\n"}


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    root.mkdir()
    for name, text in PAGES.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def db(tmp_path: Path, pages: Path) -> Iterator[Project]:
    project = Project(str(tmp_path / "state"))
    docs = project.source("files", folder(str(pages))).derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["title"]).index(text="text", vector="embedding")
    yield project
    project.close()


def embedded(project: Project) -> int:
    """How many chunks a run embeds."""
    return project.run().tables["chunks"].computed


def test_a_rename_and_a_copy_embed_nothing(db: Project, pages: Path) -> None:
    assert embedded(db) == 3
    (pages / "library.md").rename(pages / "books.md")
    assert embedded(db) == 0
    (pages / "copy.md").write_bytes((pages / "dormitory.md").read_bytes())
    assert embedded(db) == 0


def test_another_title_embeds_the_chunks_of_its_document_and_no_other(db: Project, pages: Path) -> None:
    db.run()
    (pages / "library.md").write_text(PAGES["library.md"].replace("# Library", "# Reading room"), encoding="utf-8")
    assert embedded(db) == 2
    assert embedded(db) == 0


def test_another_heading_embeds_the_chunk_below_it(db: Project, pages: Path) -> None:
    db.run()
    (pages / "library.md").write_text(PAGES["library.md"].replace("## Loans", "## Lending"), encoding="utf-8")
    assert embedded(db) == 1


def vectors(rows: dict[str, list[str]], **settings: object) -> np.ndarray:
    made = embed(pa.table(rows), model="hash", **settings)["embedding"].to_pylist()
    return np.array(made)


def test_a_title_moves_the_vector_and_can_be_left_out() -> None:
    alone, titled = vectors({"text": ["a fine"]}), vectors({"text": ["a fine"], "title": ["Library"]})
    assert not np.allclose(alone, titled)
    assert np.array_equal(alone, vectors({"text": ["a fine"], "title": ["Library"]}, above=[]))


def test_a_table_without_title_is_embedded_by_any_text_column() -> None:
    assert np.array_equal(vectors({"body": ["a fine"]}, column="body"), vectors({"text": ["a fine"]}))


def test_a_missing_column_is_told_when_it_is_declared(db: Project) -> None:
    with pytest.raises(saem.SaemError, match="E101"):
        db.table("docs").derive("wrong", embed(column="boddy", model="hash"))


def test_what_stands_above_is_said_once() -> None:
    assert headed("Books are lent.", ["Library", "Library > Loans"]) == "Library\nLoans\nBooks are lent."
    assert headed("# Library\nOpen daily.", ["Library", "Library"]) == "# Library\nOpen daily."
    assert headed("A text.", [None, ""]) == "A text."


def test_progress_counts_the_rows_of_one_large_document(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "long.txt").write_text("\n\n".join(f"Paragraph {n} tells of {n * 7} things. " * 8 for n in range(600)), "utf-8")
    db = saem.Project(str(tmp_path / "state"))
    docs = db.source("files", folder(str(tmp_path / "docs"))).derive("docs", parse)
    docs.derive("chunks", chunk(max_chars=300), embed(model="hash"))
    steps: list[Progress] = []
    db.run(on_progress=steps.append)
    mine = [step for step in steps if step.table == "chunks"]
    count = db.table("chunks").count()
    assert [step.total for step in mine[1:]] == [count] * (len(mine) - 1), "one document, and its rows are known"
    assert [step.done for step in mine] == sorted(step.done for step in mine)
    assert len(mine) > 4
    assert mine[-1].done == count
