"""Predicates by name: their words in Korean and English, as data. A question about 'where I work' meets a claim about 'employer' here.

A predicate that is not listed is named by its own noun ("my locker code is 4711" -> 'locker code') and is found by that.
"""

import re
from dataclasses import dataclass
from functools import cache

from saem.transform.words import tokenize


@dataclass(frozen=True)
class Predicate:
    """nouns: names it goes by, each the whole of it; words: what questions about it say; is_many: whether several objects hold at once."""

    name: str
    topic: str
    nouns: str
    words: str
    is_many: bool = False


PREDICATES = [
    Predicate("home", "profile",
              "home, home town, address, residence, place, apartment, house, city, 집, 주소, 사는 곳, 거주지, 자취방, 사는 도시",
              "live living reside based moved home address city place where 살다 사는 살아 거주 집 주소 이사 도시 곳"),
    Predicate("name", "profile", "name, full name, 이름, 성함", "name called 이름 성함"),
    Predicate("nickname", "profile", "nickname, 별명", "nickname call 별명 부르다 불러"),
    Predicate("age", "profile", "age, 나이", "age old years 나이 몇 살"),
    Predicate("birthday", "profile", "birthday, date of birth, 생일, 생년월일", "birthday born 생일 태어난"),
    Predicate(
        "phone",
        "profile",
        "phone, phone number, number, mobile, mobile number, cell, cell number, telephone number, 전화번호, 번호, 휴대폰 번호, 연락처, 폰 번호",  # noqa: E501
        "phone number mobile reach contact call telephone 전화번호 전화 번호 휴대폰 연락처",
    ),
    Predicate(
        "email", "profile", "email, e-mail, email address, 이메일, 메일, 이메일 주소, 메일 주소", "email mail address 이메일 메일 주소"
    ),
    Predicate("employer", "work", "employer, company, workplace, 직장, 회사, 다니는 회사, 일하는 곳",
              "work employer company job workplace employed hired 일하다 일해 직장 회사 다니다 다녀 근무 취직"),
    Predicate("job", "work", "job, profession, occupation, work, role, position, 직업, 직책, 직무, 하는 일",
              "job profession occupation work living do 직업 직책 직무 일"),
    Predicate(
        "school", "work", "school, university, college, 학교, 대학교, 대학", "school university college study 학교 대학교 대학 다니다"
    ),
    Predicate("major", "work", "major, 전공", "major study 전공"),
    Predicate("goal", "plans", "goal, aim, target, ambition, resolution, 목표, 꿈, 계획",
              "goal aim want target plan ambition achieve 목표 꿈 계획 하고 싶다"),
    Predicate("exam", "plans", "exam, exam date, test, test date, 시험, 시험 날짜, 시험일, 시험 일정, 시험 보는 날",
              "exam test date day when 시험 날짜 일정 언제 며칠"),
    Predicate("hobby", "tastes", "hobby, pastime, 취미", "hobby pastime fun free time 취미 여가"),
    Predicate("diet", "tastes", "diet, 식단", "diet eat vegetarian vegan 식단 채식 먹다"),
    Predicate(
        "likes", "tastes", "", "like love enjoy fond favorite fan prefer 좋아하다 좋아하는 좋아해 즐기다 즐겨 음료 drink", is_many=True
    ),
    Predicate("dislikes", "tastes", "", "dislike hate avoid 싫어하다 싫어하는 싫어해", is_many=True),
    Predicate("allergy", "health", "allergy, allergies, 알레르기, 알러지", "allergic allergy allergies 알레르기 알러지", is_many=True),
    Predicate("weak in", "skills", "weak subject, weakest subject, weak point, 약한 과목, 제일 약한 과목, 가장 약한 과목, 취약 과목, 약점",
              "weak weakest weakness struggle bad subject hard difficult 약하다 약한 과목 어려워하는 어렵다 못하다 약점", is_many=True),
    Predicate("good at", "skills", "strong point, 잘하는 과목, 강점", "good strong strength subject 잘하다 잘하는 강점 과목", is_many=True),
    Predicate("studies", "skills", "", "study learn learning 공부 배우다 배우는", is_many=True),
    Predicate("speaks", "skills", "language, 언어", "speak language 언어 말하다", is_many=True),
    Predicate("has", "profile", "", "have own pet 있다 키우다 기르다 반려", is_many=True),
    Predicate("is", "profile", "", "am who 누구"),
]
BY_NAME = {each.name: each for each in PREDICATES}
_BY_NOUN = {noun.strip(): each for each in PREDICATES for noun in each.nouns.split(",") if noun.strip()}
_FAVORITE = re.compile(r"^(?:favou?rite|최애|가장 좋아하는|제일 좋아하는|젤 좋아하는)\s+(.+)$")
_NEW = re.compile(r"^(?:(?:new|current|main|own|old|actual|latest|새로운|새|현재|지금|주된|올해|이번|바뀐|진짜)\s+)+")
_TAIL = re.compile(r"\s+(?:this year|this month|right now|these days|at the moment)$")
_KINDS = {"음식": "food", "색": "color", "색깔": "color", "colour": "color", "영화": "movie", "노래": "song", "책": "book",
    "음료": "drink", "음료수": "drink",
          "가수": "singer", "과목": "subject", "운동": "sport"}
_NAME_OF = re.compile(r"^(?:(?:the )?name of (?:my |our |the )?(?P<a>.+)|(?P<b>.+?)(?:'s|’s)? name|(?P<c>.+?)의? 이름)$")
_PETS = {"강아지": "dog", "개": "dog", "고양이": "cat", "puppy": "dog", "kitten": "cat"}


def named(noun: str) -> tuple[str, str, bool]:
    """(predicate, topic, whether it may have several objects) of what a noun calls it.

    >>> named("new phone number"), named("제일 좋아하는 음식"), named("강아지 이름")
    (('phone', 'profile', False), ('favorite food', 'tastes', False), ('dog name', 'other', False))
    """
    plain = _TAIL.sub("", _NEW.sub("", " ".join(noun.lower().split())))
    if plain in _BY_NOUN:
        found = _BY_NOUN[plain]
        return found.name, found.topic, found.is_many
    if favorite := _FAVORITE.match(plain):
        return f"favorite {_KINDS.get(favorite[1], favorite[1])}", "tastes", False
    if name_of := _NAME_OF.match(plain):
        whose = name_of["a"] or name_of["b"] or name_of["c"]
        return f"{_PETS.get(whose, whose)} name", "other", False
    return plain, "other", False


def is_known(noun: str) -> bool:
    """Whether a noun names a predicate without anybody saying whose it is."""
    return named(noun)[0] in BY_NAME or bool(_FAVORITE.match(noun.lower()))


@cache
def nouns_of(predicate: str) -> frozenset[str]:
    """The single words, as the text index has them, that name a predicate of one object: a message with one of them may be about it."""
    if predicate in BY_NAME:
        nouns = [] if BY_NAME[predicate].is_many else BY_NAME[predicate].nouns.split(",")
    else:
        kind = predicate.removeprefix("favorite ")
        nouns = [kind, *(korean for korean, english in _KINDS.items() if english == kind)]
    return frozenset(words for words in tokenize(nouns) if words and " " not in words)


@cache
def words_of(predicate: str) -> str:
    """What questions about a predicate may say, besides its own name."""
    if predicate in BY_NAME:
        known = BY_NAME[predicate]
        return f"{known.name} {known.words} {known.nouns.replace(',', ' ')}"
    if predicate.startswith("favorite "):
        kind = predicate.removeprefix("favorite ")
        korean = " ".join(k for k, v in _KINDS.items() if v == kind)
        return f"favorite favourite like best most 최애 가장 제일 좋아하다 좋아하는 좋아해 {kind} {korean}"
    if predicate.endswith(" name"):
        whose = predicate.removesuffix(" name")
        korean = " ".join(k for k, v in _PETS.items() if v == whose)
        return f"{predicate} {korean} called named 이름"
    return predicate
