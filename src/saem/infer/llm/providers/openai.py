"""Servers that speak OpenAI's chat completions: Ollama, vLLM, llama.cpp, and OpenAI's own.

Source: https://platform.openai.com/docs/api-reference/chat
"""
from collections.abc import Iterator
from typing import Any

from saem.infer.llm.providers._http import Events
from saem.infer.llm.spec import Spec
from saem.infer.llm.wire import Busy, Done, Provider, Request


def connect(spec: Spec) -> Provider:
    return OpenAI(spec)


class OpenAI:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.events = Events(spec, {"Authorization": "Bearer {key}"} if spec.key_env else {})

    def send(self, request: Request) -> Iterator[str | Done]:
        yield from pieces(self.events.post("/chat/completions", body(self.spec.model, request), request))


def body(model: str, request: Request) -> dict[str, Any]:
    """What is posted. A schema is sent along; that the reply fits it is checked by the client all the same."""
    made: dict[str, Any] = {
        "model": model, "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        "max_tokens": request.max_tokens, "temperature": request.temperature, "stream": True, "stream_options": {"include_usage": True}}
    if request.schema is not None:
        made["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": dict(request.schema), "strict": True}}
    return made


def pieces(events: Iterator[dict[str, Any]]) -> Iterator[str | Done]:
    """The text of the events of a stream, then Done. Raises: Busy for a stream that is cut off before it says why it ends."""
    usage: dict[str, Any] = {}
    stop = version = mark = ""
    has_choices = True
    for number, event in enumerate(events):
        has_choices = bool(event.get("choices")) or (has_choices and number > 0)
        usage = event.get("usage") or usage
        version, mark = event.get("model") or version, event.get("system_fingerprint") or mark
        for choice in (event.get("choices") or [])[:1]:
            stop = choice.get("finish_reason") or stop
            if text := (choice.get("delta") or {}).get("content"):
                yield str(text)
    if not stop:
        raise Busy("the stream was cut off") if has_choices else Busy("it answered with no choices", is_wrong=True)
    yield Done(usage.get("prompt_tokens"), usage.get("completion_tokens"), " ".join(filter(None, (version, mark))), stop)
