"""Which of rows that say the same is kept, compiled. Deterministic: everything follows from the order of preference."""
import numpy as np
from numba import njit

NONE = -1


@njit(nogil=True, cache=True)
def trees(count: int, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes that equal edges join, as trees: (the root of each node, the edge towards it, the node there), NONE at a root.

    left, right: (m,) int64, the ends of the edges. The root is the smallest node.
    """
    starts = np.zeros(count + 1, np.int64)
    for edge in range(len(left)):
        starts[left[edge] + 1] += 1
        starts[right[edge] + 1] += 1
    starts = np.cumsum(starts)
    place, ends = starts[:-1].copy(), np.empty(2 * len(left), np.int64)
    for edge in range(len(left)):
        ends[place[left[edge]]] = edge
        place[left[edge]] += 1
        ends[place[right[edge]]] = edge
        place[right[edge]] += 1
    root, up, above = np.full(count, NONE), np.full(count, NONE), np.full(count, NONE)
    queue = np.empty(count, np.int64)
    for first in range(count):
        if root[first] != NONE:
            continue
        root[first], queue[0], head, tail = first, first, 0, 1
        while head < tail:
            node = queue[head]
            head += 1
            for at in range(starts[node], starts[node + 1]):
                edge = ends[at]
                other = left[edge] + right[edge] - node
                if root[other] == NONE:
                    root[other], up[other], above[other] = first, edge, node
                    queue[tail] = other
                    tail += 1
    return root, up, above


@njit(nogil=True, cache=True)
def after_their_holders(order: np.ndarray, starts: np.ndarray, ends: np.ndarray, is_one_way: np.ndarray) -> np.ndarray:
    """The same order, but a group comes after those that hold it and do not stand in it: it may give way to them, never they to it."""
    made, count = np.empty_like(order), 0
    is_seen, stack, at = np.zeros(len(order), np.bool_), np.empty(len(order), np.int64), starts[:-1].copy()
    for first in order:
        if is_seen[first]:
            continue
        is_seen[first], stack[0], depth = True, first, 1
        while depth:
            mine = stack[depth - 1]
            while at[mine] < starts[mine + 1] and (not is_one_way[at[mine]] or is_seen[ends[at[mine]]]):
                at[mine] += 1
            if at[mine] == starts[mine + 1]:
                made[count] = mine
                count += 1
                depth -= 1
            else:
                stack[depth] = ends[at[mine]]
                is_seen[stack[depth]] = True
                depth += 1
    return made


@njit(nogil=True, cache=True)
def elect(group: np.ndarray, order: np.ndarray, starts: np.ndarray, ends: np.ndarray, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups of equal rows, best first: a group is kept unless one that is kept says nearly the same.

    group: (g,) int64 the candidate row that stands for each; order: (g,) the groups, best first; starts, ends, over: the groups that
    each may give way to, and by which edge. -> (g,) the group that it gives way to, itself if kept; (g,) the edge to that one, NONE.
    """
    gives_way, edge = np.full(len(group), NONE), np.full(len(group), NONE)
    rank = np.empty(len(group), np.int64)
    for number in range(len(order)):
        rank[order[number]] = number
    for number in range(len(order)):
        mine = order[number]
        best = NONE
        for at in range(starts[mine], starts[mine + 1]):
            other = ends[at]
            if rank[other] < number and gives_way[other] == other and (best == NONE or rank[other] < rank[ends[best]]):
                best = at
        gives_way[mine] = mine if best == NONE else ends[best]
        edge[mine] = NONE if best == NONE else over[best]
    return gives_way, edge


@njit(nogil=True, cache=True)
def climb(nodes: np.ndarray, position: np.ndarray, up: np.ndarray, above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges from nodes to their roots: (the position of each edge, the edge)."""
    count = 0
    for number in range(len(nodes)):
        node = nodes[number]
        while up[node] != NONE:
            count += 1
            node = above[node]
    where, edges = np.empty(count, np.int64), np.empty(count, np.int64)
    count = 0
    for number in range(len(nodes)):
        node = nodes[number]
        while up[node] != NONE:
            where[count], edges[count] = position[number], up[node]
            count += 1
            node = above[node]
    return where, edges
