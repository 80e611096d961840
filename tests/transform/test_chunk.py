"""Chunking strategies: whatever the strategy, pieces have exact places, keep their size and lose nothing."""
import dataclasses
import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saem
from saem.core import registry
from saem.core.columns import table_of
from saem.engine.project import Project
from saem.sources import folder
from saem.transform import chunk, embed, parse
from saem.transform import words as words_module
from saem.transform.parse import Document, File
from saem.transform.parse._parsed import Element, Heading
from tests.transform.test_splitting import TEXTS, headings_in, leave_out_nothing

STRATEGIES = ("heading", "semantic", "sentence", "size")
LIBRARY = """# 도서관

## 대출

학생은 책을 한 번에 5권까지 14일 동안 빌릴 수 있습니다. 교직원은 10권까지 빌립니다. 대출은 한 번 연장됩니다. 예약 도서는 연장되지 않습니다.

### 연체료

도서 연체료는 한 권당 하루 100원입니다. 최대 5,000원까지 부과됩니다.

### 분실

책을 잃어버리면 같은 책을 사서 변상합니다.

## Opening hours

The library opens at nine. It closes at ten in the evening. On Sundays it is closed. The desk is on the second floor.
"""


@dataclasses.dataclass
class Outlined:
    """What chunk reads of a document."""
    text: str
    page_starts: list[int]
    headings: list[Heading]
    elements: list[Element]


def document(text: str, headings: list[Heading] | None = None, elements: list[Element] | None = None) -> pa.Table:
    return table_of([Outlined(text, [], headings or [], elements or [])], Outlined)


def library() -> pa.Table:
    return table_of([parse(File("library.md", LIBRARY.encode()))], Document)


def texts_of(rows: pa.Table, **settings: Any) -> list[str]:
    """The pieces, having looked at their places."""
    made = chunk(rows, **settings)
    for piece, origin in zip(made.rows.to_pylist(), made.origin, strict=True):
        assert piece["text"] == rows["text"][int(origin)].as_py()[piece["start"]:piece["end"]]
    return made.rows["text"].to_pylist()  # type: ignore[no-any-return]


def cut(strategy: str, text: str, headings: list[Heading], max_chars: int, **own: Any) -> list[Any]:
    from saem.transform.splitting import Text
    return registry.load("strategy", strategy).cut([Text("before it"), Text(text, headings)], max_chars, **own)[1]  # type: ignore[no-any-return]


def test_the_strategies_are_the_files_of_their_folder() -> None:
    assert registry.names("strategy") == STRATEGIES


@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, max_chars=st.integers(20, 120), has_headings=st.booleans())
def test_every_strategy_keeps_order_place_and_size_and_loses_nothing(strategy: str, text: str, max_chars: int, has_headings: bool) -> None:
    own = {"model": "hash"} if strategy == "semantic" else {}
    spans = cut(strategy, text, headings_in(text) if has_headings else [], max_chars, **own)
    leave_out_nothing(text, spans)
    assert all(span.end - span.start <= max_chars for span in spans)
    assert spans == cut(strategy, text, headings_in(text) if has_headings else [], max_chars, **own)


def test_by_heading_each_section_is_a_chunk_with_the_headings_above_it() -> None:
    rows = chunk(library(), strategy="heading", max_chars=300).rows
    assert rows["heading"].to_pylist() == ["도서관", "도서관 > 대출 > 연체료", "도서관 > 대출 > 분실", "도서관 > Opening hours"]
    assert rows["text"][1].as_py().startswith("연체료\n\n도서 연체료는")
    by_size = chunk(library(), max_chars=300).rows["text"].to_pylist()
    assert any("연체료\n" in text and "분실\n" in text for text in by_size), "by size, small sections share a chunk"


def test_a_section_that_is_too_long_is_cut() -> None:
    made = texts_of(library(), strategy="heading", max_chars=60)
    assert len(made) > 4
    assert max(map(len, made)) <= 60


def test_by_sentence_a_chunk_holds_so_many_sentences() -> None:
    made = texts_of(library(), strategy="sentence", sentences=2)
    assert made[0] == "도서관\n\n대출\n\n학생은 책을 한 번에 5권까지 14일 동안 빌릴 수 있습니다. 교직원은 10권까지 빌립니다."
    assert made[1] == "대출은 한 번 연장됩니다. 예약 도서는 연장되지 않습니다."
    assert made[-1] == "On Sundays it is closed. The desk is on the second floor."


def test_korean_without_full_stops_is_cut_into_sentences_by_kiwi() -> None:
    text = "반납은 14일 안에 해야 한다 책을 잃어버렸어요 어떻게 하나요"
    made = texts_of(document(text), strategy="sentence", sentences=1)
    assert made == ["반납은 14일 안에 해야 한다", "책을 잃어버렸어요", "어떻게 하나요"]


def test_without_kiwi_sentences_are_told_by_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "has_kiwi", lambda: False)
    made = texts_of(document("하루 100원이다. 반납은 14일이다 끝"), strategy="sentence", sentences=1)
    assert made == ["하루 100원이다.", "반납은 14일이다 끝"]


def test_semantic_chunks_keep_together_what_is_about_the_same() -> None:
    dogs, rates = "The dog barks at the postman. The dog sleeps near the postman.", "Interest rates rose again. Interest rates fell before."
    text = f"{dogs} {rates}"
    assert texts_of(document(text), strategy="semantic", model="hash", max_chars=70) == [dogs, rates]
    assert texts_of(document(text), strategy="sentence", sentences=3, max_chars=100)[0].endswith("Interest rates rose again.")


def test_semantic_chunking_embeds_the_sentences_of_all_documents_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    model = registry.embedder("hash")

    class Counting:
        fingerprint = "counting"

        def passages(self, texts: list[str]) -> np.ndarray:
            calls.append(list(texts))
            return model.passages(texts)

    monkeypatch.setattr(registry, "embedder", lambda name: Counting())
    chunk(pa.concat_tables([document("One thing. Another thing."), document("Another thing. A third.")]), strategy="semantic", max_chars=20)
    assert calls == [["One thing.", "Another thing.", "A third."]]


# ---- tables and code

TABLE = "room | price\nsingle | 100\ndouble | 150"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", ["table", "code"])
def test_a_table_or_code_that_fits_is_never_cut(strategy: str, kind: str) -> None:
    text = f"Rooms are let by the month. They are warm.\n\n{TABLE}\n\nAsk at the desk for a key."
    start = text.index(TABLE)
    block = Element(kind, start, start + len(TABLE), cells=[["room", "price"]])
    rows = document(text, elements=[Element("paragraph", 0, start - 2), block])
    own = {"model": "hash"} if strategy == "semantic" else {}
    made = texts_of(rows, strategy=strategy, max_chars=45, **own)
    assert any(TABLE in piece for piece in made)
    assert "".join("".join(made).split()) == "".join(text.split())
    assert max(map(len, made)) <= 45


def test_a_table_that_is_too_long_is_cut_as_any_text() -> None:
    text = "\n".join(f"row {number} | {number * 100}" for number in range(50))
    made = texts_of(document(text, elements=[Element("table", 0, len(text))]), max_chars=100)
    assert max(map(len, made)) <= 100
    assert made == texts_of(document(text), max_chars=100)


def test_the_line_above_a_table_stays_with_it_where_both_fit() -> None:
    text = f"{'Long sentence here. ' * 3}\n\nPrices:\n\n{TABLE}"
    rows = document(text, elements=[Element("table", text.index(TABLE), len(text))])
    assert texts_of(rows, max_chars=70)[-1].endswith(TABLE)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, max_chars=st.integers(20, 80), data=st.data())
def test_blocks_anywhere_lose_nothing(text: str, max_chars: int, data: st.DataObject) -> None:
    from saem.transform.splitting import kept_whole
    at = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    blocks = list(zip(at[::2], at[1::2], strict=False))
    spans = kept_whole(text, cut("size", text, [], max_chars), blocks, max_chars)
    leave_out_nothing(text, spans)
    assert all(span.end - span.start <= max_chars for span in spans)
    for start, end in blocks:
        inner = text[start:end].strip()
        if inner and len(inner) <= max_chars:
            first = start + text[start:end].index(inner)
            assert any(span.start <= first and first + len(inner) <= span.end for span in spans)


# ---- overlap

@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_overlap_says_again_whole_sentences_of_the_piece_before(strategy: str) -> None:
    own = {"model": "hash"} if strategy == "semantic" else {"sentences": 2} if strategy == "sentence" else {}
    plain = texts_of(library(), strategy=strategy, max_chars=120, **own)
    made = texts_of(library(), strategy=strategy, max_chars=120, overlap=40, **own)
    assert max(map(len, made)) <= 120
    assert sum(map(len, made)) > sum(map(len, plain)), "something is said twice"
    again = ("It closes at ten in the evening.", "교직원은 10권까지 빌립니다.", "대출은 한 번 연장됩니다.")
    assert any(piece.startswith(again) for piece in made)
    assert not any("변상합니다.\n" in piece for piece in made[-2:]), "nothing is said again below a heading"


def test_words_are_said_again_where_no_sentence_fits() -> None:
    text = " ".join(f"word{number}" for number in range(60))
    made = texts_of(document(text), max_chars=60, overlap=20)
    for before, piece in zip(made, made[1:], strict=False):
        shared = max(size for size in range(21) if before.endswith(piece[:size]))
        assert shared > 0
        assert piece.startswith("word")


# ---- mistakes are told where they are made

@pytest.mark.parametrize(("wrong", "what", "fix"), [
    ({"strategy": "headings"}, "no strategy is named 'headings'", "did you mean 'heading'?"),
    ({"strategy": "size", "sentences": 3}, "the strategy 'size' has no setting 'sentences'", 'chunk(strategy="sentence", sentences=...)'),
    ({"strategy": "sentence", "sentences": 0}, "sentences is 0", "at least one"),
    ({"max_chars": 400, "overlap": 300}, "overlap is 300 of 400", "at most half"),
    ({"overlap": -1}, "overlap is -1", "at most half"),
    ({"max_chars": 5}, "max_chars is 5", "at least 20"),
])
def test_a_wrong_setting_fails_where_the_table_is_declared(tmp_path: pathlib.Path, wrong: dict[str, Any], what: str, fix: str) -> None:
    db = Project(str(tmp_path / "state"))
    docs = db.source("files", folder(str(tmp_path))).derive("docs", parse)
    with pytest.raises(saem.SaemError) as error:
        docs.derive("chunks", chunk(**wrong))
    assert (error.value.code, error.value.exit_code) == ("E104", 2)
    assert what in error.value.what
    assert fix in error.value.fix


def test_a_wrong_model_of_semantic_chunking_is_told_as_embed_tells_it(tmp_path: pathlib.Path) -> None:
    db = Project(str(tmp_path / "state"))
    docs = db.source("files", folder(str(tmp_path))).derive("docs", parse)
    with pytest.raises(saem.SaemError, match="E102"):
        _ = docs.derive("chunks", chunk(strategy="semantic", model="nanoe")).fingerprint


# ---- changing the strategy

def built(state: pathlib.Path, docs: pathlib.Path, **settings: Any) -> tuple[Project, Any]:
    db = Project(str(state))
    made = db.source("files", folder(str(docs))).derive("docs", parse)
    made.derive("chunks", chunk(**settings), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    return db, db.run().tables["chunks"]


def test_chunks_that_are_equal_under_both_strategies_keep_their_names_and_are_not_embedded_again(tmp_path: pathlib.Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "library.md").write_text(LIBRARY, "utf-8")
    (docs / "canteen.md").write_text("# Canteen\n\nLunch is served from 11:30 to 13:30.\n", "utf-8")
    db, first = built(tmp_path / "state", docs, max_chars=300)
    before = {row["text"]: row["_id"] for row in db.published("chunks").to_table(columns=["text", "_id"]).to_pylist()}
    db.close()
    db, second = built(tmp_path / "state", docs, max_chars=300, strategy="heading")
    after = {row["text"]: row["_id"] for row in db.published("chunks").to_table(columns=["text", "_id"]).to_pylist()}
    same = before.keys() & after.keys()
    assert len(same) >= 2
    assert first.computed == len(before)
    assert (second.computed, second.reused) == (len(after) - len(same), len(same))
    assert (second.added, second.deleted, second.unchanged) == (len(after) - len(same), len(before) - len(same), len(same))
    assert all(before[text] == after[text] for text in same)
    db.close()
    db, third = built(tmp_path / "state", docs, max_chars=300, strategy="heading")
    assert (third.recomputed, third.computed, third.added) == (0, 0, 0)


def test_another_model_of_another_strategy_makes_nothing_again(tmp_path: pathlib.Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "library.md").write_text(LIBRARY, "utf-8")
    built(tmp_path / "state", docs, max_chars=300)[0].close()
    _, again = built(tmp_path / "state", docs, max_chars=300, strategy="size")      # the default, said aloud
    assert (again.recomputed, again.computed) == (0, 0)
