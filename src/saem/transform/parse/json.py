"""JSON and JSON lines as text: objects within objects under headings, lists of records as rows that name their values."""
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from saem.core.errors import SaemError
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import clean, decode
from saem.transform.parse._parsed import Element, Heading, Parsed
from saem.transform.parse._records import MAX_CELLS, line, one_line
from saem.transform.parse._records import VERSION as RECORDS_VERSION

SUFFIXES: tuple[str, ...] = (".json", ".jsonl", ".ndjson", ".geojson")
VERSION = f"1+{DECODE_VERSION}.{RECORDS_VERSION}"
LIBRARIES: tuple[str, ...] = ()

MAX_DEPTH = 40                        # of objects within objects; what lies deeper is shown as it is written
MAX_COLUMNS = 200                     # records with more different names are no table
MAX_LINE_CHARS = 300                  # an object of that many has a line for each value
MAX_TOLD = 5                          # broken lines that `missing` names


def parse(content: bytes, path: str) -> Parsed:
    """The title is the value of a "title" or "name" at the top. Numbers stay as they are written, however large.

    What is no JSON, or nested too deep for it, is still text: it is given as it stands, and `missing` says why.

    Raises: E401 (no text), E402 (not text).

    >>> page = parse('{"title": "대출", "한도": {"학생": 5, "교사": 10}}'.encode(), "a.json")
    >>> page.title, page.text
    ('대출', 'title: 대출\\n\\n한도\\n학생: 5 | 교사: 10')
    """
    source = decode(content, path).strip()
    if not source:
        raise SaemError("E401", "the file is empty", where=path, fix="open the file: is there text in it?")
    is_lines = path.lower().endswith((".jsonl", ".ndjson"))
    missing: list[str] = []
    try:
        value = None if is_lines else _value(source)
    except (ValueError, RecursionError) as error:
        is_lines = "Extra data" in str(error) and not isinstance(error, RecursionError)
        if not is_lines:
            return _as_written(source, error)
    if is_lines:
        value = list(_lines(source, missing))
        if not value:
            return Parsed(source, elements=[Element("code", 0, len(source))], missing=missing)
    page = Page(missing=missing)
    try:
        page.show(value, "", 1)
    except RecursionError as error:
        return _as_written(source, error)
    return page.parsed(_title(value))


def _value(source: str) -> Any:
    """Numbers as text: exact, and a million digits cost nothing."""
    return json.loads(source, parse_int=str, parse_float=str, parse_constant=str)


def _lines(source: str, missing: list[str]) -> Iterator[Any]:
    broken = []
    for number, text in enumerate(source.split("\n"), 1):
        try:
            if text.strip():
                yield _value(text)
        except (ValueError, RecursionError):
            broken.append(number)
    if broken:
        told = ", ".join(map(str, broken[:MAX_TOLD])) + (" ..." if len(broken) > MAX_TOLD else "")
        missing.append(f"lines that are no JSON ({len(broken)}): {told}")


def _as_written(source: str, error: Exception) -> Parsed:
    why = "it is nested too deep" if isinstance(error, RecursionError) else f"it is not valid JSON: {error}"
    return Parsed(source, elements=[Element("code", 0, len(source))], missing=[f"names and values are not told apart, {why}"])


def _title(value: Any) -> str:
    named = [value[key] for key in ("title", "name", "제목", "이름") if value.get(key)] if isinstance(value, dict) else []
    return one_line(clean(named[0]))[:200] if named and isinstance(named[0], str) else ""


@dataclass
class Page:
    """The text as it grows. A block is a heading with what stands below it."""
    parts: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[Heading] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    cells: int = 0

    def show(self, value: Any, name: str, level: int) -> None:
        """`name`: where the value stands, '한도.학생'."""
        if level > MAX_DEPTH and isinstance(value, dict | list):
            self.add("code", clean(json.dumps(value, ensure_ascii=False)))
        elif isinstance(value, dict):
            self.show_object(value, name, level)
        elif isinstance(value, list) and value and all(map(_is_record, value)):
            self.show_records(value)
        elif isinstance(value, list):
            self.show_list(value, name, level)
        elif text := _scalar(value):
            self.add("paragraph", text)

    def show_object(self, value: dict[str, Any], name: str, level: int) -> None:
        """Plain values first, as they describe the object; then each object or list within it, under its name."""
        plain = {key: text for key, inner in value.items() if (text := _short(inner)) and "\n" not in text}
        pairs = [line([one_line(clean(key))], [text]) for key, text in plain.items()]
        if pairs:
            self.add("list", (" | " if sum(map(len, pairs)) < MAX_LINE_CHARS else "\n").join(pairs))
        for key, inner in value.items():
            if key in plain or inner in (None, "", [], {}):
                continue
            path = f"{name}.{one_line(clean(key))}" if name else one_line(clean(key))
            self.head(path, level)
            self.show(inner, path, level + 1)

    def show_records(self, records: list[dict[str, Any]]) -> None:
        names = list(dict.fromkeys(key for record in records for key in record))
        rows = [[one_line(clean(key)) for key in names]] if len(names) <= MAX_COLUMNS else []
        lines = []
        for number, record in enumerate(records):
            self.cells += max(1, len(record))
            if self.cells > MAX_CELLS:
                self.missing.append(f"{len(records) - number:,} of {len(records):,} records: a file is cut at {MAX_CELLS:,} values")
                break
            values = {key: _short(inner) for key, inner in record.items()}
            lines.append(line([one_line(clean(key)) for key in values], list(values.values())))
            if rows:
                rows.append([values.get(key, "") for key in names])
        self.add("table", "\n".join(filter(None, lines)), rows)

    def show_list(self, values: list[Any], name: str, level: int) -> None:
        for number, inner in enumerate(values, 1):
            self.cells += 1
            if self.cells > MAX_CELLS:
                self.missing.append(f"{len(values) - number + 1:,} of {len(values):,} entries: a file is cut at {MAX_CELLS:,} values")
                return
            if isinstance(inner, dict) and inner:
                self.head(f"{name}[{number}]", level)
            self.show(inner, f"{name}[{number}]", level + 1)

    def head(self, text: str, level: int) -> None:
        if text:
            self.headings.append(Heading(self.begin("\n\n"), min(level, 6), text))
            self.parts.append(text)
            self.length += len(text)

    def add(self, kind: str, text: str, cells: list[list[str]] | None = None) -> None:
        text = text.strip()
        if not text:
            return
        is_below = bool(self.headings) and self.headings[-1].start + len(self.headings[-1].text) == self.length
        start = self.begin("\n" if is_below else "\n\n")
        self.parts.append(text)
        self.length += len(text)
        self.elements.append(Element(kind, start, self.length, cells=cells or []))

    def begin(self, between: str) -> int:
        if self.parts:
            self.parts.append(between)
            self.length += len(between)
        return self.length

    def parsed(self, title: str) -> Parsed:
        return Parsed("".join(self.parts), title, headings=self.headings, elements=self.elements, missing=self.missing)


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and all(not isinstance(inner, dict | list) or _short(inner) for inner in value.values())


def _short(value: Any) -> str:
    """A plain value, or a list of few plain ones, as text; '' for all else."""
    if isinstance(value, list):
        texts = [_scalar(each) for each in value]
        return ", ".join(texts) if texts and all(texts) and sum(map(len, texts)) < 200 else ""
    return _scalar(value)


def _scalar(value: Any) -> str:
    return clean(value) if isinstance(value, str) else {True: "true", False: "false"}[value] if isinstance(value, bool) else ""
