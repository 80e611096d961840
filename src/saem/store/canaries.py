"""Marks of a text by which it is found again without being kept: keyed hashes of short pieces of it.

A mark is four keyed hashes of one piece of 8 to 32 bytes: 20 bits of its first four bytes, 20 of its last, and 32 bits of all of it, so
that numpy leaves out every other place of a buffer; and 128 bits that are sure. Without the key, which stays in the catalog, they say
nothing.
"""
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import numpy as np

PIECE, LEAST = 32, 8       # bytes; what is shorter than LEAST is met by chance
PIECES = 12                # of one value, evenly spread
MOST = 512                 # of one erasure
BLOCK = 1 << 20            # bytes looked at together: stays in the processor's cache

Mark = tuple[int, int, int, int, str]       # length; hashes of the first 4 bytes, of the last 4, of all; of all (hex)


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
        return Canaries(self.key, tuple(mark for mark in self.marks if mark[-1] not in left))

    @property
    def names(self) -> set[str]:
        return {mark[-1] for mark in self.marks}

    def find(self, buffer: bytes | memoryview | np.ndarray) -> tuple[np.ndarray, list[str]]:
        """(places, the name of the mark at each) of every piece that stands in a buffer."""
        data = buffer if isinstance(buffer, np.ndarray) else np.frombuffer(buffer, np.uint8)
        places, names = [np.zeros(0, np.int64)], list[str]()
        if self.marks and len(data) >= LEAST:
            for start in range(0, len(data), BLOCK):
                for at, name in self._find(data[start:start + BLOCK + PIECE - 1], BLOCK):
                    places.append(start + at)
                    names += [name] * len(at)
        return np.concatenate(places), names

    def held(self, buffer: bytes | memoryview | np.ndarray) -> set[str]:
        """The names of the marks whose pieces stand in a buffer."""
        return set(self.find(buffer)[1])

    def _find(self, data: np.ndarray, stop: int) -> Iterator[tuple[np.ndarray, str]]:
        """(places, name) of each mark in a block, where its piece begins before `stop`."""
        quads = np.zeros(len(data), np.uint32)        # of the four bytes at each place
        for shift in range(4):
            count = (len(data) - shift) // 4
            quads[shift:shift + 4 * count:4] = data[shift:shift + 4 * count].view("<u4")
        quads *= self._factors[0]
        at = np.flatnonzero(self._gate[quads >> 12])
        at = at[at < stop]
        for length, (last, seconds) in self._seconds.items():
            own = at[at + length <= len(data)]
            own = own[last[quads[own + (length - 4)] >> 12]]
            whole = np.zeros(len(own), np.uint64)
            for offset, factor in zip(_offsets(length), self._factors[1], strict=True):
                whole += quads[own + offset].astype(np.uint64) * factor
            whole >>= np.uint64(32)
            is_there = np.isin(whole, seconds)
            own, whole = own[is_there], whole[is_there]
            for second in np.unique(whole):       # the same hash twice is the same piece twice: one of them is looked at closely
                same = own[whole == second]
                for place in same[:8].tolist():
                    name = self._name(data[place:place + length].tobytes())
                    if name in self._known:
                        yield same, name
                        break

    # the hashes

    @cached_property
    def _factors(self) -> tuple[np.uint32, list[np.uint64]]:
        raw = blake2b(b"factors", key=self.key, digest_size=4).digest() + blake2b(b"more", key=self.key, digest_size=64).digest()
        return np.uint32(int.from_bytes(raw[:4], "little") | 1), [np.uint64(each | 1) for each in np.frombuffer(raw[4:], "<u8").tolist()]

    def _mark(self, piece: bytes) -> Mark:
        quad = [int.from_bytes(piece[at:at + 4], "little") * int(self._factors[0]) % (1 << 32) for at in _offsets(len(piece))]
        whole = sum(each * int(factor) for each, factor in zip(quad, self._factors[1], strict=True)) % (1 << 64)
        return len(piece), quad[0] >> 12, quad[-1] >> 12, whole >> 32, self._name(piece)

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
    def _seconds(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """{length: (gate of the last four bytes, hashes of all)}."""
        made = {}
        for length in {mark[0] for mark in self.marks}:
            own = [mark for mark in self.marks if mark[0] == length]
            last = np.zeros(1 << 20, np.bool_)
            last[[mark[2] for mark in own]] = True
            made[length] = last, np.array([mark[3] for mark in own], np.uint64)
        return made


def _offsets(length: int) -> list[int]:
    """Where the eight quads of a piece begin; they overlap in a short one."""
    return [min(at, length - 4) for at in range(0, PIECE, 4)]


def pieces(value: bytes) -> list[bytes]:
    """What a value is known by: all of it where it is short, else PIECES pieces of PIECE bytes.

    >>> [len(piece) for piece in pieces(b"0123456789")], len(pieces(bytes(range(200)))), pieces(b"short")
    ([10], 12, [])
    """
    if len(value) <= PIECE:
        return [value] if len(value) >= LEAST else []
    count = min(PIECES, len(value) - PIECE + 1)
    return [value[int(at):int(at) + PIECE] for at in np.linspace(0, len(value) - PIECE, count)]
