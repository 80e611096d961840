"""Rules as data: which signal, compared with what, where from. A rule says what is wrong with a row; whether that drops it is the policy's.

Sources: Gopher: Rae et al. 2021 (arXiv:2112.11446), table A1 and appendix A1.1; C4: Raffel et al. 2020 (arXiv:1910.10683), section 2.2;
FineWeb: Penedo et al. 2024 (arXiv:2406.17557), section 3.5. The thresholds are those papers'. Measured: on technical documents of a Linux
distribution they fire for most good pages, and for three quarters of good Korean ones; see `calibrate`.
"""
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from saem.core.errors import SaemError, caller, suggest

COMPARE = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}


@dataclass(frozen=True)
class Rule:
    """A row for which `signal comparison threshold` holds fails the rule. It is dropped for that only where `drops`.

    only_reports  nobody has said that the threshold suits these rows: `enforced` makes it drop only by name
    Raises: E104 for a comparison or a threshold that is none.
    """
    name: str
    signal: str
    comparison: Literal["<", ">", "<=", ">="]
    threshold: float
    source: str = ""
    drops: bool = False
    only_reports: bool = False

    def __post_init__(self) -> None:
        if self.comparison not in COMPARE:
            raise SaemError("E104", f"the rule '{self.name}' compares by {self.comparison!r}", where=caller(),
                            fix=f"one of {', '.join(COMPARE)}")
        if not isinstance(self.threshold, int | float | np.floating) or isinstance(self.threshold, bool) or np.isnan(self.threshold):
            raise SaemError("E104", f"the rule '{self.name}' has the threshold {self.threshold!r}", where=caller(), fix="a number")

    def __str__(self) -> str:
        return f"{self.name}: {self.signal} {self.comparison} {self.threshold:g}"


Rules = tuple[Rule, ...]
GOPHER, C4, FINEWEB = "Gopher, arXiv:2112.11446", "C4, arXiv:1910.10683", "FineWeb, arXiv:2406.17557"
KOREAN = "saem: Korean web text"


def _rules(prefix: str, source: str, *rows: tuple[str, str, Literal["<", ">", "<=", ">="], float]) -> Rules:
    return tuple(Rule(f"{prefix}.{name}", signal, comparison, threshold, source) for name, signal, comparison, threshold in rows)


gopher_quality = _rules(
    "gopher", GOPHER,
    ("too_short", "words", "<", 50), ("too_long", "words", ">", 100_000), ("short_words", "mean_word_chars", "<", 3),
    ("long_words", "mean_word_chars", ">", 10), ("hashes", "hash_ratio", ">", .1), ("ellipses", "ellipsis_ratio", ">", .1),
    ("bullets", "bullet_lines", ">", .9), ("ellipsis_lines", "ellipsis_lines", ">", .3), ("few_letters", "alpha_words", "<", .8),
    ("few_stop_words", "stop_words", "<", 2))

gopher_repetition = _rules(
    "repetition", GOPHER,
    ("paragraphs", "repeated_paragraphs", ">", .3), ("paragraph_chars", "repeated_paragraph_chars", ">", .2),
    ("lines", "repeated_lines", ">", .3), ("line_chars", "repeated_line_chars", ">", .2),
    ("top_2", "top_2_words", ">", .2), ("top_3", "top_3_words", ">", .18), ("top_4", "top_4_words", ">", .16),
    *((f"repeated_{n}", f"repeated_{n}_words", ">", limit) for n, limit in ((5, .15), (6, .14), (7, .13), (8, .12), (9, .11), (10, .1))))

c4 = _rules(
    "c4", C4, ("few_sentences", "c4_sentences", "<", 5), ("curly_bracket", "curly_lines", ">", 0), ("lorem_ipsum", "lorem_lines", ">", 0)
)

fineweb = _rules(
    "fineweb",
    FINEWEB,
    ("unstopped_lines", "stopped_lines", "<", 0.12),
    ("short_lines", "short_lines", ">", 0.67),
    ("copied_lines", "copied_line_chars", ">", 0.01),
    ("list", "newline_ratio", ">", 0.3),
)

unsafe = _rules("unsafe", "saem: own short lists", ("toxic", "toxic_ratio", ">", .01), ("blocked_url", "blocked_urls", ">", 0))

private = _rules("private", "saem: forms and check digits", ("resident_number", "resident_numbers", ">", 0), ("card", "cards", ">", 0))

web_rules = (*gopher_quality, *gopher_repetition, *c4, *fineweb, *unsafe, *private)
"""What the papers filter web pages with."""

korean_rules = (*_rules(
    "korean", KOREAN,
    ("too_short", "words", "<", 30), ("little_hangul", "hangul_ratio", "<", .3), ("few_particles", "particle_ratio", "<", .15),
    ("few_stop_words", "korean_stop_words", "<", .005), ("jamo_noise", "jamo_ratio", ">", .05), ("no_spaces", "mean_hangul_chars", ">", 8),
    ("spaced_out", "single_hangul_ratio", ">", .6), ("boilerplate", "boilerplate_lines", ">", .3),
    ("surprising", "bits_per_byte", ">", 5.5)),
    *gopher_repetition, *unsafe, *private)
"""For Korean text: English stop words, sentence marks and word lengths say nothing there; particles, syllables and spacing do."""


def enforced(rules: Iterable[Rule], *names: str) -> Rules:
    """The same rules, of which these drop rows (if none is named, all but those that only report).

    Raises: E104 for a name that none of the rules has.

    >>> [rule.name for rule in enforced(fineweb, "fineweb.list") if rule.drops]
    ['fineweb.list']
    """
    rules = tuple(rules)
    for name in names:
        if name not in (known := {rule.name for rule in rules}):
            raise SaemError("E104", f"no rule here is named '{name}'", where=caller(), fix=suggest(name, known, "rule"))
    return tuple(replace(rule, drops=rule.drops or (rule.name in names if names else not rule.only_reports)) for rule in rules)
