"""The /embeddings client against a server that follows a script."""
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from saem.core.errors import SaemError
from saem.transform.embedders import openai

pytest.importorskip("httpx")


@dataclass
class Endpoint:
    """Answers with the scripted statuses first, then with vectors [characters, 1, 0], in reverse order. None hangs up."""

    script: list[int | None] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    def embedder(self, model: str = "tiny", key: str = "secret") -> openai.OpenAIEmbedder:
        return openai.OpenAIEmbedder(model, self.url, key, timeout_s=5, first_wait_s=0.001)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    state = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append({"path": self.path, **body})
            state.keys.append(self.headers["Authorization"])
            status = state.script.pop(0) if state.script else 200
            if status is None:
                self.close_connection = True
                return
            rows = [{"index": i, "embedding": [len(text), 1, 0]} for i, text in enumerate(body["input"])]
            answer = json.dumps({"data": rows[::-1]} if status == 200 else {"error": "not now"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("Retry-After", "0.01")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    server.server_close()


def test_vectors_come_back_in_the_order_of_their_texts(endpoint: Endpoint) -> None:
    texts = ["x" * length for length in range(300)]
    vectors = endpoint.embedder().passages(texts)
    assert vectors.shape == (300, 3)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    lengths = vectors[:, 0] / vectors[:, 1]
    assert np.allclose(lengths, [max(length, 1) for length in range(300)], rtol=1e-4)           # '' is sent as ' '
    assert [len(request["input"]) for request in endpoint.requests] == [128, 128, 44]
    assert endpoint.requests[0]["path"] == "/v1/embeddings"
    assert set(endpoint.keys) == {"Bearer secret"}


@pytest.mark.parametrize("script", [[429], [503, 500], [None], [429, None, 502, 504]])
def test_a_busy_endpoint_is_asked_again(script: list[int | None], endpoint: Endpoint) -> None:
    attempts = len(script) + 1
    endpoint.script = script
    assert endpoint.embedder().queries(["hello"]).shape == (1, 3)
    assert len(endpoint.requests) == attempts


def test_an_endpoint_that_stays_busy_is_given_up(endpoint: Endpoint) -> None:
    endpoint.script = [503] * 20
    with pytest.raises(SaemError, match="E308.*503"):
        endpoint.embedder().passages(["hello"])
    assert len(endpoint.requests) == openai.ATTEMPTS


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_not_tried_again_and_never_shows_the_key(status: int, endpoint: Endpoint) -> None:
    endpoint.script = [status]
    with pytest.raises(SaemError) as error:
        endpoint.embedder().passages(["hello"])
    assert error.value.code == "E104"
    assert str(status) in error.value.what
    assert "secret" not in str(error.value)
    assert len(endpoint.requests) == 1


def test_address_and_key_come_from_the_environment_and_nothing_is_sent_before_it_is_needed(
        endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAEM_EMBED_URL", endpoint.url + "/")
    monkeypatch.delenv("SAEM_EMBED_KEY", raising=False)
    embedder = openai.load("tiny")
    assert "tiny" in embedder.fingerprint
    assert endpoint.requests == []
    assert embedder.dimension == 3
    assert embedder.passages([]).shape == (0, 3)
    assert endpoint.keys == [None]
    assert embedder.fingerprint != openai.load("other").fingerprint
