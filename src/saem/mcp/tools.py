"""What an agent can do here, as functions of one caller: search, ask, recall, remember, revise, sql."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError
from saem.mcp.callers import Caller

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.infer.memory import Memory

MAX_ROWS, MAX_HITS = 1_000, 50
HIDDEN = ("E601", "E602")         # what is denied is not there: no other answer for the one than for the other
Properties = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Tool:
    """function: called with the arguments that `schema` (JSON Schema of an object) describes; returns what JSON can hold."""
    name: str
    description: str
    schema: dict[str, Any]
    function: Callable[..., Any]
    is_reading: bool = True


def tools(db: "Project", table: str | None, notes: "Memory | None", model: str | None, caller: Caller) -> list[Tool]:
    """The tools of a caller, under the rights of the caller's person.

    table  the indexed table that is searched; None = there is none
    notes  the memory; None = there is none
    model  of saem.toml, which may word answers; None = the documents' own sentences alone
    """
    shown = db if caller.person is None else db.as_user(caller.person)
    made = [Tool("sql", "Query the tables with one SELECT (DuckDB). Returns columns and rows; saem's columns begin with '_'. "
                        f"Tables: {', '.join(sorted(name for name in shown.heads()))}.",
                 schema(["query"], query=("string", "one SELECT"), limit=("integer", f"at most so many rows, up to {MAX_ROWS}")),
                 lambda query, limit=100: _sql(shown, query, limit))]
    if table is not None:
        made = [Tool("search", "Find passages of the documents by words and meaning, best first.",
                     schema(["query"], query=("string", "words, or a question"), k=("integer", f"how many, up to {MAX_HITS}"),
                            where=("string", "an SQL condition on the rows")),
                     lambda query, k=8, where=None: _search(shown, table, query, k, where)),
                Tool("ask", "Answer a question from the documents, each sentence with its citation (document, page, characters, quote). "
                            "found=false: the documents do not answer; say so instead of guessing.",
                     schema(["question"], question=("string", "one question"),
                            **({"generate": ("boolean", "let a model word it; by default the documents' own sentences")} if model else {})),
                     lambda question, generate=False: _ask(shown, table, question, model if generate else None), False), *made]
    if notes is not None:
        person = caller.person
        agent = person.removeprefix("agent:") if person and person.startswith("agent:") else None
        for each in notes.tools(session="mcp", user=None if agent else person, agent=agent, everyone=person is None):
            made.append(Tool(each.name, each.description, each.schema, each.function, each.name == "recall"))
    return [tool for tool in made if tool.name in caller.tools]


def schema(required: list[str], **properties: tuple[str, str]) -> dict[str, Any]:
    """JSON Schema of an object: {name: (type, meaning)}."""
    return {"type": "object", "required": required, "additionalProperties": False,
            "properties": {name: {"type": kind, "description": what} for name, (kind, what) in properties.items()}}


def told(error: SaemError) -> str:
    """An error for an agent: no places of this machine, and of what is denied no more than of what is not there."""
    if error.code in HIDDEN:
        return "[E209] nothing has that name"
    return f"[{error.code}] {error.what}" + (f"\nfix: {error.fix}" if error.fix else "")


def _search(db: "Project", table: str, query: str, k: int, where: str | None) -> dict[str, Any]:
    hits = db.table(table).search(query, max(1, min(k, MAX_HITS)), where)
    return {"hits": [{"id": hit.id, "score": round(hit.score, 4), **_cells(hit.row)} for hit in hits]}


def _ask(db: "Project", table: str, question: str, model: str | None) -> dict[str, Any]:
    from saem.infer import ask
    from saem.infer.answers import Answer
    answer = ask(db.table(table), question, mode="generate", model=model) if model else ask(db.table(table), question)
    assert isinstance(answer, Answer)
    made = answer.to_dict()
    return {name: made[name] for name in ("found", "text", "sentences", "citations", "unanswered", "mode", "answer", "snapshot")}


def _sql(db: "Project", query: str, limit: int) -> dict[str, Any]:
    rows = db.sql(query)
    few = rows.slice(0, max(1, min(limit, MAX_ROWS)))
    return {"columns": rows.column_names, "rows": [list(_cells(row).values()) for row in few.to_pylist()], "more": len(rows) - len(few)}


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON has words for; vectors and file contents by their size."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex() if len(value) == 16 else f"{len(value)} bytes"
    if isinstance(value, list) and len(value) > 64 and isinstance(value[0], float):
        return f"{len(value)} numbers"
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return _cells(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
