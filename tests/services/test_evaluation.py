"""`saem evaluate`: figures that a user can trust, and files of questions that are wrong."""
import json
import math
import os
import pathlib
import shutil
from typing import Any

import pytest

import saem
from saem.infer import ask
from saem.services.evaluation import evaluate, last
from saem.services.evaluation.metrics import difference, interval, ndcg, recall, reciprocal_rank
from saem.services.evaluation.questions import read
from saem.services.evaluation.variants import parsed
from saem.sources import folder
from saem.transform import chunk, embed
from saem.transform import parse as parse_operator

ROOT = pathlib.Path(__file__).parents[2]

# ---- metrics, computed by hand


def test_ndcg_is_one_where_all_that_is_relevant_stands_first() -> None:
    assert ndcg(["a", "b", "x"], ["b", "a"]) == 1.0
    assert ndcg(["x", "y"], ["a"]) == 0.0
    assert ndcg(["x"] * 10 + ["a"], ["a"]) == 0.0, "the eleventh does not count"


def test_ndcg_of_two_relevant_at_ranks_one_and_three() -> None:
    # (1 + 1/log2(4)) / (1 + 1/log2(3)) = 1.5 / 1.63093
    assert ndcg(["a", "x", "b"], ["a", "b"]) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))
    assert ndcg(["a", "x", "b"], ["a", "b"]) == pytest.approx(0.9197, abs=1e-4)


def test_recall_and_reciprocal_rank() -> None:
    assert recall(["a", "x", "b"], ["a", "b", "c"], 3) == pytest.approx(2 / 3)
    assert recall(["a", "x", "b"], ["a", "b", "c"], 2) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "y", "a"], ["a"]) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], ["a"]) == 0.0


def test_an_interval_narrows_with_more_questions_and_is_always_the_same() -> None:
    few, many = interval([0, 1] * 10), interval([0, 1] * 200)
    assert few == interval([0, 1] * 10)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert many == (pytest.approx(0.451, abs=0.01), pytest.approx(0.549, abs=0.01)), "0.5 +- 1.96 * 0.5 / sqrt(400)"


def test_a_difference_in_every_question_is_none_of_chance_and_one_in_a_few_may_be() -> None:
    base = [0.1, 0.5, 0.9, 0.3] * 10
    mean, low, high = difference([value + 0.05 for value in base], base, 4)
    assert (mean, low, high) == (pytest.approx(0.05), pytest.approx(0.05), pytest.approx(0.05))
    few = [value + (0.5 if at < 2 else -0.02) for at, value in enumerate(base)]
    mean, low, high = difference(few, base)
    assert low < 0 < high
    assert high < difference(few, base, 10)[2], "more comparisons, surer each"


# ---- files of questions

def written(tmp_path: pathlib.Path, text: str | bytes, name: str = "questions.jsonl") -> str:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_questions_are_read_with_a_byte_order_mark_empty_lines_and_other_names(tmp_path: pathlib.Path) -> None:
    rows = read(written(tmp_path, b"\xef\xbb\xbf" + """{"question": "연체료는?", "document": "./a.md", "sentence": "하루  100원이다."}

{"question": "Late fee?", "path": "a.md", "also": ["b.md"], "answer": "100 won."}
{"question": "Both?", "document": ["a.md", "b.md"]}
{"question": "Weather?", "document": null}
{"question": "Weather tomorrow?", "answerable": false}
""".encode()))
    assert [(each.documents, each.sentence, each.line) for each in rows] == [
        (("a.md",), "하루 100원이다.", 1), (("a.md", "b.md"), "100 won.", 3), (("a.md", "b.md"), "", 4), ((), "", 5), ((), "", 6)]


def test_a_table_of_a_spreadsheet_will_do(tmp_path: pathlib.Path) -> None:
    rows = read(written(tmp_path, 'question,document,sentence\n"Late fee, please?",a.md;b.md,\nWeather?,,\n', "questions.csv"))
    told = [(each.question, each.documents, each.line) for each in rows]
    assert told == [("Late fee, please?", ("a.md", "b.md"), 2), ("Weather?", (), 3)]


@pytest.mark.parametrize(("text", "line", "what"), [
    ('{"question": "a", "document": "a.md"}\n{"question": "b"', 2, "no JSON"),
    ('{"question": "a", "document": "a.md"}\n\n["b"]', 3, "a list, not an object"),
    ('[\n{"question": "a", "document": "a.md"}\n]', 1, "one JSON list"),
    ('{"query": "a", "document": "a.md"}', 1, "there is no question: its fields are query, document"),
    ('{"question": " ", "document": "a.md"}', 1, "there is no question"),
    ('{"question": "a"}', 1, "there is no document"),
    ('{"question": "a", "document": 7}', 1, "'document' is 7"),
    ('{"question": "a", "document": null}\n{"question": "a", "document": "a.md"}', 2, "twice"),
])
def test_a_wrong_line_is_named(tmp_path: pathlib.Path, text: str, line: int, what: str) -> None:
    with pytest.raises(saem.SaemError) as error:
        read(written(tmp_path, text))
    assert (error.value.code, error.value.exit_code) == ("E501", 2)
    assert what in error.value.what
    assert error.value.where.endswith(f"questions.jsonl:{line}")
    assert error.value.fix


@pytest.mark.parametrize(("content", "what"), [(b"", "holds no question"), (b"\n \n", "holds no question"), (b"\xff\xfe\x00", "not UTF-8")])
def test_a_file_without_questions_is_told(tmp_path: pathlib.Path, content: bytes, what: str) -> None:
    with pytest.raises(saem.SaemError, match=f"E501.*{what}"):
        read(written(tmp_path, content))


def test_a_missing_file_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(saem.SaemError, match="cannot be read: No such file"):
        read(str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(("text", "code"), [
    ("headings:400", "did you mean 'heading'"), ("size:many", "names no chunking"), ("size:5", "max_chars is 5"),
    ("size:400,overlap=390", "overlap"), ("size:400,sentences=2", "no setting 'sentences'"), ("size:400,overlaps=9", "overlaps")])
def test_a_chunking_that_cannot_be_is_told(text: str, code: str) -> None:
    with pytest.raises(saem.SaemError, match="E104") as error:
        parsed(text)
    assert code in str(error.value)


# ---- a folder evaluated

SECTIONS = {"Fees": "Late books cost ten cents a day. Lost books must be replaced by the reader.",
            "Hours": "The library opens at nine in the morning. On Sunday it stays closed for everybody.",
            "Rooms": "Reading rooms can be booked for two hours. Food is not allowed in them at any time.",
            "Cards": "A card costs five euros. A lost card is replaced at the desk within a day."}


@pytest.fixture
def db(tmp_path: pathlib.Path) -> Any:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("library", "museum", "archive", "school"):
        (docs / f"{name}.md").write_text("\n\n".join([f"# The {name}", *(f"### {head} of the {name}\n\n{text.replace('library', name)}"
                                                                          for head, text in SECTIONS.items())]), "utf-8")
    (docs / "ko.md").write_text("# 도서관\n\n### 연체료\n\n도서 연체료는 하루 100원입니다.\n", "utf-8")
    project = saem.Project(str(tmp_path / "state"))
    made = project.source("files", folder(str(docs))).derive("docs", parse_operator)
    made.derive("chunks", chunk(max_chars=600), embed(model="hash"), carry=["path", "title"]).index(text="text", vector="embedding")
    project.run()
    yield project
    project.close()


@pytest.fixture
def questions(tmp_path: pathlib.Path) -> str:
    rows = [{"question": f"When does the {name} open in the morning?", "document": f"{name}.md",
             "sentence": f"The {name} opens at nine in the morning."} for name in ("library", "museum", "archive", "school")]
    rows += [{"question": "도서 연체료는 얼마인가요?", "document": "ko.md", "sentence": "도서 연체료는 하루 100원입니다."},
             {"question": "Who won the chess championship?", "document": None}]
    return written(tmp_path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def test_every_strategy_is_measured_beside_the_one_in_use(db: Any, questions: str) -> None:
    before = db.snapshot, db.table("chunks").count()
    made = evaluate(db, questions)
    assert [(each.variant.cut, each.variant.model, each.verdict == "current") for each in made.scores] == [
        ("size:600", "hash", True), ("heading:600", "hash", False), ("semantic:600,model=hash", "hash", False),
        ("sentence:600", "hash", False)]
    assert (made.answerable, made.unanswerable, made.failed, made.unfound) == (5, 1, (), 0)
    current, heading = made.scores[:2]
    assert current.chunks == db.table("chunks").count() == before[1]
    assert heading.chunks > current.chunks
    assert all(0 < each.ndcg <= 1 and each.ndcg_low <= each.ndcg <= each.ndcg_high for each in made.scores if each.ndcg is not None)
    assert all(0 < each.p50_ms <= each.p95_ms for each in made.scores)
    assert current.passage == 1.0
    assert db.snapshot == before[0] + 1, "the table evaluations, and nothing else"
    assert db.catalog.heads()["chunks"].fingerprint == db.tables["chunks"].fingerprint


def test_what_the_project_has_embedded_is_not_embedded_again_nor_by_a_second_evaluation(db: Any, questions: str) -> None:
    first = evaluate(db, questions, chunk=["heading:600", "heading:500"])
    current, heading, narrower = first.scores
    assert (current.computed, current.reused) == (0, db.table("chunks").count())
    assert heading.computed > 0
    assert (narrower.computed, narrower.reused) == (0, narrower.chunks), "the same texts"
    again = evaluate(db, questions, chunk=["heading:600", "heading:500"])
    assert [each.computed for each in again.scores] == [0, 0, 0]
    assert [each.ndcg for each in first.scores] == [each.ndcg for each in again.scores]


def test_an_evaluation_follows_the_documents(db: Any, questions: str, tmp_path: pathlib.Path) -> None:
    first = evaluate(db, questions, chunk=["heading:600"])
    os.remove(tmp_path / "docs" / "school.md")
    (tmp_path / "docs" / "new.md").write_text("# New\n\nA page that nobody asks for.\n", "utf-8")
    db.run()
    with pytest.raises(saem.SaemError, match="no document is named 'school.md'") as error:
        evaluate(db, questions)
    assert error.value.where.endswith(":4")
    kept = [line for line in pathlib.Path(questions).read_text("utf-8").splitlines() if "school" not in line]
    second = evaluate(db, written(tmp_path, "\n".join(kept), "kept.jsonl"), chunk=["heading:600"])
    assert second.scores[1].chunks == first.scores[1].chunks - 4 + 1
    assert (second.scores[1].computed, second.scores[1].reused) == (0, 1), "the new page alone was looked at, and its vector taken over"


def test_a_model_that_cannot_be_had_is_told_and_the_others_are_measured(db: Any, questions: str) -> None:
    made = evaluate(db, questions, embed=["sentence_transformers:no/such", "hash"])
    assert [each.variant.model for each in made.scores] == ["hash"]
    assert [(variant.model, why[:6]) for variant, why in made.failed] == [("sentence_transformers:no/such", "[E103]")]
    with pytest.raises(saem.SaemError, match="did you mean 'hash'"):
        evaluate(db, questions, embed=["hsh"])


def test_an_answer_in_other_words_is_not_looked_for_as_a_passage(db: Any, tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, '{"question": "When does the museum open?", "document": "museum.md", "answer": "at 9 a.m."}\n')
    made = evaluate(db, path, chunk=["size:600"])
    assert made.unfound == 1
    assert made.scores[0].passage is None
    assert made.scores[0].refused is None


def test_a_table_of_words_alone_is_evaluated_too(db: Any, questions: str, tmp_path: pathlib.Path) -> None:
    db.tables["docs"].derive("plain", chunk(max_chars=300), carry=["path"]).index(text="text")
    db.run()
    made = evaluate(db, questions, table=db.table("plain"), chunk=["heading"])
    assert [(each.variant.model, each.computed) for each in made.scores] == [("", 0), ("", 0)]
    assert made.scores[0].ndcg
    with pytest.raises(saem.SaemError, match=r"E502.*has no vectors"):
        evaluate(db, questions, table=db.table("plain"), embed=["hash"])


def test_vectors_derived_from_a_table_of_chunks_are_evaluated_too(db: Any, questions: str) -> None:
    pieces = db.tables["docs"].derive("pieces", chunk(max_chars=300), carry=["path"])
    pieces.derive("vectors", embed(model="hash")).index(text="text", vector="embedding")
    db.run()
    made = evaluate(db, questions, table=db.table("vectors"), chunk=["heading:300"])
    assert [(each.variant.cut, each.chunks > 0) for each in made.scores] == [("size:300", True), ("heading:300", True)]
    assert made.scores[0].chunks == db.table("vectors").count()


def test_figures_are_rows_that_last_and_can_be_compared(db: Any, questions: str) -> None:
    with pytest.raises(saem.SaemError, match="E208"):
        last(db)
    evaluate(db, questions, chunk=["heading:600"])
    made = evaluate(db, questions, chunk=["size:100"], keep=True)
    evaluate(db, questions, chunk=["size:80"], keep=False)
    assert [(row["evaluation"], row["chunk"]) for row in last(db)] == [(made.key, "size:600"), (made.key, "size:100")]
    assert db.sql("select count(*) as n from evaluations").to_pylist() == [{"n": 4}]


def test_evaluate_refuses_what_ask_refuses(tmp_path: pathlib.Path) -> None:
    """With the default model: what decides looks at single tokens, and the model that remembers must show them too."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for path in ("library.md", "printing.md", "dormitory.md"):
        shutil.copy(ROOT / "examples/handbook/ko" / path, docs / path)
    project = saem.open(str(docs))
    project.run()
    asked = [json.loads(line) for line in (ROOT / "benchmarks/questions/handbook.jsonl").read_text("utf-8").splitlines()]
    asked = [row["question"] for row in asked if row["language"] == "ko"][:24]
    file = written(tmp_path, "\n".join(json.dumps({"question": question, "document": None}) for question in asked))
    told = evaluate(project, file, chunk=["size:400"], keep=False).scores[0].outcomes
    refused = [not ask(project.table("chunks"), question, keep=False).found for question in asked]
    assert [each.is_refused for each in told] == refused
    assert {True, False} == set(refused)
    project.close()
