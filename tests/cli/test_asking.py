"""`saem ask` and `saem search`."""
import pathlib

from tests.cli.conftest import Saem


def test_a_plain_folder_answers_without_any_set_up(saem: Saem, handbook: pathlib.Path) -> None:
    asked = saem("ask", handbook, "연체료는 얼마인가요?")
    assert asked.code == 0
    assert "도서 연체료는 한 권당 하루 100원이며, 최대 5,000원까지 부과됩니다. [1]" in asked.out
    assert "[1] ko/library.md, characters" in asked.out
    assert asked.err.splitlines()[-1].startswith("next: saem trace ")
    assert (handbook / ".saem" / "catalog.db").exists()


def test_the_json_of_an_answer_has_the_promised_shape_and_its_quote_stands_in_the_document(saem: Saem, handbook: pathlib.Path) -> None:
    answer = saem("ask", handbook, "연체료는 얼마인가요?", "--json").json
    assert [*answer] == ["question", "found", "text", "sentences", "citations", "snapshot", "answer", "mode", "model",
                         "cost", "unanswered", "steps", "because", "stale"]
    assert answer["found"] is True
    assert answer["stale"] is False
    assert answer["sentences"][0]["citations"] == [1]
    citation = answer["citations"][0]
    assert list(citation) == ["n", "table", "row", "key", "page", "start", "end", "quote", "ocr"]
    docs = saem("show", "docs", "-p", handbook, "--json", "--ids").json["rows"]
    document = next(row for row in docs if row["id"] == citation["row"])
    assert document["text"][citation["start"]:citation["end"]] == citation["quote"]


def test_a_question_that_the_documents_do_not_answer_is_not_answered(saem: Saem, handbook: pathlib.Path) -> None:
    asked = saem("ask", handbook, "수영장은 몇 시에 여나요?", "--json").json
    assert asked["found"] is False
    assert asked["sentences"] == asked["citations"] == []
    assert "찾지 못했습니다" in saem("ask", handbook, "수영장은 몇 시에 여나요?").out
    assert "Not found" in saem("ask", handbook, "When does the observatory open?").out


def test_an_answer_turns_stale_when_the_document_it_cites_changes(saem: Saem, handbook: pathlib.Path) -> None:
    answer = saem("ask", handbook, "연체료는 얼마인가요?", "--json").json["answer"]
    assert saem("trace", answer[:12], "-p", handbook, "--json").json["stale"] is False
    (handbook / "ko" / "library.md").write_text("# 도서관\n\n도서 연체료는 하루 200원입니다.\n", "utf-8")
    saem("run", "-p", handbook)
    assert saem("trace", answer[:12], "-p", handbook, "--json").json["stale"] is True
    assert "200원" in saem("ask", handbook, "연체료는 얼마인가요?").out


def test_an_answer_turns_stale_when_the_document_it_cites_is_deleted(saem: Saem, handbook: pathlib.Path) -> None:
    answer = saem("ask", handbook, "연체료는 얼마인가요?", "--json").json["answer"]
    (handbook / "ko" / "library.md").unlink()
    saem("run", "-p", handbook)
    shown = saem("show", "answers", "-p", handbook, "--json").json["rows"]
    assert [(row["id"], row["stale"]) for row in shown] == [(answer, True)]
    assert saem("ask", handbook, "연체료는 얼마인가요?", "--json").json["found"] is False


def test_a_folder_without_a_question_and_a_folder_that_is_not_there_say_what_to_type(saem: Saem, handbook: pathlib.Path) -> None:
    assert saem("ask", handbook).code == 2
    assert "is a file, not a folder" in saem("ask", handbook / "ko" / "library.md", "연체료는?").err
    gone = saem("ask", handbook / "nowhere", "연체료는?")
    assert gone.code == 2
    assert "[E206]" in gone.err
    assert "fix:" in gone.err
    assert saem("ask", handbook, "   ").code == 2


def test_a_model_that_is_not_configured_is_told_before_a_document_is_read(saem: Saem, handbook: pathlib.Path) -> None:
    asked = saem("ask", handbook, "연체료는 얼마인가요?", "--generate")
    assert "[E102]" in asked.err
    built = saem("status", "-p", handbook, "--json").json["tables"]
    assert {row["rows"] for row in built} <= {None, 0}


def test_only_a_name_that_nobody_has_is_asked_to_be_spelled_right(saem: Saem, handbook: pathlib.Path) -> None:
    (handbook / "saem.toml").write_text('[saem.groups]\nstudents = ["kim"]\n', "utf-8")
    known, unknown = (saem("ask", handbook, "When does the observatory open?", "--as", name) for name in ("kim", "kin"))
    assert "spelled right" not in known.out + known.err
    assert "spelled right" in unknown.out + unknown.err


def test_search_explains_its_scores_and_takes_a_condition(saem: Saem, handbook: pathlib.Path) -> None:
    saem("run", "-p", handbook)
    hits = saem("search", "lunch price", "-p", handbook, "-k", "3", "--json").json["hits"]
    assert hits[0]["row"]["path"] == "canteen.md"
    assert {"words", "cosine", "z"} <= set(hits[0]["why"])
    korean = saem("search", "lunch price", "-p", handbook, "--where", "language = 'ko'", "--json").json["hits"]
    assert {hit["row"]["language"] for hit in korean} == {"ko"}
    wrong = saem("search", "lunch", "-p", handbook, "--where", "no_such_column = 1")
    assert wrong.code == 2
    assert "[E211]" in wrong.err


def test_a_citation_is_drawn_into_a_png(saem: Saem, handbook: pathlib.Path, tmp_path: pathlib.Path) -> None:
    asked = saem("ask", handbook, "연체료는 얼마인가요?", "--json").json
    place = tmp_path / "quote.png"
    drawn = saem("show-citation", asked["answer"][:12], "-p", handbook, "--out", place)
    assert drawn.code == 0
    assert "library.md" in drawn.out
    assert place.read_bytes().startswith(b"\x89PNG")
    told = saem("show-citation", asked["answer"], 1, "-p", handbook, "--out", place, "--json").json
    assert told["quote"] == asked["citations"][0]["quote"]
    assert told["stale"] is False
    assert saem("show-citation", asked["answer"], 9, "-p", handbook).code == 2
