"""Server-sent events over httpx, and which failures may pass."""
import datetime
import email.utils
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from saem.core.errors import SaemError, missing
from saem.infer.llm.spec import Spec
from saem.infer.llm.wire import Busy, Request

CONNECT_S = 10.0
MOST_CHARS = 100_000  # of an answer that is no stream, which are looked at
_MAY_PASS = {408, 409, 425, 429, 500, 502, 503, 504, 529}


class Events:
    """Posts a request to a server and yields the JSON of each event of its answer."""

    def __init__(self, spec: Spec, headers: Mapping[str, str]) -> None:
        try:
            import httpx
        except ImportError as error:
            raise missing("httpx", f"the model '{spec.name}'", "llm") from error
        self.spec, self.httpx, self.secret = spec, httpx, spec.key()
        self.client = httpx.Client(headers={k: v.replace("{key}", self.secret) for k, v in headers.items()})

    def post(self, path: str, body: Mapping[str, Any], request: Request) -> Iterator[dict[str, Any]]:
        """Each event as JSON; '[DONE]' is not one. Raises: Busy for what may pass, E801 for what will not."""
        silence = request.left_s(self.spec.timeout_s)
        timeout, count, other = self.httpx.Timeout(silence, connect=min(CONNECT_S, silence)), 0, ""
        try:
            with (self.client.stream("POST", self.spec.address + path, json=dict(body), timeout=timeout) as response,
                  _hung_up(response, request.left_s(self.spec.deadline_s))):
                if response.status_code != 200:
                    response.read()
                    self._refused(response.status_code, response.text, response.headers.get("retry-after", ""))
                for line in response.iter_lines():
                    if not line.startswith("data:"):
                        other += line[:MOST_CHARS - len(other)]
                    elif (data := line[5:].strip()) != "[DONE]":
                        count += 1
                        yield self._event(data)
            if not count and other.strip():
                self._no_stream(other)
        except self.httpx.TransportError as error:
            raise Busy(f"{type(error).__name__}: {self._safe(str(error))}") from error

    def _event(self, data: str) -> dict[str, Any]:
        try:
            event = json.loads(data)
        except json.JSONDecodeError as error:
            raise Busy(f"an event that is no JSON: {self._safe(data)}", is_wrong=True) from error
        if not isinstance(event, dict):
            raise Busy(f"an event that is no object: {self._safe(data)}", is_wrong=True)
        if event.get("error"):
            raise Busy(f"the server says: {self._safe(json.dumps(event['error'], ensure_ascii=False))}")
        return event

    def _no_stream(self, text: str) -> None:
        """What is not as asked for will hardly be so the next time. Raises: Busy."""
        try:
            told = json.loads(text)
        except json.JSONDecodeError as error:
            raise Busy(f"it answered with no JSON: {self._safe(text)}", is_wrong=True) from error
        if isinstance(told, dict) and told.get("error"):
            self._event(text)
        has_text = isinstance(told, dict) and (told.get("choices") or told.get("content"))
        raise Busy(f"it answered with no {'stream' if has_text else 'choices'}: {self._safe(text)}", is_wrong=True)

    def _refused(self, status: int, text: str, retry_after: str) -> None:
        problem = f"{status} {self._safe(text)}"
        if status in _MAY_PASS:
            raise Busy(problem, asked_wait_s(retry_after))
        raise SaemError("E801", f"the server of '{self.spec.name}' refuses: {problem}", where=self.spec.address,
                        fix="look at url, model and key_env in saem.toml")

    def _safe(self, text: str) -> str:
        """Servers like to repeat what they were sent: never the key."""
        return (text.replace(self.secret, "***") if self.secret else text)[:200]


@contextmanager
def _hung_up(response: Any, left_s: float) -> Iterator[None]:
    """Ends the connection when the time is over, however it drips: a timeout of httpx is one of silence."""
    def hang_up() -> None:
        with suppress(OSError, KeyError, AttributeError):
            response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(left_s, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def asked_wait_s(retry_after: str) -> float:
    """What a Retry-After header asks for: seconds, or a date.

    >>> asked_wait_s("2"), asked_wait_s("soon")
    (2.0, 0.0)
    """
    if retry_after.replace(".", "", 1).isdigit():
        return float(retry_after)
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, (until - datetime.datetime.now(until.tzinfo)).total_seconds())
