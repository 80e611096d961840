"""Rows that say nearly the same, found by MinHash over five-word shingles and verified pair by pair."""
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pyarrow as pa

from saem.core.errors import check_share
from saem.core.operator import operator
from saem.core.shapes import READERS, Made, Pairs
from saem.curate.candidates import similar
from saem.curate.edges import EDGE, edges, packed_lists, stars
from saem.curate.folding import buffers, folded_beyond_ascii, letters
from saem.curate.requiring import compiled

SIGNATURE = pa.schema([("keys", pa.list_(pa.uint32())), ("signature", pa.binary(1024)), ("words", pa.binary(16)),
                       ("content", pa.binary(16))])
MARGIN = 0.02              # of what is missing to 1: an estimate errs by about half of that, and must be so much above the threshold
CONTENT_KEY = 43           # tells the key of a row's exact content from those of the bands


def _reads(column: str = "text") -> list[str]:
    return [column]


def _checked(threshold: float = 0.65) -> None:
    check_share("threshold", threshold)


@operator(version="4", adds=SIGNATURE, key=[], takes=_reads)
def signatures(rows: pa.Table, column: str = "text") -> Made:
    """What `near_duplicates` compares, one row a text: the keys that similar rows share, 1,024 hashes of a byte, and what is equal for
    rows of the same shingles (`words`) and of the same bytes (`content`, 128 bits of SHA-256).

    A row without a word has the key of its content alone; a null has none.
    """
    minhash = compiled("minhash")
    texts = rows[column]
    data, offsets = buffers(texts)
    content = _contents(data, offsets)
    signature, bands, words, tokens, unusual = minhash.signatures(data, offsets, letters())
    few = np.flatnonzero(unusual)           # read again, folded as Python texts: the others are not copied
    if len(few):
        plain = pa.array([folded_beyond_ascii(text) for text in texts.take(pa.array(few)).to_pylist()], pa.large_string())
        signature[few], bands[few], words[few], tokens[few], _ = minhash.signatures(*buffers(plain), letters())
    keys = np.concatenate([_key_of(content)[:, None], bands], axis=1)
    is_known = texts.is_valid().to_numpy()
    lengths = np.where(is_known, np.where(tokens > 0, keys.shape[1], 1), 0)
    made = [packed_lists(keys, lengths), *(_fixed(each, is_known & (tokens > 0)) for each in (signature, words)), _fixed(content, is_known)]
    return Made(pa.table(made, schema=SIGNATURE), np.arange(len(rows)))


@operator(version="5", adds=EDGE, key=["right"], by="keys", through=signatures, first_of=["content", "words"], sees_readers=True,
          checks=_checked)
def near_duplicates(rows: Pairs, threshold: float = 0.65, column: str = "text") -> Made:
    """Pairs of rows whose texts share a large part of their shingles; a table of edges, never only of clusters.

    Writes one row a pair: `left` and `right`, the `_id`s of two rows of the parent table (left < right), their `similarity` and the
    `kind`: 'exact' for equal content, else 'near'. Edges may be read by those who may read both rows.

    threshold  the least similarity: the Jaccard index of the sets of shingles, as 1,024 hashes estimate it (error about .01; a pair must be
               estimated above the threshold by a fiftieth of what is missing to 1). Two rows at .8 are missed once in 300,000
               pairs, at .7 once in 200, just above .65 once in 10
    column     the text

    A shingle is five words, or fifteen Hangul syllables whatever the spaces between them. Case, width, composition and invisible
    letters make no difference, punctuation neither; numbers do. Of n rows with equal content n - 1 edges are kept, to the one with
    the smallest id; so also of n rows with the same shingles ('near', similarity 1). Other rows are compared with
    that one only. Where equal rows have different readers, each kind of readers has such a row of its own, so that what a person sees
    of his rows hangs on none that he may not read. A family of n similar, unequal rows has up to n (n - 1) / 2 edges: no bucket is cut off.
    """
    minhash = compiled("minhash")
    copies = stars(rows["content"], rows[READERS])
    twins = stars(rows["words"], rows[READERS], copies.kept)
    kept = twins.kept
    signature, lists = _signature(rows["signature"]), rows["keys"].combine_chunks()
    starts = lists.offsets.to_numpy()[:-1][kept] - lists.offsets[0].as_py() + 1      # behind the key of the content
    met = similar(lists.flatten().to_numpy(), starts, minhash.BANDS, kept, rows["_asked"].to_numpy()[kept],
                         lambda pairs: minhash.resemblance(signature, kept, pairs), threshold + MARGIN * (1 - threshold), "near")
    return edges(rows["_row"], [copies.found("exact"), copies.of_others(twins.found("near")), twins.of_others(met)])


def _contents(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(n, 2) uint64: rows are called equal by it, so whoever writes texts must not be able to make two of them equal."""
    whole, bounds = data.data, pairwise(offsets.tolist())
    hashed = b"".join([sha256(whole[start:end], usedforsecurity=False).digest()[:16] for start, end in bounds])
    return np.frombuffer(hashed, "<u8").reshape(-1, 2)


def _key_of(content: np.ndarray) -> np.ndarray:
    """(n, 2) uint64 -> (n,) uint32."""
    mixed = (content[:, 0] ^ np.uint64(CONTENT_KEY)) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(mixed >> np.uint64(32), np.uint32)


def _fixed(values: np.ndarray, is_known: np.ndarray) -> pa.Array:
    """(n, ...) numbers -> one binary value a row."""
    width = values.nbytes // max(1, len(values)) or values.dtype.itemsize * int(np.prod(values.shape[1:]))
    mask = None if is_known.all() else pa.py_buffer(np.packbits(is_known, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.binary(width), len(values), [mask, pa.py_buffer(np.ascontiguousarray(values))])


def _signature(column: pa.ChunkedArray) -> np.ndarray:
    """(n * 1024,) uint8, where they lie."""
    whole = column.combine_chunks()
    return np.frombuffer(whole.buffers()[1], np.uint8, 1024 * len(whole), 1024 * whole.offset)
