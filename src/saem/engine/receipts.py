"""A receipt: what `forget` erased, and what it looked for before and after. It holds no content and no key, only keyed hashes."""
import dataclasses
import datetime
import json
import os
from collections.abc import Mapping
from typing import Any

from saem.core.errors import SaemError, suggest
from saem.store.canaries import Mark

FOLDER = "receipts"
OUT_OF_REACH = (
    "backups and copies of the state folder, or of the machine",
    "what was exported or printed, and answers that people have read",
    "logs of providers that texts were sent to, where a model runs as a service",
    "blocks of the disk that the file system has freed and not yet written over",
)


@dataclasses.dataclass
class Looked:
    """One scan. files and bytes: how much was decoded; found: how many of the marks; places: files that hold one; unread: files that no
    reader could read."""
    files: int
    bytes: int
    found: int
    places: list[str] = dataclasses.field(default_factory=list)
    unread: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Receipt:
    """What one `forget` did.

    id            names the receipt
    what          keyed hashes of the keys
    rows          {table: rows erased}; withdrawn: of those, answers and citations
    rebuilt       {table: rows computed anew from what is left}
    later         {table: why it could not be computed again}: its rows that came from it are gone, the next run makes the rest
    models        tables of models that saw a row, and were fitted again without it
    blocked       models that could not be: table, row. They are in no table; accepted: those that serve again, with reason, who and when
    snapshots     older ones that were given up
    indexes       {table: index columns}: every file of them is new; indexes_dropped are made by the next run that writes the table
    marks         how many pieces of text were looked for
    held_by       living rows that hold an equal piece: table, row, readers; more_held: how many are not listed
    source        whether the source still has it: it is kept out
    back          {table: rows of it that are there again}, as `verify` has found: an older copy of the state was put back
    is_earlier    nothing was left to erase: this is the receipt of the `forget` that did it
    """
    id: str
    when: str
    who: str
    reason: str
    table: str
    what: list[str]
    rows: dict[str, int]
    withdrawn: int = 0
    waiting: int = 0
    rebuilt: dict[str, int] = dataclasses.field(default_factory=dict)
    later: dict[str, str] = dataclasses.field(default_factory=dict)
    models: list[str] = dataclasses.field(default_factory=list)
    blocked: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    accepted: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    snapshots: list[int] = dataclasses.field(default_factory=list)
    versions: int = 0
    indexes: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    indexes_dropped: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    old_index_files: int = 0
    marks: list[Mark] = dataclasses.field(default_factory=list)
    before: Looked | None = None
    after: Looked | None = None
    held_by: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    more_held: int = 0
    seconds: float = 0.0
    is_dry: bool = False
    back: dict[str, int] = dataclasses.field(default_factory=dict)
    is_earlier: bool = False

    @property
    def is_proof(self) -> bool:
        """Whether the scan could have found what it did not: it had found every mark before."""
        return bool(self.marks) and self.before is not None and self.before.found == len(self.marks) and not self.before.unread

    @property
    def is_clean(self) -> bool:
        """Whether nothing of it was found afterwards but what living rows hold."""
        return self.after is not None and not self.after.found and not self.after.unread and not self.old_index_files and not self.back

    @property
    def verdict(self) -> str:
        """proved, unproved (nothing was found, but nothing could have been) or found."""
        if self.is_dry or self.after is None:
            return "not done"
        return ("proved" if self.is_proof else "unproved") if self.is_clean else "found"

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"verdict": self.verdict, "out_of_reach": list(OUT_OF_REACH)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Receipt":
        known = {field.name for field in dataclasses.fields(cls)}
        made = cls(**{name: value for name, value in values.items() if name in known})
        made.before, made.after = (Looked(**each) if isinstance(each, dict) else None for each in (made.before, made.after))
        made.marks = [(int(length), int(first), str(name)) for length, first, name in made.marks]
        return made

    def page(self) -> str:
        """The receipt for people, as Markdown."""
        why = f": {self.reason}" if self.reason else ""
        lines = [f"# Receipt {self.id}", "", f"On {self.when} {self.who} had {len(self.what)} keys of `{self.table}` forgotten{why}.", "",
                 self.summary(), "", "| table | rows erased | rebuilt |", "|---|---|---|"]
        tables = sorted({*self.rows, *self.rebuilt})
        lines += [f"| {name} | {self.rows.get(name, 0):,} | {self.rebuilt.get(name, 0):,} |" for name in tables]
        lines += ["", f"Answers and citations withdrawn: {self.withdrawn:,}. Older snapshots given up: {len(self.snapshots):,}, with "
                  f"{self.versions:,} versions of tables."]
        if self.indexes or self.indexes_dropped:
            made = "; ".join(f"{name}: {', '.join(columns)}" for name, columns in self.indexes.items())
            lines += [f"Indexes made anew: {made or 'none'}."]
        if self.indexes_dropped:
            dropped = "; ".join(f"{name}: {', '.join(columns)}" for name, columns in self.indexes_dropped.items())
            lines += [f"Vector indexes dropped (searched without one until a run next writes the table): {dropped}."]
        lines += [f"{name} could not be computed again ({why}): what it had from these rows is erased, `saem run` makes the rest."
                  for name, why in self.later.items()]
        if self.models:
            lines += [f"Models fitted again without it: {', '.join(self.models)}."]
        lines += [f"Blocked, for it saw them and could not be fitted again: {each['table']} {each['row'][:12]}." for each in self.blocked]
        lines += [f"Accepted all the same: {each['table']} {each['row'][:12]}, on {each['when']} by {each['who']}: {each['reason']}."
                  for each in self.accepted]
        if self.held_by:
            lines += ["", "## Living rows that hold an equal piece of text", ""]
            lines += [f"- {each['table']} {each['row'][:12]}, read by {each['readers']}" for each in self.held_by[:50]]
            more = self.more_held + max(0, len(self.held_by) - 50)
            lines += [f"- and {more:,} more"] if more else []
        lines += ["", "## Out of reach", "", *(f"- {each}" for each in OUT_OF_REACH),
                  "- the source itself, if it still holds it: it is kept out of the tables, not deleted there"]
        return "\n".join(lines) + "\n"

    def summary(self) -> str:
        """What the scan says."""
        if self.before is None or self.after is None:
            return "Nothing was erased yet."
        if self.back:
            rows = ", ".join(f"{count:,} of {name}" for name, count in self.back.items())
            return f"IT IS BACK: {rows}. An older copy of the state was put back; nobody is shown it, and the next run erases it again."
        seen = f"{self.before.found:,} of {len(self.marks):,} pieces of its text before, {self.after.found:,} after"
        scope = f"A scan that decodes every file ({self.after.files:,} files, {self.after.bytes / 1e6:,.1f} MB) found {seen}"
        end = {"proved": "", "unproved": "; what it could not find before it could not find after: this proves nothing",
               "found": f"; IT IS NOT GONE: {', '.join([*self.after.places, *self.after.unread][:5]) or 'an index file is not new'}"}
        return f"{scope}{end.get(self.verdict, '')}."


def new_id(entropy: bytes) -> str:
    """Names sort by time."""
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}-{entropy.hex()[:8]}"


def keep(state: str, receipt: Receipt) -> str:
    """Write a receipt as JSON and as a page; the JSON's path. A crash leaves a whole one or none."""
    folder = os.path.join(state, FOLDER)
    os.makedirs(folder, exist_ok=True)
    for suffix, text in ((".md", receipt.page()), (".json", json.dumps(receipt.to_dict(), ensure_ascii=False, indent=1))):
        path = os.path.join(folder, receipt.id + suffix)
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if suffix == ".json":       # the page is what to hand on; who has a receipt's marks and the catalog's key can check guesses
            os.chmod(path + ".part", 0o600)
        os.replace(path + ".part", path)
    return path


def names(state: str) -> list[str]:
    """The ids of the receipts that lie in a state, oldest first."""
    folder = os.path.join(state, FOLDER)
    return sorted(name.removesuffix(".json") for name in os.listdir(folder) if name.endswith(".json")) if os.path.isdir(folder) else []


def receipts(state: str) -> list[Receipt]:
    """All of them, oldest first."""
    return [_read(state, name) for name in names(state)]


def receipt_of(state: str, name: str) -> Receipt:
    """By its id, or the beginning of one. Raises: E703."""
    found = [each for each in names(state) if each.startswith(name) or each.endswith("-" + name)] if name else []
    if len(found) != 1:
        raise SaemError("E703", f"no receipt is named '{name}'" if not found else f"'{name}' begins the names of {len(found)} receipts",
                        fix=suggest(name, names(state), "receipt"))
    return _read(state, found[0])


def _read(state: str, name: str) -> Receipt:
    with open(os.path.join(state, FOLDER, name + ".json"), encoding="utf-8") as file:
        return Receipt.from_dict(json.load(file))
