"""Jupyter notebooks: the Markdown cells as Markdown, the code cells as code, and what they printed."""
import json
from typing import Any

from saem.core.errors import SaemError
from saem.transform.parse import html, markdown
from saem.transform.parse._decode import clean, decode
from saem.transform.parse._joined import VERSION as JOINED_VERSION
from saem.transform.parse._joined import Joined
from saem.transform.parse._parsed import Element, Parsed

SUFFIXES: tuple[str, ...] = (".ipynb",)
VERSION = f"2+{markdown.VERSION}.{JOINED_VERSION}"
LIBRARIES: tuple[str, ...] = markdown.LIBRARIES

MAX_OUTPUT_CHARS = 20_000             # of one output: a log of a training run is no text to be found


def parse(content: bytes, path: str) -> Parsed:
    """The title is the notebook's own, else the first heading. Pictures among the outputs are told in `missing`.

    Raises: E401 (no text), E402 (not text), E404 (no notebook), E103 (pyromark or selectolax is not installed).
    """
    try:
        book = json.loads(decode(content, path), parse_int=str, parse_float=str)
        cells = book["cells"] if "cells" in book else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]    # nbformat 3
        kinds = [(cell["cell_type"], cell) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SaemError("E404", f"the notebook is corrupt: {type(error).__name__}: {error}", where=path,
                        fix="open it in Jupyter and save it anew") from error
    joined = Joined()
    lost: dict[str, int] = {}
    for kind, cell in kinds:
        source = _text(cell.get("source", cell.get("input", "")))
        blocks = [("", source)] if kind == "markdown" else [("code" if kind == "code" else "paragraph", source)]
        if kind == "heading":                                  # nbformat 3
            blocks = [("", f"{'#' * int(cell.get('level', 1))} {source}")]
        blocks += [("code", text) for output in cell.get("outputs") or [] if (text := _output(output, lost))]
        for block, text in blocks:
            if not block:
                parsed = _markdown(text, path)
                if parsed:
                    joined.add(parsed)
            elif shown := clean(text).strip("\n").rstrip():
                joined.add(Parsed(shown, elements=[Element(block, 0, len(shown))]))
    titled = book.get("metadata", {}).get("title")
    return Parsed(joined.text, clean(titled) if isinstance(titled, str) else joined.headings[0].text if joined.headings else "",
                  headings=joined.headings, elements=joined.elements,
                  missing=[f"{count} outputs of the kind {kind}" for kind, count in lost.items()])


def _text(source: Any) -> str:
    """A text, or its lines."""
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _markdown(text: str, path: str) -> Parsed | None:
    try:
        return markdown.parse(text.encode("utf-8", "replace"), path)
    except SaemError as error:
        if error.code != "E401":
            raise
        return None


def _output(output: dict[str, Any], lost: dict[str, int]) -> str:
    """What a cell printed, returned or failed with, as text; a picture is counted in `lost`."""
    data = output.get("data") or {}
    if "text" in output:
        text = _text(output["text"])
    elif output.get("output_type") in ("error", "pyerr"):
        text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
    elif "text/plain" in data:
        text = _text(data["text/plain"])
        rest = [kind for kind in data if kind.startswith(("image/", "video/", "audio/"))]
        for kind in rest:
            lost[kind] = lost.get(kind, 0) + 1
        text = "" if rest and text.startswith("<") else text   # "<Figure size 640x480 with 1 Axes>"
    elif "text/html" in data:
        root = html.tree_of(_text(data["text/html"])).body
        text = html.render(root, is_page=False).assembled()[0] if root is not None else ""
    else:
        for kind in data:
            lost[kind] = lost.get(kind, 0) + 1
        text = ""
    text = decode(text.encode("utf-8", "replace"), "an output") if "\x1b" in text else text
    if len(text) > MAX_OUTPUT_CHARS:
        lost["text, after its first 20,000 characters"] = lost.get("text, after its first 20,000 characters", 0) + 1
    return text[:MAX_OUTPUT_CHARS]
