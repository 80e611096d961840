"""Texts -> n-grams -> a linear model over their hashes, one example after the other."""
import numpy as np
from numba import njit

from saem.curate.kernels.hashing import ODD_1, U, mix
from saem.curate.kernels.reading import IGNORED, KIND, KINDS, decoded, finished, follows, spelled, value_of

DIGITS = (48, 58)


@njit(nogil=True, cache=True)
def features(data: np.ndarray, start: int, end: int, table: np.ndarray, shift: int, slots: np.ndarray, begins: np.ndarray,
             ends: np.ndarray) -> int:
    """One text -> its n-grams: words, pairs of words, and runs of two and three syllables (or ideographs) within a word.

    table   of letters, see curate/folding.py: case, width and composition make no difference; every digit counts as 0
    shift   64 - bits of a slot
    slots   room for the slot of each, with the bytes [begins, ends) where it stands; two a letter are enough. Returns how many
    """
    count = 0
    word, before, is_inside = U(0), U(0), False
    began, began_before = 0, 0
    one, two, place_one, place_two = U(0), U(0), 0, 0        # the two syllables before
    at = start
    while at <= end:
        here = at
        if at == end:
            entry = np.uint32(0)
            at += 1
        elif data[at] < 128:
            entry = table[48 if DIGITS[0] <= data[at] < DIGITS[1] else data[at]]
            at += 1
        else:
            entry = decoded(data, U(at), table)
            at += int(follows(data[at]))
        if entry == IGNORED:
            continue
        kind = (entry >> KIND) & KINDS
        if kind == 0:
            if is_inside:
                token = finished(word)
                slots[count], begins[count], ends[count] = mix(token) >> U(shift), began, here
                count += 1
                if before:
                    slots[count], begins[count], ends[count] = mix(before * ODD_1 + token) >> U(shift), began_before, here
                    count += 1
                before, began_before, word, is_inside = token, began, U(0), False
            one, two = U(0), U(0)
            continue
        if not is_inside:
            began, is_inside = here, True
        value = value_of(entry) >> U(2) << U(2)
        word = spelled(word, value)
        if kind < 2:
            one, two = U(0), U(0)
            continue
        if two:
            slots[count], begins[count], ends[count] = mix(two * ODD_1 ^ value + U(1)) >> U(shift), place_two, at
            count += 1
            if one:
                slots[count], begins[count], ends[count] = mix((one * ODD_1 ^ two) * ODD_1 ^ value + U(2)) >> U(shift), place_one, at
                count += 1
        one, place_one, two, place_two = two, place_two, value, here
    return count


@njit(nogil=True, cache=True)
def _chances(slots: np.ndarray, count: int, weights: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    """The probability of each class: (1,) logistic, (k,) softmax."""
    classes = len(bias)
    for k in range(classes):
        out[k] = 0.0
    for f in range(count):
        for k in range(classes):
            out[k] += weights[slots[f], k]
    norm = 1 / np.sqrt(max(1, count))
    for k in range(classes):
        out[k] = out[k] * norm + bias[k]
    if classes == 1:
        out[0] = 1 / (1 + np.exp(-out[0]))
        return
    most, total = out[:classes].max(), 0.0
    for k in range(classes):
        out[k] = np.exp(out[k] - most)
        total += out[k]
    for k in range(classes):
        out[k] /= total


@njit(nogil=True, cache=True)
def learn(data: np.ndarray, offsets: np.ndarray, order: np.ndarray, target: np.ndarray, table: np.ndarray, shift: int,
          weights: np.ndarray, bias: np.ndarray, rate: float, fall: float) -> None:
    """One pass over the rows in `order` by gradient descent; the step falls from `rate` by `fall` with every row.

    target  (n,) int64: the class; of one class 0 or 1
    weights (2 ** bits, k) float32, bias (k,) float64: changed in place
    """
    room = 2 * int(np.max(offsets[1:] - offsets[:-1])) + 4 if len(offsets) > 1 else 4
    slots, begins, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    classes = len(bias)
    chance = np.empty(classes, np.float64)
    for step in range(len(order)):
        row = order[step]
        count = features(data, offsets[row], offsets[row + 1], table, shift, slots, begins, ends)
        _chances(slots, count, weights, bias, chance)
        norm = 1 / np.sqrt(max(1, count))
        for k in range(classes):
            is_it = target[row] == 1 if classes == 1 else target[row] == k
            change = (rate - step * fall) * ((1.0 if is_it else 0.0) - chance[k])
            bias[k] += 0.1 * change
            for f in range(count):
                weights[slots[f], k] += np.float32(change * norm)


@njit(nogil=True, cache=True)
def score(data: np.ndarray, offsets: np.ndarray, table: np.ndarray, shift: int, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(n, k) float64 probabilities."""
    room = 2 * int(np.max(offsets[1:] - offsets[:-1])) + 4 if len(offsets) > 1 else 4
    slots, begins, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    made = np.empty((len(offsets) - 1, len(bias)), np.float64)
    for row in range(len(made)):
        count = features(data, offsets[row], offsets[row + 1], table, shift, slots, begins, ends)
        _chances(slots, count, weights, bias, made[row])
    return made
