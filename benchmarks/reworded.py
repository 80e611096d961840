"""A writer whose every sentence is known to be true or false: `benchmarks.generate` measures the checker against it.

True sentences are spans of the passages in other words; false ones are such spans with one fact changed, two spans spliced, or a
sentence of a document that is not among the passages. All by rule, from a seed: the same passages give the same sentences.
"""
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from saem.infer.amounts import numbers
from saem.infer.facts import denies, names
from saem.infer.sentences import Candidate


@dataclass(frozen=True)
class Written:
    """A sentence, whether its passages say so, how it was made, and the span that it was made of."""
    text: str
    is_true: bool
    how: str
    span: str


_SAME = [       # (pattern, other words): what a writer may put instead
    (r"\bmay\b", "can"), (r"\bmust\b", "have to"), (r"\bstudents\b", "pupils"), (r"\bevery day\b", "daily"), (r"\bper day\b", "a day"),
    (r"\bopens\b", "is open from"), (r"\bcosts\b", "is priced at"), (r"\bavailable\b", "offered"), (r"\bbegins?\b", "start"),
    (r"\bcannot\b", "can not"), (r"\bis not\b", "isn't"), (r"\bin order to\b", "to"), (r"\bClick\b", "Press"), (r"\bSelect\b", "Choose"),
    (r"\bshows\b", "displays"), (r"\bspecifies\b", "sets"), (r"\bselected\b", "chosen"), (r"\bdelete\b", "remove"),
    (r"\breceive\b", "get"), (r"\bwithin\b", "in less than"), (r"\bfree of charge\b", "free"), (r"\bat least\b", "no fewer than"),
    (r"합니다\b", "해요"), (r"입니다\b", "이에요"), (r"습니다\b", "어요"), (r"됩니다\b", "돼요"), (r"반드시", "꼭"),
    (r"가능", "할 수 있음"),
    (r"신청", "접수"), (r"이용", "사용"), (r"장소", "곳"), (r"매일", "날마다"), (r"(?<![가-힣])학생은", "재학생은"),
    (r"하십시오", "하세요"),
    (r"표시", "나타내기"),
]
_WORDS = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10"}
_BEFORE = {"en": ("According to the documents, ", "In general, ", "Note that ", "", ""), "ko": ("문서에 따르면 ", "안내하자면 ", "", "")}


def reworded(text: str, language: str, chance: random.Random) -> str:
    """The same fact in other words."""
    made = _mark_off(text)
    for pattern, other in chance.sample(_SAME, len(_SAME)):
        if chance.random() < 0.7:
            made = re.sub(pattern, other, made)
    for word, digits in _WORDS.items():
        if chance.random() < 0.5:
            made = re.sub(rf"\b{word}\b", digits, made)
    made = _without_brackets(made) if chance.random() < 0.5 else made
    turned = re.fullmatch(r"(If|When|To) ([^,]+), ([^,]+)\.", made)
    if turned and chance.random() < 0.6:
        made = f"{turned[3][0].upper()}{turned[3][1:]} {turned[1].lower()} {turned[2]}."
    before = chance.choice(_BEFORE[language])
    return before + (made[0].lower() + made[1:] if before and language == "en" and not made[:2].isupper() else made)


def _mark_off(text: str) -> str:
    return " ".join(re.sub(r"^\s*(?:[-*•·]|\d+[.)])\s+", "", text).split())


def _without_brackets(text: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", text)


# ---- false

def _other_number(text: str, others: Sequence[Candidate], chance: random.Random) -> str | None:
    found = list(re.finditer(r"(?<![\w-])\d[\d,]*(?:\.\d+)?(?![\w-]*\d)", text))
    if not found:
        return None
    at = chance.choice(found)
    value = float(at[0].replace(",", ""))
    other = chance.choice([value + 1, value * 2, value + 10, max(1, value - 1) if value > 1 else 3])
    return text[:at.start()] + f"{other:,.0f}" + text[at.end():]


def _other_name(text: str, others: Sequence[Candidate], chance: random.Random) -> str | None:
    own = names(text)
    there = [name for each in others for name in names(each.text) if name not in text.lower()]
    if not own or not there:
        return None
    name, other = chance.choice(own), chance.choice(there)
    return re.sub(re.escape(name), other.title() if other.isalpha() else other.upper(), text, count=1, flags=re.IGNORECASE)


def _denied(text: str, others: Sequence[Candidate], chance: random.Random) -> str | None:
    pairs = [(r"\b(may|can|must|should|is|are|will)\b(?! not)", r"\1 not"), (r"\b(is|are|may|can) not\b", r"\1"),
             (r"\bcannot\b", "can"), (r"할 수 있습니다", "할 수 없습니다"), (r"할 수 없습니다", "할 수 있습니다"),
             (r"합니다", "하지 않습니다"), (r"됩니다", "되지 않습니다"),
             (r"입니다", "이 아닙니다"), (r"하지 않습니다", "합니다"), (r"없습니다", "있습니다")]
    for pattern, other in pairs:
        made = re.sub(pattern, other, text, count=1)
        if made != text and denies(made) != denies(text):
            return made
    return None


def _opposite(text: str, others: Sequence[Candidate], chance: random.Random) -> str | None:
    for one, other in (("open", "close"), ("before", "after"), ("first", "last"), ("at most", "at least"), ("up to", "at least"),
                       ("morning", "evening"), ("weekday", "weekend"), ("free", "paid"), ("left", "right"), ("enable", "disable"),
                       ("오전", "오후"), ("평일", "주말"), ("이상", "이하"), ("이내", "이후"), ("전까지", "이후"), ("무료", "유료"),
                       ("위쪽", "아래쪽"), ("처음", "마지막")):
        for a, b in ((one, other), (other, one)):
            if re.search(rf"\b{a}" if a.isascii() else a, text):
                return re.sub(rf"\b{a}" if a.isascii() else a, b, text, count=1)
    return None


def _other_noun(text: str, others: Sequence[Candidate], chance: random.Random) -> str | None:
    """A longer word of the sentence becomes one of another sentence: the fact is said of something else."""
    korean, english = r"[가-힣]{2,}(?=(?:은|는|이|가|을|를|에서|의)\s)", r"(?<=\b[Tt]he )[a-z]{4,}|\b[A-Z]?[a-z]{4,}s\b"
    pattern = korean if re.search("[가-힣]", text) else english
    own = list(re.finditer(pattern, text))
    there = [word for each in others for word in re.findall(pattern, each.text) if word.lower() not in text.lower()]
    if not own or not there:
        return None
    at, other = chance.choice(own), chance.choice(there)
    return text[:at.start()] + other + text[at.end():]


def _spliced(text: str, others: Sequence[Candidate], chance: random.Random) -> str | None:
    """The beginning of one sentence with the end of another."""
    other = _mark_off(chance.choice(others).text) if others else ""
    first, second = text.split(), other.split()
    if len(first) < 6 or len(second) < 6:
        return None
    return " ".join([*first[:len(first) // 2], *second[len(second) // 2:]])


CHANGES: dict[str, Callable[[str, Sequence[Candidate], random.Random], str | None]] = {
    "number": _other_number, "name": _other_name, "denied": _denied, "opposite": _opposite, "noun": _other_noun, "spliced": _spliced}


def _is_within(said: str, span: str) -> bool:
    """Whether it is the span with words left out: nothing false is in it."""
    words = iter(re.findall(r"\w+", span.lower()))
    return all(word in words for word in re.findall(r"\w+", said.lower()))


def write(spans: Sequence[Candidate], elsewhere: Sequence[str], language: str, seed: str, pairs: int = 3) -> list[Written]:
    """`pairs` true sentences and as many false ones, shuffled. elsewhere: sentences of documents that are not among the passages."""
    chance = random.Random(seed)
    usable = [span for span in spans if 25 <= len(span.text) <= 240 and re.search(r"[.다요]\s*$", span.text) and " | " not in span.text]
    if not usable:
        return []
    made = []
    for span in chance.sample(usable, min(pairs, len(usable))):
        made.append(Written(reworded(span.text, language, chance), True, "reworded", span.text))
    tried = 0
    while sum(not each.is_true for each in made) < len(made) / 2 and tried < 60:
        tried += 1
        how = chance.choice([*CHANGES, "elsewhere"])
        span = chance.choice(usable)
        others = [each for each in usable if each is not span]
        text = chance.choice(elsewhere) if how == "elsewhere" else CHANGES[how](_without_brackets(_mark_off(span.text)), others, chance)
        if text and not any(" ".join(text.lower().split()) in " ".join(each.text.lower().split()) for each in spans):
            said = text if how == "elsewhere" else reworded(text, language, chance)
            if (how in ("denied", "opposite") or numbers(said) or how != "number") and not _is_within(said, span.text):
                made.append(Written(said, False, how, span.text))
    chance.shuffle(made)
    return made
