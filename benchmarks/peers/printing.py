"""Facts as Markdown: one table of figures, one of behaviour, and what broke."""
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.figure import number
from benchmarks.peers.environments import KNOWN, Environment
from benchmarks.peers.trials import POISON, Facts

FIGURES = (
    ("build, CPU-s", "build_cpu_s"), ("build, wall s", "build_s"), ("peak memory, MB", "peak_mb"), ("disk, MB", "disk_mb"),
    ("no-op rerun in a fresh process, CPU-s", "idle_cpu_s"), ("no-op rerun in a fresh process, wall s", "idle_s"),
    ("1 document changed, warm process: wall s", "refresh_s"), ("  CPU-s", "refresh_cpu_s"), ("  chunks embedded", "refresh_embedded"),
    ("a file renamed: chunks embedded", "rename_embedded"), ("a file copied: chunks embedded", "copy_embedded"),
    ("kill -9 at half, resumed: chunks embedded twice", "repeated"),
    ("import of the package, CPU-s", "import_cpu_s"), ("install, MB", "size_mb"),
)
RIGHT = (
    ("chunks after the build", "chunks"), ("rows that are wrong after the build", "wrong_after_build"),
    ("a known text finds its document", "finds"), ("rows that are wrong after edits, rename, deletion, copy", "wrong_after_changes"),
    ("after kill -9: chunks lost / doubled / stale", ("crash_lost", "crash_doubled", "crash_stale")),
    ("10 documents edited during the first build: behind after it / wrong after the next run", ("edited_behind", "edited_wrong")),
    ("files that hold a sentence: before its deletion / after / after the documented clean-up",
     ("canary_before", "canary_after", "canary_cleaned")),
)


def report(facts: Mapping[str, Facts], environments: Mapping[str, Environment]) -> str:
    """Everything, ready for a README."""
    titles = [KNOWN[name].title if name in KNOWN else name for name in facts]
    merged = {name: {**found, "import_cpu_s": environments[name].import_cpu_s, "size_mb": environments[name].size_mb}
              if name in environments else found for name, found in facts.items()}
    figures = [[work, *(_cell(found, key) for found in merged.values()), _ratio(merged, key)] for work, key in FIGURES]
    right = [[work, *(_cells(found, keys) for found in merged.values())] for work, keys in RIGHT]
    behaviour = [[work, *(_told(found, words) for found in merged.values())] for work, words in BEHAVIOUR]
    parts = ["**Cost**", _table(["work", *titles, "saem / best peer"], figures), "**Right results**", _table(["", *titles], right),
             "**A document that cannot be read, one that makes the embedder raise, one good one, added to 200**",
             _table(["", *titles], behaviour)]
    broken = [f"- {title}, {trial}: {why}" for title, found in zip(titles, merged.values(), strict=True)
              for trial, why in found["failed"].items()]
    if broken:
        parts += ["**Failed**", "\n".join(broken)]
    return "\n\n".join(parts)


def _cell(found: Facts, key: str) -> str:
    if key not in found:
        return "failed" if found["failed"] else ""
    value = found[key]
    return ("yes" if value else "no") if isinstance(value, bool) else number(value)


def _cells(found: Facts, keys: str | Sequence[str]) -> str:
    return _cell(found, keys) if isinstance(keys, str) else " / ".join(_cell(found, key) for key in keys)


def _ratio(facts: Mapping[str, Facts], key: str) -> str:
    """Below 1: saem takes less than the best of the others."""
    peers = [found[key] for name, found in facts.items() if key in found and name in KNOWN and KNOWN[name].is_peer]
    if not peers or key not in facts.get("saem", {}):
        return ""
    return number(facts["saem"][key] / min(peers)) if min(peers) else "=" if facts["saem"][key] == 0 else "worse"


def _told(found: Facts, words: Callable[[Facts], str]) -> str:
    return words(found) if "rest_lands" in found else "failed"


def _rest(found: Facts) -> str:
    return "yes" if found["rest_lands"] else f"no: {found['rest_lost']} documents missing"


def _how_told(found: Facts) -> str:
    if found["poison_raised"]:
        how = f"the run raises ({found['poison_raised'].split(':')[0]})"
    else:
        how = f"listed: {len(found['poison_failures'])}" if found["poison_failures"] else "not at all"
    missing = [name for name, _, _ in POISON[:2] if name not in found["named"]]
    return f"{how}; {'both files named' if not missing else 'not named: ' + ', '.join(missing)}"


def _retried(found: Facts) -> str:
    if found["retried"]:
        return "by the next run"
    return "when asked to" if found["retried_when_asked"] else "no"


BEHAVIOUR: Sequence[tuple[str, Callable[[Facts], str]]] = (
    ("the good one lands", _rest),
    ("how one learns of the bad ones", _how_told),
    ("rows of the bad ones in the table", lambda found: ", ".join(found["unexpected"]) or "none"),
    ("told again by the next run", lambda found: "yes" if found["again_raised"] or found["again_failures"] else "no"),
    ("chunks embedded again by that run", lambda found: number(found["again_embedded"])),
    ("retried once the model works", _retried),
    ("the unreadable one lands once mended", lambda found: "yes" if found["mended"] else "no"),
)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
