"""Personal data and addresses in texts, counted on the bytes: Korean letters beside them (홍길동hong@example.kr입니다) do not hide them.

Counted are what has the form and, where there is one, the right check digit: a signal for a filter, not a redaction.
"""
import numpy as np
from numba import njit

from saem.curate.kernels.tokens import FACTOR, OFFSET, U

COUNTED = ("urls blocked_urls emails phones resident_numbers cards addresses").split()
URLS, BLOCKED_URLS, EMAILS, PHONES, RESIDENT_NUMBERS, CARDS, ADDRESSES = range(len(COUNTED))
MOST_DIGITS = 24
AT, DOT, DASH, COLON, SLASH, PLUS, BLANK, UNDERSCORE = 64, 46, 45, 58, 47, 43, 32, 95
LUNAR = np.array([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])      # weights of a resident registration number


@njit(nogil=True, cache=True)
def _is_digit(one: int) -> bool:
    return 48 <= one <= 57


@njit(nogil=True, cache=True)
def _is_letter(one: int) -> bool:
    return 97 <= (one | 32) <= 122


@njit(nogil=True, cache=True)
def _is_email(buffer: np.ndarray, start: int, at: int, end: int) -> bool:
    """buffer[at] is '@'."""
    if at == start or at + 3 >= end:
        return False
    before = buffer[at - 1]
    if not (_is_letter(before) or _is_digit(before) or before in (UNDERSCORE, DASH, PLUS)):
        return False
    label, dots, here = at + 1, 0, at + 1
    while here < end and (_is_letter(buffer[here]) or _is_digit(buffer[here]) or buffer[here] == DASH or buffer[here] == DOT):
        if buffer[here] == DOT:
            if here == label or here + 1 >= end or not (_is_letter(buffer[here + 1]) or _is_digit(buffer[here + 1])):
                break
            label, dots = here + 1, dots + 1
        here += 1
    return dots > 0 and here - label >= 2 and _is_letter(buffer[label])


@njit(nogil=True, cache=True)
def _is_blocked(buffer: np.ndarray, at: int, end: int, blocked: np.ndarray) -> bool:
    """Whether the host that begins there, or a domain that it belongs to, is in the sorted list of hashes."""
    if not len(blocked):
        return False
    last = at
    while last < end and (_is_letter(buffer[last]) or _is_digit(buffer[last]) or buffer[last] == DASH or buffer[last] == DOT):
        last += 1
    host, here = OFFSET, last - 1      # from the right: every domain is a prefix of what is hashed
    while here >= at:
        one = buffer[here]
        if one == DOT and here < last - 1:
            place = np.searchsorted(blocked, host)
            if place < len(blocked) and blocked[place] == host:
                return True
        host = (host ^ U(one | 32 if 65 <= one <= 90 else one)) * FACTOR
        here -= 1
    place = np.searchsorted(blocked, host)
    return place < len(blocked) and blocked[place] == host


def domain_hash(domain: str) -> int:
    """As compiled code hashes hosts: from the last letter to the first."""
    made = int(OFFSET)
    for byte in reversed(domain.lower().encode()):
        made = ((made ^ byte) * int(FACTOR)) & 0xFFFFFFFFFFFFFFFF
    return made


@njit(nogil=True, cache=True)
def _is_card(digits: np.ndarray, count: int) -> bool:
    """13 to 19 digits whose last one is Luhn's check digit."""
    if not 13 <= count <= 19 or digits[0] == 0:
        return False
    total = 0
    for place in range(count):
        digit = digits[count - 1 - place]
        if place % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


@njit(nogil=True, cache=True)
def _is_resident_number(digits: np.ndarray, count: int, is_split: bool) -> bool:
    """A Korean registration number: a date of birth, a digit for century and sex, and before October 2020 a check digit."""
    if count != 13:
        return False
    month, day, century = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5], digits[6]
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1 <= century <= 8):
        return False
    total = 0
    for place in range(12):
        total += digits[place] * LUNAR[place]
    return is_split or (11 - total % 11) % 10 == digits[12]


@njit(nogil=True, cache=True)
def _is_phone(digits: np.ndarray, count: int, groups: int, sizes: np.ndarray, has_plus: bool) -> bool:
    """+82-10-1234-5678, 010-1234-5678, 02-123-4567, (415) 555-0123."""
    if has_plus:
        return 9 <= count <= 15
    if digits[0] == 0 and 9 <= count <= 11:
        if groups == 1:
            return count == 11 and digits[1] == 1 and digits[2] <= 1
        return groups == 3 and sizes[2] == 4 and 3 <= sizes[1] <= 4 and 2 <= sizes[0] <= 3
    return count == 10 and groups == 3 and sizes[0] == 3 and sizes[1] == 3 and digits[0] >= 2


@njit(nogil=True, cache=True)
def _take_number(buffer: np.ndarray, start: int, at: int, end: int, digits: np.ndarray, sizes: np.ndarray, out: np.ndarray) -> int:
    """The number that begins there, with single dashes, dots, spaces or brackets between its groups. Returns where it ends."""
    count, groups, here, mark, group, is_dotted, value, is_byte = 0, 1, at, 0, 0, True, 0, True
    while here < end and count < MOST_DIGITS:
        one = buffer[here]
        if _is_digit(one):
            digits[count] = one - 48
            value = value * 10 + one - 48
            count, group, here = count + 1, group + 1, here + 1
            continue
        skip = 1
        if one == 41 and here + 2 < end and buffer[here + 1] == BLANK:
            skip = 2
        if (
            one not in (DASH, DOT, BLANK, 41)
            or here + skip >= end
            or not _is_digit(buffer[here + skip])
            or groups >= 8
        ):
            break
        sizes[groups - 1] = group
        is_dotted = is_dotted and one == DOT
        is_byte = is_byte and value < 256 and group <= 3
        groups, group, mark, value, here = groups + 1, 0, one, 0, here + skip
    sizes[groups - 1] = group
    if count < 4 or (here < end and (_is_letter(buffer[here]) or buffer[here] == UNDERSCORE)):
        return here
    has_plus = at > start and buffer[at - 1] == PLUS
    if groups == 4 and is_dotted and is_byte and value < 256 and group <= 3:
        first, second = digits[0], 0
        for place in range(1, sizes[0]):
            first = first * 10 + digits[place]
        for place in range(sizes[0], sizes[0] + sizes[1]):
            second = second * 10 + digits[place]
        out[ADDRESSES] += not (
            first == 10
            or first == 127
            or first == 0
            or first >= 224
            or (first == 192 and second == 168)
            or (first == 172 and 16 <= second < 32)
        )
    elif groups == 2 and sizes[0] == 6 and sizes[1] == 7 and mark == DASH or groups == 1 and count == 13:
        out[RESIDENT_NUMBERS] += _is_resident_number(digits, count, groups == 2)
    elif (groups == 1 or (groups == 4 and sizes[0] == 4 and sizes[1] == 4)) and _is_card(digits, count):
        out[CARDS] += 1
    elif _is_phone(digits, count, groups, sizes, has_plus):
        out[PHONES] += 1
    return here


@njit(nogil=True, cache=True)
def count_patterns(buffer: np.ndarray, offsets: np.ndarray, blocked: np.ndarray, out: np.ndarray) -> None:
    """buffer: UTF-8 bytes, offsets (n + 1,), blocked: sorted hashes of domains -> out (n, len(COUNTED)) int64."""
    digits, sizes = np.zeros(MOST_DIGITS + 1, np.int64), np.zeros(9, np.int64)
    for row in range(len(offsets) - 1):
        start, end, counted = offsets[row], offsets[row + 1], out[row]
        counted[:] = 0
        at = start
        while at < end:
            one = buffer[at]
            if one > COLON and one != AT:      # most bytes: letters
                at += 1
            elif one == AT:
                counted[EMAILS] += _is_email(buffer, start, at, end)
                at += 1
            elif one == COLON:
                if at + 3 < end and buffer[at + 1] == SLASH and buffer[at + 2] == SLASH and at > start and _is_letter(buffer[at - 1]):
                    counted[URLS] += 1
                    counted[BLOCKED_URLS] += _is_blocked(buffer, at + 3, end, blocked)
                at += 1
            elif _is_digit(one):
                before = buffer[at - 1] if at > start else BLANK
                if _is_letter(before) or before in (UNDERSCORE, DOT):
                    while at < end and (_is_digit(buffer[at]) or buffer[at] == DOT):
                        at += 1
                else:
                    at = max(at + 1, _take_number(buffer, start, at, end, digits, sizes, counted))
            else:
                at += 1
