"""Which parser should read a file: by what it holds where that is unmistakable, by its name where the two agree.

Bytes that begin nothing known and that the name cannot mean go to magika (Apache-2.0, Google's model of 200 content types in 3 MB),
where it is installed: 0.4 s for the first such file and about 10 ms for each, so the ordinary file never gets there.
"""
import os
import re
import struct
from functools import cache, lru_cache
from typing import Any

from saem.core import registry
from saem.core.errors import SaemError

ZIP = "a zip archive"
# first bytes -> (what it is, the suffixes that such a file rightly has)
SIGNATURES: dict[bytes, tuple[str, tuple[str, ...]]] = {
    b"PK\x03\x04": (ZIP, (".zip", ".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm", ".ppsx", ".hwpx",
                                        ".odt", ".ods", ".odp", ".epub", ".jar")),
    b"PK\x05\x06": ("an empty zip archive", (".zip",)),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an old Office or HWP file", (
        ".doc", ".xls", ".ppt", ".hwp", ".msg", ".msi",
        ".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm", ".ppsx")),      # with a password, Office wraps them so
    b"\x89PNG\r\n\x1a\n": ("a PNG picture", (".png",)),
    b"\xff\xd8\xff": ("a JPEG picture", (".jpg", ".jpeg", ".jpe", ".jfif")),
    b"GIF87a": ("a GIF picture", (".gif",)),
    b"GIF89a": ("a GIF picture", (".gif",)),
    b"\x1f\x8b": ("a gzip archive", (".gz", ".tgz")),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", (".7z",)),
    b"Rar!\x1a\x07": ("a RAR archive", (".rar",)),
    b"MZ\x90\x00": ("a Windows program", (".exe", ".dll")),
    b"\x7fELF": ("a Linux program", (".so", ".elf", ".o")),
    b"PAR1": ("a Parquet file", (".parquet",)),
    b"SQLite format 3\x00": ("an SQLite database", (".db", ".sqlite", ".sqlite3")),
}
# what a zip archive holds -> the suffixes that such a document rightly has
INSIDE: dict[bytes, tuple[str, ...]] = {
    b"word/document.xml": (".docx", ".docm"), b"xl/workbook.xml": (".xlsx", ".xlsm"), b"ppt/presentation.xml": (".pptx", ".pptm", ".ppsx"),
    b"Contents/section0.xml": (".hwpx",), b"META-INF/container.xml": (".epub",),
}
OTHER_DOCUMENTS = (".odt", ".ods", ".odp", ".jar")      # in which one of those may lie too
DIRECTORY_BYTES = 1 << 20             # of an archive's table of contents that are looked at
_MARKS, _UTF_16 = tuple(SIGNATURES), (b"\xff\xfe", b"\xfe\xff")
NEVER_TEXT = frozenset({".pdf", *(suffix for _, suffixes in SIGNATURES.values() for suffix in suffixes)})
PDF_WITHIN = 1024                     # readers allow that much rubbish before the mark (ISO 32000-1, annex H.3, note 13)
SAMPLE_BYTES = 4096
MIN_SCORE = 0.6                       # of magika's; below, it is right on half of them

# Atomic groups: without them some hundred comments in a row take longer than the age of the universe
HTML_START = re.compile(rb"\s*+(?:<\?xml[^>]*+>\s*+)?(?>(?:<!--.*?-->\s*)*+)<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
MAIL_START = re.compile(rb"\s*+(?:(?:Received|Return-Path|Delivered-To|From|To|Date|Subject|Message-ID|MIME-Version):[^\n]*+\n"
                        rb"(?:[ \t][^\n]*+\n)*+){2}", re.IGNORECASE)
NOTEBOOK_START = re.compile(rb'\s*+\{\s*+"(?:cells|metadata|nbformat)"\s*+:')
JSON_START = re.compile(rb'\s*+(?:\{\s*+(?:"[^"\n]*+"\s*+:|\}\s*+$)|\[\s*+[\[{"\d])')
STARTS = ((HTML_START, ".html"), (MAIL_START, ".eml"), (NOTEBOOK_START, ".ipynb"), (JSON_START, ".json"))


def kind(content: bytes, path: str) -> str:
    """The suffix (lower case, with its dot) whose parser should read the file; '' for plain text without one.

    A document whose bytes are unmistakable is what they say, whatever its name; text is what its name says. A name without suffix,
    or one that cannot be text's, says nothing of a text: how it begins does.

    Raises: E402 for an archive, picture, program or database that no parser takes, under the name of something else.

    >>> kind(b"%PDF-1.7", "notes.txt"), kind(b"hello", "Notes.MD"), kind(b"<!DOCTYPE html>", "page"), kind(b'{"a": 1}', "page")
    ('.pdf', '.md', '.html', '.json')
    """
    suffix = os.path.splitext(path)[1].lower().rstrip(".")
    if content.find(b"%PDF-", 0, PDF_WITHIN) >= 0 and (suffix == ".pdf" or content[:PDF_WITHIN].lstrip().startswith(b"%PDF-")):
        return ".pdf"
    if content.startswith(_MARKS):
        return _signed(content, path, suffix, *next(SIGNATURES[mark] for mark in _MARKS if content.startswith(mark)))
    if content.find(b"\0", 0, SAMPLE_BYTES) >= 0 and not content.startswith(_UTF_16):
        return _told(content, path, suffix)
    if content and (not suffix or suffix in NEVER_TEXT):
        begun = next((each for pattern, each in STARTS if pattern.match(content[:SAMPLE_BYTES])), "")
        return begun or (_told(content, path, suffix) if suffix else "")
    return suffix


def _signed(content: bytes, path: str, suffix: str, what: str, suffixes: tuple[str, ...]) -> str:
    """Bytes that begin as no other format does."""
    inside = next((each for each in _inside(content) if each), ()) if what == ZIP and suffix not in OTHER_DOCUMENTS else ()
    if suffix in (inside or suffixes):
        return suffix
    for each in inside or (() if what == ZIP else suffixes[:1]):
        if each in registry.parsers():
            return each
    raise _misnamed(path, suffix, f"is {what} ({inside[0][1:]})" if inside else f"is {what}", (inside or suffixes)[0])


def _inside(content: bytes) -> list[tuple[str, ...]]:
    """What document an archive is, by the names in its table of contents, which stands at its end."""
    end = content.rfind(b"PK\x05\x06", -(65_536 + 22))
    if end < 0 or len(content) < end + 22:
        return []
    size, start = struct.unpack_from("<II", content, end + 12)
    names = content[start:start + min(size, DIRECTORY_BYTES)]
    return [suffixes for mark, suffixes in INSIDE.items() if mark in names]


def _told(content: bytes, path: str, suffix: str) -> str:
    """By magika: a parser's suffix; else the name's own, whose parser will say what ails it. Raises: E402 where it is something else."""
    label, what, suffixes = _magika(content[:SAMPLE_BYTES], content[-SAMPLE_BYTES:])
    if not label or suffix in suffixes:
        return suffix
    for each in suffixes:
        if each in registry.parsers():
            return each
    raise _misnamed(path, suffix, what, suffixes[0] if suffixes else "what it is")


@lru_cache(maxsize=1024)
def _magika(start: bytes, end: bytes) -> tuple[str, str, tuple[str, ...]]:
    """(label, description, suffixes) of a content of which those are the first and last bytes; '' where it cannot be told."""
    model = _model()
    if model is None:
        return "", "", ()
    found = model.identify_bytes(start if start == end else start + end)
    if found.score < MIN_SCORE or found.output.label in ("unknown", "empty", "undefined"):
        return "", "", ()
    suffixes = tuple(f".{each}" for each in found.output.extensions)
    return found.output.label, f"looks like {found.output.description}", suffixes


@cache
def _model() -> Any:
    try:
        from magika import Magika
    except ModuleNotFoundError:
        return None
    return Magika()


def _misnamed(path: str, suffix: str, what: str, rightly: str) -> SaemError:
    called = f"is named {suffix}" if suffix else "has no suffix"
    return SaemError("E402", f"the file {called} but {what}", where=path,
                     fix=f"rename it to {rightly}, or put the real document in its place")
