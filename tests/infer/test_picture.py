"""A citation as a picture: the quote is marked where it stands, and what has changed says so."""
import io
import os
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

import saem
from saem.core.errors import SaemError
from saem.infer import Answer, ask, picture, typeset
from tests.transform.parse.pages import HEIGHT, WIDTH, drawn

FEE = "The late fee of the library is 100 won per book per day."
RENEWAL = "A loan of the second column may be renewed twice."
YELLOW, DOTS = (255, 221, 51), 144 / 72


def rules(canvas: Canvas) -> None:
    canvas.drawString(60, 700, "The first page says how the school is reached by bus.")
    canvas.showPage()
    canvas.setPageRotation(90)
    canvas.rotate(90)
    canvas.translate(0, -WIDTH)
    canvas.setFont("Helvetica", 12)
    canvas.drawString(60, 500, "Tablets are lent at the desk. " + FEE)
    canvas.showPage()
    canvas.setPageRotation(0)
    canvas.setFont("Helvetica", 10)
    for k in range(8):
        canvas.drawString(50, 700 - 14 * k, f"Line {k} of the first column tells about the canteen.")
        canvas.drawString(320, 700 - 14 * k, RENEWAL if k == 3 else f"Line {k} of another column is about the sports hall.")


@pytest.fixture
def school(tmp_path: Path) -> Path:
    root = tmp_path / "school"
    root.mkdir()
    (root / "rules.pdf").write_bytes(drawn(rules))
    (root / "rooms.md").write_text("# Rooms\n\n## Dormitory\n\nThe dormitory closes at 23:00 on weekdays.\n", "utf-8")
    for path in root.iterdir():
        os.utime(path, (1_750_000_000, 1_750_000_000))
    return root


def built(root: Path) -> saem.Project:
    db = saem.open(str(root))
    db.run()
    return db


def asked(db: saem.Project, question: str, quote: str) -> Answer:
    answer = ask(db.table("chunks"), question)
    assert quote in [c.quote for c in answer.citations]
    return answer


def number(answer: Answer, quote: str) -> int:
    return next(c.n for c in answer.citations if c.quote == quote)


def is_marked(image: Image.Image, x: float, y: float) -> bool:
    """Whether there is yellow at a place in points, or next to it where a letter stands."""
    return any(image.getpixel((round(x * DOTS) + dx, round(y * DOTS) + dy)) == YELLOW for dx in range(-4, 5) for dy in range(-4, 5))


def test_a_quote_is_marked_on_its_rotated_page_and_nothing_beside_it(school: Path) -> None:
    db = built(school)
    answer = asked(db, "How much is the late fee of the library per book?", FEE)
    made = picture(db, answer.answer[:10], number(answer, FEE))
    assert (made.key, made.page, made.is_stale) == ("rules.pdf", 2, False)
    image = Image.open(io.BytesIO(made.png)).convert("RGB")
    assert is_marked(image, 230 + 60, WIDTH - 503)
    assert is_marked(image, 500, WIDTH - 503)
    assert not is_marked(image, 120, WIDTH - 503)                   # the sentence before it, on the same line
    assert not is_marked(image, 230 + 60, WIDTH - 470)


def test_a_quote_in_the_second_column_is_marked_there(school: Path) -> None:
    db = built(school)
    answer = asked(db, "How often may a loan of the second column be renewed?", RENEWAL)
    made = picture(db, answer.answer, number(answer, RENEWAL))
    image = Image.open(io.BytesIO(made.png)).convert("RGB")
    assert made.page == 3
    assert len(made.boxes) == 1
    assert is_marked(image, 400, HEIGHT - 661)
    assert not is_marked(image, 150, HEIGHT - 661)
    assert not is_marked(image, 400, HEIGHT - 680)


def test_a_document_without_pages_is_set_as_one_with_the_quote_marked(school: Path) -> None:
    db = built(school)
    quote = "The dormitory closes at 23:00 on weekdays."
    answer = asked(db, "When does the dormitory close on weekdays?", quote)
    made = picture(db, answer.answer, number(answer, quote))
    image = Image.open(io.BytesIO(made.png)).convert("RGB")
    (left, top, right, bottom), = made.boxes
    assert 50 < left < 80
    assert image.getpixel((left + 1, top + 1)) == YELLOW == image.getpixel((right - 1, bottom - 1))
    assert made.page is None


def test_what_has_changed_is_stale_and_what_is_gone_says_so(school: Path) -> None:
    db = built(school)
    quote = "The dormitory closes at 23:00 on weekdays."
    answer = asked(db, "When does the dormitory close on weekdays?", quote)
    n = number(answer, quote)
    (school / "rooms.md").write_text(f"# Rooms\n\nNew rules of 2027.\n\n{quote}\n", "utf-8")
    db.run()
    assert picture(db, answer.answer, n).is_stale
    (school / "rooms.md").write_text("# Rooms\n\nThe dormitory never closes.\n", "utf-8")
    db.run()
    with pytest.raises(SaemError, match="stale: rooms.md does not say this any more"):
        picture(db, answer.answer, n)
    (school / "rooms.md").unlink()
    db.run()
    with pytest.raises(SaemError, match="stale: what it cites, rooms.md, is gone"):
        picture(db, answer.answer, n)


@pytest.mark.parametrize(("name", "n"), [("deadbeefdeadbeef", 1), ("", 1), (None, 99)])
def test_an_unknown_answer_or_citation_is_named(school: Path, name: str | None, n: int) -> None:
    db = built(school)
    answer = asked(db, "When does the dormitory close on weekdays?", "The dormitory closes at 23:00 on weekdays.")
    with pytest.raises(SaemError) as caught:
        picture(db, answer.answer if name is None else name, n)
    assert caught.value.code == "E209"
    assert caught.value.fix


@pytest.mark.parametrize("text", ["one line", "a" * 5000, "a\n" * 400, "\t\x07a b\n\n\n\nc", "x " * 3000])
def test_any_text_can_be_set(text: str) -> None:
    at = text.rindex(text.split()[-1])
    image, boxes = typeset.page("a.txt", "", text, at, at + 1)
    assert boxes
    assert all(0 <= box[0] < box[2] <= image.width and 0 <= box[1] < box[3] <= image.height for box in boxes)
