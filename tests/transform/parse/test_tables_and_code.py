"""CSV, JSON, notebooks and source code: what a reader of a citation sees, and what bad input does."""
import json
import pathlib

import pytest

from saem.core.errors import SaemError
from saem.transform.parse import _records, code, ipynb
from saem.transform.parse import csv as tables
from saem.transform.parse import json as trees
from saem.transform.parse._parsed import Parsed

ROOT = pathlib.Path(__file__).parents[3]


def places(parsed: Parsed) -> None:
    """Every heading and element stands where it says."""
    for heading in parsed.headings:
        assert parsed.text[heading.start:heading.start + len(heading.text)] == heading.text
    ends = [0]
    for element in parsed.elements:
        assert ends[-1] <= element.start < element.end <= len(parsed.text)
        assert parsed.text[element.start:element.end].strip() == parsed.text[element.start:element.end]
        ends.append(element.end)


# ---- csv

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found_and_each_row_names_its_values(encoding: str, delimiter: str) -> None:
    lines = [["이름", "학년", "비고"], ["김샘", "3", "장학생, 우수"], ["Lee", "1", ""]]
    source = "\r\n".join(delimiter.join(f'"{cell}"' if "," in cell else cell for cell in line) for line in lines)
    parsed = tables.parse(source.encode(encoding), "학생.csv")
    assert parsed.text == "이름: 김샘 | 학년: 3 | 비고: 장학생, 우수\n이름: Lee | 학년: 1"
    assert parsed.elements[0].cells == lines
    places(parsed)


def test_a_table_without_header_loses_no_row() -> None:
    assert tables.parse(b"1,2.5\n3,4.5\n", "a.csv").text == "1 | 2.5\n3 | 4.5"
    assert tables.parse(b"kim@school.kr,Kim\nlee@school.kr,Lee\n", "a.csv").text.startswith("kim@school.kr | Kim")


def test_lines_above_the_header_are_its_caption() -> None:
    parsed = tables.parse("2024년 연체료 표\n\n자료,하루\n도서,100원\nDVD,500원\n".encode("cp949"), "fees.csv")
    assert parsed.title == "2024년 연체료 표"
    assert parsed.text == "2024년 연체료 표\n\n자료: 도서 | 하루: 100원\n자료: DVD | 하루: 500원"
    assert [element.kind for element in parsed.elements] == ["caption", "table"]
    places(parsed)


def test_quotes_hold_newlines_and_an_open_quote_swallows_nothing() -> None:
    assert tables.parse(b'a,b\n"x\ny","say ""hi"""\n', "a.csv").text == 'a: x y | b: say "hi"'
    assert tables.parse(b'a,b\n1,"open\n2,3\n4,5\n', "a.csv").text == 'a: 1 | b: "open\na: 2 | b: 3\na: 4 | b: 5'


def test_a_table_that_is_too_large_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_records, "MAX_CELLS", 20)
    parsed = tables.parse(b"a,b\n" + b"1,2\n" * 100, "a.csv")
    assert parsed.text.count("\n") == 8
    assert "what follows row 10, of about 101" in parsed.missing[0]


@pytest.mark.parametrize("content", [b"", b"\n\n", b",,,\n,,\n", b'""\n'])
def test_an_empty_table_is_refused(content: bytes) -> None:
    with pytest.raises(SaemError) as error:
        tables.parse(content, "a.csv")
    assert error.value.code == "E401"


def test_what_is_no_table_is_refused_or_is_lines() -> None:
    with pytest.raises(SaemError, match="not text"):
        tables.parse(bytes(range(256)) * 10, "a.csv")
    assert tables.parse(b"just one sentence.", "a.csv").text == "just one sentence."
    assert tables.parse(b'"a,b\n' * 50_000, "a.csv").text.startswith('"a: "a')


# ---- json

def test_objects_become_headings_and_records_become_rows() -> None:
    source = {"title": "도서관 규정", "version": 3, "대출": {"기간": "14일", "권수": {"학생": 5, "교사": 10}},
              "fees": [{"item": "book", "won": 100}, {"item": "DVD", "won": 500, "note": None}], "tags": ["a", "b"], "empty": {},
              "on": True}
    parsed = trees.parse(json.dumps(source, ensure_ascii=False).encode(), "a.json")
    assert parsed.title == "도서관 규정"
    assert parsed.text == ("title: 도서관 규정 | version: 3 | tags: a, b | on: true\n\n대출\n기간: 14일\n\n"
                           "대출.권수\n학생: 5 | 교사: 10\n\n"
                           "fees\nitem: book | won: 100\nitem: DVD | won: 500")
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "대출"), (2, "대출.권수"), (1, "fees")]
    assert parsed.elements[-1].cells == [["item", "won", "note"], ["book", "100", ""], ["DVD", "500", ""]]
    places(parsed)


def test_json_lines_are_rows_and_a_broken_line_is_told() -> None:
    for name, extra in (("a.jsonl", b"{broken\n"), ("a.json", b"")):
        parsed = trees.parse('{"q": "대출 기간은?", "a": "14일"}\n{"q": "fine?", "a": "100"}\n'.encode() + extra, name)
        assert parsed.text == "q: 대출 기간은? | a: 14일\nq: fine? | a: 100"
        assert parsed.missing == (["lines that are no JSON (1): 3"] if extra else [])


def test_numbers_stay_as_they_are_written() -> None:
    huge = "9" * 100_000
    assert trees.parse(f'{{"n": {huge}, "x": 1.10, "y": 1e999, "z": NaN}}'.encode(), "a.json").text.split("\n") == [
        f"n: {huge}", "x: 1.10", "y: 1e999", "z: NaN"]


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"a":' * 300 + b"1" + b"}" * 300, b'{"a": ' * 50_000 + b"1" + b"}" * 50_000,
                                     b'{"a": 1,}', b'{"a": "\\ud800", "\\ud800": 2}', b'// note\n{"a": 1}', b'{"a": "x'])
def test_what_is_no_json_or_too_deep_is_still_text(content: bytes) -> None:
    parsed = trees.parse(content, "a.json")
    parsed.text.encode("utf-8")
    assert "a" in parsed.text or "[" in parsed.text
    places(parsed)


def test_a_long_text_within_json_keeps_its_lines() -> None:
    parsed = trees.parse(json.dumps({"body": "First.\nSecond.", "by": "Kim"}).encode(), "a.json")
    assert parsed.text == "by: Kim\n\nbody\nFirst.\nSecond."


# ---- notebooks

def notebook(*cells: dict[str, object]) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False).encode()


def test_a_notebook_shows_its_text_its_code_and_what_was_printed() -> None:
    parsed = ipynb.parse(notebook(
        {"cell_type": "markdown", "source": ["# 연체료 분석\n", "\n", "The **fee** is 100 won.\n\n## Data"]},
        {"cell_type": "code", "source": "def fee(days):\n    return days * 100", "outputs": []},
        {"cell_type": "code", "source": ["fee(3)"], "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["\x1b[31m경고\x1b[0m\n"]},
            {"output_type": "execute_result", "data": {"text/plain": ["300"]}},
            {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "<Figure size 640x480>"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no days", "traceback": []}]},
        {"cell_type": "markdown", "source": ""}), "a.ipynb")
    assert parsed.title == "연체료 분석"
    assert parsed.text == ("연체료 분석\n\nThe fee is 100 won.\n\nData\n\ndef fee(days):\n    return days * 100\n\nfee(3)\n\n"
                           "경고\n\n300\n\nValueError: no days")
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "연체료 분석"), (2, "Data")]
    assert parsed.missing == ["1 outputs of the kind image/png"]
    assert [e.kind for e in parsed.elements][-5:] == ["code"] * 5
    places(parsed)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"hello", b'{"cells": 3}', b'{"cells": [{}]}', b"[" * 100_000])
def test_what_is_no_notebook_is_refused(content: bytes) -> None:
    with pytest.raises(SaemError) as error:
        ipynb.parse(content, "a.ipynb")
    assert error.value.code in ("E404", "E401")


# ---- source code

SOURCES = {
    "a.py": ("class Loan:\n    def fee(self): ...\n\nasync def run(): ...", [(2, "class Loan"), (3, "def fee"), (2, "async def run")]),
    "a.ts": ("export interface Loan { id: string }\nconst fee = async (days: number): Promise<number> => {\n}\nconst x = 3",
             [(2, "export interface Loan"), (2, "const fee")]),
    "A.java": ("public class Loan {\n  public static int fee(List<String> a) throws IOException {"
               "\n    if (x) {\n    }\n    return go(x);\n  }",
               [(2, "public class Loan"), (3, "public static int fee")]),
    "a.kt": ("data class Loan(val id: Int)\nfun <T> List<T>.fee(): Int {", [(2, "data class Loan"), (2, "fun <T> List<T>.fee")]),
    "a.c": ("int main(int argc, char **argv) {\n  for (;;) {\n  }\n}\nint declared(int);", [(2, "int main")]),
    "a.cpp": ("class Loan : public Row {\n};\nvoid Loan::fee(int days) const\n{\n}", [(2, "class Loan"), (2, "void Loan::fee")]),
    "a.go": ("func (l *Loan) Fee() int {\ntype Loan struct {", [(2, "func (l *Loan) Fee"), (2, "type Loan")]),
    "a.rs": ("pub fn fee() {}\nimpl Loan {\n    fn x(&self) {}", [(2, "pub fn fee"), (2, "impl Loan"), (3, "fn x")]),
    "a.sql": ("create table if not exists loans (id int);", [(2, "create table if not exists loans")]),
    "a.sh": ("# 대출\nfee() {\n}", [(2, "fee")]),
    "a.toml": ("[project]\nname = 'x'\n[[tool.x]]", [(2, "[project]"), (2, "[[tool.x]]")]),
    "a.yaml": ("on: push\njobs:\n  build:", [(2, "jobs")]),
}


@pytest.mark.parametrize("name", SOURCES)
def test_functions_and_classes_are_headings(name: str) -> None:
    text, headings = SOURCES[name]
    parsed = code.parse(text.encode(), name)
    assert parsed.text == text
    assert [(h.level, h.text) for h in parsed.headings] == headings
    places(parsed)


def test_real_source_is_given_as_it_stands() -> None:
    for path in sorted((ROOT / "src/saem/engine").glob("*.py")):
        content = path.read_bytes()
        if content.strip():
            parsed = code.parse(content, path.name)
            assert parsed.text == content.decode().strip()
            places(parsed)
    assert code.parse(b"\"\"\"Loans.\"\"\"\n", "a.py").title == "Loans."


@pytest.mark.parametrize("text", ["a(" * 50_000, "int " * 50_000, "class " * 50_000, "\t" * 100_000 + "x",
                                  "const a = (" * 20_000, "a<b," * 30_000])
def test_hostile_source_ends(text: str) -> None:
    for suffix in (".c", ".js", ".java", ".rs", ".kt", ".sql", ".sh", ".toml"):
        code.parse(text.encode(), f"a{suffix}")
