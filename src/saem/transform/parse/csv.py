"""CSV and TSV: one table, each row a line that names its values; see _records.py."""
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from saem.core.errors import SaemError
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import decode
from saem.transform.parse._parsed import Element, Parsed
from saem.transform.parse._records import MAX_CELLS, bounded, is_header, line
from saem.transform.parse._records import VERSION as RECORDS_VERSION

SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".tab")
VERSION = f"1+{DECODE_VERSION}.{RECORDS_VERSION}"
LIBRARIES: tuple[str, ...] = ()

DELIMITERS = ",\t;|"
SAMPLE_LINES = 100
MAX_BROKEN_QUOTES = 20                # lines; then quotes are characters in all that follow
_EXCEL = re.compile(r"sep=([,;\t|])\n")                        # Excel's own first line


def parse(content: bytes, path: str) -> Parsed:
    """Encoding and delimiter are found; lines above the header that hold one cell are its caption, the first of them the title.

    A table of more than MAX_CELLS is cut there, and `missing` says so.

    Raises: E401 (no text), E402 (not text).

    >>> parse("이름;학년\\n김샘;3\\n".encode("cp949"), "a.csv").text
    '이름: 김샘 | 학년: 3'
    """
    source = decode(content, path).strip("\n")
    marked = _EXCEL.match(source)
    source = source[marked.end():] if marked else source
    delimiter = marked[1] if marked else delimiter_of(source, "\t" if path.lower().endswith((".tsv", ".tab")) else ",")
    rows, is_cut = bounded(rows_of(source, delimiter))
    if not rows:
        raise SaemError("E401", "the table is empty", where=path, fix="open the file: is there text in it?")
    lines = source.count("\n") + 1
    left = [f"what follows row {len(rows):,}, of about {lines:,}: a table is cut at {MAX_CELLS:,} cells"] if is_cut else []
    captions: list[str] = []
    while rows and len(rows) > 1 and sum(map(bool, rows[0])) == 1 < max(map(len, rows[1:9])):
        captions.append(next(filter(None, rows.pop(0))))
    names = [" ".join(cell.split()) for cell in rows[0]] if is_header(rows[0], rows[1:]) else []
    shown = [text for text in (line(names, row) for row in rows[bool(names):]) if text]
    above = "".join(f"{caption}\n\n" for caption in captions)
    text = above + "\n".join(shown)
    elements: list[Element] = []
    start = 0
    for caption in captions:
        elements.append(Element("caption", start, start + len(caption)))
        start += len(caption) + 2
    elements.append(Element("table", len(above), len(text), cells=rows))
    return Parsed(text, captions[0] if captions else "", elements=elements, missing=left)


def delimiter_of(source: str, usual: str) -> str:
    """The character that cuts most of the first lines into the same number of cells; `usual` where none does."""
    sample = "\n".join(islice(source.split("\n", SAMPLE_LINES), SAMPLE_LINES))[:200_000]
    best, score = usual, (0.0, 0)
    for delimiter in dict.fromkeys([usual, *DELIMITERS]):
        widths = Counter(len(row) for row in rows_of(sample, delimiter))
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if width > 1 and ((share := round(count / widths.total(), 1)), width) > score:
            best, score = delimiter, (share, width)
    return best


def rows_of(source: str, delimiter: str) -> Iterator[list[str]]:
    """Rows that hold anything. A quote that is never closed would swallow the rest of the file: in such a line it is a character."""
    import csv
    lines = source.split("\n")
    at, failures = 0, 0 if '"' in source else MAX_BROKEN_QUOTES
    while at < len(lines):
        start = at
        if failures < MAX_BROKEN_QUOTES:
            reader = csv.reader((text + "\n" for text in islice(lines, start, None)), delimiter=delimiter, strict=True)
            try:
                for row in reader:
                    at = start + reader.line_num
                    if any(row):
                        yield [cell.strip() for cell in row]
                return
            except csv.Error:                                  # also a cell of more than 131,072 characters
                failures += 1
        if lines[at].strip():
            yield [cell.strip() for cell in lines[at].split(delimiter)]
        at += 1
