"""Whether curation helped: the same small model trained on curated rows, on all rows, and on a random part of them of the same size."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller, suggest
from saem.train import nearest
from saem.train.bytes_model import learned, texts
from saem.train.linear import texts_of, trained

CONTROLS = ("random_same_size",)
MODELS = ("linear", "nearest")
MAX_BYTES = 4_000_000      # an arm is trained on so much at most
DRAWS = 5
RESAMPLES = 2_000
LEAST_TARGETS = 20         # below, what is drawn again is nearly the same each time, and an interval too narrow
BITS, ACCURACY = "bits per byte", "accuracy"


@dataclass(frozen=True)
class Arm:
    """values: one a draw. curated and random have the same `size_bytes`; raw has all there is, up to the same limit for each."""
    name: str
    rows: int
    size_bytes: int
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


@dataclass(frozen=True)
class Proof:
    """What curation does on the target, beside its control. effect: curated minus control, in `metric`; low, high: 95 % of resamples."""
    metric: str
    arms: tuple[Arm, ...]
    effect: float
    low: float
    high: float
    targets: int
    seen: int

    @property
    def verdict(self) -> str:
        """better, worse, no difference shown, or too few target rows to tell."""
        if self.targets < LEAST_TARGETS:
            return "too few target rows to tell"
        if self.low <= 0 <= self.high:
            return "no difference shown"
        return "better" if (self.effect > 0) == (self.metric == ACCURACY) else "worse"

    def __str__(self) -> str:
        lines = [f"{arm.name:<8} {arm.mean:8.4f} {self.metric}  {arm.rows:>9,} rows {arm.size_bytes:>13,} bytes  {len(arm.values)} draws"
                 for arm in self.arms]
        left_out = f"; {self.seen} that stand in the training rows were left out" if self.seen else ""
        return "\n".join([*lines, f"curated - random: {self.effect:+.4f} [{self.low:+.4f}, {self.high:+.4f}]: {self.verdict}",
                          f"on {self.targets:,} target rows{left_out}"])


def prove(curated: Any, target: Any, control: str = "random_same_size", *, raw: Any = None, label: str = "", column: str = "text",
          max_bytes: int = MAX_BYTES, draws: int = DRAWS, model: str = "linear") -> Proof:
    """Train on `curated`, on the table that it was derived from, and on a random part of that; compare on the rows of `target`.

    raw     what was curated; without it, the first table that `curated` was derived from
    label   a column of labels in all three: a classifier is trained and its accuracy compared. Without it a language model of bytes is,
            and its bits per byte of the target
    model   the classifier: "linear" averages wrong labels away; "nearest" learns every label by heart, as large models can, and shows what
            wrong ones cost
    draws   random parts that are drawn, as many of the curated rows where those are more than `max_bytes`; the interval covers draws
            and target rows

    Target rows whose text stands in the training rows are left out, and counted. Tables may be Arrow tables too. Deterministic.
    """
    if control not in CONTROLS:
        raise SaemError("E104", f"prove knows no control '{control}'", where=caller(), fix=f"controls are: {', '.join(CONTROLS)}")
    if model not in MODELS:
        raise SaemError("E104", f"prove knows no model '{model}'", where=caller(), fix=suggest(model, MODELS, "model"))
    columns = [column, label] if label else [column]
    chosen, everything, judges = (_rows(each, columns) for each in (curated, raw if raw is not None else _origin(curated), target))
    is_new = pc.invert(pc.is_in(judges[column], value_set=pc.unique(pa.chunked_array(everything[column].chunks + chosen[column].chunks))))
    judged = judges.filter(is_new)
    if not len(judged) or not len(chosen) or not len(everything):
        what = f"nothing to compare: {len(chosen)} curated rows, {len(everything)} raw, {len(judged)} target rows not among them"
        raise SaemError("E208", what, where=caller(), fix="give target rows that stand in neither table, and run the project first")
    size = min(max_bytes, _size(chosen, column), _size(everything, column))
    judge = _labels_of(judged, label, column, model) if label else _bits_of(judged, column)
    arms, losses = [], {}
    for name, rows, limit in (("curated", chosen, size), ("random", everything, size), ("raw", everything, max_bytes)):
        parts = _draws(rows, column, limit, draws, name)
        losses[name] = np.stack([judge.measured(rows.take(pa.array(part))) for part in parts])
        arms.append(Arm(name, len(parts[0]), int(_sizes(rows, column)[parts[0]].sum()), tuple(judge.summed(loss) for loss in losses[name])))
    effect = arms[0].mean - arms[1].mean
    low, high = _interval(losses["curated"], losses["random"], judge)
    return Proof(ACCURACY if label else BITS, tuple(arms), effect, low, high, len(judged), len(judges) - len(judged))


@dataclass(frozen=True)
class _Judge:
    """measured(rows to train on) -> (n,) a figure for each target row; the whole is their sum over `weights`' sum."""
    measured: Callable[[pa.Table], np.ndarray]
    weights: np.ndarray

    def summed(self, figures: np.ndarray) -> float:
        return float(figures.sum() / self.weights.sum())


def _bits_of(judged: pa.Table, column: str) -> _Judge:
    target = texts(judged[column])

    def measured(rows: pa.Table) -> np.ndarray:
        return learned(texts(rows[column]), np.arange(len(rows))).bits(target)

    return _Judge(measured, target.sizes.astype(np.float64))


def _labels_of(judged: pa.Table, label: str, column: str, model: str) -> _Judge:
    truth = np.array(judged[label].cast(pa.string()).to_pylist())

    def measured(rows: pa.Table) -> np.ndarray:
        known = rows.filter(rows[label].is_valid())
        labels = known[label].cast(pa.string())
        classes = sorted(pc.unique(labels).to_pylist())
        code = np.asarray(pc.index_in(labels, value_set=pa.array(classes, pa.string())).to_numpy(), np.int64)
        if len(classes) < 2:
            return np.asarray(truth == (classes or [""])[0], np.float64)
        if model == "nearest":
            said = nearest.learned(known[column], code).classes(judged[column])
        else:
            said = trained(known[column], code, classes, column).probabilities(judged[column]).argmax(axis=1)
        return np.asarray(np.array(classes)[said] == truth, np.float64)

    return _Judge(measured, np.ones(len(judged)))


def _interval(one: np.ndarray, other: np.ndarray, judge: _Judge) -> tuple[float, float]:
    """95 % of what the difference comes to when draws and target rows are drawn again. one, other: (draws, n)."""
    dice = np.random.default_rng(6)
    differences = np.empty(RESAMPLES)
    for turn in range(RESAMPLES):
        rows = np.bincount(dice.integers(0, one.shape[1], one.shape[1]), minlength=one.shape[1])
        means = [figures[dice.integers(0, len(figures), len(figures))].mean(axis=0) for figures in (one, other)]
        differences[turn] = ((means[0] - means[1]) * rows).sum() / (judge.weights * rows).sum()
    low, high = np.quantile(differences, [.025, .975])
    return float(low), float(high)


def _draws(rows: pa.Table, column: str, limit: int, draws: int, name: str) -> list[np.ndarray]:
    """Parts of at most `limit` bytes, as row numbers; one where all rows fit. A row that would pass the limit ends a part."""
    sizes = _sizes(rows, column)
    if sizes.sum() <= limit:
        return [np.arange(len(rows))]
    made = []
    for number in range(draws):
        order = np.random.default_rng([len(name), number]).permutation(len(rows))
        made.append(np.sort(order[:max(1, int(np.searchsorted(np.cumsum(sizes[order]), limit, side="right")))]))
    return made


def _rows(table: Any, columns: list[str]) -> pa.Table:
    """In the order of their texts, so that what is drawn does not depend on the order of a table."""
    if not isinstance(table, pa.Table) and not hasattr(table, "to_arrow"):
        raise SaemError("E104", f"prove compares tables, not a {type(table).__name__}", where=caller(),
                        fix='db.table("exam"), or an Arrow table: pa.Table.from_pylist(rows)')
    rows = table.select(columns) if isinstance(table, pa.Table) else table.to_arrow(columns)
    texts_of(rows, columns[0])
    rows = rows.filter(pc.fill_null(pc.greater(pc.binary_length(rows[columns[0]]), 0), False))
    return rows.take(pc.sort_indices(rows, [(name, "ascending") for name in columns])).combine_chunks()


def _origin(curated: Any) -> Any:
    names = getattr(curated, "parent_names", [])
    if not names:
        raise SaemError("E104", "what was curated is not known", where=caller(), fix="prove(..., raw=the table before curation)")
    return curated.project.table(names[0])


def _sizes(rows: pa.Table, column: str) -> np.ndarray:
    return np.asarray(pc.binary_length(rows[column]).to_numpy(), np.int64)


def _size(rows: pa.Table, column: str) -> int:
    return int(_sizes(rows, column).sum())
