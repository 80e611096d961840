"""Keep or drop, with the reason: a pure function of signals, duplicates, human decisions and a policy."""
from dataclasses import dataclass

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller
from saem.core.identity import ID, ids
from saem.core.operator import Groups, Made, operator
from saem.curate.policy import Policy
from saem.curate.requiring import compiled
from saem.curate.rules import COMPARE

DECISION = pa.schema([
    ("row", ID), ("keep", pa.bool_()), ("by", pa.string()), ("rule", pa.string()), ("signal", pa.string()), ("value", pa.float64()),
    ("comparison", pa.string()), ("threshold", pa.float64()), ("twin", ID), ("flags", pa.list_(pa.string())), ("source", pa.string()),
    ("language", pa.string())])
EDGE_KINDS = ("exact", "near", "passage", "semantic", "image")
KINDS = tuple(f"duplicate.{kind}" for kind in EDGE_KINDS)
HUMAN, RULE, DUPLICATE = "human", "rule", "duplicate"
GUARD_ROWS = 20            # a source with fewer rows cannot be wiped out by a rule: it is looked at by hand


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


@dataclass
class Judged:
    """decisions (n,), in the order of the signals; and what each was made from beside its own row, as positions.

    edges: (positions of decisions, edges); human, twin: (n,) int64 the override and the signals row of the twin, -1 = none
    """
    decisions: pa.Table
    edges: tuple[np.ndarray, np.ndarray]
    human: np.ndarray
    twin: np.ndarray


def _guard(dataset: lance.LanceDataset, policy: Policy) -> None:
    """Stops a run that would drop most of a source."""
    check_shares(dataset.to_table(columns=["source", "keep", "by"]), policy)


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
    return Made(made.decisions, number, beside=beside)


def judge(signals: pa.Table, edges: pa.Table, overrides: pa.Table, policy: Policy) -> Judged:
    """signals: with `_unit` and `_readers`; edges: left, right, similarity, kind; overrides: row, keep."""
    row = _ids(signals["_unit"])
    source, language = sources_of(signals), _text(signals, "language")
    fired, dropped, values = _rules(signals, source, language, policy)
    human = _newest(overrides, row)
    said = _human_keep(overrides, human)
    is_candidate = np.where(human >= 0, said, ~dropped.any(axis=0)) if len(policy.rules) else np.where(human >= 0, said, True)
    gives_way, where, used = _elect(signals, row, edges, is_candidate, human >= 0, source, policy)
    is_twin = (gives_way >= 0) & ~((human >= 0) & said)
    by = np.select([human >= 0, ~is_candidate, is_twin], [HUMAN, RULE, DUPLICATE], "")
    keep = np.where(human >= 0, said, is_candidate & ~is_twin)
    is_used = is_twin[where]
    twin = np.where(is_twin & (human < 0), gives_way, -1)
    table = _table(row, keep, by, twin, fired, dropped, values, source, language, policy, _similarity(edges, where, used, len(row)))
    is_used &= twin[where] >= 0
    return Judged(table, (where[is_used], used[is_used]), human, twin)


def sources_of(signals: pa.Table) -> np.ndarray:
    """(n,) the source of each row: its column `source`, else the folder that its path begins with, else ''."""
    if "source" in signals.column_names:
        return _text(signals, "source")
    if "path" not in signals.column_names:
        return np.full(len(signals), "", object)
    parts = pc.split_pattern(signals["path"].combine_chunks().cast(pa.string()), "/", max_splits=1)
    first = (
        pc.if_else(pc.greater(pc.list_value_length(parts), 1), pc.list_element(parts, 0), "") if len(parts) else pa.array([], pa.string())
    )
    return np.asarray(pc.fill_null(first, "").to_numpy(zero_copy_only=False), object)


def check_shares(decisions: pa.Table, policy: Policy) -> None:
    """Raises E309 where a source loses more of its rows than the policy allows. What people dropped is not counted."""
    is_gone = pc.and_(pc.invert(decisions["keep"]), pc.not_equal(decisions["by"], HUMAN))
    shares = (
        pa.table({"source": decisions["source"], "gone": is_gone.cast(pa.int64())})
        .group_by("source")
        .aggregate([("gone", "sum"), ("gone", "count")])
    )
    worst = sorted(
        (
            (gone / rows, name, gone, rows)
            for name, gone, rows in zip(*(shares[c].to_pylist() for c in ("source", "gone_sum", "gone_count")), strict=True)
            if rows >= GUARD_ROWS and gone / rows > policy.max_drop_per_source
        ),
        reverse=True,
    )
    if worst:
        share, name, gone, rows = worst[0]
        others = f" ({len(worst) - 1} further sources too)" if len(worst) > 1 else ""
        raise SaemError(
            "E309",
            f"the policy would drop {gone:,} of {rows:,} rows ({share:.0%}) of the source '{name or 'all'}'{others}; nothing was published",
            where=f"max_drop_per_source={policy.max_drop_per_source:g}",
            fix="look at what_if(decisions, policy), calibrate the rules, or raise max_drop_per_source",
        )


# rules

def _rules(
    signals: pa.Table, source: np.ndarray, language: np.ndarray, policy: Policy
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """((rules, n) whether each fires, (rules, n) whether it drops, {signal: (n,) values}). A null fires no rule."""
    rules = policy.rules
    values: dict[str, np.ndarray] = {}
    fired, dropped = np.zeros((len(rules), len(signals)), bool), np.zeros((len(rules), len(signals)), bool)
    pairs, at = _pairs(source, language)
    sets = [frozenset(policy.rules_for(*pair)) for pair in pairs]
    for number, rule in enumerate(rules):
        is_asked = np.array([rule in each for each in sets], bool)
        if not is_asked.any():
            continue
        if rule.signal not in values:
            if rule.signal not in signals.column_names:
                what = f"the rule '{rule.name}' asks for the signal '{rule.signal}', which the table does not have"
                raise SaemError("E101", what, fix="derive the signals with measure(), or take the rule out of the policy")
            values[rule.signal] = _numbers(signals[rule.signal])
        with np.errstate(invalid="ignore"):
            COMPARE[rule.comparison](values[rule.signal], np.float32(rule.threshold), out=fired[number])
        if not is_asked.all():
            fired[number] &= is_asked[at]
        if rule.drops:
            dropped[number] = fired[number]
    return fired, dropped, values


def _pairs(source: np.ndarray, language: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray]:
    """The (source, language) pairs that occur, and which one each row has."""
    a, b = pa.array(source, pa.string()).dictionary_encode(), pa.array(language, pa.string()).dictionary_encode()
    code = a.indices.to_numpy().astype(np.int64) * max(1, len(b.dictionary)) + b.indices.to_numpy()
    kinds, at = np.unique(code, return_inverse=True)
    first, second = np.divmod(kinds, max(1, len(b.dictionary)))
    return list(zip(a.dictionary.take(pa.array(first)).to_pylist(), b.dictionary.take(pa.array(second)).to_pylist(), strict=True)), at


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    kind = pa.float32() if pa.types.is_float32(column.type) else pa.float64()
    return np.asarray(pc.fill_null(column.cast(kind), float("nan")).to_numpy(), np.float32 if kind == pa.float32() else np.float64)


# people

def _newest(overrides: pa.Table, row: pa.Array) -> np.ndarray:
    """(n,) the override of each row, -1 = none."""
    if not len(overrides):
        return np.full(len(row), -1, np.int64)
    return np.asarray(pc.fill_null(pc.index_in(row, value_set=_ids(overrides["row"])), -1).to_numpy(), np.int64)


def _human_keep(overrides: pa.Table, human: np.ndarray) -> np.ndarray:
    if not len(overrides):
        return np.zeros(len(human), bool)
    said: np.ndarray = np.asarray(overrides["keep"].to_numpy(), bool)[np.maximum(human, 0)]
    return said


# duplicates

def _elect(signals: pa.Table, row: pa.Array, edges: pa.Table, is_candidate: np.ndarray, is_human: np.ndarray, source: np.ndarray,
           policy: Policy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """((n,) the row that each gives way to, -1 = none; and by which edges, as pairs (row, edge))."""
    nothing = np.full(len(row), -1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    counted = _counted(edges, policy)
    if not len(counted):
        return nothing
    election = compiled("election")
    part = edges.select(["left", "right", "similarity"]).take(pa.array(counted))
    nodes = pc.unique(pa.chunked_array([row, _ids(part["left"]), _ids(part["right"])]))
    node, left, right = (
        np.asarray(pc.index_in(_ids(column), value_set=nodes).to_numpy(), np.int64) for column in (row, part["left"], part["right"])
    )
    is_equal = part["similarity"].to_numpy() >= 1
    equal, near = np.flatnonzero(is_equal), np.flatnonzero(~is_equal)
    root, up, above = election.trees(len(nodes), left[equal], right[equal])
    readers = np.asarray(signals["_readers"].to_numpy(), np.int64) if "readers" in policy.prefer else np.zeros(len(row), np.int64)
    candidates = np.flatnonzero(is_candidate)
    candidates = candidates[np.argsort(_rank(signals, row, is_human, source, policy)[candidates], kind="stable")]
    span = int(readers.max(initial=0)) + 1
    group_of = root[node] * span + readers
    names, first, member = np.unique(group_of[candidates], return_index=True, return_inverse=True)
    stands = candidates[first]
    gives_way, over = election.elect(stands, np.argsort(first), *_neighbours(names, span, root[left[near]], root[right[near]], near))
    winner = stands[gives_way[member]]
    loser = candidates[winner != candidates]
    result = nothing[0].copy()
    result[candidates] = np.where(winner != candidates, winner, -1)
    near_edge = over[member][winner != candidates]
    ways = [election.climb(node[at], loser, up, above) for at in (loser, result[loser])]
    ends = [(left, near_edge), (right, near_edge)]
    has_near = np.flatnonzero(near_edge >= 0)
    for side, edge in ends:      # from the nodes that a near edge joins up to the roots of their trees
        ways.append(election.climb(side[edge[has_near]], loser[has_near], up, above))
    where = np.concatenate([*(way[0] for way in ways), loser[has_near]])
    used = np.concatenate([*(equal[way[1]] for way in ways), near_edge[has_near]])
    return result, where, counted[used]


def _neighbours(
    names: np.ndarray, span: int, left: np.ndarray, right: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per group the groups of the same readers that are near it, (starts, groups, edges)."""
    root, readers = np.divmod(names, span)
    ours: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for one, other in ((left, right), (right, left)):
        order = np.argsort(one, kind="stable")
        begin, end = np.searchsorted(one[order], root), np.searchsorted(one[order], root, side="right")
        sizes = end - begin
        group = np.repeat(np.arange(len(names)), sizes)
        place = order[np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(begin, sizes)]
        wanted = other[place] * span + readers[group]
        found = np.minimum(np.searchsorted(names, wanted), max(0, len(names) - 1))
        is_there = (names[found] == wanted) & (found != group)
        ours.append((group[is_there], found[is_there], near[place[is_there]]))
    group, found, edge = (np.concatenate(each) for each in zip(*ours, strict=True))
    order = np.lexsort((edge, found, group))
    starts = np.searchsorted(group[order], np.arange(len(names) + 1))
    return starts, found[order], edge[order]


def _counted(edges: pa.Table, policy: Policy) -> np.ndarray:
    """The edges that the policy counts, in a fixed order."""
    if not len(edges) or not policy.similarity:
        return np.zeros(0, np.int64)
    kinds = edges["kind"].combine_chunks().dictionary_encode()
    least = np.array([policy.similarity.get(kind, 2.0) for kind in kinds.dictionary.to_pylist()], np.float32)
    return np.flatnonzero(edges["similarity"].to_numpy() >= least[kinds.indices.to_numpy()])


def _rank(signals: pa.Table, row: pa.Array, is_human: np.ndarray, source: np.ndarray, policy: Policy) -> np.ndarray:
    """(n,) the place of each row in the order of preference; what a person kept comes first, ids break ties."""
    keys: list[np.ndarray] = [~is_human]
    rank = {name: number for number, name in enumerate(policy.source_rank)}
    for name in policy.prefer:
        if name == "source_rank" and rank:
            keys.append(np.array([rank.get(each, len(rank)) for each in source.tolist()]))
        elif name in ("oldest", "newest"):
            keys += [
                _time(signals, column, -1 if name == "newest" else 1)
                for column in ("date", "modified", "created")
                if column in signals.column_names
            ]
        elif name == "longest" and "chars" in signals.column_names:
            keys.append(-_numbers(signals["chars"]))
    order = np.lexsort((np.argsort(np.asarray(pc.sort_indices(row.cast(pa.binary())).to_numpy()), kind="stable"), *reversed(keys)))
    place = np.empty(len(row), np.int64)
    place[order] = np.arange(len(row))
    return place


def _time(signals: pa.Table, column: str, sign: int) -> np.ndarray:
    """A date as a number that sorts; what has none comes last."""
    values = signals[column]
    if pa.types.is_temporal(values.type):
        values = values.cast(
            pa.timestamp("us", getattr(values.type, "tz", None)) if pa.types.is_timestamp(values.type) else pa.timestamp("us")
        ).cast(pa.int64())
    elif pa.types.is_string(values.type):
        codes = pc.rank(values.combine_chunks(), sort_keys="ascending", tiebreaker="dense") if len(values) else pa.array([], pa.uint64())
        values = pc.if_else(pc.and_(values.is_valid(), pc.not_equal(values, "")), codes.cast(pa.int64()), None)
    elif not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return np.zeros(len(signals))
    numbers = np.asarray(pc.fill_null(values.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False), np.float64) * sign
    return np.where(np.isnan(numbers), np.inf, numbers)


# the table

def _similarity(edges: pa.Table, where: np.ndarray, used: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """((n,) the least similarity on the way to the twin, (n,) the number of its kind in KINDS, -1 = no twin)."""
    similarity, kind = np.ones(rows, np.float32), np.full(rows, -1, np.int64)
    if len(used):
        along = edges["similarity"].to_numpy().astype(np.float32)[used]
        kinds = np.asarray(pc.index_in(edges["kind"].take(pa.array(used)), value_set=pa.array(EDGE_KINDS)).to_numpy(), np.int64)
        order = np.lexsort((kinds, -along, where))
        similarity[where[order]], kind[where[order]] = along[order], kinds[order]
    return similarity, kind


def _table(
    row: pa.Array,
    keep: np.ndarray,
    by: np.ndarray,
    twin: np.ndarray,
    fired: np.ndarray,
    dropped: np.ndarray,
    values: dict[str, np.ndarray],
    source: np.ndarray,
    language: np.ndarray,
    policy: Policy,
    near: tuple[np.ndarray, np.ndarray],
) -> pa.Table:
    rules, n = policy.rules, len(row)
    decided = (
        np.where(dropped.any(axis=0), dropped.argmax(axis=0), np.where(fired.any(axis=0), fired.argmax(axis=0), -1))
        if rules
        else np.full(n, -1)
    )
    has_twin = twin >= 0
    rule = np.where(has_twin | (decided < 0), -1, decided)
    names = pa.array([*(each.name for each in rules), None], pa.string())
    value, threshold = np.full(n, np.nan), np.array([*(each.threshold for each in rules), np.nan])[rule]
    for number, each in enumerate(rules):
        is_mine = rule == number
        if is_mine.any():
            value[is_mine] = values[each.signal][is_mine]
    pick = pa.array(rule)
    who = names.take(pc.if_else(pc.less(pick, 0), len(rules), pick))
    signal = pa.array([*(each.signal for each in rules), None], pa.string()).take(pc.if_else(pc.less(pick, 0), len(rules), pick))
    compared = pa.array([*(each.comparison for each in rules), None], pa.string()).take(pc.if_else(pc.less(pick, 0), len(rules), pick))
    kinds = pa.array([*KINDS, None], pa.string())
    kind, least = near[1], np.array([*(policy.similarity.get(each, np.nan) for each in EDGE_KINDS), np.nan])[near[1]]
    mask = pa.array(has_twin)
    places = fired.T.nonzero()
    flags = pa.ListArray.from_arrays(
        pa.array(np.searchsorted(places[0], np.arange(n + 1)), pa.int32()), names.take(pa.array(places[1], pa.int64()))
    )
    twins = row.take(pa.array(np.where(has_twin, twin, 0), mask=~has_twin)) if n else ids([])
    return pa.table(
        [
            row,
            pa.array(keep.astype(bool)),
            pa.array(by.tolist(), pa.string()),
            pc.if_else(mask, kinds.take(pa.array(kind % len(kinds))), who),
            pc.if_else(mask, "similarity", signal),
            pc.if_else(mask, pa.array(near[0].astype(np.float64)), pa.array(value, from_pandas=True)),
            pc.if_else(mask, ">=", compared),
            pc.if_else(mask, pa.array(least, from_pandas=True), pa.array(threshold, from_pandas=True)),
            twins,
            flags,
            pa.array(source.tolist(), pa.string()),
            pa.array(language.tolist(), pa.string()),
        ],
        schema=DECISION,
    )


def _ids(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole if whole.type == ID else whole.cast(ID)


def _text(table: pa.Table, column: str) -> np.ndarray:
    if column not in table.column_names:
        return np.full(len(table), "", object)
    return np.asarray(pc.fill_null(table[column].cast(pa.string()), "").to_numpy(zero_copy_only=False), object)
