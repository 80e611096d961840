"""Training rows that hold what a model will be examined with: long runs of words that an evaluation row has too, with their places."""
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, suggest
from saem.core.operator import operator
from saem.core.shapes import Made
from saem.curate.folding import joined, letters, readable
from saem.curate.repeated_passages import WORD_WEIGHT
from saem.curate.requiring import compiled

OVERLAP = pa.schema([("evaluation", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("passage", pa.string()),
                     ("evaluation_start", pa.int64()), ("evaluation_end", pa.int64()), ("share", pa.float64())])
SHORT_WORDS = 8            # an evaluation row below `min_words` counts as a whole from so many words on
BLOCK_BYTES = 4_000_000    # so much is read at once: a fingerprint takes 40 bytes
SIEVE_BITS = 24


@operator(version="1", adds=OVERLAP, key=["evaluation", "evaluation_start", "start"])
def contaminated(rows: pa.Table, evaluation: pa.Table, *, name: str, column: str = "text", evaluation_column: str = "text",
                 min_words: int = 13) -> Made:
    """Spans that training rows share with evaluation rows: `docs.derive("leaks", contaminated(name="id"), using=[questions])`.

    A row for each span: which evaluation row (its column `name`), characters [start, end) of the training row with the `passage` that
    stands there, characters of the evaluation row, and the `share` of the evaluation row's text that lies within. `_unit` is the `_id`
    of the training row.

    min_words  runs of so many words (of Hangul: of 3 syllables a word, whatever the spaces) are compared, as 64-bit hashes; case, width,
               composition and punctuation make no difference. No shared run of that length is missed. An evaluation row shorter than
               that, of 8 words at least, is looked for as a whole (but for two syllables in Korean); still shorter ones are not

    Source: Brown et al. 2020, appendix C (13 words).
    """
    for wanted, table in ((name, evaluation), (evaluation_column, evaluation), (column, rows)):
        if wanted not in table.column_names:
            raise SaemError("E101", f"contaminated names the column '{wanted}', which is not there",
                            fix=suggest(wanted, table.column_names, "column"))
    texts, asked = rows[column], evaluation[evaluation_column]
    found = [_spans(texts, asked, which, size) for size, which in _sizes(asked, min_words)]
    spans = {key: np.concatenate([np.zeros(0, np.int64), *(each[key] for each in found)]) for key in _KEYS}
    whole = np.maximum(1, np.asarray(pc.fill_null(pc.utf8_length(asked), 0).to_numpy(), np.int64))
    made = pa.table([
        evaluation[name].cast(pa.string()).take(pa.array(spans["asked"])), pa.array(spans["start"]), pa.array(spans["end"]),
        pa.array(_cut(texts, spans), pa.string()), pa.array(spans["asked_start"]), pa.array(spans["asked_end"]),
        pa.array((spans["asked_end"] - spans["asked_start"]) / whole[spans["asked"]])], schema=OVERLAP)
    return Made(made, spans["row"])


_KEYS = ("row", "start", "end", "asked", "asked_start", "asked_end")


def _sizes(asked: pa.ChunkedArray, min_words: int) -> Iterator[tuple[int, np.ndarray]]:
    """(weight of the runs to compare, the evaluation rows that are looked for by them): all that are long enough, then shorter ones."""
    full = min_words * WORD_WEIGHT
    left = np.arange(len(asked))
    for size in (full, *range(full - WORD_WEIGHT, SHORT_WORDS * WORD_WEIGHT - 1, -WORD_WEIGHT)):
        if not len(left):
            return
        has = np.zeros(len(asked), bool)
        has[left[np.unique(_prints(asked.take(pa.array(left)), size)["row"])]] = True
        if has.any():
            yield size, np.flatnonzero(has)
        left = left[~has[left]]


def _spans(texts: pa.ChunkedArray, asked: pa.ChunkedArray, which: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """The spans that rows share with these evaluation rows."""
    wanted = _prints(asked.take(pa.array(which)), size)
    wanted["row"] = which[wanted["row"]]
    wanted = wanted[np.argsort(wanted["hash"], kind="stable")]
    sieve = np.zeros(1 << SIEVE_BITS, bool)
    sieve[wanted["hash"] & np.uint64(len(sieve) - 1)] = True
    pairs = []
    for start, stop in _blocks(texts):
        mine = _prints(texts.slice(start, stop - start), size)
        mine = mine[sieve[mine["hash"] & np.uint64(len(sieve) - 1)]]
        mine["row"] += start
        low, high = (np.searchsorted(wanted["hash"], mine["hash"], side=side) for side in ("left", "right"))
        often = high - low
        place = np.repeat(low - np.concatenate([[0], np.cumsum(often)[:-1]]) if len(often) else low, often) + np.arange(often.sum())
        pairs.append((mine[np.repeat(np.arange(len(mine)), often)], wanted[place]))
    mine = np.concatenate([wanted[:0], *(pair[0] for pair in pairs)])
    other = np.concatenate([wanted[:0], *(pair[1] for pair in pairs)])
    return _merged(mine, other)


def _merged(mine: np.ndarray, other: np.ndarray) -> dict[str, np.ndarray]:
    """Equal runs that follow each other in both rows are one span."""
    distance = mine["token"] - other["token"]
    order = np.lexsort((mine["token"], distance, other["row"], mine["row"]))
    mine, other, distance = mine[order], other[order], distance[order]
    is_first = np.ones(len(mine), bool)
    is_first[1:] = ((mine["row"][1:] != mine["row"][:-1]) | (other["row"][1:] != other["row"][:-1]) | (distance[1:] != distance[:-1])
                    | (mine["start"][1:] > mine["end"][:-1]))
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(mine))[:len(first)] - 1
    return {"row": mine["row"][first], "start": mine["start"][first], "end": mine["end"][last],
            "asked": other["row"][first], "asked_start": other["start"][first], "asked_end": other["end"][last]}


def _prints(texts: pa.ChunkedArray, size: int) -> np.ndarray:
    """Every run of the weight `size`, with its row and its place in the text as it is."""
    passages = compiled("passages")
    data, offsets, unusual = readable(texts)
    found = np.zeros(max(1, int(offsets[-1] - offsets[0])), passages.PRINT)
    found = found[:passages.prints(data, offsets, letters(), size, 1, found)]
    for row in unusual.tolist():
        own = found["row"] == row
        _, places = joined(texts[row].as_py())
        found["start"][own], found["end"][own] = places[found["start"][own]], places[found["end"][own]]
    return found


def _blocks(texts: pa.ChunkedArray) -> Iterator[tuple[int, int]]:
    """Runs of rows of about BLOCK_BYTES."""
    sizes = np.asarray(pc.fill_null(pc.binary_length(texts), 0).to_numpy(), np.int64)
    block = np.cumsum(sizes) // BLOCK_BYTES
    cuts = np.flatnonzero(np.diff(block)) + 1
    yield from zip([0, *cuts.tolist()], [*cuts.tolist(), len(texts)], strict=True)


def _cut(texts: pa.ChunkedArray, spans: dict[str, np.ndarray]) -> list[str]:
    rows, place = np.unique(spans["row"], return_inverse=True)
    held = texts.take(pa.array(rows)).to_pylist()
    return [held[row][start:end] for row, start, end in zip(place.tolist(), spans["start"].tolist(), spans["end"].tolist(), strict=True)]
