"""A scan that decodes: every file of a state is read through its own reader, for Lance's encodings hide what they hold.

Lance's data and index files, those that no version names any more too, are read by Lance; SQLite by its rows and by its raw pages; zip
archives by their members; all else as it is. What cannot be read is said.
"""
import io
import os
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance.file import LanceFileReader

from saem.store.canaries import Canaries

LANCE = (".lance", ".idx")
DEPTH = 3                 # of archives within archives
HOLDERS = 1_000           # living rows that are named; the rest is counted


@dataclass
class Scan:
    """places: {mark: files that hold it}; unread: {file: why}."""
    places: dict[str, list[str]] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    unread: dict[str, str] = field(default_factory=dict)
    clean: dict[str, tuple[int, int]] = field(default_factory=dict)     # file that holds nothing: (size, time)

    @property
    def found(self) -> set[str]:
        return set(self.places)


def scan(state: str, canaries: Canaries, known: Mapping[str, tuple[int, int]] | None = None) -> Scan:
    """Look for the marks in every file under a folder.

    known  files of a former scan that held nothing: Lance never writes a data file again, so the same one holds nothing now
    """
    done = Scan()
    for path in sorted(_files(state)):
        name = os.path.relpath(path, state)
        try:
            stat = os.stat(path)
            stamp = (stat.st_size, stat.st_mtime_ns)
            done.files += 1
            done.bytes += stat.st_size
            if known and known.get(name) == stamp and path.endswith(LANCE):
                done.clean[name] = stamp
                continue
            held = set[str]()
            for buffer in _decoded(path):
                held |= canaries.held(buffer)
        except FileNotFoundError:
            continue
        except Exception as error:      # whatever a reader says of a file that it cannot read: it is told, never passed over
            done.unread[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
            continue
        for mark in held:
            done.places.setdefault(mark, []).append(name)
        if not held:
            done.clean[name] = stamp
    return done


def _files(folder: str) -> Iterator[str]:
    for at, _, names in os.walk(folder):
        yield from (os.path.join(at, name) for name in names)


def _decoded(path: str) -> Iterator[Any]:
    """What a file holds, as buffers."""
    if path.endswith(LANCE):
        for batch in LanceFileReader(path).read_all(batch_size=4096).to_batches():
            yield from buffers(batch)
        return
    with open(path, "rb") as file:
        content = file.read()
    yield content
    if content.startswith(b"SQLite format 3\0"):
        yield from _rows(path)
    elif content.startswith(b"PK\x03\x04"):
        yield from _members(content, DEPTH)


def buffers(batch: pa.RecordBatch) -> Iterator[Any]:
    """The texts and bytes of a batch, those inside of lists and structs too, without copying."""
    for column in batch.columns:
        yield from _leaves(column)


def _leaves(array: pa.Array) -> Iterator[Any]:
    kind = array.type
    if pa.types.is_struct(kind):
        for i in range(kind.num_fields):
            yield from _leaves(array.field(i))
    elif pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _leaves(array.flatten())
    elif pa.types.is_dictionary(kind):
        yield from _leaves(array.dictionary)
    elif array.type.num_buffers > 1 and not (pa.types.is_boolean(kind) or pa.types.is_temporal(kind) or pa.types.is_integer(kind)):
        held = array.buffers()[-1]          # after validity and offsets
        if held is not None and held.size:
            yield np.frombuffer(held, np.uint8)


def _rows(path: str) -> Iterator[bytes]:
    """Every value of a SQLite file, as its reader has it: what lies in overflow pages or in the log beside it is whole here."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (table,) in db.execute("select name from sqlite_master where type='table'").fetchall():
            for row in db.execute(f'select * from "{table}"'):
                yield b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in row if value is not None)
    finally:
        db.close()


def _members(content: bytes, depth: int) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            yield info.filename.encode()
            member = archive.read(info)
            yield member
            if depth and member.startswith(b"PK\x03\x04"):
                yield from _members(member, depth - 1)


def holders(dataset: lance.LanceDataset, canaries: Canaries) -> tuple[set[str], set[bytes], int]:
    """Living rows that hold what the marks stand for: (the marks, ids of at most HOLDERS rows, how many rows)."""
    marks: set[str] = set()
    ids: set[bytes] = set()
    count = 0
    for batch in dataset.to_batches(batch_size=4096):
        rows = set[int]()
        for column in batch.columns:
            at, names = _rows_with(column, canaries)
            marks |= names
            rows |= set(at.tolist())
        count += len(rows)
        ids |= {batch["_id"][row].as_py() for row in sorted(rows)[:max(0, HOLDERS - len(ids))]}
    return marks, ids, count


def _rows_with(array: pa.Array, canaries: Canaries) -> tuple[np.ndarray, set[str]]:
    """(the rows of a column that hold a mark, the marks)."""
    kind = array.type
    if pa.types.is_struct(kind):
        parts = [_rows_with(child, canaries) for child in array.flatten()]
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *(own for own, _ in parts)]))
        return rows, {mark for _, held in parts for mark in held}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        rows, held = _rows_with(array.values, canaries)
        return _row_of(rows, array.offsets.to_numpy(), len(array)), held
    if not (pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)):
        return np.zeros(0, np.int64), set()
    _, offsets, data = array.buffers()
    if data is None or not data.size:
        return np.zeros(0, np.int64), set()
    width = "<i8" if kind in (pa.large_string(), pa.large_binary()) else "<i4"
    bounds = np.frombuffer(offsets, width)[array.offset:array.offset + len(array) + 1].astype(np.int64)
    places, names = canaries.find(np.frombuffer(data, np.uint8)[:bounds[-1]])
    return _row_of(places, bounds, len(array)), set(names)


def _row_of(places: np.ndarray, bounds: np.ndarray, rows: int) -> np.ndarray:
    found = np.unique(np.searchsorted(bounds, places, "right") - 1)
    return found[(found >= 0) & (found < rows)]
