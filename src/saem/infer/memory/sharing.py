"""Shares of a memory: grants that let others read what an agent remembers. Each is a row; taken back, it is as if it had never been."""
import datetime
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saem.core.columns import objects, row_schema
from saem.core.errors import SaemError, caller
from saem.infer.memory.present import Present
from saem.infer.memory.reach import check_name, readers_of
from saem.infer.memory.rows import Message, Share
from saem.infer.memory.tables import table

if TYPE_CHECKING:
    from saem.engine.project import Project


class Shares:
    """The grants of one memory that are in force, published or waiting."""

    def __init__(self, db: "Project", name: str) -> None:
        self.db, self.name = db, table(name, "shares")
        self.messages = table(name, "messages")
        self._held: tuple[object, list[Share]] = (None, [])

    def held(self) -> list[Share]:
        heads = self.db.catalog.heads()
        last, waits = self.db.catalog.inbox(self.name)
        mark = (heads.get(self.name), last)
        if self._held[0] != mark:
            found = {}
            if self.name in heads:
                from saem.engine.project import Project
                rows = Project.published(self.db.origin, self.name, heads).to_table(columns=row_schema(Share).names)
                found = {share.key: share for share in objects(rows, Share)}
            for key, row in waits.items():
                found.pop(key, None)
                if row is not None:
                    values = json.loads(row)["row"]
                    found[key] = Share(**{**values, "since": datetime.datetime.fromisoformat(values["since"])})
            self._held = (mark, list(found.values()))
        return self._held[1]

    def add(self, agent: str, with_: Sequence[str], user: str, reason: str) -> None:
        """Raises: E104 for names that cannot be given."""
        check_name("agent", agent)
        if not with_ or isinstance(with_, str) or "*" in with_:
            raise SaemError("E104", f"with_ is {with_!r:.60}", where=caller(), fix='with_=["team:math"]: names of people, groups, agents')
        share = Share(_key(agent, user, with_), agent, user, sorted(with_), reason, datetime.datetime.now(datetime.UTC))
        self.db.tables[self.name].put([share], readers=[self.db.catalog.reader_code([])])

    def drop(self, agent: str, with_: Sequence[str], user: str) -> None:
        """Raises: E209 where there is none."""
        known = {each.key for each in self.held()}
        if _key(agent, user, with_) not in known:
            raise SaemError("E209", f"'{agent}' is not shared so", where=caller(), fix="; ".join(sorted(known)) or "nothing is")
        self.db.tables[self.name].drop([_key(agent, user, with_)])

    def code(self, message: Message) -> int:
        """The code of those who may read a message."""
        return self.db.catalog.own_code(readers_of(message.user, message.agent, self.held()))

    def regrant(self, present: Present, agent: str, user: str) -> int:
        """The messages of an agent are put again with the readers that they have now; nothing is computed again for it. How many."""
        codes = {each.key: self.code(each) for each in present.messages.values() if each.agent == agent and user in ("", each.user)}
        changed = [key for key, code in codes.items() if code != present.codes[key]]
        if changed:
            self.db.tables[self.messages].put([present.messages[key] for key in changed], readers=[codes[key] for key in changed])
        return len(changed)


def _key(agent: str, user: str, with_: Sequence[str]) -> str:
    return json.dumps([agent, user, sorted(with_)], ensure_ascii=False)
