"""What is counted of a text is what a reader would count."""
import unicodedata

import pyarrow as pa
import pytest

from saem.curate import measure
from saem.curate.language_model import model
from saem.curate.measure import SIGNALS

PAGE = """The library opens at nine. It closes at six on weekdays, and at four on Saturdays.

Books may be kept for two weeks. They have to be brought back to the desk, with the card that was given.
You can ask for one more week. The fee is 100 won a day and it is paid to the school.
"""
KOREAN = "도서관은 아홉 시에 문을 엽니다. 책은 두 주 동안 빌릴 수 있습니다. 연체료는 하루에 백 원이며 학교에 냅니다."


def signals(*texts: str | None, **settings: object) -> list[dict[str, object]]:
    return measure(**settings).function(pa.table({"text": pa.array(texts, pa.string())}), **settings).to_pylist()


def one(text: str, **settings: object) -> dict[str, object]:
    return signals(text, **settings)[0]


def test_a_page_has_its_words_and_sentences() -> None:
    found = one(PAGE)
    assert found["words"] == 59
    assert found["chars"] == len(PAGE)
    assert found["c4_sentences"] == 6
    assert found["stop_words"] == 7          # the be to of and that have with: all but "of"
    assert found["stopped_lines"] == 1.0
    assert found["language"] == "en"


def test_words_are_cut_as_the_reference_cuts_them() -> None:
    cases = {
        "don't stop": 3,
        "(see example.org/a-b) well-known": 4,
        "C4, 10 MB and 10MB.": 6,
        "foo...bar": 2,
        "e.g. this": 2,
        "a/b and/or x:y": 5,
        'they\'ll say "no"': 4,
    }
    for text, words in cases.items():
        assert one(text)["words"] == words, text


def test_repeated_runs_are_shares_of_the_characters() -> None:
    line = "one two three four five six seven eight nine ten eleven twelve"
    found = one(f"{line}\n\n{line}\n\nsomething else entirely")
    assert found["repeated_paragraphs"] == pytest.approx(1 / 3)
    assert found["repeated_lines"] == pytest.approx(1 / 3)
    assert found["repeated_paragraph_chars"] == pytest.approx(len(line) / (2 * len(line) + 4 + 23), abs=1e-3)
    assert float(str(found["repeated_10_words"])) > .25
    assert one("every word of this is said once and never again here")["repeated_5_words"] == 0


def test_the_commonest_pair_counts_by_its_characters() -> None:
    text = "of the cat of the dog of the cow"
    assert one(text)["top_2_words"] == pytest.approx(3 * len("of the") / len(text))


def test_a_line_that_c4_does_not_keep_has_no_sentences() -> None:
    assert one("This is a line. And another one.")["c4_sentences"] == 2
    assert one("This page uses cookies. And another one.")["c4_sentences"] == 0
    assert one("Please turn on Javascript now.")["c4_sentences"] == 0
    assert one("This line ends in nothing")["c4_sentences"] == 0
    assert one("Cited it is well enough.[12]")["c4_sentences"] == 1
    assert one("A function {} has two lines.")["curly_lines"] == 1
    assert one("Here is lorem ipsum dolor sit amet.")["lorem_lines"] == 1


def test_korean_is_told_by_its_particles_not_by_english_words() -> None:
    found = one(KOREAN)
    assert found["language"] == "ko"
    assert found["hangul_ratio"] == 1.0
    assert float(str(found["particle_ratio"])) > .4
    assert one("ㅋㅋㅋㅋㅋㅋ ㅎㅎㅎㅎ 진짜 ㅠㅠㅠㅠ")["jamo_ratio"] == pytest.approx(14 / 16)
    assert one("띄어쓰기를하나도하지않은글이란이런것입니다")["mean_hangul_chars"] == 21
    assert one("한 글 자 씩 띄 어 쓴 글")["single_hangul_ratio"] == 1.0


def test_a_hangul_letter_beside_an_address_does_not_hide_it() -> None:
    found = one(
        "홍길동(900101-1234568)님은 전화010-1234-5678번, 이메일hong@example.co.kr입니다. 카드4111-1111-1111-1111번, 서버8.8.8.8에서"
    )
    assert {name: found[name] for name in ("emails", "phones", "resident_numbers", "cards", "addresses")} == {
        "emails": 1, "phones": 1, "resident_numbers": 1, "cards": 1, "addresses": 1}


def test_what_only_looks_like_personal_data_is_not_counted() -> None:
    found = one("version 1.2.3.4000, 2020-11-20, 10.0.0.1, card 4111-1111-1111-1112, a@b, 991399-1234567, id_9001011234568")
    assert {name: found[name] for name in ("emails", "phones", "resident_numbers", "cards", "addresses")} == {
        "emails": 0, "phones": 0, "resident_numbers": 0, "cards": 0, "addresses": 0}


def test_blocked_domains_and_toxic_words_come_from_lists() -> None:
    text = "see https://bad.example.com/x and http://good.org, you frobnicator; 이런 얼간이들"
    assert one(text)["urls"] == 2
    assert one(text)["blocked_urls"] == 0
    assert one(text, blocked_domains=["example.com"])["blocked_urls"] == 1
    assert one(text)["toxic_ratio"] == 0
    assert one(text, toxic_words=["frobnicator", "얼간이"])["toxic_ratio"] == pytest.approx(2 / 8)
    assert float(str(one("야 이 병신아")["toxic_ratio"])) > 0


def test_noise_costs_more_bits_than_text() -> None:
    english, korean, noise = signals(PAGE * 3, KOREAN * 3, "zq8#xK~vv}]0pQ!!z@@w" * 20)
    bits = [float(str(each["bits_per_byte"])) for each in (english, korean, noise)]
    assert bits[0] < 3
    assert bits[1] < 4
    assert bits[2] > 6


def test_the_model_gives_a_byte_that_follows_its_share() -> None:
    """Over all bytes that may follow a context the probabilities sum to one, but for rounding to sixteenths of a bit."""
    import numpy as np

    from saem.curate.kernels.prediction import bits_of
    for context in (b"the", b"\xec\x9d", b"\n"):
        before = np.frombuffer(context, np.uint8)
        alone = bits_of(before, 0, len(before), *model().tables)
        total = 0.0
        for byte in range(256):
            text = np.frombuffer(context + bytes([byte]), np.uint8)
            total += 2 ** -(bits_of(text, 0, len(text), *model().tables) - alone)
        assert total == pytest.approx(1, abs=.1)


def test_empty_and_missing_texts_have_signals_too() -> None:
    for found in signals("", None, "   \n \n"):
        assert found["words"] == 0
        assert all(found[name] is not None for name in SIGNALS)
        assert found["language"] == "und"


def test_signals_do_not_depend_on_the_rows_beside_them() -> None:
    together = signals(PAGE, KOREAN, "", PAGE * 5)
    assert together == [one(text) for text in (PAGE, KOREAN, "", PAGE * 5)]


def test_korean_as_a_mac_writes_it_is_measured_as_korean() -> None:
    assert one(unicodedata.normalize("NFD", KOREAN)) | {"text": ""} == one(KOREAN) | {"text": ""}
    assert one("ㅋㅋㅋ 정말요?")["jamo_ratio"] == .5, "single letters that somebody typed stay what they are"


@pytest.mark.parametrize(("text", "toxic"), [("시발점에서 떠난다", 0), ("시발놈", 1), ("이 시발역은 크다", 0), ("보지 못했다", 0)])
def test_words_that_only_begin_like_abuse_are_none(text: str, toxic: int) -> None:
    assert (one(text)["toxic_ratio"] > 0) == toxic


def test_a_korean_title_makes_no_english_page_korean() -> None:
    title = "기본 라이브러리의 함수와 설명, 그리고 여러 가지 예제를 모아 놓은 안내서"
    page = f"{title}\n" + "Returns nothing. Sets values, opens files, closes handles. " * 50
    assert one(page)["language"] == "en"


def test_an_emoji_is_a_word_of_its_own() -> None:
    assert one("Index 🔎now")["alpha_words"] == pytest.approx(2 / 3)
