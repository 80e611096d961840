"""Deleted for good: what Lance and SQLite keep of deleted rows goes from the disk.

Lance keeps deleted rows in data files (marked as deleted), in older versions, in files that a crash left, and in its indexes: the
words of a text index stay even when everything else is gone. So: drop every index, rewrite what holds deleted rows, make the key and
text indexes anew, and, once readers are on the new version, remove every other one.
Source: measured in `python -m benchmarks.forget`, and in tests/engine/test_forgetting.py against the bytes on the disk.
"""
import datetime
import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import lance

from saem.core.errors import SaemError
from saem.core.run import OnStep
from saem.store.table import FRAGMENT_ROWS, opened

BUSY_S = 10.0         # for readers of the catalog to end
VECTOR = "IVF"        # an index over vectors takes minutes to make: the next run that writes the table makes it


@dataclass
class Erased:
    """A dataset without deleted rows, unpublished. indexes: made anew; dropped: to be made by the next run that writes."""
    version: int
    indexes: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def compact(uri: str, version: int, text_index: Mapping[str, Any], on_step: OnStep) -> Erased:
    """Rewrite a dataset, at its published version, without deleted rows and with new indexes. Readers stay on the old version."""
    dataset = opened(uri)
    if dataset.version != version:                  # a crash left something on top
        lance.dataset(uri, version=version).restore()
        dataset = opened(uri)
    name = os.path.basename(uri).split(".")[0]
    had = [(index["name"], index["type"], index["fields"][0]) for index in dataset.list_indices()]
    for index, _, _ in had:
        dataset.drop_index(index)
        dataset = opened(uri)
    on_step(f"{name}:indexes dropped")
    dataset.optimize.compact_files(target_rows_per_fragment=FRAGMENT_ROWS, materialize_deletions=True, materialize_deletions_threshold=0.0)
    dataset = opened(uri)
    on_step(f"{name}:compacted")
    done = Erased(0)
    for _, kind, column in had:
        if kind.upper().startswith(VECTOR):
            done.dropped.append(column)
        elif dataset.count_rows():
            options = text_index if kind.upper() == "INVERTED" else {"index_type": kind.upper()}
            dataset.create_scalar_index(column, replace=True, **options)
            dataset = opened(uri)
            done.indexes.append(column)
    on_step(f"{name}:indexes made")
    done.version = int(dataset.version)
    return done


def forget_versions(uri: str, version: int, on_step: OnStep) -> int:
    """Remove every version but the published one, and every file that it does not name. How many versions went."""
    dataset = opened(uri)
    if dataset.version != version:
        raise SaemError("E302", f"someone else wrote to '{os.path.basename(uri)}' while rows were erased",
                        fix="saem run: it finishes the erasure")
    before = len(dataset.versions())
    dataset.cleanup_old_versions(older_than=datetime.timedelta(0), delete_unverified=True)
    dataset = opened(uri)
    kept = {os.path.basename(file.path) for fragment in dataset.get_fragments() for file in fragment.data_files()}
    _remove_others(os.path.join(uri, "data"), kept)
    _remove_others(os.path.join(uri, "_indices"), {index["uuid"] for index in dataset.list_indices()})
    on_step(f"{os.path.basename(uri).split('.')[0]}:versions removed")
    return before - len(dataset.versions())


def _remove_others(folder: str, kept: set[str]) -> None:
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if name not in kept:
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def index_files(uri: str) -> set[str]:
    """The names of a dataset's index folders: another name is another file."""
    folder = os.path.join(uri, "_indices")
    return set(os.listdir(folder)) if os.path.isdir(folder) else set()


def scrub(db: sqlite3.Connection) -> None:
    """Rewrite a SQLite file without what was deleted, and empty its log. Raises: E302 while others read it for too long."""
    db.execute("pragma secure_delete=on")
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("vacuum")
            if db.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0:
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
        if time.monotonic() >= deadline:
            raise SaemError("E701", "others read the catalog, so its log cannot be emptied", fix="saem run: it finishes the erasure")
        time.sleep(0.05)
