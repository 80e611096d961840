"""The numbers and bullets before list items and headings, as Word, PowerPoint and Hancom's HWPX count them."""
import re

MAX_NUMBER = 9999                     # a larger one is shown as digits whatever its format
_ROMAN = [(1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"),
          (5, "v"), (4, "iv"), (1, "i")]
_LETTERS = {"letter": "abcdefghijklmnopqrstuvwxyz", "ganada": "가나다라마바사아자차카타파하", "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"}
_KOREAN_DIGITS = "영일이삼사오육칠팔구"
_CHINESE_DIGITS = "〇一二三四五六七八九"
# what a format is called -> (kind, is upper case): Word's names, PowerPoint's stems, HWPX's names
FORMATS = {
    "lowerLetter": ("letter", False), "upperLetter": ("letter", True), "lowerRoman": ("roman", False), "upperRoman": ("roman", True),
    "ganada": ("ganada", False), "chosung": ("chosung", False), "koreanCounting": ("korean", False), "koreanDigital": ("korean", False),
    "koreanDigital2": ("chinese", False), "ideographDigital": ("chinese", False), "japaneseCounting": ("chinese", False),
    "chineseCounting": ("chinese", False), "decimalEnclosedCircle": ("circle", False), "decimalZero": ("zero", False),
    "alphaLc": ("letter", False), "alphaUc": ("letter", True), "romanLc": ("roman", False), "romanUc": ("roman", True),
    "circleNumDb": ("circle", False), "circleNumWd": ("circle", False),
    "LATIN_SMALL": ("letter", False), "LATIN_CAPITAL": ("letter", True), "ROMAN_SMALL": ("roman", False), "ROMAN_CAPITAL": ("roman", True),
    "HANGUL_SYLLABLE": ("ganada", False), "HANGUL_JAMO": ("chosung", False), "HANGUL_PHONETIC": ("korean", False),
    "IDEOGRAPH": ("chinese", False), "CIRCLED_DIGIT": ("circle", False), "CIRCLED_HANGUL_SYLLABLE": ("circled_ganada", False),
    "CIRCLED_LATIN_SMALL": ("circled_letter", False), "CIRCLED_HANGUL_JAMO": ("circled_chosung", False),
}
_CIRCLED = {"circle": (0x2460, 20), "circled_ganada": (0x326E, 14), "circled_letter": (0x24D0, 26), "circled_chosung": (0x3260, 14)}


def numeral(number: int, name: str) -> str:
    """A number in one of FORMATS; digits for others.

    >>> numeral(4, "upperRoman"), numeral(28, "lowerLetter"), numeral(3, "ganada"), numeral(2, "CIRCLED_DIGIT")
    ('IV', 'bb', '다', '②')
    """
    kind, is_upper = FORMATS.get(name, ("", False))
    if not 0 < number <= MAX_NUMBER:
        return str(number)
    text = str(number)
    if kind == "roman":
        text = _roman(number)
    elif kind in _LETTERS:
        letters = _LETTERS[kind]
        text = letters[(number - 1) % len(letters)] * min((number - 1) // len(letters) + 1, 5)
    elif kind in _CIRCLED and number <= _CIRCLED[kind][1]:
        text = chr(_CIRCLED[kind][0] + number - 1)
    elif kind in ("korean", "chinese"):
        text = _east_asian(number, _KOREAN_DIGITS if kind == "korean" else _CHINESE_DIGITS, "십백천" if kind == "korean" else "十百千")
    elif kind == "zero":
        text = f"{number:02}"
    return text.upper() if is_upper else text


def _roman(number: int) -> str:
    out = ""
    for value, letters in _ROMAN:
        out += letters * (number // value)
        number %= value
    return out


def _east_asian(number: int, digits: str, units: str) -> str:
    out = ""
    for power in (3, 2, 1, 0):
        digit = number // 10 ** power % 10
        if digit:
            out += ("" if digit == 1 and power else digits[digit]) + (units[power - 1] if power else "")
    return out


def note_mark(number: int) -> str:
    """The mark of a footnote in the text and before the note: '¹²'. Not '[12]', which is how answers cite."""
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


class Counter:
    """The running numbers of one list: `next(level)` counts it up and begins the deeper levels anew."""

    def __init__(self, starts: dict[int, int]) -> None:
        self.starts, self.numbers = starts, dict[int, int]()

    def next(self, level: int) -> None:
        self.numbers[level] = self.numbers.get(level, self.starts.get(level, 1) - 1) + 1
        for deeper in [each for each in self.numbers if each > level]:
            del self.numbers[deeper]

    def mark(self, pattern: str, formats: dict[int, str]) -> str:
        """`pattern` with its places filled in: '%1.%2.' (Word) or '^1.' (HWPX) name levels from 1."""
        def filled(place: re.Match[str]) -> str:
            level = int(place[1]) - 1
            return numeral(self.numbers.get(level, self.starts.get(level, 1)), formats.get(level, ""))
        return re.sub(r"[%^]([1-9])", filled, pattern).strip()
