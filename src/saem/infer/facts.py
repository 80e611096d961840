"""What a sentence commits itself to beyond its words and numbers: names, whether it denies, words with an opposite. No model."""
import re
from collections.abc import Iterable

from saem.infer.amounts import LIST_MARK

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
    (r"\b(?:may|can)\b(?! not)|할 수 있", r"\b(?:must|ha(?:s|ve) to|needs? to)\b(?! not)|해야|\brequired\b|\bmandatory\b"),
    (r"\b(?:in|inside|within)\b(?! order)|국내", r"\boutside\b|\babroad\b|국외|해외"),
    (r"\b(?:over|above) \d", r"\b(?:under|below) \d"), (r"\bmust\b|\brequired\b|\bmandatory\b|필수|해야", r"\boptional\b|선택"),
    (r"\benabl\w+|\bturn(?:s|ed)? on\b|켜", r"\bdisabl\w+|\bturn(?:s|ed)? off\b|끄|꺼"), (r"\bleft\b|왼", r"\bright\b|오른"),
    (r"\bfirst\b|처음|맨 앞", r"\blast\b|마지막|맨 뒤"), (r"\ballow\w*|\bpermit\w*|허용", r"\bforbid\w*|\bprohibit\w*|금지"),
    (r"\bweekdays?\b|평일", r"\bweekends?\b|주말"),
    (r"\bmorning\b|오전|아침|a\.m\.|\bam\b", r"\bafternoon\b|\bevening\b|오후|저녁|p\.m\.|\bpm\b"),
    (r"\balways\b|항상|언제나", r"\bnever\b|전혀|결코"), (r"\bupper|\babove\b|위쪽|\btop\b", r"\blower|\bbelow\b|아래쪽|\bbottom\b"),
    (r"\bhorizontal\w*|가로", r"\bvertical\w*|세로"), (r"\ball\b|모든|모두|전원", r"\bsome\b|일부")))


def names(text: str) -> list[str]:
    """Names as far as their writing tells: capitals within a sentence, codes, addresses, Korean persons with a title. Lower case.

    >>> names("Ask Ms. Park in B-204."), names("김하늘 선생님에게 물어보세요.")
    (['park', 'b-204'], ['김하늘'])
    """
    text = LIST_MARK.sub("", text).strip()
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
