"""Words as spaCy's English tokenizer cuts them, compiled: what the thresholds of Gopher and FineWeb are counted in.

A piece between two spaces loses its affixes (brackets, quotes, a full stop, units after a number), is cut at infixes (hyphens between
letters, ...) and leaves addresses whole. Left out, for they are rare: emoticons and exceptions that hold spaces.
Source: spacy/tokenizer.pyx, spacy/lang/{punctuation,tokenizer_exceptions}.py, spacy/lang/en/.
"""
import numpy as np

from saem.curate.characters import AFTER_WORD, ALPHA, DIGIT, EDGE, LOWER, MARK, PREFIX, PUNCTUATION, QUOTE, SENTENCE_END, SYMBOL, UPPER
from saem.curate.kernels.eight import hashed
from saem.curate.kernels.leaf import leaf
from saem.curate.words import IS_ABBREVIATION, IS_UNIT, PRIME, SEED, SLOTS

U = np.uint64
OFFSET, FACTOR, LAST = U(SEED), U(PRIME), np.int64(SLOTS - 1)
# a character of a piece: (code point, class, scratch, where it begins); a token: (the hash of its bytes, how many characters, what it is)
CODE, KIND, END, PLACE = range(4)
HASH, SIZE, WHAT = range(3)
IS_MARK, HAS_LETTER, ENDS_SENTENCE, IS_PUNCTUATION = 1, 2, 4, 8      # what a token is
STOPS, LONGEST_STOP = 8, 4                                           # and above: which of Gopher's stop words, of so many letters at most
DOT, APOSTROPHE, CURLY_APOSTROPHE, ELLIPSIS = 46, 39, 0x2019, 0x2026


@leaf
def known(word: int, lists: np.ndarray) -> int:
    """The bits of a hashed word in a table of words; 0 where it is in no list."""
    slot = np.int64(word >> U(52))
    while lists[slot, 0] != 0:
        if lists[slot, 0] == word:
            return np.int64(lists[slot, 1])
        slot = (slot + 1) & LAST
    return np.int64(0)


@leaf
def spelled(piece: np.ndarray, start: int, end: int) -> int:
    """The hash of a word as lists have it."""
    word = OFFSET
    for at in range(start, end):
        word = (word ^ U(piece[at, CODE])) * FACTOR
    return word


@leaf
def stops(word: int, size: int, lists: np.ndarray) -> int:
    """Bits of a hashed word among Gopher's stop words, as `put` notes them."""
    return (known(word, lists) & 255) << STOPS if size <= LONGEST_STOP else 0


@leaf
def put(buffer: np.ndarray, piece: np.ndarray, start: int, end: int, lists: np.ndarray, tokens: np.ndarray, count: int) -> int:
    """One token: its hash, its length in characters, what it is."""
    every, some = np.int64(-1), np.int64(0)
    for at in range(start, end):
        every &= piece[at, KIND]
        some |= piece[at, KIND]
    what = IS_MARK if every & MARK else 0
    if some & ALPHA:
        what |= HAS_LETTER
        if end - start <= LONGEST_STOP:
            what |= stops(spelled(piece, start, end), end - start, lists)
    if every & PUNCTUATION:
        what |= IS_PUNCTUATION
    if end - start == 1 and every & SENTENCE_END:
        what |= ENDS_SENTENCE
    tokens[count, HASH] = hashed(buffer, piece[start, PLACE], piece[end, PLACE])
    tokens[count, SIZE], tokens[count, WHAT] = U(end - start), U(what)
    return count + 1


@leaf
def is_exception(piece: np.ndarray, start: int, end: int, lists: np.ndarray) -> bool:
    if end - start < 2 or end - start > 7:
        return False
    return (known(spelled(piece, start, end), lists) & IS_ABBREVIATION) != 0


@leaf
def prefix(piece: np.ndarray, start: int, end: int) -> int:
    """How many characters at the start stand for themselves."""
    first = piece[start, CODE]
    if first == DOT:
        length = 1
        while start + length < end and piece[start + length, CODE] == DOT:
            length += 1
        return length if length > 1 else 0
    if piece[start, KIND] & (EDGE | PREFIX):
        return 1
    if first == 43:      # +, unless it signs a number
        return 0 if start + 1 < end and piece[start + 1, KIND] & DIGIT else 1
    return 0


@leaf
def suffix(piece: np.ndarray, start: int, end: int, lists: np.ndarray) -> int:
    """How many characters at the end stand for themselves."""
    last = piece[end - 1, CODE]
    if last == DOT:
        length = 1
        while end - length > start and piece[end - length - 1, CODE] == DOT:
            length += 1
        if length > 1:
            return length
        if end - start < 2:
            return 0
        if piece[end - 2, KIND] & (AFTER_WORD | DIGIT | LOWER):
            return 1
        return 1 if end - start > 2 and piece[end - 2, KIND] & UPPER and piece[end - 3, KIND] & UPPER else 0
    if (last == 115 or last == 83) and end - start > 1 and (piece[end - 2, CODE] == APOSTROPHE or piece[end - 2, CODE] == CURLY_APOSTROPHE):
        return 2
    if piece[end - 1, KIND] & (EDGE | QUOTE) or last == 0x2014 or last == 0x2013:
        return 1
    if end - start < 2:
        return 0
    if piece[end - 2, KIND] & DIGIT and (last == 43 or (piece[end - 1, KIND] & PREFIX and last != 61 and last != 0xA7)):
        return 1
    for length in range(min(4, end - start - 1), 0, -1):
        is_between = piece[end - length - 1, KIND] & DIGIT and not piece[end - length, KIND] & DIGIT
        if is_between and known(spelled(piece, end - length, end), lists) & IS_UNIT:
            return length
    return 0


@leaf
def is_address(piece: np.ndarray, start: int, end: int) -> bool:
    """[scheme://][user@]label.label.tld[:port][/...]"""
    at, here = start, start
    while here < end and (piece[here, KIND] & (ALPHA | DIGIT) or piece[here, CODE] in (43, 45, DOT, 95)):      # + - . _
        here += 1
    if here - start >= 2 and here + 2 < end and piece[here, CODE] == 58 and piece[here + 1, CODE] == 47 and piece[here + 2, CODE] == 47:
        at = here + 3
    for here in range(at, end):
        if piece[here, CODE] == 64 and here > at:
            at = here + 1
    label, dots, letters, here = at, 0, True, at
    while here < end:
        one = piece[here, CODE]
        if one == DOT:
            if here == label or piece[here - 1, CODE] == 45 or piece[here - 1, CODE] == 95:
                return False
            label, letters, dots = here + 1, True, dots + 1
        elif one == 58 or one == 47 or one == 63 or one == 35:
            break
        elif not (piece[here, KIND] & (ALPHA | DIGIT) or ((one == 45 or one == 95) and here > label) or one > 0xA0):
            return False
        else:
            letters = letters and (piece[here, KIND] & LOWER) != 0
        here += 1
    is_number = dots == 3 and not letters
    if is_number:
        for digit in range(at, here):
            is_number = is_number and (piece[digit, CODE] == DOT or (piece[digit, KIND] & DIGIT) != 0)
    if dots == 0 or here - label < 1 or not (is_number or (letters and here - label >= 2)):
        return False
    if here < end and piece[here, CODE] == 58:
        here += 1
        port = here
        while here < end and piece[here, KIND] & DIGIT:
            here += 1
        if here - port < 2 or here - port > 5:
            return False
    return here == end or piece[here, CODE] == 47 or piece[here, CODE] == 63 or piece[here, CODE] == 35


@leaf
def infix(piece: np.ndarray, start: int, at: int, end: int) -> int:
    """How many characters here cut the piece in two."""
    one = piece[at, CODE]
    before = piece[at - 1, KIND] if at > start else 0
    after = piece[at + 1, KIND] if at + 1 < end else 0
    if one == DOT:
        if at + 1 < end and piece[at + 1, CODE] == DOT:
            length = 2
            while at + length < end and piece[at + length, CODE] == DOT:
                length += 1
            return length
        return 1 if before & (LOWER | QUOTE) and after & (UPPER | QUOTE) else 0
    if piece[at, KIND] & SYMBOL or one == ELLIPSIS:
        return 1
    if before & DIGIT and one in (43, 45, 42, 94) and (after & DIGIT or (at + 1 < end and piece[at + 1, CODE] == 45)):      # + - * ^
        return 1
    if before & ALPHA and one == 44 and after & ALPHA:
        return 1
    if before & (ALPHA | DIGIT) and one in (45, 0x2013, 0x2014, 126):      # hyphens, dashes, ~
        for length in range(1, 4):
            if at + length >= end:
                break
            if piece[at + length, KIND] & ALPHA:
                return length
            if piece[at + length, CODE] != one or one == 126:
                break
    if before & (ALPHA | DIGIT) and after & ALPHA and (one == 58 or one == 60 or one == 62 or one == 61 or one == 47):
        return 1
    return 0


@leaf
def contraction(piece: np.ndarray, start: int, end: int) -> int:
    """Where don't, we'll, I've ... fall into two; 0 = nowhere."""
    for length in range(2, min(4, end - start)):
        mark = piece[end - length, CODE]
        if mark in (APOSTROPHE, CURLY_APOSTROPHE):
            last, one = piece[end - 1, CODE] | 32, piece[end - length + 1, CODE] | 32
            if length == 2 and last == 116 and piece[end - 3, CODE] | 32 == 110:
                return end - 3 if end - 3 > start else 0
            if length == 2 and (last == 109 or last == 100):
                return end - 2
            if length == 3 and ((one == 108 and last == 108) or (one == 114 and last == 101) or (one == 118 and last == 101)):
                return end - 3
    return 0


@leaf
def cut(buffer: np.ndarray, piece: np.ndarray, end: int, lists: np.ndarray, tokens: np.ndarray) -> int:
    """The tokens of piece[0:end]. Returns how many there are."""
    start, held, is_whole, count = 0, 0, False, 0
    while start < end:
        if is_exception(piece, start, end, lists):
            is_whole = True
            break
        front = prefix(piece, start, end)
        if front and start + front < end and is_exception(piece, start + front, end, lists):
            count = put(buffer, piece, start, start + front, lists, tokens, count)
            start += front
            is_whole = True
            break
        back = suffix(piece, start + front, end, lists) if start + front < end else 0
        if front == 0 and back == 0:
            break
        if front:
            count = put(buffer, piece, start, start + front, lists, tokens, count)
            start += front
        if back:
            piece[held, END] = end
            held += 1
            end -= back
    if start < end:
        count = _middle(buffer, piece, start, end, is_whole, lists, tokens, count)
    for number in range(held - 1, -1, -1):
        count = put(buffer, piece, end, piece[number, END], lists, tokens, count)
        end = piece[number, END]
    return count


@leaf
def _middle(buffer: np.ndarray, piece: np.ndarray, start: int, end: int, is_whole: bool, lists: np.ndarray, tokens: np.ndarray,
            count: int) -> int:
    """What is left without affixes."""
    some = np.int64(0)
    for at in range(start, end):
        some |= 0 if piece[at, KIND] & (ALPHA | DIGIT) else 1
    if is_whole or not some or is_address(piece, start, end):
        if is_whole and end - start == 6 and piece[end - 1, CODE] == 116:      # cannot
            count = put(buffer, piece, start, start + 3, lists, tokens, count)
            return put(buffer, piece, start + 3, end, lists, tokens, count)
        return put(buffer, piece, start, end, lists, tokens, count)
    half = contraction(piece, start, end)
    if half:
        count = put(buffer, piece, start, half, lists, tokens, count)
        return put(buffer, piece, half, end, lists, tokens, count)
    at, begun = start, start
    while at < end:
        length = infix(piece, start, at, end)
        if length and at > begun:
            count = put(buffer, piece, begun, at, lists, tokens, count)
            count = put(buffer, piece, at, at + length, lists, tokens, count)
            begun = at + length
        at += max(1, length)
    return put(buffer, piece, begun, end, lists, tokens, count) if begun < end else count
