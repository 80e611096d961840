"""Finding memories: every text that a question reaches is scored, and the figures behind each score are told."""

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from saem.core.errors import SaemError, caller
from saem.engine.searching import MAX_CHARS
from saem.infer.memory import newer, standing
from saem.infer.memory.about import LIKELY, SURE
from saem.infer.memory.nearness import Near
from saem.infer.memory.postings import coverage, rarities
from saem.infer.memory.present import Present, Published
from saem.infer.memory.recalled import Item, line_of, line_of_message
from saem.infer.memory.rows import Belief, Claim, Message, Source, Time, Use
from saem.infer.memory.saying import moment
from saem.infer.memory.statements import is_plain, is_statement, telling
from saem.infer.memory.texts import Texts, fused
from saem.infer.memory.themes import themes as themes_of
from saem.infer.memory.values import compared
from saem.infer.memory.vocabulary import nouns_of
from saem.infer.memory.weights import Policy, frequency, importance_of, importance_of_belief, tokens
from saem.transform.words import tokenize

DAY_S = 86_400.0
MOST = 100  # texts of one question that are looked at closely
ASIDE = 0.6  # of the score of a message that asks, supposes, or tells what others say of the speaker: it says nothing to be so
OTHERS = 0.4  # of the relevance of a belief about somebody whom the question does not name
DOUBT_CHARS = 200  # of a message that may say that a belief no longer holds
FOLDED_SHARE = 0.6  # of a message that beliefs quote: the message itself then says little more

Value = tuple[str, str, str, str]  # user, subject, predicate, object as it is compared


@dataclasses.dataclass
class Searched:
    """One reach, ready to be asked. `fresh` texts wait for a run; `hidden` are those of `texts` that no longer are so."""

    present: Present
    texts: Texts
    fresh: Texts
    hidden: np.ndarray
    uses: Mapping[str, Use]
    claims_of: Mapping[str, Sequence[Claim]]
    held_until: tuple[Time | None, Time | None, dict[str, Belief]] = (None, None, {})
    held_values: frozenset[Value] = frozenset()

    @classmethod
    def of(cls, present: Present, texts: Texts, uses: Mapping[str, Use]) -> "Searched":
        fresh = set(present.fresh)
        hidden = np.array([key in fresh or key in present.gone for key in texts.keys], bool)
        claims_of: dict[str, list[Claim]] = {}
        for claim in present.claims:
            claims_of.setdefault(claim.message, []).append(claim)
        waiting = Texts(
            {key: m for key, m in present.messages.items() if key in fresh},
            {key: b for key, b in present.beliefs.items() if key in fresh}, reads=texts.reads)
        return cls(present, texts, waiting, hidden, uses, claims_of)

    def held(self, at: Time) -> dict[str, Belief]:
        """The beliefs that hold at a moment; they stay the same until the next one begins or ends."""
        since, until, found = self.held_until
        if since is None or at < since or (until is not None and at >= until):
            moments = [m for b in self.present.beliefs.values() for m in (b.valid_from, b.valid_to) if m is not None]
            found = standing.current(self.present.beliefs, at)
            self.held_values = frozenset((b.user, b.subject, b.predicate, compared(b.object)) for b in found.values())
            self.held_until = (max((m for m in moments if m <= at), default=at), min((m for m in moments if m > at), default=None), found)
        return found

    def find(self, question: str, at: Time, policy: Policy, kinds: Collection[str], asker: str = "") -> list[Item]:
        """Everything that fits the question by a word or by its meaning, best first. Of a belief and the message that says it the belief
        is kept; of two messages about one matter the older is marked. Raises: E104 for a question of more than 10,000 characters."""
        if len(question) > MAX_CHARS:
            raise SaemError("E104", f"the question has {len(question):,} characters", where=caller(),
                            fix=f"at most {MAX_CHARS:,}: ask for what is to be found, not with the whole text")
        asked = telling(tokenize([question])[0].split())
        vector = self.texts.near.asked(question) if self.texts.near else None
        if vector is None or self.texts.reads is None:
            asked += themes_of(asked)
        parts = [self.texts, self.fresh]
        older = self.present.published.older
        if older is not None and "message" in kinds:
            parts.append(Texts(older.with_words(asked, self.present.waiting), {}, reads=self.texts.reads))
        weights = rarities(asked, [part.postings for part in parts])
        lengths = sum(float(part.postings.lengths.sum()) for part in parts) / max(1, sum(len(part.postings) for part in parts))
        held, wanted = self.held(at), kinds
        found: list[tuple[float, str, float]] = []
        for part in parts:
            if not len(part.postings):
                continue
            relevance = fused(coverage(weights, part.postings, lengths), part.nearness(vector), part.likeness(vector))
            if part is self.texts:
                relevance[self.hidden] = 0
            rough = policy.relevance * relevance + policy.recency * 0.5 ** (
                np.maximum(0, at.timestamp() - part.said_s) / DAY_S / policy.half_life_days
            )
            best = np.flatnonzero(relevance > 0)
            best = best[np.argsort(-rough[best], kind="stable")][:MOST]
            found += [(float(rough[i]), part.keys[i], float(relevance[i])) for i in best.tolist()]
        found = [(rough, key, relevance * self._nearness(key, set(asked), asker)) for rough, key, relevance in found]
        items = [each for _, key, relevance in found if (each := self.item(key, relevance, at, policy, held, set(wanted))) is not None]
        items.sort(key=lambda each: (-each.score, each.id))
        topics = self._topics(vector)
        return newer.marked(_folded(items), self._says, lambda item: self._single(item, topics),
                            lambda item, themes: self._later(item, themes, at))

    def _topics(self, asked: np.ndarray | None) -> list[str]:
        """What a question may be about, of which one has one thing at a time."""
        reads = self.texts.reads
        return newer.single_themes(reads.of(asked[None])[0], reads.names, (), SURE) if reads is not None and asked is not None else []

    def _says(self, item: Item) -> bool:
        """Whether it may say that something is so, of whoever speaks."""
        if item.kind == "belief":
            belief = self.present.beliefs[item.id]
            return belief.subject == (belief.user or belief.agent)
        message = self.present.message(item.id)
        return message is not None and is_statement(message) and is_plain(message.text)

    @cached_property
    def _spoken(self) -> newer.Spoken:
        """What was said of themes of which one has one thing at a time."""
        made = newer.Spoken()
        if self.texts.reads is None:
            return made
        keys = {*self.texts.speaking, *self.fresh.speaking, *self.claims_of}
        for message in filter(None, map(self.present.messages.get, sorted(keys))):
            if (themes := self._themes(message.key, SURE)) and self._tells(message):
                made.add(message, themes)
        made.sort()
        return made

    def _themes(self, key: str, least: float) -> list[str]:
        """The themes that a memory is about with a chance of `least`, of which one has one thing at a time."""
        if self.texts.reads is None or (chances := self._about(key)) is None:
            return []
        return newer.single_themes(chances, self.texts.reads.names, self.claims_of.get(key, ()), least)

    def _about(self, key: str) -> np.ndarray | None:
        part = self.fresh if key in self.fresh.places else self.texts
        return part.about[part.places[key]] if key in part.places else None

    def _single(self, item: Item, topics: Sequence[str]) -> list[str] | None:
        """What was found for a question about `topics` may be about; a message that fits the question, about these. None = surely about
        something of which one may have several."""
        if self.texts.reads is not None and self.texts.reads.is_of_many(self._about(item.id)):
            return None
        fits = item.kind == "message" and item.why["relevance"] >= newer.TOUCHES
        return list(dict.fromkeys([*self._themes(item.id, LIKELY), *(topics if fits else ())]))

    def _tells(self, message: Message) -> bool:
        """Whether a message may say something of whoever speaks."""
        own = self.claims_of.get(message.key, ())
        return is_statement(message) and is_plain(message.text) and len(message.text) <= DOUBT_CHARS \
            and (not own or any(claim.subject == (claim.user or claim.agent) for claim in own))

    def _later(self, item: Item, themes: Collection[str], at: Time) -> Message | None:
        """The newest later message about what a memory is about, that may say otherwise."""
        belief, message = self.present.beliefs.get(item.id), self.present.message(item.id)
        if item.is_current is False or (message is not None and not is_statement(message)) or \
                (belief is not None and belief.subject != (belief.user or belief.agent)):
            return None
        stated: Sequence[Belief | Claim] = [belief] if belief is not None else [
            claim for claim in self.claims_of.get(item.id, ()) if claim.holds]
        sources = {source.message for source in item.sources}

        def may_differ(message: Message) -> bool:
            if message.key in sources or (message.expires_at and message.expires_at <= at):
                return False
            read = {(claim.subject, claim.predicate) for claim in self.claims_of.get(message.key, ())}
            return not any((each.subject, each.predicate) in read or newer.says_same(each.object, message.text) for each in stated)
        found = [m for theme in themes if (m := self._spoken.after(item.user, theme, item.said_at, at, may_differ)) is not None]
        return max(found, key=lambda message: (message.said_at, message.key), default=None)

    def _nearness(self, key: str, asked: set[str], asker: str) -> float:
        """Who asks means what is theirs, unless someone or something else is named."""
        belief, message = self.present.beliefs.get(key), self.present.message(key)
        said = belief or message
        if asker and said is not None and said.user not in ("", asker):  # shared by somebody else
            return 1.0 if asked & set(tokenize([said.user])[0].split()) else OTHERS
        about = [belief] if belief is not None else self.claims_of.get(key, ())
        others = {each.subject for each in about if each.subject != (each.user or each.agent)}
        if len(others) < len({each.subject for each in about}) or not others:
            return 1.0
        names = " ".join(each.rpartition("'s ")[2] for each in others)
        return 1.0 if asked & set(tokenize([names])[0].split()) else OTHERS

    def doubts(self, belief: Belief, at: Time) -> str:
        """The key of the newest later message of the same user that names what the belief is about, and says nothing that the
        extractor reads.

        It may well say otherwise: who asks is told, and judges.
        """
        if belief.subject != (belief.user or belief.agent):
            return ""
        found = [m for word in nouns_of(belief.predicate) for part in (self.texts, self.fresh) if word in part.postings.places
                 for place in part.postings.places[word][0].tolist() if (m := self.present.messages.get(part.keys[place])) is not None
                 and belief.last_said < m.said_at <= at and m.user == belief.user and self._may_say(m)]
        return max(found, key=lambda m: (m.said_at, m.key)).key if found else ""

    def _may_say(self, message: Message) -> bool:
        return is_statement(message) and is_plain(message.text) and len(message.text.rstrip()) <= DOUBT_CHARS \
            and not self.claims_of.get(message.key)

    def item(self, key: str, relevance: float, at: Time, policy: Policy, held: Mapping[str, Belief], kinds: set[str]) -> Item | None:
        """One memory with its figures; None where it is not wanted, is not yet said at that moment, or has expired."""
        belief = self.present.beliefs.get(key)
        if belief is not None:
            return self._belief(key, belief, relevance, at, policy) if "belief" in kinds and key in held else None
        message = self.present.message(key)
        if message is None or "message" not in kinds or message.said_at > at or (message.expires_at and message.expires_at <= at):
            return None
        own = self.claims_of.get(key, ())
        is_current = (
            any(_value_of(claim) in self.held_values for claim in own if claim.holds) if any(claim.holds for claim in own) else None
        )
        importance = importance_of(message, own) * (0 if is_current is False else 1)
        text = line_of_message(message, is_current)
        source = Source(key, 0, len(message.text), message.text)
        made = self._scored("message", key, text, message.user, message.agent, message.said_at, is_current, (), (source,), relevance,
                            importance, [key], at, policy)
        return made if own or is_plain(message.text) else dataclasses.replace(made, score=made.score * ASIDE)

    def _belief(self, key: str, belief: Belief, relevance: float, at: Time, policy: Policy) -> Item:
        messages, doubt = [source.message for source in belief.sources], "" if self._themes(key, SURE) else self.doubts(belief, at)
        text = line_of(belief) + (f" (unsure, said later: {' '.join(self.present.messages[doubt].text.split())})" if doubt else "")
        return self._scored("belief", key, text, belief.user, belief.agent, belief.last_said, None if doubt else True, tuple(belief.rivals),
                            tuple(belief.sources), relevance, importance_of_belief(belief), messages, at, policy)

    def _scored(self, kind: str, key: str, text: str, user: str, agent: str, said_at: Time, is_current: bool | None,
                rivals: tuple[str, ...], sources: tuple[Source, ...], relevance: float, importance: float, messages: Sequence[str],
                at: Time, policy: Policy) -> Item:
        recency = policy.faded((at - said_at).total_seconds() / DAY_S)
        uses = [self.uses[m] for m in messages if m in self.uses]
        often = frequency(sum(use.count * policy.faded((at - use.last).total_seconds() / DAY_S) for use in uses))
        score = policy.relevance * relevance + policy.recency * recency + policy.frequency * often + policy.importance * importance
        score *= policy.superseded if is_current is False else 1
        size = tokens(text) + 1
        heat = policy.heat(recency, often, importance, size)
        why = {"relevance": relevance, "recency": recency, "frequency": often, "importance": importance, "heat": max(0.0, min(1.0, heat))}
        return Item(kind, key, text, user, agent, said_at, is_current, rivals, sources, score, why, policy.tier(heat), size)

    def everything(self, at: Time, policy: Policy, kinds: Iterable[str]) -> list[Item]:
        """All memories, the hottest first."""
        held, wanted = self.held(at), set(kinds)
        keys = [*held, *(self.present.messages if "message" in wanted else ())]
        items = [each for key in keys if (each := self.item(key, 0.0, at, policy, held, wanted)) is not None]
        return sorted(items, key=lambda each: (-each.why["heat"], each.id))


def _value_of(claim: Claim) -> Value:
    return claim.user, claim.subject, claim.predicate, claim.value


def _folded(items: list[Item]) -> list[Item]:
    """Without the messages that say little but what a belief beside them says, and those that repeat another."""
    quoted: dict[str, dict[str, int]] = {}
    for each in items:
        for source in each.sources if each.kind == "belief" else ():
            quoted.setdefault(source.message, {})[source.quote] = len(source.quote)
    said, kept = set[tuple[str, str]](), list[Item]()
    for each in items:
        what = each.user, compared(each.sources[-1].quote)
        if each.kind == "belief" or (what not in said and sum(quoted.get(each.id, {}).values()) < FOLDED_SHARE * len(what[1])):
            kept.append(each)
        said.add(what)
    return kept


def index(published: Published, near: Near | None) -> Texts:
    return Texts(published.messages, published.beliefs, near)


def at_of(at: "datetime.datetime | str | None") -> Time:
    """A moment in UTC; a text without a zone is local, a day is taken as it ended; None = now. Raises: E104 for what is none."""
    ended = isinstance(at, str) and len(at) <= 10
    try:
        return moment(at) + datetime.timedelta(days=1 if ended else 0)
    except OverflowError as error:
        raise SaemError("E104", f"{at!r:.60} is no time", where=caller(), fix='a datetime, or "2026-11-20 14:00"') from error
