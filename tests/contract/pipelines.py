"""Pipelines on which the six laws are tested. To put a built-in operator under the laws, add one line to PIPELINES.

A pipeline is a function (project, world) -> None that declares tables over `world.files(db)`: text files of three parts,
an author, a topic and a text. `every_kind` has each kind of operator and each way in which they combine.
"""
import dataclasses
import datetime
import io
import itertools
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import saem
from saem import curate, train, transform
from saem.core.identity import ID
from saem.core.shapes import Group, Groups, Made, Pairs, Tables, made_from
from saem.engine.project import Project
from saem.infer import approved
from saem.infer.grading import Criterion, Judgement, grade
from saem.infer.judges import rules as by_rules
from saem.infer.memory import Found
from saem.infer.memory import tables as memory_tables
from saem.infer.memory.extractors import rules
from saem.infer.memory.rows import Message

if TYPE_CHECKING:
    from tests.contract.world import World

EDGE = pa.schema([("left", ID), ("right", ID), ("similarity", pa.float32()), ("kind", pa.string())])


class Calls:
    """How often each operator ran, and what happens outside: nothing that a fingerprint may see."""
    fingerprint = "calls"

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()      # what the costly operator was asked, by text
        self.on_call: Callable[[str], None] = lambda name: None
        self.is_stormy = False                    # the outside world fails for texts that speak of weather

    def __call__(self, name: str) -> None:
        self.count[name] += 1
        self.on_call(name)


calls = Calls()


@dataclasses.dataclass
class Raw:
    path: str
    content: bytes


@dataclasses.dataclass
class Doc:
    path: str
    author: str
    topic: str
    text: str


@dataclasses.dataclass
class Parsed:
    author: str
    topic: str
    text: str


@saem.operator(version="1", consumes=["content", "size_bytes"])
def read(file: Raw) -> Parsed:
    calls("read")
    author, topic, text = (file.content.decode().split("\n", 2) + ["", ""])[:3]
    if "BAD" in text:
        raise ValueError(f"bad text in {file.path}")
    if calls.is_stormy and "weather" in text:
        raise ConnectionError("the weather is bad")
    return Parsed(author, topic, text)


@dataclasses.dataclass
class Piece:
    text: str
    start: int


@saem.operator(version="1", key=["text"])
def cut(doc: Parsed, size: int = 7) -> Iterable[Piece]:
    calls("cut")
    for start in range(0, len(doc.text), size):
        yield Piece(doc.text[start:start + size], start)
        if "HALF" in doc.text:
            raise ValueError("fails half-way")


@saem.operator(version="1", adds=pa.schema([("embedding", pa.list_(pa.float32(), 4))]), memo=["text"])
def encode(rows: pa.Table, model: str = "a") -> pa.Table:
    calls("encode")
    texts = rows["text"].to_pylist()
    if any("🔥" in text for text in texts):
        raise ValueError("the model refuses")
    calls.texts.update(texts)
    values = [zlib.crc32(f"{model}{text}".encode()) >> shift & 255 for text in texts for shift in (0, 8, 16, 24)]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(values, pa.float32()), 4)
    return rows.append_column("embedding", vectors)


@dataclasses.dataclass
class Line:
    line: str


@dataclasses.dataclass
class Word:
    word: str


@saem.operator(version="1")
def lines(doc: Parsed) -> Iterable[Line]:
    calls("lines")
    return [Line(line) for line in doc.text.split(".")]


@saem.operator(version="1")
def words(line: Line) -> Iterable[Word]:
    calls("words")
    return [Word(word) for word in line.line.split()]


@saem.operator(version="1", adds=pa.schema([("letters", pa.int64())]))
def measure(rows: pa.Table) -> pa.Table:
    calls("measure")
    return rows.append_column("letters", pa.array([len(word) for word in rows["word"].to_pylist()], pa.int64()))


@saem.operator(version="1", adds=pa.schema([("half", pa.string())]), key=["half"])
def halves(rows: pa.Table) -> Made:
    calls("halves")
    texts = rows["text"].to_pylist()
    made = [(number, half) for number, text in enumerate(texts) for half in (text[:len(text) // 2], text[len(text) // 2:])]
    return Made(pa.table({"half": [half for _, half in made]}, schema=pa.schema([("half", pa.string())])),
                np.array([number for number, _ in made], np.int64))


@dataclasses.dataclass
class Embedded:
    author: str
    text: str


@dataclasses.dataclass
class Total:
    author: str
    pieces: int
    said: str


@dataclasses.dataclass
class WideTotal:
    author: str
    pieces: int
    said: str
    letters: int


@saem.operator(version="1")
def total(rows: list[Embedded]) -> Iterable[Total]:
    calls("total")
    if any("🤐" in row.text for row in rows):
        raise ValueError("this author does not count")
    yield Total(rows[0].author, len(rows), " ".join(sorted(row.text for row in rows))[:60])


@saem.operator(version="1", key=["author"])
def wide_total(rows: list[Embedded]) -> Iterable[WideTotal]:
    calls("wide_total")
    said = sorted(row.text for row in rows)
    yield WideTotal(rows[0].author, len(rows), " ".join(said)[:60], sum(map(len, said)))


@dataclasses.dataclass
class Shout:
    loud: str


def make_shout(suffix: str) -> saem.core.operator.Operator:
    @saem.operator(version="1")
    def shout(row: Total) -> Shout:
        calls("shout")
        return Shout(row.said.upper() + suffix)      # a closure value: its change is a change of code
    return shout


@saem.operator(version="1", adds=pa.schema([("author", pa.string()), ("topic", pa.string()), ("longest", pa.string())]))
def longest(rows: Group) -> pa.Table:
    calls("longest")
    texts = rows["text"].to_pylist()
    first = rows.slice(0, 1)
    return pa.table({"author": first["author"], "topic": first["topic"], "longest": [max(texts, key=lambda t: (len(t), t))]})


JOINED = pa.schema([("author", pa.string()), ("text", pa.string()), ("note", pa.string())])


def _joined(docs: pa.Table, notes: pa.Table, keeps_lonely: bool) -> Made:
    made, origin, other = [], [], []
    for left, doc in enumerate(docs.to_pylist()):
        found = [(right, note) for right, note in enumerate(notes.to_pylist()) if note["author"] == doc["author"]]
        if any("CURSED" in note["note"] for _, note in found):
            raise ValueError("a cursed note")
        for right, note in found or ([(-1, {"note": None})] if keeps_lonely else []):
            made.append({"author": doc["author"], "text": doc["text"], "note": note["note"]})
            origin.append(left)
            other.append(right)
    return Made(pa.Table.from_pylist(made, JOINED), np.array(origin, np.int64), (np.array(other, np.int64),))


@saem.operator(version="1", adds=JOINED)
def join(docs: Groups, notes: Groups) -> Made:
    calls("join")
    return _joined(docs, notes, False)


@saem.operator(version="1", adds=JOINED)
def left_join(docs: Groups, notes: Groups) -> Made:
    calls("left_join")
    return _joined(docs, notes, True)


@dataclasses.dataclass
class Unique:
    text: str
    kept: str


@saem.operator(version="1", key=["text"])
def unique(rows: list[Doc]) -> Iterable[Unique]:
    calls("unique")
    kept = min(rows, key=lambda row: row.path)
    yield made_from(Unique(kept.text, kept.path), kept)


@dataclasses.dataclass
class Summary:
    authors: int
    said: str


@saem.operator(version="1")
def summary(rows: list[Total]) -> Iterable[Summary]:
    calls("summary")
    yield Summary(len(rows), " ".join(sorted(row.said for row in rows))[:80])


@dataclasses.dataclass
class Model:
    examples: int
    digest: int


@saem.operator(version="1")
def fit(rows: list[Embedded], seed: int = 1) -> Model:
    calls("fit")
    return Model(len(rows), zlib.crc32(repr((seed, sorted((row.author, row.text) for row in rows))).encode()))


@dataclasses.dataclass
class Price:
    topic: str
    price: float


@dataclasses.dataclass
class Priced:
    cost: int | None


@saem.operator(version="1")
def price(doc: Parsed, prices: list[Price]) -> Priced:
    calls("price")
    known = {each.topic: each.price for each in prices}
    return Priced(int(len(doc.text) * known[doc.topic]) if doc.topic in known else None)


@saem.operator(version="1", adds=pa.schema([("author", pa.string()), ("files", pa.int64())]))
def count(tables: Tables) -> pa.Table:
    calls("count")
    found = Counter(tables["docs"].to_table(columns=["author"])["author"].to_pylist())
    return pa.table({"author": list(found), "files": list(found.values())}, pa.schema([("author", pa.string()), ("files", pa.int64())]))


@dataclasses.dataclass
class Tagged:
    tags: list[str]


@saem.operator(version="1")
def tag(doc: Parsed) -> Tagged:
    calls("tag")
    return Tagged(sorted(set(doc.text.split())))


@saem.operator(version="1", adds=pa.schema([("pair", pa.string()), ("shared", pa.list_(pa.string()))]), key=["pair"], first_of=["tags"])
def alike(rows: Pairs) -> Made:
    """Documents that share a word; the first of those that hold it stands for them."""
    calls("alike")
    if any("🤐" in text for text in rows["text"].to_pylist()):
        raise ValueError("this one compares with nothing")
    tags, paths = [set(each or []) for each in rows["tags"].to_pylist()], rows["path"].to_pylist()
    first: dict[str, int] = {}
    for number, each in enumerate(tags):
        first |= {word: number for word in each if word not in first}
    pairs = sorted({(first[word], number) for number, each in enumerate(tags) for word in each if first[word] != number})
    made = pa.table({"pair": [f"{paths[a]} {paths[b]}" for a, b in pairs], "shared": [sorted(tags[a] & tags[b]) for a, b in pairs]},
                    pa.schema([("pair", pa.string()), ("shared", pa.list_(pa.string()))]))
    left, right = np.array([a for a, _ in pairs], np.int64), np.array([b for _, b in pairs], np.int64)
    return Made(made, left, (right,))


@dataclasses.dataclass
class FirstAndAll:
    what: str
    letters: int


@saem.operator(version="1")
def first_and_all(rows: list[Doc]) -> Iterable[FirstAndAll]:
    """One row from a member of the group, one from all of them."""
    calls("first_and_all")
    first = min(rows, key=lambda row: row.path)
    yield made_from(FirstAndAll(first.path, len(first.text)), first)
    yield FirstAndAll("all", sum(len(row.text) for row in rows))


@saem.operator(version="1", consumes=["loud"], adds=pa.schema([("words", pa.int64())]))
def count_words(rows: pa.Table, notes: pa.Table) -> pa.Table:
    calls("count_words")
    counts = [len(text.split()) + len(notes) for text in rows["loud"].to_pylist()]
    return rows.append_column("words", pa.array(counts, pa.int64()))


@dataclasses.dataclass
class Note:
    title: str
    author: str
    note: str


@dataclasses.dataclass
class PriceRow:
    topic: str
    price: float
    who: list[str]


@saem.source(key="topic")
def price_list(file: str) -> Iterable[PriceRow]:
    with open(file, encoding="utf-8") as lines:
        return [PriceRow(*row) for row in json.load(lines)]


def every_kind(db: Project, world: "World") -> None:
    """Each kind of operator, fused and not, over a folder, put records and a listed source."""
    settings = world.settings
    files, notes, prices = world.files(db), world.notes_table(db), world.prices(db)
    docs = files.derive("docs", read)
    chunks = docs.derive("chunks", cut(size=settings["size"]), encode(model=settings["model"]), carry=["path", "author"])
    docs.derive("words", lines, words, measure, carry=["author"])
    docs.derive("halves", halves, carry=["path"])
    totals = chunks.derive("totals", wide_total if settings["is_wide"] else total, by="author")
    chunks.derive("loud", total, make_shout(settings["suffix"]), by="author").derive("cut_loud", cut_loud)
    chunks.derive("loudness", total, make_shout(settings["suffix"]), count_words, by="author", using=[notes])
    docs.derive("longest", longest, by=["author", "topic"])
    docs.derive("pairs", join, by="author", using=[notes])
    docs.derive("left", left_join, by="author", using=[notes])
    docs.derive("uniques", unique, by="text")
    docs.derive("tagged", tag).derive("alike", alike, by="tags")
    docs.derive("firsts", first_and_all, by="topic")
    totals.derive("summary", summary)
    chunks.derive("models", fit(seed=settings["seed"]), by="author")
    chunks.derive("one_model", fit)
    docs.derive("priced", price, using=[prices])
    docs.derive("counted", count)


@dataclasses.dataclass
class Loud:
    loud: str


@saem.operator(version="1")
def cut_loud(row: Loud) -> Iterable[Piece]:
    calls("cut_loud")
    return [Piece(word, 0) for word in row.loud.split()]


def handbook(db: Project, world: "World") -> None:
    """saem's own operators."""
    docs = world.files(db).derive("docs", transform.parse)
    chunks = docs.derive("chunks", transform.chunk(max_chars=20), transform.embed(model="hash"), carry=["path"])
    chunks.index(text="text", vector="embedding")
    chunks.derive("once", transform.deduplicate, by="text")
    sizes = chunks.derive("sizes", transform.group_by(values={"n": "count()", "first": "min(start)"}), by="path")
    chunks.derive("sized", transform.join(how="left"), by="path", using=[sizes])
    db.derive("spoken", transform.sql("select text, count(*) n, min(path) path from chunks group by 1"))


@dataclasses.dataclass
class Drawn:
    picture: bytes


@saem.operator(version="1")
def draw(doc: Parsed) -> Drawn:
    """Stripes as wide as the text is long."""
    from PIL import Image
    stripe = 1 + len(doc.text) % 5
    pixels = np.add.outer(np.arange(64) // stripe, np.arange(64) // (stripe + 2)) % 2 * 200
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return Drawn(file.getvalue())


def twice_said(db: Project, world: "World") -> None:
    """Every search for duplicates. Words are few and texts short, so shingles are whole texts and passages two words."""
    docs = world.files(db).derive("docs", read)
    docs.derive("copies", curate.exact_duplicates(columns=["text", "topic"]))
    docs.derive("near", curate.near_duplicates(threshold=0.5))
    docs.derive("passages", curate.repeated_passages(min_words=3))
    docs.derive("embedded", transform.embed(model="hash")).derive("semantic", curate.semantic_duplicates(threshold=0.7))
    docs.derive("pictures", draw).derive("images", curate.image_duplicates(column="picture"))



@saem.operator(version="1", adds=pa.schema([("me", ID), ("topic", pa.string()), ("author", pa.string()), ("text", pa.string())]), key=[],
               links=[("_id",)])
def itself(docs: Groups) -> Made:
    """A relation by links of one table: each row alone."""
    calls("itself")
    rows = pa.table({"me": docs["_id"], **{name: docs[name] for name in ("topic", "author", "text")}})
    return Made(rows, np.arange(len(docs)))


@saem.operator(version="1", adds=EDGE)
def tie(rows: Groups) -> Made:
    """A chain through the rows of a topic: equal texts are exact, the others alike."""
    calls("tie")
    order = sorted(range(len(rows)), key=lambda i: (rows["topic"][i].as_py(), rows["text"][i].as_py()[:3], rows["me"][i].as_py()))
    pairs = [(a, b) for a, b in itertools.pairwise(order) if rows["topic"][a].as_py() == rows["topic"][b].as_py()]
    is_same = [rows["text"][a].as_py() == rows["text"][b].as_py() for a, b in pairs]
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    made = pa.table(
        [rows["me"].take(pa.array(left)), rows["me"].take(pa.array(right)),
         pa.array([1.0 if same else 0.8 for same in is_same], pa.float32()), pa.array(["exact" if same else "near" for same in is_same])],
        schema=EDGE,
    )
    return Made(made, left, beside=((0, np.arange(len(pairs)), right),))


@saem.operator(version="1", adds=pa.schema([("row", ID), ("keep", pa.bool_())]), key=[])
def spoken_for(rows: Groups, notes: Groups) -> Made:
    """What a note says of its author's first row."""
    calls("spoken_for")
    said: dict[str, tuple[int, int]] = {}
    for i in sorted(range(len(rows)), key=lambda i: rows["me"][i].as_py()):
        for j in sorted(range(len(notes)), key=lambda j: notes["title"][j].as_py()):
            if rows["author"][i].as_py() == notes["author"][j].as_py():
                said.setdefault(rows["author"][i].as_py(), (i, j))
    at = [pair[0] for pair in said.values()]
    made = pa.table(
        {"row": rows["me"].take(pa.array(at, pa.int64())),
         "keep": pa.array([notes["note"][j].as_py() != "two" for _, j in said.values()], pa.bool_())}
    )
    return Made(made, np.array(at, np.int64), (np.array([j for _, j in said.values()], np.int64),))


def curated(db: Project, world: "World") -> None:
    """Rows that are kept or dropped by rules, by what is like them, and by people."""
    docs = world.files(db).derive("docs", read)
    own = docs.derive("own", itself)
    overrides = own.derive("overrides", spoken_for, by="author", using=[world.notes_table(db)])
    signals = docs.derive("signals", curate.measure())
    rules = (curate.Rule("short", "chars", "<", 9, "a test", drops=True), curate.Rule("wordy", "words", ">", 4, "a test"))
    policy = curate.Policy({"ko": rules[:1], "*": rules}, near_duplicate=.7, prefer=["readers", "longest"], max_drop_per_source=1)
    decisions = signals.derive("decisions", curate.decide(policy), using=[own.derive("edges", tie, by="topic"), overrides])
    docs.derive("kept", curate.keep(), using=[decisions])


@saem.operator(version="1", adds=pa.schema([("is_sea", pa.bool_()), ("is_synthetic", pa.bool_())]))
def flag(rows: pa.Table) -> pa.Table:
    calls("flag")
    return rows.append_column("is_sea", pc.equal(rows["topic"], "sea")).append_column("is_synthetic", pc.not_equal(rows["author"], "ann"))


def chosen(db: Project, world: "World") -> None:
    """What a training set goes through: scored by a model, without wrong labels and leaked rows, mixed, synthetic rows capped."""
    docs = world.files(db).derive("docs", read)
    flagged = docs.derive("flagged", flag)
    flagged.derive("quality", train.fit(target="is_sea", learner="ngrams"))
    flagged.derive("scored", train.predict(model="quality"))
    docs.derive("folds", train.cross_fit(target="topic", entity="author", folds=2))
    docs.derive("unsure", curate.without(), using=[docs.derive("errors", train.label_errors(models="folds"))])
    leaks = docs.derive("leaks", curate.contaminated(name="author", min_words=3), using=[flagged])
    docs.derive("unseen", curate.without(), using=[leaks])
    runs = docs.derive("runs", train.proxy_runs(source="topic", runs=4, proxy_bytes=50), using=[flagged])
    runs.derive("weights", train.mixture())
    docs.derive("drawn", train.draw(weights="weights", size_bytes=90))
    flagged.derive("quota", train.synthetic_quota(max_share=0.4))
    flagged.derive("real", train.within_quota(quota="quota"))


@dataclasses.dataclass
class Told:
    path: str
    author: str
    topic: str
    text: str


STATEMENTS = ["I live in {}.", "I like {}.", "I no longer like {}.", "My hobby is {}.", "My friend works at {}.", "What is {}?"]


@saem.operator(version="1", key=["key"])
def says(doc: Told) -> Iterable[Message]:
    """Each word is something that the author says; words decide when, so that some are said at one moment."""
    calls("says")
    for number, word in enumerate(doc.text.split()):
        mark = zlib.crc32(word.encode())
        said_at = datetime.datetime(2026, 1, 1 + mark % 9, tzinfo=datetime.UTC)
        text = STATEMENTS[(mark + number) % len(STATEMENTS)].format(word.capitalize())
        yield Message(f"{doc.author}/{doc.topic}/{doc.path}-{number}", doc.author, "tutor", doc.topic, "user", text, said_at,
                      said_at + datetime.timedelta(days=3) if mark % 4 == 0 else None)


def reads(text: str, said_at: datetime.datetime) -> Iterable[Found]:
    """The rules; and an extractor that names a place that is not there."""
    calls("reads")
    return [Found("", "mood", "hot", 0, len(text) + 1)] if "🔥" in text else rules.extract(text, said_at)


def remembered(db: Project, world: "World") -> None:
    """What agents remember, of messages that come and go with files."""
    memory_tables.derive(world.files(db).derive("docs", read).derive("tutor_messages", says), "tutor", reads, "hash")


@dataclasses.dataclass
class Asked:
    name: str
    description: str
    least: int
    most: int
    looks_for: list[str]


@saem.operator(version="1")
def criterion(note: Note) -> Asked:
    calls("criterion")
    return Asked(note.title, note.note, 0, 1 + len(note.note) % 3, [note.note, note.author])


def judges(text: str, criterion: Criterion, run: int) -> Judgement:
    """The rules; and a judge that gives too many points."""
    calls("judges")
    return Judgement(99, (), "") if "🔥" in text else by_rules.judge(text, criterion, run)


@dataclasses.dataclass
class Known:
    question: str
    answer: str
    cites: list[str]


@saem.operator(version="1", consumes=["author", "topic"])
def known(doc: Parsed) -> Known:
    calls("known")
    return Known(doc.text, doc.author, [])


def answered(db: Project, world: "World") -> None:
    """Texts that are graded by criteria which come and go, and approved answers with their index."""
    docs = world.files(db).derive("docs", read)
    criteria = world.notes_table(db).derive("criteria", criterion)
    docs.derive("scores", grade(judge=judges, runs=2), using=[criteria], carry=["path"])
    approved.derive(docs.derive("approved", known), "hash")


PIPELINES = {"every_kind": every_kind, "handbook": handbook, "twice_said": twice_said, "curated": curated, "chosen": chosen,
             "remembered": remembered, "answered": answered}
