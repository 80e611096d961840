"""Anthropic's messages.

Source: https://docs.anthropic.com/en/api/messages
"""
from collections.abc import Iterator
from typing import Any

from saem.infer.llm.providers._http import Events
from saem.infer.llm.spec import Spec
from saem.infer.llm.wire import Busy, Done, Provider, Request

API_VERSION = "2023-06-01"


def connect(spec: Spec) -> Provider:
    return Anthropic(spec)


class Anthropic:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.events = Events(spec, {"x-api-key": "{key}", "anthropic-version": API_VERSION})

    def send(self, request: Request) -> Iterator[str | Done]:
        usage: dict[str, Any] = {}
        stop = version = ""
        for event in self.events.post("/messages", body(self.spec.model, request), request):
            message, delta = event.get("message") or {}, event.get("delta") or {}
            version = message.get("model") or version
            usage |= message.get("usage") or {}
            usage |= event.get("usage") or {}
            stop = delta.get("stop_reason") or stop
            if text := delta.get("text") or delta.get("partial_json"):
                yield str(text)
        if not stop:
            raise Busy("the stream was cut off")
        yield Done(usage.get("input_tokens"), usage.get("output_tokens"), version, stop)


def body(model: str, request: Request) -> dict[str, Any]:
    """What is posted. A schema goes along as the input of the one tool that must be called: it is read, never run."""
    system = "\n\n".join(each.content for each in request.messages if each.role == "system")
    made: dict[str, Any] = {
        "model": model, "max_tokens": request.max_tokens, "temperature": request.temperature, "stream": True,
        "messages": [{"role": each.role, "content": each.content} for each in request.messages if each.role != "system"]}
    if system:
        made["system"] = system
    if request.schema is not None:
        made["tools"] = [{"name": "reply", "description": "The reply.", "input_schema": dict(request.schema)}]
        made["tool_choice"] = {"type": "tool", "name": "reply"}
    return made
