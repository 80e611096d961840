"""Equal rows, rows that mean the same, pictures that look the same."""
import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageFilter

from saem.curate import exact_duplicates, image_duplicates, semantic_duplicates
from saem.curate.image_duplicates import looks
from tests.curate.duplicates import compared, pairs

dice = np.random.default_rng(5)


def test_equal_values_of_several_columns_are_told_from_values_that_only_join_to_the_same() -> None:
    rows = pa.table({"a": ["x", "x", "xy", "x", None, None], "b": [1, 1, 1, 2, 1, 1], "c": [0, 1, 2, 3, 4, 5]})
    operator = exact_duplicates(columns=["a", "b"])
    made = operator.function(compared(operator, rows), **operator.settings)
    assert list(zip(made.origin.tolist(), made.others[0].tolist(), strict=True)) == [(0, 1), (4, 5)]
    assert set(made.rows["kind"].to_pylist()) == {"exact"}


@pytest.mark.parametrize("threshold", [.8, .9, .95, .99])
def test_near_vectors_are_those_of_brute_force(threshold: float) -> None:
    base = dice.normal(size=(500, 96))
    noisy = [base + rate * dice.normal(size=base.shape) for rate in (.1, .3, .5, .7)]
    vectors = np.concatenate([base, *noisy]).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    true = np.triu(unit @ unit.T, 1)
    found = pairs(semantic_duplicates(threshold=threshold), "embedding", vectors.tolist(), pa.list_(pa.float32(), 96))
    expected = {(int(a), int(b)) for a, b in np.argwhere(true >= threshold + 1e-4)}
    assert expected
    assert len(expected - set(found)) <= .02 * len(expected), "few are missed"
    assert all(true[pair] >= threshold - 1e-4 for pair in found), "and every pair is verified"
    assert all(abs(true[pair] - similarity) < 1e-4 for pair, (_, similarity) in found.items())


def test_rows_without_a_direction_are_near_to_none() -> None:
    values = [[0.0] * 8, [0.0] * 8, None, None, [1.0] * 8, [2.0] * 8, [float("nan")] * 8, [None] * 8]
    found = pairs(semantic_duplicates(), "embedding", values, pa.list_(pa.float32(), 8))
    assert found == {(4, 5): ("semantic", 1.0)}


def drawn(seed: int) -> Image.Image:
    spots = np.random.default_rng(seed).integers(0, 255, (9, 12, 3)).astype(np.uint8)
    return Image.fromarray(spots).resize((480, 360), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def test_a_picture_saved_otherwise_is_the_same_and_another_is_not() -> None:
    files: list[bytes] = []
    for seed in range(12):
        picture = drawn(seed)
        files += [saved(picture, "PNG"), saved(picture, "JPEG", quality=40), saved(picture.resize((210, 170)), "WEBP", quality=60)]
    found = pairs(image_duplicates(), "content", files, pa.large_binary())
    assert {(left // 3, right // 3) for left, right in found} == {(seed, seed) for seed in range(12)}, "no two different ones"
    assert {right for _, right in found} == {number for number in range(36) if number % 3}, "and no copy is missed"
    assert all(kind == "image" and similarity >= 1 - 6 / 64 for kind, similarity in found.values())


def test_what_is_no_picture_or_an_empty_one_looks_like_nothing() -> None:
    white = saved(Image.new("RGB", (50, 50), "white"), "PNG")
    assert pairs(image_duplicates(), "content", [white, white, b"%PDF-1.4", b"%PDF-1.4", b"", None], pa.large_binary()) == {}


def test_a_broken_picture_is_refused_by_name() -> None:
    whole = saved(drawn(1), "PNG")
    with pytest.raises(Exception, match="corrupt"):
        looks.function(pa.table({"content": pa.array([whole[:len(whole) // 2]], pa.large_binary())}))
