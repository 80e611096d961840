"""A scan that decodes: every file of a state is read through its own reader, for Lance's encodings hide what they hold.

Lance's data and index files, those that no version names any more too, are read by Lance (but for their numbers and vectors); SQLite by
its rows and by its raw pages; zip archives by their members; all else as it is, and with its escapes undone. What cannot be read is said.
"""
import io
import json
import os
import re
import sqlite3
import zipfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance.file import LanceFileReader

from saem.store.canaries import Canaries

LANCE = (".lance", ".idx")
ESCAPES = re.compile(rb'(?:\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])+')
DEPTH = 3                 # of archives within archives
IDS = ("_id", "_unit", "_hash", "_parents")
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


@dataclass(frozen=True)
class Seen:
    """One file: its stamp (size, time), the marks that it holds, why it could not be read."""
    stamp: tuple[int, int]
    held: frozenset[str] = frozenset()
    unread: str = ""


def scan(state: str, canaries: Canaries, known: Mapping[str, tuple[int, int]] | None = None) -> Scan:
    """Look for the marks in every file under a folder, in as many threads as there are processors.

    known  files of a former scan that held nothing: Lance never writes a data file again, so the same one holds nothing now
    """
    done, paths = Scan(), sorted(_files(state))
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        names = [os.path.relpath(path, state) for path in paths]
        looks = [threads.submit(_look, path, name, canaries, known or {}) for path, name in zip(paths, names, strict=True)]
        for name, look in zip(names, looks, strict=True):
            seen = look.result()
            if seen is None:
                continue
            done.files += 1
            done.bytes += seen.stamp[0]
            if seen.unread:
                done.unread[name] = seen.unread
            elif not seen.held:
                done.clean[name] = seen.stamp
            for mark in seen.held:
                done.places.setdefault(mark, []).append(name)
    return done


def _look(path: str, name: str, canaries: Canaries, known: Mapping[str, tuple[int, int]]) -> Seen | None:
    """One file; None if it has gone meanwhile."""
    try:
        stat = os.stat(path)
        stamp = (stat.st_size, stat.st_mtime_ns)
        if known.get(name) == stamp and path.endswith(LANCE):
            return Seen(stamp)
        held = set[str]()
        for buffer in _decoded(path):
            held |= canaries.held(buffer)
        return Seen(stamp, frozenset(held))
    except FileNotFoundError:
        return None
    except Exception as error:      # whatever a reader says of a file that it cannot read: it is told, never passed over
        return Seen(stamp, unread=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200])


def _files(folder: str) -> Iterator[str]:
    for at, _, names in os.walk(folder):
        yield from (os.path.join(at, name) for name in names)


def _decoded(path: str) -> Iterator[Any]:
    """What a file holds, as buffers."""
    if path.endswith(LANCE):
        reader = LanceFileReader(path)
        columns = [each.name for each in reader.metadata().schema]
        wanted = [each.name for each in reader.metadata().schema if not _is_numbers(each.type)]
        if not wanted:
            return
        if len(wanted) < len(columns):      # vectors are most of a file, and say nothing that could be read
            reader = LanceFileReader(path, columns=wanted)
        for batch in reader.read_all(batch_size=4096).to_batches():
            yield from buffers(batch)
        return
    with open(path, "rb") as file:
        content = file.read()
    yield content
    if b"\\" in content:
        yield unescaped(content)
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
    elif kind.num_buffers > 1 and not _is_numbers(kind):
        held = array.buffers()[-1]          # after validity and offsets
        if held is not None and held.size:
            yield np.frombuffer(held, np.uint8)


def _is_numbers(kind: pa.DataType) -> bool:
    """Whether values can hold no text; small integers can, for they are bytes."""
    if pa.types.is_dictionary(kind):
        return _is_numbers(kind.value_type)
    if pa.types.is_nested(kind):
        return all(_is_numbers(kind.field(i).type) for i in range(kind.num_fields))
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_temporal(kind)
    return (is_number and kind not in (pa.int8(), pa.uint8())) or pa.types.is_null(kind)


def _rows(path: str) -> Iterator[bytes]:
    """Every value of a SQLite file, as its reader has it: what lies in overflow pages or in the log beside it is whole here."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (table,) in db.execute("select name from sqlite_master where type='table'").fetchall():
            for row in db.execute(f'select * from "{table}"'):
                values = b"\0".join(value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
                                    for value in row if value is not None)
                yield values
                if b"\\" in values:
                    yield unescaped(values)
    finally:
        db.close()


def unescaped(content: bytes) -> bytes:
    """JSON's escapes as the characters that they stand for: texts wait in JSON, and lie in logs.

    >>> unescaped(rb'{"a": "\\uc0d8\\n"}').decode()
    '{"a": "샘\\n"}'
    """
    return ESCAPES.sub(lambda found: json.loads(b'"' + found[0] + b'"').encode("utf-8", "surrogatepass"), content)


def _members(content: bytes, depth: int) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            yield info.filename.encode()
            member = archive.read(info)
            yield member
            if depth and member.startswith(b"PK\x03\x04"):
                yield from _members(member, depth - 1)


def holders(dataset: lance.LanceDataset, canaries: Canaries, files: Collection[str]) -> tuple[set[str], set[bytes], int]:
    """Living rows that hold what the marks stand for: (the marks, ids of at most HOLDERS rows, how many rows).

    files  names of the data files in which a scan has found the marks: no other is read
    """
    marks: set[str] = set()
    ids: set[bytes] = set()
    count = 0
    columns = [each.name for each in dataset.schema if _may_hold_text(each.type) and each.name not in IDS]
    for fragment in dataset.get_fragments():
        if not any(os.path.basename(file.path) in files for file in fragment.data_files()):
            continue
        for batch in fragment.to_batches(columns=list(dict.fromkeys(["_id", *columns])), batch_size=4096):
            rows = set[int]()
            for name in columns:
                at, names = _rows_with(batch[name], canaries)
                marks |= names
                rows |= set(at.tolist())
            count += len(rows)
            ids |= {batch["_id"][row].as_py() for row in sorted(rows)[:max(0, HOLDERS - len(ids))]}
    return marks, ids, count


def _may_hold_text(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind):
        return any(_may_hold_text(kind.field(i).type) for i in range(kind.num_fields))
    return _is_text(kind)


def _is_text(kind: pa.DataType) -> bool:
    is_long = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    return bool(is_long or pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


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
    if not _is_text(kind):
        return np.zeros(0, np.int64), set()
    *_, offsets, data = array.buffers()
    if data is None or not data.size:
        return np.zeros(0, np.int64), set()
    if pa.types.is_fixed_size_binary(kind):       # signatures: equal texts have equal ones
        bounds = (array.offset + np.arange(len(array) + 1, dtype=np.int64)) * kind.byte_width
        places, names = canaries.find(np.frombuffer(data, np.uint8)[:bounds[-1]])
        return _row_of(places, bounds, len(array)), set(names)
    width = "<i8" if kind in (pa.large_string(), pa.large_binary()) else "<i4"
    bounds = np.frombuffer(offsets, width)[array.offset:array.offset + len(array) + 1].astype(np.int64)
    places, names = canaries.find(np.frombuffer(data, np.uint8)[:bounds[-1]])
    return _row_of(places, bounds, len(array)), set(names)


def _row_of(places: np.ndarray, bounds: np.ndarray, rows: int) -> np.ndarray:
    found = np.unique(np.searchsorted(bounds, places, "right") - 1)
    return found[(found >= 0) & (found < rows)]
