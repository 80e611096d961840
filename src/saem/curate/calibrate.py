"""Thresholds that fit a named set of good rows, instead of those of papers about the English web."""
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from saem.core.errors import SaemError, caller
from saem.curate.coding import sources_of
from saem.curate.rules import Rule, korean_rules, web_rules

if TYPE_CHECKING:
    from saem.engine.table import Table

LEAST_ROWS = 30            # below this a quantile says nothing
KEYS = ("language", "source")


def calibrate(signals: "Table | pa.Table", target: str, quantile: float = 0.01, rules: Sequence[Rule] | None = None,
              by: Sequence[str] = ("language",)) -> dict[str, tuple[Rule, ...]]:
    """Rules by language for a `Policy`, each with the threshold that this share of the target rows fails.

    signals   a table made with `measure()`
    target    an SQL condition that names the good rows: "path like 'manuals/%'"
    quantile  the share of them that a rule may fire for
    by        ("language",), or ("source", "language") for thresholds of each source

    A language with fewer than 30 target rows keeps its rules as they are: Korean `korean_rules` (under "ko"), the others, together fewer
    than 30, `web_rules` (under "*"). These only report: `enforced` makes them drop by name alone. No rule drops by itself.
    Raises: E104 where too few rows are named.
    """
    if not 0 <= quantile < .5:
        raise SaemError("E104", f"quantile= is {quantile!r}", where=caller(), fix="a small share, such as 0.01")
    if not by or set(by) - set(KEYS):
        raise SaemError("E104", f"by= is {by!r}", where=caller(), fix=f"one or both of {', '.join(KEYS)}")
    rows = _rows(signals, target)
    if len(rows) < LEAST_ROWS:
        raise SaemError(
            "E104", f"the target set holds {len(rows)} rows", where=f"target={target!r}", fix=f"name {LEAST_ROWS} or more good rows"
        )
    language = np.asarray(rows["language"].to_numpy(zero_copy_only=False), object)
    groups: dict[str, np.ndarray] = {}
    rest = np.ones(len(rows), bool)
    source = np.array(sources_of(rows).text().to_pylist() if "source" in by else [""] * len(rows), object)
    for name in sorted({*zip(source.tolist(), language.tolist(), strict=True)}):
        mask = (source == name[0]) & ((language == name[1]) if "language" in by else True)
        if mask.sum() >= LEAST_ROWS:
            groups[f"{name[0]}:{name[1] if 'language' in by else '*'}" if "source" in by else name[1]] = mask
            rest &= ~mask
    unfitted = {name: tuple(replace(rule, only_reports=True) for rule in rules or own)
                for name, own in (("ko", korean_rules), ("*", web_rules)) if name not in groups}
    others = rest & (language != "ko")
    if others.sum() >= LEAST_ROWS:
        groups["*"] = others
    return unfitted | {
        name: tuple(
            _fitted(rule, rows, mask, quantile, target)
            for rule in (rules or (korean_rules if name.rpartition(":")[2] == "ko" else web_rules))
            if rule.signal in rows.column_names
        )
        for name, mask in groups.items()
    }


def _rows(signals: "Table | pa.Table", target: str) -> pa.Table:
    if isinstance(signals, pa.Table):
        import duckdb
        con = duckdb.connect(config={"enable_external_access": "false"})
        con.register("signals", signals)
        return con.execute(f"select * from signals where {target}").to_arrow_table()
    return signals.to_arrow(where=target)


def _fitted(rule: Rule, rows: pa.Table, mask: np.ndarray, quantile: float, target: str) -> Rule:
    """The rule with the outermost threshold that fires for at most this share."""
    values = np.sort(np.nan_to_num(rows[rule.signal].to_numpy(zero_copy_only=False)[mask].astype(np.float64)))
    allowed = int(quantile * len(values))
    threshold = values[allowed] if rule.comparison[0] == "<" else values[len(values) - 1 - allowed]
    comparison: Literal["<", ">"] = "<" if rule.comparison[0] == "<" else ">"
    return replace(rule, threshold=float(threshold), comparison=comparison, source=f"calibrated: {quantile:.0%} of {target}")
