"""OpenAI's chat completions on the wire: what is asked, and what is answered.

Source: https://platform.openai.com/docs/api-reference/chat
"""
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saem.infer.llm.client import Reply
from saem.infer.llm.wire import Message

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
TAKEN = {"model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "response_format"}
IGNORED = {"user", "metadata", "store"}        # they change no answer
WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {      # what a model does anyway; another value would be dropped silently, so it is refused
    "n": (1,), "top_p": (1,), "presence_penalty": (0,), "frequency_penalty": (0,), "stop": ([],), "logprobs": (False,), "logit_bias": ({},),
    "tools": ([],), "tool_choice": ("none",), "seed": (), "functions": ([],), "parallel_tool_calls": (True, False)}


class Wrong(Exception):
    """A request that cannot be taken. param: which part of it."""

    def __init__(self, what: str, param: str | None = None) -> None:
        super().__init__(what)
        self.param = param


@dataclass(frozen=True)
class Asked:
    """A chat completion that is asked for. schema: that the text must fit; None = plain text."""
    model: str
    messages: tuple[Message, ...]
    max_tokens: int | None
    temperature: float
    schema: Mapping[str, Any] | None
    is_stream: bool
    wants_usage: bool


def asked(body: Any) -> Asked:
    """Read a request. Raises: Wrong for what this gateway cannot pass on; nothing that would change the answer is left out."""
    if not isinstance(body, dict):
        raise Wrong("the body is no JSON object")
    for name, value in body.items():
        if name not in TAKEN | IGNORED and value is not None and value not in WITHOUT_EFFECT.get(name, ()):
            raise Wrong(f"'{name}' is not passed on by this gateway", name)
    if not isinstance(body.get("model"), str):
        raise Wrong("'model' is missing", "model")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Wrong("'messages' is missing", "messages")
    most, warmth = body.get("max_completion_tokens", body.get("max_tokens")), body.get("temperature")
    if most is not None and (type(most) is not int or most < 1):
        raise Wrong("'max_tokens' is no count", "max_tokens")
    if warmth is not None and (type(warmth) not in (int, float) or not 0 <= warmth <= 2):
        raise Wrong("'temperature' is not within 0 and 2", "temperature")
    options = body.get("stream_options")
    return Asked(body["model"], tuple(_message(each) for each in messages), most, float(1 if warmth is None else warmth),
                 _schema(body.get("response_format")), bool(body.get("stream")),
                 bool(isinstance(options, dict) and options.get("include_usage")))


def _message(told: Any) -> Message:
    if not isinstance(told, dict) or told.get("role") not in ROLES or told.get("tool_calls"):
        raise Wrong(f"a message must have a role of {', '.join(ROLES)}, and no tool calls", "messages")
    content = told.get("content")
    if isinstance(content, list):
        if not all(isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str) for part in content):
            raise Wrong("of a message's parts only text is passed on", "messages")
        content = "".join(part["text"] for part in content)
    if not isinstance(content, str):
        raise Wrong("a message has no content", "messages")
    return Message(ROLES[told["role"]], content)


def _schema(told: Any) -> Mapping[str, Any] | None:
    kind = told.get("type") if isinstance(told, dict) else None
    if told is None or kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    schema = told["json_schema"].get("schema") if kind == "json_schema" and isinstance(told.get("json_schema"), dict) else None
    if not isinstance(schema, dict):
        raise Wrong("'response_format' is none of text, json_object, json_schema", "response_format")
    return schema


def usage(reply: Reply) -> dict[str, int]:
    return {"prompt_tokens": reply.tokens_in, "completion_tokens": reply.tokens_out, "total_tokens": reply.tokens_in + reply.tokens_out}


def stop_of(reply: Reply) -> str:
    """Why it ended, in OpenAI's words."""
    return "length" if reply.stop in ("length", "max_tokens") else "stop"


def completion(reply: Reply) -> dict[str, Any]:
    """A whole answer. The id is that of its row in `calls`."""
    return {"id": f"chatcmpl-{reply.call}", "object": "chat.completion", "created": int(time.time()), "model": reply.model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": stop_of(reply),
                         "logprobs": None}],
            "usage": usage(reply)}


class Chunks:
    """The events of a streamed answer."""

    def __init__(self, model: str) -> None:
        self.frame = {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": "chat.completion.chunk", "created": int(time.time()), "model": model}

    def piece(self, delta: Mapping[str, Any], stop: str | None = None) -> str:
        return _event({**self.frame, "choices": [{"index": 0, "delta": dict(delta), "finish_reason": stop}]})

    def usage(self, reply: Reply) -> str:
        return _event({**self.frame, "choices": [], "usage": usage(reply)})

    def error(self, told: Mapping[str, Any]) -> str:
        return _event(told)


DONE = "data: [DONE]\n\n"


def _event(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def problem(message: str, kind: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's clients read it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
