"""The tables of a memory: messages (-> readings, of a model) -> claims -> beliefs -> reflections; episodes, vectors; shares, uses."""

from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError, caller
from saem.engine.declaring import NAME
from saem.infer.memory.beliefs import beliefs
from saem.infer.memory.claims import claims, extract_of, is_costly
from saem.infer.memory.reflections import episodes, reflections
from saem.infer.memory.rows import Message, Share, Use
from saem.infer.memory.statements import statements
from saem.sources.records import records
from saem.transform.embed import embed

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table

KINDS = ("messages", "readings", "claims", "beliefs", "reflections", "episodes", "vectors", "shares", "uses")
SCOPE = ("user", "agent")


def table(name: str, kind: str) -> str:
    """The table of one kind: 'tutor', 'beliefs' -> 'tutor_beliefs'."""
    return f"{name}_{kind}"


def declare(db: "Project", name: str, extractor: Any = "rules", embedder: str | None = None, remote: bool = True) -> None:
    """Declare the tables of a memory, once. Rows that are put by other ways than `remember` are nobody's to read.

    remote  False: no model elsewhere is shown what is remembered
    """
    if not name or name[0] in "_0123456789" or set(name) - set(NAME):
        raise SaemError("E201", f"'{name}' cannot name a memory", where=caller(), fix="lower-case letters, digits and '_', a letter first")
    extract_of(extractor)
    if table(name, "messages") in db.tables:
        return
    derive(db.source(table(name, "messages"), records(Message), readers=[], remote=remote), name, extractor, embedder)
    db.source(table(name, "shares"), records(Share), readers=[])
    db.source(table(name, "uses"), records(Use), readers=[])


def derive(messages: "Table", name: str, extractor: Any = "rules", embedder: str | None = None) -> None:
    """What a table of messages is made into, wherever they come from. embedder: that embeds what is said; None = nothing is embedded."""
    if is_costly(extractor):
        from saem.infer.memory.readings import claims_of_readings, reading, said_on

        read = messages.derive(table(name, "readings"), said_on, reading(extractor=extractor))
        claimed = read.derive(table(name, "claims"), claims_of_readings(extractor=extractor))
    else:
        claimed = messages.derive(table(name, "claims"), claims(extractor=extractor))
    believed = claimed.derive(table(name, "beliefs"), beliefs, by=[*SCOPE, "subject", "predicate"])
    believed.derive(table(name, "reflections"), reflections, by=[*SCOPE, "topic"])
    messages.derive(table(name, "episodes"), episodes, by=[*SCOPE, "session"])
    if embedder is not None:
        messages.derive(table(name, "vectors"), statements, embed(model=embedder, above=()))


def names(db: "Project") -> list[str]:
    """The memories of a project, declared or only published."""
    known = {*db.tables, *db.heads()}
    return sorted(each.removesuffix("_messages") for each in known
                  if each.endswith("_messages") and {table(each.removesuffix("_messages"), kind) for kind in ("shares", "uses")} <= known)
