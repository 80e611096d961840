"""Dates in the names of files: `2024.07.26`, `24년 7월 26일`, `072624`, `2024_0726`, `26JUL2024`, `2024.07.01-07.05`.

What is ambiguous is decided by these rules, in this order:

- A month or a quarter stands for its first day (`2024년 7월`, `2024-07`, `Q3 2024`): then `date >= date '2024-07-01'` finds it.
  A bare year, a term (2학기) and a school year (`2023-24`) are no dates.
- A day without a year (`7월 26일`) has that of the date before it in the name, else the year that stands in the name or in the nearest
  folder above it (`2024/7월 26일.md`), else the one in which it is nearest to the day that the file itself says it is of; else it is
  no date.
- A range may leave out what its end shares with its start: `2024.07.01-07.05`, `2024년 7월 1일~5일`, `20241228~0103`. With a hyphen
  between digits alone it is none: `20240726-1530` has a clock.
- A four-digit year may stand first (year, month, day) or last. Last: what is above 12 is the day; else `26.07.2024` with dots is day
  first, as in Europe, and `07-06-2024` month first, as in America.
- Two-digit years are 1990 to 2039. `240726` and `24.07.26`: year first if that is a date, as Koreans and ISO write; else month first
  (`072624`), else day first (`260724` is 24 July 2026: nothing in the name tells it from 26 July 2024).
- Digits after a date are a clock. Digits within longer numbers, after words such as 학번, order or #, in versions, addresses, resident
  and telephone numbers are no dates.
"""
import datetime
import re
import unicodedata
from collections.abc import Callable, Sequence

Date = datetime.date
VERSION = "2"
FIRST_YEAR, LAST_YEAR = 1900, 2099    # of four digits
PIVOT = 40                            # two digits below it are of this century, from 90 on of the last, between them no year
MAX_CLOCK_GAP = 4                     # characters between a date and its clock: ' at '
MAX_NAME_CHARS = 1000
MIN_DIGITS = 3                        # '3Q24'

_YEAR = r"(?:19|20)\d\d"
_MONTHS = {name: number for number, names in enumerate(
    ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sept sep",
     "october oct", "november nov", "december dec"), 1) for name in names.split()}
_AFTER_DAY = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})(?![A-Za-z])\.?"
_MONTH = rf"(?<![A-Za-z]){_AFTER_DAY}"
# words before a number that is not a date
_NUMBERED = re.compile(r"(?:학번|사번|번호|주문|송장|계좌|전화|연락처|우편|문서|제|isbn|sku|\bids?|\bno|order|\bord|ticket|\btel|"
                       r"phone|fax|student|account|#)"
                       r"[\s_.:\-#]*$", re.IGNORECASE)
_VERSION = re.compile(r"(?:\bv|\bver|version|release|\brev|python|ubuntu|section|chapter|\bat)[\s_.\-]*$", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_LONE_YEAR = re.compile(rf"(?<!\d)(?<!\d[.\-_]){_YEAR}(?!\d|[.\-_]\d|\s?[호번명원])")
_DAY_ALONE = re.compile(r"(?<!\d)(?<!\d년)(?<!\d년 )(?P<m>\d{1,2})\s?월[\s_]?(?P<d>\d{1,2})\s?일(?!\s?[간차째])")
_TILDE = r"\s?[~∼～〜]\s?"
RANGE_ENDS = [re.compile(pattern) for pattern in (
    rf"(?:{_TILDE}|\s?[\-–]\s?|부터\s?)(?P<m>\d{{1,2}})\s?월\s?(?P<d>\d{{1,2}})\s?일",      # 2024년 7월 1일~7월 5일
    rf"(?:{_TILDE}|\s?[\-–]\s?|부터\s?)(?P<d>\d{{1,2}})\s?일(?![간차째])",                     # 2024년 7월 1일~5일
    rf"\.?(?:{_TILDE}|\s?[\-–]\s?)(?P<m>\d{{1,2}})\.\s?(?P<d>\d{{1,2}})(?![.:]?\d)",          # 2024.07.01-07.05
    rf"{_TILDE}(?P<m>\d{{1,2}})[\-/_](?P<d>\d{{1,2}})(?![\-:/_]?\d)",                           # 2024-07-01~07-05
    rf"{_TILDE}(?P<m>\d\d)(?P<d>\d\d)(?!\d)",                                                   # 20240701~0705
    rf"\.?{_TILDE}(?P<d>\d{{1,2}})(?![\d.:\-]|\s?[월시])")]                                      # 2024.07.01~05
_LATIN_WORD = re.compile(r"[A-Za-z][_.\-]$")
_LETTERS_BEFORE = re.compile(r"[A-Za-z]+$")
_LETTERS_AFTER = re.compile(r"[A-Za-z]+(?!\d)|[A-Za-z]")


def dates(name: str, folders: str = "", near: Date | None = None) -> list[Date]:
    """The dates in a file's name or a title, in their order, each once.

    folders  those above the file, '/' between; they lend a year to a day without one
    near     a day that the file itself says it is of: it does where they do not

    >>> [str(day) for day in dates("회의록_20240726-20240802.hwp")]
    ['2024-07-26', '2024-08-02']
    >>> dates("010-2024-0726 v24.7.1 학번 20240726.txt")
    []
    >>> dates("7월 26일.md", "2024"), dates("1월 5일.md", near=Date(2024, 12, 28)), dates("7월 26일.md")
    ([datetime.date(2024, 7, 26)], [datetime.date(2025, 1, 5)], [])
    """
    name = unicodedata.normalize("NFC", name[:MAX_NAME_CHARS])
    if not _DIGIT.search(name):
        return []
    found = dates_in_full(name) if sum(character.isdigit() for character in name) >= MIN_DIGITS else {}
    for start, end in sorted(found):
        _end_of_range(name, end, found[start, end], found)
    for match in _DAY_ALONE.finditer(name):
        if not any(start < match.end() and match.start() < end for start, end in found):
            before = [found[span] for span in sorted(found) if span[1] <= match.start()]
            day = _with_year(int(match["m"]), int(match["d"]), before, [name, *reversed(folders.split("/"))], near)
            if day is not None:
                found[match.span()] = day
                _end_of_range(name, match.end(), day, found)
    return list(dict.fromkeys(found[span] for span in sorted(found)))


def dates_in_full(name: str) -> dict[tuple[int, int], Date]:
    """{(start, end): the date that is written there in full}"""
    found: dict[tuple[int, int], Date] = {}
    for pattern, read in RULES:
        for match in pattern.finditer(name):
            start, end = match.span()
            if any(start < taken_end and taken < end for taken, taken_end in found):
                continue
            follows = any(0 <= start - taken_end <= MAX_CLOCK_GAP for _, taken_end in found)
            day = read(match, name[:start], name[end:], follows)
            if day is not None:
                found[start, end] = day
    return found


def _end_of_range(name: str, at: int, first: Date, found: dict[tuple[int, int], Date]) -> None:
    """What follows a date at once and names only a month and a day, or a day, is the end of a range that begins with it."""
    match = next(filter(None, (pattern.match(name, at) for pattern in RANGE_ENDS)), None)
    if match is None or any(start < match.end() and at < end for start, end in found):
        return
    month = int(match.groupdict().get("m") or first.month)
    last = date_of(first.year, month, int(match["d"]))
    if last is not None and last < first and month < first.month:      # over New Year
        last = date_of(first.year + 1, month, int(match["d"]))
    if last is not None and last > first:
        found[match.span()] = last


def _with_year(month: int, day: int, before: Sequence[Date], names: Sequence[str], near: Date | None) -> Date | None:
    """A day without a year; `names`: where one may stand, the nearest first."""
    if before:
        return date_of(before[-1].year, month, day)
    year = next((int(year[0]) for name in names for year in [_LONE_YEAR.search(name)] if year), None)
    if year is not None or near is None:
        return date_of(year, month, day) if year is not None else None
    around = filter(None, (date_of(near.year + apart, month, day) for apart in (-1, 0, 1)))
    return min(around, key=lambda date: abs(date - near), default=None)


def date_of(year: int, month: int, day: int = 1) -> Date | None:
    """None where there is no such day.

    >>> date_of(24, 2, 29), date_of(2023, 2, 29)
    (datetime.date(2024, 2, 29), None)
    """
    if year < 100:
        year += 2000 if year < PIVOT else 1900 if year >= 90 else 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return Date(year, month, day)
    except ValueError:
        return None


# Each reads a match, given what stands before and after it, and whether a date stands just before: then it may be a clock

def _korean(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    return date_of(int(match["y"]), int(match["m"]), int(match["d"] or 1))


def _quarter(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    return date_of(int(match["y"]), int(match["q"]) * 3 - 2)


def _named(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    return date_of(int(match["y"]), _MONTHS[match["name"].lower()], int(match.groupdict().get("d") or 1))


def _year_first(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    return None if _NUMBERED.search(before) else date_of(int(match["y"]), int(match["m"]), int(match["d"]))


def _year_last(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    first, second, year = int(match["a"]), int(match["b"]), int(match["y"])
    is_day_first = first > 12 or second <= 12 and match["s"].startswith(".")
    return date_of(year, second, first) if is_day_first else date_of(year, first, second)


def _month(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    year, month = int(match["y"]), int(match["m"])
    is_school_year = match["s"] == "-" and month == (year + 1) % 100
    return None if is_school_year or _NUMBERED.search(before) else date_of(year, month)


def _short(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    a, b, c = match["a"], match["b"], match["c"]
    if follows or _VERSION.search(before) or _NUMBERED.search(before):
        return None
    if match["s"] == "." and len(b) + len(c) < 4 and _LATIN_WORD.search(before):      # conda-24.7.1, libgmp.so.10.4.1
        return None
    year_first = date_of(int(a), int(b), int(c))
    if year_first or len(b) < 2 or len(c) < 2:
        return year_first
    return date_of(int(c), int(a), int(b)) or date_of(int(c), int(b), int(a))


def _compact(match: re.Match[str], before: str, after: str, follows: bool) -> Date | None:
    digits = match[0]
    head, tail = _LETTERS_BEFORE.search(before), _LETTERS_AFTER.match(after)
    is_in_word = head and len(head[0]) < 3 or tail and len(tail[0]) < 3 and not re.match(r"[TtVv]\d", after)
    if is_in_word or _NUMBERED.search(before) or re.match(r"-\d{7}(?!\d)", after):
        return None
    if len(digits) == 6:
        return None if follows else _six(digits)
    if len(digits) > 8:
        clock = digits[8:].ljust(6, "0")
        return _eight(digits) if clock[:2] < "24" and clock[2:4] < "60" and clock[4:] < "60" else None
    a, b, year = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    return _eight(digits) or date_of(year, a, b) or date_of(year, b, a)


def _eight(digits: str) -> Date | None:
    return date_of(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))


def _six(digits: str) -> Date | None:
    a, b, c = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    return date_of(a, b, c) or date_of(c, a, b) or date_of(c, b, a) or (date_of(int(digits[:4]), c) if a in (19, 20) else None)


Reader = Callable[[re.Match[str], str, str, bool], Date | None]
RULES: list[tuple[re.Pattern[str], Reader]] = [(re.compile(pattern, re.IGNORECASE), reader) for pattern, reader in [
    (r"(?<!\d)(?P<y>\d{4}|\d\d)\s?[년年][\s_.\-]*(?P<m>\d{1,2})\s?[월月](?:[\s_.\-]*(?P<d>\d{1,2})\s?[일日])?", _korean),
    (rf"(?<!\d)(?P<y>{_YEAR}|\d\d(?=\s?년))(?:\s?년도?)?[\s_\-]*(?P<q>[1-4])\s?(?:/\s?4\s?)?분기", _quarter),
    (rf"(?<![A-Za-z\d])Q(?P<q>[1-4])[\s_\-']*(?P<y>{_YEAR}|\d\d)(?!\d)", _quarter),
    (rf"(?<!\d)(?P<y>{_YEAR})[\s_\-]*Q(?P<q>[1-4])(?![A-Za-z\d])", _quarter),
    (rf"(?<!\d)(?P<y>{_YEAR})[\s_\-]*(?P<q>[1-4])Q(?![A-Za-z\d])", _quarter),
    (rf"(?<![A-Za-z\d])(?P<q>[1-4])Q[\s_\-']*(?P<y>{_YEAR}|\d\d)(?!\d)", _quarter),
    (rf"{_MONTH}[\s_\-]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s_,.\-]*(?P<y>{_YEAR})(?!\d)", _named),
    (rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s_.\-]*(?:of[\s_])?{_AFTER_DAY}[\s_,.\-']*(?P<y>{_YEAR}|\d\d)(?!\d)", _named),
    (rf"(?<!\d)(?P<y>{_YEAR})[\s_.\-]*{_MONTH}[\s_.\-]*(?P<d>\d{{1,2}})(?!\d)", _named),
    (rf"{_MONTH}[\s_.,\-]*(?P<y>{_YEAR})(?!\d)", _named),
    (rf"(?<!\d)(?P<y>{_YEAR})[\s_.\-]*{_MONTH}", _named),
    (rf"(?<!\d)(?<!\d\.)(?P<y>{_YEAR})(?P<s>[.\-_/]|\.\s)(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})(?!\d)", _year_first),
    (rf"(?<!\d)(?P<y>{_YEAR})\s(?P<m>\d\d)\s(?P<d>\d\d)(?!\d)", _year_first),
    (rf"(?<!\d)(?<!\d[.\-])(?P<y>{_YEAR})(?P<s>[_.\-])(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?!\d|-\d|\s?(?:[호번차]|회(?!의)))", _year_first),
    (rf"(?<!\d)(?<!\d[.\-])(?P<a>\d{{1,2}})(?P<s>[.\-_/]|\.\s)(?P<b>\d{{1,2}})(?P=s)(?P<y>{_YEAR})(?!\d)", _year_last),
    (r"(?<!\d)(?:\d{14}|\d{12}|\d{10}|\d{8})(?!\d)", _compact),
    (r"(?<!\d)(?<!\d[.\-])(?<![A-Za-z])(?P<a>\d\d)(?P<s>[.\-_])(?P<b>\d{1,2})(?P=s)(?P<c>\d{1,2})(?!\d)(?!(?P=s)\d)", _short),
    (r"(?<!\d)(?<!\d-)\d{6}(?!\d)", _compact),
    (rf"(?<!\d)(?<!\d[.\-])(?P<y>{_YEAR})(?P<s>[.\-_])(?P<m>0[1-9]|1[0-2])(?!\d|[.\-]\d|\s?[호번회차])", _month),
]]
