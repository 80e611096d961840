"""Words as spaCy's English tokenizer cuts them, compiled: what the thresholds of Gopher and FineWeb are counted in.

A piece between two spaces loses its affixes (brackets, quotes, a full stop, units after a number), is cut at infixes (hyphens between
letters, ...) and leaves addresses whole. Left out, for they are rare: emoticons and exceptions that hold spaces.
Source: spacy/tokenizer.pyx, spacy/lang/{punctuation,tokenizer_exceptions}.py, spacy/lang/en/.
"""
import numpy as np

from saem.curate.characters import AFTER_WORD, ALPHA, DIGIT, EDGE, LOWER, MARK, PREFIX, PUNCTUATION, QUOTE, SENTENCE_END, SYMBOL, UPPER
from saem.curate.kernels.leaf import leaf
from saem.curate.words import IS_ABBREVIATION, IS_UNIT, PRIME, SEED, SLOTS

U = np.uint64
OFFSET, FACTOR, LAST = U(SEED), U(PRIME), np.int64(SLOTS - 1)
IS_MARK, HAS_LETTER, ENDS_SENTENCE, IS_PUNCTUATION = 1, 2, 4, 8      # what a token is
DOT, APOSTROPHE, CURLY_APOSTROPHE, ELLIPSIS = 46, 39, 0x2019, 0x2026


@leaf
def known(word: int, keys: np.ndarray, bits: np.ndarray) -> int:
    """The bits of a hashed word in a table of words; 0 where it is in no list."""
    slot = np.int64(word >> U(52))
    while keys[slot] != 0:
        if keys[slot] == word:
            return np.int64(bits[slot])
        slot = (slot + 1) & LAST
    return np.int64(0)


@leaf
def put(code: np.ndarray, kind: np.ndarray, start: int, end: int, hashes: np.ndarray, chars: np.ndarray, flags: np.ndarray,
        count: int) -> int:
    """One token: its hash, its length in characters, what it is."""
    word, every, some = OFFSET, np.int64(-1), np.int64(0)
    for at in range(start, end):
        word = (word ^ U(code[at])) * FACTOR
        every &= kind[at]
        some |= kind[at]
    what = IS_MARK if every & MARK else 0
    if some & ALPHA:
        what |= HAS_LETTER
    if every & PUNCTUATION:
        what |= IS_PUNCTUATION
    if end - start == 1 and every & SENTENCE_END:
        what |= ENDS_SENTENCE
    hashes[count], chars[count], flags[count] = word, end - start, what
    return count + 1


@leaf
def is_exception(code: np.ndarray, start: int, end: int, keys: np.ndarray, bits: np.ndarray) -> bool:
    if end - start < 2 or end - start > 7:
        return False
    word = OFFSET
    for at in range(start, end):
        word = (word ^ U(code[at])) * FACTOR
    return (known(word, keys, bits) & IS_ABBREVIATION) != 0


@leaf
def prefix(code: np.ndarray, kind: np.ndarray, start: int, end: int) -> int:
    """How many characters at the start stand for themselves."""
    first = code[start]
    if first == DOT:
        length = 1
        while start + length < end and code[start + length] == DOT:
            length += 1
        return length if length > 1 else 0
    if kind[start] & (EDGE | PREFIX):
        return 1
    if first == 43:      # +, unless it signs a number
        return 0 if start + 1 < end and kind[start + 1] & DIGIT else 1
    return 0


@leaf
def suffix(code: np.ndarray, kind: np.ndarray, start: int, end: int, keys: np.ndarray, bits: np.ndarray) -> int:
    """How many characters at the end stand for themselves."""
    last = code[end - 1]
    if last == DOT:
        length = 1
        while end - length > start and code[end - length - 1] == DOT:
            length += 1
        if length > 1:
            return length
        if end - start < 2:
            return 0
        if kind[end - 2] & (AFTER_WORD | DIGIT | LOWER):
            return 1
        return 1 if end - start > 2 and kind[end - 2] & UPPER and kind[end - 3] & UPPER else 0
    if (last == 115 or last == 83) and end - start > 1 and (code[end - 2] == APOSTROPHE or code[end - 2] == CURLY_APOSTROPHE):
        return 2
    if kind[end - 1] & (EDGE | QUOTE) or last == 0x2014 or last == 0x2013:
        return 1
    if end - start < 2:
        return 0
    if kind[end - 2] & DIGIT and (last == 43 or (kind[end - 1] & PREFIX and last != 61 and last != 0xA7)):
        return 1
    for length in range(min(4, end - start - 1), 0, -1):
        if kind[end - length - 1] & DIGIT and not kind[end - length] & DIGIT:
            word = OFFSET
            for at in range(end - length, end):
                word = (word ^ U(code[at])) * FACTOR
            if known(word, keys, bits) & IS_UNIT:
                return length
    return 0


@leaf
def is_address(code: np.ndarray, kind: np.ndarray, start: int, end: int) -> bool:
    """[scheme://][user@]label.label.tld[:port][/...]"""
    at, here = start, start
    while here < end and (kind[here] & (ALPHA | DIGIT) or code[here] == 43 or code[here] == 45 or code[here] == DOT or code[here] == 95):
        here += 1
    if here - start >= 2 and here + 2 < end and code[here] == 58 and code[here + 1] == 47 and code[here + 2] == 47:
        at = here + 3
    for here in range(at, end):
        if code[here] == 64 and here > at:
            at = here + 1
    label, dots, letters, here = at, 0, True, at
    while here < end:
        one = code[here]
        if one == DOT:
            if here == label or code[here - 1] == 45 or code[here - 1] == 95:
                return False
            label, letters, dots = here + 1, True, dots + 1
        elif one == 58 or one == 47 or one == 63 or one == 35:
            break
        elif not (kind[here] & (ALPHA | DIGIT) or ((one == 45 or one == 95) and here > label) or one > 0xA0):
            return False
        else:
            letters = letters and (kind[here] & LOWER) != 0
        here += 1
    is_number = dots == 3 and not letters
    if is_number:
        for digit in range(at, here):
            is_number = is_number and (code[digit] == DOT or (kind[digit] & DIGIT) != 0)
    if dots == 0 or here - label < 1 or not (is_number or (letters and here - label >= 2)):
        return False
    if here < end and code[here] == 58:
        here += 1
        port = here
        while here < end and kind[here] & DIGIT:
            here += 1
        if here - port < 2 or here - port > 5:
            return False
    return here == end or code[here] == 47 or code[here] == 63 or code[here] == 35


@leaf
def infix(code: np.ndarray, kind: np.ndarray, start: int, at: int, end: int) -> int:
    """How many characters here cut the piece in two."""
    one = code[at]
    before = kind[at - 1] if at > start else 0
    after = kind[at + 1] if at + 1 < end else 0
    if one == DOT:
        if at + 1 < end and code[at + 1] == DOT:
            length = 2
            while at + length < end and code[at + length] == DOT:
                length += 1
            return length
        return 1 if before & (LOWER | QUOTE) and after & (UPPER | QUOTE) else 0
    if kind[at] & SYMBOL or one == ELLIPSIS:
        return 1
    if before & DIGIT and (one == 43 or one == 45 or one == 42 or one == 94) and (after & DIGIT or (at + 1 < end and code[at + 1] == 45)):
        return 1
    if before & ALPHA and one == 44 and after & ALPHA:
        return 1
    if before & (ALPHA | DIGIT) and one in (45, 0x2013, 0x2014, 126):      # hyphens, dashes, ~
        for length in range(1, 4):
            if at + length >= end:
                break
            if kind[at + length] & ALPHA:
                return length
            if code[at + length] != one or one == 126:
                break
    if before & (ALPHA | DIGIT) and after & ALPHA and (one == 58 or one == 60 or one == 62 or one == 61 or one == 47):
        return 1
    return 0


@leaf
def contraction(code: np.ndarray, start: int, end: int) -> int:
    """Where don't, we'll, I've ... fall into two; 0 = nowhere."""
    for length in range(2, min(4, end - start)):
        mark = code[end - length]
        if mark in (APOSTROPHE, CURLY_APOSTROPHE):
            last, one = code[end - 1] | 32, code[end - length + 1] | 32
            if length == 2 and last == 116 and code[end - 3] | 32 == 110:
                return end - 3 if end - 3 > start else 0
            if length == 2 and (last == 109 or last == 100):
                return end - 2
            if length == 3 and ((one == 108 and last == 108) or (one == 114 and last == 101) or (one == 118 and last == 101)):
                return end - 3
    return 0


@leaf
def cut(code: np.ndarray, kind: np.ndarray, end: int, keys: np.ndarray, bits: np.ndarray, ends: np.ndarray, hashes: np.ndarray,
        chars: np.ndarray, flags: np.ndarray, count: int) -> int:
    """The tokens of a piece code[0:end], put behind the `count` that are there; ends is scratch. Returns how many there are now."""
    start, held, is_whole = 0, 0, False
    while start < end:
        if is_exception(code, start, end, keys, bits):
            is_whole = True
            break
        front = prefix(code, kind, start, end)
        if front and start + front < end and is_exception(code, start + front, end, keys, bits):
            count = put(code, kind, start, start + front, hashes, chars, flags, count)
            start += front
            is_whole = True
            break
        back = suffix(code, kind, start + front, end, keys, bits) if start + front < end else 0
        if front == 0 and back == 0:
            break
        if front:
            count = put(code, kind, start, start + front, hashes, chars, flags, count)
            start += front
        if back:
            ends[held] = end
            held += 1
            end -= back
    if start < end:
        count = _middle(code, kind, start, end, is_whole, hashes, chars, flags, count)
    for number in range(held - 1, -1, -1):
        count = put(code, kind, end, ends[number], hashes, chars, flags, count)
        end = ends[number]
    return count


@leaf
def _middle(code: np.ndarray, kind: np.ndarray, start: int, end: int, is_whole: bool, hashes: np.ndarray, chars: np.ndarray,
            flags: np.ndarray, count: int) -> int:
    """What is left without affixes."""
    some = np.int64(0)
    for at in range(start, end):
        some |= 0 if kind[at] & (ALPHA | DIGIT) else 1
    if is_whole or not some or is_address(code, kind, start, end):
        if is_whole and end - start == 6 and code[end - 1] == 116:      # cannot
            count = put(code, kind, start, start + 3, hashes, chars, flags, count)
            return put(code, kind, start + 3, end, hashes, chars, flags, count)
        return put(code, kind, start, end, hashes, chars, flags, count)
    half = contraction(code, start, end)
    if half:
        count = put(code, kind, start, half, hashes, chars, flags, count)
        return put(code, kind, half, end, hashes, chars, flags, count)
    at, begun = start, start
    while at < end:
        length = infix(code, kind, start, at, end)
        if length and at > begun:
            count = put(code, kind, begun, at, hashes, chars, flags, count)
            count = put(code, kind, at, at + length, hashes, chars, flags, count)
            begun = at + length
        at += max(1, length)
    return put(code, kind, begun, end, hashes, chars, flags, count) if begun < end else count
