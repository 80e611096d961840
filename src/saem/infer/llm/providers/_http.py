"""Server-sent events over httpx, and which failures may pass."""
import datetime
import email.utils
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from saem.core.errors import SaemError, missing
from saem.infer.llm.spec import Spec
from saem.infer.llm.wire import Busy

CONNECT_S = 10.0
_MAY_PASS = {408, 409, 425, 429, 500, 502, 503, 504, 529}


class Events:
    """Posts a request to a server and yields the JSON of each event of its answer."""

    def __init__(self, spec: Spec, headers: Mapping[str, str]) -> None:
        try:
            import httpx
        except ImportError as error:
            raise missing("httpx", f"the model '{spec.name}'", "llm") from error
        self.spec, self.httpx, self.secret = spec, httpx, spec.key()
        timeout = httpx.Timeout(spec.timeout_s, connect=min(CONNECT_S, spec.timeout_s))
        self.client = httpx.Client(timeout=timeout, headers={k: v.replace("{key}", self.secret) for k, v in headers.items()})

    def post(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Each event as JSON; '[DONE]' is not one. Raises: Busy for what may pass, E801 for what will not."""
        began = time.monotonic()
        try:
            with self.client.stream("POST", self.spec.address + path, json=dict(body)) as response:
                if response.status_code != 200:
                    response.read()
                    self._refused(response.status_code, response.text, response.headers.get("retry-after", ""))
                for line in response.iter_lines():
                    if time.monotonic() - began > self.spec.deadline_s:
                        raise Busy(f"no end after {self.spec.deadline_s:.0f} s (deadline_s)")
                    if line.startswith("data:") and (data := line[5:].strip()) != "[DONE]":
                        yield self._event(data)
        except self.httpx.TransportError as error:
            raise Busy(f"{type(error).__name__}: {self._safe(str(error))}") from error

    def _event(self, data: str) -> dict[str, Any]:
        try:
            event = json.loads(data)
        except json.JSONDecodeError as error:
            raise Busy(f"an event that is no JSON: {self._safe(data)}") from error
        if not isinstance(event, dict):
            raise Busy(f"an event that is no object: {self._safe(data)}")
        if event.get("error"):
            raise Busy(f"the server says: {self._safe(json.dumps(event['error'], ensure_ascii=False))}")
        return event

    def _refused(self, status: int, text: str, retry_after: str) -> None:
        problem = f"{status} {self._safe(text)}"
        if status in _MAY_PASS:
            raise Busy(problem, asked_wait_s(retry_after))
        raise SaemError("E801", f"the server of '{self.spec.name}' refuses: {problem}", where=self.spec.address,
                        fix="look at url, model and key_env in saem.toml")

    def _safe(self, text: str) -> str:
        """Servers like to repeat what they were sent: never the key."""
        return (text.replace(self.secret, "***") if self.secret else text)[:200]


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
