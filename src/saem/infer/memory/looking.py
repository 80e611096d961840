"""What a memory holds, for who looks into it: beliefs, their history, what contradicts itself, messages, where each comes from."""
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from saem.core.columns import objects, row_schema
from saem.infer.memory import explaining, standing
from saem.infer.memory.present import Present, message_id
from saem.infer.memory.reach import Reaches, check_asker
from saem.infer.memory.ready import Ready
from saem.infer.memory.recalled import Item
from saem.infer.memory.recalling import Searched, at_of
from saem.infer.memory.rows import Belief, Message, Reflection
from saem.infer.memory.saying import When
from saem.infer.memory.standing import Conflict
from saem.infer.memory.tables import table
from saem.infer.memory.uses import Uses
from saem.infer.memory.weights import Policy

if TYPE_CHECKING:
    from saem.engine.project import Project


class Looking:
    """The part of a memory that changes nothing and counts nothing. `Memory` adds what does."""

    def __init__(self, db: "Project", name: str, extractor: Any, policy: Policy) -> None:
        self.db, self.name, self.extractor, self.policy = db, name, extractor, policy
        self._reaches, self._uses = Reaches(db), Uses(db, name)
        self._ready = Ready(db, name, extractor, self._uses, policy.in_memory)

    def beliefs(self, *, user: str | None = None, agent: str | None = None, at: When = None, everyone: bool = False) -> list[Item]:
        """What holds at a time (default now), by predicate; "2026-10-01" = at the end of that day. Raises: E104 without a user."""
        check_asker(self.db, user, everyone)
        moment, searched = at_of(at), self._searched(user, agent)
        held = searched.held(moment)
        found = list(searched.everything(moment, self.policy, ["belief"]))
        return sorted(found, key=lambda each: (held[each.id].subject, held[each.id].predicate, each.said_at, each.id))

    def history(self, *, user: str | None = None, agent: str | None = None, predicate: str | None = None) -> list[tuple[str, Belief]]:
        """(id, belief) of every period, superseded ones too, oldest first."""
        found = explaining.ordered(self._searched(user, agent).present.beliefs)
        return [(key, each) for key, each in found if predicate in (None, each.predicate)]

    def conflicts(self, *, user: str | None = None, agent: str | None = None, at: When = None) -> list[Conflict]:
        """Contradictions of equal standing: claims of one moment, and what several users say of one thing. What is newer is none."""
        return standing.conflicts(self._searched(user, agent).held(at_of(at)))

    def reflections(self, *, user: str | None = None, agent: str | None = None) -> list[tuple[str, Reflection]]:
        """(id, summary) by topic, as of the last run."""
        return sorted(self._rows("reflections", Reflection, user, agent), key=lambda pair: (pair[1].user, pair[1].agent, pair[1].topic))

    def messages(self, *, user: str | None = None, agent: str | None = None, session: str | None = None) -> list[Message]:
        """What was said, oldest first."""
        found = self._whole(user, agent).messages.values()
        return sorted((each for each in found if session in (None, each.session)), key=lambda each: (each.said_at, each.key))

    def memories(self, *, user: str | None = None, agent: str | None = None, at: When = None) -> list[Item]:
        """Beliefs and messages with their tiers, the hottest first."""
        return self._searched(user, agent).everything(at_of(at), self.policy, ["belief", "message"])

    def why(self, id: str, *, user: str | None = None, agent: str | None = None) -> dict[str, Any]:
        """Where a memory comes from: its places in messages, what it superseded or was superseded by, who may read it, its figures.

        id  of a belief (or how it begins), or a message's key
        Raises: E209 for one that the asker does not reach.
        """
        return explaining.why(self._searched(user, agent), id, self.policy, self.db.catalog, self.name)

    def lineage(self, item: Item, *, user: str | None = None, agent: str | None = None) -> tuple[list[str], list[int]]:
        """Of a memory, for what is made with it: (ids of its messages' rows: the parents, codes of those who may read them)."""
        codes = self._searched(user, agent).present.codes_of(source.message for source in item.sources)
        keys = [source.message for source in item.sources if source.message in codes]
        return [message_id(self.name, key).hex() for key in keys], [codes[key] for key in keys]

    def export(self, *, user: str | None = None, agent: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Everything that is remembered of the asker, as plain values: messages, claims, beliefs (also superseded ones), reflections."""
        rows: dict[str, Iterable[Any]] = {"messages": self.messages(user=user, agent=agent),
                                          "claims": self._searched(user, agent).present.claims,
                                          "beliefs": [b for _, b in self.history(user=user, agent=agent)],
                                          "reflections": [r for _, r in self.reflections(user=user, agent=agent)]}
        return {kind: [explaining.plain(each) for each in found] for kind, found in rows.items()}

    # what is reached

    def _searched(self, user: str | None, agent: str | None) -> Searched:
        """What the asker reaches, as it is now."""
        return self._ready.of(self._reaches.of(user, agent))

    def _whole(self, user: str | None, agent: str | None) -> Present:
        """The same with all its messages, however many."""
        return self._ready.of(self._reaches.of(user, agent), whole=True).present

    def _rows(self, kind: str, row_class: type, user: str | None, agent: str | None) -> list[tuple[str, Any]]:
        heads, own = self.db.heads(), table(self.name, kind)
        if own not in heads:
            return []
        rows = self._reaches.of(user, agent).rows(self.db, own, heads, ["_id", *row_schema(row_class).names])
        return list(zip((key.hex() for key in rows["_id"].to_pylist()), objects(rows, row_class), strict=True))
