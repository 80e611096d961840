"""claims -> beliefs: what is taken to be so, period by period.

At any moment the newest claim that is valid then wins. An older one is superseded, not lost: its period ends, and where the newer one ends
or is deleted it holds again. A denial ends a period and begins none. Claims of different objects that begin at the same moment have equal
standing: all of them are beliefs, each with its rivals.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from saem.core.operator import operator
from saem.core.shapes import made_from
from saem.infer.memory.rows import Belief, Claim, Source, Time

SOURCES = 5  # the newest places of a belief that are named; all of them are its parents


@operator(version="1", key=["object", "valid_from"])
def beliefs(said: list[Claim]) -> Iterable[Belief]:
    """What one subject's predicate was taken to be, one row a period and object."""
    for belief, parents in timeline(said):
        yield made_from(belief, *parents)


def timeline(said: Sequence[Claim]) -> Iterator[tuple[Belief, list[Claim]]]:
    """The beliefs that claims of one subject and predicate make, each with the claims that it rests on, or that end it.

    Those claims alone give the same belief.
    """
    if any(claim.is_many for claim in said):  # several objects hold at once: each has a timeline of its own
        for value in sorted({claim.value for claim in said}):
            yield from _periods([claim for claim in said if claim.value == value])
    else:
        yield from _periods(said)


@dataclass
class _Span:
    """Between two moments at which a claim begins or ends: the claims that hold, and those that deny."""

    begins: Time
    ends: Time | None
    holding: list[Claim]
    denying: list[Claim] = field(default_factory=list)

    @property
    def values(self) -> set[str]:
        return {claim.value for claim in self.holding}


def _periods(said: Sequence[Claim]) -> Iterator[tuple[Belief, list[Claim]]]:
    spans = _spans(sorted(said, key=lambda claim: (claim.valid_from, claim.said_at, claim.message, claim.start)))
    at = 0
    while at < len(spans):
        end = at + 1
        while end < len(spans) and spans[end].values == spans[at].values:
            end += 1
        if spans[at].holding:
            yield from _run(spans[at:end], spans[at - 1] if at else None, spans[end] if end < len(spans) else None)
        at = end


def _spans(said: list[Claim]) -> list[_Span]:
    moments = sorted({claim.valid_from for claim in said} | {claim.valid_to for claim in said if claim.valid_to})
    made: list[_Span] = []
    open_claims: list[Claim] = []
    waiting = 0
    for number, moment in enumerate(moments):
        open_claims = [claim for claim in open_claims if claim.valid_to is None or claim.valid_to > moment]
        now = []
        while waiting < len(said) and said[waiting].valid_from == moment:
            now.append(said[waiting])
            waiting += 1
        known = _winners(open_claims)[0]
        came = [claim for claim in now if claim.holds or not claim.value or claim.value in {each.value for each in known}]
        if any(claim.valid_to is None for claim in came):  # whatever is older can never hold again
            open_claims = []
        open_claims += came
        holding, denying = _winners(open_claims)
        made.append(_Span(moment, moments[number + 1] if number + 1 < len(moments) else None, holding, denying))
    return made


def _winners(claims: list[Claim]) -> tuple[list[Claim], list[Claim]]:
    """(those that hold, those that deny) of the claims that began last."""
    if not claims:
        return [], []
    newest = max(claim.valid_from for claim in claims)
    last = [claim for claim in claims if claim.valid_from == newest]
    return [claim for claim in last if claim.holds], [claim for claim in last if not claim.holds]


def _run(spans: list[_Span], before: _Span | None, after: _Span | None) -> Iterator[tuple[Belief, list[Claim]]]:
    """One period of equal values: a belief for each of them."""
    holding = list({id(claim): claim for span in spans for claim in span.holding}.values())
    begins, ends = spans[0].begins, spans[-1].ends
    bounds = [*after.holding, *after.denying] if after else []
    if before and all(claim.valid_from != begins for claim in holding):  # it holds again because something ended
        bounds += [claim for claim in (*before.holding, *before.denying) if claim.valid_to == begins]
    values = sorted(spans[0].values)
    objects = {value: [claim for claim in holding if claim.value == value] for value in values}
    ended_by = after.holding[-1].object if after and after.holding else ""
    for value, own in objects.items():
        own.sort(key=lambda claim: (claim.said_at, claim.message, claim.start))
        last = own[-1]
        sources = [Source(claim.message, claim.start, claim.end, claim.quote) for claim in own[-SOURCES:]]
        belief = Belief(last.user, last.agent, last.subject, last.predicate, last.object, last.topic, last.is_many, begins, ends,
                        last.said_at, len(own), ended_by if ends else "", [objects[rival][-1].object for rival in values if rival != value],
                        sources)
        yield belief, list({id(claim): claim for claim in (*holding, *bounds)}.values())
