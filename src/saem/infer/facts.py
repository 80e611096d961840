"""What a sentence commits itself to beyond its words: numbers with their units, names, and whether it denies. Tables, no model."""
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from saem.core.counting import CARDINALS, KOREAN, KOREAN_DAYS, MULTIPLES, ORDINALS

_SOFT = frozenset({"one", "first", "second", "once", "half"})
# told by numbers() and denies()
EXACT_WORDS = frozenset({*CARDINALS, *ORDINALS, *KOREAN, *KOREAN_DAYS, "번", "째", "안", "못", "않", "없"})
_UNITS = {       # the same thing by other words; a unit that stands in no line is not compared
    "won": "원 won krw ₩", "dollar": "dollar dollars usd $ 달러", "euro": "euro euros eur € 유로", "share": "% percent 퍼센트 프로",
    "minute": "분 minute minutes min mins", "hour": "시간 hour hours", "day": "일 day days 일간 일째", "week": "주 주일 주간 week weeks",
    "month": "개월 달 month months", "year": "년 year years 년간 학년", "book": "권 book books volume volumes",
    "person": "명 인 people persons students person student", "time": "회 번 time times", "floor": "층 floor floors",
    "page": "쪽 페이지 page pages 장 면 sheet sheets", "seat": "석 좌석 seat seats", "gram": "그램 g gram grams",
    "meter": "m 미터 meter meters metre metres", "credit": "학점 credit credits", "point": "점 point points"}
UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}

_COUNTER = r"권|명|번|회|개|장|시간|시|분|달|주|사람|가지|곳|대|건|차례|배|살|칸|잔|마리|학기"
_NUMBER = re.compile(
    r"(?P<before>[₩$€]\s?)?(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s?(?P<multiple>"
    rf"{'|'.join(MULTIPLES)}))?(?:st|nd|rd|th)?(?:\s?-?(?P<unit>[^\W\d_]+|%))?"
    rf"|(?<![가-힣])(?P<count>{'|'.join(KOREAN)})\s?(?P<counter>{_COUNTER})|(?<![가-힣])(?P<days>{'|'.join(KOREAN_DAYS)})"
    rf"|\b(?P<word>{'|'.join([*CARDINALS, *ORDINALS])})\b(?:[\s-](?!(?:{'|'.join(CARDINALS)})\b)(?P<after>[a-z]+))?", re.IGNORECASE)
_MARKER = re.compile(r"^\s*(?:[-*•·▪○●]|\(?\d{1,2}[.)]|[①-⑳])\s+")
_ROOM = re.compile(r"(?<![\w₩$€])[A-Za-z]+-?\d[A-Za-z\d_-]*(?![\d,.]*\d)")        # a code counts nothing
_CLOCK = re.compile(r"(?:(?P<am>오전|아침|새벽)|(?P<pm>오후|저녁|밤|낮))?\s?(?P<hour>\d{1,2})\s?"
                    r"(?::\s?(?P<minute>\d\d)|시(?!간)(?:\s?(?P<min>\d\d?)\s?분)?)?\s?(?:(?P<a>a\.?m\b)|(?P<p>p\.?m\b))?", re.IGNORECASE)
_CAPITAL = re.compile(r"(?<![\w.])[A-Z](?:[^\W가-힣]|['’-])*")        # B-204호에서는: its particle is no part of it
_CODE = re.compile(r"[A-Za-z]+-?\d[A-Za-z\d_-]*|\d+-\d[\d-]+|\S+@\S+\.\w+|https?://\S+|\b[A-Z]{2,}\b")
_PEOPLE = re.compile(r"([가-힣]{2,4})\s?(?:선생님|교수|교사|팀장|부장|과장|대표|씨)")
_NOT_NAMES = frozenset("i mr ms mrs dr the a an".split())
_TITLES = ("Mr.", "Ms.", "Mrs.", "Dr.")

_BOUNDS = ((re.compile(r"\b(?:no|not) (?:fewer|less) than\b", re.IGNORECASE), "at least"),
           (re.compile(r"\b(?:no|not) more than\b", re.IGNORECASE), "at most"))
_DENIES = re.compile(
    r"\b(?:not?|never|none|nobody|nothing|neither|nor|without|cannot|unable|prohibited|forbidden|except|excluded)\b|n['’]t\b"
    r"|않|없|못|아니|아닙|불가|금지|제외|말아|마십시오|마세요|(?<![가-힣])안\s", re.IGNORECASE)
_OPPOSITES = tuple((re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE)) for one, other in (
    (r"\bopen(?:s|ed)?\b|열[리려립고]|엽니다|개방", r"\bclose[sd]?\b|닫|문을 닫"),
    (r"\bbefore\b|이전|전까지|\S 전에", r"\bafter\b|이후|\S 후에|뒤에"),
    (r"\bat least\b|\bminimum\b|이상|최소", r"\bat most\b|\bmaximum\b|\bup to\b|이하|최대|까지만"),
    (r"\bfree\b|무료", r"\bpaid\b|유료"), (r"\bmore\b|초과|많", r"\bless\b|\bfewer\b|미만|적[은게]"),
    (r"\bincreas\w+|늘어|증가|올라", r"\bdecreas\w+|줄어|감소|내려"),
    (r"\bmust\b|\brequired\b|\bmandatory\b|필수|해야", r"\boptional\b|선택"),
    (r"\benabl\w+|\bturn(?:s|ed)? on\b|켜", r"\bdisabl\w+|\bturn(?:s|ed)? off\b|끄|꺼"), (r"\bleft\b|왼", r"\bright\b|오른"),
    (r"\bfirst\b|처음|맨 앞", r"\blast\b|마지막|맨 뒤"), (r"\ballow\w*|\bpermit\w*|허용", r"\bforbid\w*|\bprohibit\w*|금지"),
    (r"\bweekdays?\b|평일", r"\bweekends?\b|주말"),
    (r"\bmorning\b|오전|아침|a\.m\.|\bam\b", r"\bafternoon\b|\bevening\b|오후|저녁|p\.m\.|\bpm\b"),
    (r"\balways\b|항상|언제나", r"\bnever\b|전혀|결코"), (r"\bupper|\babove\b|위쪽|\btop\b", r"\blower|\bbelow\b|아래쪽|\bbottom\b"),
    (r"\bhorizontal\w*|가로", r"\bvertical\w*|세로"), (r"\ball\b|모든|모두|전원", r"\bsome\b|일부")))


@dataclass(frozen=True)
class Number:
    """A value and what it counts: a unit of _UNITS, '' where it is none of them. is_soft: 'the second one' counts nothing."""
    value: float
    unit: str
    is_soft: bool = False


def numbers(text: str) -> list[Number]:
    """The numbers of a sentence, in digits or words, without the mark of a list item.

    >>> [(n.value, n.unit) for text in ("하루 1만 원, 두 권까지", "Five books for 14 days") for n in numbers(text)]
    [(1, 'day'), (10000.0, 'won'), (2, 'book'), (5, 'book'), (14.0, 'day')]
    """
    made = []
    for found in _NUMBER.finditer(_ROOM.sub(" ", unicodedata.normalize("NFKC", _MARKER.sub("", text)))):
        if found["digits"]:
            value = float(found["digits"].replace(",", "")) * MULTIPLES.get((found["multiple"] or "").lower(), 1)
            made.append(Number(value, _unit(found["before"]) or _unit(found["unit"])))
        elif found["count"]:
            made.append(Number(KOREAN[found["count"]], _unit(found["counter"])))
        elif found["days"]:
            made.append(Number(KOREAN_DAYS[found["days"]], "day"))
        else:
            word = found["word"].lower()
            unit = _unit(found["after"])
            made.append(Number(CARDINALS.get(word, ORDINALS.get(word, 0)), unit, word in _SOFT and not unit))
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
        return any(number.value == h.value and (number.unit == h.unit or not (number.unit and h.unit)) for h in there)

    return next((number for number in said if not number.is_soft and not is_held(number)), None)


def clocks(text: str) -> list[tuple[int, bool]]:
    """Times of day: (minutes since midnight, whether that half of the day is told).

    >>> clocks("오후 6시부터 9시 30분까지"), clocks("from 9:00 to 6 p.m.")
    ([(1080, True), (570, False)], [(540, False), (1080, True)])
    """
    made = []
    for found in _CLOCK.finditer(unicodedata.normalize("NFKC", text)):
        hour, minute = int(found["hour"]), int(found["minute"] or found["min"] or 0)
        is_pm, is_am = bool(found["pm"] or found["p"]), bool(found["am"] or found["a"])
        is_time = bool(found["minute"] or is_pm or is_am or "시" in found[0])
        if is_time and hour <= 24 and minute < 60:
            if is_pm and hour < 12 and not (found["pm"] == "밤" and hour < 5):
                hour += 12
            made.append((60 * hour + minute, is_pm or is_am or hour > 12))
    return made


def unheld_clock(said: Iterable[tuple[int, bool]], held: Iterable[tuple[int, bool]]) -> bool:
    """Whether a time is said that is not held; where either does not tell the half of the day, both halves fit."""
    there = list(held)
    return any(not any(time == other or (time - other) % 720 == 0 and not (is_told and is_other_told) for other, is_other_told in there)
               for time, is_told in said)


def names(text: str) -> list[str]:
    """Names as far as their writing tells: capitals within a sentence, codes, addresses, Korean persons with a title. Lower case.

    >>> names("Ask Ms. Park in B-204."), names("김하늘 선생님에게 물어보세요.")
    (['park', 'b-204'], ['김하늘'])
    """
    text = _MARKER.sub("", text).strip()
    capitals = [found for found in _CAPITAL.finditer(text) if _is_within(text[:found.start()])]
    found = [(each.start(), each[0]) for each in capitals] + [(each.start(), each[0].rstrip(".,;)")) for each in _CODE.finditer(text)]
    found += [(each.start(), each[1]) for each in _PEOPLE.finditer(text)]
    plain = (re.sub(r"['’]s$", "", each).lower() for _, each in sorted(found))
    return [each for each in dict.fromkeys(plain) if each not in _NOT_NAMES]


def _is_within(before: str) -> bool:
    """Whether a capital after this text is not just that of a sentence's first word."""
    return before.rstrip().endswith(_TITLES) or bool(before) and not re.search(r"[.!?:]\s*[\"'“(]*$", before)


def unheld_name(said: Iterable[str], held: str) -> str | None:
    """A name that is said and stands nowhere in a text; signs within it do not count."""
    there = {held.lower(), re.sub(r"[-.]", "", held.lower())}
    return next((name for name in said if not any(_stands(re.sub(r"[-.]", sign, name), text)
                                                  for text in there for sign in ("", "-"))), None)


def _stands(name: str, text: str) -> bool:
    return bool(re.search(rf"(?<![a-z\d]){re.escape(name)}(?![a-z\d])", text))


def denies(text: str) -> bool:
    """Whether it says that something is not so.

    >>> denies("Food is not allowed."), denies("음식은 반입할 수 없습니다."), denies("You may eat.")
    (True, True, False)
    """
    return bool(_DENIES.search(_bounded(text)))


def _bounded(text: str) -> str:
    """'no fewer than' denies nothing: it is 'at least'."""
    for pattern, other in _BOUNDS:
        text = pattern.sub(other, text)
    return text


Sides = tuple[int, ...]


def sides(text: str) -> Sides:
    """For each pair of opposites: 1 or 2 where a text says one of them alone, 0 where it says neither or both."""
    text = _bounded(text)
    return tuple(int(says_one) + 2 * int(says_other) if says_one != says_other else 0
                 for says_one, says_other in ((bool(one.search(text)), bool(other.search(text))) for one, other in _OPPOSITES))


def opposed(said: Sides, held: Sides) -> bool:
    """Whether one text says open where the other says closed, and so on.

    >>> opens = sides("It opens at nine.")
    >>> opposed(opens, sides("It closes at nine.")), opposed(opens, sides("The hall opens at 9."))
    (True, False)
    """
    return any(one + other == 3 for one, other in zip(said, held, strict=True))
