"""A citation as a picture: the page that it stands on with the quote marked, or the text around it where there are no pages."""
import io
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError, missing
from saem.core.identity import ID
from saem.store.table import lookup

if TYPE_CHECKING:
    from PIL.Image import Image

    from saem.engine.project import Project

MARK = (255, 221, 51)                 # yellow, as of a pen
MAX_PAGES = 4                         # that a quote is shown on
MAX_CLIMB = 5                         # derivations from the cited row up to its file


@dataclass(frozen=True)
class Picture:
    """`png`: the bytes of the file. `boxes`: of the quote, pixels of the picture. is_stale: the cited row has changed since."""
    png: bytes
    key: str
    page: int | None
    quote: str
    is_stale: bool
    boxes: list[tuple[int, int, int, int]]


def picture(db: "Project", answer: str, n: int = 1) -> Picture:
    """Citation `n` of an answer, named by its id (8 or more digits).

    Raises: E209 where there is no such answer or citation, or where what was cited is gone; what its parser raises.
    """
    try:
        import PIL.Image  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing("pillow", "drawing pictures", "parse") from error
    cited = _citation(db, answer, n)
    again = "ask again: the documents have changed since"
    held = _row(db, cited["table"], bytes.fromhex(cited["row"]))
    if held is None:
        raise SaemError("E209", f"the answer is stale: what it cites, {cited['path']}, is gone", fix=again)
    text, start, quote = held.get("text") or "", cited["start"], cited["quote"]
    is_stale = held["_hash"].hex() != cited["row_hash"]
    if text[start:start + len(quote)] != quote:
        start = text.find(quote)
        if start < 0:
            raise SaemError("E209", f"the answer is stale: {cited['path']} does not say this any more: {quote[:80]}", fix=again)
    drawn = _pages(db, held, cited["path"], start, start + len(quote))
    if drawn is None:
        from saem.infer import typeset
        drawn = typeset.page(cited["path"], _heading(held, start), text, start, start + len(quote))
    image, boxes = drawn
    out = io.BytesIO()
    image.save(out, "PNG")
    return Picture(out.getvalue(), cited["path"], cited["page"], quote, is_stale, boxes)


def _citation(db: "Project", answer: str, n: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    if "citations" in db.heads() and len(answer) >= 8:
        rows = [r for r in db.table("citations").to_arrow().to_pylist() if r["answer"].startswith(answer.lower())]
    if not rows:
        raise SaemError("E209", f"no answer with citations is named '{answer}'",
                        fix="give the id that `saem ask` names in its last line, 8 or more digits: saem show answers --ids")
    if len({r["answer"] for r in rows}) > 1:
        raise SaemError("E209", f"'{answer}' begins the names of several answers", fix="give more digits")
    found = next((r for r in rows if r["n"] == n), None)
    if found is None:
        known = ", ".join(str(number) for number in sorted(r["n"] for r in rows))
        raise SaemError("E209", f"the answer has no citation {n}", fix=f"it has {known}")
    return found


def _row(db: "Project", table: str, row: bytes) -> dict[str, Any] | None:
    if table not in db.heads():
        return None
    dataset = db.published(table)
    columns = [c for c in dataset.schema.names if not c.startswith(("_memo_", "_tokens_")) and c not in ("content", "embedding")]
    found = lookup(dataset, "_id", pa.array([row], ID), columns).to_pylist()
    return found[0] if found else None


def _file(db: "Project", parents: list[bytes]) -> tuple[str, bytes] | None:
    """(path, content) of the file that a row was made from."""
    for _ in range(MAX_CLIMB):
        above: list[bytes] = []
        for name in db.heads():
            dataset = db.published(name)
            wanted = [c for c in ("path", "content") if c in dataset.schema.names]
            for row in lookup(dataset, "_id", pa.array(sorted(set(parents)), ID), ["_id", "_parents", *wanted]).to_pylist():
                if row.get("content") is not None and row.get("path"):
                    return row["path"], row["content"]
                above += row["_parents"]
        if not above:
            return None
        parents = above
    return None


def _pages(db: "Project", held: dict[str, Any], path: str, start: int, end: int) -> tuple["Image", list[tuple[int, int, int, int]]] | None:
    """The pages of the quote, below each other, where its format has pages to show."""
    from PIL import Image, ImageChops, ImageDraw

    from saem.transform.parse._parsed import Element
    from saem.transform.parse._sniff import kind
    elements = [Element(**e) for e in held.get("elements") or []]
    starts = held.get("page_starts") or []
    source = _file(db, held["_parents"]) if elements and starts else None
    if source is None:
        return None
    parser = registry.parsers().get(kind(source[1], source[0]))
    if parser is None or not hasattr(parser, "shown"):
        return None
    sheets: list[Image.Image] = []
    boxes: list[tuple[int, int, int, int]] = []
    for number in range(bisect_right(starts, start) - 1, min(bisect_right(starts, end - 1), bisect_right(starts, start) - 1 + MAX_PAGES)):
        begins = starts[number]
        ends = starts[number + 1] if number + 1 < len(starts) else len(held["text"])
        if begins >= ends:
            continue
        with parser.shown(source[1], path, number) as shown:
            here = [e for e in elements if begins <= e.start < ends]
            places = shown.boxes(held["text"], here, start, end)
            layer = Image.new("RGB", shown.picture.size, "white")
            pen = ImageDraw.Draw(layer)
            down = sum(sheet.height for sheet in sheets)
            for box in places:
                left, top, right, bottom = (side / shown.scale for side in box)
                spot = (round(left) - 2, round(top) - 2, round(right) + 2, round(bottom) + 2)
                pen.rectangle(spot, fill=MARK)
                boxes.append((spot[0], spot[1] + down, spot[2], spot[3] + down))
            sheets.append(ImageChops.multiply(shown.picture, layer))      # as a pen marks: the letters stay black
    if not sheets:
        return None
    whole = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)), "white")
    at = 0
    for sheet in sheets:
        whole.paste(sheet, (0, at))
        at += sheet.height
    return whole, boxes


def _heading(held: dict[str, Any], start: int) -> str:
    """The headings above the quote, outermost first."""
    if held.get("heading"):
        return str(held["heading"])
    path: list[tuple[int, str]] = []
    for heading in held.get("headings") or []:
        if heading["start"] <= start:
            path = [p for p in path if p[0] < heading["level"]] + [(heading["level"], heading["text"])]
    return " > ".join(text for _, text in path)
