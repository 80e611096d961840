"""No policy empties a source unseen: where too much of one would go, a run stops."""
import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError
from saem.curate.coding import Coded, coded
from saem.curate.judging import HUMAN
from saem.curate.policy import Policy

MOST_NOTES = 5
GUARD_ROWS = 20            # of a source with fewer rows one is a large share: it is told of, and stops a run only with its like


def unguarded(source: Coded, is_gone: np.ndarray, policy: Policy) -> list[tuple[str, int, int]]:
    """Sources too small for the guard that lose more of their rows than the policy allows: (name, rows before, rows after)."""
    lost, had = source.counts(is_gone).tolist(), source.counts(np.ones(len(source), bool)).tolist()
    return [(name, rows, rows - gone) for name, gone, rows in zip(source.names, lost, had, strict=True)
            if 0 < rows < GUARD_ROWS and gone / rows > policy.max_drop_per_source]


def notes(source: Coded, is_gone: np.ndarray, policy: Policy) -> list[str]:
    """What the policy does to the sources that stops no run, but should be known."""
    had = {name for name, count in zip(source.names, source.counts(np.ones(len(source), bool)).tolist(), strict=True) if count}
    told = [f"too small for max_drop_per_source: of the source '{name or 'all'}' {after} of {before} rows stay"
            for name, before, after in unguarded(source, is_gone, policy)]
    if len(told) > MOST_NOTES:
        told[MOST_NOTES - 1:] = [f"{len(told) - MOST_NOTES + 1} more sources too small for max_drop_per_source lose more than that"]
    unknown = [name for name in policy.source_rank if name not in had] if had else []
    known = ", ".join(repr(name) for name in sorted(had)[:MOST_NOTES])
    return told + [f"source_rank names '{name}', which is the source of no row; sources are: {known}" for name in unknown]


def gone_by_policy(decisions: pa.Table) -> np.ndarray:
    """(n,) bool: rows that are dropped, and by no person. decisions: `keep`, `by`."""
    by = coded(decisions, "by")
    return np.asarray(~np.asarray(decisions["keep"].to_numpy(), bool) & (np.array([name != HUMAN for name in by.names])[by.codes]), bool)


def check_shares(source: Coded, is_gone: np.ndarray, policy: Policy) -> None:
    """Raises E309 where a source loses more of its rows than the policy allows, or the small ones together do. is_gone: (n,) bool, without
    what people dropped."""
    lost, had = source.counts(is_gone), source.counts(np.ones(len(source), bool))
    is_small = had < GUARD_ROWS
    groups = [(f"the source '{name or 'all'}'", gone, rows)
              for name, gone, rows in zip(source.names, lost.tolist(), had.tolist(), strict=True)]
    groups.append((f"sources of fewer than {GUARD_ROWS} rows", int(lost[is_small].sum()), int(had[is_small].sum())))
    worst = sorted(((gone / rows, name, gone, rows) for name, gone, rows in groups
                    if rows >= GUARD_ROWS and gone / rows > policy.max_drop_per_source), reverse=True)
    if worst:
        share, name, gone, rows = worst[0]
        others = f" ({len(worst) - 1} further sources too)" if len(worst) > 1 else ""
        raise SaemError(
            "E309",
            f"the policy would drop {gone:,} of {rows:,} rows ({share:.0%}) of {name}{others}; nothing was published",
            where=f"max_drop_per_source={policy.max_drop_per_source:g}",
            fix="look at what_if(decisions, policy), calibrate the rules, or raise max_drop_per_source",
        )
