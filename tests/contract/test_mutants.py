"""Does the suite have teeth? Every seeded bug must be caught; a few of them at every `make test`."""
from collections import Counter

import pytest

from tests.contract.mutants import MUTANTS, Mutant, home_of, is_caught

SAMPLE = [      # one of each law, of those that are caught early
    "a row that named its parents is given none", "twins in one unit are one row", "an intersection takes one parent",
    "deleted parents are ignored", "half a publish is kept", "a failure is not recorded",
]


def test_every_law_has_five_seeded_bugs_that_fit_the_code() -> None:
    for mutant in MUTANTS:
        home_of(mutant)
    assert min(Counter(mutant.law for mutant in MUTANTS).values()) >= 5


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.name in SAMPLE], ids=lambda each: each.label)
def test_a_seeded_bug_is_caught(mutant: Mutant) -> None:
    assert is_caught(mutant, fuzz_s=0), f"nothing failed with the bug: {mutant.label}"


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.label)
def test_every_seeded_bug_is_caught(mutant: Mutant) -> None:
    assert is_caught(mutant), f"nothing failed with the bug: {mutant.label}"
