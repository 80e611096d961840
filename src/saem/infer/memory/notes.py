"""A memory: remember, recall, context, beliefs, conflicts, share, forget. See `memory`."""

import datetime
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saem.core.columns import objects, row_schema
from saem.core.errors import SaemError, caller
from saem.infer.memory import contexts, standing
from saem.infer.memory.claims import READ
from saem.infer.memory.extractors.rules import revision
from saem.infer.memory.present import Published, Waiting, laid_over, load, waiting
from saem.infer.memory.reach import Reach, Reaches, check_name, readers_of
from saem.infer.memory.recalled import Context, Item, Recall, fitting
from saem.infer.memory.recalling import Searched, Texts, at_of, index
from saem.infer.memory.rows import Belief, Episode, Message, Reflection, Share, Source, Time
from saem.infer.memory.standing import Conflict
from saem.infer.memory.tables import KINDS, declare, table
from saem.infer.memory.tools import Tool, tools
from saem.infer.memory.uses import KEEP_AFTER, Uses
from saem.infer.memory.weights import Policy, tokens

if TYPE_CHECKING:
    from saem.core.run import Report
    from saem.engine.project import Project
    from saem.engine.receipts import Receipt

ROLES = (*READ, "assistant")
MAX_CHARS = 100_000  # of one message
MOST_REACHES = 64  # that are kept ready in memory
When = datetime.datetime | str | None


@dataclass
class _Ready:
    """One reach as it was read: mark = the published versions, tail_mark = what waited."""

    mark: object
    published: Published
    texts: Texts
    tail_mark: object = None
    searched: Searched | None = None


class Memory:
    """What agents remember: messages, and the claims, beliefs and summaries that are derived from them.

    A message is read by its user and its agent, and by those with whom it is shared. `user=` and `agent=` say who asks: a user alone
    is asked
    about all agents, an agent with a user about that user and its own notes, nobody (the owner) about everything.
    """

    def __init__(self, db: "Project", name: str, extractor: Any, policy: Policy) -> None:
        self.db, self.name, self.extractor, self.policy = db, name, extractor, policy
        self._reaches, self._uses = Reaches(db), Uses(db, name)
        self._inbox: dict[int, Waiting] = {}
        self._claims: dict[str, Any] = {}
        self._ready: dict[Reach, _Ready] = {}
        self._shares: tuple[object, list[Share]] = (None, [])

    def __repr__(self) -> str:
        return f"Memory('{self.name}')"

    # remembering

    def remember(
        self,
        text: str,
        *,
        session: str,
        user: str = "",
        agent: str | None = None,
        role: str = "user",
        at: When = None,
        importance: float | None = None,
        expires: "datetime.datetime | datetime.timedelta | str | None" = None,
    ) -> str:
        """Keep a message: durable when this returns, found by the next recall. Returns its key.

        user        who said it, or with whom the agent speaks; '' = a note of the agent's own, read by no user
        agent       who remembers; default: one named like the memory
        role        user, assistant, note (of an agent), revision (see `revise`)
        at          when it was said; default now
        importance  0 to 1; default: judged by rules
        expires     when it is no longer so: a time, or how long after `at`
        Raises: E104 for a name, role, time or text that cannot be taken, E704 for a session that was forgotten, E601 in a view.
        """
        self.db.check_writable()
        agent = self.name if agent is None else agent
        for what, name in (("agent", agent), ("session", session), *((("user", user),) if user else ())):
            check_name(what, name)
        if role not in ROLES:
            raise SaemError("E104", f"role is {role!r:.40}", where=caller(), fix=f"one of {', '.join(ROLES)}")
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_CHARS:
            size = f"{len(text):,} characters" if isinstance(text, str) else type(text).__name__
            raise SaemError(
                "E104", f"the text of a message is {size}", where=caller(), fix=f"1 to {MAX_CHARS:,} characters that are not all spaces"
            )
        if importance is not None and not 0 <= importance <= 1:
            raise SaemError("E104", f"importance is {importance}", where=caller(), fix="0 to 1")
        said = _moment(at)
        ends = said + expires if isinstance(expires, datetime.timedelta) else None if expires is None else _moment(expires)
        message = Message(
            f"{user or '-'}/{session}/{uuid.uuid4().hex[:16]}",
            user,
            agent,
            session,
            role,
            text.encode("utf-8", "replace").decode(),
            said,
            ends,
            None if importance is None else float(importance),
        )
        self._check_kept_out(message.key)
        code = self.db.catalog.reader_code(readers_of(user, agent, self.shares()))
        self._table("messages").put([message], readers=[code])
        if self._waits() >= self.policy.run_after:
            self.keep_current()
        return message.key

    def _check_kept_out(self, key: str) -> None:
        own = table(self.name, "messages")
        if self.db.catalog.keeps_out(own, key, self.db.catalog.forgotten(own)):
            session = key.rpartition("/")[0]
            raise SaemError(
                "E704",
                f"'{session}' was forgotten and takes no messages",
                where=caller(),
                fix=f"name the session otherwise, or: saem allow {own} {session}",
            )

    def _waits(self) -> int:
        return int(self.db.catalog.db.execute("select count(*) from inbox where name=?", (table(self.name, "messages"),)).fetchone()[0])

    def revise(
        self, id: str, value: str | None, *, user: str | None = None, agent: str | None = None, session: str = "revisions", at: When = None
    ) -> str:
        """Correct a belief: its object is `value` from now on, or it is no longer so (None). The older one is superseded, not lost.

        Raises: E209 for a belief that the asker does not reach.
        """
        belief = self._searched(user, agent).present.beliefs.get(id)
        if belief is None:
            raise SaemError("E209", f"no belief is named '{id}'", where=caller(), fix="give an id that recall or beliefs gave")
        subject = "" if belief.subject == (belief.user or belief.agent) else belief.subject
        if value is not None and not value.strip():
            raise SaemError("E104", "the new value is empty", where=caller(), fix="None = it is no longer so")
        gone = (
            self.remember(
                revision(subject, belief.predicate, belief.object, False),
                session=session,
                user=belief.user,
                agent=belief.agent,
                role="revision",
                at=at,
            )
            if value is None or belief.is_many
            else ""
        )
        return (
            gone
            if value is None
            else self.remember(
                revision(subject, belief.predicate, " ".join(value.split())),
                session=session,
                user=belief.user,
                agent=belief.agent,
                role="revision",
                at=at,
            )
        )

    # recalling

    def recall(
        self,
        question: str,
        *,
        user: str | None = None,
        agent: str | None = None,
        budget_tokens: int = 800,
        k: int = 10,
        at: When = None,
        kinds: Sequence[str] = ("belief", "message"),
    ) -> Recall:
        """The memories that fit a question, best first, within a budget: beliefs that hold, with the messages that say so, and other
        messages.

        A message that was remembered a moment ago is found, and supersedes what it contradicts. Where no memory shares a word with the
        question, the hottest beliefs are given, with relevance 0.

        at  as of a time: later messages are not looked at
        """
        if k < 1 or budget_tokens < 1:
            raise SaemError("E104", f"k is {k}, budget_tokens {budget_tokens}", where=caller(), fix="at least 1")
        moment, searched = at_of(at), self._searched(user, agent)
        found = searched.find(question, moment, self.policy, kinds)
        if not found:
            found = [each for each in searched.everything(moment, self.policy, ["belief"]) if "belief" in kinds][:3]
        items, used = fitting(found[:k], budget_tokens)
        self._count(items, moment)
        return Recall(question, items, used, len(found) - len(items))

    def _count(self, items: Iterable[Item], at: Time) -> None:
        if self.db.person is None and getattr(self.db, "pinned", None) is None:
            self._uses.count([source.message for each in items for source in each.sources], at)
            if sum(self._uses.new.values()) >= KEEP_AFTER:
                self._keep_uses()

    def _keep_uses(self) -> None:
        self._uses.keep(waiting(self.db, self.name, self._inbox))

    def context(
        self,
        *,
        user: str | None = None,
        agent: str | None = None,
        session: str | None = None,
        question: str = "",
        budget_tokens: int = 2000,
        at: When = None,
    ) -> Context:
        """The main context of a conversation, at most `budget_tokens` long: beliefs, the newest messages, and summaries of what is
        paged out.

        session   whose messages come first; default: the newest messages of all sessions
        question  chooses the beliefs; default: the hottest
        """
        if budget_tokens < 1:
            raise SaemError("E104", f"budget_tokens is {budget_tokens}", where=caller(), fix="at least 1")
        moment, searched = at_of(at), self._searched(user, agent)
        every = searched.everything(moment, self.policy, ["belief", "message"])
        known = [each for each in every if each.kind == "belief"]
        if question.strip():
            asked = {each.id: each.score for each in searched.find(question, moment, self.policy, ["belief"])}
            known.sort(key=lambda each: -asked.get(each.id, -1.0))
        said = [each for each in every if each.kind == "message"]
        said.sort(key=lambda each: (searched.present.messages[each.id].session == session, each.said_at, each.id), reverse=True)
        made = contexts.built(known, said, self._summaries(user, agent, moment), budget_tokens, self.policy)
        self._count(made.known, moment)
        return made

    def _summaries(self, user: str | None, agent: str | None, at: Time) -> list[Item]:
        made = []
        for key, each in self._rows("episodes", Episode, user, agent):
            if each.text and each.began <= at:
                text = f"{each.began:%Y-%m-%d} ({each.messages} messages): {each.text}"
                source = Source(f"{each.user or '-'}/{each.session}/", 0, 0, each.text)
                made.append(
                    Item("episode", key, text, each.user, each.agent, each.ended, None, (), (source,), 0.0, {}, "warm", tokens(text) + 1)
                )
        return sorted(made, key=lambda item: (item.said_at, item.id), reverse=True)

    def beliefs(self, *, user: str | None = None, agent: str | None = None, at: When = None) -> list[Item]:
        """What holds at a time (default now), by predicate; "2026-10-01" = at the end of that day."""
        moment, searched = at_of(at), self._searched(user, agent)
        held = searched.held(moment)
        found = list(searched.everything(moment, self.policy, ["belief"]))
        return sorted(found, key=lambda each: (held[each.id].subject, held[each.id].predicate, each.said_at, each.id))

    def history(self, *, user: str | None = None, agent: str | None = None, predicate: str | None = None) -> list[tuple[str, Belief]]:
        """(id, belief) of every period, superseded ones too, oldest first."""
        present = self._searched(user, agent).present
        found = [(key, each) for key, each in present.beliefs.items() if predicate in (None, each.predicate)]
        return sorted(found, key=lambda pair: (pair[1].subject, pair[1].predicate, pair[1].valid_from, pair[1].object))

    def conflicts(self, *, user: str | None = None, agent: str | None = None, at: When = None) -> list[Conflict]:
        """Contradictions of equal standing: claims of one moment, and what several users say of one thing. What is newer is none."""
        return standing.conflicts(self._searched(user, agent).held(at_of(at)))

    def reflections(self, *, user: str | None = None, agent: str | None = None) -> list[tuple[str, Reflection]]:
        """(id, summary) by topic, as of the last run."""
        return sorted(self._rows("reflections", Reflection, user, agent), key=lambda pair: (pair[1].user, pair[1].agent, pair[1].topic))

    def messages(self, *, user: str | None = None, agent: str | None = None, session: str | None = None) -> list[Message]:
        """What was said, oldest first."""
        found = self._searched(user, agent).present.messages.values()
        return sorted((each for each in found if session in (None, each.session)), key=lambda each: (each.said_at, each.key))

    def memories(self, *, user: str | None = None, agent: str | None = None, at: When = None) -> list[Item]:
        """Beliefs and messages with their tiers, the hottest first."""
        return self._searched(user, agent).everything(at_of(at), self.policy, ["belief", "message"])

    def why(self, id: str, *, user: str | None = None, agent: str | None = None) -> dict[str, Any]:
        """Where a memory comes from: its places in messages, what it superseded or was superseded by, who may read it, its figures.

        id  of a belief (or how it begins), or a message's key
        Raises: E209 for one that the asker does not reach.
        """
        searched = self._searched(user, agent)
        present = searched.present
        key = id if id in present.messages else next((each for each in present.beliefs if len(id) >= 8 and each.startswith(id)), None)
        if key is None:
            raise SaemError("E209", f"no memory is named '{id}'", where=caller(), fix=f"saem memory list --name {self.name}")
        belief, now = present.beliefs.get(key), at_of(None)
        sources = [s.message for s in belief.sources] if belief else [key]
        item = searched.item(key, 0.0, now, self.policy, searched.held(now), {"belief", "message"})
        claims = [
            c
            for c in present.claims
            if (c.message in sources if belief is None else c.message in sources and c.predicate == belief.predicate)
        ]
        others = (
            []
            if belief is None
            else [
                (k, b)
                for k, b in self.history(user=user, agent=agent, predicate=belief.predicate)
                if (b.user, b.subject) == (belief.user, belief.subject) and k != key
            ]
        )
        return {
            "id": key,
            "kind": "belief" if belief else "message",
            "is_current": item is not None and item.is_current is not False,
            "text": item.text if item else "",
            "tier": item.tier if item else "cold",
            "figures": item.why if item else {},
            "readers": sorted(
                {" or ".join(sorted(clause)) for m in sources if m in present.codes for clause in self.db.catalog.readers(present.codes[m])}
            ),
            "claims": [
                {
                    "subject": c.subject,
                    "predicate": c.predicate,
                    "object": c.object,
                    "holds": c.holds,
                    "message": c.message,
                    "start": c.start,
                    "end": c.end,
                    "quote": c.quote,
                    "said_at": c.said_at.isoformat(),
                    "extractor": c.extractor,
                }
                for c in claims
            ],
            "others": [
                {
                    "id": k,
                    "object": b.object,
                    "since": b.valid_from.isoformat(),
                    "until": b.valid_to.isoformat() if b.valid_to else None,
                    "ended_by": b.ended_by,
                }
                for k, b in others
            ],
            "uses": sum(u.count for m in sources if (u := searched.uses.get(m))),
        }

    def export(self, *, user: str | None = None, agent: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Everything that is remembered of the asker, as plain values: messages, claims, beliefs (also superseded ones), reflections."""
        import dataclasses

        present = self._searched(user, agent).present
        rows: dict[str, Iterable[Any]] = {
            "messages": self.messages(user=user, agent=agent),
            "claims": present.claims,
            "beliefs": [b for _, b in self.history(user=user, agent=agent)],
            "reflections": [r for _, r in self.reflections(user=user, agent=agent)],
        }
        return {kind: [_plain(dataclasses.asdict(each)) for each in each_of] for kind, each_of in rows.items()}

    def tools(self, *, session: str, user: str | None = None, agent: str | None = None) -> list[Tool]:
        """recall, remember and revise as functions for a model, bound to who asks."""
        return tools(self, user, agent, session)

    # sharing

    def share(self, agent: str, with_: Sequence[str], *, user: str = "", reason: str = "") -> int:
        """Let people, groups or agents ("agent:coach") read what an agent remembers, now and later; of one user, if named. How many
        messages
        have other readers now. A grant is recorded in the table of shares, and lasts until `unshare`."""
        self.db.check_writable()
        check_name("agent", agent)
        if not with_ or isinstance(with_, str) or "*" in with_:
            raise SaemError("E104", f"with_ is {with_!r:.60}", where=caller(), fix='with_=["team:math"]: names of people, groups, agents')
        key = json.dumps([agent, user, sorted(with_)], ensure_ascii=False)
        share = Share(key, agent, user, sorted(with_), reason, datetime.datetime.now(datetime.UTC))
        self._table("shares").put([share], readers=[self.db.catalog.reader_code([])])
        return self._regrant(agent, user)

    def unshare(self, agent: str, with_: Sequence[str], *, user: str = "") -> int:
        """Take a grant back, with the same names. Raises: E209 where there is none."""
        self.db.check_writable()
        key = json.dumps([agent, user, sorted(with_)], ensure_ascii=False)
        if key not in {each.key for each in self.shares()}:
            raise SaemError(
                "E209", f"'{agent}' is not shared so", where=caller(), fix="; ".join(each.key for each in self.shares()) or "nothing is"
            )
        self._table("shares").drop([key])
        return self._regrant(agent, user)

    def shares(self) -> list[Share]:
        """The grants that are in force."""
        own, heads = table(self.name, "shares"), self.db.catalog.heads()
        last, waits = self.db.catalog.inbox(own)
        mark = (heads.get(own), last)
        if self._shares[0] != mark:
            found = {}
            if own in heads:
                from saem.engine.project import Project

                found = {
                    s.key: s
                    for s in objects(Project.published(self.db.origin, own, heads).to_table(columns=row_schema(Share).names), Share)
                }
            for key, row in waits.items():
                found.pop(key, None)
                if row is not None:
                    values = json.loads(row)["row"]
                    found[key] = Share(**{**values, "since": datetime.datetime.fromisoformat(values["since"])})
            self._shares = (mark, list(found.values()))
        return self._shares[1]

    def _regrant(self, agent: str, user: str) -> int:
        """The messages of an agent are put again with the readers that they have now; nothing is computed again for it."""
        present, shares = self._searched(None, None).present, self.shares()
        rows, codes = [], []
        for key, each in present.messages.items():
            if each.agent == agent and user in ("", each.user):
                code = self.db.catalog.reader_code(readers_of(each.user, each.agent, shares))
                if code != present.codes[key]:
                    rows.append(each)
                    codes.append(code)
        if rows:
            self._table("messages").put(rows, readers=codes)
        self.keep_current(wait_s=60)
        return len(rows)

    # forgetting and upkeep

    def forget(self, *keys: str, user: str | None = None, session: str | None = None, reason: str = "", dry_run: bool = False) -> "Receipt":
        """Erase messages and all that was made from them, everywhere; returns the receipt. Older beliefs hold again.

        keys           of messages, or "user/session" for all of a session, which then takes no more
        user, session  every message of them instead
        """
        self.db.check_writable()
        found = list(keys)
        if user is not None or session is not None:
            found += [
                key
                for key, each in self._searched(None, None).present.messages.items()
                if user in (None, each.user) and session in (None, each.session)
            ]
        self._uses.clear()
        receipt = self.db.forget(table(self.name, "messages"), *found, reason=reason, dry_run=dry_run, wait_s=60)
        self._ready.clear()
        self._claims.clear()
        self._inbox.clear()
        return receipt

    def expire(self, at: When = None) -> int:
        """Delete the messages whose time is over, or that are older than `Policy.keep_days`; how many. What they superseded holds again."""
        self.db.check_writable()
        moment, present = at_of(at), self._searched(None, None).present
        oldest = None if self.policy.keep_days is None else moment - datetime.timedelta(days=self.policy.keep_days)
        over = [
            key
            for key, each in present.messages.items()
            if (each.expires_at and each.expires_at <= moment) or (oldest is not None and each.said_at < oldest)
        ]
        if over:
            self._table("messages").drop(over)
            self.keep_current(wait_s=60)
        return len(over)

    def keep_current(self, wait_s: float = 0.0) -> "Report | None":
        """Bring the tables up to date; None where another run is at work, which or whose next will. `saem run` does the same."""
        self._keep_uses()
        try:
            return self.db.run(only=[table(self.name, kind) for kind in KINDS], wait_s=wait_s)
        except SaemError as error:
            if error.code != "E301" or wait_s:
                raise
            return None

    def close(self) -> None:
        """Keep what was counted, and bring the tables up to date."""
        if self.db.person is None:
            self.keep_current()

    # looking

    def _table(self, kind: str) -> Any:
        return self.db.tables[table(self.name, kind)]

    def _searched(self, user: str | None, agent: str | None) -> Searched:
        """What the asker reaches, as it is now. What is published is read once a publish, what waits once a message."""
        reach, heads = self._reaches.of(user, agent), self.db.heads()
        own = tuple(heads.get(table(self.name, kind)) for kind in ("messages", "claims", "beliefs"))
        mark = tuple((head.place, head.version) if head else None for head in own)
        is_pinned = getattr(self.db, "pinned", None) is not None
        tail = [] if is_pinned else waiting(self.db, self.name, self._inbox)
        tail_mark = (len(tail), tail[-1].number if tail else 0, tail[0].number if tail else 0)
        ready = self._ready.get(reach)
        if ready is None or ready.mark != mark:
            if len(self._ready) >= MOST_REACHES:
                self._ready.pop(next(iter(self._ready)))
            published = load(self.db, self.name, heads, reach)
            ready = self._ready[reach] = _Ready(mark, published, index(published))
        if ready.searched is None or ready.tail_mark != tail_mark:
            present = laid_over(ready.published, tail, reach, self.name, self.extractor, self._claims)
            ready.searched, ready.tail_mark = Searched.of(present, ready.texts, self._uses.kept()), tail_mark
        return ready.searched

    def _rows(self, kind: str, row_class: type, user: str | None, agent: str | None) -> list[tuple[str, Any]]:
        heads, own = self.db.heads(), table(self.name, kind)
        if own not in heads:
            return []
        rows = self._reaches.of(user, agent).rows(self.db, own, heads, ["_id", *row_schema(row_class).names])
        return list(zip((key.hex() for key in rows["_id"].to_pylist()), objects(rows, row_class), strict=True))


def memory(db: "Project", name: str = "memory", extractor: Any = "rules", policy: Policy | None = None) -> Memory:
    """The memory of that name in a project: its tables are declared where they are not yet. Put the same line into `pipeline.py`.

    extractor  what reads claims out of messages: 'rules' (Korean and English, no model), or a function (text, said_at) -> Iterable[Found]
    policy     weights, tiers, budgets, expiry
    """
    if db.person is None and db.origin is db:
        declare(db, name, extractor)
    elif table(name, "messages") not in db.heads():
        raise SaemError("E202", f"no memory is named '{name}'", where=caller(), fix=f'memory(db, "{name}") in pipeline.py, then: saem run')
    return Memory(db, name, extractor, policy or Policy())


def _moment(at: Any) -> Time:
    try:
        moment = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at
        return datetime.datetime.now(datetime.UTC) if moment is None else moment.astimezone(datetime.UTC)
    except (ValueError, AttributeError, OverflowError) as error:
        raise SaemError("E104", f"{at!r:.60} is no time", where=caller(), fix='a datetime, or "2026-11-20 14:00"') from error


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
