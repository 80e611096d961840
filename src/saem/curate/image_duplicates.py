"""Pictures that look the same, whatever their format, size or compression."""
from itertools import combinations

import numpy as np
import pyarrow as pa

from saem.core.operator import operator
from saem.core.shapes import READERS, Made, Pairs
from saem.curate.candidates import similar
from saem.curate.edges import EDGE, edges, packed_lists, stars
from saem.transform.parse import _picture

LOOK = pa.schema([("keys", pa.list_(pa.uint32())), ("look", pa.uint64())])
SIDE, KEPT = 32, 8         # pixels that are looked at; frequencies that are kept of them, each way
PARTS, CLEAN = 8, 2        # of 8 bytes, 2 are without a flaw where at most 6 bits differ: so 28 keys lose none of those pairs
MAX_BITS = 6
MIN_CONTRAST = 2.0         # of 255: an empty picture looks like no other
STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"RIFF")


def _reads(column: str = "content") -> list[str]:
    return [column]


@operator(version="1", adds=LOOK, key=[], takes=_reads)
def looks(rows: pa.Table, column: str = "content") -> Made:
    """What `image_duplicates` compares, one row a picture: a 64-bit perceptual hash. What is no picture, or an empty one, has none."""
    found = [_look(content) for content in rows[column].to_pylist()]
    values = np.array([look or 0 for look in found], np.uint64)
    octets = (values[:, None] >> np.arange(0, 64, 8, dtype=np.uint64)) & np.uint64(0xFF)
    keys = np.stack([(np.uint64(number) << np.uint64(16) | octets[:, a] << np.uint64(8) | octets[:, b]).astype(np.uint32)
                     for number, (a, b) in enumerate(combinations(range(PARTS), CLEAN))], axis=1)
    lengths = np.array([0 if look is None else keys.shape[1] for look in found], np.int64)
    return Made(pa.table([packed_lists(keys, lengths), pa.array(found, pa.uint64())], schema=LOOK), np.arange(len(rows)))


@operator(version="2", adds=EDGE, key=["right"], by="keys", through=looks, first_of=["look"], sees_readers=True)
def image_duplicates(rows: Pairs, max_bits: int = MAX_BITS, column: str = "content") -> Made:
    """Pairs of pictures that look the same: their perceptual hashes differ in at most `max_bits` of 64 bits (up to 6; none is missed).

    Writes edges as `near_duplicates` does, of the kind 'image'; `similarity` is the share of equal bits. A picture that was scaled,
    converted or compressed anew is found, one that was cropped or turned is not. Of pictures with one hash, the one with the smallest
    id stands for all. PNG, JPEG, TIFF, BMP and WebP; a broken one is in quarantine.
    """
    equal = stars(rows["look"], rows[READERS])
    found, kept = [equal.found("image")], equal.kept
    if len(kept):
        column_of = rows.take(pa.array(kept))
        hashes = column_of["look"].to_numpy()
        keys = column_of["keys"].combine_chunks().flatten().to_numpy()
        bands = len(keys) // len(kept)
        met = similar(keys, np.arange(len(kept)) * bands, bands, kept, rows["_asked"].to_numpy()[kept],
                             lambda pairs: _equal_bits(hashes, pairs), 1 - min(max_bits, MAX_BITS) / 64, "image")
        found.append(equal.of_others(met))
    return edges(rows["_row"], found)


def _equal_bits(hashes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(n,) uint64, (m, 2) -> (m,) the share of 64 bits that are the same."""
    differing = hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]]
    return 1 - np.asarray(np.unpackbits(differing.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1) / 64)


def _look(content: bytes | None) -> int | None:
    """Which of the low frequencies are above their median. Source: Zauner 2010, "Implementation and benchmarking of perceptual hashes"."""
    if not content or not content.startswith(STARTS):
        return None
    with _picture.opened(content, "") as picture:
        grey, _ = _picture.grey(*_picture.page(picture, 0, ""))
    pixels = np.asarray(grey.resize((SIDE, SIDE), resample=1), np.float64)      # Lanczos
    if pixels.std() < MIN_CONTRAST:
        return None
    place = np.arange(SIDE)
    waves = np.cos(np.pi * (2 * place[None, :] + 1) * np.arange(KEPT)[:, None] / (2 * SIDE))
    low = (waves @ pixels @ waves.T).reshape(-1)
    low[0] = np.median(low[1:])       # the mean brightness says nothing
    bits = low > np.median(low[1:])
    return int(np.packbits(bits).view(">u8")[0])
