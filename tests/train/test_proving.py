"""A proof says what curation did, beside a random part of the same size; where nothing was done it says so."""
import numpy as np
import pyarrow as pa
import pytest

import saem
from saem.train import prove
from saem.train.bytes_model import learned, texts

dice = np.random.default_rng(8)
WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ark", "ell", "oom", "ine", "ast", "und", "ich")]
CLEAN, NOISE = WORDS[:40], WORDS[40:]


def rows(count: int, words: list[str]) -> list[str]:
    return [" ".join(dice.choice(words, 40)) for _ in range(count)]


def table(*parts: list[str]) -> pa.Table:
    return pa.table({"text": [text for part in parts for text in part]})


def test_bits_per_byte_are_a_probability_and_fall_with_what_was_seen() -> None:
    seen, other = texts(table(rows(100, CLEAN))["text"]), texts(table(rows(20, CLEAN), rows(20, NOISE))["text"])
    bits = learned(seen, np.arange(100)).bits(other) / other.sizes
    assert bits[:20].max() < bits[20:].min()
    alone = texts(pa.chunked_array([pa.array([chr(code) for code in range(128)])]))
    assert (2.0 ** -learned(seen, np.arange(100)).bits(alone)).sum() < 1, "the chances of all bytes sum to 1"
    assert (2.0 ** -learned(seen, np.arange(100)).bits(alone)).sum() > .9


def test_rows_that_are_like_the_target_are_shown_to_be_better_than_random_ones() -> None:
    clean, noise = rows(150, CLEAN), rows(450, NOISE)
    proof = prove(table(clean), table(rows(40, CLEAN), clean[:3]), raw=table(clean, noise))
    assert proof.verdict == "better"
    assert proof.high < 0
    assert (proof.targets, proof.seen) == (40, 3)
    curated, random, raw = proof.arms
    assert (curated.rows, raw.rows) == (150, 600)
    assert random.size_bytes <= curated.size_bytes
    assert len(random.values) == 5
    assert "curated - random: -" in str(proof)


def test_a_random_choice_is_not_shown_to_be_better() -> None:
    everything = rows(400, WORDS)
    proof = prove(table(everything[:200]), table(rows(40, WORDS)), raw=table(everything))
    assert proof.verdict == "no difference shown"
    assert proof.low < 0 < proof.high


def test_choosing_what_is_unlike_the_target_is_shown_to_be_worse() -> None:
    clean, noise = rows(200, CLEAN), rows(200, NOISE)
    assert prove(table(noise), table(rows(40, CLEAN)), raw=table(clean, noise)).verdict == "worse"


def test_a_classifier_without_the_wrong_labels_is_better() -> None:
    def labelled(count: int, wrong: float) -> pa.Table:
        code = dice.integers(0, 2, count)
        text = [" ".join([*dice.choice([CLEAN, NOISE][k], 4), *dice.choice(WORDS, 8)]) for k in code.tolist()]
        flip = dice.random(count) < wrong
        return pa.table({"text": text, "label": [f"{k}" for k in np.where(flip, 1 - code, code).tolist()], "is_right": ~flip})

    noisy = labelled(800, .4)
    proof = prove(noisy.filter(noisy["is_right"]), labelled(500, 0), raw=noisy, label="label")
    assert proof.metric == "accuracy"
    assert proof.verdict == "better"
    assert proof.low > 0


def test_wrong_labels_cost_a_model_that_learns_them_by_heart_most() -> None:
    texts_ = [" ".join(dice.choice(WORDS[40 * k:40 * k + 40], 6)) for k in dice.integers(0, 2, 900).tolist()]
    code = np.array([text.split()[0] in CLEAN for text in texts_])
    flip = np.arange(900) % 5 == 0
    rows_ = pa.table({"text": texts_, "label": np.where(flip, ~code, code).astype(str)})
    test = pa.table({"text": texts_[600:], "label": code[600:].astype(str)})
    noisy, right = rows_.slice(0, 600), rows_.slice(0, 600).filter(pa.array(~flip[:600]))
    linear, nearest = (prove(right, test, raw=noisy, label="label", model=model) for model in ("linear", "nearest"))
    assert nearest.verdict == "better"
    assert nearest.effect > linear.effect + .02
    assert nearest.arms[0].mean > .9
    with pytest.raises(saem.SaemError, match="no model 'nearby'"):
        prove(right, test, raw=noisy, label="label", model="nearby")



def test_a_proof_is_the_same_every_time_and_in_every_order() -> None:
    clean, noise, target = rows(60, CLEAN), rows(60, NOISE), table(rows(20, CLEAN))
    one = prove(table(clean), target, raw=table(clean, noise))
    assert one == prove(table(clean[::-1]), target, raw=table(noise, clean))


def test_a_handful_of_target_rows_tells_nothing() -> None:
    clean, noise = rows(60, CLEAN), rows(60, NOISE)
    assert prove(table(clean), table(rows(10, CLEAN)), raw=table(clean, noise)).verdict == "too few target rows to tell"


def test_mistakes_say_what_to_mend() -> None:
    with pytest.raises(saem.SaemError, match="random_same_size"):
        prove(table(["a"]), table(["b"]), "randomly", raw=table(["a"]))
    with pytest.raises(saem.SaemError, match="raw="):
        prove(table(["a"]), table(["b"]))
    with pytest.raises(saem.SaemError, match="E208"):
        prove(table(["a"]), table(["a"]), raw=table(["a"]))


def test_rows_that_are_no_table_are_told() -> None:
    with pytest.raises(saem.SaemError, match="E104.*not a list"):
        prove(table(rows(5, CLEAN)), target=[{"text": "a"}], raw=table(rows(5, CLEAN)))
