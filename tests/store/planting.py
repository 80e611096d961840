"""Canaries put wherever a state can hold a text; to print which of two ways of looking finds each:

    python -m tests.store.planting
"""
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import lance
import pyarrow as pa
from lance.file import LanceFileWriter

from saem.store.canaries import BLOCK, Canaries
from saem.store.scanning import scan

ROWS = 3_000        # enough that Lance packs a column


def said(place: str) -> str:
    """What is planted in a place, and nowhere else."""
    return f"연체료를 면제받은 학생 {place} 20311"


def around(place: str) -> list[str]:
    """The canary among many texts like it."""
    rows = [f"연체료를 낸 학생 {number % 97} {number}" for number in range(ROWS)]
    rows[ROWS // 2] = said(place)
    return rows


def _table(place: str) -> pa.Table:
    return pa.table({"_id": [number.to_bytes(16) for number in range(ROWS)], "text": around(place)})


def _version(home: Path, place: str, then: Callable[[lance.LanceDataset], object]) -> None:
    uri = str(home / "tables" / f"{place.replace(' ', '_')}.1.lance")
    then(lance.write_dataset(_table(place), uri, enable_stable_row_ids=True, data_storage_version="2.2"))


def _file(home: Path, place: str, column: pa.Array) -> None:
    os.makedirs(home / "tables/loose.1.lance/data", exist_ok=True)
    with LanceFileWriter(str(home / "tables/loose.1.lance/data" / f"{place.replace(' ', '_')}.lance")) as file:
        file.write_batch(pa.table({"column": column}))


def _index(dataset: lance.LanceDataset) -> None:
    """Only the pages of an index: the rows are deleted and their files gone."""
    dataset.create_scalar_index("text", "BTREE")
    for name in os.listdir(os.path.join(dataset.uri, "data")):
        os.remove(os.path.join(dataset.uri, "data", name))


def _sqlite(path: Path, *statements: tuple[str, tuple[object, ...]], keeps_log: bool = False) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"pragma journal_mode={'wal' if keeps_log else 'delete'}")
    db.execute("pragma secure_delete=off")
    for statement, values in statements:
        db.execute(statement, values)
    if keeps_log:
        shutil.copyfile(f"{path}-wal", f"{path}.left-wal")       # as a crash leaves it; closing empties the real one
    db.close()


def _zip(path: Path, name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path.read_bytes()


def _zip_in_zip(home: Path, place: str) -> None:
    inner = _zip(home / "inner.zip", "in.txt", (said(place) + " and more. " * 50).encode())
    os.remove(home / "inner.zip")
    _zip(home / "outer.zip", "inner.zip", inner)


def _written(path: Path, content: str | bytes) -> None:
    os.makedirs(path.parent, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


MAKE, PUT = ("create table t(x)", ()), "insert into t values (?)"
PLACES: dict[str, Callable[[Path, str], object]] = {
    "a column of Lance": lambda home, p: _version(home, p, lambda d: None),
    "a deleted row of Lance": lambda home, p: _version(home, p, lambda d: d.delete(f"_id = X'{(ROWS // 2).to_bytes(16).hex()}'")),
    "an old version of Lance": lambda home, p: _version(home, p, lambda d: lance.write_dataset(
        pa.table({"_id": [b"x" * 16], "text": ["nothing"]}), d.uri, mode="overwrite")),
    "an orphan file of Lance": lambda home, p: _version(home, p, lambda d: shutil.rmtree(os.path.join(d.uri, "_versions"))),
    "an index of Lance": lambda home, p: _version(home, p, _index),
    "large strings": lambda home, p: _file(home, p, pa.array(around(p), pa.large_string())),
    "bytes in Lance": lambda home, p: _file(home, p, pa.array([text.encode() for text in around(p)])),
    "a list in Lance": lambda home, p: _file(home, p, pa.array([[text, "x"] for text in around(p)])),
    "structs in lists": lambda home, p: _file(home, p, pa.array([[{"n": 1, "quote": text}] for text in around(p)])),
    "a dictionary in Lance": lambda home, p: _file(home, p, pa.array(around(p)).dictionary_encode()),
    "a zip archive": lambda home, p: _zip(home / "copy.zip", "letter.md", (said(p) + " and more. " * 50).encode()),
    "a zip archive within one": _zip_in_zip,
    "the name of a member": lambda home, p: _zip(home / "names.zip", said(p) + ".md", b"nothing"),
    "a row of SQLite": lambda home, p: _sqlite(home / "rows.db", MAKE, (PUT, (said(p),))),
    "overflow pages of SQLite": lambda home, p: _sqlite(home / "long.db", MAKE, (PUT, ("x" * 4040 + said(p),))),
    "a deleted row of SQLite": lambda home, p: _sqlite(home / "gone.db", MAKE, (PUT, (said(p),)),
                                                       ("delete from t", ())),
    "a log of SQLite": lambda home, p: _sqlite(home / "log.db", MAKE, (PUT, (said(p),)), ("delete from t", ()),
                                               keeps_log=True),
    "escapes of JSON in SQLite": lambda home, p: _sqlite(home / "json.db", MAKE, (PUT, (json.dumps([said(p)]),))),
    "a traceback in a log": lambda home, p: _written(home / "run.log", f"Traceback\n  ValueError: {said(p)}\n"),
    "escapes of JSON in a file": lambda home, p: _written(home / "side/report.json", json.dumps({"text": said(p)})),
    "a temporary file": lambda home, p: _written(home / "receipts/one.json.part", said(p)),
    "across two blocks": lambda home, p: _written(home / "big.bin", b"." * (BLOCK - 7) + said(p).encode() + b"." * 100),
}


def plant(home: Path) -> None:
    """One canary in each place, each written nowhere else."""
    for place, put in PLACES.items():
        put(home, place)


def found_by_scan(home: Path) -> set[str]:
    """The places whose canary the scan that decodes finds."""
    made = {place: Canaries.of(b"planted", [said(place).encode()]) for place in PLACES}
    every = Canaries(b"planted", [mark for each in made.values() for mark in each.marks])
    own = {place: each.names - set().union(*(other.names for p, other in made.items() if p != place)) for place, each in made.items()}
    seen = scan(str(home), every)
    return {place for place, names in own.items() if names <= seen.found}


def found_by_bytes(home: Path) -> set[str]:
    """The places whose canary a search of the files' bytes finds."""
    contents = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    return {place for place in PLACES if any(said(place).encode() in content for content in contents)}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder))
        decoded, raw = found_by_scan(Path(folder)), found_by_bytes(Path(folder))
    for place in PLACES:
        print(f"{place:28} decoded: {'found' if place in decoded else 'MISSED':8} raw bytes: {'found' if place in raw else '-'}")
    print(f"{len(PLACES)} places: the scan that decodes finds {len(decoded)}, a search of raw bytes {len(raw)}")
    return len(decoded) < len(PLACES)


if __name__ == "__main__":
    sys.exit(main())
