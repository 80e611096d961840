"""Labels that are probably wrong, by confident learning: what models say of rows that they have not seen.

    folds  = notes.derive("folds", cross_fit(target="label"))           one model a fold, trained on all other folds
    errors = notes.derive("errors", label_errors(models="folds"))       suspected rows, with the label that they should have

Source: Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", pruned by noise rate.
"""
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller, suggest
from saem.core.identity import digest, row_hashes
from saem.core.operator import operator
from saem.core.shapes import Groups, Made
from saem.train.learners import ngrams
from saem.train.linear import texts_of, trained, unpacked

FOLD = pa.schema([
    ("fold", pa.int64()), ("folds", pa.int64()), ("target", pa.string()), ("entity", pa.string()), ("rows", pa.int64()),
    ("accuracy", pa.float64()), ("noise", pa.float64()), ("margins", pa.list_(pa.float64())),
    ("digest", pa.string()), ("artifact", pa.large_binary())])
SUSPECT = pa.schema([("given", pa.string()), ("suggested", pa.string()), ("given_probability", pa.float64()),
                     ("suggested_probability", pa.float64())])


def _checked(folds: int = 5) -> None:
    if folds < 2:
        raise SaemError("E104", f"folds= is {folds}", where=caller(), fix="2 or more: each is judged by a model that has seen the others")


@operator(version="1", adds=FOLD, key=["fold"], depends=[f"ngrams={ngrams.VERSION}"], checks=_checked)
def cross_fit(rows: Groups, target: str, entity: str = "", folds: int = 5, column: str = "text") -> Made:
    """One n-gram model a fold, trained on the rows of all others: what it says of its own fold is said of rows that it has not seen.

    target   the label: text, true or false, or a whole number; rows without one train nothing and are suspected of nothing
    entity   rows with one value here stand in one fold, so that no model has seen an author, a document ... that it judges;
             without it, rows with one text do
    Writes for each fold `accuracy`, how often its model agrees with the label, and the same for all: `noise`, the estimated share of wrong
    labels, and `margins`, (k * k) for given label times true one, by how much the latter must be likelier. Raises E208 for fewer
    than two labels, or folds.
    """
    known = rows.filter(_labels(rows, target).is_valid())
    labels, texts = _labels(known, target), texts_of(known, column)
    classes = sorted(pc.unique(labels).to_pylist())
    fold = fold_of(known[entity or column] if (entity or column) in known.column_names else _missing(rows, entity), folds)
    there = np.unique(fold)
    if len(classes) < 2 or len(there) < 2:
        raise SaemError("E208", f"{len(known)} rows with {len(classes)} labels in {len(there)} folds tell nothing of wrong labels",
                        fix="give more rows, or another column in entity=")
    code = np.asarray(pc.index_in(labels, value_set=pa.array(classes)).to_numpy(), np.int64)
    models = [trained(texts.filter(pa.array(fold != number)), code[fold != number], classes, column) for number in there.tolist()]
    chance = np.zeros((len(known), len(classes)))
    for number, model in zip(there.tolist(), models, strict=True):
        chance[fold == number] = model.probabilities(texts.filter(pa.array(fold == number)))
    joint = confident_joint(chance, code)
    noise = float(1 - np.trace(joint) / joint.sum())
    margins = margins_of(chance, code, joint).reshape(-1).tolist()
    hashes = row_hashes(known)
    is_right = chance.argmax(axis=1) == code
    made = [{"fold": number, "folds": folds, "target": target, "entity": entity, "rows": int((fold != number).sum()),
             "accuracy": float(is_right[fold == number].mean()), "noise": noise, "margins": margins,
             "digest": digest(*sorted(hashes[i] for i in np.flatnonzero(fold != number).tolist())).hex(), "artifact": model.packed()}
            for number, model in zip(there.tolist(), models, strict=True)]
    return Made(pa.Table.from_pylist(made, FOLD), np.zeros(len(made), np.int64), whole=True)


@operator(version="1", adds=SUSPECT, key=[], reads=lambda models, **_: [models])
def label_errors(rows: pa.Table, folds: pa.Table, models: str) -> Made:
    """The rows whose label is probably wrong, one row each; `models` is a table that `cross_fit` made of the same rows.

    As many rows are suspected as labels are estimated to be wrong: for each given and true label those in which a model that has not
    seen them prefers the true one most. `suggested` is what it finds likeliest. `_unit` is the `_id` of the row; take further columns
    with carry=.
    Sort by `given_probability`: the lowest is the most suspicious.
    """
    if not len(folds):
        raise SaemError("E208", f"the table '{models}' holds no model yet", fix="saem quarantine shows why")
    first = folds.slice(0, 1).to_pylist()[0]
    labels = _labels(rows, first["target"])
    every = {number: unpacked(artifact) for number, artifact in zip(folds["fold"].to_pylist(), folds["artifact"].to_pylist(), strict=True)}
    some = next(iter(every.values()))
    code = np.asarray(pc.fill_null(pc.index_in(labels, value_set=pa.array(some.classes)), -1).to_numpy(), np.int64)
    texts = texts_of(rows, some.column)
    fold = fold_of(rows[first["entity"] or some.column], first["folds"])
    chance = np.zeros((len(rows), len(some.classes)))
    for number, model in every.items():
        mine = pa.array((fold == number) & (code >= 0))
        chance[mine.to_numpy(zero_copy_only=False)] = model.probabilities(texts.filter(mine))
    suspected, suggested = suspects(chance, code, np.array(first["margins"]).reshape(len(some.classes), -1))
    names = pa.array(some.classes)
    made = pa.table([names.take(pa.array(code[suspected])), names.take(pa.array(suggested)), pa.array(chance[suspected, code[suspected]]),
                     pa.array(chance[suspected, suggested])], schema=SUSPECT)
    return Made(made, suspected)


def confident_joint(chance: np.ndarray, code: np.ndarray) -> np.ndarray:
    """(n, k) chances and (n,) given classes -> (k, k) how many rows are given i and are j, summing to the rows of each i.

    A row counts for the likeliest of the classes that are at least as likely in it as they are on average in rows which bear them.
    """
    classes = chance.shape[1]
    usual = np.array([chance[code == k, k].mean() for k in range(classes)])
    confident = np.where(chance >= usual - 1e-6, chance, -1.0)       # as cleanlab rounds
    is_counted = confident.max(axis=1) >= 0
    joint = np.zeros((classes, classes))
    np.add.at(joint, (code[is_counted], confident.argmax(axis=1)[is_counted]), 1)
    joint[np.diag_indices(classes)] = np.maximum(1, joint.diagonal())
    return np.asarray(joint * (np.bincount(code, minlength=classes) / joint.sum(axis=1))[:, None])


def margins_of(chance: np.ndarray, code: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """(k, k) the least margin chance[j] - chance[i] of the joint[i, j] rows given i in which it is greatest; 2 = of none."""
    made = np.full(joint.shape, 2.0)
    for i, j in np.argwhere(np.round(joint) > 0).tolist():
        if i != j:
            margin = np.sort(chance[code == i, j] - chance[code == i, i])[::-1]
            made[i, j] = margin[int(np.round(joint[i, j])) - 1]
    return made


def suspects(chance: np.ndarray, code: np.ndarray, margins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) chances and (n,) given classes, -1 = none -> (rows that are suspected, ascending; the likeliest class of each)."""
    known = np.flatnonzero(code >= 0)
    given, likely = code[known], chance[known]
    margin = likely - likely[np.arange(len(known)), given][:, None]
    best = likely.argmax(axis=1)
    is_suspect = (margin >= margins[given]).any(axis=1) & (best != given)
    return known[is_suspect], best[is_suspect]


def fold_of(values: pa.ChunkedArray, folds: int) -> np.ndarray:
    """(n,) int64 in [0, folds): by the hash of each value, so a row stays in its fold whatever rows come and go."""
    hashed = {value: int.from_bytes(blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") % folds
              for value in pc.unique(values).to_pylist()}
    return np.array([hashed[value] for value in values.to_pylist()], np.int64)


def _labels(rows: pa.Table, target: str) -> pa.ChunkedArray:
    if target not in rows.column_names:
        return _missing(rows, target)
    kind = rows.schema.field(target).type
    if not (pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind)):
        raise SaemError("E104", f"the label '{target}' holds {kind}", fix="a label is text, true or false, or a whole number")
    return rows[target].cast(pa.string())


def _missing(rows: pa.Table, name: str) -> pa.ChunkedArray:
    raise SaemError("E101", f"the rows have no column '{name}'", fix=suggest(name, rows.column_names, "column"))
