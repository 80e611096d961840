"""Stories of a memory - remember, revise, drop, forget, share, expire, run, crash - each state checked against the laws.

    python -m tests.contract.stories --seconds 60 --seed 7
"""
import argparse
import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from saem.core.columns import objects
from saem.core.run import OnStep, ignore
from saem.engine.project import Project
from saem.infer.memory import Memory, memory
from saem.infer.memory.rows import Message, Share, Use
from tests.contract.fuzz import Crash, Fuse
from tests.contract.laws import check_equal, check_idle, check_parents_exist, check_readers, check_sufficiency, check_views, tables_of

TEXTS = ["I live in Seoul.", "I moved to Busan.", "나는 제주에 살아.", "I like tea and coffee.", "I no longer like tea.",
         "My hobby is chess.",
         "My hobby is pottery until May 3.", "My exam is on June 3.", "시험이 6월 17일로 바뀌었어.", "My friend works at Kakao.",
         "The school festival is on May 5.", "Remember that my locker code is 4711.", "Thanks, that helps.", "Where do I live?"]
WHEN = [f"2026-04-{day:02}" for day in range(1, 7)]      # few, so that things are said at one moment, and out of turn
LATER = "2026-06-01"
ASKERS: list[dict[str, str]] = [{}, {"user": "kim"}, {"user": "lee"}, {"agent": "tutor"}, {"user": "kim", "agent": "tutor"},
                                {"user": "lee", "agent": "coach"}]
STEPS = {"remember": 8, "revise": 1, "drop": 2, "forget": .7, "share": 1, "unshare": .5, "expire": .4, "recall": 2, "run": 2, "crash": 1}


class Story:
    """One project with a memory, what was said to it, and who may read that - in the test's own words."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        fast = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.home = tempfile.mkdtemp(prefix="saem-story-", dir=fast)
        self.said: dict[str, Message] = {}
        self.shared: set[tuple[str, str, str]] = set()       # agent, user or '', with whom
        self.db = Project(f"{self.home}/state")
        self.notes = memory(self.db, "tutor", embedder="hash")

    def close(self) -> None:
        self.db.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def reopen(self, on_step: OnStep = ignore) -> None:
        """As another process would find it: with nothing kept in memory."""
        self.db.close()
        self.db = Project(f"{self.home}/state", on_step)
        self.notes = memory(self.db, "tutor", embedder="hash")

    def tell(self, steps: int) -> None:
        for step in self.dice.choices(list(STEPS), list(STEPS.values()), k=steps):
            getattr(self, f"_{step}")()
            self.notice_new()
        self.check()

    def notice_new(self) -> None:
        self.said = {each.key: each for each in self.notes.messages()} if len(self.notes.messages()) > len(self.said) else self.said
        assert {each.key for each in self.notes.messages()} == set(self.said), "a message is lost, or back"

    def _remember(self) -> None:
        who = self.dice.choice(["kim", "kim", "lee", ""])
        agent, role = self.dice.choice(["tutor", "coach"]), "user" if who else "note"
        key = self.notes.remember(self.dice.choice(TEXTS), session=f"s{self.dice.randrange(99)}", user=who, agent=agent, role=role,
                                  at=self.dice.choice(WHEN), expires=self.dice.choice([None, None, "2026-05-01"]))
        assert key in {each.key for each in self.notes.messages(agent=agent)}, "what was remembered is not found"

    def _revise(self) -> None:
        if held := self.notes.beliefs(at=LATER, everyone=True):
            chosen = self.dice.choice(held)
            self.notes.revise(chosen.id, self.dice.choice([None, "something else"]), at=LATER)

    def _drop(self) -> None:
        if self.said:
            key = self.dice.choice(sorted(self.said))
            self.db.tables["tutor_messages"].drop([key])
            del self.said[key]

    def _forget(self) -> None:
        if self.said:
            key = self.dice.choice(sorted(self.said))
            receipt = self.notes.forget(key)
            assert receipt.verdict != "found", receipt.summary()
            del self.said[key]
            assert key not in str([self.db.table(name).to_arrow().to_pylist() for name in self.db.heads()]), "what was forgotten is there"

    def _share(self) -> None:
        agent, user, name = self.dice.choice(["tutor", "coach"]), self.dice.choice(["", "kim"]), self.dice.choice(["lee", "kim", "park"])
        self.notes.share(agent, [name], user=user)
        self.shared.add((agent, user, name))

    def _unshare(self) -> None:
        if self.shared:
            agent, user, name = self.dice.choice(sorted(self.shared))
            self.notes.unshare(agent, [name], user=user)
            self.shared.discard((agent, user, name))

    def _expire(self) -> None:
        over = {key for key, each in self.said.items() if each.expires_at}
        assert self.notes.expire("2026-05-02") == len(over)
        self.said = {key: each for key, each in self.said.items() if key not in over}

    def _recall(self) -> None:
        asker = self.dice.choice(ASKERS)
        allowed = {key for key, each in self.said.items() if self.may_read(each, **asker)}
        found = self.notes.recall(self.dice.choice(TEXTS), **asker, at=LATER, everyone="user" not in asker)
        named = {source.message for item in found.items for source in item.sources}
        assert named <= allowed, f"{asker} is shown {sorted(named - allowed)}"

    def _run(self) -> None:
        self.notes.keep_current()
        if self.dice.random() < .3:
            self.reopen()

    def _crash(self) -> None:
        self.reopen(Fuse(int(self.dice.random() ** 2 * 60)))
        with contextlib.suppress(Crash):
            self.notes.keep_current()
        self.reopen()

    # what must hold

    def readers(self, message: Message) -> set[str]:
        """Who may read it: its user, its agent, and those with whom it is shared."""
        shared = {name for agent, user, name in self.shared if agent == message.agent and user in ("", message.user)}
        return {message.user, f"agent:{message.agent}", *shared} - {""}

    def may_read(self, message: Message, user: str | None = None, agent: str | None = None) -> bool:
        """An agent that speaks with a user reads what both may, and its notes of nobody."""
        readers = self.readers(message)
        if agent is None:
            return user is None or user in readers
        return f"agent:{agent}" in readers and (user is None or user in readers or message.user in (user, ""))

    def check(self) -> None:
        """What waits reads as it will after a run; then the tables are those of a build from nothing, and all the laws hold."""
        waiting = [_view(self.notes, asker) for asker in ASKERS]
        self.notes.keep_current()
        assert [_view(self.notes, asker) for asker in ASKERS] == waiting, "what waits reads otherwise than after a run"
        self.reopen()
        assert [_view(self.notes, asker) for asker in ASKERS] == waiting, "another process reads otherwise"
        for asker, (messages, _, _) in zip(ASKERS, waiting, strict=True):
            allowed = {key for key, each in self.said.items() if self.may_read(each, **asker)}
            assert {each.key for each in messages} == allowed, f"{asker} reads other messages than are theirs"
        tables = tables_of(self.db)
        check_views(self.db, tables)
        check_parents_exist(self.db, tables)
        check_readers(self.db, tables)
        check_sufficiency(self.db, 4, self.dice)
        messages = {row["key"] for row in self.db.table("tutor_messages").to_arrow().to_pylist()}
        assert {row["message"] for row in self.db.table("tutor_uses").to_arrow().to_pylist()} <= messages, "a count outlives its message"
        with self.rebuilt() as again:
            check_equal(tables, tables_of(again))
        check_idle(self.db)

    @contextmanager
    def rebuilt(self) -> Iterator[Project]:
        """A project that is told all that is left at once, in another order."""
        with Project(tempfile.mkdtemp(dir=self.home)) as again:
            memory(again, "tutor", embedder="hash")
            rows = sorted(self.said.values(), key=lambda each: each.text + each.key)
            again.tables["tutor_messages"].put(rows, readers=[again.catalog.reader_code(sorted(self.readers(each))) for each in rows])
            shares = objects(self.db.table("tutor_shares").to_arrow(), Share)
            again.tables["tutor_shares"].put(shares, readers=[again.catalog.reader_code([])] * len(shares))
            uses = objects(self.db.table("tutor_uses").to_arrow(), Use)
            names = {row["key"]: row["_id"] for row in self.db.table("tutor_messages").to_arrow(["key", "_id"]).to_pylist()}
            again.tables["tutor_uses"].put(
                uses, [[names[each.message]] for each in uses],
                [again.catalog.reader_code(sorted(self.readers(self.said[each.message]))) for each in uses])
            again.run()
            yield again


def _view(notes: Memory, asker: dict[str, str]) -> tuple[list[Message], list[object], list[object]]:
    """Messages, every belief that ever held, and what holds now, as one asker sees it."""
    held = [(each.id, each.text, each.is_current, each.sources) for each in notes.beliefs(**asker, at=LATER, everyone="user" not in asker)]
    return notes.messages(**asker), notes.history(**asker), held


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    until, seed = time.monotonic() + given.seconds, given.seed
    while time.monotonic() < until:
        story = Story(seed)
        try:
            for _ in range(3):
                story.tell(12)
        except BaseException:
            print(f"seed {seed} fails")
            raise
        finally:
            story.close()
        seed += 1
    print(f"{seed - given.seed} stories")


if __name__ == "__main__":
    main()
