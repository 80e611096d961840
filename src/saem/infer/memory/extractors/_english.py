"""Statements in English: a sentence whole, then clause by clause, by the forms of _english_forms.py."""

import datetime
import re
from collections.abc import Iterator

from saem.infer.memory.extractors import _english_forms as forms
from saem.infer.memory.extractors._typed import EVENTS
from saem.infer.memory.rows import Found
from saem.infer.memory.values import day, fits
from saem.infer.memory.vocabulary import BY_NAME, is_known, named


def read(sentence: str, start: int, said_at: datetime.datetime) -> Iterator[Found]:
    """The claims of one sentence that stands at `start`."""
    if whole := _whole(sentence, start, said_at):
        yield whole
        return
    subject = "I"
    for at, clause, is_bare in _clauses(sentence):
        place = start + at, start + at + len(clause)
        found = list(_clause(clause, *place, said_at))
        if not found and is_bare:
            found = list(_clause(f"{subject} {clause}", *place, said_at))
        elif who := re.match(forms.WHO, clause, re.IGNORECASE):
            subject = who["who"]
        yield from found


def _whole(sentence: str, start: int, said_at: datetime.datetime) -> Found | None:
    """What a sentence says that cannot be read clause by clause, of whoever speaks."""
    plain = sentence.strip(" .,!;)\"'”…")
    while (shorter := forms.LEAD.sub("", plain)) != plain:
        plain = shorter
    begins = start + sentence.find(plain)
    if not plain or forms.OTHERS.search(plain.replace("My doctor", "")):
        return None
    if found := forms.AVOIDED.fullmatch(plain):
        return _found("", "allergy", _trimmed(found["o"], "allergy"), begins, begins + len(plain), True, True, "health", "", said_at)
    for form in forms.WHOLE:
        found = form.fullmatch(plain)
        if found is None:
            continue
        noun = _trimmed(found["p"], "")
        noun = f"favorite {noun}" if form is forms.LIKED_MOST else re.sub("^(?:go-to|number one) ", "favorite ", noun, flags=re.IGNORECASE)
        predicate, topic, is_many = named(noun)
        value = _trimmed(found["o"], predicate)
        if is_known(noun) and value and fits(predicate, value) and not forms.VAGUE.match(value) and not forms.SAYS.match(value):
            return _found("", predicate, value, begins, begins + len(plain), True, is_many, topic, "", said_at)
    return None


def _clauses(sentence: str) -> Iterator[tuple[int, str, bool]]:
    """(place, text, whether its subject is that of the clause before)."""
    at, is_bare = 0, False
    for cut in [*forms.CUT.finditer(sentence), None]:
        end = cut.start() if cut else len(sentence)
        piece = sentence[at:end]
        kept = piece.lstrip(" ,:!-*•\"'“")
        while (shorter := forms.LEAD.sub("", kept)) != kept:
            kept = shorter
        place = at + len(piece) - len(kept)
        kept = kept.rstrip(" .!,:;)\"'”…")
        if kept:
            yield place, kept, is_bare and not re.match(r"(?:i|my|we|our)\b", kept, re.IGNORECASE)
        if cut:
            at, is_bare = cut.end(), " and " in f" {cut[0].strip().lower()} "


def _clause(text: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    for predicate, holds, matcher in forms.MATCHERS:
        found = matcher.fullmatch(text)
        if found and (subject := _subject(found.groupdict().get("who", "i"))) is not None:
            yield from _told(subject, predicate, holds, found["o"], start, end, said_at)
            return
    for pattern in forms.NAMED:
        if found := pattern.fullmatch(text):
            noun = f"{found['p']} name" if pattern in forms.PET_NAMES else found["p"].removesuffix(" date")
            predicate, topic, is_many = named(noun)
            whose = f"my {found['whose'].lower()}" if found.groupdict().get("whose") else ""
            value = _trimmed(found["o"], predicate)
            if denied := re.fullmatch(r"(?:not|no longer) (?P<o>.+)", value, re.IGNORECASE):  # "my favorite color is not blue"
                yield _found(whose, predicate, denied["o"], start, end, False, is_many, topic, found["o"], said_at)
            elif value and not forms.VAGUE.match(value) and not _is_talk(found["p"]):
                yield _found(whose, predicate, value, start, end, True, is_many, topic, found["o"], said_at)
            return
    if (found := forms.THING_ON.fullmatch(text)) and day(found["o"], said_at):
        if event := re.findall(rf"\b(?:{EVENTS})\b", found["p"], re.IGNORECASE):
            predicate, topic, is_many = named(event[-1])
            yield _found("", predicate, _trimmed(found["o"], predicate), start, end, True, is_many, topic, "", said_at)
            return
        yield _found(found["p"].lower(), "date", _trimmed(found["o"], "date"), start, end, True, False, "plans", "", said_at)
    elif (found := forms.IS_MY.fullmatch(text)) and is_known(found["p"]) and not forms.VAGUE.match(found["o"]):
        predicate, topic, is_many = named(_trimmed(found["p"], ""))
        yield _found("", predicate, _trimmed(found["o"], predicate), start, end, True, is_many, topic, "", said_at)


def _subject(who: str) -> str | None:
    """'' = the speaker; None = no one that a claim could be about."""
    plain = who.lower()
    if plain in ("i", "we", "me", "us", "my"):
        return ""
    if plain.startswith(("my ", "our ")):
        return f"my {plain.split(' ', 1)[1]}"
    return None if plain in forms.NO_NAMES or not who[0].isupper() else who


def _told(subject: str, predicate: str, holds: bool, raw: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    known, value = BY_NAME[predicate], _trimmed(raw, predicate)
    if not value or forms.VAGUE.match(value):
        return
    if predicate == "employer" and not holds and forms.ITS_JOB.match(value):
        value = ""
    for each in forms.LIST.split(value) if known.is_many else [value]:
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
    while (shorter := forms.TRAIL.sub("", value)) != value and shorter:
        value = shorter
    return value if len(value) <= 80 else ""


def _is_talk(noun: str) -> bool:
    """'My question is ...', 'my point was ...' say nothing that lasts."""
    return bool(
        re.search(r"\b(?:question|point|guess|answer|problem|issue|understanding|apologies|bad|idea|thought)s?$", noun, re.IGNORECASE)
    )
