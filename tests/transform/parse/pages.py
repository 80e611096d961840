"""Pages drawn with reportlab, so that tests know where each word stands."""
import io
from collections.abc import Callable

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle

WIDTH, HEIGHT = A4
KOREAN = "HYGothic-Medium"            # named, not embedded: the text is there without any font file
pdfmetrics.registerFont(UnicodeCIDFont(KOREAN))

ENGLISH = ("The library lends every member up to ten books at once for fourteen days and a loan may be renewed twice unless "
           "another reader has asked for the book in the meantime which the desk will tell at once by message").split()
HANGUL = ("도서관은 모든 회원에게 한 번에 열 권까지 열나흘 동안 책을 빌려주며 다른 사람이 예약하지 않은 책은 두 번까지 "
          "기간을 늘릴 수 있고 예약된 책은 안내대에서 문자로 알린다").split()


def drawn(draw: Callable[[Canvas], None], **settings: object) -> bytes:
    """The bytes of a PDF that `draw` makes; a canvas measures from the lower left."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, **settings)
    draw(canvas)
    canvas.save()
    return out.getvalue()


def lines_of(words: list[str], width: float, font: str, size: float) -> list[str]:
    """Words wrapped to a width in points."""
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if pdfmetrics.stringWidth(longer, font, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def two_columns(canvas: Canvas, font: str, words: list[str], row_by_row: bool, size: float = 10) -> tuple[list[str], list[str]]:
    """A title across, then two columns of a numbered text, a heading across, two columns more. Returns the lines (above, below)."""
    def columns(top: float, mark: str) -> list[str]:
        left = lines_of([f"{mark}1", *words, *words, f"{mark}2"], 230, font, size)
        right = lines_of([f"{mark}3", *words, *words, f"{mark}4"], 230, font, size)
        spots = [(50, top - 14 * k, line) for k, line in enumerate(left)] + [(310, top - 14 * k, line) for k, line in enumerate(right)]
        for x, y, line in sorted(spots, key=lambda spot: (-spot[1], spot[0])) if row_by_row else spots:
            canvas.drawString(x, y, line)
        return [*left, *right]
    canvas.setFont(font, 18)
    canvas.drawString(140, 770, "A heading that stands across both columns")
    canvas.setFont(font, size)
    above = columns(735, "A")
    canvas.setFont(font, 14)
    canvas.drawCentredString(WIDTH / 2, 450, "Another heading across the middle of the page")
    canvas.setFont(font, size)
    return above, columns(420, "B")


def grid(canvas: Canvas, rows: list[list[str]], x: float, y: float, *style: tuple, font: str = "Helvetica", **settings: object) -> None:  # type: ignore[type-arg]
    """A ruled table with its lower left corner at (x, y)."""
    table = Table(rows, **settings)
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("FONT", (0, 0), (-1, -1), font, 10), *style]))
    table.wrapOn(canvas, 500, 500)
    table.drawOn(canvas, x, y)
