"""What a source gives, in blocks that fit into memory. What cannot be read is a problem of its own row, and ends nothing else."""
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from saem.core.columns import row_schema, table_of
from saem.core.errors import SaemError
from saem.core.identity import digest, key_text, source_units
from saem.core.source import Entry, Listing, Rows, Vanished
from saem.store.quarantine import Problem

BLOCK_ROWS = 16_384
BLOCK_BYTES = 32 << 20
UNFIT = (ValueError, TypeError, OverflowError, AttributeError)      # what a row that does not fit its types raises


@dataclass
class Reading:
    """One source, read once."""
    name: str
    is_forgotten: Callable[[str], bool]
    problems: dict[bytes, Problem] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)       # keys that cannot be looked at now: what the table holds of them stays
    forgotten: int = 0                                  # entries that are kept out

    def _note(self, key: str, problem: Problem) -> None:
        self.problems[problem.unit] = problem
        if problem.kind == "failed":
            self.kept.append(key)

    # a listing: entries first, and only those that differ are read

    def entries(self, source: Listing) -> Iterator[Entry]:
        """Those that can be read, each key once."""
        seen: set[str] = set()
        for entry in self._listed(source):
            if self.is_forgotten(entry.key):
                self.forgotten += 1
            elif entry.failed or entry.skipped:
                kind, step = ("failed", "list") if entry.failed else ("skipped", "rule")
                self._note(entry.key, Problem(digest(self.name, entry.key), kind, entry.key, step, entry.failed or entry.skipped))
            elif entry.key in seen:
                raise SaemError("E306", f"the source of '{self.name}' names '{entry.key}' twice; nothing was published",
                                fix="entries() must name each key once")
            else:
                seen.add(entry.key)
                yield entry

    def _listed(self, source: Listing) -> Iterator[Entry]:
        try:
            for entry in source.entries():
                if not isinstance(entry, Entry):
                    raise SaemError("E106", f"'{self.name}' lists {entry!r:.80}", fix="yield saem.Entry(key, stamp)")
                yield entry
        except SaemError:
            raise
        except Exception as error:
            raise SaemError("E305", f"the source of '{self.name}' could not be listed: {type(error).__name__}: {error}",
                            fix="nothing was changed; run again when it can be reached") from error

    def blocks(self, source: Listing, keys: Iterable[str]) -> Iterator[tuple[pa.Table, list[str]]]:
        """(rows, their stamps) of these entries."""
        first = row_schema(source.row_class).names[0]
        block: list[tuple[str, Any, str]] = []       # key, row, stamp
        size = 0
        for key in keys:
            try:
                row, stamp = source.read(key)
                own = getattr(row, first)
            except Vanished:
                continue
            except Exception as error:
                self._failed(key, error)
                continue
            if own != key:
                raise SaemError("E106", f"'{self.name}' lists '{key}', and read gave a row of '{own}'",
                                fix=f"the first field of {source.row_class.__name__} is the key, as the entry has it")
            block.append((key, row, stamp))
            size += sum(len(value) for value in vars(row).values() if isinstance(value, bytes | str))
            if len(block) >= BLOCK_ROWS or size >= BLOCK_BYTES:
                yield self._tabled(block, source.row_class)
                block, size = [], 0
        if block:
            yield self._tabled(block, source.row_class)

    def _failed(self, key: str, error: Exception) -> None:
        reason = f"[{error.code}] {error.what}" if isinstance(error, SaemError) else f"[E406] {type(error).__name__}: {error}"
        self._note(key, Problem(digest(self.name, key), "failed", key, "read", reason, str(error)))

    def _tabled(self, block: list[tuple[str, Any, str]], row_class: type) -> tuple[pa.Table, list[str]]:
        """All at once; if that fails, row by row, so that a row whose values do not fit its types fails alone."""
        try:
            return table_of([row for _, row, _ in block], row_class), [stamp for _, _, stamp in block]
        except Exception:
            rows, stamps = [row_schema(row_class).empty_table()], []
            for key, row, stamp in block:
                try:
                    rows.append(table_of([row], row_class))
                    stamps.append(stamp)
                except Exception as error:
                    self._failed(key, error)
            return pa.concat_tables(rows).combine_chunks(), stamps

    # all rows, each time

    def tables(self, source: Rows) -> Iterator[pa.Table]:
        """Every row that the source gives; Arrow as it comes, objects by the block."""
        waiting: list[Any] = []
        schema = row_schema(source.row_class)
        try:
            for item in source.rows():
                if isinstance(item, pa.Table | pa.RecordBatch):
                    table = item if isinstance(item, pa.Table) else pa.Table.from_batches([item])
                    yield table.select(schema.names).cast(schema)
                    continue
                if not isinstance(item, source.row_class):
                    raise SaemError("E106", f"the source of '{self.name}' gave {item!r:.80}; nothing was published",
                                    fix=f"yield {source.row_class.__name__}(...), as its hints say, or Arrow")
                waiting.append(item)
                if len(waiting) >= BLOCK_ROWS:
                    yield self._tabulated(waiting, source)
                    waiting = []
        except SaemError:
            raise
        except Exception as error:
            raise SaemError("E305", f"the source of '{self.name}' broke off: {type(error).__name__}: {error}",
                            fix="nothing was published; mend the source, then: saem run") from error
        if waiting:
            yield self._tabulated(waiting, source)

    def _tabulated(self, rows: list[Any], source: Rows) -> pa.Table:
        try:
            return table_of(rows, source.row_class)
        except UNFIT:
            good = [row_schema(source.row_class).empty_table()]
            for row in rows:
                try:
                    good.append(table_of([row], source.row_class))
                except UNFIT as error:
                    values = [getattr(row, name) for name in source.key]
                    one = values[0] if len(values) == 1 else tuple(values)
                    if not self.is_forgotten(key_text(one)):
                        shown, unit = ", ".join(map(str, values)), source_units(self.name, [one])[0]
                        self._note(shown, Problem(unit, "failed", shown, "types", f"[E106] {error}", repr(row)[:2000]))
            return pa.concat_tables(good)
