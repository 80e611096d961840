"""Marks of a text by which it is found again without being kept: keyed hashes of short pieces of it.

While the text is at hand, a scan knows hashes of all its words. Wherever a piece of 32 bytes lies in a buffer, three whole words of eight
bytes lie in it, at the buffer's own steps of eight; so with hashes of the words at each of the eight ways in which a piece may lie, every
eighth byte is hashed instead of every one: five times the speed of a hash rolling over all of them (measured: benchmarks/README.md).
Shorter pieces have fewer words, or words of four. What passes is hashed whole.

What is kept says as little as can be: so many hashes of overlapping words, taken together, would give the text back to whoever has the
key, which lies beside them. A mark has 20 bits of a piece's first half, and a one-way hash of all of it. No piece that is kept shares
half of it with another, so that none helps to guess the next. With marks alone the scan hashes every byte, and is slower.
What remains: whoever has the catalog's key can tell whether a guess at 32 bytes is right.
"""
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise

import numpy as np

PIECE, LEAST = 32, 8       # bytes; what is shorter than LEAST is met by chance
SHARED = 16                # bytes in a row that two pieces may not have in common
DIFFERENT = 4              # bytes of a piece that differ, at least: zeros, blanks and rules of dashes stand everywhere
PIECES = 12                # of one value, evenly spread
MOST = 512                 # of one erasure
WIDE = 15                  # bytes; a piece of so many holds a whole word of eight wherever it lies
BLOCK = 1 << 20            # bytes looked at together: stays in the processor's cache
BITS = 20                  # of the hash of a word
NEAR = 8                   # places of one hash that are looked at closely

Mark = tuple[int, int, str]            # length; BITS of the hash of its start; 128 bits of all of it
Words = tuple[list[int], int]          # hashes of its words by where they begin; 32 bits of all of it. Never kept


@dataclass(frozen=True)
class Canaries:
    """Marks under one key. words: {name: of each mark}, while the text is at hand."""
    key: bytes
    marks: Sequence[Mark] = field(default_factory=tuple)
    words: Mapping[str, Words] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, key: bytes, values: Iterable[bytes]) -> "Canaries":
        """Marks of values, the first ones wholly, of the others as many as MOST leaves; what is too short has none."""
        empty = cls(key)
        chosen, shared = list[bytes](), set[bytes]()
        for value in values:
            for piece in pieces(value):
                parts = {piece[at:at + SHARED] for at in range(max(1, len(piece) - SHARED + 1))}
                if not parts & shared:
                    shared |= parts
                    chosen.append(piece)
        if len(chosen) > MOST:
            chosen = [chosen[int(i)] for i in np.linspace(0, len(chosen) - 1, MOST)]
        marks = tuple(empty._mark(piece) for piece in chosen)
        return cls(key, marks, {mark[-1]: empty._words(piece) for mark, piece in zip(marks, chosen, strict=True)})

    def __len__(self) -> int:
        return len(self.marks)

    def only(self, names: Iterable[str]) -> "Canaries":
        kept = set(names)
        return Canaries(self.key, tuple(mark for mark in self.marks if mark[-1] in kept), self.words)

    @property
    def names(self) -> set[str]:
        return {mark[-1] for mark in self.marks}

    def find(self, buffer: bytes | memoryview | np.ndarray) -> tuple[np.ndarray, list[str]]:
        """(places, the name of the mark at each) of every piece that stands in a buffer."""
        data = buffer if isinstance(buffer, np.ndarray) else np.frombuffer(buffer, np.uint8)
        places, names = [np.zeros(0, np.int64)], list[str]()
        for start in range(0, len(data) if self.marks else 0, BLOCK):
            block = data[start:start + BLOCK + PIECE - 1]
            for grid in self._grids if self.words else [self._starts]:
                for length, found in grid.places(block, BLOCK):
                    for at, name in self._named(block, length, found):
                        places.append(start + at)
                        names += [name] * len(at)
        return np.concatenate(places), names

    def held(self, buffer: bytes | memoryview | np.ndarray) -> set[str]:
        """The names of the marks whose pieces stand in a buffer."""
        return set(self.find(buffer)[1])

    def _named(self, data: np.ndarray, length: int, at: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
        """(places, name) of each mark whose piece begins at some of the places."""
        if not len(at):
            return
        whole = self._whole(data[at[:, None] + np.arange(length)])
        if self.words:
            is_there = np.isin(whole >> np.uint64(32), self._wholes[length])
            at, whole = at[is_there], whole[is_there]
        order = np.argsort(whole, kind="stable")       # the same hash twice is the same piece twice: a few of them are looked at closely
        at, whole = at[order], whole[order]
        begins = np.flatnonzero(np.diff(whole, prepend=~whole[:1])).tolist()
        for begin, end in pairwise([*begins, len(at)]):
            for place in at[begin:min(end, begin + NEAR)].tolist():
                name = self._name(data[place:place + length].tobytes())
                if name in self._known:
                    yield np.sort(at[begin:end]), name
                    break

    # the hashes

    @cached_property
    def _factors(self) -> np.ndarray:
        raw = blake2b(b"factors", key=self.key, digest_size=64).digest()
        return np.frombuffer(raw, "<u8") | np.uint64(1)       # (8,): the first four for whole pieces, then for words

    def _whole(self, pieces: np.ndarray) -> np.ndarray:
        """(n, length) bytes -> (n,) uint64."""
        padded = np.zeros((len(pieces), PIECE), np.uint8)
        padded[:, :pieces.shape[1]] = pieces
        whole: np.ndarray = (padded.view("<u8") * self._factors[:4]).sum(axis=1, dtype=np.uint64)
        return whole

    def _mark(self, piece: bytes) -> Mark:
        words = np.frombuffer(piece[:start_of(len(piece))], "<u8")
        return len(piece), int(begun(words, len(words), self._factors[4:])[0]), self._name(piece)

    def _words(self, piece: bytes) -> Words:
        width, levels = words_of(len(piece))
        words = np.array([int.from_bytes(piece[at:at + width], "little") for at in range(width * levels)], np.uint64)
        hashed = (words * self._factors[4]) >> np.uint64(64 - BITS)
        return hashed.tolist(), int(self._whole(np.frombuffer(piece, np.uint8)[None])[0]) >> 32

    def _name(self, piece: bytes) -> str:
        return blake2b(piece, key=self.key, digest_size=16).hexdigest()

    @cached_property
    def _known(self) -> set[str]:
        return self.names

    @cached_property
    def _wholes(self) -> dict[int, np.ndarray]:
        return {length: np.array([self.words[name][1] for each, _, name in self.marks if each == length], np.uint64)
                for length in {mark[0] for mark in self.marks}}

    @cached_property
    def _starts(self) -> "Starts":
        return Starts.of(self.marks, self._factors[4:])

    @cached_property
    def _grids(self) -> list["Grid"]:
        of_length = defaultdict(list)
        for length, _, name in self.marks:
            of_length[length].append(self.words[name][0])
        of_width: dict[int, dict[int, list[list[int]]]] = defaultdict(dict)
        for length, each in of_length.items():
            of_width[words_of(length)[0]][length] = each
        return [Grid.of(width, lengths, self._factors[4]) for width, lengths in of_width.items()]


@dataclass(frozen=True)
class Grid:
    """Where pieces may begin, told by the words at every `width` bytes of a buffer.

    any      (2 ** BITS,) bool: whether the first whole word of some piece has this hash
    lengths  {length: of each word that a piece of it is sure to hold, (2 ** BITS,) uint8: bit a is set where some piece that begins a bytes
             before a step has it}
    """
    width: int
    factor: np.uint64
    any: np.ndarray
    lengths: dict[int, list[np.ndarray]]

    @classmethod
    def of(cls, width: int, of_length: Mapping[int, Iterable[Sequence[int]]], factor: np.uint64) -> "Grid":
        """of_length: {length: of each piece, hashes of the words that begin at its first bytes}."""
        lengths = {}
        for length, pieces in of_length.items():
            lengths[length] = [np.zeros(1 << BITS, np.uint8) for _ in range(words_of(length)[1])]
            for words in pieces:
                for at, word in enumerate(words):
                    lengths[length][at // width][word] |= np.uint8(1 << at % width)
        return cls(width, factor, np.bitwise_or.reduce([levels[0] for levels in lengths.values()]) != 0, lengths)

    def places(self, data: np.ndarray, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """(length, places before `stop` where a piece of it may begin)."""
        words = data[:len(data) // self.width * self.width].view(f"<u{self.width}").astype(np.uint64, copy=False)
        hashed = ((words * self.factor) >> np.uint64(64 - BITS)).view(np.int64)
        maybe = np.flatnonzero(np.take(self.any, hashed, mode="clip"))
        for length, levels in self.lengths.items() if len(maybe) else ():
            at = maybe[maybe + (len(levels) - 1) < len(hashed)]
            ways = levels[0][hashed[at]]
            for level, gate in enumerate(levels[1:], start=1):
                at, ways = at[ways != 0], ways[ways != 0]
                ways = ways & gate[hashed[at + level]]
            begins = [at[(ways >> np.uint8(way)) & np.uint8(1) != 0] * self.width - way for way in range(self.width)]
            found = np.concatenate(begins)
            yield length, found[(found >= 0) & (found < stop) & (found + length <= len(data))]


@dataclass(frozen=True)
class Starts:
    """Where pieces may begin, told by their first bytes alone, at every byte of a buffer.

    lengths  {words of eight that its start has: {length: (2 ** BITS,) bool, whether some piece of it has a start of this hash}}
    any      {words of eight: the same of all its lengths}
    """
    factors: np.ndarray
    lengths: dict[int, dict[int, np.ndarray]]
    any: dict[int, np.ndarray]

    @classmethod
    def of(cls, marks: Iterable[Mark], factors: np.ndarray) -> "Starts":
        lengths: dict[int, dict[int, np.ndarray]] = defaultdict(lambda: defaultdict(lambda: np.zeros(1 << BITS, bool)))
        for length, start, _ in marks:
            lengths[start_of(length) // LEAST][length][start] = True
        every = {count: np.logical_or.reduce(list(of_length.values())) for count, of_length in lengths.items()}
        return cls(factors, {count: dict(of_length) for count, of_length in lengths.items()}, every)

    def places(self, data: np.ndarray, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """(length, places before `stop` where a piece of it may begin)."""
        for count, of_length in self.lengths.items():
            at, hashes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
            for shift in range(min(LEAST, len(data))):
                hashed = begun(data[shift:shift + (len(data) - shift) // LEAST * LEAST].view("<u8"), count, self.factors)
                maybe = np.flatnonzero(np.take(self.any[count], hashed, mode="clip"))
                at.append(maybe * LEAST + shift)
                hashes.append(hashed[maybe])
            places, found = np.concatenate(at), np.concatenate(hashes)
            for length, starts in of_length.items() if len(places) else ():
                yield length, places[starts[found] & (places < stop) & (places + length <= len(data))]


def start_of(length: int) -> int:
    """How many of a piece's first bytes its mark has a hash of: half of a whole one, as the first words of a sentence stand everywhere."""
    return 2 * LEAST if length >= 2 * LEAST else LEAST


def begun(words: np.ndarray, count: int, factors: np.ndarray) -> np.ndarray:
    """(n - count + 1,) int64 hashes of each `count` words in a row."""
    hashed = words * factors[0] if count == 1 else words[:-1] * factors[1] + words[1:] * factors[2]
    made: np.ndarray = (hashed >> np.uint64(64 - BITS)).view(np.int64)
    return made


def words_of(length: int) -> tuple[int, int]:
    """(bytes of a word, how many whole ones a piece of a length holds wherever it lies).

    >>> words_of(32), words_of(15), words_of(14), words_of(8)
    ((8, 3), (8, 1), (4, 2), (4, 1))
    """
    width = 8 if length >= WIDE else 4
    return width, (length - width + 1) // width


def pieces(value: bytes) -> list[bytes]:
    """What a value is known by: all of it where it is short, else PIECES pieces of PIECE bytes at most, with less than SHARED in common;
    what is met by chance is left out.

    >>> [len(piece) for piece in pieces(b"0123456789")], len(pieces(bytes(range(200)))), pieces(b"short"), pieces(bytes(500))
    ([10], 10, [], [])
    """
    count = min(PIECES, 1 + (len(value) - PIECE) // (PIECE - SHARED + 1)) if len(value) > PIECE else len(value) >= LEAST
    cut = [value[int(at):int(at) + PIECE] for at in np.linspace(0, max(0, len(value) - PIECE), count)]
    return [piece for piece in cut if len(set(piece)) >= DIFFERENT]
