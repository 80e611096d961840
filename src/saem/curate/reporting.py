"""What a policy does to a table, counted: per rule, per source, per language, before and after."""
import dataclasses
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saem.curate.coding import coded
from saem.curate.explaining import policy_of
from saem.curate.policy import Policy
from saem.curate.wiping import gone_by_policy, unguarded

if TYPE_CHECKING:
    from saem.engine.table import Table

WORDS = {              # what a report says, by language
    "en": {},
    "ko": {"rule": "규칙", "flagged": "걸린 행", "flagged only": "걸렸지만 남음", "dropped": "빠짐", "kept": "남음", "source": "출처",
           "language": "언어", "before": "전", "after": "후", "rows per rule": "규칙별 행 수", "rows per source": "출처별 행 수",
           "rows per language": "언어별 행 수", "rules": "규칙", "sources": "출처", "languages": "언어", "(none)": "(없음)",
           "duplicate": "중복", "human": "사람", " (and {} more)": " (그 밖에 {}개)"},
}


@dataclasses.dataclass(frozen=True)
class Group:
    """Rows of one source or language: how many there are, and how many stay."""
    name: str
    before: int
    after: int


@dataclasses.dataclass(frozen=True)
class RuleCount:
    """flagged: rows for which the rule fires; dropped: rows that go because of it."""
    rule: str
    flagged: int
    dropped: int


@dataclasses.dataclass(frozen=True)
class Report:
    """The decisions of a table in figures."""
    table: str
    rows: int
    kept: int
    by: dict[str, int]           # dropped rows: by rule, duplicate, human
    restored: int                # rows that stay because a person said so
    rules: tuple[RuleCount, ...]
    sources: tuple[Group, ...]
    languages: tuple[Group, ...]
    unguarded: tuple[Group, ...] = ()      # sources too small for max_drop_per_source that lose more than it allows


def report(decisions: "Table") -> Report:
    """Counts of a table of decisions."""
    held = decisions.to_arrow(["keep", "by", "rule", "flags", "source", "language"])
    gone = held.filter(pc.invert(held["keep"]))
    flagged, dropped = _counted(pc.list_flatten(held["flags"])), _counted(gone.filter(pc.not_equal(gone["by"], "human"))["rule"])
    names = sorted({*flagged, *dropped}, key=lambda name: (-dropped.get(name, 0), -flagged.get(name, 0), name))
    restored = pc.sum(pc.and_(held["keep"], pc.equal(held["by"], "human"))).as_py() or 0
    return Report(decisions.name, len(held), len(held) - len(gone), _counted(gone["by"]), restored,
                  tuple(RuleCount(name, flagged.get(name, dropped.get(name, 0)), dropped.get(name, 0)) for name in names),
                  _groups(held, "source"), _groups(held, "language"),
                  tuple(Group(*each) for each in unguarded(coded(held, "source"), gone_by_policy(held), policy_of(decisions) or Policy())))


def said(word: str, language: str) -> str:
    """A word of the report in that language."""
    return WORDS[language].get(word, word)


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist() if each["values"] is not None}


def _groups(held: pa.Table, name: str) -> tuple[Group, ...]:
    rows = (
        pa.table({"name": held[name], "keep": held["keep"].cast(pa.int64())})
        .group_by("name")
        .aggregate([("keep", "count"), ("keep", "sum")])
    )
    made = [Group(str(each["name"]), each["keep_count"], each["keep_sum"]) for each in rows.to_pylist()]
    return tuple(sorted(made, key=lambda group: (-group.before, group.name)))


def summary(made: Report, language: str = "en") -> str:
    """One sentence.

    >>> summary(Report("decisions", 10, 7, {"rule": 2, "duplicate": 1}, 1, (), (), ()))
    '7 of 10 rows are kept (70%); dropped by rule 2, by duplicate 1; 1 kept because a person said so'
    """
    share, by = made.kept / max(1, made.rows), sorted(made.by.items(), key=lambda each: -each[1])
    if language == "ko":
        told = f"{made.rows:,}행 중 {made.kept:,}행이 남음({share:.0%})"
        told += "; 빠진 까닭: " + ", ".join(f"{said(name, language)} {count:,}" for name, count in by) if by else ""
        told += f"; 사람이 남기라고 한 행 {made.restored:,}" if made.restored else ""
        small = ", ".join(f"{each.name or said('(none)', language)} {each.before}행 중 {each.after}행" for each in made.unguarded)
        return told + (f"; 너무 작아 max_drop_per_source가 지키지 않는 출처: {small} 남음" if small else "")
    told = f"{made.kept:,} of {made.rows:,} rows are kept ({share:.0%})"
    told += "; dropped " + ", ".join(f"by {name} {count:,}" for name, count in by) if by else ""
    told += f"; {made.restored:,} kept because a person said so" if made.restored else ""
    small = ", ".join(f"{each.name or '(none)'} keeps {each.after} of {each.before}" for each in made.unguarded)
    return told + (f"; too small for max_drop_per_source: {small}" if small else "")


def tables(made: Report, language: str = "en") -> list[tuple[str, list[str], list[list[str]]]]:
    """(title, columns, rows) of the three tables, as text."""
    groups = [
        [[group.name or said("(none)", language), f"{group.before:,}", f"{group.after:,}", f"{group.after / max(1, group.before):.0%}"]
         for group in each] for each in (made.sources, made.languages)
    ]
    told = [
        ("rules", ["rule", "flagged", "dropped"], [[rule.rule, f"{rule.flagged:,}", f"{rule.dropped:,}"] for rule in made.rules]),
        ("sources", ["source", "before", "after", "kept"], groups[0]),
        ("languages", ["language", "before", "after", "kept"], groups[1]),
    ]
    return [(said(title, language), [said(column, language) for column in columns], rows) for title, columns, rows in told]
