"""Who may open a file, by owner, group and mode, as clauses of names; and who is in the groups of this machine.

A file is read by whom its mode lets read it (r) and whom every folder on the way lets pass (x), from the source's own folder down;
what lies above that, the project's owner has decided by naming the folder. Names are the machine's: users and groups.

saem knows who may, never who may not. So where a mode shuts out a group that others are let in before (`-rw----r--`), or an access
control list stands beside the mode, only those are let in of whom it is certain: fewer than the machine would, never more.
"""
import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from saem.core.errors import SaemError
from saem.core.principals import FOR_ALL, FOR_NONE, Clauses, all_of, clauses
from saem.core.source import source

READ, PASS = 4, 1
ACL = "system.posix_acl_access"


@dataclass
class Permissions:
    """Of the files of one listing. An archive's members are read by those who may read the archive."""
    _root: str = ""
    _found: dict[str, Clauses] = field(default_factory=dict)       # key -> readers
    _passed: dict[str, Clauses] = field(default_factory=dict)      # folder -> who may pass it and all above, up to the source's own
    _names: dict[tuple[Callable[[int], str], int], str] = field(default_factory=dict)

    def begin(self, root: str) -> None:
        """A new listing. Raises: E104 where files have no owner and mode."""
        if os.name != "posix":
            raise SaemError("E104", 'readers="posix": files of this system have no owner, group and mode',
                            fix="db.source(..., readers=[...])")
        self._root = os.path.realpath(root)
        for known in (self._found, self._passed, self._names):
            known.clear()

    def note(self, key: str, path: str, stat: os.stat_result) -> None:
        """A file that was seen."""
        place = os.path.realpath(path)
        on_the_way = {os.path.dirname(os.path.abspath(path)), os.path.dirname(place)}       # of a link, and of what it leads to
        self._found[key] = all_of([self._allowed(stat, READ, place), *map(self._passing, on_the_way)])

    def of(self, key: str) -> Clauses:
        """Who may read a file, or the archive that it lies in; nobody, where it was not seen."""
        while key not in self._found:
            key, slash, _ = key.rpartition("/")
            if not slash:
                return FOR_NONE
        return self._found[key]

    def _passing(self, place: str) -> Clauses:
        if place not in self._passed:
            try:
                own = self._allowed(os.stat(place), PASS, place)
            except OSError:
                own = FOR_NONE
            is_top = os.path.realpath(place) == self._root or os.path.dirname(place) == place
            self._passed[place] = own if is_top else all_of([own, self._passing(os.path.dirname(place))])
        return self._passed[place]

    def _allowed(self, stat: os.stat_result, bit: int, place: str) -> Clauses:
        """A class of users counts where those before it have the right as well."""
        user, group, others = (bool(stat.st_mode >> shift & bit) for shift in (6, 3, 0))
        if not user:
            return FOR_NONE
        if not group or _has_acl(place):       # beside an ACL the group's bits are the most that any of its entries may
            return clauses([self._name(_user, stat.st_uid)])
        return FOR_ALL if others else clauses([self._name(_user, stat.st_uid), self._name(_group, stat.st_gid)])

    def _name(self, of: Callable[[int], str], number: int) -> str:
        """Asked of the machine once a listing."""
        if (of, number) not in self._names:
            self._names[of, number] = of(number)
        return self._names[of, number]


def _user(number: int) -> str:
    import pwd
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid:{number}"


def _group(number: int) -> str:
    """A user who has a group's name without being in it would be taken for the group: then it goes by its number."""
    import grp
    import pwd
    try:
        found = grp.getgrgid(number)
    except KeyError:
        return f"gid:{number}"
    try:
        same = pwd.getpwnam(found.gr_name)
    except KeyError:
        return found.gr_name
    return found.gr_name if same.pw_gid == number or same.pw_name in found.gr_mem else f"gid:{number}"


def _has_acl(place: str) -> bool:
    """Whether more than owner, group and mode decides. What cannot be told counts as yes."""
    if not hasattr(os, "getxattr"):
        return False
    try:
        os.getxattr(place, ACL)
    except OSError as error:
        return error.errno not in (errno.ENODATA, errno.ENOTSUP, errno.EOPNOTSUPP)
    return True


@dataclass(frozen=True)
class Member:
    """One user in one group of this machine."""
    group: str
    member: str


@source(version="1", key=("group", "member"))
def posix_groups() -> Iterable[Member]:
    """Who is in which group of this machine: one row for each member of each group, for `db.groups_from`."""
    import grp
    import pwd
    found = {(_group(each.gr_gid), member) for each in grp.getgrall() for member in each.gr_mem}
    found |= {(_group(each.pw_gid), each.pw_name) for each in pwd.getpwall()}
    return [Member(group, member) for group, member in sorted(found) if group != member]
