"""Of rows that say nearly the same one is elected to stay, the most preferred; the others give way to it."""
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.curate.coding import Coded, id_array, numbers
from saem.curate.edges import SHARES
from saem.curate.policy import Policy
from saem.curate.requiring import compiled

DATES = ("date", "modified", "created")


@dataclass(frozen=True)
class Elected:
    """gives_way: (n,) the row that each gives way to, -1 = none; where, edge: by which edges, as pairs (row, edge); is_own: of each
    pair, whether the edge's rows both have the readers of the row. What joins two rows by way of one with other readers is
    no evidence that their readers are shown, nor needed: it joins equals, so the two rows say the same by themselves.
    """
    gives_way: np.ndarray
    where: np.ndarray
    edge: np.ndarray
    is_own: np.ndarray


def elected(signals: pa.Table, row: pa.Array, edges: pa.Table, is_candidate: np.ndarray, is_human: np.ndarray, source: Coded,
            policy: Policy) -> Elected:
    """Who stays among `row` (n,), given edges as `together` has them."""
    result = np.full(len(row), -1, np.int64)
    used, least = counted(edges, policy)
    nobody = Elected(result, used[:0], used[:0], np.zeros(0, bool))
    if not len(used):
        return nobody
    election = compiled("election")
    part = edges.select(["left", "right", *SHARES.names]).take(pa.array(used))
    ends = [id_array(part[name]) for name in ("left", "right")]
    tied = np.flatnonzero(np.asarray(pc.is_in(row, value_set=pc.unique(pa.chunked_array(ends))).to_numpy(zero_copy_only=False), bool))
    if not len(tied):
        return nobody
    # what is in no edge stays: from here on a row is its place among those that are
    row, signals = row.take(pa.array(tied)), signals.take(pa.array(tied))
    nodes = pc.unique(pa.chunked_array([row, *ends]))
    node, left, right = (np.asarray(pc.index_in(column, value_set=nodes).to_numpy(), np.int64) for column in (row, *ends))
    shares = [part[name].to_numpy() for name in SHARES.names]
    is_equal = np.minimum(*shares) >= 1
    equal, near = np.flatnonzero(is_equal), np.flatnonzero(~is_equal)
    root, up, above = election.trees(len(nodes), left[equal], right[equal])
    readers = np.asarray(signals["_readers"].to_numpy(), np.int64) if "readers" in policy.prefer else np.zeros(len(row), np.int64)
    best = _preferred(signals, row, is_human[tied], Coded(source.codes[tied], source.names), policy)
    candidates = best[is_candidate[tied][best]]
    span = int(readers.max(initial=0)) + 1
    group_of = root[node] * span + readers
    names, first, member = np.unique(group_of[candidates], return_index=True, return_inverse=True)
    stands = candidates[first]
    may_give_way = [(share >= least)[near] for share in shares]
    starts, others, over = _neighbours(names, span, root[left[near]], root[right[near]], near, may_give_way)
    order = election.after_their_holders(np.argsort(first), starts, others, _is_one_way(starts, others))
    gives_way, over = election.elect(stands, order, starts, others, over)
    winner = stands[gives_way[member]]
    gave = winner != candidates
    loser, won, near_edge = candidates[gave], winner[gave], over[member][gave]
    result[tied[loser]] = tied[won]
    where, along = _ways((up, above), node, (left, right), equal, loser, won, near_edge)
    readers_of = np.zeros(len(nodes), np.int64)
    if "readers" in policy.prefer:
        readers_of[:] = -1
        readers_of[node] = readers
    is_own = (readers_of[left[along]] == readers[where]) & (readers_of[right[along]] == readers[where])
    return Elected(result, tied[where], used[along], is_own)


def _ways(trees: tuple[np.ndarray, np.ndarray], node: np.ndarray, sides: tuple[np.ndarray, np.ndarray], equal: np.ndarray,
          loser: np.ndarray, won: np.ndarray, near_edge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges by which losers give way to winners, as pairs (row, edge): up the trees of equal rows, and over the near edge between."""
    climb, has_near = compiled("election").climb, np.flatnonzero(near_edge >= 0)
    ways = [climb(node[at], loser, *trees) for at in (loser, won)]
    for side in sides:      # from the nodes that a near edge joins up to the roots of their trees
        ways.append(climb(side[near_edge[has_near]], loser[has_near], *trees))
    return (np.concatenate([*(way[0] for way in ways), loser[has_near]]),
            np.concatenate([*(equal[way[1]] for way in ways), near_edge[has_near]]))


def counted(edges: pa.Table, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """The edges that the policy counts, in a fixed order, and the least share from which a row of each gives way."""
    if not len(edges) or not policy.similarity:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    kinds = edges["kind"].combine_chunks().dictionary_encode()
    known = np.array([policy.similarity.get(kind, 2.0) for kind in kinds.dictionary.to_pylist()], np.float32)
    least = known[kinds.indices.to_numpy()]
    used = np.flatnonzero(edges["similarity"].to_numpy() >= least)
    return used, least[used]


def _neighbours(names: np.ndarray, span: int, left: np.ndarray, right: np.ndarray, near: np.ndarray,
                may_give_way: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per group the groups of the same readers that it may give way to, ascending: (starts, groups, edges)."""
    root, readers = np.divmod(names, span)
    ours: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for one, other, may in ((left, right, may_give_way[0]), (right, left, may_give_way[1])):
        one, other, edge = one[may], other[may], near[may]
        order = np.argsort(one, kind="stable")
        begin, end = np.searchsorted(one[order], root), np.searchsorted(one[order], root, side="right")
        sizes = end - begin
        group = np.repeat(np.arange(len(names)), sizes)
        place = order[np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(begin, sizes)]
        wanted = other[place] * span + readers[group]
        found = np.minimum(np.searchsorted(names, wanted), max(0, len(names) - 1))
        is_there = (names[found] == wanted) & (found != group)
        ours.append((group[is_there], found[is_there], edge[place[is_there]]))
    group, found, edge = (np.concatenate(each) for each in zip(*ours, strict=True))
    order = np.lexsort((edge, found, group))
    starts = np.searchsorted(group[order], np.arange(len(names) + 1))
    return starts, found[order], edge[order]


def _is_one_way(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Of each pair (group, one that it may give way to), whether that one may not give way to it."""
    group, groups = np.repeat(np.arange(len(starts) - 1), np.diff(starts)), len(starts)
    return np.asarray(~np.isin(ends * groups + group, group * groups + ends))


def _preferred(signals: pa.Table, row: pa.Array, is_human: np.ndarray, source: Coded, policy: Policy) -> np.ndarray:
    """(n,) the rows, best first; what a person kept comes first, ids break ties."""
    keys: list[np.ndarray] = [~is_human]
    rank = {name: number for number, name in enumerate(policy.source_rank)}
    for name in policy.prefer:
        if name == "source_rank" and rank:
            keys.append(np.array([rank.get(each, len(rank)) for each in source.names])[source.codes])
        elif name in ("oldest", "newest"):
            keys += [_time(signals, column, -1 if name == "newest" else 1) for column in DATES if column in signals.column_names]
        elif name == "longest" and "chars" in signals.column_names:
            keys.append(-numbers(signals["chars"]))
    place = np.argsort(np.asarray(pc.sort_indices(row.cast(pa.binary())).to_numpy()), kind="stable")
    return np.lexsort((place, *reversed(keys)))


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
