"""Words for the text index: what a question finds."""
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saem.transform import words as word_module

HANDBOOK = "대출 기간은 14일이며, 연체료는 하루 100원입니다. 열람실은 B-204호이고, 코로나19 확진자는 오지 마세요."


def words(text: str) -> set[str]:
    return set(word_module.tokenize([text])[0].split())


def finds(question: str, document: str) -> bool:
    """Every word of the question stands in the document."""
    asked = words(question)
    return bool(asked) and asked <= words(document)


@pytest.fixture
def without_kiwi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(word_module, "has_kiwi", lambda: False)
    word_module._words.clear()
    word_module._morphemes.clear()
    yield
    word_module._words.clear()
    word_module._morphemes.clear()


@pytest.mark.parametrize("question", ["연체료", "연체료는 얼마인가요?", "연체료는얼마", "대출기간", "대출 기간",
                                      "기간이 언제예요", "B-204", "b204", "204", "코로나 19"])
def test_a_korean_question_finds_the_handbook(question: str) -> None:
    assert finds(question, HANDBOOK)


@pytest.mark.parametrize("question", ["환불", "연체금", "주차장", "B-205"])
def test_what_the_handbook_does_not_say_is_not_found(question: str) -> None:
    assert not finds(question, HANDBOOK)


@pytest.mark.parametrize(("question", "document"), [
    ("library", "Libraries' rules"), ("late fee", "The late fees are due."), ("box", "two boxes"), ("What is the bus?", "a bus"),
    ("B-204", "Room B204"), ("B204", "room B-204."), ("covid", "COVID-19"), ("COVID19", "covid-19 rules"), ("3312", "(ext. 3312)"),
    ("kim@school.kr", "Write to <kim@school.kr>."), ("school", "kim@school.kr"), ("2.5", "costs 2.5kg"), ("1000", "1,000 books"),
    ("email", "E-mail"), ("e-mail", "email e mail"), ("IT", "the IT department"), ("US", "U.S. law"), ("C++", "C++ and C#"),
    ("cafe", "Café"), ("１２", "12"), ("chars", "max_chars"), ("학교", "學校와 학교"), ("学校", "学校図書館"),
])
def test_a_word_is_found_however_it_is_written(question: str, document: str) -> None:
    assert finds(question, document)


def test_stop_words_are_left_out_in_both_languages() -> None:
    assert word_module.tokenize(["What is the fee?", "연체료가 얼마예요?"]) == ["fee", "연체료"]


@pytest.mark.parametrize("word", ["bus", "analysis", "glass", "news", "is"])
def test_words_that_only_look_plural_stay(word: str) -> None:
    assert words(word) <= {word}


def test_decomposed_hangul_gives_the_same_words() -> None:
    assert word_module.tokenize([unicodedata.normalize("NFD", HANDBOOK)]) == word_module.tokenize([HANDBOOK])


@given(st.lists(st.text(), max_size=4))
def test_the_same_text_gives_the_same_words_in_any_company(texts: list[str]) -> None:
    together = word_module.tokenize(texts)
    assert together == [word_module.tokenize([text])[0] for text in texts]
    for line in together:
        assert line == " ".join(line.split())
        assert all(len(word) <= word_module.MAX_TOKEN_CHARS for word in line.split())


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_english_words_do_not_depend_on_case(text: str) -> None:
    lower = set(word_module.tokenize([text.lower()])[0].split())
    assert lower <= set(word_module.tokenize([text.capitalize().lower()])[0].split())


def test_forgotten_words_are_learned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = word_module.tokenize([HANDBOOK])
    monkeypatch.setattr(word_module, "MAX_WORDS", 3)
    word_module._words.clear()
    assert word_module.tokenize([HANDBOOK]) == expected
    assert len(word_module._words) <= 3


def test_threads_get_the_words_that_one_gets() -> None:
    texts = [f"{HANDBOOK} {n}번째 규정은 {n}조에 있다" for n in range(100)]
    word_module._words.clear()
    word_module._morphemes.clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: word_module.tokenize([text])[0], texts))
    assert together == word_module.tokenize(texts)


def test_english_never_loads_the_korean_analyser() -> None:
    code = ("import importlib, sys; t = importlib.import_module('saem.transform.words'); t.tokenize(['The libraries of Zürich']);"
            "assert 'kiwipiepy' not in sys.modules; t.tokenize(['연체료']); assert 'kiwipiepy' in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.usefixtures("without_kiwi")
@pytest.mark.parametrize("question", ["연체료", "대출 기간", "B-204"])
def test_without_kiwi_pairs_of_syllables_still_find(question: str) -> None:
    assert finds(question, HANDBOOK)


@pytest.mark.usefixtures("without_kiwi")
def test_the_fingerprint_tells_which_analyser_made_the_words() -> None:
    assert "bigrams" in word_module.fingerprint()


def test_the_fingerprint_names_the_versions() -> None:
    assert "kiwi kiwipiepy=" in word_module.fingerprint()
    assert "kiwipiepy-model=" in word_module.fingerprint()
