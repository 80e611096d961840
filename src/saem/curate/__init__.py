"""Curation: what every rule says of every row, what is said twice, which rows are kept, and why. Kernels wait for first use."""
from saem.curate.calibrate import calibrate
from saem.curate.contamination import contaminated
from saem.curate.decide import Override, decide
from saem.curate.exact_duplicates import exact_duplicates
from saem.curate.explaining import restore, what_if, why
from saem.curate.image_duplicates import image_duplicates
from saem.curate.keep import keep
from saem.curate.measure import measure
from saem.curate.near_duplicates import near_duplicates
from saem.curate.policy import Policy
from saem.curate.repeated_passages import repeated_passages
from saem.curate.rules import Rule, enforced, korean_rules, web_rules
from saem.curate.semantic_duplicates import semantic_duplicates
from saem.curate.without import without

__all__ = [
    "Override",
    "Policy",
    "Rule",
    "calibrate",
    "contaminated",
    "decide",
    "enforced",
    "exact_duplicates",
    "image_duplicates",
    "keep",
    "korean_rules",
    "measure",
    "near_duplicates",
    "repeated_passages",
    "restore",
    "semantic_duplicates",
    "web_rules",
    "what_if",
    "why",
    "without",
]
