"""How much of each source to train on: many small proxy models on random mixtures, a regression over them, the best mixture found.

    runs    = docs.derive("runs", proxy_runs(source="source"), using=[target])     a row for each proxy model
    weights = runs.derive("weights", mixture())                                     a row for each source
    chosen  = docs.derive("training", draw(weights="weights", size_bytes=1_000_000_000))

Source: Liu et al. 2025, "RegMix: Data Mixture as Regression for Language Model Pre-training".
"""
import time
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.columns import visible
from saem.core.errors import SaemError, suggest
from saem.core.operator import operator
from saem.core.run import say
from saem.core.shapes import Group, Made
from saem.train.bytes_model import Texts, learned, texts
from saem.train.linear import texts_of

RUN = pa.schema([("run", pa.int64()), ("source_column", pa.string()), ("sources", pa.list_(pa.string())),
                 ("size_bytes", pa.list_(pa.int64())), ("weights", pa.list_(pa.float64())), ("bits_per_byte", pa.float64())])
WEIGHT = pa.schema([
    ("source_column", pa.string()), ("source", pa.string()), ("weight", pa.float64()), ("size_bytes", pa.int64()), ("share", pa.float64()),
    ("predicted", pa.float64()), ("predicted_as_is", pa.float64()), ("rank_correlation", pa.float64())])
CANDIDATES = 20_000
BEST = 100                 # of them are averaged, so that no accident of the regression wins
TELL_S = 5.0               # how often the models that are done are told
RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@operator(version="1", adds=RUN, key=["run"])
def proxy_runs(rows: Group, target: Group, source: str = "source", runs: int = 48, proxy_bytes: int = 400_000,
               target_bytes: int = 1_000_000, column: str = "text") -> pa.Table:
    """Train a small language model of bytes on each of `runs` mixtures and measure its bits per byte on the rows of `target`.

    Run 0 has the sources as they are, run 1 all alike, the others are drawn: half around the sources as they are, half anywhere.
    A source too small for its part is repeated. Of a larger target each model is measured on the same rows, a fixed choice of
    `target_bytes`: so the time depends on the settings and not on the tables. Raises E208 for fewer than two sources or an empty target.
    """
    if source not in rows.column_names:
        raise SaemError("E101", f"the rows have no column '{source}'", fix=suggest(source, rows.column_names, "column"))
    rows = rows.filter(pc.fill_null(pc.greater(pc.binary_length(texts_of(rows, column)), 0), False))
    of = pc.fill_null(rows[source].cast(pa.string()), "")
    sources = sorted(pc.unique(of).to_pylist())
    goal = texts(_sample(texts_of(target, column), target_bytes))
    if len(sources) < 2 or not goal.sizes.sum():
        raise SaemError("E208", f"{len(sources)} sources and {int(goal.sizes.sum())} bytes of target: nothing to weigh",
                        fix="give rows of two sources at least, and a target")
    code = np.asarray(pc.index_in(of, value_set=pa.array(sources)).to_numpy(), np.int64)
    every = texts(rows[column])
    size = np.bincount(code, every.sizes, len(sources))
    shares = _mixtures(size / size.sum(), runs)
    lot = _lots(rows[column])
    values, count, told_at = [], len(shares), time.monotonic()
    for number, weights in enumerate(shares):
        values.append(learned(every, _part(every, code, lot, weights, proxy_bytes, number)).bits(goal).sum() / goal.sizes.sum())
        if time.monotonic() - told_at > TELL_S:
            told_at = time.monotonic()
            say(f"{number + 1} of {count} proxy models")
    told = [[source] * count, [sources] * count, [size.astype(np.int64).tolist()] * count]
    return pa.table([np.arange(count), *told, shares.tolist(), values], schema=RUN)


@operator(version="1", adds=WEIGHT, key=["source"])
def mixture(runs: Group) -> pa.Table:
    """The weights that a ridge regression over the proxy runs predicts to be best, a row for each source.

    share              of the source in the bytes that there are
    predicted          bits per byte of the target at these weights; `predicted_as_is`: at the shares
    rank_correlation   of what the regression says of each run that it has not seen with what was measured: below .8 trust it little
    """
    rows = runs.sort_by("run").to_pylist()
    weights = np.array([row["weights"] for row in rows])
    measured = np.array([row["bits_per_byte"] for row in rows])
    sources, size = rows[0]["sources"], np.array(rows[0]["size_bytes"], np.float64)
    ridge, unseen = _best_ridge(_terms(weights), measured)
    solved = _solved(_terms(weights), measured, ridge)
    drawn = _mixtures(size / size.sum(), CANDIDATES)
    guessed = _guess(_terms(drawn), solved)
    best = drawn[np.argsort(guessed, kind="stable")[:BEST]].mean(axis=0)
    best = best / best.sum()
    told = [float(_guess(_terms(each[None]), solved)[0]) for each in (best, size / size.sum())]
    agreement = _rank_correlation(unseen, measured)
    count = len(sources)
    return pa.table([[rows[0]["source_column"]] * count, sources, best, size.astype(np.int64), size / size.sum(), [told[0]] * count,
                     [told[1]] * count, [agreement] * count], schema=WEIGHT)


def _adds(rows: pa.Schema, *_: pa.Schema) -> pa.Schema:
    return visible(rows).append(pa.field("copy", pa.int64()))


@operator(version="1", adds=_adds, key=["copy"], reads=lambda weights, **_: [weights])
def draw(rows: pa.Table, mixed: pa.Table, weights: str, size_bytes: int, column: str = "text") -> Made:
    """Rows in the proportions of the table `weights`, about `size_bytes` of text in all. A row that is wanted more than once stands there
    as often, numbered by `copy`; of a source of which less is wanted a fixed pseudo-random choice stays."""
    if not len(mixed):
        raise SaemError("E208", f"the table '{weights}' holds no weights yet", fix="saem quarantine shows why")
    name = mixed["source_column"][0].as_py()
    times = {row["source"]: row["weight"] * size_bytes / max(1, row["size_bytes"]) for row in mixed.to_pylist()}
    wanted = np.array([times.get(source or "", 0.0) for source in rows[name].cast(pa.string()).to_pylist()], np.float64)
    lot = _lots(rows[column]) / 2.0 ** 64
    copies = np.floor(wanted).astype(np.int64) + (lot < wanted - np.floor(wanted))
    origin = np.repeat(np.arange(len(rows)), copies)
    number = np.arange(len(origin)) - np.repeat(np.cumsum(copies) - copies, copies)
    made = rows.select(list(visible(rows.schema).names)).take(pa.array(origin))
    return Made(made.append_column("copy", pa.array(number, pa.int64())), origin)


def _sample(column: pa.ChunkedArray, size_bytes: int) -> pa.ChunkedArray:
    """Rows of at least so many bytes together, or all: as if drawn by lot, and the same in every order of the rows."""
    sizes = np.asarray(pc.fill_null(pc.binary_length(column), 0).to_numpy(), np.int64)
    if sizes.sum() <= size_bytes:
        return column
    order = np.argsort(_lots(column), kind="stable")
    return column.take(pa.array(order[:1 + int(np.searchsorted(np.cumsum(sizes[order]), size_bytes))]))


def _lots(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) uint64 by the text: as if drawn by lot, and the same in every order."""
    return np.array([int.from_bytes(blake2b((text or "").encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
                     for text in column.to_pylist()], np.uint64)


def _mixtures(natural: np.ndarray, count: int) -> np.ndarray:
    """(count, k) weights that sum to 1: as it is, all alike, then by turns drawn around `natural` and anywhere; the same every time."""
    bits = np.random.Philox(key=5).random_raw(count * (len(natural) + 1)).reshape(count, -1)
    chance = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0 ** -53
    drawn = -np.log(chance[:, 1:])                     # exponentials: evenly over all mixtures once they are divided by their sum
    sharp = np.where(np.arange(count) % 2, 1.0, 0.0)[:, None]
    drawn *= sharp + (1 - sharp) * natural ** chance[:, :1]
    drawn[:2] = np.stack([natural, np.full(len(natural), 1.0)])[:count]
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _part(every: Texts, code: np.ndarray, lot: np.ndarray, weights: np.ndarray, size_bytes: int, number: int) -> np.ndarray:
    """Row numbers that make a mixture of `size_bytes`; in every run other ones."""
    parts = []
    order = np.lexsort(((lot ^ np.uint64(number)) * np.uint64(0xBF58476D1CE4E5B9), code))
    bounds = np.searchsorted(code[order], np.arange(len(weights) + 1))
    for k, weight in enumerate(weights.tolist()):
        mine = order[bounds[k]:bounds[k + 1]]
        wanted = weight * size_bytes
        own = int(every.sizes[mine].sum())
        parts += [mine] * int(wanted // own)
        parts.append(mine[:int(np.searchsorted(np.cumsum(every.sizes[mine]), wanted % own, side="left"))])
    return np.concatenate(parts)


def _terms(weights: np.ndarray) -> np.ndarray:
    """(n, 2k): each weight and its root, for the first bytes of a source help most."""
    return np.concatenate([weights, np.sqrt(weights)], axis=1)


def _solved(terms: np.ndarray, measured: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray, float]:
    middle, mean = terms.mean(axis=0), float(measured.mean())
    centred = terms - middle
    return np.linalg.solve(centred.T @ centred + ridge * np.eye(terms.shape[1]), centred.T @ (measured - mean)), middle, mean


def _guess(terms: np.ndarray, solved: tuple[np.ndarray, np.ndarray, float]) -> np.ndarray:
    return np.asarray((terms - solved[1]) @ solved[0] + solved[2])


def _best_ridge(terms: np.ndarray, measured: np.ndarray) -> tuple[float, np.ndarray]:
    """The ridge that tells runs left out best, and what is then said of each run by all others."""
    every = np.arange(len(measured))
    said = {ridge: np.array([_guess(terms[i:i + 1], _solved(terms[every != i], measured[every != i], ridge))[0] for i in every])
            for ridge in RIDGES}
    best = min(RIDGES, key=lambda ridge: float(((said[ridge] - measured) ** 2).mean()))
    return best, said[best]


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's."""
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64) for values in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if len(one) > 2 and np.ptp(one) and np.ptp(other) else 0.0
