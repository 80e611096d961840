"""Whose memories a question reaches: what the asker may read, and for an agent that speaks with a user, nothing of other users."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core.errors import SaemError, caller
from saem.engine.hindsight import hidden
from saem.infer.memory.rows import Share
from saem.store.readable import NO_CODE, Readable
from saem.store.table import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saem.engine.project import Project
    from saem.store.heads import Head

AGENT = "agent:"


@dataclass(frozen=True)
class Reach:
    """Rows of `codes` (None = all, for the owner); where an agent asks for a user, of those what the user may read too, what the agent
    noted of the user, and its notes of nobody."""

    codes: frozenset[int] | None
    shared_codes: frozenset[int] | None = None
    user: str = ""

    def allows(self, code: int, user: str) -> bool:
        if self.codes is not None and code not in self.codes:
            return False
        return self.shared_codes is None or code in self.shared_codes or user in (self.user, "")

    def rows(self, db: "Project", name: str, heads: "Mapping[str, Head]", columns: Sequence[str], where: str | None = None) -> pa.Table:
        """The published rows of a table that it reaches; the rights are part of the scan."""
        table: pa.Table = self._scanner(db, name, heads, columns, where).to_table()
        return table

    def batches(self, db: "Project", name: str, heads: "Mapping[str, Head]", columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The same, batch by batch."""
        yield from self._scanner(db, name, heads, columns, None).to_batches()

    def _scanner(self, db: "Project", name: str, heads: "Mapping[str, Head]", columns: Sequence[str], where: str | None) -> Any:
        from saem.engine.project import Project

        dataset = Project.published(db, name, heads)
        if self.codes is not None:
            dataset = Readable(dataset, self.codes, hidden(db, name, self.codes).to_pylist())
        conditions = [f"({where})"] if where else []
        if self.shared_codes is not None:
            codes = ", ".join(map(str, sorted(self.shared_codes) or [NO_CODE]))
            own = f" OR `user` IN ({literal(self.user)}, '')" if "user" in dataset.schema.names else ""
            conditions.append(f"(_readers IN ({codes}){own})")
            if gone := hidden(db, name, self.shared_codes).to_pylist():
                conditions.append(f"_id NOT IN ({', '.join(map(literal, gone))})")
        return dataset.scanner(columns=list(columns), filter=" AND ".join(conditions) or None)


class Reaches:
    """Reaches by who asks, for as long as reader sets and groups stay what they are."""

    def __init__(self, db: "Project") -> None:
        self.db = db
        self._codes: dict[tuple[object, ...], frozenset[int]] = {}

    def of(self, user: str | None, agent: str | None) -> Reach:
        """Raises: E601 where a person asks as another."""
        person = self.db.person
        for name in filter(None, (user, agent)):
            check_name("user" if name == user else "agent", name)
        if person is None:
            if agent is None:
                return Reach(None if user is None else self.codes(user))
            return self._for(self.codes(AGENT + agent), user)
        if person.startswith(AGENT):
            if agent is not None and AGENT + agent != person:
                raise _denied(person, AGENT + agent)
            return self._for(self.codes(person), user)
        if user not in (None, person):
            raise _denied(person, str(user))
        return Reach(self.codes(person) if agent is None else self.codes(person) & self.codes(AGENT + agent))

    def _for(self, codes: frozenset[int], user: str | None) -> Reach:
        return Reach(codes) if user is None else Reach(codes, self.codes(user), user)

    def codes(self, name: str) -> frozenset[int]:
        """The reader sets that someone is in; of a stranger those that name him."""
        names = self.db.membership().of(name)
        key = (name, self.db.catalog.readers_stamp(), names)
        if key not in self._codes:
            if len(self._codes) > 4_096:
                self._codes.clear()
            self._codes[key] = self.db.catalog.codes_for(names, self.db.knows(name))
        return self._codes[key]


def check_asker(db: "Project", user: str | None, everyone: bool) -> None:
    """Raises: E104 where the owner's program names nobody: a session without a user is not to read what all users said."""
    if user is None and not everyone and db.person is None:
        raise SaemError("E104", "no user is named, and everybody's memories are not for one", where=caller(),
                        fix='user="kim"; as the owner, of all users: everyone=True')


def readers_of(user: str, agent: str, shares: Iterable[Share]) -> list[str]:
    """Who may read a message: its user and its agent, and those with whom it is shared."""
    shared = [name for share in shares if share.agent == agent and share.user in ("", user) for name in share.names]
    return sorted({*filter(None, [user]), AGENT + agent, *shared})


def check_name(what: str, name: str) -> None:
    """Raises: E104 for a user, agent or session that cannot stand in a key."""
    is_good = isinstance(name, str) and 0 < len(name) <= 200 and "/" not in name and name.isprintable() and name.strip() == name
    if not is_good or name in ("*", "-") or (what == "user" and name.startswith(AGENT)):
        raise SaemError(
            "E104", f"{what} is {name!r:.60}", where=caller(), fix=f"{what}= a name of 1 to 200 printable characters without '/'"
        )


def check_no_group(db: "Project", user: str) -> None:
    """Raises: E104 where a user bears the name of a group: all its members would read what is remembered."""
    if user and user in db.membership().names:
        raise SaemError("E104", f"user is {user!r:.60}, the name of a group", where=caller(),
                        fix="the person's own name; share() gives what is remembered to groups")


def _denied(person: str, other: str) -> SaemError:
    return SaemError(
        "E601", f"what '{other}' remembers: not for '{person}'", where=caller(), fix="ask as yourself, or ask the owner of the project"
    )
