"""One pass over the bytes of texts: what every signal is computed from, counted. Compiled.

A row is read character by character: a piece between spaces goes to the tokenizer, a line end closes a line under the three readings
of a line that the papers' code has (Gopher repetition: runs of newlines; FineWeb: each newline; Gopher quality and C4: all of Unicode's).
"""
import numpy as np
from numba import njit

from saem.curate.characters import (
    ALPHA,
    CURLY,
    DIGIT,
    HAN,
    HANGUL,
    JAMO,
    KANA,
    LETTER_J,
    LINE_END,
    PARTICLE,
    SPACE,
    STOP_CHAR,
)
from saem.curate.kernels.leaf import leaf
from saem.curate.kernels.repetition import mix, repeated
from saem.curate.kernels.tokens import (
    ENDS_SENTENCE,
    FACTOR,
    HAS_LETTER,
    IS_MARK,
    IS_PUNCTUATION,
    OFFSET,
    U,
    cut,
    known,
)
from saem.curate.words import IS_BOILERPLATE, IS_ENGLISH, IS_KOREAN_STOP, IS_THE, IS_TOXIC, IS_TOXIC_PREFIX

# what is counted of a row: the columns of the result
COUNTED = (
    "bytes chars tokens words word_chars alpha_tokens hashes ellipses gopher_stops breaks bullet_lines ellipsis_lines newlines "
    "lines stopped_lines short_lines line_copy_chars repeated_lines repeated_line_parts repeated_line_chars paragraphs repeated_paragraphs "
    "repeated_paragraph_chars run2 run3 run4 run5 run6 run7 run8 run9 run10 c4_lines c4_sentences c4_curly c4_lorem "
    "pieces english the toxic boilerplate_lines "
    "korean_stops letters hangul jamo kana han hangul_pieces single_hangul particles digits"
).split()
(
    BYTES,
    CHARS,
    TOKENS,
    WORDS,
    WORD_CHARS,
    ALPHA_TOKENS,
    HASHES,
    ELLIPSES,
    GOPHER_STOPS,
    BREAKS,
    BULLET_LINES,
    ELLIPSIS_LINES,
    NEWLINES,
    LINES,
    STOPPED_LINES,
    SHORT_LINES,
    LINE_COPY_CHARS,
    REPEATED_LINES,
    REPEATED_LINE_PARTS,
    REPEATED_LINE_CHARS,
    PARAGRAPHS,
    REPEATED_PARAGRAPHS,
    REPEATED_PARAGRAPH_CHARS,
    RUN2,
    _RUN3,
    _RUN4,
    _RUN5,
    _RUN6,
    _RUN7,
    _RUN8,
    _RUN9,
    _RUN10,
    C4_LINES,
    C4_SENTENCES,
    C4_CURLY,
    C4_LOREM,
    PIECES,
    ENGLISH,
    THE,
    TOXIC,
    BOILERPLATE_LINES,
    KOREAN_STOPS,
    LETTERS,
    HANGULS,
    JAMOS,
    KANAS,
    HANS,
    HANGUL_PIECES,
    SINGLE_HANGUL,
    PARTICLES,
    DIGITS,
) = range(len(COUNTED))
SHORT = 30                      # characters of a short line (FineWeb)
LONG_WORD = 1000                # C4 drops lines with a longer one
LOREM, IPSUM, JAVASCRIPT = (np.frombuffer(word, np.uint8) for word in (b"lorem", b"ipsum", b"javascript"))
POLICY, COOKIES, USE = (np.frombuffer(word, np.uint8) for word in (b"policy", b"cookies", b"use"))
BEFORE_POLICY = (np.frombuffer(b"privacy ", np.uint8), np.frombuffer(b"cookie ", np.uint8))
BEFORE_COOKIES = (np.frombuffer(b"uses ", np.uint8), np.frombuffer(b"use of ", np.uint8), np.frombuffer(b"use ", np.uint8))
BEFORE_USE = np.frombuffer(b"terms of ", np.uint8)

# the state of the line at work, in an array of numbers
(
    FIRST,
    LAST,
    C4_LAST,
    HAS_ELLIPSIS,
    C4_ELLIPSIS,
    L_WORDS,
    IS_LONG,
    HAS_SCRIPT,
    HAS_LOREM,
    HAS_CURLY,
    HAS_POLICY,
    SENTENCES,
    IS_STOPPED,
    HAS_BOILERPLATE,
    L_STATE,
) = range(15)
OPENING, CLOSING = 91, 93


@leaf
def begins(code: np.ndarray, at: int, end: int, pattern: np.ndarray) -> bool:
    """Whether a lower-case ASCII pattern stands there, in any case."""
    if at < 0 or at + len(pattern) > end:
        return False
    for number in range(len(pattern)):
        one = code[at + number]
        if (one | 32 if 65 <= one <= 90 else one) != pattern[number]:
            return False
    return True


@leaf
def _holds(code: np.ndarray, end: int, pattern: np.ndarray) -> bool:
    for at in range(end - len(pattern) + 1):      # noqa: SIM110 - numba compiles no any()
        if begins(code, at, end, pattern):
            return True
    return False


@leaf
def _note_phrases(buffer: np.ndarray, start: int, at: int, code: np.ndarray, size: int, some: int, line: np.ndarray) -> None:
    """Lines that C4 does not keep: scripts, policies, filler. `at` is where the piece begins in the buffer."""
    if some & LETTER_J and _holds(code, size, JAVASCRIPT):
        line[HAS_SCRIPT] = 1
    first = code[0] | 32
    if first == 112 and begins(code, 0, size, POLICY):
        for pattern in BEFORE_POLICY:
            if at - start >= len(pattern) and begins(buffer, at - len(pattern), at, pattern):
                line[HAS_POLICY] = 1
    elif first == 99 and begins(code, 0, size, COOKIES):
        for pattern in BEFORE_COOKIES:
            if at - start >= len(pattern) and begins(buffer, at - len(pattern), at, pattern):
                line[HAS_POLICY] = 1
    elif first == 117 and begins(code, 0, size, USE):
        if at - start >= len(BEFORE_USE) and begins(buffer, at - len(BEFORE_USE), at, BEFORE_USE):
            line[HAS_POLICY] = 1
    elif first == 105 and begins(code, 0, size, IPSUM) and at - start >= 6 and begins(buffer, at - 6, at, LOREM):
        line[HAS_LOREM] = 1


@leaf
def _note_end(code: np.ndarray, size: int, line: np.ndarray) -> None:
    """What the line ends with; C4 takes [12] away before it looks, but not the space before."""
    end = size
    while end > 1 and code[end - 1] == CLOSING:
        at = end - 2
        while at >= 0 and 48 <= code[at] <= 57:
            at -= 1
        if at < 0 or code[at] != OPENING:
            break
        end = at
    line[LAST] = code[size - 1]
    line[C4_LAST] = code[end - 1] if end else 32
    line[HAS_ELLIPSIS] = size > 2 and code[size - 1] == 46 and code[size - 2] == 46 and code[size - 3] == 46
    line[C4_ELLIPSIS] = end > 2 and code[end - 1] == 46 and code[end - 2] == 46 and code[end - 3] == 46


@leaf
def _end_line(line: np.ndarray, out: np.ndarray) -> None:
    """Gopher's and C4's line."""
    out[BREAKS] += 1
    last = line[LAST]
    if last == 0:
        return
    if line[FIRST] == 45 or line[FIRST] == 0x2022:
        out[BULLET_LINES] += 1
    if line[HAS_ELLIPSIS] or last == 0x2026:
        out[ELLIPSIS_LINES] += 1
    out[BOILERPLATE_LINES] += line[HAS_BOILERPLATE]
    last = line[C4_LAST]
    is_kept = (last == 46 or last == 63 or last == 33 or last == 34 or last == 39) and not line[C4_ELLIPSIS]
    if is_kept and line[L_WORDS] >= 3 and not line[IS_LONG]:
        out[C4_LOREM] += line[HAS_LOREM]
        if not line[HAS_SCRIPT]:
            out[C4_CURLY] += line[HAS_CURLY]
            if not line[HAS_POLICY]:
                out[C4_LINES] += 1
                out[C4_SENTENCES] += line[SENTENCES]
    line[:] = 0


@leaf
def _take_piece(code: np.ndarray, kind: np.ndarray, size: int, word: int, lower: int, some: int, keys: np.ndarray, bits: np.ndarray,
                flags: np.ndarray, chars: np.ndarray, hashes: np.ndarray, was: int, count: int, line: np.ndarray, out: np.ndarray) -> None:
    """The tokens of a piece, for the counts of words, sentences and lists."""
    out[PIECES] += 1
    for at in range(was, count):
        what = flags[at]
        if not what & IS_MARK:
            out[WORDS] += 1
            out[WORD_CHARS] += chars[at]
        if what & HAS_LETTER:
            out[ALPHA_TOKENS] += 1
            if chars[at] <= 4:
                out[GOPHER_STOPS] |= known(hashes[at], keys, bits) & 255
        if line[IS_STOPPED] and not what & (IS_PUNCTUATION | ENDS_SENTENCE):
            line[SENTENCES] += 1
            line[IS_STOPPED] = 0
        elif what & ENDS_SENTENCE:
            line[IS_STOPPED] = 1
        if line[SENTENCES] == 0:
            line[SENTENCES] = 1
    found = known(lower, keys, bits)
    if count - was > 1 and not found:      # a mark at the piece's end hides its word
        plain = OFFSET
        for at in range(size):
            if kind[at] & (ALPHA | DIGIT):
                one = code[at]
                plain = (plain ^ U(one | 32 if 65 <= one <= 90 else one)) * FACTOR
            elif at:
                break
        found = known(plain, keys, bits)
    if found:
        out[ENGLISH] += (found & IS_ENGLISH) != 0
        out[THE] += (found & IS_THE) != 0
        out[TOXIC] += (found & IS_TOXIC) != 0
        out[KOREAN_STOPS] += (found & IS_KOREAN_STOP) != 0
        if found & IS_BOILERPLATE:
            line[HAS_BOILERPLATE] = 1


@leaf
def _take_script(code: np.ndarray, kind: np.ndarray, size: int, keys: np.ndarray, bits: np.ndarray, out: np.ndarray) -> None:
    """Letters by script; of a Korean piece its syllables, its last one, and whether it begins with a word of abuse."""
    syllables, last, word, is_toxic = 0, 0, OFFSET, 0
    for at in range(size):
        what = kind[at]
        out[LETTERS] += (what & ALPHA) != 0
        if what & HANGUL:
            syllables += 1
            last = at
        out[JAMOS] += (what & JAMO) != 0
        out[KANAS] += (what & KANA) != 0
        out[HANS] += (what & HAN) != 0
        if at < 5 and what & (HANGUL | JAMO):
            word = (word ^ U(code[at])) * FACTOR
            if at and known(word, keys, bits) & IS_TOXIC_PREFIX:
                is_toxic = 1
    out[HANGULS] += syllables
    out[TOXIC] += is_toxic
    if syllables:
        out[HANGUL_PIECES] += 1
        out[SINGLE_HANGUL] += syllables == 1
        out[PARTICLES] += syllables > 1 and (kind[last] & PARTICLE) != 0


@leaf
def _is_copy(number: int, table: np.ndarray, size: int) -> bool:
    """Whether a line was there before; it is from now on."""
    number |= U(1)
    slot = np.int64(number >> U(1)) & (size - 1)
    while table[slot] != 0 and table[slot] != number:
        slot = (slot + 1) & (size - 1)
    if table[slot] == number:
        return True
    table[slot] = number
    return False


@leaf
def _copies(buffer: np.ndarray, start: int, end: int, classes: np.ndarray, lines: np.ndarray, paragraphs: np.ndarray, size: int,
            out: np.ndarray) -> None:
    """Lines and paragraphs that repeat one before: FineWeb's (each newline), Gopher's (runs of newlines; two newlines end a paragraph)."""
    line, line_chars, is_blank, last = OFFSET, 0, True, np.int64(0)
    paragraph, paragraph_chars, gap = OFFSET, 0, 0
    has_begun, at = False, start
    while at <= end:
        one = np.int64(buffer[at]) if at < end else np.int64(10)
        width = 1
        if one >= 0x80:
            one, width = decode(buffer, at, end)
        if one == 10:
            if at < end:
                out[NEWLINES] += 1
            if not is_blank:
                out[LINES] += 1
                out[STOPPED_LINES] += (classes[min(last, 0xFFFF)] & STOP_CHAR) != 0
                out[SHORT_LINES] += line_chars <= SHORT
            if line_chars:
                out[REPEATED_LINE_PARTS] += 1
                if _is_copy(mix(line), lines, size):
                    out[REPEATED_LINES] += 1
                    out[REPEATED_LINE_CHARS] += line_chars
                    out[LINE_COPY_CHARS] += 0 if is_blank else line_chars
            elif at == start or (at == end and end > start):  # re.split gives an empty part before the first and after the last newlines
                out[REPEATED_LINE_PARTS] += 1
            gap += 1
            if at >= end and paragraph_chars:
                out[PARAGRAPHS] += 1
                if _is_copy(mix(paragraph), paragraphs, size):
                    out[REPEATED_PARAGRAPHS] += 1
                    out[REPEATED_PARAGRAPH_CHARS] += paragraph_chars
            line, line_chars, is_blank = OFFSET, 0, True
            at += width
            continue
        is_space = (classes[min(one, 0xFFFF)] & SPACE) != 0
        if has_begun and gap >= 2 and paragraph_chars:
            out[PARAGRAPHS] += 1
            if _is_copy(mix(paragraph), paragraphs, size):
                out[REPEATED_PARAGRAPHS] += 1
                out[REPEATED_PARAGRAPH_CHARS] += paragraph_chars
            paragraph, paragraph_chars = OFFSET, 0
        elif gap and paragraph_chars:
            paragraph = (paragraph ^ U(10)) * FACTOR
            paragraph_chars += 1
        gap = 0
        line = (line ^ U(one)) * FACTOR
        line_chars += 1
        last = one
        if not is_space:
            is_blank = False
            has_begun = True
        if has_begun:      # text.strip() goes before the paragraphs are cut
            paragraph = (paragraph ^ U(one)) * FACTOR
            paragraph_chars += 1
        at += width


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
def _read(buffer: np.ndarray, start: int, end: int, classes: np.ndarray, keys: np.ndarray, bits: np.ndarray, code: np.ndarray,
          kind: np.ndarray, ends: np.ndarray, hashes: np.ndarray, chars: np.ndarray, flags: np.ndarray, line: np.ndarray,
          out: np.ndarray) -> int:
    """Pieces, tokens, and the lines of Gopher and C4. Returns the number of tokens."""
    count, at, has_line, after_return = 0, start, False, False
    line[:] = 0
    while at < end:
        one = np.int64(buffer[at])
        width = 1
        if one >= 0x80:
            one, width = decode(buffer, at, end)
        what = np.int64(classes[min(one, 0xFFFF)])
        if what & SPACE:
            out[CHARS] += 1
            if what & LINE_END and not (one == 10 and after_return):
                _end_line(line, out)
                has_line = False
            else:
                has_line = has_line or not (what & LINE_END)
            after_return = one == 13
            at += width
            continue
        begun, size, some, every = at, 0, np.int64(0), np.int64(-1)
        word, lower = OFFSET, OFFSET
        while True:
            code[size], kind[size] = one, what
            size += 1
            some |= what
            every &= what | (DIGIT if what & ALPHA else 0) | (ALPHA if what & DIGIT else 0)
            word = (word ^ U(one)) * FACTOR
            lower = (lower ^ U(one + 32 if 65 <= one <= 90 else one)) * FACTOR
            at += width
            if at >= end:
                break
            one, width = np.int64(buffer[at]), 1
            if one >= 0x80:
                one, width = decode(buffer, at, end)
            what = np.int64(classes[min(one, 0xFFFF)])
            if what & SPACE:
                break
        out[CHARS] += size
        has_line, after_return, was = True, False, count
        if every & ALPHA and not (some & DIGIT and some & ALPHA) and size != 6:
            hashes[count], chars[count], flags[count] = word, size, HAS_LETTER if some & ALPHA else 0
            count += 1
        else:
            count = cut(code, kind, size, keys, bits, ends, hashes, chars, flags, count)
            _count_marks(code, size, out)
        _take_piece(code, kind, size, word, lower, some, keys, bits, flags, chars, hashes, was, count, line, out)
        if some & (HANGUL | JAMO | KANA | HAN) or not every & ALPHA or some & DIGIT:
            _take_script(code, kind, size, keys, bits, out)
            for number in range(size):
                out[DIGITS] += (kind[number] & DIGIT) != 0
        else:
            out[LETTERS] += size
        _note_phrases(buffer, start, begun, code, size, some, line)
        if line[L_WORDS] == 0:
            line[FIRST] = code[0]
        line[L_WORDS] += 1
        line[HAS_CURLY] |= (some & CURLY) != 0
        line[IS_LONG] |= size > LONG_WORD
        _note_end(code, size, line)
    if has_line:
        _end_line(line, out)
    return count


@leaf
def _count_marks(code: np.ndarray, size: int, out: np.ndarray) -> None:
    at = 0
    while at < size:
        if code[at] == 35:
            out[HASHES] += 1
        elif code[at] == 0x2026:
            out[ELLIPSES] += 1
        elif code[at] == 46 and at + 2 < size and code[at + 1] == 46 and code[at + 2] == 46:
            out[ELLIPSES] += 1
            at += 2
        at += 1


@njit(nogil=True, cache=True)
def count_all(buffer: np.ndarray, offsets: np.ndarray, longest: int, classes: np.ndarray, keys: np.ndarray, bits: np.ndarray,
              out: np.ndarray) -> None:
    """buffer: UTF-8 bytes of all texts, offsets (n + 1,) into it, longest: bytes of the longest text -> out (n, len(COUNTED)) int64."""
    room = longest + 2
    code, kind, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    hashes, chars, flags = np.empty(room, np.uint64), np.empty(room, np.int64), np.empty(room, np.int64)
    table, times, seen = np.empty(4 * room + 16, np.uint64), np.empty(4 * room + 16, np.int32), np.empty(4 * room + 16, np.uint8)
    places, runs, slots = np.empty(room, np.int64), np.empty(room, np.uint64), np.empty(room, np.int64)
    line = np.zeros(L_STATE, np.int64)
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        counted = out[row]
        counted[:] = 0
        counted[BYTES] = end - start
        tokens = _read(buffer, start, end, classes, keys, bits, code, kind, ends, hashes, chars, flags, line, counted)
        counted[TOKENS] = tokens
        newlines = 2
        for at in range(start, end):
            newlines += buffer[at] == 10
        size = 16
        while size < 2 * newlines:
            size *= 2
        table[:2 * size] = 0
        _copies(buffer, start, end, classes, table[:size], table[size:2 * size], size, counted)
        repeated(hashes, chars, tokens, table, times, seen, places, runs, slots, counted[RUN2:RUN2 + 9])
