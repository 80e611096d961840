"""The gateway as an application meets it: a process of its own, asked over HTTP; models are scripted, one has real weights."""
import asyncio
import datetime
import json
import os
import pathlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import saem
from saem.core.errors import SaemError
from tests.infer.llm.servers import Step, serving
from tests.infer.llm.test_client import weights

httpx = pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

WEB, BATCH = "web-key-of-sixteen-letters", "batch-key-of-sixteen-letters"
ENVIRONMENT = {**os.environ, "WEB_KEY": WEB, "BATCH_KEY": BATCH, "UPSTREAM_KEY": "upstream-secret"}
SETTINGS = """[saem.models.scripted]
url = "{url}"
model = "scripted"
key_env = "UPSTREAM_KEY"
price_in = 1000000.0
price_out = 2000000.0
max_tokens = 20
retry_wait_s = 0.01
attempts = 2

[saem.models.other]
url = "{url}"
model = "other"

[saem.gateway]
embeddings = ["hash"]

[saem.gateway.keys.web]
token_env = "WEB_KEY"

[saem.gateway.keys.batch]
token_env = "BATCH_KEY"
models = ["scripted"]
{limits}
"""
HELLO = [{"role": "user", "content": "Hello there"}]


def project(root: pathlib.Path, url: str, limits: str = "") -> pathlib.Path:
    (root / "pipeline.py").write_text("import saem\n\ndef pipeline(db):\n    pass\n", "utf-8")
    (root / "saem.toml").write_text(SETTINGS.format(url=url, limits=limits), "utf-8")
    return root


@contextmanager
def listening(root: pathlib.Path) -> Iterator[Any]:
    """A client of a gateway in a process of its own; it ends with the block."""
    process = subprocess.Popen([sys.executable, "-m", "saem.cli.main", "gateway", "-p", str(root), "--port", "0"], env=ENVIRONMENT,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line.startswith("listening on "), line + process.stderr.read()
        with httpx.Client(base_url=line.removeprefix("listening on ").strip(), timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)
        sys.stderr.write(process.stderr.read())
        process.stderr.close()


def post(client: Any, key: str = WEB, **body: Any) -> Any:
    return client.post("/chat/completions", json={"model": "scripted", "messages": HELLO, **body}, headers=bearer(key))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def calls(root: pathlib.Path) -> list[dict[str, Any]]:
    with saem.open(str(root)) as db:
        return db.table("calls").to_arrow().sort_by("called_at").to_pylist()


def test_an_application_that_speaks_to_openai_speaks_to_every_configured_model(tmp_path: pathlib.Path) -> None:
    with serving([Step("Good morning to you", tokens=(9, 4))]) as upstream, listening(project(tmp_path, upstream.url)) as client:
        said = post(client, max_tokens=12, temperature=0.5).json()
        assert said["choices"][0] == {"index": 0, "message": {"role": "assistant", "content": "Good morning to you"},
                                      "finish_reason": "stop", "logprobs": None}
        assert said["usage"] == {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
        assert (upstream.asked[0]["max_tokens"], upstream.asked[0]["temperature"]) == (12, 0.5)
        assert upstream.headers[0]["authorization"] == "Bearer upstream-secret"      # the gateway's own, not the caller's
        with client.stream("POST", "/chat/completions", headers=bearer(BATCH),
                           json={"model": "scripted", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
                                 "stream": True, "stream_options": {"include_usage": True}}) as response:
            lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
        events = [json.loads(line) for line in lines[:-1]]
        assert lines[-1] == "[DONE]"
        assert "".join(e["choices"][0]["delta"].get("content", "") for e in events if e["choices"]) == "Good morning to you"
        assert events[-2]["choices"][0]["finish_reason"] == "stop"
        assert events[-1]["usage"]["total_tokens"] == 13
        listed = client.get("/models", headers=bearer(BATCH)).json()
        assert [each["id"] for each in listed["data"]] == ["scripted", "hash"]
        vectors = client.post("/embeddings", json={"model": "hash", "input": ["a b", "c"]}, headers=bearer(WEB)).json()
        assert [len(each["embedding"]) for each in vectors["data"]] == [len(vectors["data"][0]["embedding"])] * 2
    rows = calls(tmp_path)
    assert [(row["caller"], row["model"], row["tokens_in"], row["tokens_out"]) for row in rows[:2]] == [
        ("web", "scripted", 9, 4), ("batch", "scripted", 9, 4)]
    assert rows[0]["cost"] == 9 + 2 * 4
    assert rows[0]["version"] == "scripted-1 fp"
    assert rows[0]["seconds"] > 0
    assert said["id"] == f"chatcmpl-{_id_of(tmp_path, rows[0]['key'])}"
    assert rows[2]["kind"] == "embedding"
    with saem.open(str(tmp_path)) as db:      # what others call is the owner's to see
        assert db.as_user("kim").sql("select * from calls").num_rows == 0
    for file in tmp_path.rglob("*"):          # no key lies anywhere
        assert not file.is_file() or not any(secret.encode() in file.read_bytes() for secret in (WEB, BATCH, "upstream-secret"))


def _id_of(root: pathlib.Path, key: str) -> str:
    with saem.open(str(root)) as db:
        return db.published("calls").to_table(columns=["_id"], filter=f"key = '{key}'")["_id"][0].as_py().hex()


def test_who_has_no_key_or_may_not_call_a_model_learns_nothing(tmp_path: pathlib.Path) -> None:
    with serving([Step("ok")]) as upstream, listening(project(tmp_path, upstream.url)) as client:
        assert client.post("/chat/completions", json={}).status_code == 401
        assert post(client, key="wrong-key-of-sixteen").status_code == 401
        closed, absent = post(client, BATCH, model="other"), post(client, BATCH, model="absent")
        assert closed.status_code == absent.status_code == 404
        assert closed.text.replace("other", "absent") == absent.text
        assert client.post("/embeddings", json={"model": "onnx:/etc", "input": "a"}, headers=bearer(WEB)).status_code == 404
        assert upstream.asked == []


def test_what_cannot_be_passed_on_is_refused_instead_of_left_out(tmp_path: pathlib.Path) -> None:
    with serving([Step("ok")]) as upstream, listening(project(tmp_path, upstream.url)) as client:
        image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a"}}]}]
        for body, param in (({"tools": [{"type": "function"}]}, "tools"), ({"n": 2}, "n"), ({"messages": image}, "messages"),
                            ({"stop": ["x"]}, "stop"), ({"max_tokens": 21}, "max_tokens"), ({"messages": []}, "messages"),
                            ({"new": 1}, "new")):
            answer = post(client, **body)
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert upstream.asked == []
        assert post(client, n=1, top_p=1, tools=[], user="someone").status_code == 200
        assert client.post("/chat/completions", content=b"{", headers=bearer(WEB)).status_code == 400
        assert client.post("/chat/completions", content=b"[" * 100_000, headers=bearer(WEB)).status_code == 400


def test_a_model_that_fails_is_told_of_and_has_its_row(tmp_path: pathlib.Path) -> None:
    steps = [Step(status=401, body="no: upstream-secret"), Step(status=503), Step(status=503), Step("one two three four", cut_after=2)]
    with serving(steps) as upstream, listening(project(tmp_path, upstream.url)) as client:
        refused, busy = post(client), post(client, stream=True)
        cut = post(client, stream=True)
        assert (refused.status_code, busy.status_code, cut.status_code) == (502, 503, 200)
        assert "upstream-secret" not in refused.text
        assert upstream.url not in refused.text
        last = [line for line in cut.text.splitlines() if line][-1]
        assert "E802" in json.loads(last.removeprefix("data: "))["error"]["message"]
        assert "[DONE]" not in cut.text
    assert [row["problem"] for row in calls(tmp_path)] == ["E801", "E802", "E802"]


@pytest.mark.parametrize(("limits", "allowed"), [("calls_per_minute = 2", 2), ("tokens_per_day = 60", 2), ("cost_per_day = 60.0", 2)])
def test_a_key_that_has_used_what_it_may_is_refused_until_then(tmp_path: pathlib.Path, limits: str, allowed: int) -> None:
    """A call holds what it may use at most: about 7 tokens in and 20 out, which cost 47."""
    with serving([Step("ok", tokens=(7, 3))]) as upstream:
        with listening(project(tmp_path, upstream.url, limits)) as client:
            answers = [post(client, BATCH) for _ in range(8)]
            passed = [each.status_code for each in answers].index(429)
            assert passed >= allowed if "calls" not in limits else passed == allowed
            assert {each.status_code for each in answers[passed:]} == {429}
            assert int(answers[-1].headers["retry-after"]) > 0
            assert post(client, WEB).status_code == 200          # another key has its own
            assert len(upstream.asked) == passed + 1
        if "calls" not in limits:
            with listening(tmp_path) as client:                   # what was used is not forgotten with the process
                assert post(client, BATCH).status_code == 429


def test_two_calls_at_once_cannot_both_take_the_last_of_a_limit(tmp_path: pathlib.Path) -> None:
    with serving([Step("ok", tokens=(7, 3), silence_s=1.0)]) as upstream, \
            listening(project(tmp_path, upstream.url, "tokens_per_day = 30")) as client:
        statuses: list[int] = []
        workers = [threading.Thread(target=lambda: statuses.append(post(client, BATCH).status_code)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(statuses) == [200, 429, 429]


def test_a_client_that_hangs_up_ends_the_call_and_leaves_its_row(tmp_path: pathlib.Path) -> None:
    with serving([Step(" ".join(["word"] * 50_000))]) as upstream:
        with listening(project(tmp_path, upstream.url)) as client, \
                client.stream("POST", "/chat/completions", headers=bearer(WEB),
                              json={"model": "scripted", "messages": HELLO, "stream": True}) as response:
            next(response.iter_lines())
        rows = calls(tmp_path)
    assert [row["stop"] for row in rows] == ["closed"]
    assert rows[0]["tokens_out"] < 50_000


def test_days_begin_at_midnight_and_leave_what_is_held(tmp_path: pathlib.Path) -> None:
    from saem.gateway.keys import Key
    from saem.gateway.ledger import Ledger, Limited
    from saem.infer.llm.calls import CallRow, new_key
    from saem.infer.llm.spec import Spec
    moments = [datetime.datetime(2026, 11, 22, 23, 59, tzinfo=datetime.UTC)]
    with saem.open(str(project(tmp_path, "http://127.0.0.1:1"))) as db:
        ledger, key, spec = Ledger(db, lambda: moments[-1]), Key("web", tokens_per_day=100), Spec("m", model="m")
        row = CallRow(new_key(), "m", "openai", "", False, "", "", "", 60, 30, True, 0.1, 0.0, 1, "stop", "", moments[0], "web")
        ledger.write(row, (), None)
        with pytest.raises(Limited) as told, ledger.admitted(key, spec, 10, 10):
            pass
        assert told.value.wait_s == 60
        moments.append(moments[0] + datetime.timedelta(minutes=1))
        with ledger.admitted(key, spec, 10, 70), pytest.raises(Limited), ledger.admitted(key, spec, 10, 20):
            pass


def test_mistakes_in_saem_toml_are_told_before_anybody_is_served(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from saem.gateway.app import Gateway
    monkeypatch.setenv("WEB_KEY", WEB)
    monkeypatch.delenv("BATCH_KEY", raising=False)
    with saem.open(str(project(tmp_path, "http://127.0.0.1:1"))) as db, pytest.raises(SaemError, match="BATCH_KEY is empty"):
        Gateway(db)
    monkeypatch.setenv("BATCH_KEY", BATCH)
    for limits, said in (('token = "a"', "holds a secret"), ("calls_per_minut = 1", "did you mean"), ('calls_per_minute = "1"', "is '1'")):
        with saem.open(str(project(tmp_path, "http://127.0.0.1:1", limits))) as db, pytest.raises(SaemError, match=said):
            Gateway(db)


def test_real_weights_answer_through_the_gateway(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xllamacpp")
    from saem.gateway.app import Gateway, app
    (tmp_path / "pipeline.py").write_text("import saem\n\ndef pipeline(db):\n    pass\n", "utf-8")
    (tmp_path / "saem.toml").write_text(f'[saem.models.local]\nkind = "gguf"\nmodel = "{weights()}"\n'
                                        'context_tokens = 512\nmax_tokens = 16\n\n'
                                        '[saem.gateway.keys.web]\ntoken_env = "WEB_KEY"\n', "utf-8")
    monkeypatch.setenv("WEB_KEY", WEB)

    async def ask(made: Any) -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://gateway") as client:
            return await client.post("/v1/chat/completions", json={"model": "local", "messages": HELLO, "temperature": 0},
                                     headers=bearer(WEB), timeout=120)

    with saem.open(str(tmp_path)) as db:
        said = asyncio.run(ask(app(Gateway(db)))).json()
    assert said["choices"][0]["message"]["content"].strip()
    assert 0 < said["usage"]["completion_tokens"] <= 16
