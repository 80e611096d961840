"""Letters that readers take for the same become the same: case, width, composition, compatibility forms (NFKC, case folded).

Almost every letter folds by itself, by a table. The few rows that hold others - combining marks, conjoining jamo, ligatures - are
folded as Python texts first.
"""
import re
import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WORD, SYLLABLE, IDEOGRAPH, IGNORED, MANY = 1 << 24, 2 << 24, 3 << 24, 1 << 30, 1 << 31      # kernels/reading.py says what they mean
TABLE_SIZE = 0x10000
BEYOND_ASCII = re.compile(r"[\0-\x7f]?[^\0-\x7f]+")      # with the letter that they may melt into
UNSEEN = {0xAD, 0x34F, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10)}


def folded(text: str) -> str:
    """NFKC and case folding until nothing changes.

    >>> folded("Ｓａｅｍ ﬁle Straße 한글") == "saem file strasse 한글"
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def folded_beyond_ascii(text: str) -> str:
    """The same where letters of ASCII stand alone: these may keep their case."""
    return BEYOND_ASCII.sub(lambda run: folded(run[0]), text)


@cache
def letters() -> np.ndarray:
    """(65536,) uint32: per code point its folded letter, with what it is above; see kernels/reading.py."""
    joins = _joining()
    table = np.zeros(TABLE_SIZE, np.uint32)
    for point in range(TABLE_SIZE):
        if 0xAC00 <= point <= 0xD7A3:
            table[point] = SYLLABLE | point
        elif not 0xD800 <= point < 0xF900:
            table[point] = _entry(point, joins)
    table.setflags(write=False)
    return table


def _entry(point: int, joins: frozenset[str]) -> int:
    letter = chr(point)
    if point in UNSEEN:
        return IGNORED
    plain = letter.lower() if point < 128 else folded(letter)
    if len(plain) != 1:
        return MANY | WORD | point if any(map(_is_of_word, plain)) else 0       # an ellipsis is three dots: it parts words too
    if plain in joins or letter in joins or unicodedata.combining(letter):
        return MANY | WORD | point
    if not _is_of_word(plain):
        return 0
    return _kind(ord(plain)) | ord(plain) if ord(plain) < TABLE_SIZE else MANY | WORD | point


def _is_of_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"


def _kind(point: int) -> int:
    if 0xAC00 <= point <= 0xD7A3:
        return SYLLABLE
    is_unspaced = 0x3041 <= point <= 0x30FF or 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF
    return IDEOGRAPH if is_unspaced else WORD


def _joining() -> frozenset[str]:
    """Letters that may melt into the one before them: second halves of decompositions, conjoining jamo."""
    found = {chr(point) for point in (*range(0x1100, 0x1200), *range(0xA960, 0xA980), *range(0xD7B0, 0xD800))}
    for point in range(TABLE_SIZE):
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return frozenset(found)


def buffers(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """(bytes, (n + 1,) int64 where each row begins), without a copy where it is one chunk; null is empty."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.chunk(0) if texts.num_chunks == 1 else texts.combine_chunks()
    whole = texts
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.cast(pa.large_string()).chunks)
    if whole.null_count:
        whole = pc.fill_null(whole, "")
    is_large = pa.types.is_large_string(whole.type) or pa.types.is_large_binary(whole.type)
    _, starts, data = whole.buffers()
    kind = np.int64 if is_large else np.int32
    if not len(whole):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(starts, kind, len(whole) + 1, whole.offset * np.dtype(kind).itemsize).astype(np.int64)
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), offsets


def readable(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(bytes, offsets, rows that were `joined`): after this the table tells of every letter by itself."""
    from saem.curate.kernels.reading import unusual
    data, offsets = buffers(texts)
    rows = np.flatnonzero(unusual(data, offsets, letters()))
    if len(rows):
        made = pa.array([joined(text)[0] for text in texts.take(pa.array(rows)).to_pylist()], pa.large_string())
        place = np.arange(len(texts))
        place[rows] = len(texts) + np.arange(len(rows))
        both = pa.chunked_array([*texts.cast(pa.large_string()).chunks, made])
        data, offsets = buffers(both.take(pa.array(place)))
    return data, offsets, rows


def joined(text: str) -> tuple[str, np.ndarray]:
    """(the text folded, for each of its letters and its end the place in `text` where that began)."""
    table, parts, places, start = letters(), [""], list[int](), 0
    for end in range(1, len(text) + 1):
        if end == len(text) or ord(text[end]) >= TABLE_SIZE or not table[ord(text[end])] & MANY:
            parts.append(folded(text[start:end]))
            places += [start] * len(parts[-1])
            start = end
    return "".join(parts), np.array([*places, len(text)], np.int64)
