"""Where a memory comes from, and everything that is remembered, as plain values."""
import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from saem.core.errors import SaemError, caller
from saem.infer.memory.recalling import Searched, at_of
from saem.infer.memory.rows import Belief, Claim, Time
from saem.infer.memory.weights import Policy
from saem.store.catalog import Catalog


def why(searched: Searched, id: str, policy: Policy, catalog: Catalog, name: str) -> dict[str, Any]:
    """Its places in messages, what it superseded or was superseded by, who may read it, its figures. Raises: E209 for one that is not
    reached."""
    present, now = searched.present, at_of(None)
    present.codes_of([id] if "/" in id else [])  # an old message is brought
    key = id if present.message(id) is not None else next((each for each in present.beliefs if len(id) >= 8 and each.startswith(id)), None)
    if key is None:
        raise SaemError("E209", f"no memory is named '{id}'", where=caller(), fix=f"saem memory list --name {name}")
    belief = present.beliefs.get(key)
    sources = [source.message for source in belief.sources] if belief else [key]
    item = searched.item(key, 0.0, now, policy, searched.held(now), {"belief", "message"})
    claims = [each for each in present.claims if each.message in sources and (belief is None or each.predicate == belief.predicate)]
    codes = set(present.codes_of(sources).values())
    return {"id": key, "kind": "belief" if belief else "message", "is_current": item is not None and item.is_current is not False,
            "text": item.text if item else "", "tier": item.tier if item else "cold", "figures": item.why if item else {},
            "readers": sorted({" or ".join(sorted(clause)) for code in codes for clause in catalog.readers(code)}),
            "claims": [_claim(each) for each in claims], "others": [] if belief is None else _others(searched, key, belief, now),
            "uses": sum(use.count for message in sources if (use := searched.uses.get(message)))}


def _claim(claim: Claim) -> dict[str, Any]:
    names = ("subject", "predicate", "object", "holds", "message", "start", "end", "quote", "said_at", "extractor")
    return {name: plain(getattr(claim, name)) for name in names}


def _others(searched: Searched, own: str, belief: Belief, now: Time) -> list[dict[str, Any]]:
    """Other periods of the same subject and predicate, oldest first. What one agent was told later ends what another was told."""
    about, held = (belief.user, belief.subject, belief.predicate), searched.held(now)
    found = [(key, each) for key, each in ordered(searched.present.beliefs)
             if (each.user, each.subject, each.predicate) == about and key != own]
    later = sorted([belief, *(each for _, each in found)], key=lambda each: each.valid_from)
    made = []
    for key, each in found:
        ending = None if key in held else next((other for other in later if other.valid_from > each.last_said), None)
        is_open = each.valid_to is None and ending is not None
        made.append({"id": key, "object": each.object, "since": plain(each.valid_from),
                     "until": plain(ending.valid_from if is_open and ending else each.valid_to),
                     "ended_by": ending.object if is_open and ending else each.ended_by})
    return made


def ordered(beliefs: Mapping[str, Belief]) -> list[tuple[str, Belief]]:
    """(id, belief) of every period, oldest first within its subject and predicate."""
    return sorted(beliefs.items(), key=lambda pair: (pair[1].subject, pair[1].predicate, pair[1].valid_from, pair[1].object))


def plain(value: Any) -> Any:
    """What JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value
