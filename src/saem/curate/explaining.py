"""Questions about decisions: why this one, what if by another policy, and a person's word that stands above them."""
import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller
from saem.curate.coding import id_array
from saem.curate.decide import Override, check_edges
from saem.curate.edges import looked_at, together
from saem.curate.electing import DATES
from saem.curate.judging import DECISION, Judged, check_rules, judge
from saem.curate.policy import Policy
from saem.curate.rules import Rule
from saem.curate.wiping import check_shares, notes

if TYPE_CHECKING:
    from saem.engine.table import Table

NAMES = ("path", "title", "key", "name", "url")      # what a person calls a row, the first that it has
RowName = bytes | str | Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Fired:
    """A rule that holds for a row: `value comparison threshold`."""
    rule: str
    signal: str
    value: float | None
    comparison: str
    threshold: float | None
    source: str


@dataclasses.dataclass(frozen=True)
class Why:
    """keep, and what decided it: by 'rule', 'duplicate', 'human', or '' for a row that nothing speaks against."""
    row: bytes
    name: str
    keep: bool
    by: str
    decided: Fired | None
    twin: bytes | None
    twin_name: str
    human: str
    flags: tuple[Fired, ...]

    def __str__(self) -> str:
        lines = [f"{self.name or self.row.hex()}: {'kept' if self.keep else 'dropped'}{f', by {self.by}' if self.by else ''}"]
        if self.human:
            lines.append(f"  a person said so: {self.human}")
        if self.twin is not None and self.decided is not None:
            lines.append(f"  gives way to {self.twin_name or self.twin.hex()}: {_line(self.decided)}")
        dropped_by = self.decided if self.by == "rule" else None
        return "\n".join(lines + [f"  {'decided' if each == dropped_by else 'flag'}  {_line(each)}" for each in self.flags])


def _line(each: Fired) -> str:
    if not each.signal:
        return f"{each.rule} (declare the pipeline to see value and threshold)"
    value, limit = (f"{number:.4g}" if number is not None else "?" for number in (each.value, each.threshold))
    return f"{each.rule}: {each.signal} is {value}, {each.comparison} {limit}{f'   ({each.source})' if each.source else ''}"


def why(decisions: "Table", row: RowName) -> Why:
    """What was decided of a row, with rule, value, threshold and twin. `row`: an id, a row with `_id` or path, or its path or title.

    Raises: E209 where no decision is about it.
    """
    signals, *_ = inputs(decisions)
    wanted = _id_of(signals, row)
    found = _rows(decisions, "row", wanted, DECISION.names)
    if not found:
        raise _nobody(row)
    told, measured = found[0], (_rows(signals, "_unit", wanted, None) or [{}])[0]
    policy = policy_of(decisions)      # rules of one name may differ from language to language
    rules = {rule.name: rule for rule in policy.rules_for(told["source"] or "", told["language"] or "")} if policy else {}
    flags = tuple(_fired(rules[name], measured) if name in rules else Fired(name, "", None, "", None, "") for name in told["flags"])
    decided = None
    if told["rule"] is not None:
        source = rules[told["rule"]].source if told["rule"] in rules else ""
        decided = Fired(told["rule"], told["signal"], told["value"], told["comparison"], told["threshold"], source)
    twin = _rows(signals, "_unit", told["twin"], None) if told["twin"] else []
    human = _rows(inputs(decisions)[2], "row", wanted, ["keep", "reason", "by"]) if told["by"] == "human" else []
    said = "; ".join(_said(each) for each in human)
    return Why(wanted, _called(measured), told["keep"], told["by"], decided, told["twin"], _called(twin[0]) if twin else "", said, flags)


def _fired(rule: Rule, measured: Mapping[str, Any]) -> Fired:
    return Fired(rule.name, rule.signal, measured.get(rule.signal), rule.comparison, rule.threshold, rule.source)


def _said(override: Mapping[str, Any]) -> str:
    return " ".join(
        filter(None, ("keep" if override["keep"] else "drop", override["reason"], f"({override['by']})" if override["by"] else ""))
    )


@dataclasses.dataclass(frozen=True)
class WhatIf:
    """Another policy beside the one in force."""
    kept: int
    dropped: int
    newly_dropped: int
    newly_kept: int
    by_rule: dict[str, int]
    stopped: str           # why a run by this policy would stop, '' = it would not
    notes: tuple[str, ...]     # what a run would say of sources: too small to be guarded, ranked and of no row
    judged: Judged = dataclasses.field(repr=False)

    @cached_property
    def decisions(self) -> pa.Table:
        """(n,) as the other policy has them, in the order of the signals."""
        return self.judged.table()

    def __str__(self) -> str:
        lines = [
            f"{self.kept:,} kept, {self.dropped:,} dropped; "
            f"against the policy in force {self.newly_dropped:,} more go and {self.newly_kept:,} come back"
        ]
        lines += [f"  {count:8,}  {rule}" for rule, count in sorted(self.by_rule.items(), key=lambda each: (-each[1], each[0]))]
        return "\n".join([*lines, *self.notes] + ([f"a run would stop: {self.stopped}"] if self.stopped else []))


def what_if(decisions: "Table", policy: Policy) -> WhatIf:
    """What another policy would decide, from the signals and duplicates that are stored: no text is read, nothing is changed.

    Raises: E104 where the policy counts duplicates that were not searched for, E101 where a rule asks for a signal that there is not.
    """
    if not isinstance(policy, Policy):
        raise SaemError("E104", f"{policy!r:.60} is no policy", where=caller(), fix="what_if(decisions, Policy(...))")
    signals, edges, overrides = inputs(decisions)
    check_rules(signals.dataset().schema, policy)
    check_edges([signals, *edges], policy)
    rows = signals.dataset().to_table(columns=needed(signals.dataset().schema.names, policy))
    pairs = together([each.dataset().to_table(columns=looked_at(each.dataset().schema.names)) for each in edges])
    human = overrides.dataset().to_table(columns=["row", "keep"])
    return compared(rows, pairs, human, policy, decisions.dataset().to_table(columns=["row", "keep"]))


def needed(columns: Sequence[str], policy: Policy) -> list[str]:
    """The columns of the signals that a policy looks at."""
    wanted = {"_unit", "_readers", "source", "path", "language", "chars", *DATES, *(rule.signal for rule in policy.rules)}
    return [name for name in columns if name in wanted]


def compared(signals: pa.Table, edges: pa.Table, overrides: pa.Table, policy: Policy, now: pa.Table | None) -> WhatIf:
    """A policy's decisions, beside those in force (`row`, `keep`)."""
    then = judge(signals, edges, overrides, policy)
    was = then.keep if now is None else _in_force(then.row, now)
    try:
        check_shares(then.source, then.is_gone, policy)
        stopped = ""
    except SaemError as error:
        stopped = error.what.removesuffix("; nothing was published")
    kept = int(then.keep.sum())
    more, back = int((was & ~then.keep).sum()), int((then.keep & ~was).sum())
    return WhatIf(kept, len(then.row) - kept, more, back, then.dropped_by(), stopped,
                  tuple(notes(then.source, then.is_gone, policy)), then)


def _in_force(row: pa.Array, now: pa.Table) -> np.ndarray:
    """(n,) bool: whether each row is kept; one of which nothing was decided yet is."""
    keep, held = now["keep"].combine_chunks(), id_array(now["row"])
    at = None if held.equals(row) else pc.index_in(row, value_set=held)
    return np.asarray((keep if at is None else pc.fill_null(keep.take(at), True)).to_numpy(zero_copy_only=False), bool)


def restore(overrides: "Table", row: RowName, keep: bool = True, reason: str = "", by: str = "") -> None:
    """Keep a row (or, with `keep=False`, drop it) whatever the rules say: a row of `overrides`, in force after the next run.

    The word of a person goes where its row goes: it is forgotten with it, and read by those who may read the row.
    Raises: E209 where no decision is about that row.
    """
    for decisions in _decided_by(overrides):
        wanted = _id_of(inputs(decisions)[0], row)
        found = decisions.dataset().to_table(columns=["_readers"], filter=f"`row` = X'{wanted.hex()}'")["_readers"].to_pylist()
        if found:
            overrides.put([Override(wanted, keep, reason, by)], parents=[[wanted]], readers=[found[0]])
            return
    raise _nobody(row)


def inputs(decisions: "Table") -> tuple["Table", list["Table"], "Table"]:
    """The tables of signals, duplicates (one or more) and overrides that decisions are made from, told by their columns."""
    project = decisions.project
    names = list(decisions.parent_names) or list(project.catalog.consumed(decisions.name))
    found: dict[str, list[Table]] = {}
    for name in names:
        table = project.table(name)
        columns = set(table.dataset().schema.names)
        kind = "edges" if {"left", "right"} <= columns else "overrides" if {"row", "keep"} <= columns else "signals"
        found.setdefault(kind, []).append(table)
    if len(found) != 3:
        raise SaemError("E101", f"'{decisions.name}' holds no decisions", where=caller(),
                        fix='signals.derive("decisions", decide(policy), using=[duplicates, overrides])')
    return found["signals"][0], found["edges"], found["overrides"][0]


def _decided_by(overrides: "Table") -> list["Table"]:
    project = overrides.project
    published = [project.table(name) for name in project.names() if name in project.heads()]
    return [table for table in published if overrides.name in (table.parent_names or project.catalog.consumed(table.name))
            and set(DECISION.names) <= set(table.dataset().schema.names)]


def policy_of(decisions: "Table") -> Policy | None:
    """The policy that the pipeline declares; None where there is no pipeline."""
    told = [op.settings.get("policy") for op in decisions.operators]
    return told[0] if told and isinstance(told[0], Policy) else None


def _id_of(signals: "Table", row: RowName) -> bytes:
    """The id of the curated row that is meant."""
    if isinstance(row, Mapping):
        row = next((row[name] for name in ("row", "_id", *NAMES) if row.get(name)), "")
    if isinstance(row, bytes):
        if len(row) != 16:
            raise _nobody(row)
        return row
    if isinstance(row, str) and len(row) == 32 and set(row.lower()) <= set("0123456789abcdef"):
        return bytes.fromhex(row)
    for name in NAMES:
        if name in signals.columns:
            quoted = str(row).replace("'", "''")
            found = signals.dataset().to_table(columns=["_unit"], filter=f"`{name}` = '{quoted}'")["_unit"].to_pylist()
            if len(found) == 1:
                return bytes(found[0])
            if found:
                raise SaemError("E209", f"{len(found):,} rows have the {name} {row!r:.80}", where=caller(), fix="name one by its id")
    raise _nobody(row)


def _rows(table: "Table", column: str, wanted: bytes, columns: list[str] | None) -> list[dict[str, Any]]:
    dataset = table.dataset()
    return list(dataset.to_table(columns=columns or dataset.schema.names, filter=f"`{column}` = X'{wanted.hex()}'").to_pylist())


def _called(row: Mapping[str, Any]) -> str:
    return str(next((row[name] for name in NAMES if row.get(name)), ""))


def _nobody(row: object) -> SaemError:
    return SaemError(
        "E209", f"no decision is about {row!r:.80}", where=caller(), fix="name a row by its id, or by the path that its signals have"
    )
