"""What a memory holds now, for one reach: published rows, with what waits in the inbox laid over them.

Messages that wait are read by the same extractor, and the beliefs that they touch are computed by the same code as a run would: a
question sees
what was said a moment ago, and what it superseded. With an extractor that is not quick (a model) their claims wait for the run; their
text does not.
"""

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saem.core.columns import objects, row_schema, table_of
from saem.core.identity import digest, id_list, key_unit, row_hashes, row_ids
from saem.infer.memory.beliefs import timeline
from saem.infer.memory.claims import is_quick, read
from saem.infer.memory.older import Older, held_since, since
from saem.infer.memory.reach import Reach
from saem.infer.memory.rows import Belief, Claim, Message
from saem.infer.memory.tables import table

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.store.heads import Head

Group = tuple[str, str, str, str]  # user, agent, subject, predicate


@dataclass(frozen=True)
class Waiting:
    """A row of the inbox. message None = it is dropped; code None = whom the source names: nobody."""

    number: int
    key: str
    message: Message | None
    code: int


@dataclass
class Published:
    """The rows of one reach as they are published. ids and codes: of messages, by key."""

    messages: dict[str, Message] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    beliefs: dict[str, Belief] = field(default_factory=dict)  # by id
    is_behind: bool = False  # claims or beliefs were not made from these messages
    older: Older | None = None  # messages that are not held


@dataclass
class Present:
    """The same with what waits. fresh: keys of messages and ids of beliefs that are not, or not so, published; gone: those that no
    longer are."""

    published: Published
    messages: Mapping[str, Message]
    codes: Mapping[str, int]
    claims: Sequence[Claim]
    beliefs: Mapping[str, Belief]
    fresh: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    waiting: frozenset[str] = frozenset()  # keys in the inbox

    def message(self, key: str) -> Message | None:
        """A message that is held, or was brought by the last question."""
        found = self.messages.get(key)
        return found if found is not None or self.published.older is None else self.published.older.brought.get(key)

    def codes_of(self, keys: Iterable[str]) -> dict[str, int]:
        """{message: code of those who may read it} of those that are reached, held or not."""
        wanted = list(keys)
        older = self.published.older
        if older is not None and (far := [key for key in wanted if key not in self.codes and key not in self.waiting]):
            older.bring(far)
        return {key: code for key in wanted if (code := self.codes.get(key, older.codes.get(key) if older else None)) is not None}


def group_of(row: Claim | Belief) -> Group:
    return row.user, row.agent, row.subject, row.predicate


def load(db: "Project", name: str, heads: "Mapping[str, Head]", reach: Reach, most: int | None) -> Published:
    """What is published and reached; of the messages about `most`, the newest. None = all."""
    made, own = Published(), table(name, "messages")
    begins = held_since(db, own, heads, reach, most) if most is not None and own in heads else None
    if begins is not None:
        made.older = Older(db, own, heads, reach, begins)
    rows: dict[str, Any] = {}
    for kind, row_class in (("messages", Message), ("claims", Claim), ("beliefs", Belief)):
        if table(name, kind) in heads:
            where = since(begins) if begins is not None and kind == "messages" else None
            rows[kind] = reach.rows(db, table(name, kind), heads, ["_id", "_readers", *row_schema(row_class).names], where)
    if "messages" in rows:
        found = objects(rows["messages"], Message)
        made.messages = {each.key: each for each in found}
        made.ids = {each.key: key.hex() for each, key in zip(found, id_list(rows["messages"]["_id"]), strict=True)}
        made.codes = {each.key: code for each, code in zip(found, rows["messages"]["_readers"].to_pylist(), strict=True)}
    if "claims" in rows:
        made.claims = objects(rows["claims"], Claim)
    if "beliefs" in rows:
        made.beliefs = {
            key.hex(): each for key, each in zip(id_list(rows["beliefs"]["_id"]), objects(rows["beliefs"], Belief), strict=True)
        }
    made.is_behind = getattr(db, "pinned", None) is None and any(
        _is_behind(db, name, child, parent, heads) for child, parent in (("claims", "messages"), ("beliefs", "claims"))
    )
    return made


def _is_behind(db: "Project", name: str, child: str, parent: str, heads: "Mapping[str, Head]") -> bool:
    head = heads.get(table(name, parent))
    return head is not None and db.catalog.consumed(table(name, child)).get(table(name, parent)) != (head.place, head.version)


def waiting(db: "Project", name: str, known: dict[int, Waiting]) -> list[Waiting]:
    """The newest row that waits of each key, in their order; `known` keeps what was read before."""
    rows = db.catalog.db.execute("select number, key, row from inbox where name=? order by number", (table(name, "messages"),)).fetchall()
    for number in [number for number in known if not rows or number < rows[0][0]]:
        del known[number]
    newest: dict[str, Waiting] = {}
    for number, key, row in rows:
        if number not in known:
            known[number] = _decoded(number, key, row)
        newest[key] = known[number]
    return sorted(newest.values(), key=lambda each: each.number)


def _decoded(number: int, key: str, row: str | None) -> Waiting:
    if row is None:
        return Waiting(number, key, None, 0)
    body = json.loads(row)
    values = body["row"]
    for column in ("said_at", "expires_at"):
        values[column] = datetime.datetime.fromisoformat(values[column]) if values.get(column) else None
    return Waiting(number, key, Message(**values), 0 if body["readers"] is None else body["readers"])


Known = dict[Group, tuple[list[Claim], dict[str, Belief]]]  # what was believed, and of which claims


def laid_over(published: Published, tail: Sequence[Waiting], reach: Reach, name: str, extractor: Any,
              read_before: dict[str, list[Claim]], believed_before: Known) -> Present:
    """What is published, with the rows that wait. `read_before` and `believed_before` keep what was read and concluded, so that one more
    message costs its own claims and the beliefs that they touch."""
    reads = is_quick(extractor)
    if not tail and not (published.is_behind and reads):
        return Present(published, published.messages, published.codes, published.claims, published.beliefs)
    seen = {each.key: each for each in tail if each.message is not None and reach.allows(each.code, each.message.user)}
    changed = {each.key for each in tail}
    messages = {key: message for key, message in published.messages.items() if key not in changed}
    codes = {key: published.codes[key] for key in messages} | {key: each.code for key, each in seen.items()}
    to_read = [each.message for each in seen.values() if each.message is not None]
    if published.is_behind and reads:
        to_read += messages.values()
        changed |= set(messages) | {claim.message for claim in published.claims if published.older is None}
    messages |= {key: each.message for key, each in seen.items() if each.message is not None}
    fresh_claims = [claim for message in to_read for claim in _read(message, extractor, read_before)] if reads else []
    kept = [claim for claim in published.claims if claim.message not in changed]
    touched = {group_of(claim) for claim in fresh_claims} | {group_of(claim) for claim in published.claims if claim.message in changed}
    claims = [*kept, *fresh_claims]
    beliefs = {key: each for key, each in published.beliefs.items() if group_of(each) not in touched}
    made = _believed([claim for claim in claims if group_of(claim) in touched], name, believed_before)
    fresh = [*seen, *(key for key, each in made.items() if published.beliefs.get(key) != each)]
    gone = (set(published.messages) & {each.key for each in tail}) | {
        key for key in published.beliefs if published.beliefs[key] != made.get(key, beliefs.get(key))
    }
    return Present(published, messages, codes, claims, beliefs | made, fresh, gone, frozenset(each.key for each in tail))


def _read(message: Message, extractor: Any, read_before: dict[str, list[Claim]]) -> list[Claim]:
    if message.key not in read_before:
        if len(read_before) > 65_536:
            read_before.clear()
        read_before[message.key] = read([message], extractor)
    return read_before[message.key]


def _believed(claims: Iterable[Claim], name: str, before: Known) -> dict[str, Belief]:
    """{the id that a run will give it: belief}."""
    groups: dict[Group, list[Claim]] = {}
    for claim in claims:
        groups.setdefault(group_of(claim), []).append(claim)
    made: dict[str, Belief] = {}
    for group, members in groups.items():
        known = before.get(group)
        if known is None or len(known[0]) != len(members) or any(a is not b for a, b in zip(known[0], members, strict=True)):
            known = before[group] = members, _named(group, [belief for belief, _ in timeline(members)], name)
        made |= known[1]
    return made


def _named(group: Group, found: list[Belief], name: str) -> dict[str, Belief]:
    if not found:
        return {}
    keys = row_hashes(table_of(found, Belief).select(["object", "valid_from"]))
    names = row_ids(table(name, "beliefs"), [key_unit(group)] * len(found), keys, [0] * len(found))
    return {key.hex(): belief for key, belief in zip(names, found, strict=True)}


def message_id(name: str, key: str) -> bytes:
    """The id of a message's row, published or not."""
    own = table(name, "messages")
    return row_ids(own, [digest(own, key)], [b""], [0])[0]
