"""A picture of a page made ready for recognition: its paper white, its drawn lines found - they tell tables - and wiped out.

Tesseract takes a table whose rules are drawn for a picture, or its rules for letters; without them it reads the cells.
"""
from typing import TYPE_CHECKING, Any

from saem.transform.parse._piece import Rule

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = "1"
MIN_LENGTH, LONG = 28.0, 100.0        # points; strokes of large letters are shorter than a rule, or thicker
MAX_THICKNESS, MAX_LONG_THICKNESS = 2.0, 4.0
DARK = 0.55                           # of the paper's lightness
MAX_INK = 0.25                        # of the page that rules cover: more is a photograph
MAX_RUNS = 20_000
MIN_WHITE = 0.5                       # of a clean scan
SHRUNK = 16                           # the paper's light is looked at so much smaller: letters vanish
INK, PAPER = 0.25, 0.80               # shares of that light that are black and white
MARGIN = 1                            # pixels around a rule that are wiped out too: its grey edge


def wiped(picture: "Image", points_per_pixel: float) -> tuple["Image", list[Rule]]:
    """(the picture in shades of grey without its rules, the rules in points). Light letters on dark are left as they are."""
    import numpy as np
    from PIL import Image
    pixels = np.array(picture)
    paper = float(np.median(pixels))
    if paper < 128:
        return picture, []
    dark = pixels < DARK * paper
    found: list[Rule] = []
    for is_down in (False, True):
        for top, bottom, left, right in _bars(dark.T if is_down else dark, max(8, round(MIN_LENGTH / points_per_pixel))):
            length, thickness = (right - left) * points_per_pixel, (bottom - top) * points_per_pixel
            if thickness <= (MAX_LONG_THICKNESS if length >= LONG else MAX_THICKNESS):
                place = (top, left, bottom, right) if is_down else (left, top, right, bottom)
                found.append(Rule(*(points_per_pixel * side for side in place)))
                x0, y0, x1, y1 = place
                pixels[max(0, y0 - MARGIN):y1 + MARGIN, max(0, x0 - MARGIN):x1 + MARGIN] = round(paper)
    return (Image.fromarray(pixels) if found else picture), found


def evened(picture: "Image") -> "Image":
    """A photograph's paper made white: its light divided by that of its surroundings, so that shadows and noise go and letters stay.

    A clean scan is left as it is. (Tesseract takes minutes over a noisy page, and reads dust.)
    """
    import numpy as np
    from PIL import Image, ImageFilter
    pixels = np.asarray(picture)
    if (pixels >= 250).mean() > MIN_WHITE or np.median(pixels) < 128:
        return picture
    small = picture.resize((max(1, picture.width // SHRUNK), max(1, picture.height // SHRUNK)), Image.Resampling.BOX)
    paper = small.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(3)).resize(picture.size, Image.Resampling.BILINEAR)
    soft = np.asarray(picture.filter(ImageFilter.MedianFilter(3)), np.float32)
    share = soft / np.maximum(np.asarray(paper, np.float32), 1)
    return Image.fromarray((np.clip((share - INK) / (PAPER - INK), 0, 1) * 255).astype(np.uint8))


def _bars(dark: Any, length: int) -> list[tuple[int, int, int, int]]:
    """(top, bottom, left, right) of what is dark for at least so many pixels across, row upon row. dark: (rows, columns) bool."""
    import numpy as np
    if dark.shape[1] <= length:
        return []
    sums = np.cumsum(dark, axis=1, dtype=np.int32)
    full = np.zeros_like(dark)                                # a run of `length` begins here
    full[:, :-length] = sums[:, length:] - sums[:, :-length] == length
    if full.mean() > MAX_INK:
        return []
    edges = np.diff(full.astype(np.int8), axis=1, prepend=0, append=0)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1] + length
    if len(rows) > MAX_RUNS:
        return []
    open_: list[list[int]] = []
    done: list[list[int]] = []
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        done += [bar for bar in open_ if bar[1] < row]
        open_ = [bar for bar in open_ if bar[1] >= row]
        touching = next((bar for bar in open_ if bar[2] < end and start < bar[3]), None)
        if touching is None:
            open_.append([row, row + 1, start, end])
        else:
            touching[1:] = [row + 1, min(touching[2], start), max(touching[3], end)]
    return [(top, bottom, left, right) for top, bottom, left, right in (*done, *open_)]
