"""What is known of a piece, the characters between two spaces, compiled: its tokens, its letters, how it bears on its line.

Texts say the same pieces over and over, so a piece is analysed once and remembered in a row of numbers, which reading a text adds up. The
memory is of a fixed size: a piece whose place is taken by another is analysed again. What is found never depends on what was remembered.
"""
import numpy as np
from numba import njit

from saem.curate.characters import ALPHA, CURLY, DIGIT, HAN, HANGUL, JAMO, KANA, LETTER_J, PARTICLE, STOP_CHAR
from saem.curate.kernels.eight import hashed
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.tokens import (
    CODE,
    ENDS_SENTENCE,
    FACTOR,
    HAS_LETTER,
    HASH,
    IS_MARK,
    IS_PUNCTUATION,
    KIND,
    OFFSET,
    PLACE,
    SIZE,
    STOPS,
    WHAT,
    U,
    cut,
    known,
    stops,
)
from saem.curate.words import IS_BOILERPLATE, IS_ENGLISH, IS_INNOCENT, IS_KOREAN_STOP, IS_THE, IS_TOXIC, IS_TOXIC_PREFIX

# a row: counts, which are added up over a text
ADDED = ("tokens chars pieces words word_chars alpha_tokens hashes ellipses english the toxic korean_stops letters hangul jamo kana han "
         "hangul_pieces single_hangul particles digits").split()
(TOKENS, CHARS, PIECES, WORDS, WORD_CHARS, ALPHA_TOKENS, HASHES, ELLIPSES, ENGLISH, THE, TOXIC, KOREAN_STOPS, LETTERS, HANGULS, JAMOS,
 KANAS, HANS, HANGUL_PIECES, SINGLE_HANGUL, PARTICLES, DIGITS) = range(len(ADDED))
# then what it does to its line: marks, how it ends, and how many sentences begin in it where none (RISES) or one (RISES + 1) has just ended
MARKS, ENDING, RISES = len(ADDED), len(ADDED) + 1, len(ADDED) + 2
WIDTH = len(ADDED) + 4
# the same as one number, its effect: marks in the lowest 16 bits, how it ends in 8, 20 bits for each of the RISES
ENDS, RISING, RISING_BITS, MOST_RISES = U(16), U(24), U(20), (1 << 20) - 1
PLAIN = U(1) << (RISING + RISING_BITS)      # that of a word without marks: after a full stop it begins a sentence
# MARKS: the lowest eight are Gopher's stop words
HAS_CURLY, IS_LONG, HAS_SCRIPT, HAS_BOILERPLATE, MAY_BE_POLICY, HAS_POLICY, HAS_LOREM = (1 << bit for bit in range(8, 15))
# ENDING: its first and last character, and whether a sentence has just ended behind it (bit 6 where none had before it, bit 7 else)
IS_BULLET, IS_ELLIPSIS, IS_C4_END, IS_STOP, STOPPED = 1, 2, 4, 8, 64
STOPPED_BIT = ENDS + U(6)
LONG_WORD = 1000                # C4 drops lines with a longer one
LOREM, IPSUM, JAVASCRIPT = (np.frombuffer(word, np.uint8) for word in (b"lorem", b"ipsum", b"javascript"))
POLICY, COOKIES, USE = (np.frombuffer(word, np.uint8) for word in (b"policy", b"cookies", b"use"))
BEFORE_POLICY = (np.frombuffer(b"privacy ", np.uint8), np.frombuffer(b"cookie ", np.uint8))
BEFORE_COOKIES = (np.frombuffer(b"uses ", np.uint8), np.frombuffer(b"use of ", np.uint8), np.frombuffer(b"use ", np.uint8))
BEFORE_USE = np.frombuffer(b"terms of ", np.uint8)
HASH_SIGN, DOT, OPENING, CLOSING, ELLIPSIS = 35, 46, 91, 93, 0x2026


@leaf
def decode(buffer: np.ndarray, at: int, end: int) -> tuple[int, int]:
    """(code point, bytes) of a UTF-8 character beyond ASCII."""
    one = np.int64(buffer[at])
    if one < 0xE0 and at + 1 < end:
        return (one & 31) << 6 | np.int64(buffer[at + 1]) & 63, 2
    if one < 0xF0 and at + 2 < end:
        return (one & 15) << 12 | (np.int64(buffer[at + 1]) & 63) << 6 | np.int64(buffer[at + 2]) & 63, 3
    if at + 3 < end:
        return (one & 7) << 18 | (np.int64(buffer[at + 1]) & 63) << 12 | (np.int64(buffer[at + 2]) & 63) << 6 | np.int64(
            buffer[at + 3]
        ) & 63, 4
    return np.int64(0xFFFD), 1


@leaf
def analysed(buffer: np.ndarray, start: int, end: int, classes: np.ndarray, lists: np.ndarray, piece: np.ndarray, tokens: np.ndarray,
             made: np.ndarray) -> int:
    """The piece buffer[start:end] into made (WIDTH,) int32, its tokens into `tokens`. Returns how many they are.

    piece: (n, 4) int64, tokens: (n, 3) uint64, see tokens.py; piece is scratch.
    """
    made[:] = 0
    size, some, every, word, lower, letters, digits, at = 0, np.int64(0), np.int64(-1), OFFSET, OFFSET, 0, 0, start
    has_marks = False
    while at < end:
        one, width = np.int64(buffer[at]), 1
        if one >= 0x80:
            one, width = decode(buffer, at, end)
        what = np.int64(classes[min(one, 0xFFFF)])
        piece[size, CODE], piece[size, KIND], piece[size, PLACE] = one, what, at
        size += 1
        some |= what
        every &= what | (DIGIT if what & ALPHA else 0) | (ALPHA if what & DIGIT else 0)
        letters += (what & ALPHA) != 0
        digits += (what & DIGIT) != 0
        has_marks |= (one == HASH_SIGN) | (one == DOT) | (one == ELLIPSIS)
        word = (word ^ U(one)) * FACTOR
        lower = (lower ^ U(one + 32 if 65 <= one <= 90 else one)) * FACTOR
        at += width
    piece[size, PLACE] = end
    if every & ALPHA and not (digits and letters) and size != len("cannot"):
        what = (HAS_LETTER | stops(word, size, lists)) if letters else 0
        tokens[0, HASH], tokens[0, SIZE], tokens[0, WHAT] = hashed(buffer, start, end), U(size), U(what)
        count = 1
    else:
        count = cut(buffer, piece, size, lists, tokens)
    made[PIECES], made[CHARS], made[TOKENS], made[LETTERS], made[DIGITS] = 1, size, count, letters, digits
    made[MARKS] = (HAS_CURLY if some & CURLY else 0) | (IS_LONG if size > LONG_WORD else 0)
    if has_marks:
        _note_marks(piece, size, made)
    _note_tokens(tokens, count, made)
    _note_lists(piece, size, lower, count, lists, made)
    if some & (HANGUL | JAMO | KANA | HAN):
        _note_script(piece, size, lists, made)
    _note_phrase(buffer, start, end, made)
    if some & LETTER_J and _holds(buffer, start, end, JAVASCRIPT):
        made[MARKS] |= HAS_SCRIPT
    _note_ends(piece, size, made)
    return count


@leaf
def _note_phrase(buffer: np.ndarray, start: int, end: int, made: np.ndarray) -> None:
    first = buffer[start] | 32
    is_one = (begins(buffer, start, end, POLICY) if first == 112 else begins(buffer, start, end, COOKIES) if first == 99
              else begins(buffer, start, end, USE) if first == 117 else begins(buffer, start, end, IPSUM) if first == 105 else False)
    if is_one:
        made[MARKS] |= MAY_BE_POLICY


@njit(inline="always")
def effect(made: np.ndarray) -> int:
    """What it does to its line, as one number."""
    return (U(made[MARKS]) | U(made[ENDING]) << ENDS | U(min(made[RISES], MOST_RISES)) << RISING
            | U(min(made[RISES + 1], MOST_RISES)) << (RISING + RISING_BITS))


@leaf
def phrase(buffer: np.ndarray, start: int, at: int, end: int) -> int:
    """Lines that C4 does not keep, policies and filler: told by a piece that begins at `at` and what is before it."""
    first = buffer[at] | 32
    if first == 112 and begins(buffer, at, end, POLICY):
        for pattern in BEFORE_POLICY:
            if at - start >= len(pattern) and begins(buffer, at - len(pattern), at, pattern):
                return HAS_POLICY
    elif first == 99 and begins(buffer, at, end, COOKIES):
        for pattern in BEFORE_COOKIES:
            if at - start >= len(pattern) and begins(buffer, at - len(pattern), at, pattern):
                return HAS_POLICY
    elif first == 117 and begins(buffer, at, end, USE):
        if at - start >= len(BEFORE_USE) and begins(buffer, at - len(BEFORE_USE), at, BEFORE_USE):
            return HAS_POLICY
    elif first == 105 and begins(buffer, at, end, IPSUM) and at - start >= 6 and begins(buffer, at - 6, at, LOREM):
        return HAS_LOREM
    return 0


@leaf
def begins(buffer: np.ndarray, at: int, end: int, pattern: np.ndarray) -> bool:
    """Whether a lower-case ASCII pattern stands there, in any case."""
    if at < 0 or at + len(pattern) > end:
        return False
    for number in range(len(pattern)):
        one = buffer[at + number]
        if (one | 32 if 65 <= one <= 90 else one) != pattern[number]:
            return False
    return True


@leaf
def _holds(buffer: np.ndarray, start: int, end: int, pattern: np.ndarray) -> bool:
    for at in range(start, end - len(pattern) + 1):      # noqa: SIM110 - numba compiles no any()
        if begins(buffer, at, end, pattern):
            return True
    return False


@leaf
def _note_marks(piece: np.ndarray, size: int, made: np.ndarray) -> None:
    at = 0
    while at < size:
        if piece[at, CODE] == 35:
            made[HASHES] += 1
        elif piece[at, CODE] == ELLIPSIS:
            made[ELLIPSES] += 1
        elif piece[at, CODE] == 46 and at + 2 < size and piece[at + 1, CODE] == 46 and piece[at + 2, CODE] == 46:
            made[ELLIPSES] += 1
            at += 2
        at += 1


@leaf
def _note_tokens(tokens: np.ndarray, count: int, made: np.ndarray) -> None:
    """Words, and where sentences begin: with the first word or number behind a full stop."""
    for at in range(count):
        what = np.int64(tokens[at, WHAT])
        if not what & IS_MARK:
            made[WORDS] += 1
            made[WORD_CHARS] += np.int64(tokens[at, SIZE])
        if what & HAS_LETTER:
            made[ALPHA_TOKENS] += 1
            made[MARKS] |= what >> STOPS
    for stopped in range(2):
        is_stopped, risen = stopped, 0
        for at in range(count):      # no branch is taken on what a token is
            what = np.int64(tokens[at, WHAT])
            ends, rises = (what & ENDS_SENTENCE) != 0, (what & (IS_PUNCTUATION | ENDS_SENTENCE)) == 0
            risen += is_stopped & rises
            is_stopped = (is_stopped & (1 - rises)) | ends
        made[RISES + stopped] = risen
        made[ENDING] |= (STOPPED << stopped) if is_stopped else 0


@leaf
def _note_lists(piece: np.ndarray, size: int, lower: int, tokens: int, lists: np.ndarray, made: np.ndarray) -> None:
    found = known(lower, lists)
    if tokens > 1 and not found:      # a mark at the piece's end hides its word
        plain = OFFSET
        for at in range(size):
            if piece[at, KIND] & (ALPHA | DIGIT):
                one = piece[at, CODE]
                plain = (plain ^ U(one | 32 if 65 <= one <= 90 else one)) * FACTOR
            elif at:
                break
        found = known(plain, lists)
    made[ENGLISH] += (found & IS_ENGLISH) != 0
    made[THE] += (found & IS_THE) != 0
    made[TOXIC] += (found & IS_TOXIC) != 0
    made[KOREAN_STOPS] += (found & IS_KOREAN_STOP) != 0
    if found & IS_BOILERPLATE:
        made[MARKS] |= HAS_BOILERPLATE


@leaf
def _note_script(piece: np.ndarray, size: int, lists: np.ndarray, made: np.ndarray) -> None:
    """Korean, Japanese and Chinese letters; of a Korean piece its syllables, its last one, whether it begins with a word of abuse."""
    syllables, last, word, is_toxic = 0, 0, OFFSET, 0
    for at in range(size):
        what = piece[at, KIND]
        if what & HANGUL:
            syllables += 1
            last = at
        made[JAMOS] += (what & JAMO) != 0
        made[KANAS] += (what & KANA) != 0
        made[HANS] += (what & HAN) != 0
        if at < 5 and what & (HANGUL | JAMO):
            word = (word ^ U(piece[at, CODE])) * FACTOR
            found = known(word, lists) if at else 0
            is_toxic = 0 if found & IS_INNOCENT else 1 if found & IS_TOXIC_PREFIX else is_toxic
    made[HANGULS] += syllables
    made[TOXIC] += is_toxic
    if syllables:
        made[HANGUL_PIECES] += 1
        made[SINGLE_HANGUL] += syllables == 1
        made[PARTICLES] += syllables > 1 and (piece[last, KIND] & PARTICLE) != 0


@leaf
def _note_ends(piece: np.ndarray, size: int, made: np.ndarray) -> None:
    """How a line begins and ends with it; C4 takes [12] away before it looks, but not the space before."""
    end = size
    while end > 1 and piece[end - 1, CODE] == CLOSING:
        at = end - 2
        while at >= 0 and 48 <= piece[at, CODE] <= 57:
            at -= 1
        if at < 0 or piece[at, CODE] != OPENING:
            break
        end = at
    last, c4_last = piece[size - 1, CODE], piece[end - 1, CODE] if end else 32
    if piece[0, CODE] == 45 or piece[0, CODE] == 0x2022:
        made[ENDING] |= IS_BULLET
    if last == ELLIPSIS or (size > 2 and last == 46 and piece[size - 2, CODE] == 46 and piece[size - 3, CODE] == 46):
        made[ENDING] |= IS_ELLIPSIS
    has_c4_ellipsis = end > 2 and piece[end - 1, CODE] == 46 and piece[end - 2, CODE] == 46 and piece[end - 3, CODE] == 46
    if (c4_last == 46 or c4_last == 63 or c4_last == 33 or c4_last == 34 or c4_last == 39) and not has_c4_ellipsis:
        made[ENDING] |= IS_C4_END
    if piece[size - 1, KIND] & STOP_CHAR:
        made[ENDING] |= IS_STOP
