"""Passages that stand in two rows, with their places."""
import numpy as np
import pyarrow as pa

from saem.core.operator import operator
from saem.core.shapes import Made, Pairs
from saem.curate.edges import EDGE, SHARES, Found, edges
from saem.curate.folding import joined, letters, readable
from saem.curate.requiring import compiled

PRINTS = pa.schema([("prints", pa.list_(pa.uint64())), ("tokens", pa.list_(pa.uint32())), ("starts", pa.list_(pa.uint32())),
                    ("ends", pa.list_(pa.uint32())), ("size_chars", pa.uint32())])
SPAN = pa.struct([(name, pa.uint32()) for name in ("left_start", "left_end", "right_start", "right_end")])
WORD_WEIGHT = 6            # see kernels/minhash.py


def _reads(column: str = "text") -> list[str]:
    return [column]


@operator(version="1", adds=PRINTS, key=[], takes=_reads)
def fingerprints(rows: pa.Table, column: str = "text", min_words: int = 50) -> Made:
    """What `repeated_passages` compares, one row a text: hashes of some of its passages, with their places."""
    passages = compiled("passages")
    texts = rows[column]
    data, offsets, unusual = readable(texts)
    words = min_words // 2 + 1              # fingerprints of one passage then overlap by a word at least
    found = np.zeros(1024, passages.PRINT)
    while (count := passages.prints(data, offsets, letters(), words * WORD_WEIGHT, max(1, min_words - words + 1), found)) > len(found):
        found = np.zeros(count, passages.PRINT)
    found = found[:count]
    for row in unusual.tolist():            # places are those of the text as it is
        own = found["row"] == row
        _, places = joined(texts[row].as_py())
        found["start"][own], found["end"][own] = places[found["start"][own]], places[found["end"][own]]
    order = np.lexsort((np.arange(count), found["hash"], found["row"]))
    is_first = np.ones(count, bool)
    is_first[1:] = (np.diff(found["row"][order]) != 0) | (found["hash"][order][1:] != found["hash"][order][:-1])
    found = found[order[is_first]]
    begins = pa.array(np.searchsorted(found["row"], np.arange(len(rows) + 1)).astype(np.int32))
    lists = [pa.ListArray.from_arrays(begins, pa.array(found[name].astype(kind)))
             for name, kind in (("hash", np.uint64), ("token", np.uint32), ("start", np.uint32), ("end", np.uint32))]
    sizes = pa.compute.fill_null(pa.compute.utf8_length(texts), 0).cast(pa.uint32())
    return Made(pa.table([*lists, sizes], schema=PRINTS), np.arange(len(rows)))


@operator(version="2", adds=pa.schema([*EDGE, *SHARES, ("spans", pa.list_(SPAN))]), key=["right"], by="prints", through=fingerprints,
          first_of=["prints"])
def repeated_passages(rows: Pairs, column: str = "text", min_words: int = 50) -> Made:
    """Pairs of rows that hold the same passage, with the places of all that they share.

    Writes edges as `near_duplicates` does, of the kind 'passage', and `spans`: characters [start, end) in the left and in the right
    row between which the same words stand (as 64-bit hashes of overlapping runs of words tell); they may end up to half of
    `min_words` early on either side. `left_share` and `right_share` tell how much of each row they cover, `similarity` is the greater
    of the two: a policy lets only a row give way of which so much is covered, never the document that holds it and much else.

    min_words  no shared passage of that length is missed (of Hangul: of 2 syllables a word). A passage that comes again within a
               row counts where it stands first

    A row is joined to the one with the smallest id that has the same fingerprint: of n rows with one passage about n edges are kept,
    not n (n - 1) / 2.
    """
    passages = compiled("passages")
    prints, begins = _prints(rows, passages.PRINT)
    left, right = _met(prints, len(rows))
    places, pair = passages.spans(left, right, begins, prints)
    lengths = np.bincount(pair, minlength=len(left))
    order = np.argsort(pair, kind="stable")
    fields = [pa.array(places[order, k].astype(np.uint32)) for k in range(4)]
    spans = pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)),
                                     pa.StructArray.from_arrays(fields, fields=list(SPAN)))
    size = rows["size_chars"].to_numpy().astype(np.int64)
    shares = [np.minimum(1.0, np.bincount(pair, places[:, end] - places[:, end - 1], len(row)) / np.maximum(1, size[row]))
              for row, end in ((left, 1), (right, 3))]
    made = edges(rows["_row"], [Found(left, right, np.maximum(*shares), "passage")])
    more = [*(pa.array(share.astype(np.float32)) for share in shares), spans]
    return Made(pa.table([*made.rows.columns, *more], names=[*EDGE.names, *SHARES.names, "spans"]), made.origin, made.others)


def _prints(rows: pa.Table, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """(all fingerprints, ordered by row and hash; where those of each row begin)."""
    lists = rows["prints"].combine_chunks()
    lengths = lists.value_lengths().fill_null(0).to_numpy()
    made = np.zeros(int(lengths.sum()), kind)
    made["row"] = np.repeat(np.arange(len(rows)), lengths)
    for name, column in (("hash", "prints"), ("token", "tokens"), ("start", "starts"), ("end", "ends")):
        made[name] = rows[column].combine_chunks().flatten().to_numpy()
    return made, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _met(prints: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that share a fingerprint with the first row that holds it: (left, right), each pair once."""
    order = np.lexsort((prints["row"], prints["hash"]))
    hashes, row = prints["hash"][order], prints["row"][order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = hashes[1:] != hashes[:-1]
    holder = row[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))] if len(order) else row
    pairs = np.unique(holder[~is_first] * rows + row[~is_first])
    return pairs // max(1, rows), pairs % max(1, rows)
