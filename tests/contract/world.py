"""A small world outside of saem - files, notes, prices, who may read them, the code - and everything that can happen in it."""
import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import saem.engine.loading
import saem.engine.memo
import saem.engine.reading
import saem.engine.refresh
import saem.engine.table
import saem.engine.units
import saem.store.table
from saem.core.identity import digest
from saem.core.run import OnStep, ignore
from saem.engine.project import Project
from saem.engine.table import Table
from saem.sources import folder, records
from tests.contract.pipelines import PIPELINES, Note, calls, price_list

AUTHORS, TOPICS = ["ann", "bob", "cho"], ["sea", "sky"]
WORDS = ["data", "flow", "row", "샘", "물", "line. age", "weather", "e\u0301t\u00e9", "data"]
SPOILT = ["BAD", "HALF", "🔥", "🤐"]      # each makes one operator raise
READERS = [["*"], ["kim"], ["lee"], ["kim", "lee"], ["staff", "kim"], []]
OLD_NS = 1_600_000_000_000_000_000            # files are dated back, so that none looks as if it may still change

TINY = [      # every threshold so low that blocks, scans, indexes and compaction all happen on a dozen rows
    (saem.store.table, "MAX_IN", 2), (saem.store.table, "COMPACT_FRAGMENTS", 2), (saem.store.table, "UNINDEXED_ROWS", 3),
    (saem.store.table, "FRAGMENT_ROWS", 8), (saem.engine.units, "BLOCK_UNITS", 3), (saem.engine.loading, "PIECE_UNITS", (1, 2)),
    (saem.engine.loading, "WHOLE_IDS", 2), (saem.engine.units, "BLOCK_PAIRS", 3), (saem.engine.loading, "LINKED_BYTES", 64),
    (saem.engine.refresh, "SLICE_ROWS", 2), (saem.engine.refresh, "PROGRESS_ROWS", 4),
    (saem.engine.refresh, "CHEAP_ROWS", 4), (saem.engine.table, "INDEX_ROWS", 3), (saem.engine.reading, "BLOCK_ROWS", 3),
    (saem.engine.memo, "RECENT_BYTES", 64),
]


@contextmanager
def tiny_thresholds() -> Iterator[None]:
    before = [(module, name, getattr(module, name)) for module, name, _ in TINY]
    try:
        for module, name, value in TINY:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


@dataclasses.dataclass(frozen=True)
class Action:
    """One thing that happens. `dice`, each in [0, 1), pick among what there is when it happens: any part of a story is a story."""
    kind: str
    dice: tuple[float, ...]

    def pick(self, number: int, choices: Sequence) -> object:
        return choices[int(self.dice[number] * len(choices))]


class World:
    """Files and records outside, one project over them, and as many rebuilds as are asked for."""

    def __init__(self, pipeline: str = "every_kind") -> None:
        fast = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.home = tempfile.mkdtemp(prefix="saem-world-", dir=fast)
        self.docs, self.state = f"{self.home}/docs", f"{self.home}/state"
        os.makedirs(f"{self.docs}/sub")
        self.pipeline = pipeline
        self.grants: dict[str, list[str]] = {}
        self.notes: dict[str, tuple[Note, list[str]]] = {}
        self.price_rows: dict[str, tuple[object, list[str]]] = {"sea": (2.0, ["*"])}
        self.settings: dict[str, object] = {"size": 7, "model": "a", "suffix": "!", "is_wide": False, "seed": 1}
        self.must_retry = False
        self.forgotten: set[str] = set()          # paths that are kept out, although the files lie there
        self.gone: set[str] = set()               # words that only forgotten files hold
        self.clock = 0
        self.write("anchor.txt", "ann\nsea\nan anchor that never fails")

    def close(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        calls.is_stormy, calls.on_call = False, lambda name: None

    # what a pipeline declares

    def files(self, db: Project) -> Table:
        return db.source("files", folder(self.docs, types=["*"]), readers=self.readers)

    def notes_table(self, db: Project) -> Table:
        return db.source("notes", records(Note))

    def prices(self, db: Project) -> Table:
        with open(f"{self.home}/prices.json", "w", encoding="utf-8") as file:
            json.dump([[topic, price, who] for topic, (price, who) in sorted(self.price_rows.items())], file)
        return db.source("prices", price_list(f"{self.home}/prices.json"), readers="who")

    def readers(self, path: str) -> list[str]:
        return self.grants.get(path, ["staff", "kim"])

    def open(self, state: str | None = None, on_step: OnStep = ignore) -> Project:
        db = Project(state or self.state, on_step)
        PIPELINES[self.pipeline](db, self)
        return db

    @contextmanager
    def opened(self, on_step: OnStep = ignore) -> Iterator[Project]:
        db = self.open(on_step=on_step)
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def rebuilt(self) -> Iterator[Project]:
        """A project built from nothing over the same sources."""
        state = tempfile.mkdtemp(dir=self.home, prefix="rebuilt-")
        db = self.open(state)
        try:
            if "notes" in db.tables:
                for note, who in self.notes.values():
                    db.tables["notes"].put([note], readers=[db.catalog.reader_code(who)])
            marks = [("files", db.catalog.mark(digest("files", path)), 0.0) for path in self.forgotten]
            db.catalog.db.executemany("insert into forgotten values (?,?,?)", marks)
            db.run()
            yield db
        finally:
            db.close()
            shutil.rmtree(state)

    # what happens

    def play(self, action: Action) -> None:
        happening: Callable[[Action], None] = getattr(self, f"_{action.kind}")
        happening(action)
        for path in set(self.paths()) - self.forgotten:       # whoever copied a file before it was forgotten may keep its words
            with open(f"{self.docs}/{path}", encoding="utf-8") as file:
                self.gone -= set(file.read().split())

    def write(self, path: str, text: str) -> None:
        with open(f"{self.docs}/{path}", "w", encoding="utf-8") as file:
            file.write(text)
        self._date(path)

    def _date(self, path: str) -> None:
        self.clock += 1
        os.utime(f"{self.docs}/{path}", ns=(OLD_NS + self.clock * 1_000_000, OLD_NS + self.clock * 1_000_000))

    def paths(self) -> list[str]:
        every = [os.path.relpath(os.path.join(at, name), self.docs) for at, _, names in os.walk(self.docs) for name in names]
        return sorted(path for path in every if path != "anchor.txt")

    def _text(self, action: Action, first: int) -> str:
        dice = action.dice[first:]
        length = int(dice[2] * 10)
        said = [WORDS[int(dice[3] * 97 + i * (1 + dice[4] * 50)) % len(WORDS)] for i in range(length)]
        if dice[5] > .5:
            said.append(f"zq{int(dice[5] * 1e12):012}")     # found nowhere else: see `laws.check_forgotten`
        if dice[5] < .2:
            said.insert(len(said) // 2, SPOILT[int(dice[5] * 20) % len(SPOILT)])
        return f"{AUTHORS[int(dice[0] * 3)]}\n{TOPICS[int(dice[1] * 2)]}\n{' '.join(said)}"

    def known_paths(self, db: Project) -> list[str]:
        """Files that the project has taken in."""
        held = db.table("files").to_arrow(["path"])["path"].to_pylist() if "files" in db.catalog.heads() else []
        return sorted(path for path in held if path != "anchor.txt")

    def note_forgotten(self, db: Project, path: str, content: str) -> None:
        """After a forget, whole or cut off: whether the path is kept out now, and which words must be nowhere."""
        if db.catalog.mark(digest("files", path)) in db.catalog.forgotten("files"):
            self.forgotten.add(path)
            self.gone |= {word for word in content.split() if word.startswith("zq")}

    def lost_words(self, db: Project) -> list[str]:
        """Words of forgotten files that no living file of the project has."""
        living = " ".join(text.decode() for text in db.table("files").to_arrow(["content"])["content"].to_pylist()).split()
        return sorted(self.gone - set(living))

    def _allow(self, action: Action) -> None:
        if self.forgotten:
            path = str(action.pick(0, sorted(self.forgotten)))
            with self.opened() as db:
                db.allow("files", path)
            self.forgotten.discard(path)

    def _insert(self, action: Action) -> None:
        self.write(action.pick(0, ["", "", "sub/"]) + f"n{int(action.dice[1] * 8)}.txt", self._text(action, 2))

    def _change(self, action: Action) -> None:
        if paths := self.paths():
            self.write(action.pick(0, paths), self._text(action, 2))

    def _append(self, action: Action) -> None:
        if paths := self.paths():
            path = action.pick(0, paths)
            with open(f"{self.docs}/{path}", encoding="utf-8") as file:
                self.write(path, file.read() + f" {action.pick(1, WORDS)}")

    def _delete(self, action: Action) -> None:
        if paths := self.paths():
            os.remove(f"{self.docs}/{action.pick(0, paths)}")

    def _rename(self, action: Action) -> None:
        if paths := self.paths():
            os.replace(f"{self.docs}/{action.pick(0, paths)}", f"{self.docs}/n{int(action.dice[1] * 8)}.txt")

    def _copy(self, action: Action) -> None:
        if paths := self.paths():
            source, target = action.pick(0, paths), f"sub/n{int(action.dice[1] * 8)}.txt"
            if source != target:
                shutil.copyfile(f"{self.docs}/{source}", f"{self.docs}/{target}")
                self._date(target)

    def _swap(self, action: Action) -> None:
        if len(paths := self.paths()) > 1:
            one, other = action.pick(0, paths[:-1]), paths[-1]
            os.replace(f"{self.docs}/{one}", f"{self.home}/swap")
            os.replace(f"{self.docs}/{other}", f"{self.docs}/{one}")
            os.replace(f"{self.home}/swap", f"{self.docs}/{other}")

    def _touch(self, action: Action) -> None:
        if paths := self.paths():
            self._date(action.pick(0, paths))

    def _grant(self, action: Action) -> None:
        self.grants[action.pick(0, [*self.paths(), "anchor.txt"])] = action.pick(1, READERS)

    def _put(self, action: Action) -> None:
        title = f"t{int(action.dice[0] * 5)}"
        said = action.pick(2, [*WORDS, "CURSED"])
        self.notes[title] = (Note(title, action.pick(1, AUTHORS), said), action.pick(3, READERS))
        with self.opened() as db:
            note, who = self.notes[title]
            db.tables["notes"].put([note], readers=[db.catalog.reader_code(who)])

    def _drop(self, action: Action) -> None:
        title = f"t{int(action.dice[0] * 5)}"
        self.notes.pop(title, None)
        with self.opened() as db:
            db.tables["notes"].drop([title])

    def _price(self, action: Action) -> None:
        self.price_rows[action.pick(0, [*TOPICS, "none"])] = (action.pick(1, [1.0, 2.0, 3.5, "a word"]), action.pick(2, READERS))

    def _unprice(self, action: Action) -> None:
        self.price_rows.pop(action.pick(0, [*TOPICS, "none"]), None)

    def _code(self, action: Action) -> None:
        name, values = action.pick(0, [("size", [5, 7, 11]), ("model", ["a", "b"]), ("suffix", ["!", "?"]), ("is_wide", [True, False]),
                                       ("seed", [1, 2])])
        self.settings[name] = action.pick(1, values)

    def _storm(self, action: Action) -> None:
        """An outage of the outside world; what failed in it is computed again when it is over and a retry is asked for."""
        calls.is_stormy = True
        self.must_retry = True
