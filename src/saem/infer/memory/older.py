"""Messages of a reach that is too large to be held in memory: its newest are, the older ones are looked up in their table.

They are found by the words of a question as they are written there, not by meaning; claims and beliefs are held whole, however old.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import objects, row_schema
from saem.infer.memory.reach import Reach
from saem.infer.memory.rows import Message
from saem.store.table import literal

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.store.heads import Head

MOST = 500  # that one question brings, the newest that hold one of its words


@dataclass
class Older:
    """The messages of one reach that were said before a time."""

    db: "Project"
    name: str
    heads: "Mapping[str, Head]"
    reach: Reach
    before: datetime.datetime
    brought: dict[str, Message] = field(default_factory=dict)  # by the last question
    codes: dict[str, int] = field(default_factory=dict)

    def with_words(self, words: Sequence[str], besides: Collection[str]) -> dict[str, Message]:
        """Those that hold one of some words, but for some keys; they stay at hand until the next question."""
        self.brought, self.codes = {}, {}
        plain = [word for word in dict.fromkeys(words) if len(word) > 1 and word.isalnum()]
        if plain:
            holds = " OR ".join(f"lower(text) LIKE {literal(f'%{word.lower()}%')}" for word in plain)
            found = self._rows(["key", "said_at"], f"{_before(self.before)} AND ({holds})")
            newest = found.take(pc.sort_indices(found, [("said_at", "descending")])[:MOST])["key"].to_pylist()
            self.bring([key for key in newest if key not in besides])
        return self.brought

    def bring(self, keys: Collection[str]) -> None:
        """Messages by their keys."""
        missing = sorted({*keys} - self.brought.keys())
        if missing:
            rows = self._rows([*row_schema(Message).names, "_readers"], f"key IN ({', '.join(map(literal, missing))})")
            found = {each.key: each for each in objects(rows, Message)}
            self.brought |= found
            self.codes |= dict(zip(found, rows["_readers"].to_pylist(), strict=True))

    def _rows(self, columns: Sequence[str], where: str) -> pa.Table:
        return self.reach.rows(self.db, self.name, self.heads, columns, where)


def held_since(db: "Project", name: str, heads: "Mapping[str, Head]", reach: Reach, most: int) -> datetime.datetime | None:
    """Since when messages are held, so that they are about `most`; None = all of them are."""
    said = reach.rows(db, name, heads, ["said_at"])["said_at"].combine_chunks()
    if len(said) <= most:
        return None
    moments = np.asarray(said.cast(pa.timestamp("us", "UTC")).cast(pa.int64()))
    newest = int(np.partition(moments, len(moments) - most)[len(moments) - most])
    return datetime.datetime.fromtimestamp(newest / 1e6, datetime.UTC)


def since(moment: datetime.datetime) -> str:
    """The condition of messages that were said at a moment, or later."""
    return f"said_at >= timestamp '{_sql(moment)}'"


def _before(moment: datetime.datetime) -> str:
    return f"said_at < timestamp '{_sql(moment)}'"


def _sql(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S.%f}"
