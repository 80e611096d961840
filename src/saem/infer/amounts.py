"""What a sentence counts: numbers with their units, times of day, dates; the same value by whatever words. Tables, no model."""
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from saem.core.counting import CARDINALS, KOREAN, KOREAN_DAYS, MULTIPLES, ORDINALS
from saem.transform.dates import dates_in_full

_SOFT = frozenset({"one", "first", "second", "once", "half"})
# told by numbers() and denies()
EXACT_WORDS = frozenset({*CARDINALS, *ORDINALS, *KOREAN, *KOREAN_DAYS, "번", "째", "안", "못", "않", "없", *MULTIPLES})
_UNITS = {       # the same thing by other words; a unit that stands in no line is not compared
    "won": "원 won krw ₩", "dollar": "dollar dollars usd $ 달러", "euro": "euro euros eur € 유로", "share": "% percent 퍼센트 프로",
    "minute": "분 minute minutes min mins", "hour": "시간 hour hours", "day": "일 day days 일간 일째", "week": "주 주일 주간 week weeks",
    "month": "개월 달 month months", "year": "년 year years 년간 학년", "book": "권 book books volume volumes",
    "person": "명 인 people persons students person student", "time": "회 번 time times", "floor": "층 floor floors",
    "page": "쪽 페이지 page pages 장 면 sheet sheets", "seat": "석 좌석 seat seats", "gram": "그램 g gram grams",
    "meter": "m 미터 meter meters metre metres", "credit": "학점 credit credits", "point": "점 point points"}
_BASE = {"week": (7, "day"), "hour": (60, "minute"), "year": (12, "month")}      # two weeks are 14 days
UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}

_COUNTER = r"권|명|번|회|개|장|시간|시|분|달|주|사람|가지|곳|대|건|차례|배|살|칸|잔|마리|학기"
_NUMBER = re.compile(
    r"(?P<before>[₩$€]\s?)?(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s?(?P<multiple>"
    rf"{'|'.join(MULTIPLES)}))?(?:st|nd|rd|th)?(?:\s?-?(?P<unit>[^\W\d_]+|%))?"
    rf"|(?<![가-힣\d])(?P<sum>[백천만억]+)\s?(?=원|명|개)(?P<of>[가-힣])"
    rf"|(?<![가-힣])(?P<count>{'|'.join(KOREAN)})\s?(?P<counter>{_COUNTER})"
    rf"|(?<![가-힣])(?P<days>{'|'.join(KOREAN_DAYS)})"
    rf"|\b(?P<word>{'|'.join([*CARDINALS, *ORDINALS])})\b(?:[\s-](?P<times>hundred|thousand|million))?"
    rf"(?:[\s-](?!(?:{'|'.join(CARDINALS)})\b)(?P<after>[a-z]+))?", re.IGNORECASE)
LIST_MARK = re.compile(r"^\s*(?:[-*•·▪○●]|\(?\d{1,2}[.)]|[①-⑳])\s+")
_TWELVE = re.compile(r"(?P<noon>\bnoon\b|정오)|\bmidnight\b|자정", re.IGNORECASE)
_BEGINS_BEFORE = re.compile(r"\b(?:from|between|since|(?:open|start|begin)s?(?: at)?)\s*$", re.IGNORECASE)
_BEGINS_AFTER = re.compile(r"\s?(?:부터|에 (?:열|엽|시작))")
_ENDS_BEFORE = re.compile(r"(?:\b(?:to|until|till|by|(?:close|end|finishe?)s?(?: at)?)|\d\s?[-–~])\s*$", re.IGNORECASE)
_ENDS_AFTER = re.compile(r"\s?(?:까지|에 (?:닫|끝|마[치칩감]))")
_MARKS_TIME = re.compile(r"\b(?:from|between|since|to|until|till|by|at)\s*$", re.IGNORECASE)
_LENGTH = re.compile(rf"((?:\d|\b(?:{'|'.join(CARDINALS)}))[\s-]?)(?:minute|hour|day|week|month|year)s?\b", re.IGNORECASE)
_IN_FULL = re.compile(r"[A-Za-z년]|\d{4}-\d\d-\d\d")       # dates in prose; other digits may count something
_ROOM = re.compile(r"(?<![\w₩$€])[A-Za-z]+-?\d[A-Za-z\d_-]*(?![\d,.]*\d)")        # a code counts nothing
_CLOCK = re.compile(r"(?:(?P<am>오전|아침|새벽)|(?P<pm>오후|저녁|밤|낮))?\s?(?P<hour>\d{1,2})\s?"
                    r"(?::\s?(?P<minute>\d\d)|시(?!간)(?:\s?(?P<min>\d\d?)\s?분)?)?\s?(?:(?P<a>a\.?m\b)|(?P<p>p\.?m\b))?", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A value and what it counts: a unit of _UNITS, '' where it is none of them. is_soft: 'the second one' counts nothing."""
    value: float
    unit: str
    is_soft: bool = False

    @property
    def in_base(self) -> tuple[float, str]:
        times, unit = _BASE.get(self.unit, (1, self.unit))
        return self.value * times, unit


@dataclass(frozen=True)
class Clock:
    """A time of day, in minutes since midnight. is_told: which half of the day; ends: something ends then, or begins; None = untold."""
    minutes: int
    is_told: bool
    ends: bool | None = None


def numbers(text: str) -> list[Number]:
    """The numbers of a sentence, in digits or words, without the mark of a list item and times of day.

    >>> [(n.value, n.unit) for text in ("하루 1만 원, 두 권까지", "Five books for 14 days") for n in numbers(text)]
    [(1, 'day'), (10000.0, 'won'), (2, 'book'), (5, 'book'), (14.0, 'day')]
    """
    made = []
    plain = _ROOM.sub(" ", unicodedata.normalize("NFKC", LIST_MARK.sub("", text)))
    for begin, end, _ in reversed(_times(plain)):
        plain = plain[:begin] + " " * (end - begin) + plain[end:]
    for found in _NUMBER.finditer(plain):
        if found["digits"]:
            value = float(found["digits"].replace(",", "")) * MULTIPLES.get((found["multiple"] or "").lower(), 1)
            made.append(Number(value, _unit(found["before"]) or _unit(found["unit"])))
        elif found["sum"]:
            made.append(Number(float(prod(MULTIPLES[each] for each in found["sum"])), _unit(found["of"])))
        elif found["count"]:
            made.append(Number(KOREAN[found["count"]], _unit(found["counter"])))
        elif found["days"]:
            made.append(Number(KOREAN_DAYS[found["days"]], "day"))
        else:
            word = found["word"].lower()
            unit = _unit(found["after"])
            times = MULTIPLES.get((found["times"] or "").lower(), 1)
            made.append(Number(CARDINALS.get(word, ORDINALS.get(word, 0)) * times, unit, word in _SOFT and not unit and times == 1))
    return made


def _unit(word: str | None) -> str:
    """The unit that a word begins with: Korean ones carry particles (원입니다)."""
    word = (word or "").strip().lower()
    if word in UNIT_OF or not word or word.isascii():
        return UNIT_OF.get(word, "")
    return next((UNIT_OF[word[:size]] for size in (3, 2, 1) if word[:size] in UNIT_OF), "")


def unheld_number(said: Iterable[Number], held: Iterable[Number]) -> Number | None:
    """A number that is said and not held with the same unit."""
    there = list(held)

    def is_held(number: Number) -> bool:
        return any(number.value == h.value and (number.unit == h.unit or not (number.unit and h.unit)) or number.in_base == h.in_base
                   for h in there)

    return next((number for number in said if not number.is_soft and not is_held(number)), None)


def clocks(text: str) -> list[Clock]:
    """The times of day in a text.

    >>> [clock.minutes for clock in clocks("오후 6시부터 9시 30분까지")], [clock.ends for clock in clocks("from 9:00 to midnight")]
    ([1080, 570], [False, True])
    """
    return [clock for _, _, clock in _times(unicodedata.normalize("NFKC", text))]


def _times(text: str) -> list[tuple[int, int, Clock]]:
    """(start, end, the time of day between), in their order."""
    made = [(found.start(), found.end(), 720 if found["noon"] else 0, True) for found in _TWELVE.finditer(text)]
    for found in _CLOCK.finditer(text):
        hour, minute = int(found["hour"]), int(found["minute"] or found["min"] or 0)
        is_pm, is_am = bool(found["pm"] or found["p"]), bool(found["am"] or found["a"])
        is_time = bool(found["minute"] or is_pm or is_am or "시" in found[0])
        if is_time and hour <= 24 and minute < 60:
            is_night = found["pm"] == "밤" and (hour < 5 or hour == 12) or is_am and hour == 12
            hour = hour % 12 if is_night else hour + 12 if is_pm and hour < 12 else hour % 24
            made.append((*found.span(), 60 * hour + minute, is_pm or is_am or hour > 12 or hour == 0))
    return [(start, end, Clock(minutes, is_told, _ends(text[:start], text[end:]))) for start, end, minutes, is_told in sorted(made)]


def before_times(text: str) -> str:
    """What stands before the first time of day."""
    return text[:next((start for start, _, _ in _times(text)), len(text))]


def _ends(before: str, after: str) -> bool | None:
    """Whether something ends at a time between two texts, or begins; None = neither is told."""
    if _BEGINS_BEFORE.search(before) or _BEGINS_AFTER.match(after):
        return False
    return True if _ENDS_BEFORE.search(before) or _ENDS_AFTER.match(after) else None


def unheld_clock(said: Iterable[Clock], held: Iterable[Clock]) -> str:
    """Why a time that is said is not held; '' = all are. Where either does not tell the half of the day, both halves fit."""
    there = list(held)
    for clock in said:
        same = [h for h in there if clock.minutes == h.minutes
                or (clock.minutes - h.minutes) % 720 == 0 and not (clock.is_told and h.is_told)]
        if not same:
            return "a time that the passage does not have"
        if not any(clock.ends is None or h.ends is None or clock.ends == h.ends for h in same):
            return "the passage says the opposite"        # it ends what there begins
    return ""


def uncounted(text: str) -> str:
    """A text without what clocks() and numbers() compare by value: times of day, and units of time.

    >>> uncounted("Open until 17:00 for two weeks.")
    'Open  for two .'
    """
    for start, end, _ in reversed(_times(text)):
        text = f"{_MARKS_TIME.sub('', text[:start])} {text[end:]}"
    return _LENGTH.sub(r"\1", text)


def dated(text: str) -> str:
    """A text with its dates written one way.

    >>> dated("Due by 21 August 2026."), dated("2026년 8월 21일까지")
    ('Due by 2026-08-21.', '2026-08-21까지')
    """
    for (start, end), day in sorted(dates_in_full(text).items(), reverse=True):
        if _IN_FULL.search(text[start:end]):
            text = f"{text[:start]}{day}{text[end:]}"
    return text
