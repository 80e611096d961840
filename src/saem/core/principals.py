"""Who may read: a row's readers, and who is who.

The readers of a row are a set of *clauses*, each a set of names; a person may read it who is in every clause, by name or
through a group. A source row has one clause; a row made from several has those of all its parents, because who may read
it must be allowed to read each. Groups stay names: who is in them may change without a row being written.
"""
from collections.abc import Iterable, Mapping

Clauses = frozenset[frozenset[str]]

ALL = "*"
FOR_ALL: Clauses = frozenset()                       # nothing is asked of a reader
FOR_NONE: Clauses = frozenset({frozenset[str]()})    # a clause that nobody is in
MOST_CLAUSES = 16          # rows made from more kinds of readers are nobody's, until they are granted: fails closed, stays small


def clauses(names: Iterable[str]) -> Clauses:
    """One clause: any of these names; "*" is everyone, no names is nobody.

    >>> clauses(["staff", "*"]) == FOR_ALL, clauses([]) == FOR_NONE
    (True, True)
    """
    members = frozenset(names)
    return FOR_ALL if ALL in members else frozenset({members})


def all_of(sets: Iterable[Clauses]) -> Clauses:
    """Those who may read all of these; a clause that a narrower one implies is left out.

    >>> all_of([clauses(["staff", "hr"]), clauses(["hr"]), FOR_ALL]) == clauses(["hr"])
    True
    """
    every = frozenset[frozenset[str]]().union(*sets)
    least = frozenset(each for each in every if not any(other < each for other in every))
    return least if len(least) <= MOST_CLAUSES else FOR_NONE


def either(readers: Clauses, names: Iterable[str]) -> Clauses:
    """Those, and whoever has one of the names: a grant.

    >>> either(FOR_NONE, ["kim"]) == clauses(["kim"])
    True
    """
    wider = frozenset(names)
    return FOR_ALL if ALL in wider else all_of([frozenset(each | wider for each in readers)])


def is_wider(readers: Clauses, others: Clauses) -> bool:
    """Whether all of those others may read it, whoever is in which group.

    >>> is_wider(clauses(["staff", "hr"]), clauses(["hr"])), is_wider(clauses(["hr"]), FOR_ALL), is_wider(clauses(["hr"]), FOR_NONE)
    (True, False, True)
    """
    return all(any(other <= clause for other in others) for clause in readers)


def may_read(readers: Clauses, names: frozenset[str]) -> bool:
    """Whether a person who goes by these names is in every clause.

    >>> may_read(all_of([clauses(["staff"]), clauses(["kim"])]), frozenset({"kim", "staff"}))
    True
    """
    return all(clause & names for clause in readers)


class Groups:
    """Who is in which group. A group may hold groups; those in a circle are one.

    >>> groups = Groups({"library": ["kim", "lee"], "staff": ["library"], "students": ["park"]})
    >>> sorted(groups.of("kim")), "park" in groups, "cho" in groups
    (['kim', 'library', 'staff'], True, False)
    """

    def __init__(self, named: Mapping[str, Iterable[str]], pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.names = set(named)
        self._above: dict[str, set[str]] = {}
        for group, member in [*((group, member) for group, members in named.items() for member in members), *pairs]:
            self.names.add(group)
            self._above.setdefault(member, set()).add(group)

    def of(self, name: str) -> frozenset[str]:
        """The name and all groups that it is in, through other groups too."""
        found, todo = {name}, [name]
        while todo:
            above = self._above.get(todo.pop(), set()) - found
            found |= above
            todo += above
        return frozenset(found)

    def __contains__(self, name: object) -> bool:
        return name in self.names or name in self._above

    @property
    def people(self) -> set[str]:
        """Members that are no groups themselves."""
        return set(self._above) - self.names
