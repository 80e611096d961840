"""Of rows that say nearly the same one is elected to stay, the most preferred; the others give way to it."""
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.curate.coding import Coded, id_array, numbers
from saem.curate.policy import Policy
from saem.curate.requiring import compiled

DATES = ("date", "modified", "created")


Given = tuple[np.ndarray, np.ndarray, np.ndarray]      # (n,) the row that each gives way to, -1 = none; and by which edges: (row, edge)


def elected(signals: pa.Table, row: pa.Array, edges: pa.Table, is_candidate: np.ndarray, is_human: np.ndarray, source: Coded,
            policy: Policy) -> Given:
    """First among rows that say nearly the same; then, of those left, among rows that share a passage. There the shorter one gives way,
    whatever is preferred: the similarity is the share of the shorter one that is covered, and the other may say much more."""
    result, used = np.full(len(row), -1, np.int64), counted(edges, policy)
    if not len(used):
        return result, used, used
    part = edges.select(["left", "right", "similarity", "kind"]).take(pa.array(used))
    ends = [id_array(part[name]) for name in ("left", "right")]
    tied = np.flatnonzero(np.asarray(pc.is_in(row, value_set=pc.unique(pa.chunked_array(ends))).to_numpy(zero_copy_only=False), bool))
    if not len(tied):
        return result, used[:0], used[:0]
    # what is in no edge stays: from here on a row is its place among those that are
    row, signals, may_stay, is_human = row.take(pa.array(tied)), signals.take(pa.array(tied)), is_candidate[tied], is_human[tied]
    nodes = pc.unique(pa.chunked_array([row, *ends]))
    node, left, right = (np.asarray(pc.index_in(column, value_set=nodes).to_numpy(), np.int64) for column in (row, *ends))
    similarity, is_passage = part["similarity"].to_numpy(), pc.equal(part["kind"], "passage").to_numpy()
    readers = np.asarray(signals["_readers"].to_numpy(), np.int64) if "readers" in policy.prefer else np.zeros(len(row), np.int64)
    best = _preferred(signals, row, is_human, Coded(source.codes[tied], source.names), policy)
    made = _elected(node, left, right, np.flatnonzero(~is_passage), similarity >= 1, readers, best[may_stay[best]])
    if is_passage.any():
        size = numbers(signals["chars"]) if "chars" in signals.column_names else np.zeros(len(row))
        best = best[np.argsort(-size[best], kind="stable")]
        left_over = best[may_stay[best] & (made[0][best] < 0)]
        held = _elected(node, left, right, np.flatnonzero(is_passage), np.zeros(len(part), bool), readers, left_over)
        made = _both(made, held, is_human)
    gave = np.flatnonzero(made[0] >= 0)
    result[tied[gave]] = tied[made[0][gave]]
    return result, tied[made[1]], used[made[2]]


def _elected(node: np.ndarray, left: np.ndarray, right: np.ndarray, used: np.ndarray, is_equal: np.ndarray, readers: np.ndarray,
             candidates: np.ndarray) -> Given:
    """One election. node: (n,) of each row; left, right: (m,) the nodes of edges; used: of these, those that count; candidates: rows, the
    most preferred first."""
    election = compiled("election")
    equal, near = used[is_equal[used]], used[~is_equal[used]]
    root, up, above = election.trees(1 + int(max(left.max(), right.max(), node.max())), left[equal], right[equal])
    span = int(readers.max(initial=0)) + 1
    group_of = root[node] * span + readers
    names, first, member = np.unique(group_of[candidates], return_index=True, return_inverse=True)
    stands = candidates[first]
    gives_way, over = election.elect(stands, np.argsort(first), *_neighbours(names, span, root[left[near]], root[right[near]], near))
    winner = stands[gives_way[member]]
    gave = winner != candidates
    loser, won, near_edge = candidates[gave], winner[gave], over[member][gave]
    ways = [election.climb(node[at], loser, up, above) for at in (loser, won)]
    has_near = np.flatnonzero(near_edge >= 0)
    for side in (left, right):      # from the nodes that a near edge joins up to the roots of their trees
        ways.append(election.climb(side[near_edge[has_near]], loser[has_near], up, above))
    result = np.full(len(node), -1, np.int64)
    result[loser] = won
    return (result, np.concatenate([*(way[0] for way in ways), loser[has_near]]),
            np.concatenate([*(equal[way[1]] for way in ways), near_edge[has_near]]))


def _both(same: Given, held: Given, is_human: np.ndarray) -> Given:
    """Two elections as one: what gave way to a row that gives way itself, gives way to the last. What a person kept stays."""
    last = np.where(is_human, -1, held[0])
    counts = last[held[1]] >= 0
    where, used = held[1][counts], held[2][counts]
    loser = np.flatnonzero((same[0] >= 0) & (last[same[0]] >= 0))
    over = same[0][loser]
    order = np.argsort(where, kind="stable")
    begin, end = (np.searchsorted(where[order], over, side=side) for side in ("left", "right"))
    sizes = end - begin
    along = order[np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(begin, sizes)]
    result = np.where(same[0] >= 0, same[0], last)
    result[loser] = last[over]
    return result, np.concatenate([same[1], where, np.repeat(loser, sizes)]), np.concatenate([same[2], used, used[along]])


def counted(edges: pa.Table, policy: Policy) -> np.ndarray:
    """The edges that the policy counts, in a fixed order."""
    if not len(edges) or not policy.similarity:
        return np.zeros(0, np.int64)
    kinds = edges["kind"].combine_chunks().dictionary_encode()
    least = np.array([policy.similarity.get(kind, 2.0) for kind in kinds.dictionary.to_pylist()], np.float32)
    return np.flatnonzero(edges["similarity"].to_numpy() >= least[kinds.indices.to_numpy()])


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
