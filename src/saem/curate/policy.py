"""What is to be kept, as data: rules a language, how near is a duplicate, which of two stays, how much may go."""
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from saem.core.errors import SaemError, caller, suggest
from saem.curate.rules import Rule, korean_rules, web_rules
from saem.transform.language import UNKNOWN

PREFERENCES = ("readers", "source_rank", "oldest", "newest", "longest")
ALL = "*"
SHARES = ("near_duplicate", "passage", "semantic", "image")
MEANT = {"korean": "ko", "kor": "ko", "kr": "ko", "english": "en", "eng": "en", "japanese": "ja", "jp": "ja", "chinese": "zh", "cn": "zh"}


@dataclass(frozen=True)
class Policy:
    """Without settings it reports what the rules find and drops nothing.

    languages   rules by language, "*" for the others. "source:language" and "source:*" are for the rows of one source
    near_duplicate, passage, semantic, image
                from what similarity on (0 to 1) the less preferred of two rows is dropped; None = it stays. Exact duplicates are near ones.
                Of two rows with a passage in common the shorter one is dropped, whatever `prefer` says: the other may say much more
    prefer      which of duplicates is kept, by each in turn: "readers" (rows give way only to rows with the same readers; without it a row
                may give way to one that fewer may read), "source_rank", "oldest", "newest", "longest"
    source_rank the sources, best first
    max_drop_per_source
                the share of a source's rows beyond which a run stops, and publishes nothing
    """
    languages: Mapping[str, Sequence[Rule]] = field(default_factory=lambda: {"ko": korean_rules, ALL: web_rules})
    near_duplicate: float | None = None
    passage: float | None = None
    semantic: float | None = None
    image: float | None = None
    prefer: Sequence[str] = ("readers", "source_rank", "oldest")
    source_rank: Sequence[str] = ()
    max_drop_per_source: float = 0.3

    def __post_init__(self) -> None:
        _check_languages(self.languages)
        object.__setattr__(self, "languages", MappingProxyType({name: tuple(rules) for name, rules in self.languages.items()}))
        for field_name, example in (("prefer", '["readers", "oldest"]'), ("source_rank", '["manuals", "web"]')):
            if isinstance(given := getattr(self, field_name), str) or not isinstance(given, Sequence):
                raise SaemError("E104", f"{field_name}= is {given!r}", where=caller(), fix=f"a list, best first: {field_name}={example}")
        for name in self.prefer:
            if name not in PREFERENCES:
                raise SaemError("E104", f"prefer= names '{name}'", where=caller(), fix=suggest(name, PREFERENCES, "preference"))
        for name in (*SHARES, "max_drop_per_source"):
            value = getattr(self, name)
            is_share = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
            if not is_share and (value is not None or name not in SHARES):
                raise SaemError("E104", f"{name}= is {value!r}", where=caller(), fix="a share, from 0 to 1")

    @property
    def rules(self) -> list[Rule]:
        """Every rule once."""
        return list(dict.fromkeys(rule for rules in self.languages.values() for rule in rules))

    @property
    def similarity(self) -> dict[str, float]:
        """{kind of edge: from what similarity on it counts}."""
        told = {
            "exact": self.near_duplicate,
            "near": self.near_duplicate,
            "passage": self.passage,
            "semantic": self.semantic,
            "image": self.image,
        }
        return {kind: float(value) for kind, value in told.items() if value is not None}

    def rules_for(self, source: str, language: str) -> tuple[Rule, ...]:
        """The rules for a row: those of its source and language, of its source, of its language, of all."""
        for name in (f"{source}:{language}", f"{source}:{ALL}", language, ALL):
            if name in self.languages:
                return tuple(self.languages[name])
        return ()

    @property
    def fingerprint(self) -> str:
        """Changes with anything that could change a decision."""
        told = {each.name: getattr(self, each.name) for each in fields(self)} | {"languages": sorted(self.languages.items())}
        return repr(sorted(told.items()))

    def __repr__(self) -> str:
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        told["languages"] = {
            name: [str(rule) + (" drops" if rule.drops else "") for rule in rules] for name, rules in self.languages.items()
        }
        return f"Policy({', '.join(f'{name}={value!r}' for name, value in told.items())})"


def _check_languages(languages: object) -> None:
    """Raises: E104 for what is no {language: rules}."""
    example = 'languages={"ko": korean_rules, "*": web_rules}'
    if not isinstance(languages, Mapping):
        raise SaemError("E104", f"languages= is a {type(languages).__name__}", where=caller(), fix=example)
    for name, rules in languages.items():
        if isinstance(rules, Rule) or not isinstance(rules, Iterable) or not all(isinstance(rule, Rule) for rule in rules):
            raise SaemError("E104", f"languages= has for '{name}' no list of rules, but {rules!r:.60}", where=caller(), fix=example)
        code = str(name).rpartition(":")[2]
        if code not in (ALL, UNKNOWN) and (code in MEANT or not (len(code) == 2 and code.isascii() and code.islower())):
            meant = MEANT.get(code.lower(), "")
            known = f"did you mean '{meant}'?" if meant else f"a code such as 'ko' or 'en', '{UNKNOWN}' or '*'"
            raise SaemError("E104", f"languages= names '{name}', which is no language", where=caller(), fix=known)
