"""Pictures and scans: read by tesseract where it is installed, named with a way out where it is not."""
import io
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from saem.core.errors import SaemError
from saem.transform.parse import _ocr, _picture, image, pdf
from tests.transform.parse.pages import HEIGHT, WIDTH, drawn

DATA = Path(__file__).parents[2] / "data"
SCAN = (DATA / "scan_ko.png").read_bytes()          # drawn with NanumGothic, 300 dots an inch

FONTS = ("/usr/share/fonts/truetype/nanum/NanumGothic.ttf",)
needs_tesseract = pytest.mark.skipif(not shutil.which("tesseract") and not os.environ.get("CI"),
                                     reason="apt install tesseract-ocr tesseract-ocr-kor")


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def scanned() -> Image.Image:
    return Image.open(io.BytesIO(SCAN)).convert("RGB")


def saved(picture: Image.Image, kind: str, **settings: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **settings)
    return out.getvalue()


def scan_between_texts(canvas: Canvas) -> None:
    canvas.drawString(50, 800, "The first page has text of its own, and more than a stamp would have.")
    canvas.showPage()
    canvas.drawImage(ImageReader(scanned()), 0, HEIGHT / 4, WIDTH, HEIGHT * 0.6)
    canvas.showPage()
    canvas.drawString(50, 800, "The last page has text of its own, and more than a stamp would have.")
    canvas.showPage()


@needs_tesseract
def test_a_scan_gives_its_korean_and_english_text_its_title_and_its_table() -> None:
    made = image.parse(SCAN, "scan.png")
    assert made.title == "도서관 연체료 안내"
    assert "책을 늦게 돌려주면 하루에 200원의 연체료를" in made.text
    assert "The library is open until 21:30 on weekdays" in made.text
    table, = (e for e in made.elements if e.kind == "table")
    assert table.cells == [["구분", "대상", "금액"], ["연체료", "모든 학생", "200원"], ["분실", "모든 회원", "책값"]]
    title = next(e for e in made.elements if e.kind == "title")
    left, top, right, bottom = title.box               # drawn at x = 50, with its baseline 50 points below the upper edge
    assert 45 < left < 55
    assert 25 < top < 50 < bottom < 60
    assert 195 < right < 225


@needs_tesseract
def test_a_scanned_page_between_pages_of_text_is_read_in_its_place() -> None:
    made = pdf.parse(drawn(scan_between_texts), "mixed.pdf")
    assert made.missing == []
    assert made.page_starts[1] == made.text.index("도서관 연체료 안내") < made.page_starts[2]
    assert made.page_starts[2] == made.text.index("The last page")


def test_without_tesseract_the_scanned_pages_of_a_pdf_are_named(no_tesseract: None) -> None:
    made = pdf.parse(drawn(scan_between_texts), "mixed.pdf")
    assert "The first page" in made.text
    assert "The last page" in made.text
    assert len(made.missing) == 1
    assert "page 2 is a picture" in made.missing[0]
    assert "apt install tesseract-ocr tesseract-ocr-kor" in made.missing[0]


@pytest.mark.parametrize(("parser", "name"), [(image, "scan_ko.png"), (pdf, "scan.pdf")])
def test_without_tesseract_a_scan_fails_with_the_command_that_installs_it(no_tesseract: None, parser: object, name: str) -> None:
    with pytest.raises(SaemError, match="tesseract") as caught:
        parser.parse((DATA / name).read_bytes(), name)  # type: ignore[attr-defined]
    assert caught.value.code == "E401"
    assert "apt install tesseract-ocr tesseract-ocr-kor" in caught.value.fix
    assert "saem retry" in caught.value.fix


def test_what_is_parsed_depends_on_the_tesseract_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from saem.transform import parse
    before = parse.fingerprint()
    monkeypatch.setattr(_ocr, "depends", lambda: ["ocr=1 tesseract=9.9:eng"])
    monkeypatch.setattr(pdf, "depends", _ocr.depends)
    assert parse.fingerprint() != before


@needs_tesseract
@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("JPEG", "L"), ("TIFF", "1"), ("BMP", "RGB"), ("WEBP", "RGBA"), ("PNG", "P")])
def test_every_kind_of_picture_is_read(kind: str, mode: str) -> None:
    settings = {"dpi": (300, 300)} if kind in ("JPEG", "TIFF", "PNG") else {}
    made = image.parse(saved(scanned().convert(mode), kind, **settings), "a")
    assert "The library is open until 21:30" in made.text


@needs_tesseract
def test_each_page_of_a_tiff_is_a_page() -> None:
    blank = Image.new("L", (400, 300), 255)
    content = saved(scanned().convert("L"), "TIFF", save_all=True, append_images=[blank, scanned().convert("L")])
    made = image.parse(content, "a.tif")
    assert len(made.page_starts) == 3
    assert made.text.count("The library is open") == 2
    assert made.text[made.page_starts[2]:].startswith("도서관")


@needs_tesseract
def test_a_photograph_that_lies_on_its_side_is_turned_as_its_camera_says() -> None:
    picture = scanned().rotate(90, expand=True)
    exif = picture.getexif()
    exif[274], exif[306] = 6, "2026:03:02 10:20:30"
    made = image.parse(saved(picture, "JPEG", dpi=(300, 300), exif=exif), "a.jpg")
    assert "The library is open until 21:30" in made.text
    assert made.created is not None
    assert made.created.isoformat() == "2026-03-02T10:20:30+00:00"


@needs_tesseract
@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_scan_that_lies_on_its_side_is_read_and_its_places_are_those_of_the_scan(angle: int) -> None:
    made = image.parse(saved(scanned().rotate(angle, expand=True), "PNG", dpi=(300, 300)), "a.png")
    assert "The library is open until 21:30 on weekdays" in made.text
    left, top, right, bottom = next(e.box for e in made.elements if made.text[e.start:e.end] == "도서관 연체료 안내")
    assert (bottom - top > right - left) == (angle != 180)
    width, height = (side * 72 / 300 for side in scanned().rotate(angle, expand=True).size)
    near = {90: left, 180: height - bottom, 270: width - right}[angle]
    assert 20 < near < 60                                      # the title's distance from the upper edge of the text


@needs_tesseract
def test_what_was_read_from_a_picture_says_so_and_how_surely() -> None:
    made = image.parse(SCAN, "scan.png")
    assert [(r.start, r.end) for r in made.recognised] == [(e.start, e.end) for e in made.elements]
    assert all(0.6 < r.confidence <= 1 for r in made.recognised)
    mixed = pdf.parse(drawn(scan_between_texts), "mixed.pdf")
    assert {mixed.page_starts[1] <= r.start < r.end <= mixed.page_starts[2] for r in mixed.recognised} == {True}


@needs_tesseract
def test_a_page_that_cannot_be_read_surely_is_refused_with_its_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ocr, "MIN_LEGIBLE", 0.99)
    with pytest.raises(SaemError, match="confidence of 9.%") as caught:
        image.parse(SCAN, "a.png")
    assert caught.value.code == "E401"
    made = pdf.parse(drawn(scan_between_texts), "mixed.pdf")
    assert "도서관" not in made.text
    assert made.recognised == []
    assert len(made.missing) == 1
    assert made.missing[0].startswith("page 2 is a picture: its text could be read with a confidence of 9")


@needs_tesseract
@pytest.mark.parametrize("has_rules", [True, False])
def test_a_page_of_lines_far_apart_and_a_ruled_table_are_read_whole(has_rules: bool) -> None:
    pages, rows = lines_and_table(has_rules)
    made = image.parse(saved(pages, "PNG", dpi=(300, 300)), "a.png")
    assert "외부 차량 주차 요금은 시간당 2,700원입니다." in made.text
    table = next(e for e in made.elements if e.kind == "table")
    assert table.cells == rows


def lines_and_table(has_rules: bool) -> tuple[Image.Image, list[list[str]]]:
    font = next((path for path in FONTS if os.path.exists(path)), None)
    if font is None:
        pytest.skip("no Korean font: apt install fonts-nanum")
    page = Image.new("L", (1650, 1100), 255)
    pen, letters = ImageDraw.Draw(page), ImageFont.truetype(font, 44)
    for k, line in enumerate(["사내 주차 요금 안내", "외부 차량 주차 요금은 시간당 2,700원입니다."]):
        pen.text((120, 90 + 130 * k), line, font=letters, fill=0)
    rows = [["직급", "일비", "식비"], ["사원", "23,500원", "31,000원"], ["과장", "35,200원", "44,000원"]]
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            x, y = 120 + 450 * c, 500 + 95 * r
            pen.text((x + 25, y + 22), cell, font=letters, fill=0)
            if has_rules:
                pen.rectangle((x, y, x + 450, y + 95), outline=0, width=3)
    return page, rows


@needs_tesseract
def test_a_picture_without_text_says_so() -> None:
    with pytest.raises(SaemError, match="no text was found") as caught:
        image.parse(saved(Image.new("RGB", (600, 400), "white"), "PNG"), "a.png")
    assert caught.value.code == "E401"


def picture_between_lines(canvas: Canvas) -> None:
    for number in range(2):
        canvas.drawString(50, 800, f"Page {number + 1}: what follows is a picture of a notice, with text of its own above and below.")
        canvas.drawImage(ImageReader(scanned()), 50, 350, 400, 400, preserveAspectRatio=True, anchor="nw")
        canvas.drawImage(ImageReader(Image.new("RGB", (30, 30), "red")), 500, 800, 30, 30)
        canvas.drawString(50, 300, "Below the picture the page goes on with its own text.")
        canvas.showPage()


@needs_tesseract
def test_a_picture_between_the_lines_of_a_page_is_read_once_in_its_place() -> None:
    made = pdf.parse(drawn(picture_between_lines), "mixed.pdf")
    assert made.missing == []
    above, said, below = (made.text.index(words) for words in ("Page 1:", "The library is open until 21:30", "Below the picture"))
    assert above < said < below < made.page_starts[1]
    assert made.text.count("The library is open until") == 1          # the same picture on the second page
    element = next(e for e in made.elements if e.start <= said < e.end)
    assert 50 <= element.box[0] < element.box[2] <= 450
    assert {r.start < r.end <= below for r in made.recognised} == {True}
    with pdf.shown(drawn(picture_between_lines), "mixed.pdf", 0) as page:
        left, top, right, bottom = page.boxes(made.text, made.elements, said, said + len("The library"))[0]
        assert 50 < left < right < 250
        assert HEIGHT - 750 < top < bottom < HEIGHT - 350


def test_without_tesseract_a_picture_between_lines_is_named(no_tesseract: None) -> None:
    made = pdf.parse(drawn(picture_between_lines), "mixed.pdf")
    assert "Below the picture" in made.text
    assert len(made.missing) == 1
    assert made.missing[0].startswith("1 picture: tesseract, which would read it, is not installed")


def bomb(width: int, height: int) -> bytes:
    """A picture that says that it is large: its head alone is looked at."""
    small = bytearray(saved(Image.new("L", (1, 1)), "BMP"))
    small[18:22], small[22:26] = width.to_bytes(4, "little"), height.to_bytes(4, "little")
    return bytes(small)


@pytest.mark.parametrize(("content", "code"), [
    (b"", "E404"), (b"\x89PNG\r\n\x1a\n", "E404"), (SCAN[:9000], "E404"), (b"GIF89a" + bytes(40), "E404"), (bomb(50_000, 50_000), "E407"),
    (bomb(15_000, 15_000), "E407")], ids=["empty", "only a signature", "cut off", "a gif", "50k x 50k", "15k x 15k"])
def test_a_bad_picture_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SaemError) as caught, _picture.opened(content, "a.png") as picture:
        _picture.grey(*_picture.page(picture, 0, "a.png"))
    assert caught.value.code == code
    assert caught.value.fix
