"""Zip archives that lie in other files - a mail, another archive: one document, each file's text under its name.

(An archive in a folder is a folder itself: each of its files is a document of its own; see sources/archive.py.)
"""
from saem.core.errors import SaemError
from saem.transform.parse import _ocr
from saem.transform.parse._container import Container
from saem.transform.parse._joined import VERSION as JOINED_VERSION
from saem.transform.parse._joined import Joined
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._parsed import Parsed

SUFFIXES: tuple[str, ...] = (".zip",)
VERSION = f"1+{JOINED_VERSION}"
LIBRARIES: tuple[str, ...] = ()
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of pictures in it

MAX_FILES = 500


def parse(content: bytes, path: str) -> Parsed:
    """Files in the archive's order; those that cannot be read are in `missing`. Archives within it are opened to a depth of 4.

    Raises: E401 (no text), E403 (encrypted), E404 (corrupt, or a name that leads out of it), E407 (a bomb).
    """
    archive = Container(content, path)
    joined = Joined()
    names = [name for name in archive.names if not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))]
    for number, name in enumerate(names[:MAX_FILES]):
        if joined.spent.is_over:
            joined.missing.append(f"the last {len(names) - number} files: too much lies in one file")
            break
        try:
            held = archive.read(name)
        except SaemError as error:
            if error.code == "E407":
                raise
            joined.missing.append(f"'{name}': {error.what}")
            continue
        joined.attach(name, held, 1, "file")
    if names[MAX_FILES:]:
        joined.missing.append(f"all files after the first {MAX_FILES}")
    if not joined.text and joined.missing:
        why = joined.missing[0].rpartition("could be read: ")[2]      # of an archive in it: what ails its innermost file
        raise SaemError("E401", f"none of its {len(names)} files could be read: {why}", where=path,
                        fix="unpack it, and look at the files")
    return Parsed(joined.text, headings=joined.headings, elements=joined.elements, missing=joined.missing, recognised=joined.recognised)
