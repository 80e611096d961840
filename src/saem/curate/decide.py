"""Keep or drop, with the reason: a pure function of signals, duplicates, human decisions and a policy."""
import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import lance
import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError, caller
from saem.core.operator import Operator, operator
from saem.core.shapes import Declared, Groups, Made
from saem.curate.coding import coded
from saem.curate.edges import together
from saem.curate.judging import DECISION, judge
from saem.curate.policy import Policy
from saem.curate.subjects import check_subject, of_edges, of_signals
from saem.curate.wiping import check_shares, gone_by_policy, notes

SETTINGS = {"near_duplicate": ("near_duplicates", "exact_duplicates"), "passage": ("repeated_passages",),
            "semantic": ("semantic_duplicates",), "image": ("image_duplicates",)}      # of a policy: the searches whose edges it counts
SEARCHES = tuple(name for names in SETTINGS.values() for name in names)


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


def check_edges(parents: Sequence[Declared], policy: Policy) -> None:
    """Raises: E104 where a policy counts edges that no table of these was searched for, or edges between the rows of another table."""
    searches = [(op.name, table.name, op) for table in parents[1:] for op in table.operators]
    if {name for name, *_ in searches} - set(SEARCHES) or not searches:
        return                       # edges from elsewhere: what they hold is not known
    for other in parents[1:]:
        check_subject(parents[0], of_signals(parents[0]), other, of_edges(other))
    for setting, names in SETTINGS.items():
        wanted = getattr(policy, setting)
        found = [(table, op) for name, table, op in searches if name in names]
        if wanted is None:
            continue
        if not found:
            raise SaemError("E104", f"{setting}={wanted:g}, but no table of edges of that kind is given", where=caller(),
                            fix=f'using=[..., {names[0]}, overrides], made by docs.derive("{names[0]}", {names[0]}())')
        least, table = min((_least(op), table) for table, op in found)
        if least > wanted:
            raise SaemError("E104", f"{setting}={wanted:g}, but '{table}' holds no pairs below {least:g}", where=caller(),
                            fix=f"{setting}={least:g} or more, or {names[0]}(threshold={wanted:g})")


def _least(search: Operator) -> float:
    """The similarity below which a search finds nothing."""
    default = inspect.signature(search.function).parameters.get("threshold")
    return float(search.settings.get("threshold", default.default if default is not None else 0))


def _guard(dataset: lance.LanceDataset, policy: Policy) -> list[str]:
    """Stops a run that would drop most of a source; says what it cannot judge."""
    held = dataset.to_table(columns=["source", "keep", "by"])
    source, is_gone = coded(held, "source"), gone_by_policy(held)
    check_shares(source, is_gone, policy)
    return notes(source, is_gone, policy)


@operator(version="2", adds=DECISION, key=[], sees_readers=True, links=[("_unit",), ("left", "right"), ("row",)], gate=_guard,
          suits=check_edges)
def decide(signals: Groups, duplicates: Sequence[Groups], overrides: Groups, *, policy: Policy) -> Made:
    """One decision a row of signals: `signals.derive("decisions", decide(policy), using=[duplicates, overrides])`.

    Tables of edges may be several, of any kinds, before the overrides: `using=[near, passages, images, overrides]`.
    Raises E309 where more of a source would go than `max_drop_per_source` allows; nothing is published then.

    A human decision comes first, then the rules of the row's language that drop, then its duplicates: among rows that say nearly the
    same the most preferred stays, and each that goes has a `twin` that stays. `flags` names every rule that fires, whether it drops
    or only reports; `rule`, `value` and `threshold` are those that decided, or the first flag of a row that stays.
    """
    made = judge(signals, together(duplicates), overrides, policy)
    number = np.arange(len(signals))
    with_human, with_twin = np.flatnonzero(made.human >= 0), np.flatnonzero(made.twin >= 0)
    humans_twin = with_twin[made.human[made.twin[with_twin]] >= 0]      # a twin may stay because somebody said so
    last = 1 + len(duplicates)
    beside = ((0, with_twin, made.twin[with_twin]), *_edges(made.edges, duplicates), (last, with_human, made.human[with_human]),
              (last, humans_twin, made.human[made.twin[humans_twin]]))
    return Made(made.table(), number, beside=beside)


def _edges(used: tuple[np.ndarray, np.ndarray], tables: Sequence[pa.Table]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """The edges that decisions come from, (table, decisions, its rows): `used` numbers the rows of all tables on end."""
    decision, edge = used
    ends = np.cumsum([len(each) for each in tables])
    return [(number + 1, decision[mine], edge[mine] - end + len(each)) for number, (each, end) in enumerate(zip(tables, ends, strict=True))
            for mine in [(edge < end) & (edge >= end - len(each))]]
