"""What a text is about, in words that neither it nor a question need share: "Which town?" and "my new flat" are both about a home.

A small thesaurus of what people say of themselves, Korean and English, as data. A theme counts as one more word of a text, so that how rare
it is among what is reached decides how much it tells.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from saem.transform.words import tokenize

MARK = "§"  # no tokenizer gives it
# of what one usually has only one at a time: who speaks of it again may say otherwise
SINGLE = frozenset(("home", "employer", "job", "school", "goal", "exam", "hobby", "food", "phone", "email", "name", "birthday"))
THEMES = {
    "home": "live lives lived living reside resides residing home house apartment flat condo studio address town city village district "
            "neighborhood "
            "neighbourhood region move moved moving relocate relocated settle settled rent renting landlord roommate "
            "살다 살아 거주하다 집 주소 이사 이사하다 자취 자취방 아파트 원룸 전세 월세 동네 도시 지역 거처 주민 정착하다 정착 지내다 고향",
    "employer": "work works worked working employer employed employs company firm workplace office job position hire hired hiring join "
                "joined joining "
                "quit resign resigned corporation career "
                "회사 직장 근무 근무하다 취직 취직하다 취업 이직 이직하다 입사 입사하다 출근 출근하다 직원 퇴사 소속 다니다 재직 사원",
    "job": "job profession occupation career trade living earn earns work works working become became qualified "
           "직업 직책 직무 전직 전직하다 커리어 일 일하다 종사하다 본업",
    "school": "school university college campus student major degree study studying 학교 대학 대학교 전공 학과 학생 캠퍼스 입학",
    "goal": "goal goals aim aims aiming target ambition dream resolution achieve achieving determined plan planning strive hope decided "
            "목표 꿈 도전 도전하다 계획 결심 결심하다 다짐 이루다 바라다",
    "exam": "exam exams examination test quiz midterm final sit 시험 고사 중간고사 기말고사 응시 응시하다 치르다",
    "hobby": "hobby hobbies pastime leisure weekend weekends spare free fun 취미 여가 주말 쉬다 즐기다",
    "food": "food foods dish dishes meal cuisine taste tasty delicious eat eating ate menu 음식 메뉴 요리 먹다 입맛 맛 맛있다 식사 밥",
    "favorite": "favorite favourite best most love loves prefer prefers like likes fond 최애 제일 가장 좋아하다 사랑하다 최고 선호 "
                "선호하다",
    "drink": "drink drinks drinking beverage thirsty sip 음료 음료수 마시다 목마르다",
    "allergy": "allergy allergies allergic allergen reaction rash hives itchy swell 알레르기 알러지 두드러기 가렵다",
    "weak": "weak weaker weakest weakness worst struggle struggling bad hard difficult difficulty trouble worried fail failing subject "
            "subjects "
            "약하다 약점 어렵다 어려워하다 못하다 자신 과목 성적 점수 힘들다 취약",
    "phone": "phone number mobile cell call telephone reach contact 전화 전화번호 번호 연락처 연락 휴대폰 핸드폰",
    "email": "email e-mail mail inbox 이메일 메일",
    "pet": "dog puppy pup cat kitten pet pets animal 강아지 개 고양이 반려견 반려묘 반려동물 애완 키우다 기르다",
    "name": "name named names called calls call nickname 이름 성함 부르다 별명",
    "birthday": "birthday birth born 생일 태어나다 생년월일",
    "family": "family wife husband married partner children kid kids son daughter 가족 아내 남편 결혼 아이 아들 딸",
}


_OF_PREDICATES = {"weak in": "weak", "nickname": "name", "age": "birthday"}


def theme_of(predicate: str) -> str:
    """The theme of a predicate; '' where its name does not tell.

    >>> theme_of("favorite food"), theme_of("dog name"), theme_of("likes")
    ('food', 'pet', '')
    """
    plain = predicate.removeprefix("favorite ")
    if plain in THEMES and plain != "favorite":
        return plain
    return "pet" if re.fullmatch(r"(?:dog|cat|pet) name", predicate) else _OF_PREDICATES.get(predicate, "")


@cache
def _themes() -> Mapping[str, Sequence[str]]:
    """{word, as the tokenizer gives it: its themes}."""
    made: dict[str, list[str]] = {}
    names = list(THEMES)
    for name, words in zip(names, tokenize([THEMES[name] for name in names]), strict=True):
        for word in dict.fromkeys([*words.split(), *THEMES[name].split()]):
            made.setdefault(word, []).append(MARK + name)
    return made


def themes(words: Iterable[str]) -> list[str]:
    """The themes of a text's words, each once.

    >>> themes(["which", "town"]), themes(["전화번호"])
    (['§home'], ['§phone'])
    """
    known = _themes()
    return list(dict.fromkeys(theme for word in words for theme in known.get(word, ())))
