"""Small lists of words that signals count, and the table of their hashes that compiled code looks them up in.

The lists are our own and short: a signal, not a verdict. English insults are the commonest ones of the public list that C4 used
(LDNOOBW); Korean ones and their evasive spellings are common knowledge of Korean web moderation. `measure(toxic_words=[...])` adds to them.
"""
from collections.abc import Iterable
from functools import cache

import numpy as np

GOPHER_STOP = ("the", "be", "to", "of", "and", "that", "have", "with")       # Rae et al. 2021, appendix A1
ENGLISH = ("the", "and", "of", "to", "is", "that", "with", "are", "this", "for")
KOREAN_STOP = tuple("""
    그리고 그러나 하지만 또한 및 등 수 것 것이다 있다 있는 없는 없다 이 그 저 더 이런 그런 위해 위한 대한 대해 통해 따라
    때문에 경우 때 또는 하는 한다 합니다 입니다 있습니다 됩니다 하고 않는 않습니다 모든
    다른 같은 각 할 한 된 되는 바로 다시 함께 가장 매우 아주""".split())
TOXIC_ENGLISH = tuple("""
    fuck fucking fucked fucker motherfucker shit shitty bullshit asshole bitch bastard cunt dickhead slut whore wanker twat
    nigger nigga faggot retard retarded spic kike chink tranny porn porno pornography xxx milf blowjob handjob cumshot dildo
    hentai gangbang orgasm nude nudes sexy rape rapist kys""".split())
TOXIC_KOREAN = tuple("""
    씨발 시발 씨바 씨팔 ㅅㅂ ㅆㅂ 병신 븅신 ㅂㅅ 개새끼 개새 새끼야 좆 존나 졸라 ㅈㄴ 지랄 ㅈㄹ 미친놈 미친년 썅 쌍년
    걸레년 창녀 꺼져 닥쳐 엠창 느금마 한남충 김치녀 틀딱 맘충 급식충 홍어 짱깨 쪽바리 야동
    야사 음란 조건만남 오피걸 떡치 섹스 자위""".split())
INNOCENT_KOREAN = ("시발점", "시발역", "시발지", "시발택시", "자위권", "자위대", "졸라매", "졸라맸")      # they begin like one of those
BOILERPLATE = tuple("""
    cookie cookies javascript login logout signup subscribe newsletter copyright unsubscribe sitemap 로그인 회원가입
    이용약관 개인정보처리방침
    저작권자 무단전재 재배포 무단 구독 사이트맵 바로가기 홈페이지로""".split())
ABBREVIATIONS = (*"""
    e.g. E.g. i.e. I.e. vs. v.s. a.m. p.m. Mr. Mrs. Ms. Dr. Prof. St. Inc. Ltd. Corp. Co. co. Jr. Ph.D. Gen. Gov. Rep. Rev.
    Sen. D.C. Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. Adm. Bros. Messrs. C++ cannot Cannot and/or :)
    :-) ): :( :* 8) :D ;) ;-) :P :p <3 =) (: :/ :| :3 :o :x (; =D =( =| =3 -_- ^_^ ^^ o.0""".split(),
    *(f"{chr(code)}."
    for code in range(97, 123)))
UNITS = tuple("""
    km m dm cm mm ha nm yd in ft kg g mg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K %""".split())

PHRASES = ("policy", "cookies", "use", "ipsum")     # privacy policy, use of cookies, terms of use, lorem ipsum

# bits of the table; the eight stop words of Gopher are the lowest eight
IS_ENGLISH, IS_THE, IS_TOXIC, IS_BOILERPLATE = 1 << 8, 1 << 9, 1 << 10, 1 << 11
IS_KOREAN_STOP, IS_TOXIC_PREFIX, IS_ABBREVIATION, IS_UNIT, IS_INNOCENT = 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16
SEED, PRIME = 0xCBF29CE484222325, 0x100000001B3
SLOTS = 4096
HINT_BITS, HINT_FACTOR = 13, 0x9E3779B97F4A7C15


def word_hash(word: str) -> int:
    """FNV-1a over code points, as the compiled statistics hash words."""
    made = SEED
    for char in word:
        made = ((made ^ ord(char)) * PRIME) & 0xFFFFFFFFFFFFFFFF
    return made


@cache
def word_table(toxic: tuple[str, ...] = ()) -> np.ndarray:
    """(SLOTS, 2) uint64: a word's hash, 0 = empty, and its bits; with open addressing from the hash's upper bits."""
    bits: dict[int, int] = {}
    korean = [word for word in (*TOXIC_KOREAN, *toxic) if not word.isascii()]
    english = [word.lower() for word in (*TOXIC_ENGLISH, *toxic) if word.isascii()]
    lists: list[tuple[Iterable[str], int]] = [
        (ENGLISH, IS_ENGLISH), (("the", "and"), IS_THE), (english, IS_TOXIC), (BOILERPLATE, IS_BOILERPLATE), (KOREAN_STOP, IS_KOREAN_STOP),
        (korean, IS_TOXIC_PREFIX), (INNOCENT_KOREAN, IS_INNOCENT), (ABBREVIATIONS, IS_ABBREVIATION), (UNITS, IS_UNIT),
        *(((word,), 1 << n) for n, word in enumerate(GOPHER_STOP))]
    for words, bit in lists:
        for word in words:
            bits[word_hash(word)] = bits.get(word_hash(word), 0) | bit
    table = np.zeros((SLOTS, 2), np.uint64)
    for key, value in bits.items():
        slot = key >> 52
        while table[slot, 0]:
            slot = (slot + 1) % SLOTS
        table[slot] = key, value
    return table


@cache
def word_hints(toxic: tuple[str, ...] = ()) -> np.ndarray:
    """(1 << HINT_BITS,) bool by a hash of the first eight letters: whether a word of ASCII letters may be in a list that tells of more than
    units, or begin a phrase that C4 knows."""
    made = np.zeros(1 << HINT_BITS, bool)
    for word in (*GOPHER_STOP, *ENGLISH, *TOXIC_ENGLISH, *toxic, *BOILERPLATE, *ABBREVIATIONS, *PHRASES):
        if word.isascii() and word.isalpha():
            head = int.from_bytes(word.lower()[:8].encode(), "little")
            made[head * HINT_FACTOR % (1 << 64) >> 64 - HINT_BITS] = True
    return made
