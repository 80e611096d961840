"""Neighbouring sentences stay together while they are about the same thing, as an embedding model sees it.

The two neighbours that are nearest are joined first, then the next, as long as the result fits max_chars. There is no threshold,
because similarities of two models cannot be compared, and an edit moves only the cuts around it. Nearness of two groups is the mean
cosine of their sentences (average linkage). Every sentence is embedded, which costs about as much again as embedding the chunks.
"""
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np

from saem.core import registry
from saem.transform.chunking._units import Unit, depends_on, is_begun, units
from saem.transform.embed import MODEL
from saem.transform.splitting import Span, Text


def depends(model: str = MODEL) -> list[str]:
    return ["semantic=1", *depends_on(), registry.embedder(model).fingerprint]


def cut(texts: Sequence[Text], max_chars: int, model: str = MODEL) -> list[list[Span]]:
    """The sentences of all texts are embedded at once, each different one once. No chunk reaches across a heading of level 1 or 2."""
    found = units(texts, max_chars)
    told = [[text[unit.start:unit.end] for unit in each] for (text, _), each in zip(texts, found, strict=True)]
    place = {sentence: at for at, sentence in enumerate(dict.fromkeys(sentence for each in told for sentence in each))}
    vectors = registry.embedder(model).passages(list(place)) if place else np.empty((0, 1), np.float32)
    made: list[list[Span]] = []
    for each, sentences in zip(found, told, strict=True):
        starts = [at for at, unit in enumerate(each) if not at or is_begun(unit)]
        own = vectors[[place[sentence] for sentence in sentences]]
        made.append([span for start, end in pairwise([*starts, len(each)])
                     for span in joined(each[start:end], own[start:end], max_chars)])
    return made


def joined(sentences: Sequence[Unit], vectors: np.ndarray, max_chars: int) -> list[Span]:
    """Neighbours joined, nearest first, until no two fit together; vectors (n, d) of unit length.

    >>> near = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    >>> joined([Unit(0, 10, 0), Unit(11, 20, 0), Unit(21, 30, 0)], near, 20)
    [Span(start=0, end=10), Span(start=11, end=30)]
    """
    count = len(sentences)
    start, end = [unit.start for unit in sentences], [unit.end for unit in sentences]
    total, size = vectors.astype(np.float64), np.ones(count)          # of the group that begins with this sentence
    after, before = [*range(1, count + 1)], [*range(-1, count - 1)]   # the neighbouring groups, by their first sentences
    state = [0] * count                                               # counts the changes of a group; -1 = joined to another

    def pair(left: int) -> tuple[float, int, int, int, int] | None:
        right = after[left]
        if right >= count or end[right] - start[left] > max_chars:
            return None
        nearness = float(total[left] @ total[right]) / (size[left] * size[right])
        return -nearness, left, right, state[left], state[right]

    heap = [each for each in map(pair, range(count)) if each]
    heapify(heap)
    while heap:
        _, left, right, *seen = heappop(heap)
        if seen != [state[left], state[right]]:
            continue
        end[left], after[left], state[right] = end[right], after[right], -1
        if after[left] < count:
            before[after[left]] = left
        total[left] += total[right]
        size[left] += size[right]
        state[left] += 1
        for first in (before[left], left):
            again = pair(first) if first >= 0 else None
            if again:
                heappush(heap, again)
    return [Span(start[at], end[at]) for at in range(count) if state[at] >= 0]
