"""Lance keeps what saem builds upon, in any order of operations."""
import os
import random
from pathlib import Path

import lance
import pytest

from tests.store.lance_stories import Story, tell_for


def test_lance_does_what_a_dictionary_would(tmp_path: Path) -> None:
    assert tell_for(str(tmp_path), 15, seed=1) > 0


def test_the_stories_notice_a_lost_write(tmp_path: Path) -> None:
    """A canary: behind the model's back a row is changed, and another deleted."""
    for harm in ("update", "delete"):
        story = Story(f"{tmp_path}/{harm}.lance", random.Random(1))
        story.begin(has_indexes=False)
        dataset = lance.dataset(story.uri)
        dataset.update({"value": "value + 1"}, where="key = 'k0'") if harm == "update" else dataset.delete("key = 'k0'")
        with pytest.raises(AssertionError, match="contents"):
            story.check()


@pytest.mark.slow
def test_lance_does_what_a_dictionary_would_for_a_long_time(tmp_path: Path) -> None:
    print(tell_for(str(tmp_path), float(os.environ.get("SAEM_FUZZ_SECONDS", "120")), random.randrange(10**9)), "stories")
