"""Pictures of text become pieces with their places: by tesseract (Apache-2.0), a program of its own, where it is installed.

It is started with a list of arguments, gets the picture through its standard input and writes no file, so that it also runs
where parsers are shut in; a parser that uses it says PROGRAMS = ("tesseract",).
"""
import io
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from saem.core.errors import SaemError
from saem.transform.parse._decode import clean
from saem.transform.parse._piece import Box, Piece, Rule, quarter
from saem.transform.parse._scan import evened, wiped

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = "2"
PROGRAM = "tesseract"
LANGUAGES = ("kor", "eng")
DOTS_PER_INCH = 300                   # that a page is drawn with
MAX_PIXELS = 30_000_000               # that are looked through; a larger picture is made smaller
TIMEOUT_S = 120                       # for one picture
MIN_CONFIDENCE = 0.40                 # of a line's words; dust and pictures give lines below
BLOCK, COLUMNS, TURNED = "6", "4", "0"        # what it takes a picture for: one block of lines; columns; or it tells how it is turned
SURE_OF_PAGE = 0.90                   # below, it is read a second way too
UPRIGHT = 0.70                        # below, it may be turned
MIN_LEGIBLE = 0.60                    # of a page's words on average: below, what is read is not told
FEW_WORDS = 60                        # of a page whose turn is found by trying
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


class Reading(NamedTuple):
    """pieces    in points of the picture as it is given; on a page in several columns they stand side by side
    rules       that are drawn there, of tables
    angle       at which the text runs there, counterclockwise: 0, 90, 180 or 270
    confidence  of the program in its words, weighted by their length, from 0 to 1
    """
    pieces: list[Piece]
    rules: list[Rule]
    angle: int
    confidence: float

    @property
    def is_legible(self) -> bool:
        return bool(self.pieces) and self.confidence >= MIN_LEGIBLE

    @property
    def failing(self) -> str:
        """Why its text is not told."""
        if not self.pieces:
            return "no text was found"
        return f"its text could be read with a confidence of {self.confidence:.0%} alone, and below {MIN_LEGIBLE:.0%} it is not told"


NOTHING = Reading([], [], 0, 0.0)


def recognise(picture: "Image", points_per_pixel: float, path: str) -> Reading:
    """The text of a picture in shades of grey.

    Without its rules it is read as one block, whose lines are cut at wide gaps and put in order by our own layout: the program's own
    layout, its default, loses half of what is printed in Korean (benchmarks/ocr.py).

    Raises: E406 where tesseract fails, E401 where it is not installed.
    """
    known = [name for name in LANGUAGES if name in _languages()]
    if not known:
        raise SaemError("E401", "tesseract is installed without Korean and English", where=path, fix=INSTALL)
    dots = str(min(max(round(72 / points_per_pixel), 70), 2400))
    picture, rules = wiped(evened(picture), points_per_pixel)
    lines, angle = _read(picture, known, dots, path), 0
    if _confidence(lines) < UPRIGHT:
        for turn in _turns(picture, lines, dots, path):
            turned = _read(_upright(picture, turn), known, dots, path)
            if _worth(turned) > _worth(lines):
                lines, angle = turned, turn
    heights = [_height(line) for line in lines]
    usual = median(heights) if heights else 0.0
    pieces = [piece for line, height in zip(lines, heights, strict=True)
              for piece in _pieces(line, usual if 0.7 * usual < height < 1.4 * usual else height, points_per_pixel)]
    if angle:
        _, back = quarter(angle, picture.width * points_per_pixel, picture.height * points_per_pixel)
        pieces = [_moved(piece, back) for piece in pieces]
    return Reading(pieces, rules, angle, _confidence(lines))


def _read(picture: "Image", languages: list[str], dots: str, path: str) -> list[list[_Word]]:
    """The lines of a picture that is upright: as a block, and where that is doubtful in columns, whichever is worth more."""
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    best: list[list[_Word]] = []
    for mode in (BLOCK, COLUMNS):
        lines = _lines(_run(content.getvalue(), "+".join(languages), mode, dots, path))
        if "kor" in languages and any(_is_doubtful(word, line) for line in lines for word in line):
            # with two languages, short Korean words are often taken for Latin letters: Korean alone decides those
            lines = _corrected(lines, _lines(_run(content.getvalue(), "kor", mode, dots, path)))
        lines = [line for line in lines if _confidence([line]) >= MIN_CONFIDENCE]
        best = max(best, lines, key=_worth)
        if _confidence(best) >= SURE_OF_PAGE:
            break
    return best


def _confidence(lines: list[list[_Word]]) -> float:
    chars = sum(len(word.text) for line in lines for word in line)
    return sum(word.confidence * len(word.text) for line in lines for word in line) / (100 * chars) if chars else 0.0


def _worth(lines: list[list[_Word]]) -> float:
    """What is read surely counts, what is guessed counts against."""
    return sum((word.confidence - DOUBTED) * len(word.text) for line in lines for word in line)


def _turns(picture: "Image", lines: list[list[_Word]], dots: str, path: str) -> list[int]:
    """The angles at which the text may run; all of them where the program cannot tell and there is little to read."""
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    try:
        told = re.search(r"Rotate: (\d+)", _run(content.getvalue(), "osd", TURNED, dots, path))
    except SaemError:                                          # too few letters, or no data for it
        told = None
    if told and told[1] != "0":
        return [int(told[1])]
    return [90, 270, 180] if sum(map(len, lines)) <= FEW_WORDS else []


def _upright(picture: "Image", angle: int) -> "Image":
    from PIL import Image
    return picture.transpose({90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}[angle])


def _moved(piece: Piece, back: Callable[[Box], Box]) -> Piece:
    left, top, right, bottom = back((piece.left, piece.top, piece.right, piece.bottom))
    return piece._replace(left=left, top=top, right=right, bottom=bottom, words=tuple((at, back(box)) for at, box in piece.words))


def _run(content: bytes, languages: str, mode: str, dots: str, path: str) -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise SaemError("E401", "the text of a picture is read by tesseract, which is not installed", where=path, fix=INSTALL)
    command = [program, "stdin", "stdout", "-l", languages, "--dpi", dots, "--psm", mode]
    command += ["-c", "min_characters_to_try=10"] if mode == TURNED else ["-c", "preserve_interword_spaces=1", "tsv", "txt"]
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
    text = ""
    places: list[tuple[int, Box]] = []
    for word in words:
        text += " " if text and word.has_space else ""
        left, top, right, bottom = word.box
        places.append((len(text), (scale * left, scale * top, scale * right, scale * bottom)))
        text += clean(word.text)
    left, top = (min(box[side] for _, box in places) for side in (0, 1))
    right, bottom = (max(box[side] for _, box in places) for side in (2, 3))
    return Piece(text, left, top, right, bottom, scale * height, words=tuple(places), confidence=_confidence([words]))
