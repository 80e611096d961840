"""Keep or drop, with the reason: a pure function of signals, duplicates, human decisions and a policy."""
from dataclasses import dataclass

import lance
import numpy as np

from saem.core.errors import SaemError, caller
from saem.core.operator import operator
from saem.core.shapes import Groups, Made
from saem.curate.coding import coded
from saem.curate.judging import DECISION, HUMAN, judge
from saem.curate.policy import Policy
from saem.curate.wiping import check_shares


@dataclass(frozen=True)
class Override:
    """A human decision on one row, by the `_id` of the curated row: it stands above every rule."""
    row: bytes
    keep: bool
    reason: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.row, bytes) or len(self.row) != 16:
            raise SaemError(
                "E209", f"{self.row!r:.60} names no row", where=caller(), fix="restore(overrides, row) takes it from a decision"
            )


def _guard(dataset: lance.LanceDataset, policy: Policy) -> None:
    """Stops a run that would drop most of a source."""
    held = dataset.to_table(columns=["source", "keep", "by"])
    by = coded(held, "by")
    is_gone = ~np.asarray(held["keep"].to_numpy(), bool) & (np.array([name != HUMAN for name in by.names])[by.codes])
    check_shares(coded(held, "source"), is_gone, policy)


@operator(version="1", adds=DECISION, key=[], sees_readers=True, links=[("_unit",), ("left", "right"), ("row",)], gate=_guard)
def decide(signals: Groups, duplicates: Groups, overrides: Groups, *, policy: Policy) -> Made:
    """One decision a row of signals: `signals.derive("decisions", decide(policy), using=[duplicates, overrides])`.

    Raises E309 where more of a source would go than `max_drop_per_source` allows; nothing is published then.

    A human decision comes first, then the rules of the row's language that drop, then its duplicates: among rows that say nearly the
    same the most preferred stays, and each that goes has a `twin` that stays. `flags` names every rule that fires, whether it drops
    or only reports; `rule`, `value` and `threshold` are those that decided, or the first flag of a row that stays.
    """
    made = judge(signals, duplicates, overrides, policy)
    number = np.arange(len(signals))
    with_human, with_twin = np.flatnonzero(made.human >= 0), np.flatnonzero(made.twin >= 0)
    humans_twin = with_twin[made.human[made.twin[with_twin]] >= 0]      # a twin may stay because somebody said so
    beside = ((0, with_twin, made.twin[with_twin]), (1, *made.edges), (2, with_human, made.human[with_human]),
              (2, humans_twin, made.human[made.twin[humans_twin]]))
    return Made(made.table(), number, beside=beside)
