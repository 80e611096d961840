"""Paging tools for a model: plain functions with JSON schemas, bound to one user and agent, whom the model cannot change."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saem.infer.memory.notes import Memory


@dataclasses.dataclass(frozen=True)
class Tool:
    """Call it with the arguments that `schema` (JSON Schema of an object) describes; it returns what JSON can hold."""

    name: str
    description: str
    schema: dict[str, Any]
    function: Callable[..., Any]

    def __call__(self, **arguments: Any) -> Any:
        return self.function(**arguments)

    def to_openai(self) -> dict[str, Any]:
        """As OpenAI-compatible servers take it."""
        return {"type": "function", "function": {"name": self.name, "description": self.description, "parameters": self.schema}}


def tools(notes: "Memory", user: str | None, agent: str | None, session: str, everyone: bool) -> list[Tool]:
    """recall, remember, revise."""

    def recall(query: str, limit: int = 8) -> list[dict[str, Any]]:
        found = notes.recall(query, user=user, agent=agent, k=max(1, min(int(limit), 50)), everyone=everyone)
        return [{"id": each.id, "text": each.text, "is_current": each.is_current, "fits": found.fits} for each in found.items]

    def remember(text: str, importance: float | None = None) -> dict[str, Any]:
        return {"id": notes.remember(text=text, session=session, user=user or "", agent=agent, role="note", importance=importance)}

    def revise(id: str, value: str = "") -> dict[str, Any]:
        return {"id": notes.revise(id, value or None, user=user, agent=agent, session=session)}

    return [
        Tool("recall", "Search what is remembered: facts, and what was said. fits=false: nothing does. "
             "Use it before you say that you do not know.",
             _schema(["query"], query=("string", "what to look for, in words"), limit=("integer", "at most so many memories")), recall),
        Tool("remember", "Remember a plain statement for later, in one sentence.",
             _schema(["text"], text=("string", "the statement"), importance=("number", "0 to 1")), remember),
        Tool("revise", "Correct a fact that recall gave. Without a value: it is no longer so. The older one is kept as superseded.",
             _schema(["id"], id=("string", "the id that recall gave"), value=("string", "what is so now")), revise),
    ]


def _schema(required: list[str], **properties: tuple[str, str]) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False,
            "properties": {name: {"type": kind, "description": what} for name, (kind, what) in properties.items()}}
