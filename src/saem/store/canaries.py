"""Marks of a text by which it is found again without being kept: keyed hashes of short pieces of it.

A mark is three keyed hashes of one piece of 8 to 32 bytes: 20 bits of its first four bytes and 32 bits of four words of it, so that
numpy leaves out every other place of a buffer, and 128 bits of all of it. Without the key, which stays in the catalog, they say nothing.
"""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import numpy as np

PIECE, LEAST = 32, 8       # bytes; what is shorter than LEAST is met by chance
PIECES = 12                # of one value, evenly spread
MOST = 512                 # of one erasure
BLOCK = 1 << 20            # bytes looked at together: stays in the processor's cache

Mark = tuple[int, int, int, str]       # length, hash of 4 bytes, hash of 4 words, hash of all (hex)


@dataclass(frozen=True)
class Canaries:
    """Marks under one key."""
    key: bytes
    marks: Sequence[Mark] = field(default_factory=tuple)

    @classmethod
    def of(cls, key: bytes, values: Iterable[bytes]) -> "Canaries":
        """Marks of values, the first ones wholly, of the others as many as MOST leaves; what is too short has none."""
        empty = cls(key)
        made: dict[bytes, None] = {}
        for value in values:
            made |= dict.fromkeys(pieces(value))
        chosen = list(made)
        if len(chosen) > MOST:
            chosen = [chosen[int(i)] for i in np.linspace(0, len(chosen) - 1, MOST)]
        return cls(key, tuple(empty._mark(piece) for piece in chosen))

    def __len__(self) -> int:
        return len(self.marks)

    def without(self, names: Iterable[str]) -> "Canaries":
        left = set(names)
        return Canaries(self.key, tuple(mark for mark in self.marks if mark[3] not in left))

    @property
    def names(self) -> set[str]:
        return {mark[3] for mark in self.marks}

    def find(self, buffer: bytes | memoryview | np.ndarray) -> list[tuple[int, str]]:
        """(place, name of the mark) of every piece that stands in a buffer."""
        data = buffer if isinstance(buffer, np.ndarray) else np.frombuffer(buffer, np.uint8)
        found: list[tuple[int, str]] = []
        if not self.marks or len(data) < LEAST:
            return found
        for start in range(0, len(data), BLOCK):
            found += [(start + at, name) for at, name in self._find(data[start:start + BLOCK + PIECE - 1], BLOCK)]
        return found

    def held(self, buffer: bytes | memoryview | np.ndarray) -> set[str]:
        """The names of the marks whose pieces stand in a buffer."""
        return {name for _, name in self.find(buffer)}

    def _find(self, data: np.ndarray, stop: int) -> list[tuple[int, str]]:
        places = []
        for shift in range(4):
            count = (len(data) - shift) // 4
            words = data[shift:shift + 4 * count].view("<u4")
            places.append(np.flatnonzero(self._gate[(words * self._factors[0]) >> 12]) * 4 + shift)
        at = np.concatenate(places)
        at = np.sort(at[at < stop])
        found = []
        for length, seconds in self._seconds.items():
            own = at[at + length <= len(data)]
            whole = np.zeros(len(own), np.uint64)
            for offset, factor in zip(_offsets(length), self._factors[1], strict=True):
                for i in range(8):
                    whole += (data[own + (offset + i)].astype(np.uint64) << np.uint64(8 * i)) * factor
            for place in own[np.isin(whole >> np.uint64(32), seconds)].tolist():
                name = self._name(data[place:place + length].tobytes())
                if name in self._known:
                    found.append((place, name))
        return found

    # the hashes

    @cached_property
    def _factors(self) -> tuple[np.uint32, list[np.uint64]]:
        raw = blake2b(b"factors", key=self.key, digest_size=36).digest()
        return np.uint32(int.from_bytes(raw[:4], "little") | 1), [np.uint64(each | 1) for each in np.frombuffer(raw[4:], "<u8").tolist()]

    def _mark(self, piece: bytes) -> Mark:
        words = [int.from_bytes(piece[at:at + 8], "little") for at in _offsets(len(piece))]
        second = sum(word * int(factor) for word, factor in zip(words, self._factors[1], strict=True))
        first = int.from_bytes(piece[:4], "little") * int(self._factors[0])
        return len(piece), (first % (1 << 32)) >> 12, (second % (1 << 64)) >> 32, self._name(piece)

    def _name(self, piece: bytes) -> str:
        return blake2b(piece, key=self.key, digest_size=16).hexdigest()

    @cached_property
    def _known(self) -> set[str]:
        return self.names

    @cached_property
    def _gate(self) -> np.ndarray:
        gate = np.zeros(1 << 20, np.bool_)
        gate[[mark[1] for mark in self.marks]] = True
        return gate

    @cached_property
    def _seconds(self) -> dict[int, np.ndarray]:
        """{length: hashes of words}."""
        lengths = sorted({mark[0] for mark in self.marks})
        return {length: np.array([mark[2] for mark in self.marks if mark[0] == length], np.uint64) for length in lengths}


def _offsets(length: int) -> list[int]:
    """Where the four words of a piece begin; they overlap in a short one."""
    return [min(at, length - 8) for at in (0, 8, 16, 24)]


def pieces(value: bytes) -> list[bytes]:
    """What a value is known by: all of it where it is short, else PIECES pieces of PIECE bytes.

    >>> [len(piece) for piece in pieces(b"0123456789")], len(pieces(bytes(range(200)))), pieces(b"short")
    ([10], 12, [])
    """
    if len(value) <= PIECE:
        return [value] if len(value) >= LEAST else []
    count = min(PIECES, len(value) - PIECE + 1)
    return [value[int(at):int(at) + PIECE] for at in np.linspace(0, len(value) - PIECE, count)]
