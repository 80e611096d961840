"""How well pictures of text are read: pages that are drawn here, by tesseract's own ways of looking at a page and by saem's.

    python -m benchmarks.ocr [NAME ...]     # Korean pages need NanumGothic (apt install fonts-nanum), English ones Liberation Serif
"""
import sys
import time
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from saem.transform.parse import _layout, _ocr, _picture
from saem.transform.parse._reading import sheet
from saem.transform.parse._written import write

HANDBOOK = Path(__file__).parents[1] / "examples" / "handbook"
FONTS = "/usr/share/fonts/truetype"
KOREAN, ENGLISH = f"{FONTS}/nanum/NanumGothic.ttf", f"{FONTS}/liberation/LiberationSerif-Regular.ttf"
WIDTH, HEIGHT = 1650, 1100            # pixels
FEES = {KOREAN: [["직급", "일비", "식비"], ["사원", "23,500원", "31,000원"], ["과장", "35,200원", "44,000원"],
                 ["임원", "47,900원", "62,000원"]],
        ENGLISH: [["Item", "Fee", "Due"], ["Badge", "9,876 won", "on return"], ["Locker key", "12,500 won", "in June"]]}
MODES = ("3", "4", "6", "11")         # tesseract's: the page, a column of lines of any size, a block of lines, letters here and there

Page = tuple[Image.Image, str]        # and what is written on it, in reading order


def pages() -> dict[str, Callable[[], Page]]:
    made: dict[str, Callable[[], Page]] = {}
    for language, font in (("ko", KOREAN), ("en", ENGLISH)):
        words = " ".join(path.read_text("utf-8") for path in sorted((HANDBOOK / language).glob("*.md")))
        words = "".join(" " if character in "#*|`_-" else character for character in words)
        made |= {f"{language} one column": lambda font=font, words=words: _columns(font, words, 1),
                 f"{language} two columns": lambda font=font, words=words: _columns(font, words, 2),
                 f"{language} lines far apart": lambda font=font, words=words: _columns(font, words, 1, pitch=130),
                 f"{language} table with rules": lambda font=font: _table(font, has_rules=True),
                 f"{language} table without": lambda font=font: _table(font, has_rules=False)}
    for name in ("ko one column", "en one column", "ko table with rules"):
        made[f"{name}, photographed"] = lambda plain=made[name]: _photograph(*plain())
    for angle in (90, 180, 270):
        made[f"ko one column, turned by {angle}"] = lambda angle=angle: _turned(*made["ko one column"](), angle)
    return made


def _blank() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    return page, ImageDraw.Draw(page)


def _columns(font: str, words: str, count: int, pitch: int = 66) -> Page:
    page, pen = _blank()
    letters = ImageFont.truetype(font, 44 if count == 1 else 38)
    width = (WIDTH - 200) // count - 60
    left, said = words.split(), []
    for column in range(count):
        for row in range((HEIGHT - 200) // pitch):
            line = left.pop(0)
            while left and letters.getlength(f"{line} {left[0]}") <= width:
                line += f" {left.pop(0)}"
            pen.text((100 + column * (width + 120), 90 + row * pitch), line, font=letters, fill=0)
            said.append(line)
    return page, " ".join(said)


def _table(font: str, has_rules: bool) -> Page:
    page, pen = _blank()
    letters = ImageFont.truetype(font, 42)
    for r, row in enumerate(FEES[font]):
        for c, cell in enumerate(row):
            x, y = 120 + 450 * c, 120 + 95 * r
            pen.text((x + 25, y + 22), cell, font=letters, fill=0)
            if has_rules:
                pen.rectangle((x, y, x + 450, y + 95), outline=0, width=3)
    names, *rows = FEES[font]
    return page, " ".join(f"{name}: {cell}" for row in rows for name, cell in zip(names, row, strict=True))


def _photograph(page: Image.Image, said: str) -> Page:
    """A little askew and out of focus, lit from one side, with noise."""
    import numpy as np
    turned = page.rotate(0.6, fillcolor=255, resample=Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.2))
    light = np.linspace(0.6, 1, WIDTH)[None, :] * np.linspace(1, 0.85, HEIGHT)[:, None]
    noise = np.random.default_rng(7).normal(0, 10, (HEIGHT, WIDTH))
    return Image.fromarray(np.clip(np.asarray(turned) * light + noise, 0, 255).astype("uint8")), said


def _turned(page: Image.Image, said: str, angle: int) -> Page:
    return page.rotate(angle, expand=True, fillcolor=255), said


def measure(name: str, page: Page) -> str:
    """A line: the share of characters that are wrong, each way."""
    picture, said = page
    dots = 300
    grey, scale = _picture.grey(picture, 72 / dots)
    figures = []
    for mode in MODES:
        lines = _ocr._lines(_ocr._run(_png(grey), "kor+eng", mode, str(dots), name))
        figures.append(f"{_wrong(said, ' '.join(word.text for line in lines for word in line)):.3f}")
    started = time.perf_counter()
    reading = _ocr.recognise(grey, scale, name)
    seconds = time.perf_counter() - started
    made = sheet(reading.pieces, reading.rules, grey.width * scale, grey.height * scale, reading.angle)
    _layout.titles([made.blocks])
    figures.append(f"{_wrong(said, write([made]).text):.3f}")
    return f"{name:36} {'  '.join(figures)}   {reading.confidence:.2f}  {reading.angle:3}  {seconds:5.1f} s"


def _png(picture: Image.Image) -> bytes:
    import io
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _wrong(said: str, read: str) -> float:
    """1 - the share of characters that both have in the same order; spaces and the marks of tables do not count."""
    a, b = ("".join(character for character in text if character.isalnum()) for text in (said, read))
    same = sum(match.size for match in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return 1 - 2 * same / max(1, len(a) + len(b))


def main(chosen: list[str]) -> None:
    print(f"{'characters wrong, as a share':36} {'  '.join(f'psm {mode:2}'[:6] for mode in MODES)}  saem    sure  turn")
    for name, make in pages().items():
        if not chosen or name in chosen:
            print(measure(name, make()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
