"""What a policy says of every row: the rules that fire, people's words above them, and of duplicates the one that stays."""
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, suggest
from saem.core.identity import ID, ids
from saem.curate.coding import Coded, coded, id_array, numbers, pairs, sources_of
from saem.curate.electing import elected
from saem.curate.policy import Policy
from saem.curate.rules import COMPARE, Rule

DECISION = pa.schema([
    ("row", ID), ("keep", pa.bool_()), ("by", pa.string()), ("rule", pa.string()), ("signal", pa.string()), ("value", pa.float64()),
    ("comparison", pa.string()), ("threshold", pa.float64()), ("twin", ID), ("flags", pa.list_(pa.string())), ("source", pa.string()),
    ("language", pa.string())])
EDGE_KINDS = ("exact", "near", "passage", "semantic", "image")
KINDS = tuple(f"duplicate.{kind}" for kind in EDGE_KINDS)
HUMAN, RULE, DUPLICATE = "human", "rule", "duplicate"
BY = ("", HUMAN, RULE, DUPLICATE)


@dataclass(frozen=True)
class Fires:
    """hits[rule]: (n,) bool, None = of no row; first: (n,) the rule that decides or, of a row that stays, is told first, -1 = none;
    drops: (n,) bool whether it decides; values: {signal: (n,) float}."""
    hits: list[np.ndarray | None]
    first: np.ndarray
    drops: np.ndarray
    values: dict[str, np.ndarray]


@dataclass(frozen=True)
class Judged:
    """The decision of each row, in the order of the signals; and what each was made from beside its own row, as positions.

    by, rule, kind: (n,) int64 places in BY, policy.rules, KINDS; -1 = none. near: (n,) float32 the least similarity on the way to the twin
    edges: (positions of decisions, edges); human, twin: (n,) int64 the override and the signals row of the twin, -1 = none
    """
    policy: Policy
    row: pa.Array
    keep: np.ndarray
    by: np.ndarray
    rule: np.ndarray
    fires: Fires
    near: np.ndarray
    kind: np.ndarray
    human: np.ndarray
    twin: np.ndarray
    edges: tuple[np.ndarray, np.ndarray]
    source: Coded
    language: Coded

    @property
    def is_gone(self) -> np.ndarray:
        """(n,) bool: dropped, and by no person."""
        return np.asarray(~self.keep & (self.by != BY.index(HUMAN)))

    def dropped_by(self) -> dict[str, int]:
        """{rule or kind of duplicate: rows that go}, 'human' for those that nothing but a person speaks against."""
        names = [rule.name for rule in self.policy.rules] + list(KINDS)
        which = np.where(self.twin >= 0, len(self.policy.rules) + self.kind, self.rule)[~self.keep]
        count = np.bincount(which[which >= 0], minlength=len(names)).tolist()
        made: dict[str, int] = {}
        for name, rows in [*zip(names, count, strict=True), (HUMAN, int((which < 0).sum()))]:
            made[name] = made.get(name, 0) + rows
        return {name: rows for name, rows in made.items() if rows}

    def table(self) -> pa.Table:
        """(n,) rows of DECISION."""
        rules, n, has_twin = self.policy.rules, len(self.row), self.twin >= 0
        pick = pa.array(self.rule, mask=self.rule < 0)
        names = pa.array([rule.name for rule in rules], pa.string())
        limits = np.array([*(self.policy.similarity.get(kind, np.nan) for kind in EDGE_KINDS), np.nan])[self.kind]
        mask = pa.array(has_twin)
        told = [
            pc.if_else(mask, pa.array(KINDS, pa.string()).take(pa.array(self.kind, mask=~has_twin)), names.take(pick)),
            pc.if_else(mask, "similarity", pa.array([rule.signal for rule in rules], pa.string()).take(pick)),
            pa.array(np.where(has_twin, self.near.astype(np.float64), self._values()), from_pandas=True),
            pc.if_else(mask, ">=", pa.array([rule.comparison for rule in rules], pa.string()).take(pick)),
            pa.array(np.where(has_twin, limits, np.array([*(rule.threshold for rule in rules), np.nan])[self.rule]), from_pandas=True),
        ]
        twins = self.row.take(pa.array(np.where(has_twin, self.twin, 0), mask=~has_twin)) if n else ids([])
        return pa.table([self.row, pa.array(self.keep), Coded(self.by, list(BY)).text(), *told, twins, self._flags(names),
                         self.source.text(), self.language.text()], schema=DECISION)

    def _values(self) -> np.ndarray:
        """(n,) float64 the value that the rule compared."""
        made = np.full(len(self.row), np.nan)
        for number in np.flatnonzero(np.bincount(self.rule[self.rule >= 0], minlength=len(self.policy.rules))).tolist():
            is_mine = self.rule == number
            made[is_mine] = self.fires.values[self.policy.rules[number].signal][is_mine]
        return made

    def _flags(self, names: pa.Array) -> pa.ListArray:
        """(n,) lists of the rules that fire, in their order."""
        hits = [np.flatnonzero(hit) if hit is not None else np.zeros(0, np.int64) for hit in self.fires.hits]
        size = np.bincount(np.concatenate(hits), minlength=len(self.row)) if hits else np.zeros(len(self.row), np.int64)
        starts = np.concatenate([[0], np.cumsum(size)])
        place, which = starts[:-1].copy(), np.empty(starts[-1], np.int64)
        for number, rows in enumerate(hits):
            which[place[rows]] = number
            place[rows] += 1
        return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), names.take(pa.array(which)))


def judge(signals: pa.Table, edges: pa.Table, overrides: pa.Table, policy: Policy) -> Judged:
    """signals: with `_unit` and `_readers`; edges: as `together` has them; overrides: row, keep."""
    row = id_array(signals["_unit"])
    source, language = sources_of(signals), coded(signals, "language")
    fires = fired(signals, source, language, policy)
    human = _newest(overrides, row)
    said = _human_keep(overrides, human)
    is_candidate = np.where(human >= 0, said, ~fires.drops)
    result = elected(signals, row, edges, is_candidate, human >= 0, source, policy)
    is_twin = (result.gives_way >= 0) & ~((human >= 0) & said)
    by = np.select([human >= 0, ~is_candidate, is_twin], [BY.index(HUMAN), BY.index(RULE), BY.index(DUPLICATE)], 0)
    twin = np.where(is_twin & (human < 0), result.gives_way, -1)
    near, kind = _similarity(edges, result.where, result.edge, len(row))
    rule = np.where(twin >= 0, -1, fires.first)
    is_used = is_twin[result.where] & (twin[result.where] >= 0) & result.is_own
    return Judged(policy, row, np.where(human >= 0, said, is_candidate & ~is_twin), by, rule, fires, near, kind, human, twin,
                  (result.where[is_used], result.edge[is_used]), source, language)


def fired(signals: pa.Table, source: Coded, language: Coded, policy: Policy) -> Fires:
    """Every rule against its signal. A null fires no rule. Raises: E101 for a signal that the table does not have."""
    values: dict[str, np.ndarray] = {}
    hits: list[np.ndarray | None] = []
    first, drops = np.full(len(signals), -1, np.int64), np.zeros(len(signals), bool)
    both, at = pairs(source, language)
    sets = [frozenset(policy.rules_for(*pair)) for pair in both]
    for number, rule in enumerate(policy.rules):
        is_asked = np.array([rule in each for each in sets], bool)
        hits.append(None)
        if not is_asked.any():
            continue
        if rule.signal not in values:
            _check_signal(signals.schema, rule)
            values[rule.signal] = numbers(signals[rule.signal])
        with np.errstate(invalid="ignore"):
            hit = COMPARE[rule.comparison](values[rule.signal], np.float32(rule.threshold))
        if not is_asked.all():
            hit &= is_asked[at]
        hits[number] = hit
        decides = hit & ~drops if rule.drops else hit & (first < 0)
        np.putmask(first, decides, number)
        if rule.drops:
            drops |= hit
    return Fires(hits, first, drops, values)


def check_rules(signals: pa.Schema, policy: Policy) -> None:
    """Raises: E101 for a signal that there is not, E104 for one that is no number."""
    for rule in policy.rules:
        _check_signal(signals, rule)


def _check_signal(signals: pa.Schema, rule: Rule) -> None:
    if rule.signal not in signals.names:
        what = f"the rule '{rule.name}' asks for the signal '{rule.signal}', which the table does not have"
        raise SaemError("E101", what, fix=suggest(rule.signal, _numbers(signals), "signal"))
    if rule.signal not in _numbers(signals):
        what = f"the rule '{rule.name}' compares '{rule.signal}', which is no number but {signals.field(rule.signal).type}"
        raise SaemError("E104", what, fix=f"signals are: {', '.join(_numbers(signals))}")


def _numbers(signals: pa.Schema) -> list[str]:
    """The columns that a rule can compare."""
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return [field.name for field in signals if not field.name.startswith("_") and any(fits(field.type) for fits in kinds)]


def _newest(overrides: pa.Table, row: pa.Array) -> np.ndarray:
    """(n,) the override of each row, -1 = none."""
    if not len(overrides):
        return np.full(len(row), -1, np.int64)
    return np.asarray(pc.fill_null(pc.index_in(row, value_set=id_array(overrides["row"])), -1).to_numpy(), np.int64)


def _human_keep(overrides: pa.Table, human: np.ndarray) -> np.ndarray:
    if not len(overrides):
        return np.zeros(len(human), bool)
    said: np.ndarray = np.asarray(overrides["keep"].to_numpy(), bool)[np.maximum(human, 0)]
    return said


def _similarity(edges: pa.Table, where: np.ndarray, used: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """((n,) the least similarity on the way to the twin, (n,) the number of its kind in KINDS, -1 = no twin)."""
    similarity, kind = np.ones(rows, np.float32), np.full(rows, -1, np.int64)
    if len(used):
        along = edges["similarity"].to_numpy().astype(np.float32)[used]
        kinds = np.asarray(pc.index_in(edges["kind"].take(pa.array(used)), value_set=pa.array(EDGE_KINDS)).to_numpy(), np.int64)
        order = np.lexsort((kinds, -along, where))
        similarity[where[order]], kind[where[order]] = along[order], kinds[order]
    return similarity, kind
