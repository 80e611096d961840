"""A memory: remember, recall, context, share, forget. See `memory`; what looks into it is in looking.py."""
import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError, caller
from saem.infer.memory import contexts, nearness
from saem.infer.memory.looking import Looking
from saem.infer.memory.reach import check_asker, check_no_group
from saem.infer.memory.recalled import Context, Item, Recall, fitting
from saem.infer.memory.recalling import at_of
from saem.infer.memory.rows import Episode, Share, Source, Time
from saem.infer.memory.saying import When, message_of, revisions
from saem.infer.memory.sharing import Shares
from saem.infer.memory.tables import declare, table
from saem.infer.memory.tools import Tool, tools
from saem.infer.memory.upkeep import Upkeep
from saem.infer.memory.uses import KEEP_AFTER
from saem.infer.memory.weights import Policy, tokens

if TYPE_CHECKING:
    from saem.core.run import Report
    from saem.engine.project import Project
    from saem.engine.receipts import Receipt

USUAL = "usual"  # embedder: the default one where it is installed


class Memory(Looking):
    """What agents remember: messages, and the claims, beliefs and summaries that are derived from them.

    A message is read by its user and its agent, and by those with whom it is shared. `user=` and `agent=` say who asks: a user alone is
    asked about all agents, an agent with a user about that user and its own notes. What goes to a model (recall, context, beliefs,
    tools) needs a user, unless a person opened the project; `everyone=True` asks about all users, as the owner does. What else looks
    into the memory does so for the owner where no user is named.
    """

    def __init__(self, db: "Project", name: str, extractor: Any, policy: Policy, embedder: str | None, remote: bool) -> None:
        super().__init__(db, name, extractor, policy)
        self._shares, self._upkeep = Shares(db, name), Upkeep(db, name, extractor, embedder, remote)

    def __repr__(self) -> str:
        return f"Memory('{self.name}')"

    # remembering

    def remember(self, text: str, *, session: str, user: str = "", agent: str | None = None, role: str = "user", at: When = None,
                 importance: float | None = None, expires: "datetime.datetime | datetime.timedelta | str | None" = None) -> str:
        """Keep a message: durable when this returns, found by the next recall. Returns its key.

        user        who said it, or with whom the agent speaks; '' = a note of the agent's own, read by no user
        agent       who remembers; default: one named like the memory
        role        user, assistant, note (of an agent), revision (see `revise`)
        at          when it was said; default now
        importance  0 to 1; default: judged by rules
        expires     when it is no longer so: a time, or how long after `at`
        When `Policy.run_after` messages wait, a run begins in a thread; nobody waits for it.
        Raises: E104 for a name, role, time or text that cannot be taken, or a group's name as user, E704 for a session that was
        forgotten, E601 in a view.
        """
        self.db.check_writable()
        check_no_group(self.db, user)
        message = message_of(text, user, self.name if agent is None else agent, session, role, at, importance, expires)
        self._check_kept_out(message.key)
        self._table("messages").put([message], readers=[self._shares.code(message)])
        if (waits := self._waits()) >= self.policy.run_after:
            self._upkeep.start(waits, self.policy.run_after)
        return message.key

    def _check_kept_out(self, key: str) -> None:
        own = table(self.name, "messages")
        if self.db.catalog.keeps_out(own, key, self.db.catalog.forgotten(own)):
            session = key.rpartition("/")[0]
            raise SaemError("E704", f"'{session}' was forgotten and takes no messages", where=caller(),
                            fix=f"name the session otherwise, or: saem allow {own} {session}")

    def _table(self, kind: str) -> Any:
        return self.db.tables[table(self.name, kind)]

    def _waits(self) -> int:
        return int(self.db.catalog.db.execute("select count(*) from inbox where name=?", (table(self.name, "messages"),)).fetchone()[0])

    def revise(self, id: str, value: str | None, *, user: str | None = None, agent: str | None = None, session: str = "revisions",
               at: When = None) -> str:
        """Correct a belief: its object is `value` from now on, or it is no longer so (None). The older one is superseded, not lost.

        Raises: E209 for a belief that the asker does not reach.
        """
        belief = self._searched(user, agent).present.beliefs.get(id)
        if belief is None:
            raise SaemError("E209", f"no belief is named '{id}'", where=caller(), fix="give an id that recall or beliefs gave")
        return [self.remember(text, session=session, user=belief.user, agent=belief.agent, role="revision", at=at)
                for text in revisions(belief, value)][-1]

    # recalling

    def recall(self, question: str, *, user: str | None = None, agent: str | None = None, budget_tokens: int = 800, k: int = 10,
               at: When = None, kinds: Sequence[str] = ("belief", "message"), everyone: bool = False) -> Recall:
        """The memories that fit a question, best first, within a budget: beliefs that hold, with the messages that say so, and other
        messages.

        A message that was remembered a moment ago is found, by its words, and supersedes what it contradicts. Where no memory fits the
        question, the hottest beliefs are given, with relevance 0, `fits` is False, and `text` says so.

        at        as of a time: later messages are not looked at
        everyone  without a user: what all users said, for the owner
        Raises: E104 without a user.
        """
        check_asker(self.db, user, everyone)
        if k < 1 or budget_tokens < 1:
            raise SaemError("E104", f"k is {k}, budget_tokens {budget_tokens}", where=caller(), fix="at least 1")
        moment, searched = at_of(at), self._searched(user, agent)
        found = searched.find(question, moment, self.policy, kinds, user or self.db.person or "")
        if not (fits := bool(found)):
            found = [each for each in searched.everything(moment, self.policy, ["belief"]) if "belief" in kinds][:3]
        items, used = fitting(found[:k], budget_tokens)
        self._count(items, moment)
        return Recall(question, items, used, len(found) - len(items), fits)

    def _count(self, items: Iterable[Item], at: Time) -> None:
        if self.db.person is None and getattr(self.db, "pinned", None) is None:
            self._uses.count([source.message for each in items for source in each.sources], at)
            if sum(self._uses.new.values()) >= KEEP_AFTER:
                self._keep_uses()

    def _keep_uses(self) -> None:
        self._uses.keep(self._ready.waiting())

    def context(self, *, user: str | None = None, agent: str | None = None, session: str | None = None, question: str = "",
                budget_tokens: int = 2000, at: When = None, everyone: bool = False) -> Context:
        """The main context of a conversation, at most `budget_tokens` long: beliefs, the newest messages, summaries of what is paged out.

        session   whose messages come first; default: the newest messages of all sessions
        question  chooses the beliefs; default: the hottest
        Raises: E104 without a user, unless of everyone.
        """
        check_asker(self.db, user, everyone)
        if budget_tokens < 1:
            raise SaemError("E104", f"budget_tokens is {budget_tokens}", where=caller(), fix="at least 1")
        moment, searched = at_of(at), self._searched(user, agent)
        every = searched.everything(moment, self.policy, ["belief", "message"])
        known = [each for each in every if each.kind == "belief"]
        if question.strip():
            asked = {each.id: each.score for each in searched.find(question, moment, self.policy, ["belief"],
                                                                                 user or self.db.person or "")}
            known.sort(key=lambda each: -asked.get(each.id, -1.0))
        said = [each for each in every if each.kind == "message"]
        said.sort(key=lambda each: (each.id.split("/")[1] == session, each.said_at, each.id), reverse=True)
        made = contexts.built(known, said, self._summaries(user, agent, moment), budget_tokens, self.policy)
        self._count(made.known, moment)
        return made

    def _summaries(self, user: str | None, agent: str | None, at: Time) -> list[Item]:
        made = []
        for key, each in self._rows("episodes", Episode, user, agent):
            if each.text and each.began <= at:
                text = f"{each.began:%Y-%m-%d} ({each.messages} messages): {each.text}"
                source = Source(f"{each.user or '-'}/{each.session}/", 0, 0, each.text)
                made.append(Item("episode", key, text, each.user, each.agent, each.ended, None, (), (source,), 0.0, {}, "warm",
                                 tokens(text) + 1))
        return sorted(made, key=lambda item: (item.said_at, item.id), reverse=True)

    def tools(self, *, session: str, user: str | None = None, agent: str | None = None, everyone: bool = False) -> list[Tool]:
        """recall, remember and revise as functions for a model, bound to who asks. Raises: E104 without a user."""
        check_asker(self.db, user, everyone)
        return tools(self, user, agent, session, everyone)

    # sharing

    def share(self, agent: str, with_: Sequence[str], *, user: str = "", reason: str = "") -> int:
        """Let people, groups or agents ("agent:coach") read what an agent remembers, now and later; of one user, if named.

        Returns how many messages have other readers now: 0 where an agent has remembered nothing yet, or a name is new. A grant is
        recorded in the table of shares, and lasts until `unshare`.
        """
        self.db.check_writable()
        self._shares.add(agent, with_, user, reason)
        return self._regrant(agent, user)

    def unshare(self, agent: str, with_: Sequence[str], *, user: str = "") -> int:
        """Take a grant back, with the same names. Raises: E209 where there is none."""
        self.db.check_writable()
        self._shares.drop(agent, with_, user)
        return self._regrant(agent, user)

    def shares(self) -> list[Share]:
        """The grants that are in force."""
        return self._shares.held()

    def _regrant(self, agent: str, user: str) -> int:
        changed = self._shares.regrant(self._whole(None, None), agent, user)
        self.keep_current(wait_s=60)
        return changed

    # forgetting and upkeep

    def forget(self, *keys: str, user: str | None = None, session: str | None = None, reason: str = "", dry_run: bool = False) -> "Receipt":
        """Erase messages and all that was made from them, everywhere; returns the receipt. Older beliefs hold again.

        keys           of messages, or "user/session" for all of a session, which then takes no more
        user, session  every message of them instead
        Raises: E209 where nothing is remembered of them.
        """
        self.db.check_writable()
        found = list(keys)
        if user is not None or session is not None:
            every = self._whole(None, None).messages
            found += [key for key, each in every.items() if user in (None, each.user) and session in (None, each.session)]
        if not found:
            whose = " in ".join([f"of '{user}'"] * (user is not None) + [f"session '{session}'"] * (session is not None))
            raise SaemError("E209", f"nothing is remembered {whose}" if whose else "nothing to forget is named", where=caller(),
                            fix='user= or session= of a message, as messages() shows them, or keys')
        self._uses.clear()
        self._upkeep.join()
        receipt = self.db.forget(table(self.name, "messages"), *found, reason=reason, dry_run=dry_run, wait_s=60)
        self._ready.clear()
        return receipt

    def expire(self, at: When = None) -> int:
        """Delete the messages whose time is over, or that are older than `Policy.keep_days`; how many. What they superseded holds again."""
        self.db.check_writable()
        moment, present = at_of(at), self._whole(None, None)
        oldest = None if self.policy.keep_days is None else moment - datetime.timedelta(days=self.policy.keep_days)
        over = [key for key, each in present.messages.items()
                if (each.expires_at and each.expires_at <= moment) or (oldest is not None and each.said_at < oldest)]
        if over:
            self._table("messages").drop(over)
            self.keep_current(wait_s=60)
        return len(over)

    def keep_current(self, wait_s: float = 0.0) -> "Report | None":
        """Bring the tables up to date; None where another run is at work, which or whose next will. `saem run` does the same."""
        self._upkeep.join()
        self._keep_uses()
        return self._upkeep.run(wait_s)

    def close(self) -> None:
        """Keep what was counted, and bring the tables up to date."""
        if self.db.person is None:
            self.keep_current()


def memory(db: "Project", name: str = "memory", extractor: Any = "rules", policy: Policy | None = None,
           embedder: str | None = USUAL, remote: bool = True) -> Memory:
    """The memory of that name in a project: its tables are declared where they are not yet. Put the same line into `pipeline.py`.

    extractor  what reads claims out of messages: 'rules' (Korean and English, no model), or a function (text, said_at) -> Iterable[Found]
    policy     weights, tiers, budgets, expiry
    embedder   finds messages by meaning beside their words, once a run has embedded them: 'usual' = the default model where it is
               installed, None = words alone, or any model that `embed` takes
    remote     False: no model elsewhere, of language or of embeddings, is shown what is remembered
    Raises: E805 for an extractor or embedder elsewhere with remote=False.
    """
    model = nearness.usual() if embedder == USUAL else embedder
    if db.person is None and db.origin is db:
        declare(db, name, extractor, model, remote)
    elif table(name, "messages") not in db.heads():
        raise SaemError("E202", f"no memory is named '{name}'", where=caller(), fix=f'memory(db, "{name}") in pipeline.py, then: saem run')
    return Memory(db, name, extractor, policy or Policy(), model, remote)
