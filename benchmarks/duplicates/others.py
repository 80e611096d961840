"""Semantic and image duplicates: vectors and pictures drawn here, one in ten and one in two of them a planted twin."""
import io
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from PIL import Image

from benchmarks.figure import Figure
from saem.core.operator import Operator
from saem.curate import image_duplicates, semantic_duplicates
from saem.curate.image_duplicates import looks
from saem.curate.semantic_duplicates import directions

VECTORS, DIMENSIONS, PICTURES = 10_000, 384, 2_000

Compared = Callable[[pa.Table], pa.Table]


def other_searches(ready: Compared) -> Iterator[Figure]:
    """`ready` gives rows the columns that an operator on pairs is given beside its own."""
    dice = np.random.default_rng(5)
    few = VECTORS // 10
    base = dice.normal(size=(VECTORS - few, DIMENSIONS)).astype(np.float32)
    vectors = np.concatenate([base, base[:few] + .2 * dice.normal(size=(few, DIMENSIONS)).astype(np.float32)])      # cosines of .98
    rows = pa.table({"embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), DIMENSIONS)})
    directions.function(rows.slice(0, 10))
    wanted = {(number, VECTORS - few + number) for number in range(few)}
    yield from measured("semantic: 384 dimensions, a CPU-s", "vectors", rows, directions, semantic_duplicates, ready, wanted)
    drawn = [each for number in range(PICTURES // 2) for each in _twins(np.random.default_rng(number))]
    rows = pa.table({"content": pa.array(drawn, pa.large_binary())})
    yield from measured("images: 320 x 240, PNG and smaller JPEG, a CPU-s", "pictures", rows, looks, image_duplicates, ready,
                        {(number, number + 1) for number in range(0, PICTURES, 2)})


def measured(what: str, unit: str, rows: pa.Table, first: Operator, second: Operator, ready: Compared,
             wanted: set[tuple[int, int]]) -> Iterator[Figure]:
    clock = time.process_time()
    made = first.function(rows).rows
    keyed = time.process_time() - clock
    found = second.function(ready(made))
    whole = time.process_time() - clock
    pairs = set(zip(found.origin.tolist(), found.others[0].tolist(), strict=True))
    yield Figure(what, len(rows) / whole, unit, note=f"{keyed:.2f} s before the pairs, {whole - keyed:.3f} s for them; planted pairs found "
                 f"{len(pairs & wanted) / len(wanted):.3f} of {len(wanted):,}, others {len(pairs - wanted)}")


def _twins(dice: np.random.Generator) -> tuple[bytes, bytes]:
    """One picture, and it again, smaller and compressed."""
    picture = Image.fromarray(dice.integers(0, 256, (8, 8, 3)).astype(np.uint8)).resize((320, 240), Image.Resampling.BICUBIC)
    whole, small = io.BytesIO(), io.BytesIO()
    picture.save(whole, "PNG")
    picture.resize((240, 180)).save(small, "JPEG", quality=60)
    return whole.getvalue(), small.getvalue()
