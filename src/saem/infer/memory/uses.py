"""How often memories are recalled: counted in memory, kept as rows now and then. A crash loses some counts, never a message."""

import datetime
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from saem.core.columns import objects, row_schema
from saem.core.identity import ID, id_list
from saem.infer.memory.present import Waiting, message_id
from saem.infer.memory.rows import Use
from saem.infer.memory.tables import table
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.project import Project

KEEP_AFTER = 256  # recalled messages that are counted before they are kept


class Uses:
    """The counts of one memory. Rows name the message as their parent, so that they go with it."""

    def __init__(self, db: "Project", name: str) -> None:
        self.db, self.name = db, name
        self.new: Counter[str] = Counter()
        self.last: dict[str, datetime.datetime] = {}
        self._kept: tuple[object, dict[str, Use]] = (None, {})
        self._readers: dict[str, int] = {}  # of the rows that are kept

    def kept(self) -> Mapping[str, Use]:
        """{message: use} as rows have it, published or waiting."""
        own, heads = table(self.name, "uses"), self.db.catalog.heads()
        last, waits = self.db.catalog.inbox(own)
        mark = (heads.get(own), last, len(waits))
        if self._kept[0] != mark:
            found, self._readers = {}, {}
            if own in heads:
                from saem.engine.project import Project

                rows = Project.published(self.db.origin, own, heads).to_table(columns=[*row_schema(Use).names, "_readers"])
                found = {each.message: each for each in objects(rows, Use)}
                self._readers = dict(zip(found, rows["_readers"].to_pylist(), strict=True))
            for key, row in waits.items():
                if row is None:
                    found.pop(key, None)
                else:
                    body = json.loads(row)
                    values, self._readers[key] = body["row"], body["readers"]
                    found[key] = Use(key, values["count"], datetime.datetime.fromisoformat(values["last"]))
            self._kept = (mark, found)
        return self._kept[1]

    def count(self, messages: "list[str]", at: datetime.datetime) -> None:
        self.new.update(messages)
        self.last |= dict.fromkeys(messages, at)

    def keep(self, tail: Iterable[Waiting]) -> None:
        """Put what was counted, of messages that are still there; counts of others go, and those who may read a message read its count.

        tail  what waits for a run
        """
        kept = self.kept()
        if not self.new and not kept:
            return
        codes = self._codes({*self.new, *kept}, tail)
        if gone := sorted(kept.keys() - codes.keys()):
            self.db.tables[table(self.name, "uses")].drop(gone)
        rows = [
            Use(key, self.new[key] + (kept[key].count if key in kept else 0), self.last[key] if key in self.last else kept[key].last)
            for key in codes
            if key in self.new or self._readers[key] != codes[key]  # those of its message have changed
        ]
        if rows:
            self.db.tables[table(self.name, "uses")].put(
                rows, [[message_id(self.name, row.message)] for row in rows], [codes[row.message] for row in rows]
            )
        self.clear()

    def clear(self) -> None:
        self.new.clear()
        self.last.clear()

    def _codes(self, keys: Collection[str], tail: Iterable[Waiting]) -> dict[str, int]:
        """{message: its readers} of those that are there."""
        names = {message_id(self.name, key): key for key in keys}
        found = {}
        if table(self.name, "messages") in self.db.heads():
            rows = lookup(self.db.published(table(self.name, "messages")), "_id", pa.array(sorted(names), ID), ["_id", "_readers"])
            found = {names[key]: code for key, code in zip(id_list(rows["_id"]), rows["_readers"].to_pylist(), strict=True)}
        for each in tail:
            if each.message is None:
                found.pop(each.key, None)
            elif each.key in keys:
                found[each.key] = each.code
        return found
