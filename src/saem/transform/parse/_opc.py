"""What docx, pptx and xlsx share: parts that name each other by relationships, and the document's properties."""
import datetime
import posixpath
import re
from dataclasses import dataclass

from saem.core.errors import SaemError
from saem.transform.parse._container import Container
from saem.transform.parse._decode import clean
from saem.transform.parse._parsed import moment
from saem.transform.parse._xml import local, scan

_FILE_NAME = re.compile(r"\.(?:docx?|hwpx?|pptx?|xlsx?|od[tsp]|pdf|rtf|txt)$|^(?:Microsoft |untitled|제목 없음|PowerPoint |슬라이드 1$)",
                        re.IGNORECASE)


@dataclass
class Properties:
    title: str = ""
    author: str = ""
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None


def relations(container: Container, part: str) -> dict[str, tuple[str, str]]:
    """id -> (type's last word, target part) of what `part` names ('' is the package). What lies outside of it is left out."""
    folder, name = posixpath.split(part)
    member = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)

    if member in container:
        scan(container.chunks(member), start, path=container.path, name=member)
    return found


def main_part(container: Container, suffix: str, usual: str) -> str:
    """The part that is the document. Raises: E402 when there is none: it is another kind of archive."""
    part = next((target for kind, target in relations(container, "").values() if kind == "officeDocument"), usual)
    folder = usual.partition("/")[0] + "/"
    if part not in container or not (part.startswith(folder) or usual.rpartition("/")[2] == part.rpartition("/")[2]):
        raise SaemError("E402", f"the file is named {suffix} but is another kind of archive: it has no '{usual}'", where=container.path,
                        fix="give the file the suffix of what it is")
    return part


def properties(container: Container) -> Properties:
    part = next((target for kind, target in relations(container, "").values() if kind == "core-properties"), "docProps/core.xml")
    if part not in container:
        return Properties()
    texts: dict[str, str] = {}
    tag = ""

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal tag
        tag = local(name)

    def text(characters: str) -> None:
        texts[tag] = texts.get(tag, "") + characters

    scan(container.chunks(part), start, None, text, path=container.path, name=part)
    return Properties(real_title(texts.get("title", "")), " ".join(clean(texts.get("creator", "")).split()),
                      moment(texts.get("created", "")), moment(texts.get("modified", "")))


def real_title(title: str) -> str:
    """'' where it is a file's name or what a program writes before the author does."""
    title = " ".join(clean(title).split())
    return "" if _FILE_NAME.search(title) else title
