"""Random stories; `make soak` tells them for SAEM_FUZZ_SECONDS."""
import os
import random

import pytest

from tests.contract.fuzz import fuzz
from tests.contract.pipelines import PIPELINES
from tests.contract.world import tiny_thresholds

SECONDS = float(os.environ.get("SAEM_FUZZ_SECONDS", "120"))


@pytest.mark.parametrize("pipeline", sorted(PIPELINES))
def test_any_story_of_edits_and_crashes_ends_as_a_rebuild(pipeline: str) -> None:
    fuzz(20 / len(PIPELINES), 1, pipeline)


@pytest.mark.parametrize("pipeline", sorted(PIPELINES))
def test_any_story_ends_as_a_rebuild_when_every_threshold_is_tiny(pipeline: str) -> None:
    with tiny_thresholds():
        fuzz(20 / len(PIPELINES), 2, pipeline)


@pytest.mark.slow
@pytest.mark.parametrize("is_tiny", [False, True])
def test_a_long_time_of_new_stories(is_tiny: bool) -> None:
    seed = random.randrange(10**9)
    if is_tiny:
        with tiny_thresholds():
            print(fuzz(SECONDS / 2, seed, shrink_s=300))
    else:
        print(fuzz(SECONDS / 2, seed, shrink_s=300))
