"""Text around a quote, set as a clean page: for documents that have no pages of their own to show."""
import glob
import os
import re
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, MARGIN, SIZE, LEADING = 1000, 64, 24, 40      # pixels
AROUND = 700                          # characters before and after the quote
MARK = (255, 221, 51)
FONTS = (    # with Korean, the plainest first
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf", "/usr/share/fonts/**/NotoSansCJK*-Regular.ttc",
    "/usr/share/fonts/**/NotoSansKR*.[ot]tf",
    "/usr/share/fonts/**/Nanum*Gothic*.ttf", "/usr/share/fonts/**/*[Uu]n[Dd]otum*.ttf", "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "/Library/Fonts/*Gothic*.ttf", "~/.local/share/fonts/**/*Gothic*.ttf", "C:/Windows/Fonts/malgun.ttf")
_WORD = re.compile(r"\S+\s*|\s+")


def page(name: str, heading: str, text: str, start: int, end: int) -> tuple["Image", list[tuple[int, int, int, int]]]:
    """(the page, the boxes of text[start:end] on it): the file's name and the headings on top."""
    from PIL import Image, ImageDraw
    first = max(0, start - AROUND)
    if first:
        first = min(max(text.find("\n", first, start), text.find(" ", first, start)) + 1 or first, start)
    last = min(len(text), end + AROUND)
    if last < len(text):
        last = max(text.rfind(" ", end, last), text.rfind("\n", end, last), end) if text[end:last].split() else last
    font, small = _font(SIZE, name + heading + text[first:last]), _font(SIZE - 5, name + heading + text[first:last])
    room = WIDTH - 2 * MARGIN
    lines = _wrapped(text, first, last, font, room)
    above = [(line, font_, colour) for told, font_, colour in ((name, small, (110, 110, 110)), (heading, font, (30, 60, 120)))
             for line in _pieces(told, font_, room)]
    image = Image.new("RGB", (WIDTH, 2 * MARGIN + LEADING * (len(lines) + len(above) + 1)), "white")
    pen = ImageDraw.Draw(image)
    y = MARGIN
    for line, its_font, colour in above:
        pen.text((MARGIN, y), line, font=its_font, fill=colour)
        y += LEADING
    pen.line((MARGIN, y + LEADING // 4, WIDTH - MARGIN, y + LEADING // 4), fill=(200, 200, 200))
    y += LEADING
    boxes: list[tuple[int, int, int, int]] = []
    for begin, stop in lines:
        line = text[begin:stop].replace("\t", " ")
        if begin < end and start < stop and line[max(start - begin, 0):end - begin].strip():
            left = MARGIN + font.getlength(line[:max(0, start - begin)])
            right = MARGIN + font.getlength(line[:min(len(line), end - begin)].rstrip())
            boxes.append((round(left) - 2, y - 3, round(right) + 2, y + LEADING - 7))
            pen.rectangle(boxes[-1], fill=MARK)
        pen.text((MARGIN, y), line, font=font, fill=(20, 20, 20))
        y += LEADING
    return image, boxes


def _wrapped(text: str, first: int, last: int, font: Any, room: int) -> list[tuple[int, int]]:
    """(start, end) of each line; an empty line stays one, several become one."""
    made: list[tuple[int, int]] = []
    for line in re.finditer(r"[^\n]*(?:\n|$)", text[first:last]):
        stripped = line[0].rstrip()
        if not stripped and (not made or made[-1][0] == made[-1][1]):
            continue
        at = first + line.start()
        for piece in _pieces(stripped, font, room) or [""]:
            made.append((at, at + len(piece)))
            at += len(piece)
    return made[:-1] if made and made[-1][0] == made[-1][1] else made


def _pieces(line: str, font: Any, room: int) -> list[str]:
    """A line cut at its spaces, or inside of words that are too long."""
    made: list[str] = []
    for word in _WORD.findall(line):
        if made and font.getlength((made[-1] + word).rstrip()) <= room:
            made[-1] += word
            continue
        while word and font.getlength(word.rstrip()) > room:
            fits = next((k for k in range(1, len(word)) if font.getlength(word[:k + 1]) > room), 1)
            made.append(word[:fits])
            word = word[fits:]
        if word:
            made.append(word)
    return made


def _font(size: int, text: str) -> Any:
    from PIL import ImageFont
    own = os.environ.get("SAEM_FONT")
    for pattern in [own] if own else FONTS:
        for path in sorted(glob.glob(os.path.expanduser(pattern), recursive=True)):
            try:
                return ImageFont.truetype(path, size)
            except OSError:
                continue
    if any("\u1100" <= c <= "\ud7ff" for c in text):
        raise SaemError("E103", "no font with Korean letters was found to draw the text with",
                        fix="apt install fonts-nanum, or name a font's file: SAEM_FONT=/path/to/font.ttf")
    return ImageFont.load_default(size)
