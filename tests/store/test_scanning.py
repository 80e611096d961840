"""The scan that decodes finds what it must be able to find before it may say that something is not there."""
import random
import shutil
from pathlib import Path

import pytest

from saem.store.canaries import BLOCK, PIECE, Canaries, pieces
from saem.store.scanning import scan
from tests.store.planting import PLACES, found_by_bytes, found_by_scan, plant, said


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("planted")
    plant(home)
    return home


@pytest.fixture(scope="module")
def found(planted: Path) -> set[str]:
    return found_by_scan(planted)


@pytest.mark.parametrize("place", PLACES)
def test_a_canary_is_found_wherever_it_is_planted(place: str, found: set[str]) -> None:
    assert place in found


def test_a_search_of_raw_bytes_misses_most_of_what_lance_and_archives_hold(planted: Path, found: set[str]) -> None:
    assert len(found - found_by_bytes(planted)) >= len(PLACES) // 2


def test_what_is_taken_away_is_not_found_any_more(planted: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    shutil.copytree(planted, left)
    for name in ("run.log", "copy.zip", "tables/a_column_of_Lance.1.lance", "json.db"):
        shutil.rmtree(left / name) if (left / name).is_dir() else (left / name).unlink()
    gone = {"a traceback in a log", "a zip archive", "a column of Lance", "escapes of JSON in SQLite"}
    assert found_by_scan(left) == set(PLACES) - gone


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.lance").write_bytes(b"no file of Lance")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 cut off")
    seen = scan(str(tmp_path), Canaries.of(b"a key", [b"something to look for"]))
    assert set(seen.unread) == {"broken.lance", "broken.zip"}


@pytest.mark.parametrize("length", [8, 9, 10, 11, 14, 15, 16, 22, 23, 30, 31, 32])
def test_a_piece_is_found_at_every_place_of_a_buffer(length: int) -> None:
    dice = random.Random(length)
    piece = dice.randbytes(length)
    canaries = Canaries.of(b"a key", [piece])
    for before in [*range(17), *(BLOCK + shift for shift in range(-PIECE - 1, 2))]:
        places, names = canaries.find(bytes(before) + piece + bytes(dice.randrange(9)))
        assert (places.tolist(), set(names)) == ([before], canaries.names), f"{before} bytes before it"
    assert not canaries.held(bytes(100) + piece[:-1] + bytes(100))


def test_every_copy_of_a_piece_is_found_and_no_other_place() -> None:
    dice = random.Random(5)
    texts = [" ".join(dice.choices(["도서관", "연체료", "day", "book", "14"], k=60)).encode() for _ in range(300)]
    whole = b"\n".join(texts)
    values = dice.sample(texts, 5)
    canaries = Canaries.of(b"a key", values)
    chosen = [piece for value in values for piece in pieces(value) if Canaries.of(b"a key", [piece]).names <= canaries.names]
    expected = {at for piece in chosen for at in range(len(whole)) if whole.startswith(piece, at)}
    assert len(chosen) > 3
    assert set(canaries.find(whole)[0].tolist()) == expected
    assert set(Canaries(b"a key", canaries.marks).find(whole)[0].tolist()) == expected, "with what is kept alone"


def test_no_kept_piece_helps_to_guess_another_one() -> None:
    dice = random.Random(6)
    letters = [chr(each) for each in range(0xAC00, 0xAC00 + 400)]
    text = "".join(dice.choices(letters, k=600)).encode()
    chunks = [text[at:at + 300] for at in range(0, 1500, 100)]              # as chunks overlap, and lie in their document
    names = Canaries.of(b"a key", [text, *chunks]).names
    chosen = [p for value in (text, *chunks) for p in pieces(value) if Canaries.of(b"a key", [p]).names <= names]
    halves = [{piece[at:at + 16] for at in range(17)} for piece in dict.fromkeys(chosen)]
    assert len(halves) > 10
    assert sum(map(len, halves)) == len(set().union(*halves))


def test_marks_hold_nothing_of_the_text_and_mean_nothing_under_another_key() -> None:
    text = said("a mark").encode()
    canaries = Canaries.of(b"a key", [text])
    assert text not in repr(canaries.marks).encode()
    assert all(first < 2 ** 20 and len(name) == 32 for _, first, name in canaries.marks), "20 bits and a one-way hash of each piece"
    assert not Canaries(b"another key", canaries.marks).held(text)
    assert Canaries(b"a key", canaries.marks).held(text) == canaries.names
