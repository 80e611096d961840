"""Objects of claims, as they are compared: 'the blue one.' and 'Blue one' are one; and the days that they name."""

import datetime
import re
import unicodedata

_EDGES = re.compile(r"^(?:the|a|an|to|my|our)\s+|^[\s'\"“”‘’.,!?~:;()-]+|[\s'\"“”‘’.,!?~:;()-]+$", re.IGNORECASE)
_MONTHS = "january february march april may june july august september october november december".split()
DAY = re.compile(r"(?P<iso>\d{4}-\d{1,2}-\d{1,2})" r"|(?:(?P<ky>\d{4})년\s*)?(?P<km>\d{1,2})월\s*(?P<kd>\d{1,2})일"
                  rf"|(?P<em>{'|'.join(_MONTHS)})\s+(?P<ed>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<ey>\d{{4}}))?", re.IGNORECASE)

DIGITS = re.compile(r"(?<![\w-])\+?\d{1,4}(?:[-. ]?\d{2,4}){2,4}(?![\d-])")  # of a telephone number
_SOON = re.compile(r"tomorrow|tonight|next |monday|tuesday|wednesday|thursday|friday|saturday|sunday|내일|모레|글피|다음"
                   r"|요일", re.IGNORECASE)
_FORMS = {"phone": DIGITS, "email": re.compile("@"), "age": re.compile(r"\d"), "birthday": re.compile(r"\d|" + "|".join(_MONTHS),
    re.IGNORECASE)}


def compared(text: str) -> str:
    """An object without case, articles and marks at its ends.

    >>> compared(" The Blue one. "), compared("‘부산’")
    ('blue one', '부산')
    """
    plain = unicodedata.normalize("NFKC", " ".join(text.split())).lower()
    while (shorter := _EDGES.sub("", plain)) != plain:
        plain = shorter
    return plain


def day(text: str, said_at: datetime.datetime) -> datetime.datetime | None:
    """The first day that a text names, at its midnight (UTC); without a year, the one nearest to when it was said. None = none.

    >>> day("until June 3", datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)).date()
    datetime.date(2026, 6, 3)
    """
    found = DAY.search(text)
    if found is None:
        return None
    try:
        if found["iso"]:
            year, month, number = map(int, found["iso"].split("-"))
        elif found["km"]:
            year, month, number = int(found["ky"] or 0), int(found["km"]), int(found["kd"])
        else:
            year, month, number = int(found["ey"] or 0), _MONTHS.index(found["em"].lower()) + 1, int(found["ed"])
        made = [datetime.datetime(y, month, number, tzinfo=datetime.UTC)
                for y in ([year] if year else range(said_at.year - 1, said_at.year + 2))]
    except ValueError:
        return None
    return min(made, key=lambda each: abs(each - said_at))


def fits(predicate: str, value: str) -> bool:
    """Whether a value has the form that its predicate asks for; of one that asks for none, whether it is short enough to be one.

    >>> fits("phone", "010-1234-5678"), fits("phone", "of the bus"), fits("exam", "June 3"), fits("exam", "hard")
    (True, False, True, False)
    """
    if predicate in _FORMS:
        return bool(_FORMS[predicate].search(value))
    if predicate == "exam":
        return bool(DAY.search(value) or _SOON.search(value))
    return 0 < len(value) <= 60 and len(value.split()) <= 8
