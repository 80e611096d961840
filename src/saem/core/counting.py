"""Words that count, with what they count: in English and Korean, by themselves and as lengths of time."""
CARDINALS = {word: value for value, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
    "twenty".split())} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90,
                          "once": 1, "twice": 2, "double": 2, "half": 0.5}
ORDINALS = {word: value for value, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)}
# before what is counted
KOREAN = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10, "스무": 20}
KOREAN_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "일주일": 7, "보름": 15}
MULTIPLES = {"백": 100, "천": 1_000, "만": 10_000, "억": 100_000_000,
             "hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_COUNTING = frozenset({*CARDINALS, *KOREAN, *KOREAN_DAYS, "hundred", "thousand", "한달"})


def is_number(word: str) -> bool:
    """Whether a word is a number: texts that differ in one contradict each other.

    >>> is_number("14"), is_number("five"), is_number("이틀"), is_number("fee")
    (True, True, True, False)
    """
    return word.isdecimal() or word in _COUNTING
