"""An older copy of the state that is put back: what was forgotten since is there again, and what was allowed again since is kept out.

The folder of receipts outlives the catalog. A receipt that the catalog does not know is of an erasure that the copy has not seen:
nothing is shown until the next command that writes has done it again. Beside the receipts, a file holds what was allowed again: a table
and the mark of a key a line.
"""
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from saem.core.errors import SaemError
from saem.engine.receipts import FOLDER, names

if TYPE_CHECKING:
    from saem.engine.project import Project

ALLOWED = "allowed.txt"


def returned(project: "Project") -> list[str]:
    """The receipts whose erasures the catalog does not know, oldest first."""
    there = names(project.state)
    known = {name for (name,) in project.catalog.db.execute("select id from erasure")} if there else set()
    return [name for name in there if name not in known]


def check_whole(project: "Project") -> None:
    """Raises: E705 where an older copy was put back, and what was forgotten since is not erased yet."""
    origin = project.origin
    try:
        stamp = os.stat(os.path.join(origin.state, FOLDER)).st_mtime_ns
    except FileNotFoundError:
        return
    if stamp != origin.receipts_seen and not origin.is_finishing:
        if returned(origin):
            raise SaemError("E705", "an older copy of the state was put back: nothing is shown until what was forgotten since is "
                            "erased again", fix="saem run")
        origin.receipts_seen = stamp


def allowed(state: str) -> dict[str, set[bytes]]:
    """{table: marks of the keys that were forgotten and then allowed again}."""
    found: dict[str, set[bytes]] = {}
    path = os.path.join(state, FOLDER, ALLOWED)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for table, mark in map(str.split, file):
                found.setdefault(table, set()).add(bytes.fromhex(mark))
    return found


def note_allowed(project: "Project", table: str, marks: Iterable[bytes]) -> None:
    """Of marks that receipts hold: they are allowed again."""
    _write(project, table, allowed(project.state).get(table, set()) | set(marks))


def note_forgotten(project: "Project", table: str, marks: Iterable[bytes]) -> None:
    """Marks that had been allowed are forgotten anew."""
    held = allowed(project.state).get(table, set())
    if held & set(marks):
        _write(project, table, held - set(marks))


def lift(project: "Project") -> None:
    """Keep out nothing that was allowed after the copy had been made."""
    for table, marks in allowed(project.state).items():
        if held := marks & project.catalog.forgotten(table):
            project.catalog.allow(table, held)


def _write(project: "Project", table: str, marks: set[bytes]) -> None:
    path = os.path.join(project.state, FOLDER, ALLOWED)
    with project.catalog.transaction():         # one at a time
        held = allowed(project.state) | {table: marks}
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.writelines(f"{name} {mark.hex()}\n" for name in sorted(held) for mark in sorted(held[name]))
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".part", path)
