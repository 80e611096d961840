"""The harness that shows saem beside its peers, run on saem, the script by hand, and a peer that breaks. It installs nothing."""
import os
import sys

import pytest

from benchmarks.peers import environments, printing, session
from benchmarks.peers.environments import KNOWN, Environment
from benchmarks.peers.place import Place
from benchmarks.peers.trials import Facts

DOCUMENTS = 20
BROKEN = "tests.benchmarks.failing_peer"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Facts]:
    root = tmp_path_factory.mktemp("peers")
    documents = root / "documents"
    documents.mkdir()
    for number in range(DOCUMENTS):
        text = "".join(f"Document {number} says in sentence {line} that spring {number * line} is clear. 샘은 맑다. " for line in range(80))
        (documents / f"{number:02}.txt").write_text(text, encoding="utf-8")
    places = [Place(name, sys.executable, str(root / name), str(documents), say=lambda _: None) for name in ("saem", "by_hand", BROKEN)]
    return session.measure(places, DOCUMENTS, rounds=1)


def test_both_hold_what_the_documents_give_whatever_happened(facts: dict[str, Facts]) -> None:
    for name in ("saem", "by_hand"):
        found = facts[name]
        assert found["failed"] == {}
        assert found["finds"]
        wrong = ("wrong_after_build", "wrong_after_changes", "crash_lost", "crash_doubled", "crash_stale", "edited_wrong")
        assert {key: found[key] for key in wrong} == dict.fromkeys(wrong, 0)
        assert found["was_killed"]
    assert facts["saem"]["chunks"] == facts["by_hand"]["chunks"] > DOCUMENTS


def test_saem_embeds_only_what_is_new(facts: dict[str, Facts]) -> None:
    saem, by_hand = facts["saem"], facts["by_hand"]
    assert (saem["rename_embedded"], saem["copy_embedded"], saem["delete_embedded"]) == (0, 0, 0)
    assert saem["refresh_embedded"] <= 2 < by_hand["refresh_embedded"]
    assert by_hand["rename_embedded"] > 0                              # or the count would prove nothing


def test_poison_takes_nothing_else_with_it_and_is_named(facts: dict[str, Facts]) -> None:
    saem = facts["saem"]
    assert saem["rest_lands"]
    assert sorted(saem["named"]) == ["exploding.txt", "unreadable.txt"]
    assert saem["retried_when_asked"]
    assert saem["mended"]
    assert not facts["by_hand"]["rest_lands"]


def test_a_deleted_sentence_is_looked_for_only_where_it_was_found_before(facts: dict[str, Facts]) -> None:
    assert all(facts[name]["canary_before"] > 0 and facts[name]["canary_gone"] for name in ("saem", "by_hand"))
    assert facts["by_hand"]["canary_cleaned"] == 0


def test_a_peer_that_breaks_is_printed_as_failed(facts: dict[str, Facts]) -> None:
    printed = printing.report(facts, {"saem": Environment(sys.executable, size_mb=400)})
    assert "this peer does not start" in printed.partition("**Failed**")[2]
    row = next(line for line in printed.splitlines() if line.startswith("| build, CPU-s"))
    assert row.split(" | ")[3] == "failed"


def test_every_peer_is_pinned_without_addresses() -> None:
    for name, known in KNOWN.items():
        if known.is_peer:
            with open(os.path.join(environments.HERE, f"requirements-{name}.txt"), encoding="utf-8") as file:
                lines = file.read().splitlines()
            assert lines
            assert all("==" in line and "://" not in line for line in lines)
