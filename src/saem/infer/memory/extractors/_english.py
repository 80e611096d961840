"""Statements in English."""

import datetime
import re
from collections.abc import Iterator

from saem.infer.memory.rows import Found
from saem.infer.memory.values import day
from saem.infer.memory.vocabulary import BY_NAME, is_known, named

_PEOPLE = (
    "friend|best friend|brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|colleague|coworker|boss|teacher|roommate|"
    "cousin|partner|neighbou?r|girlfriend|boyfriend|uncle|aunt|grandmother|grandfather|team|child|kid|baby"
)
_EVENTS = ("exam|test|quiz|final|midterm|interview|appointment|meeting|flight|presentation|deadline|surgery|wedding|trip|class|concert|"
           "defen[cs]e|game|match|check-?up")
_WHO = rf"(?P<who>i|we|(?:my|our) (?:{_PEOPLE})|[A-Z][a-z]+)"
_ADVERB = (
    r"(?: (?:now|currently|just|recently|actually|really|still|also|finally|already|absolutely|totally|mostly|usually|always|so|very|quite|"
    r"a bit|have|has|had|do|did|truly|officially|rather))*"
)
_BE = r"(?: (?:am|is|are|was)|['’](?:m|s|re))"
_HAVE = r"(?: (?:have|has)|['’](?:ve|s))"
_IN = r"(?:in|at|near|out of|around)"
_NOT = r"(?:no longer|don['’]?t|do not|doesn['’]?t|does not|not)"

# (predicate, whether it holds, pattern over a whole clause): the first that fits counts, but for those of one predicate and its opposite
_RULES: list[tuple[str, bool, str]] = [
    ("home", False, rf"{_WHO}{_ADVERB} {_NOT} live {_IN} (?P<o>.+)"),
    ("home", False, rf"{_WHO}{_ADVERB} moved (?:out of|away from) (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_ADVERB} (?:lives?|resides?) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_BE}{_ADVERB} (?:living|residing|based) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_HAVE} been (?:living|based|residing) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:moved|relocated) (?:back )?(?:from .+? )?to (?P<o>.+)"),
    ("employer", False,
     rf"{_WHO}{_ADVERB} (?:quit|left|resigned from|got fired from|{_NOT} work (?:at|for)|stopped working (?:at|for)) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}{_ADVERB} works? (?:at|for) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}{_BE}{_ADVERB} (?:working|employed) (?:at|for|with) (?P<o>.+)"),
    ("employer", True,
     rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:joined|(?:started|began) (?:working |to work |a new job |a job )?(?:at|for)) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}{_ADVERB} (?:have|has|got|found) a(?: new)? job (?:at|with) (?P<o>.+)"),
    ("job", True, rf"{_WHO}{_ADVERB} works? as (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}{_BE}{_ADVERB} working as (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:became|become|got promoted to) (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}{_BE}{_ADVERB} an? (?P<o>.+?) by (?:profession|trade)"),
    ("diet", True, rf"{_WHO}{_BE}{_ADVERB} (?:an? )?(?P<o>vegetarian|vegan|pescatarian)"),
    ("allergy", False, rf"{_WHO}{_BE} (?:not|no longer) allergic to (?P<o>.+)"),
    ("allergy", True, rf"{_WHO}{_BE}{_ADVERB} allergic to (?P<o>.+)"),
    ("allergy", True, rf"{_WHO}{_ADVERB} (?:have|has|got) (?:an? )?(?:\w+ )?allergy to (?P<o>.+)"),
    ("allergy", True, rf"{_WHO}{_ADVERB} (?:have|has|got) an? (?P<o>.+?) allergy"),
    ("weak in", True, rf"{_WHO}{_BE}{_ADVERB} (?:weak|bad|poor|terrible|not (?:very )?good) (?:in|at|with) (?P<o>.+)"),
    ("weak in", True, rf"{_WHO}{_ADVERB} (?:struggles?|(?:have|has) trouble) with (?P<o>.+)"),
    ("good at", True, rf"{_WHO}{_BE}{_ADVERB} (?:good|great|strong|excellent) (?:in|at|with) (?P<o>.+)"),
    ("likes", False, rf"{_WHO}{_ADVERB} {_NOT}(?: really)? (?:like|love|enjoy) (?P<o>.+)"),
    ("likes", False, rf"{_WHO}{_ADVERB} (?:hates?|dislikes?|can['’]?t stand|cannot stand|detests?|stopped liking) (?P<o>.+)"),
    ("likes", True, rf"{_WHO}{_ADVERB} (?:likes?|loves?|enjoys?|adores?|prefers?) (?P<o>.+)"),
    ("goal", True, rf"{_WHO}{_ADVERB} (?:wants?|aims?|hopes?|plans?|intends?) to (?P<o>.+)"),
    ("studies", True, rf"{_WHO}{_BE}{_ADVERB} (?:studying|learning) (?P<o>.+)"),
    ("studies", True, rf"{_WHO}{_ADVERB} (?:study|studies|learns?) (?P<o>.+)"),
    ("speaks", True, rf"{_WHO}{_ADVERB} speaks? (?P<o>.+)"),
    ("birthday", True, rf"{_WHO} was born (?:on|in) (?P<o>.+)"),
    ("age", True, rf"{_WHO}{_BE}{_ADVERB} (?P<o>\d{{1,3}})(?: years old)?"),
    ("nickname", True, r"(?:please |just |you can )*call me (?P<o>\D+)"),
]
_MATCHERS = [(predicate, holds, re.compile(pattern, re.IGNORECASE)) for predicate, holds, pattern in _RULES]
_MOVED = r"(?:moved|changed|switched|updated|postponed|rescheduled|pushed(?: back)?|brought forward)"
_NOW = r"(?: (?:now|still|actually|always|currently|just))*"
_OWN = re.compile(
    rf"(?:my|our) (?:(?P<whose>{_PEOPLE})['’]?s )?(?P<p>[^,]{{2,40}}?)(?: has always been|{_BE}{_NOW}(?: {_MOVED} to| called| named| on"
    rf"| at)?"
    rf"|(?: was| got| has been)? {_MOVED} to)(?: to)? (?P<o>.+)",
    re.IGNORECASE,
)
_EVENT = re.compile(
    rf"(?:the|our) (?P<p>(?:{_EVENTS})(?: date)?)(?:{_BE}|['’]s)(?: now)?(?: {_MOVED} to| on| at| now on) (?P<o>.+)", re.IGNORECASE
)
_HAS_EVENT = re.compile(
    rf"(?:i|we){_ADVERB} (?:have|got) (?:an?|my|the|our) (?P<p>(?:\w+ )?(?:{_EVENTS})) (?:on|at) (?P<o>.+)", re.IGNORECASE
)
_THEY_MOVED = re.compile(rf"they (?:have )?{_MOVED} (?:my|the|our) (?P<p>(?:\w+ )?(?:{_EVENTS})) to (?P<o>.+)", re.IGNORECASE)
_NAME_OF = re.compile(r"the (?P<p>name of (?:my|our) [^,]{2,30}?) is (?P<o>.+)", re.IGNORECASE)
_IS_MY = re.compile(rf"(?P<o>.+?){_BE}{_NOW} (?:my|our) (?P<p>[^,]{{2,40}})", re.IGNORECASE)
_THING_ON = re.compile(
    rf"the (?P<p>[a-z][a-z ]{{2,30}}?)(?:{_BE}|['’]s|(?: was| got| has been)? {_MOVED} to)(?: now)?(?: on| at| {_MOVED} to)? (?P<o>.+)",
    re.IGNORECASE,
)
_NAMED = [_THEY_MOVED, _HAS_EVENT, _NAME_OF, _EVENT, _OWN]

_CUT = re.compile(r",\s+(?=(?:i|my|we|our|the|they|you)\b)|:\s+(?=(?:i|my|we)\b)|\s+(?:but|because|although|while)\s+"
                  r"|\s+and\s+(?=(?:i|my|we|our)\b)|\s+and\s+(?=(?:joined|moved|relocated|started|became|work|live|now)\b)|!\s+",
                  re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:by the way|btw|actually|oh|well|so|also|ok|okay|and|but|fyi|just so you know|(?:big |good |bad )?news|update|note|please"
    r"|remember(?: that)?|"
    r"for fun|for the record|these days|now|lately|currently|recently|in fact|hi|hello|hey|yes|yeah|no|as of today|today"
    r"|this week)\b[,:!]?\s+",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"[\s,]+(?:now|these days|any ?more|currently|at the moment|right now|lately|recently|already|again|too|as well|by the way|btw"
    r"|instead|though|"
    r"as of .+|since .+|for (?:\w+ ){0,2}(?:years?|months?|weeks?|days?)|last \w+|this (?:year|week|month|morning|summer)|today|yesterday|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:starting|beginning|effective|from|until|till) .+|with my .+|very much|a lot"
    r"|so much)$",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:it|that|this|them|you|him|her|your .+|how .+|what .+|when .+|why .+|the way .+|here|there|so|one|know .+|ask .+|see .+|"
    r"understand.*|hear .+|talk .+|thank .+|say .+|tell .+|be able .+|not .+|sure.*|glad.*|sorry.*|fine.*|a question.*)$",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    "the it they this that he she you what there here everyone someone nobody people my our i we and but so if when who how why".split()
)
_ITS_JOB = re.compile(r"^(?:my|the|that)\b.*\b(?:job|company|work|position)$", re.IGNORECASE)
_LIST = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")


def read(sentence: str, start: int, said_at: datetime.datetime) -> Iterator[Found]:
    """The claims of one sentence that stands at `start`."""
    subject = "I"
    for at, clause, is_bare in _clauses(sentence):
        text = f"{subject} {clause}" if is_bare else clause
        who = re.match(_WHO, text, re.IGNORECASE)
        subject = who["who"] if who and not is_bare else subject
        yield from _clause(text, start + at, start + at + len(clause), said_at)


def _clauses(sentence: str) -> Iterator[tuple[int, str, bool]]:
    """(place, text, whether its subject is that of the clause before)."""
    at, is_bare = 0, False
    for cut in [*_CUT.finditer(sentence), None]:
        end = cut.start() if cut else len(sentence)
        piece = sentence[at:end]
        kept = piece.lstrip(" ,:!-*•\"'“")
        while (shorter := _LEAD.sub("", kept)) != kept:
            kept = shorter
        place = at + len(piece) - len(kept)
        kept = kept.rstrip(" .!,:;)\"'”…")
        if kept:
            yield place, kept, is_bare and not re.match(r"(?:i|my|we|our)\b", kept, re.IGNORECASE)
        if cut:
            at, is_bare = cut.end(), " and " in f" {cut[0].strip().lower()} "


def _clause(text: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    for predicate, holds, matcher in _MATCHERS:
        found = matcher.fullmatch(text)
        if found and (subject := _subject(found.groupdict().get("who", "i"))) is not None:
            yield from _told(subject, predicate, holds, found["o"], start, end, said_at)
            return
    for pattern in _NAMED:
        if found := pattern.fullmatch(text):
            predicate, topic, is_many = named(found["p"].removesuffix(" date"))
            whose = f"my {found['whose'].lower()}" if found.groupdict().get("whose") else ""
            value = _trimmed(found["o"], predicate)
            if value and not _VAGUE.match(value) and not _is_talk(found["p"]):
                yield _found(whose, predicate, value, start, end, True, is_many, topic, found["o"], said_at)
            return
    if (found := _THING_ON.fullmatch(text)) and day(found["o"], said_at):
        yield _found(found["p"].lower(), "date", _trimmed(found["o"], "date"), start, end, True, False, "plans", "", said_at)
    elif (found := _IS_MY.fullmatch(text)) and is_known(found["p"]) and not _VAGUE.match(found["o"]):
        predicate, topic, is_many = named(_trimmed(found["p"], ""))
        yield _found("", predicate, _trimmed(found["o"], predicate), start, end, True, is_many, topic, "", said_at)


def _subject(who: str) -> str | None:
    """'' = the speaker; None = no one that a claim could be about."""
    plain = who.lower()
    if plain in ("i", "we"):
        return ""
    if plain.startswith(("my ", "our ")):
        return f"my {plain.split(' ', 1)[1]}"
    return None if plain in _NO_NAMES or not who[0].isupper() else who


def _told(subject: str, predicate: str, holds: bool, raw: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    known, value = BY_NAME[predicate], _trimmed(raw, predicate)
    if not value or _VAGUE.match(value):
        return
    if predicate == "employer" and not holds and _ITS_JOB.match(value):
        value = ""
    for each in _LIST.split(value) if known.is_many else [value]:
        yield _found(subject, predicate, each, start, end, holds, known.is_many, known.topic, raw, said_at)
        if predicate == "likes":
            yield _found(subject, "dislikes", each, start, end, not holds, True, known.topic, raw, said_at)


def _found(subject: str, predicate: str, value: str, start: int, end: int, holds: bool, is_many: bool, topic: str, raw: str,
           said_at: datetime.datetime) -> Found:
    until = re.search(r"\b(?:until|till) (.+)$", raw, re.IGNORECASE)
    since = re.search(r"\b(?:starting|beginning|effective|from) (.+)$", raw, re.IGNORECASE)
    ends = day(until[1], said_at) if until else None
    begins = day(since[1], said_at) if since else None
    return Found(subject, predicate, value, start, end, holds, is_many, topic, begins if begins and begins > said_at else None,
                 ends + datetime.timedelta(days=1) if ends and ends >= said_at else None)


def _trimmed(raw: str, predicate: str) -> str:
    """Without what is said of its time; a day is the object of an event."""
    value = raw.strip(" .,!\"'“”")
    if predicate in ("home", "employer", "job", "likes", "allergy", "weak in", "good at", "hobby", "studies", "goal",
                     "") or predicate.startswith("favorite"):
        value = re.sub(r"\s+(?:and|but) i\b.*$", "", value, flags=re.IGNORECASE)
    while (shorter := _TRAIL.sub("", value)) != value and shorter:
        value = shorter
    return value if len(value) <= 80 else ""


def _is_talk(noun: str) -> bool:
    """'My question is ...', 'my point was ...' say nothing that lasts."""
    return bool(
        re.search(r"\b(?:question|point|guess|answer|problem|issue|understanding|apologies|bad|idea|thought)s?$", noun, re.IGNORECASE)
    )
