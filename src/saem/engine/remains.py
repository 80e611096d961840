"""What still tells of something that was forgotten: every file is scanned, and rows that live are told from remains."""
import json
import os
from collections.abc import Set
from typing import TYPE_CHECKING, Any

import lance
import pyarrow as pa

from saem.core.identity import ID, digest, row_ids
from saem.engine.receipts import Looked, Receipt
from saem.engine.trail import head_of, strings
from saem.store.canaries import Canaries
from saem.store.scanning import Scan, holders, scan
from saem.store.table import lookup

if TYPE_CHECKING:
    from saem.engine.project import Project


def look_again(project: "Project", receipt: Receipt, canaries: Canaries, known: dict[str, tuple[int, int]] | None,
               back: Set[bytes] = frozenset()) -> None:
    """The scan afterwards. A piece that a living row holds is no sign of what is gone: the row is listed, unless what is gone is `back`."""
    seen = scan(project.state, canaries, known)
    files = {place for each in seen.places.values() for place in each}
    living = set[str]()
    receipt.held_by, receipt.more_held = [], 0
    for name, head in project.catalog.heads().items():
        inside = {os.path.basename(file) for file in files if file.startswith(f"tables/{head.place}/")}
        if inside:
            marks, rows, count = holders(head_of(project, name), canaries.only(seen.found), inside)
            living |= marks
            receipt.held_by += _named(project, name, head_of(project, name), rows - back)
            receipt.more_held += count - len(rows)
    for name, key, row in project.catalog.db.execute("select name, key, row from inbox where row is not null").fetchall():
        body = json.loads(row)
        if held := {mark for text in (key.encode(), *strings(body["row"])) for mark in canaries.held(text)} & seen.found:
            living |= held      # it waits for a run
            readers = "as its source says" if body["readers"] is None else _readers(project, body["readers"])
            own = row_ids(name, [digest(name, key)], [b""], [0])[0]     # not its key, which may be forgotten one day
            receipt.held_by.append({"table": name, "row": own.hex(), "readers": readers})
    receipt.after = looked(seen, canaries.names - (frozenset() if back else living))


def _named(project: "Project", table: str, dataset: lance.LanceDataset, rows: set[bytes]) -> list[dict[str, Any]]:
    found = lookup(dataset, "_id", pa.array(sorted(rows), ID), ["_id", "_readers"]).to_pylist()
    return [{"table": table, "row": row["_id"].hex(), "readers": _readers(project, row["_readers"])} for row in found]


def _readers(project: "Project", code: int) -> str:
    clauses = project.catalog.readers(code)
    return " and ".join(", ".join(sorted(clause)) or "nobody" for clause in sorted(clauses, key=sorted)) or "everyone"


def looked(seen: Scan, wanted: set[str]) -> Looked:
    found = seen.found & wanted
    return Looked(seen.files, seen.bytes, len(found), sorted({place for mark in found for place in seen.places[mark]}),
                  [f"{name}: {why}" for name, why in seen.unread.items()])
