"""Which parser should read a file: by its first bytes when they are unmistakable, else by its name."""
import re
from pathlib import PurePath

from saem.core.errors import SaemError

# first bytes -> (what it is, the suffixes that such a file rightly has)
SIGNATURES: dict[bytes, tuple[str, tuple[str, ...]]] = {
    b"PK\x03\x04": ("a zip archive", (".zip", ".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm", ".ppsx", ".hwpx",
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
PDF_WITHIN = 1024                     # readers allow that much rubbish before the mark (ISO 32000-1, annex H.3, note 13)
HTML_START = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def kind(content: bytes, path: str) -> str:
    """The suffix (lower case, with its dot) whose parser should read the file; '' for a name without one.

    A PDF is a PDF whatever its name says, and a file without suffix that begins as HTML is HTML.

    Raises: E402 for an archive, picture, program or database under another format's name.

    >>> kind(b"%PDF-1.7", "notes.txt"), kind(b"hello", "Notes.MD"), kind(b"<!DOCTYPE html>", "page")
    ('.pdf', '.md', '.html')
    """
    name = PurePath(path)
    suffix = name.suffix.lower()
    if b"%PDF-" in content[:PDF_WITHIN] and (suffix == ".pdf" or content.lstrip().startswith(b"%PDF-")):
        return ".pdf"
    for mark, (what, suffixes) in SIGNATURES.items():
        if content.startswith(mark) and suffix not in suffixes:
            called = f"is named {suffix}" if suffix else "has no suffix"
            raise SaemError("E402", f"the file {called} but is {what}", where=path,
                            fix=f"rename it to {suffixes[0]}, or put the real document in its place")
    if not suffix and HTML_START.match(content[:4096]):
        return ".html"
    return suffix
