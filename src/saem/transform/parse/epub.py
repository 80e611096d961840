"""EPUB books: the chapters in the order of the spine, each through html.py; title, author and date of the package.

Source: EPUB 3.3 (https://www.w3.org/TR/epub-33/), OPF 2.0.1.
"""
import datetime
import posixpath
from dataclasses import dataclass, field
from urllib.parse import unquote

from saem.core.errors import SaemError
from saem.transform.parse import html
from saem.transform.parse._container import Container, encrypted
from saem.transform.parse._decode import clean
from saem.transform.parse._joined import VERSION as JOINED_VERSION
from saem.transform.parse._joined import Joined
from saem.transform.parse._parsed import Parsed
from saem.transform.parse._xml import local, scan

SUFFIXES: tuple[str, ...] = (".epub",)
VERSION = f"2+{html.VERSION}.{JOINED_VERSION}"
LIBRARIES: tuple[str, ...] = html.LIBRARIES

PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


@dataclass
class Package:
    """What the OPF file says. `manifest`: id -> (path in the archive, media type, properties); `spine`: ids in reading order."""
    folder: str
    manifest: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    spine: list[str] = field(default_factory=list)
    about: dict[str, list[str]] = field(default_factory=dict)
    modified: str = ""
    toc: str = ""


def parse(content: bytes, path: str) -> Parsed:
    """A chapter without a heading of its own gets that of the table of contents. Chapters that cannot be read stand in `missing`.

    Raises: E401 (no text), E402 (no archive), E403 (copy protection), E404 (corrupt), E103 (selectolax is not installed).
    """
    archive = Container(content, path)
    package = _package(archive, path)
    names = _names(archive, package, path)
    locked = _locked(archive, path)
    book = Joined()
    for identifier in package.spine:
        name, kind, properties = package.manifest.get(identifier, ("", "", ""))
        if name in locked:
            raise encrypted(path)
        if not name or kind not in PAGES or "nav" in properties.split():
            continue
        try:
            chapter = html.parse(archive.read(name), name)
        except SaemError as error:
            if error.code != "E401":
                book.missing.append(f"the chapter '{name}': {error.what}")
            continue
        if name in names and not (chapter.headings and chapter.headings[0].start == 0):
            book.head(names[name], 1)
        book.add(chapter)
        book.missing += [f"the chapter '{name}': {each}" for each in chapter.missing]
    if book.missing and not book.parts:
        raise SaemError("E404", f"no chapter could be read: {book.missing[0]}", where=path, fix="open it in a reader and save it anew")
    about = package.about
    return Parsed(book.text, _first(about, "title"), headings=book.headings, elements=book.elements,
                  author=", ".join(about.get("creator", [])), created=_date(_first(about, "date")), modified=_date(package.modified),
                  missing=book.missing)


def _first(about: dict[str, list[str]], name: str) -> str:
    return about.get(name, [""])[0]


def _package(archive: Container, path: str) -> Package:
    """The package file, found through META-INF/container.xml, or by its suffix where that is missing."""
    found: list[str] = []

    def rootfile(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "rootfile" and "full-path" in attributes:
            found.append(unquote(attributes["full-path"]))

    if "META-INF/container.xml" in archive:
        scan(archive.chunks("META-INF/container.xml"), rootfile, path=path, name="META-INF/container.xml")
    found = [name for name in found if name in archive] or [name for name in archive.names if name.lower().endswith(".opf")]
    if not found:
        raise SaemError("E404", "the book has no package file (.opf)", where=path, fix="is it a book? open it in a reader and save it anew")
    package = Package(posixpath.dirname(found[0]))
    texts: list[str] = []
    is_modified = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal is_modified
        name = local(tag)
        texts.clear()
        if name == "item" and attributes.get("id") and attributes.get("href"):
            where = _path(package.folder, attributes["href"])
            package.manifest[attributes["id"]] = (where, attributes.get("media-type", ""), attributes.get("properties", ""))
        elif name == "itemref" and attributes.get("idref"):
            package.spine.append(attributes["idref"])
        elif name == "spine":
            package.toc = attributes.get("toc", "")
        is_modified = name == "meta" and attributes.get("property") == "dcterms:modified"

    def end(tag: str) -> None:
        nonlocal is_modified
        text = " ".join(clean("".join(texts)).split())
        if text and tag.startswith("dc:"):
            package.about.setdefault(local(tag), []).append(text)
        if is_modified:
            package.modified, is_modified = text, False
        texts.clear()

    scan(archive.chunks(found[0]), start, end, texts.append, path=path, name=found[0])
    return package


def _path(folder: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(reference.partition("#")[0])))


def _names(archive: Container, package: Package, path: str) -> dict[str, str]:
    """{chapter's path: its name in the table of contents}, of EPUB 2 (ncx) or EPUB 3 (nav); none where that is broken."""
    names: dict[str, str] = {}
    navs = [name for name, _, properties in package.manifest.values() if "nav" in properties.split() and name in archive]
    toc = package.manifest.get(package.toc, ("", "", ""))[0]
    try:
        if navs:
            for link in html.tree_of(archive.read(navs[0]).decode("utf-8", "replace")).css("nav a[href]"):
                target = _path(posixpath.dirname(navs[0]), link.attributes.get("href") or "")
                names.setdefault(target, " ".join(clean(link.text()).split()))
        elif toc in archive:
            labels: list[str] = []

            def start(tag: str, attributes: dict[str, str]) -> None:
                if local(tag) == "text":
                    labels.clear()
                elif local(tag) == "content" and attributes.get("src"):
                    names.setdefault(_path(posixpath.dirname(toc), attributes["src"]), " ".join(clean("".join(labels)).split()))
                    labels.clear()

            scan(archive.chunks(toc), start, None, labels.append, path=path, name=toc)
    except SaemError:
        return {}
    return {target: name for target, name in names.items() if name}


def _locked(archive: Container, path: str) -> set[str]:
    """The members that copy protection encrypts. Fonts may be scrambled in a free book."""
    found: set[str] = set()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "CipherReference" and attributes.get("URI"):
            found.add(_path("", attributes["URI"]))

    if "META-INF/encryption.xml" in archive:
        scan(archive.chunks("META-INF/encryption.xml"), start, path=path, name="META-INF/encryption.xml")
    return found


def _date(text: str) -> datetime.datetime | None:
    """'2024', '2024-07', '2024-07-26', or with a time."""
    for shape in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.datetime.strptime(text, shape).replace(tzinfo=datetime.UTC)
        except ValueError:
            pass
    try:
        found = datetime.datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
