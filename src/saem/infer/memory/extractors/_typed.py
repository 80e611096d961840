"""Claims whose value tells by its form what it is: a telephone number, an e-mail address, the day of an event. Korean and English.

However a sentence is built, one number in it and the word 'number' say enough; what is somebody else's is told by whose it is.
"""

import datetime
import re
from collections.abc import Iterator

from saem.infer.memory.rows import Found
from saem.infer.memory.values import DAY, DIGITS
from saem.infer.memory.vocabulary import named

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_REACHED = re.compile(r"\b(?:numbers?|phone|cell|mobile|call me|reach|text me|ring me|contact)\b|번호|전화|연락|휴대폰|핸드폰"
                      r"|폰은", re.IGNORECASE)
_MAILED = re.compile(r"\b(?:e-?mail|mail|write to|reach|contact)\b|메일|연락|주소", re.IGNORECASE)
_MINE = re.compile(r"\b(?:i|my|me|i['’]m|i['’]ve|our|mine)\b|(?:^|\s)(?:내|제|나|저)(?:\s|는|가|의|한테|에게|게)|(?:^|\s)(?:주세요|바꿨"
                   r"|바뀌)|(?:새|바뀐) ",
                   re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:your|his|her|their|its|customer|hotline|fax|he|she|support|office|store|clinic|hospital|old|former|previous)\b"
                     r"|고객|회사 |병원|가게|식당|팩스|당신|그분|걔|예전|옛날|대표 ?번호|친구|엄마|아빠|동생|선생님", re.IGNORECASE)
_PEOPLE = re.compile(r"\b(?:my|our) (?:\w+ )?(?:friend|brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|colleague"
                     r"|coworker|boss|"
                     r"teacher|roommate|cousin|partner|neighbou?r|girlfriend|boyfriend|uncle|aunt)\b", re.IGNORECASE)
EVENTS = ("exam|test|quiz|final|midterm|interview|appointment|meeting|flight|presentation|deadline|surgery|wedding|trip|class|concert|"
          "defen[cs]e|game|match|check-?up")
EVENTS_KO = "중간고사|기말고사|시험|면접|약속|회의|발표|수술|진료|예약|미팅|수업|여행|공연|마감|결혼식|경기|검진|상담"
_DETERMINED = re.compile(rf"\b(?:my|our|the|an?|this|that)\s+(?P<p>(?:[a-z]+ )?(?:{EVENTS}))\b", re.IGNORECASE)
_BARE = re.compile(rf"\b(?P<p>{EVENTS})\b", re.IGNORECASE)
_NO_LONGER = re.compile(r"(?:instead of|rather than|not(?: on)?|from|was (?:on|for)|no longer(?: on)?"
                        r"|originally(?: on)?)\s+$", re.IGNORECASE)
_NO_LONGER_KO = re.compile(r"^\s*(?:말고|에서|이 아니|가 아니|대신|이었는데|였는데|이었다가|였다가|인 줄)")
_ASIDE = re.compile(r"\b(?:passed|failed|finished|was over|cancel\w*|if|studied|prepare[sd]? for|before|after|until|by)\b"
                    r"|취소|끝났|끝난|합격|떨어졌|봤|만약|까지|전까지|준비|공부|부터", re.IGNORECASE)


def read(sentence: str, start: int, said_at: datetime.datetime) -> Iterator[Found]:
    """The claims of one sentence that stands at `start`; it rests on the whole of it."""
    end = start + len(sentence.rstrip())
    start += len(sentence) - len(sentence.lstrip())
    if _OTHERS.search(sentence) or _PEOPLE.search(sentence):
        return
    for predicate, form, cue in (("phone", DIGITS, _REACHED), ("email", _EMAIL, _MAILED)):
        places = list(form.finditer(sentence))
        if places and cue.search(sentence) and (_MINE.search(sentence) or _is_label(sentence, places[-1])):
            yield Found("", predicate, places[-1][0], start, end, topic="profile")
            return
    event = _event(sentence)
    days = [found for found in DAY.finditer(sentence)
            if not _NO_LONGER.search(sentence[: found.start()]) and not _NO_LONGER_KO.match(sentence[found.end() :])]
    if event and len(days) == 1 and not _ASIDE.search(sentence):
        predicate, topic, is_many = named(event)
        yield Found("", predicate, days[0][0], start, end, True, is_many, "plans" if topic == "other" else topic)


def _is_label(sentence: str, value: re.Match[str]) -> bool:
    """'Phone: 010-...' and 'number, 010-...' name nobody, and are about whoever speaks."""
    return len(sentence[: value.start()].split()) <= 4 or sentence[: value.start()].rstrip().endswith((":", ","))


def _event(sentence: str) -> str:
    """The one event that a sentence names; '' = none, or more than one."""
    found = {each["p"].lower() for each in _BARE.finditer(sentence)} | set(re.findall(EVENTS_KO, sentence))
    if len(found) != 1:
        return ""
    determined = _DETERMINED.search(sentence)
    return determined["p"].lower() if determined else found.pop()
