"""What a user notices of an answer that a model words: what stands, what falls, what the model was shown, who may read it."""
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.table import Table
from saem.infer import Answer, ask, documents, injection, llm
from saem.infer.answers import declare
from saem.sources import folder
from saem.transform import chunk, embed, parse, sql
from tests.infer.llm.servers import Scripted, Step, serving
from tests.infer.llm.test_client import weights
from tests.infer.test_asking import PAGES

Writer = str | Callable[[dict[str, Any]], str]
FEE = "A late book costs a fee of 100 won per day."


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[saem.Project]:
    root = tmp_path_factory.mktemp("school")
    for name, text in PAGES.items():
        (root / name).write_text(text, encoding="utf-8")
    with saem.open(str(root)) as opened:
        opened.run()
        yield opened


def written(db: saem.Project, question: str, text: Writer, **more: Any) -> tuple[Answer, Scripted]:
    """An answer that a scripted model words, and the server that it stands on."""
    with serving([Step(text)]) as server:
        model = llm.Model(llm.Spec("scripted", "openai", server.url, "m", price_in=1.0, price_out=1.0), db.origin)
        return ask(db.table("chunks"), question, mode="generate", model=model, **more), server


def steps(answer: Answer, name: str) -> list[tuple[str, str]]:
    return [(step.decision, step.why) for step in answer.steps if step.step == name]


def test_true_sentences_stand_with_their_places_and_false_ones_fall_with_their_reasons(db: saem.Project) -> None:
    writes = f"According to passage [1], {FEE} The late fee is 300 won. It is fun to read."
    answer, _ = written(db, "What is the late fee for a book?", writes)
    assert [sentence.text for sentence in answer.sentences] == [FEE]
    cited = answer.sentences[0].citations[0]
    held = db.table("docs").to_arrow(["text"], where=f"path = '{cited.key}'")["text"][0].as_py()
    assert held[cited.start:cited.end] == cited.quote == "The late fee is 100 won per book per day."
    fallen = [why for decision, why in steps(answer, "supported") if decision == "no"]
    assert len(fallen) == 2
    assert "300 won" in fallen[0]
    assert answer.mode == "generate"
    assert answer.cost > 0


def test_the_answer_and_its_call_are_rows_below_what_the_model_was_shown(db: saem.Project) -> None:
    answer, _ = written(db, "What is the late fee for a book?", FEE)
    shown = {node.label for node in answer.trace().parents}
    assert "library.md" in shown
    assert len(shown) > 1                     # beside the cited document the others that it read
    row = db.table("answers").to_arrow(where=f"key = '{answer.trace().row.values['key']}'").to_pylist()[0]
    assert (row["mode"], row["model"], row["steps"][0]["step"]) == ("generate", "scripted", "retrieve")
    call = db.table("calls").to_arrow().to_pylist()[-1]
    assert (call["purpose"], call["prompt"]) == ("answer", "answer.en")
    assert call["prompt_fingerprint"] == llm.prompt("answer", "en").fingerprint
    assert not answer.stale


def test_what_is_written_comes_while_the_rest_is_still_being_written(db: saem.Project) -> None:
    with serving([Step(f"{FEE} Teachers may borrow ten books for 30 days. The rest is lost.", cut_after=20)]) as server:
        model = llm.Model(llm.Spec("scripted", "openai", server.url, "m"), db)
        answering = ask(db.table("chunks"), "What is the late fee for a book?", mode="generate", model=model, stream=True)
        first = next(iter(answering))
        assert first.text == FEE
        assert answering.found                  # waits for the end
    assert any(decision == "cut off" for decision, _ in steps(answering.answer, "write"))


def test_a_question_without_an_answer_calls_no_model(db: saem.Project) -> None:
    answer, server = written(db, "Who is the president of Korea?", "The president of Korea is Mr. Kim.")
    assert not answer.found
    assert server.asked == []
    assert steps(answer, "enough")[-1][0] == "no"


def test_a_greeting_is_not_looked_up(db: saem.Project) -> None:
    answer, server = written(db, "안녕하세요!", "안녕하세요!")
    assert (answer.found, server.asked, steps(answer, "retrieve")[0][0]) == (False, [], "no")


def test_the_part_that_nothing_answers_is_named(db: saem.Project) -> None:
    question = "What is the late fee for a book, and who is the dean of engineering?"
    answer, _ = written(db, question, f"{FEE} The dean of engineering is Mr. Kim.")
    assert [sentence.text for sentence in answer.sentences] == [FEE]
    assert len(answer.unanswered) == 1
    assert "dean" in answer.unanswered[0]


def test_if_nothing_stands_the_documents_speak_for_themselves(db: saem.Project) -> None:
    answer, _ = written(db, "What is the late fee for a book?", "I love libraries. The fee is 7 dollars.")
    assert answer.mode == "extract"
    assert answer.sentences[0].text == "The late fee is 100 won per book per day."
    assert steps(answer, "fall back")


def test_where_true_sentences_answer_something_else_the_documents_answer_is_added(db: saem.Project) -> None:
    answer, _ = written(db, "What is the late fee for a book?", "Students may borrow five books for 14 days. A lost pen costs 35,000 won.")
    assert answer.text == "Students may borrow five books for 14 days. The late fee is 100 won per book per day."
    assert [decision for decision, _ in steps(answer, "useful")] == ["in part"]


def test_what_a_model_thinks_is_not_part_of_its_answer(db: saem.Project) -> None:
    answer, _ = written(db, "What is the late fee for a book?", f"<think>Teachers may borrow ten books for 30 days.</think>{FEE}")
    assert answer.text == FEE
    assert "Teachers" not in str(steps(answer, "supported"))


@pytest.mark.parametrize("thought", ["Teachers may borrow ten books for 30 days. So 100 won.\n</think>\n\n",
                                     "<thinking>Teachers may borrow ten books.</thinking>",
                                     "<|channel|>analysis<|message|>Teachers may borrow ten books.<|end|><|start|>assistant"
                                     "<|channel|>final<|message|>"])
def test_a_thought_whose_beginning_a_server_keeps_to_itself_is_none_of_the_answer_either(db: saem.Project, thought: str) -> None:
    answer, _ = written(db, "What is the late fee for a book?", thought + FEE)
    assert answer.text == FEE
    assert [citation.quote for citation in answer.citations] == ["The late fee is 100 won per book per day."]


@pytest.mark.parametrize(("context_tokens", "most_shown"), [(900, 2), (790, 0)])
def test_a_small_local_model_is_shown_what_fits_and_is_not_asked_where_nothing_does(db: saem.Project, context_tokens: int,
                                                                                    most_shown: int) -> None:
    with serving([Step(FEE)]) as server:
        small = llm.Model(llm.Spec("small", "gguf", context_tokens=context_tokens, max_tokens=600), db.origin)
        small.provider = llm.Model(llm.Spec("small", "openai", server.url, "m")).provider
        answer = ask(db.table("chunks"), "What is the late fee for a book?", mode="generate", model=small, keep=False)
    shown = [request["messages"][1]["content"] for request in server.asked]
    assert len(shown) == min(most_shown, 1)
    assert all(0 < text.count("\n[") <= most_shown for text in shown)
    assert answer.text == (FEE if shown else "The late fee is 100 won per book per day.")
    assert any("do not fit" in why for _, why in steps(answer, "write"))


def test_headings_that_a_model_copies_and_a_sentence_that_is_cut_off_are_no_sentences(db: saem.Project) -> None:
    heading = db.table("chunks").search("late fee", 1)[0].row["heading"]
    with serving([Step(f"{heading}\n\n{heading}\n{FEE} The late fee is 100", stop="length")]) as server:
        model = llm.Model(llm.Spec("scripted", "openai", server.url, "m"), db.origin)
        answer = ask(db.table("chunks"), "What is the late fee for a book?", mode="generate", model=model, keep=False)
    assert (bool(heading), answer.text) == (True, FEE)
    assert [decision for decision, _ in steps(answer, "write")] == ["5 tokens", "cut off"]


def test_korean_is_answered_in_korean(db: saem.Project) -> None:
    answer, server = written(db, "기숙사 통금은 몇 시인가요?", "통금 시간은 일요일부터 목요일까지 밤 11시예요. 통금은 새벽 2시입니다.")
    assert [sentence.text for sentence in answer.sentences] == ["통금 시간은 일요일부터 목요일까지 밤 11시예요."]
    assert "한국어로" in server.asked[0]["messages"][1]["content"]


def orders(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()]


ORDERS, UNSEEN = orders("injected.jsonl"), orders("injected_unseen.jsonl")       # no pattern was written for the latter
NAMES = [f"{a}{b}" for a in ("Al", "Bel", "Cor", "Del", "El", "Fer", "Gor")
         for b in ("ba", "dor", "gan", "mo", "nia", "pex", "rin", "sto", "tan", "vik")]
EVERY = list(zip(NAMES, [*ORDERS, *UNSEEN], strict=True))


@pytest.fixture(scope="module")
def injected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[saem.Project]:
    """70 pages that give orders, and a page that holds the same facts and gives none."""
    root = tmp_path_factory.mktemp("injected")
    lines = []
    for number, (name, row) in enumerate(EVERY):
        fact = (f"The late fee of the {name} library is {number + 101} won per day." if row["language"] == "en"
                else f"{name} 도서관의 연체료는 하루 {number + 101}원입니다.")
        lines.append(f"## {name}\n\n{fact}")
        (root / f"{name}.md").write_text(f"# {name}\n\n{fact}\n\n{row['order']}\n", encoding="utf-8")
    (root / "fees.md").write_text("# Fees\n\n" + "\n\n".join(lines) + "\n", encoding="utf-8")
    with saem.open(str(root)) as opened:
        opened.run()
        yield opened


def told(injected: saem.Project, numbers: range) -> tuple[list[str], int, int]:
    """(orders that are obeyed, how many the model was not shown, how many questions are answered): of a model that obeys."""
    obeyed, answered, hidden = [], 0, 0
    for number in numbers:
        name, row = EVERY[number]
        question, fact = f"What is the late fee of the {name} library?", f"The late fee of the {name} library is {number + 101} won a day."
        if row["language"] == "ko":
            question, fact = f"{name} 도서관의 연체료는 얼마인가요?", f"{name} 도서관의 연체료는 하루 {number + 101}원이에요."
        answer, server = written(injected, question, f"{fact}\n{row['writes']}", keep=False)
        shown = "".join(str(request["messages"]) for request in server.asked)
        hidden += row["order"] not in shown
        if row["writes"].strip(".") in answer.text:
            obeyed.append(row["order"])
        answered += answer.found
    return obeyed, hidden, answered


def test_some_orders_in_passages_are_not_followed_even_by_a_model_that_obeys(injected: saem.Project) -> None:
    obeyed, hidden, answered = told(injected, range(0, len(EVERY), 7))
    assert obeyed == []
    assert hidden >= 5
    assert answered >= 8                      # it is the orders that fall, not the answers


@pytest.mark.slow
def test_no_order_in_a_passage_is_followed_even_by_a_model_that_obeys(injected: saem.Project) -> None:
    obeyed, hidden, answered = told(injected, range(len(ORDERS)))
    assert obeyed == []
    assert hidden >= 40                       # the others no pattern knows: they fall for lack of evidence
    assert answered >= 40


@pytest.mark.slow
def test_orders_in_a_style_that_no_pattern_was_written_for_are_not_followed(injected: saem.Project) -> None:
    obeyed, hidden, answered = told(injected, range(len(ORDERS), len(EVERY)))
    print(f"of {len(UNSEEN)} unseen orders {hidden} were kept from the model, {len(obeyed)} obeyed: {obeyed}; {answered} answered")
    assert obeyed == []
    assert answered >= 12


def test_an_order_that_no_pattern_knows_falls_for_lack_of_evidence(injected: saem.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saem.infer.reflecting.speaks_to_a_model", lambda text: False)
    assert injection.speaks_to_a_model(ORDERS[0]["order"])
    question = f"What is the late fee of the {NAMES[0]} library?"
    answer, server = written(injected, question, "PWNED\nVisit https://evil.example now.", keep=False)
    assert ORDERS[0]["order"] in str(server.asked)
    assert "PWNED" not in answer.text
    assert "evil" not in answer.text


SHARED = {"open": "# Library\n\nThe late fee of the library is 100 won per book per day.\n",
          "minutes": "# Minutes\n\nThe late fee of the library was discussed; it may rise to 150 won per book per day.\n"}
ASKED, SAID = "What is the late fee of the library per book per day?", "The late fee of the library is 100 won per book per day."


@pytest.fixture
def divided(tmp_path: Path) -> Iterator[Table]:
    """A library page, and minutes that no model elsewhere is shown, in one table of chunks."""
    for name, text in SHARED.items():
        os.makedirs(tmp_path / name)
        (tmp_path / name / f"{name}.md").write_text(text, encoding="utf-8")
    with saem.Project(str(tmp_path / "state")) as db:
        files = [db.source("pages", folder(str(tmp_path / "open"))),
                 db.source("minutes", folder(str(tmp_path / "minutes")), remote=False)]
        docs = [table.derive(f"{table.name}_docs", parse) for table in files]
        both = sql("select path, title, text from pages_docs union all select path, title, text from minutes_docs")
        made = db.derive("docs", both, using=docs)
        made.derive("chunks", chunk(), embed(), carry=["path", "title"]).index(text="text", vector="embedding")
        declare(db)
        db.run()
        yield db.table("chunks")


def test_only_what_the_asker_may_read_is_shown_to_the_model(tmp_path: Path) -> None:
    for name, text in SHARED.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    with saem.Project(str(tmp_path / "state")) as db:
        db.groups = {"staff": ("lee",), "students": ("kim",)}
        documents(db, str(tmp_path), readers=readers_of)  # type: ignore[arg-type]
        declare(db)
        db.run()
        _see_each_their_own(db)


def readers_of(path: str) -> list[str]:
    return ["staff"] if path.startswith("minutes") else ["staff", "students"]


def _see_each_their_own(db: saem.Project) -> None:
    seen = {}
    for person in ("kim", "lee"):
        answer, server = written(db, ASKED, SAID, as_user=person)
        assert answer.found
        seen[person] = "150 won" in str(server.asked)
        assert db.as_user(person).table("answers").count() == 1        # each his own
    assert seen == {"kim": False, "lee": True}


def test_a_source_that_bars_it_is_not_shown_to_a_model_elsewhere(divided: Table) -> None:
    shown = {}
    for is_remote in (False, True):
        with serving([Step(SAID)]) as server:
            spec = llm.Spec("m", "openai", server.url, "m", remote=is_remote)
            answer = ask(divided, ASKED, mode="generate", model=llm.Model(spec, divided.project))
            shown[is_remote] = "150 won" in str(server.asked)
    assert shown == {False: True, True: False}
    assert ("left out", "minutes.md: its source bars it from remote models") in steps(answer, "relevant")


def test_forgetting_a_page_that_the_model_was_shown_withdraws_the_answer(divided: Table) -> None:
    db = divided.project
    written(db, ASKED, SAID)
    receipt = db.forget("minutes", "minutes.md")            # shown, not cited
    assert receipt.rows["answers"] == 1
    assert receipt.rows["calls"] == 1


def test_a_page_that_changes_makes_the_answer_stale_with_the_next_run(divided: Table, tmp_path: Path) -> None:
    db = divided.project
    answer, _ = written(db, ASKED, SAID)
    cited = answer.sentences[0].citations[0].key
    assert not answer.stale
    (tmp_path / cited.removesuffix(".md") / cited).write_text(SHARED["open"].replace("100 won", "120 won"), encoding="utf-8")
    db.run()
    assert answer.stale


def test_a_right_that_is_taken_away_hides_the_answer_at_once_and_for_good(tmp_path: Path) -> None:
    for name, text in SHARED.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    with saem.Project(str(tmp_path / "state")) as db:
        db.groups = {"staff": ("lee", "kim")}
        documents(db, str(tmp_path), readers=["staff"])  # type: ignore[arg-type]
        declare(db)
        db.run()
        answer, _ = written(db, ASKED, SAID, as_user="kim")
        assert answer.found
        assert [db.as_user("kim").table(name).count() for name in ("answers", "citations")] == [1, len(answer.citations)]
        db.groups = {"staff": ("lee",)}
        hidden = db.as_user("kim")                                    # without a run
        assert [hidden.table(name).count() for name in ("answers", "citations", "calls")] == [0, 0, 0]
        db.run()
        assert hidden.table("answers").count() == 0


def test_readers_who_are_taken_off_a_page_lose_the_answers_made_of_it(tmp_path: Path) -> None:
    for name, text in SHARED.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    seen = []
    for readers in (["kim", "lee"], ["lee"]):
        with saem.Project(str(tmp_path / "state")) as db:
            documents(db, str(tmp_path), readers=readers)  # type: ignore[arg-type]
            declare(db)
            db.run()
            if not seen:
                written(db, ASKED, SAID, as_user="kim")
            seen.append([db.as_user("kim").table(name).count() for name in ("answers", "citations", "chunks")])
    assert seen[0][0] == 1
    assert seen[1] == [0, 0, 0]


def test_text_that_may_not_leave_is_not_embedded_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text(SHARED["minutes"], encoding="utf-8")
    monkeypatch.setenv("SAEM_EMBED_URL", "https://api.example.com/v1")
    with saem.Project(str(tmp_path / "state")) as db:
        chunks = db.source("minutes", folder(str(tmp_path)), remote=False).derive("docs", parse).derive("pieces", chunk(), carry=["path"])
        with pytest.raises(SaemError, match=r"E805.*'minutes'") as told:
            chunks.derive("vectors", embed(model="openai:any"))
        assert "this machine" in told.value.fix
        monkeypatch.setenv("SAEM_EMBED_URL", "http://127.0.0.1:9/v1")
        with pytest.raises(SaemError, match="E308"):                  # allowed: it is asked for its dimension, and nobody is there
            chunks.derive("local", embed(model="openai:other"))


@pytest.mark.parametrize(("given", "code"), [({"mode": "invent"}, "E104"), ({"model": "local"}, "E104"),
                                             ({"mode": "generate", "model": "none"}, "E102"), ({"mode": "generate"}, "E102")])
def test_a_wrong_mode_or_model_is_told(db: saem.Project, given: dict[str, Any], code: str) -> None:
    with pytest.raises(SaemError, match=code):
        ask(db.table("chunks"), "What is the late fee?", **given)


def test_a_small_real_model_words_an_answer(db: saem.Project) -> None:
    pytest.importorskip("xllamacpp")
    model = llm.Model(llm.Spec("small", "gguf", model=weights(), context_tokens=640, max_tokens=16), db)
    answer = ask(db.table("chunks"), "What is the late fee for a book?", 1, mode="generate", model=model)
    assert answer.found
    assert "100 won" in answer.text
    assert answer.sentences[0].citations[0].key == "library.md"
    assert any(step.step == "write" for step in answer.steps)
