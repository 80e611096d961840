"""One SQLite file: opened, brought to the format of today, and written in whole transactions."""
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from saem.core.errors import SaemError


def connect(path: str, schema: str, number: int, steps: Mapping[int, str]) -> sqlite3.Connection:
    """A connection for one thread to a file of the format `number`; `steps` lead there from older ones.

    Raises: E204 where it cannot be opened, E205 if a newer saem wrote it, E304 on a full disk.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        found = db.execute("pragma user_version").fetchone()[0]
        if found > number:
            raise SaemError("E205", f"the project was written by a newer saem (format {found}, this one knows {number})",
                            where=path, fix="pip install --upgrade saem")
        if found < number:
            db.executescript("pragma journal_mode=wal;" + steps.get(found, "") + schema + f"pragma user_version={number};")
        db.execute("pragma synchronous=full")
        db.execute("pragma secure_delete=on")      # what is deleted is written over
        return db
    except sqlite3.DatabaseError as error:
        if shutil.disk_usage(os.path.dirname(path)).free < 1 << 16:
            raise SaemError("E304", "the disk is full; not even the catalog can be opened", where=path,
                            fix="make room, then: saem run") from error
        raise SaemError("E204", f"the catalog cannot be opened: {error}", where=path,
                        fix="is the folder writable, and the file a saem catalog?") from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        if db.in_transaction:      # a full disk has rolled back already
            db.execute("rollback")
        raise


def storable(text: str) -> str:
    """Half a surrogate pair, as escapes: SQLite takes UTF-8 only."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
