"""128-bit names: a row's id says where it comes from, its hash says what it holds."""
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
import pyarrow as pa

ID = pa.binary(16)


def digest(*parts: bytes | str) -> bytes:
    """16 bytes; every part is length-prefixed, so ('ab', 'c') and ('a', 'bc') differ."""
    state = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(raw).to_bytes(8, "little") + raw)
    return state.digest()


def ids(values: Iterable[bytes]) -> pa.Array:
    """(n,) ID column."""
    return pa.array(values if isinstance(values, list) else list(values), ID)


def id_list(column: pa.Array | pa.ChunkedArray) -> list[bytes]:
    """Ids as bytes. (Arrow makes a Python list of fixed-size binary 20 times slower than of binary.)"""
    return column.cast(pa.binary()).to_pylist()  # type: ignore[no-any-return]


def in_order(column: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """(first, second) half of each id as numbers: np.lexsort((second, first)) orders by id."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not len(whole):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    halves = np.frombuffer(whole.buffers()[1], ">u8", 2 * len(whole), 16 * whole.offset).astype(np.uint64)
    return halves[::2], halves[1::2]


def table_id(table: str) -> bytes:
    """The parent that stands for every row of a table: what a whole-table relation or a model was made from."""
    return digest("every row of", table)


def key_unit(values: Sequence[object]) -> bytes:
    """The unit of a relation: one group, named by the values of its key."""
    return digest("key", *map(repr, values))


def key_text(key: object) -> str:
    """A natural key as its unit is named after it."""
    return key if isinstance(key, str) else repr(key)


def source_units(table: str, keys: Iterable[object]) -> list[bytes]:
    """The units of source rows, named by their natural keys."""
    return [digest(table, key_text(key)) for key in keys]


def row_ids(table: str, units: Sequence[bytes], local_keys: Sequence[bytes], occurrences: Sequence[int]) -> list[bytes]:
    """id = H(table, unit, local key, occurrence): the same unit computed twice gives the same ids, so a retry is an upsert.

    The local key is the row's own content, never its ordinal: a paragraph inserted on top must not rename the rest.
    """
    base = blake2b(table.encode() + b"\0", digest_size=16)
    made = []
    for unit, key, occurrence in zip(units, local_keys, occurrences, strict=True):
        state = base.copy()
        state.update(unit + occurrence.to_bytes(4, "little") + key)
        made.append(state.digest())
    return made


def row_hashes(rows: pa.Table) -> list[bytes]:
    """(n,) one content hash a row, over every column in name order; null and empty differ."""
    parts: list[list[bytes]] = []
    matrix: list[np.ndarray] = []      # columns of one width that stand side by side, framed all at once
    for name in sorted(rows.column_names):
        width = _width(rows[name])
        if width:
            raw = b"".join(_as_bytes(rows[name]))  # type: ignore[arg-type]
            frame = np.frombuffer(width.to_bytes(5, "little"), np.uint8)
            matrix += [np.broadcast_to(frame, (len(rows), 5)), np.frombuffer(raw, np.uint8).reshape(len(rows), width)]
            continue
        parts += [_slices_of(matrix)] if matrix else []
        matrix = []
        parts.append([b"\xff" * 5 if raw is None else len(raw).to_bytes(5, "little") + raw for raw in _as_bytes(rows[name])])
    parts += [_slices_of(matrix)] if matrix else []
    if not parts:
        return [digest()] * len(rows)
    if len(parts) == 1:
        return [blake2b(framed, digest_size=16).digest() for framed in parts[0]]
    return [blake2b(b"".join(framed), digest_size=16).digest() for framed in zip(*parts, strict=True)]


def _width(column: pa.ChunkedArray) -> int:
    """How many bytes each value is hashed as; 0 where they differ, or one is null."""
    kind = column.type
    if column.null_count or not len(column):
        return 0
    if pa.types.is_fixed_size_binary(kind):
        return int(kind.byte_width)
    return int(kind.bit_width // 8) if pa.types.is_integer(kind) or pa.types.is_floating(kind) else 0


def _slices_of(columns: list[np.ndarray]) -> list[bytes]:
    whole = np.concatenate(columns, axis=1)
    raw, size = whole.tobytes(), whole.shape[1]
    return [raw[start:start + size] for start in range(0, len(raw), size)]


def with_parents(hashes: Sequence[bytes], parents: pa.ListArray) -> list[bytes]:
    """digest(hash, *parents) of each row, with the parents' bytes framed all at once."""
    halves = np.stack(in_order(parents.flatten()), axis=1)
    framed = np.concatenate([np.full((len(halves), 1), 16, "<u8"), halves.astype(">u8").view("<u8")], axis=1).tobytes()
    bounds = np.concatenate([[0], parents.value_lengths().to_numpy().cumsum(dtype=np.int64) * 24]).tolist()
    return [blake2b(b"\x10" + bytes(7) + own + framed[start:end], digest_size=16).digest()
            for own, start, end in zip(hashes, bounds[:-1], bounds[1:], strict=True)]


def occurrences(units: np.ndarray, keys: Sequence[bytes]) -> list[int]:
    """How many equal (unit, key) pairs stand before each: twins inside one unit get 0, 1, 2 ... in order."""
    seen: dict[tuple[int, bytes], int] = {}
    counts = []
    for pair in zip(units.tolist(), keys, strict=True):
        count = seen.get(pair, 0)
        seen[pair] = count + 1
        counts.append(count)
    return counts


def _as_bytes(column: pa.ChunkedArray) -> list[bytes | None]:
    """Each value by itself: what a row is hashed as never depends on the rows beside it."""
    kind = column.type
    if column.null_count:
        known = iter(_as_bytes(column.drop_null()))
        return [next(known) if is_known else None for is_known in column.is_valid().to_pylist()]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_binary()).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_fixed_size_binary(kind):
        return list(id_list(column))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return column.to_pylist()  # type: ignore[no-any-return]
    if len(column) and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return _slices(column.to_numpy(), len(column))
    if len(column) and pa.types.is_fixed_size_list(kind) and pa.types.is_primitive(kind.value_type):
        flat = column.combine_chunks().flatten()     # vectors: (n, d) -> n buffers
        if not flat.null_count:
            return _slices(flat.to_numpy(zero_copy_only=False), len(column))
        is_whole = flat.is_valid().to_numpy(zero_copy_only=False).reshape(len(column), -1).all(axis=1)
        whole = iter(_as_bytes(column.filter(pa.array(is_whole))))
        return [next(whole) if each else _text(column[i].as_py()) for i, each in enumerate(is_whole.tolist())]
    if pa.types.is_list(kind) and pa.types.is_unsigned_integer(kind.value_type):
        return _lists(column)
    return [_text(value) for value in column.to_pylist()]


def _lists(column: pa.ChunkedArray) -> list[bytes | None]:
    """Lists of numbers as raw bytes; one that holds a null as text."""
    whole = column.combine_chunks()
    values = whole.flatten()
    width = values.type.bit_width // 8
    ends = (np.cumsum(whole.value_lengths().to_numpy(), dtype=np.int64) * width).tolist()
    raw = values.fill_null(0).to_numpy().tobytes()
    made: list[bytes | None] = [raw[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    if values.null_count:
        holding = np.searchsorted(ends, np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)) * width, side="right")
        for row in np.unique(holding).tolist():
            made[row] = _text(column[row].as_py())
    return made


def _text(value: object) -> bytes:
    return repr(value).encode("utf-8", "surrogatepass")


def _slices(values: np.ndarray, rows: int) -> list[bytes | None]:
    """One value (or vector) a row as raw bytes; -0.0 and 0.0 are one number."""
    exact = np.ascontiguousarray(values + 0 if values.dtype.kind == "f" else values)
    raw, size = exact.tobytes(), exact.nbytes // rows
    return [raw[start:start + size] for start in range(0, rows * size, size)]
