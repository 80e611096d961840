"""The old index serves until the new one is ready: one process runs, another one searches, and nobody waits."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("httpx")

PIPELINE = '''
import saem
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db):
    docs = db.source("files", folder("docs")).derive("docs", parse)
    chunks = docs.derive("chunks", {chunk}, embed(model="{model}"), carry=["path"])
    chunks.index(text="text", vector="embedding")
'''
FILES, QUESTION = 300, "Where is the library?"


@dataclass
class Endpoint:
    """An embedding model behind HTTP: slow until it is let go, and it can refuse."""
    dimension: int
    url: str = ""
    texts: list[str] = field(default_factory=list)
    is_free: threading.Event = field(default_factory=threading.Event)
    status: int = 200
    free_batches: int = 1       # answered at once, so that a run is killed with some work done


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    state = Endpoint(getattr(request, "param", 8))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            state.texts += texts
            if len(texts) > 2:          # not the word that tells the dimension, not a question
                state.free_batches -= 1
                if state.free_batches < 0:
                    state.is_free.wait(30)
            rows = [{"index": i, "embedding": [1.0 + len(text), *[1.0] * (state.dimension - 1)]} for i, text in enumerate(texts)]
            answer = json.dumps({"data": rows}).encode()
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    state.is_free.set()
    server.shutdown()
    server.server_close()


@dataclass
class Home:
    root: pathlib.Path
    url: str = "http://127.0.0.1:1/v1"

    def write(self, model: str, chunk: str = "chunk()") -> None:
        (self.root / "pipeline.py").write_text(PIPELINE.format(model=model, chunk=chunk), "utf-8")

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A command in a process of its own."""
        environment = {**os.environ, "SAEM_EMBED_URL": self.url}
        return subprocess.Popen([sys.executable, "-m", "saem.cli.main", *arguments, "-p", str(self.root)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=environment)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, errors = process.communicate(timeout=120)
        return process.returncode, out, errors

    def search(self) -> tuple[list[tuple[str, float]], str]:
        """(what is found, with its cosine; what was said on stderr), by another process."""
        code, out, errors = self.run("search", QUESTION, "--json", "-k", "5")
        assert code == 0, errors
        return [(hit["row"]["text"], round(hit["why"]["cosine"], 4)) for hit in json.loads(out)["hits"]], errors


@pytest.fixture
def home(tmp_path: pathlib.Path) -> Home:
    (tmp_path / "docs").mkdir()
    for number in range(FILES):
        text = "The library is in building B." if not number else f"Notice {number}: the office moves to room {number}. It opens at nine."
        (tmp_path / "docs" / f"{number}.txt").write_text(text + "\n", "utf-8")
    made = Home(tmp_path)
    made.write("hash")
    assert made.run("run", "-q")[0] == 0
    return made


def wait_for(test: Any, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.parametrize("endpoint", [8, 384], ids=["other dimension", "same dimension"], indirect=True)
def test_a_search_during_the_change_of_the_model_is_answered_by_the_old_model_even_after_a_kill(home: Home, endpoint: Endpoint) -> None:
    before, _ = home.search()
    assert before[0][0] == "The library is in building B."
    home.url = endpoint.url
    home.write("openai:slow")
    process = home.start("run")
    wait_for(lambda: endpoint.free_batches < 0 and len(endpoint.texts) > 130)
    assert home.search()[0] == before, "half a run was seen"
    assert QUESTION not in endpoint.texts, "a question went to the model that has published nothing"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert home.search()[0] == before, "a killed run was seen"
    assert QUESTION not in endpoint.texts
    endpoint.is_free.set()
    code, out, errors = home.run("run", "--json")
    assert code == 0, errors
    counts = json.loads(out)["tables"]["chunks"]
    assert counts["computed"] + counts["reused"] == FILES
    after, _ = home.search()
    assert after != before
    assert QUESTION in endpoint.texts


def test_the_old_chunks_serve_until_the_new_ones_are_all_there(home: Home, endpoint: Endpoint) -> None:
    home.url, endpoint.free_batches = endpoint.url, 1000
    home.write("openai:slow")
    assert home.run("run", "-q")[0] == 0
    before, _ = home.search()
    endpoint.texts, endpoint.free_batches = [], 0
    home.write("openai:slow", chunk='chunk(strategy="sentence", sentences=1)')
    process = home.start("run")
    wait_for(lambda: endpoint.free_batches < 0)
    assert home.search()[0] == before
    endpoint.is_free.set()
    assert process.wait(60) == 0
    assert home.search()[0] != before
    embedded = [text for text in endpoint.texts if text not in ("dimension", QUESTION)]
    assert "The library is in building B." not in embedded, "a chunk that is the same was embedded again"


def test_a_new_model_that_fails_leaves_the_old_index_serving(home: Home, endpoint: Endpoint) -> None:
    before, _ = home.search()
    home.url = endpoint.url
    for model, status, code in (("sentence_transformers:no/such", 200, "E103"), ("nanoe", 200, "E102"), ("openai:refused", 401, "E104")):
        endpoint.status = status
        home.write(model)
        exit_code, _, errors = home.run("run")
        assert exit_code == 2, errors
        assert code in errors
        found, said = home.search()
        assert found == before
        assert code in said, "that the pipeline cannot be opened is told"
    (home.root / "pipeline.py").write_text("import saem\ndef pipeline(db):\n    db.sorce()\n", "utf-8")
    found, said = home.search()
    assert found == before
    assert "E207" in said


def test_an_endpoint_that_dies_half_way_ends_the_run_and_not_row_by_row(home: Home, endpoint: Endpoint) -> None:
    before, _ = home.search()
    home.url = endpoint.url
    home.write("openai:dies")
    process = home.start("run")
    wait_for(lambda: endpoint.free_batches < 0)
    endpoint.status = 404
    endpoint.is_free.set()
    process.communicate(timeout=60)
    assert process.returncode == 2
    endpoint.status = 200
    assert home.search()[0] == before
