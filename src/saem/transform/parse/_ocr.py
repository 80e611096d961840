"""Pictures of text become pieces with their places: by tesseract (Apache-2.0), a program of its own, where it is installed.

It is started with a list of arguments, gets the picture through its standard input and writes no file, so that it also runs
where parsers are shut in; a parser that uses it says PROGRAMS = ("tesseract",).
"""
import io
import os
import re
import shutil
import subprocess
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from saem.core.errors import SaemError
from saem.transform.parse._decode import clean
from saem.transform.parse._piece import Box, Piece

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = "1"
PROGRAM = "tesseract"
LANGUAGES = ("kor", "eng")
DOTS_PER_INCH = 300                   # that a page is drawn with
MAX_PIXELS = 30_000_000               # that are looked through; a larger picture is made smaller
TIMEOUT_S = 120                       # for one picture
MIN_CONFIDENCE = 40                   # per cent of a line, word by word; dust and pictures give lines below
PAGE, SPARSE = "3", "11"              # how it looks for text: as on a page in columns; here and there
MIN_INK = 1_500                       # dark pixels: fewer left are dust
SURE_OF_REST = 70
KOREAN_FIRST = 15                     # per cent that Korean letters may be less sure of in such a line
DOUBTED = 50                          # per cent; any word below
SURE = 88                             # per cent; a word in Latin letters in a Korean line is below when it is none
WIDE_GAP = 1.3                        # between words of one piece, of the line's height
INSTALL = "apt install tesseract-ocr tesseract-ocr-kor (macOS: brew install tesseract tesseract-lang), then: saem retry"

_HANGUL = re.compile("[가-힣]")
_LETTER = re.compile(r"[^\W\d_]")


class _Word(NamedTuple):
    text: str
    box: Box                          # pixels
    confidence: float
    has_space: bool                   # before it


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def depends() -> list[str]:
    """What the result of recognition depends on: the program's version and its languages; 'none' where it is not installed."""
    return [f"ocr={VERSION} {PROGRAM}={_version() if is_installed() else 'none'}"]


def missing_languages() -> list[str]:
    return [name for name in LANGUAGES if name not in _languages()]


def recognise(picture: "Image", points_per_pixel: float, path: str) -> list[Piece]:
    """The pieces of a picture in shades of grey, in points. A page in several columns gives pieces side by side.

    Raises: E406 where tesseract fails, E401 where it is not installed.
    """
    known = [name for name in LANGUAGES if name in _languages()]
    if not known:
        raise SaemError("E401", "tesseract is installed without Korean and English", where=path, fix=INSTALL)
    dots = str(min(max(round(72 / points_per_pixel), 70), 2400))
    lines = _read(picture, known, PAGE, dots, path)
    rest = _without(picture, lines)
    if rest is not None:
        lines += [line for line in _read(rest, known, SPARSE, dots, path) if sum(w.confidence for w in line) >= SURE_OF_REST * len(line)]
    heights = [_height(line) for line in lines]
    usual = median(heights) if heights else 0.0
    return [piece for line, height in zip(lines, heights, strict=True)
            for piece in _pieces(line, usual if 0.7 * usual < height < 1.4 * usual else height, points_per_pixel)]


def _read(picture: "Image", languages: list[str], mode: str, dots: str, path: str) -> list[list[_Word]]:
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    lines = _lines(_run(content.getvalue(), "+".join(languages), mode, dots, path))
    if "kor" in languages and any(_is_doubtful(word, line) for line in lines for word in line):
        # with two languages, short Korean words are often taken for Latin letters: Korean alone decides those
        lines = _corrected(lines, _lines(_run(content.getvalue(), "kor", mode, dots, path)))
    return [line for line in lines if sum(w.confidence * len(w.text) for w in line) >= MIN_CONFIDENCE * sum(len(w.text) for w in line)]


def _without(picture: "Image", lines: list[list[_Word]]) -> "Image | None":
    """The picture without the lines that were read, where enough ink is left: lone titles are often passed over."""
    import numpy as np
    from PIL import Image
    pixels = np.array(picture)
    if lines and np.median(pixels) < 128:                       # light letters on dark: tesseract has turned it over by itself
        return None
    for line in lines:
        left, top = (max(0, int(min(w.box[k] for w in line)) - 4) for k in (0, 1))
        right, bottom = (int(max(w.box[k] for w in line)) + 4 for k in (2, 3))
        pixels[top:bottom, left:right] = 255
    ink = pixels < 110
    is_rule = ink.mean(axis=1) > 0.4                            # a line across the page is no letter
    return Image.fromarray(pixels) if lines and ink[~is_rule].sum() > MIN_INK else None


def _run(content: bytes, languages: str, mode: str, dots: str, path: str) -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise SaemError("E401", "the text of a picture is read by tesseract, which is not installed", where=path, fix=INSTALL)
    command = [program, "stdin", "stdout", "-l", languages, "--dpi", dots, "--psm", mode, "-c", "preserve_interword_spaces=1", "tsv", "txt"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=TIMEOUT_S, check=False, env=_environment())
    except subprocess.TimeoutExpired as error:
        raise SaemError("E406", f"tesseract has not read a picture within {TIMEOUT_S} s", where=path,
                        fix="leave it out (.saemignore)") from error
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise SaemError("E406", f"tesseract ended with {done.returncode}: {said}", where=path, fix="does `tesseract FILE -` read it?")
    return done.stdout.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}      # files are read side by side already


@cache
def _languages() -> tuple[str, ...]:
    if not is_installed():
        return ()
    return tuple(sorted(_said("--list-langs").split()[1:]))


@cache
def _version() -> str:
    found = re.search(r"tesseract v?(\S+)", _said("--version"))
    return f"{found[1] if found else '?'}:{'+'.join(name for name in LANGUAGES if name in _said('--list-langs').split())}"


@cache
def _said(option: str) -> str:
    try:
        done = subprocess.run([shutil.which(PROGRAM) or PROGRAM, option], capture_output=True, timeout=20, check=False, env=_environment())
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).decode("utf-8", "replace")


def _lines(output: str) -> list[list[_Word]]:
    """Words by line. The table has their boxes, but takes each Korean syllable for a word; the text after it has the spaces."""
    rows: dict[tuple[str, ...], list[_Word]] = {}
    texts: list[str] = []
    for line in output.split("\n")[1:]:
        fields = line.split("\t")
        if len(fields) != 12:
            texts.append(line)
        elif fields[0] == "5" and fields[11].strip():
            left, top, width, height = (float(f) for f in fields[6:10])
            box = (left, top, left + width, top + height)
            rows.setdefault(tuple(fields[1:5]), []).append(_Word(fields[11].strip(), box, float(fields[10]), True))
    spaced = iter(text for text in texts if text.strip())
    return [_spaced(words, next(spaced, "")) for words in rows.values()]


def _spaced(words: list[_Word], text: str) -> list[_Word]:
    """The words of a line, each with whether a space stands before it in the line's text."""
    made: list[_Word] = []
    at = 0
    for word in words:
        found = text.find(word.text, at)
        gap = text[at:found]
        if found < 0 or gap.strip():
            return words
        made.append(word._replace(has_space=bool(gap)))
        at = found + len(word.text)
    return made


def _is_doubtful(word: _Word, line: list[_Word]) -> bool:
    if word.confidence >= SURE or _HANGUL.search(word.text) and word.confidence >= DOUBTED:
        return False
    if not _LETTER.search(word.text) and word.confidence >= DOUBTED:
        return False
    korean = sum(len(_HANGUL.findall(each.text)) for each in line)
    return 2 * korean >= sum(len(each.text) for each in line)


def _corrected(lines: list[list[_Word]], korean: list[list[_Word]]) -> list[list[_Word]]:
    others = [word for line in korean for word in line]
    made = []
    for line in lines:
        made.append(list(line))
        for number, word in enumerate(line):
            if not _is_doubtful(word, line):
                continue
            left, top, right, bottom = word.box
            inside = [other for other in others
                      if left - 2 <= sum(other.box[::2]) / 2 <= right + 2 and top <= sum(other.box[1::2]) / 2 <= bottom]
            text = "".join(" " * (o.has_space and k > 0) + o.text for k, o in enumerate(inside))
            if not inside or not _HANGUL.search(text) and word.confidence >= DOUBTED:
                continue
            handicap = KOREAN_FIRST if _HANGUL.search(text) else 0
            if sum(o.confidence for o in inside) / len(inside) > word.confidence - handicap:
                made[-1][number] = word._replace(text=text, confidence=inside[0].confidence)
    return made


def _height(line: list[_Word]) -> float:
    """Of a line, as most of its words tell its top and bottom."""
    return median(w.box[3] for w in line) - min(sorted(w.box[1] for w in line)[len(line) // 4:])


def _pieces(line: list[_Word], height: float, scale: float) -> list[Piece]:
    """A line, cut at wide gaps."""
    groups: list[list[_Word]] = []
    right = 0.0
    for word in line:
        if not groups or word.box[0] - right > WIDE_GAP * height:
            groups.append([])
        groups[-1].append(word)
        right = word.box[2] if len(groups[-1]) == 1 else max(right, word.box[2])
    return [_piece(group, height, scale) for group in groups]


def _piece(words: list[_Word], height: float, scale: float) -> Piece:
    text, places = "", []
    for word in words:
        text += " " if text and word.has_space else ""
        places.append((len(text), tuple(scale * side for side in word.box)))
        text += clean(word.text)
    boxes = [box for _, box in places]
    top, bottom = min(b[1] for b in boxes), max(b[3] for b in boxes)
    return Piece(text, min(b[0] for b in boxes), top, max(b[2] for b in boxes), bottom, scale * height, words=tuple(places))  # type: ignore[arg-type]
