"""A model server on loopback that does as its script says: one step a request, the last one for all further requests."""
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Step:
    """What comes of one request. text: what is streamed, word by word; given a function, of the request's body."""
    text: str | Callable[[dict[str, Any]], str] = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    cut_after: int | None = None         # pieces, then the connection closes
    bad_event: str = ""                  # sent as the first event
    silence_s: float = 0.0               # before the first piece
    drip_s: float = 0.0                  # between pieces
    plain: str | None = None             # sent instead of a stream
    tokens: tuple[int, int] | None = (7, 5)
    stop: str = "stop"                   # why it ends


@dataclass
class Scripted:
    """A running server: its address, and what it was asked."""
    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def serving(steps: Sequence[Step], kind: str = "openai") -> Iterator[Scripted]:
    """A server of one of the two protocols, until the block ends."""
    left = list(steps)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.asked.append(asked)
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            step = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(step.status)
            for name, value in step.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if step.status != 200:
                self.wfile.write(step.body.encode())
                return
            time.sleep(step.silence_s)
            text = step.text(asked) if callable(step.text) else step.text
            pieces = [word + " " for word in text.split(" ")] if text else []
            if pieces:
                pieces[-1] = pieces[-1][:-1]
            try:
                if step.plain is not None:
                    self.wfile.write(step.plain.encode())
                    return
                for event in (_openai if kind == "openai" else _anthropic)(step, pieces):
                    self.wfile.write(event.encode())
                    self.wfile.flush()
                    time.sleep(step.drip_s)
            except OSError:      # the client has hung up
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Scripted(f"http://127.0.0.1:{server.server_address[1]}/v1")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _event(value: dict[str, Any], name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _openai(step: Step, pieces: list[str]) -> Iterator[str]:
    if step.bad_event:
        yield f"data: {step.bad_event}\n\n"
    for number, piece in enumerate(pieces):
        if number == step.cut_after:
            return
        yield _event({"model": "scripted-1", "system_fingerprint": "fp", "choices": [{"delta": {"content": piece}, "finish_reason": None}]})
    yield _event({"choices": [{"delta": {}, "finish_reason": step.stop}]})
    if step.tokens:
        yield _event({"choices": [], "usage": {"prompt_tokens": step.tokens[0], "completion_tokens": step.tokens[1]}})
    yield "data: [DONE]\n\n"


def _anthropic(step: Step, pieces: list[str]) -> Iterator[str]:
    tokens = step.tokens or (0, 0)
    if step.bad_event:
        yield f"data: {step.bad_event}\n\n"
    yield _event({"type": "message_start", "message": {"model": "scripted-1", "usage": {"input_tokens": tokens[0]}}}, "message_start")
    for number, piece in enumerate(pieces):
        if number == step.cut_after:
            return
        kind = {"type": "input_json_delta", "partial_json": piece} if piece.startswith("{") else {"type": "text_delta", "text": piece}
        yield _event({"type": "content_block_delta", "index": 0, "delta": kind}, "content_block_delta")
    yield _event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": tokens[1]}}, "message_delta")
    yield _event({"type": "message_stop"}, "message_stop")
