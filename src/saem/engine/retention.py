"""How long snapshots are kept. What no kept snapshot, no table and no derivation needs any more leaves the disk.

Kept are the newest `snapshots`, the last of each of the newest `days`, and all of the last minutes, which another process
may be reading. Rows that are gone from all of them are gone from the files. Days are those on which something was published: a clock
that is a year ahead for an hour takes no snapshot away.
"""
import datetime
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import lance

from saem.store.heads import Snapshot

if TYPE_CHECKING:
    from saem.engine.project import Project

GRACE_S = 600.0        # a reader that has opened a snapshot is done with it by then
BATCH = 20             # snapshots given up together: looking for their files costs some milliseconds a table


@dataclass(frozen=True)
class Retention:
    """snapshots: how many of the newest are kept; days: of how many days on which something was published the last one is."""
    snapshots: int = 100
    days: int = 30


def given_up(snapshots: Iterable[Snapshot], keep: Retention, now: float) -> list[int]:
    """The numbers of those that are kept no longer; the newest is always kept.

    >>> day = 86_400.0
    >>> many = [Snapshot(n, n * day / 2, {}) for n in range(1, 11)]
    >>> given_up(many, Retention(snapshots=2, days=3), now=10 * day / 2)
    [1, 2, 3, 4, 5, 6, 8]
    """
    newest_first = sorted(snapshots, key=lambda each: -each.number)
    kept = {each.number for each in newest_first[:max(1, keep.snapshots)]}
    kept |= {each.number for each in newest_first if each.published_at > now - GRACE_S}
    seen: set[datetime.date] = set()
    for each in newest_first:
        day = datetime.date.fromtimestamp(each.published_at)
        if len(seen) < keep.days and day not in seen:
            seen.add(day)
            kept.add(each.number)
    return sorted(each.number for each in newest_first if each.number not in kept)


def prune(project: "Project", *, batch: int = BATCH, now: float | None = None) -> list[int]:
    """Give snapshots up and remove what only they needed; the caller holds the lease. Returns their numbers, [] while they are few."""
    catalog = project.catalog
    gone = given_up(catalog.snapshots(), project.keep, time.time() if now is None else now)
    if len(gone) < batch:
        return []
    catalog.forget_snapshots(gone)
    needed: dict[str, set[int]] = {}
    for place, version in [*((place, version) for each in catalog.snapshots() for place, version in each.heads.values()),
                           *((head.place, head.version) for head in catalog.heads().values()), *catalog.marks()]:
        needed.setdefault(place, set()).add(version)
    for place, versions in needed.items():
        if os.path.isdir(project.uri(place)):
            dataset = lance.dataset(project.uri(place))
            doomed = [each["version"] for each in dataset.versions() if each["version"] < max(versions) and each["version"] not in versions]
            if doomed:
                dataset.cleanup_old_versions(versions=doomed, error_if_tagged_old_versions=False)
    return gone
