"""Which of the beliefs that a question reaches hold at a moment, over all agents; and which contradict each other."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from saem.infer.memory.rows import Belief
from saem.infer.memory.values import compared


@dataclass(frozen=True)
class Conflict:
    """Beliefs of equal standing that cannot all be so: {id: belief}."""

    subject: str
    predicate: str
    beliefs: dict[str, Belief]

    def to_dict(self) -> dict[str, object]:
        return {
            "subject": self.subject,
            "predicate": self.predicate,
            "claims": [
                {"id": key, "user": b.user, "agent": b.agent, "object": b.object, "said_at": b.last_said.isoformat(),
                 "messages": [s.message for s in b.sources]}
                for key, b in self.beliefs.items()
            ],
        }


def holds(belief: Belief, at: datetime.datetime) -> bool:
    return belief.valid_from <= at and (belief.valid_to is None or at < belief.valid_to)


def current(beliefs: Mapping[str, Belief], at: datetime.datetime) -> dict[str, Belief]:
    """{id: belief} of those that hold at a moment. Of what one user told several agents the newest holds, as if it had been told to one."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for key, each in beliefs.items():
        if each.valid_from <= at:
            groups.setdefault((each.user, each.subject, each.predicate), []).append(key)
    found: dict[str, Belief] = {}
    for keys in groups.values():
        live = {key: beliefs[key] for key in keys if holds(beliefs[key], at)}
        if len({beliefs[key].agent for key in keys}) > 1:
            live = _over_agents(live, [beliefs[key] for key in keys], at)
        found |= live
    return found


def _over_agents(live: dict[str, Belief], every: list[Belief], at: datetime.datetime) -> dict[str, Belief]:
    ended = [b for b in every if b.valid_to is not None and b.valid_to <= at]
    kept = {
        key: b
        for key, b in live.items()
        if not any(
            other.agent != b.agent and compared(other.object) == compared(b.object) and other.valid_to and other.valid_to > b.last_said
            for other in ended
        )
    }
    if not kept:
        return kept
    if any(b.is_many for b in kept.values()):
        newest = {compared(b.object): key for key, b in sorted(kept.items(), key=lambda item: item[1].last_said)}
        return {key: kept[key] for key in newest.values()}
    last = max(b.last_said for b in kept.values())
    top = {key: b for key, b in kept.items() if b.last_said == last}
    if len({compared(b.object) for b in top.values()}) == 1:
        top = dict([next(iter(top.items()))])
    return top


def conflicts(held: Mapping[str, Belief]) -> list[Conflict]:
    """What contradicts itself among beliefs that hold: claims of one moment, and what two users say of one third thing."""
    groups: dict[tuple[str, str], dict[str, Belief]] = {}
    for key, each in held.items():
        if not each.is_many:
            groups.setdefault((each.subject, each.predicate), {})[key] = each
    made = []
    for (subject, predicate), members in sorted(groups.items()):
        about_self = {each.user or each.agent for each in members.values()} == {subject}
        for same in _rivals(members, about_self):
            made.append(Conflict(subject, predicate, same))
    return made


def _rivals(members: dict[str, Belief], about_self: bool) -> Iterable[dict[str, Belief]]:
    if about_self or len({each.user for each in members.values()}) == 1:
        parts = [{key: each for key, each in members.items() if (each.user, each.subject) == who}
                 for who in sorted({(each.user, each.subject) for each in members.values()})]
    else:
        parts = [members]
    for part in parts:
        if len({compared(each.object) for each in part.values()}) > 1:
            yield part
