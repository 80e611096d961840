"""A spreadsheet's number as its user sees it: dates, percentages, thousands, currencies, by the cell's format code.

Neither openpyxl nor calamine does this: they give 45292.0 or a datetime, and 0.035 for what reads '3.5%'.
Source: ECMA-376 part 1, section 18.8.30 (built-in codes) and 18.8.31.
"""
import datetime
import re
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm",
    17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 49: "@",
} | dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 54, 57, 58), "yyyy-mm-dd")      # in Korean, Chinese and Japanese Excel
MAX_CODE_CHARS = 255
MAX_DECIMALS = 15
LAST_DAY = 2_958_466                  # 9999-12-31 and a day

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[(\$[^\]]*|[hms]+|[^\]]*)\]|(AM/PM|A/P|오전/오후|am/pm)|(General|G/표준)|'
                    r"(y+|m+|d+|h+|s+|a{3,4})|(\.0+)|([#0?][#0?,]*(?:\.[#0?]*)?,*|\.[#0?]+)|(E[+-]0+)|(%)|(@)|(.)",
                    re.IGNORECASE | re.DOTALL)
_WEEKDAYS = "월화수목금토일"


@lru_cache(1 << 14)
def shown(value: float, code: str, is_1904: bool = False) -> str:
    """A number under a format code; as a plain number where the code is not understood.

    >>> shown(45292, "yyyy-mm-dd"), shown(0.035, "0.0%"), shown(1234567, '#,##0"원"'), shown(45292.75, 'yyyy"년" m"월" d"일" AM/PM h:mm')
    ('2024-01-01', '3.5%', '1,234,567원', '2024년 1월 1일 오후 6:00')
    """
    is_date, tokens = _parsed(_section(code, value))
    try:
        if is_date:
            return _date(value, tokens, is_1904)
        if tokens:
            return _number(abs(value) if _has_negative(code) and value < 0 else value, tokens)
    except (ValueError, OverflowError):
        pass
    return general(value)


def general(value: float) -> str:
    """Fifteen digits, as Excel keeps them: 0.1 + 0.2 reads 0.3."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"


@lru_cache(4096)
def _sections(code: str) -> list[str]:
    return re.findall(r'(?:"[^"]*"|\\.|[^;"])*', code[:MAX_CODE_CHARS])[::2] if ";" in code else [code[:MAX_CODE_CHARS]]


def _section(code: str, value: float) -> str:
    """positive;negative;zero;text"""
    sections = _sections(code)
    if value < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if value == 0 and len(sections) > 2 else sections[0]


def _has_negative(code: str) -> bool:
    return len(_sections(code)) > 1


@lru_cache(4096)
def _parsed(section: str) -> tuple[bool, list[tuple[str, str]]]:
    """Whether it is a date, and its tokens (kind, text)."""
    tokens: list[tuple[str, str]] = []
    for quoted, escaped, bracket, half, general_, field, fraction, digits, exponent, percent, text, other in _TOKEN.findall(section):
        if general_:
            tokens.append(("cell", ""))
        elif bracket:
            if bracket[0] == "$":
                tokens.append(("text", bracket[1:].partition("-")[0]))
            elif bracket.lower().strip("hms") == "":
                tokens.append(("elapsed", bracket.lower()))
        elif half:
            tokens.append(("half", half))
        elif field:
            tokens.append(("field", field.lower()))
        elif fraction or digits:
            tokens.append(("digits", fraction or digits))
        elif exponent or percent or text:
            tokens.append(("exponent" if exponent else "percent" if percent else "cell", exponent or percent or text))
        elif quoted or escaped or other:
            tokens.append(("text", quoted or escaped or other))
    return any(kind in ("field", "elapsed", "half") for kind, _ in tokens), tokens


def _date(value: float, tokens: list[tuple[str, str]], is_1904: bool) -> str:
    days = value + 1462 if is_1904 else value
    if not 0 <= days < LAST_DAY:
        raise ValueError
    decimals = max((text.count("0") for kind, text in tokens if kind == "digits" and text.startswith(".")), default=0)
    day = int(days) if days >= 60 else int(days) + 1          # Excel believes in 1900-02-29
    seconds = round((days - int(days)) * 86_400, min(decimals, 3))
    moment = datetime.datetime(1899, 12, 30) + datetime.timedelta(days=day, seconds=seconds)
    has_half = any(kind == "half" for kind, _ in tokens)
    out = []
    for place, (kind, text) in enumerate(tokens):
        if kind == "elapsed":
            whole = round(days * 86_400) // {"h": 3600, "m": 60, "s": 1}[text[0]]
            out.append(f"{whole:0{len(text)}}")
        elif kind == "half":
            out.append(_half(moment.hour >= 12, text, is_english=any(kind == "field" for kind, _ in tokens[:place])))
        elif kind == "field":
            out.append(_field(moment, text, has_half, _is_minute(tokens, place)))
        elif kind == "digits" and text.startswith(".") and decimals:
            out.append(f"{moment.microsecond / 1e6:.{min(decimals, 3)}f}"[1:])
        elif kind in ("text", "digits"):
            out.append(text)
    return "".join(out).strip()


def _half(is_afternoon: bool, text: str, *, is_english: bool) -> str:
    """Excel writes AM/PM in its user's language, which the code does not tell; but Korean has it before the hour, English after."""
    if text.upper() == "A/P":
        return "AP"[is_afternoon]
    return ("AM", "PM")[is_afternoon] if is_english and text != "오전/오후" else ("오전", "오후")[is_afternoon]


def _is_minute(tokens: list[tuple[str, str]], place: int) -> bool:
    """An m after an hour or before a second is a minute."""
    fields = [text[0] if kind in ("field", "elapsed") else "" for kind, text in tokens]
    before = next((each for each in reversed(fields[:place]) if each), "")
    after = next((each for each in fields[place + 1:] if each), "")
    return before == "h" or after == "s"


def _field(moment: datetime.datetime, text: str, has_half: bool, is_minute: bool) -> str:
    kind, width = text[0], len(text)
    if kind == "y":
        return f"{moment.year:04}" if width > 2 else f"{moment.year % 100:02}"
    if kind == "a" or kind == "d" and width > 2:
        if kind == "a":
            return _WEEKDAYS[moment.weekday()] + ("요일" if width > 3 else "")
        return f"{moment:%A}" if width > 3 else f"{moment:%a}"
    if kind == "m" and not is_minute and width > 2:
        return f"{moment:%B}" if width == 4 else f"{moment:%b}"
    hour = (moment.hour + 11) % 12 + 1 if has_half else moment.hour
    number = {"m": moment.minute if is_minute else moment.month, "d": moment.day, "h": hour, "s": moment.second}[kind]
    return f"{number:02}" if width > 1 else str(number)


def _number(value: float, tokens: list[tuple[str, str]]) -> str:
    kinds = [kind for kind, _ in tokens]
    if kinds.count("digits") > 1 or "cell" in kinds and "digits" in kinds or ("text", "/") in tokens:
        raise ValueError                                      # fractions, telephone numbers: shown plainly
    out = []
    for kind, text in tokens:
        if kind == "digits":
            out.append(_digits(value * 100 ** kinds.count("percent"), text, next((t for k, t in tokens if k == "exponent"), "")))
        elif kind == "cell":
            out.append(general(value))
        elif kind != "exponent":
            out.append(text)
    sign = "-" if value < 0 and "digits" in kinds and any(c in "123456789" for c in "".join(out)) else ""
    return (sign + "".join(out)).strip()


def _digits(value: float, code: str, exponent: str) -> str:
    whole, _, decimals = code.rstrip(",").partition(".")
    value = abs(value) / 1000 ** (len(code) - len(code.rstrip(",")))
    places = min(len(decimals), MAX_DECIMALS)
    if exponent:
        mantissa, _, power = f"{value:.{places}e}".partition("e")
        return f"{mantissa}E{power[0] if power[0] == '-' or exponent[1] == '+' else ''}{int(power[1:]):0{len(exponent) - 2}}"
    # Excel rounds halves away from zero in what it shows: 0.125 reads 0.13
    text = f"{value + 10 ** -(places + 12) * max(value, 1):{',' if ',' in whole else ''}.{places}f}"
    optional = len(decimals) - len(decimals.rstrip("#?"))
    for _ in range(optional):
        if text.endswith("0") and "." in text:
            text = text[:-1]
    text = text.rstrip(".")
    least = whole.replace(",", "").count("0")
    if least == 0 and text.startswith("0") and (text == "0" or text.startswith("0.")):
        text = text[1:]                                       # '#' shows no zero
    shown_whole = text.partition(".")[0]
    return "0" * (least - len(shown_whole)) + text
