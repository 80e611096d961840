"""A folder of files. A file has changed when its size or time differs and then its content; a deleted file is a deleted row."""
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.source import Entry, Vanished

RACY_NS = 2_000_000_000    # a file written less than 2 s before it was read may change again without a new time
READ_TRIES = 3             # a file that grows while it is read is read again
EXCLUDES = (".*", "~$*", "node_modules", "__pycache__", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class File:
    """path: relative to the folder, '/'-separated, Unicode NFC: the natural key."""
    path: str
    content: bytes
    size_bytes: int


@dataclass
class Folder:
    """Every file under `root` that no rule leaves out."""
    root: str
    types: Sequence[str] | None
    exclude: Sequence[str]
    max_bytes: int
    row_class: type = File
    _names: dict[str, str] = field(default_factory=dict)     # key -> path on disk, where they differ

    def at(self, place: str) -> "Folder":
        """The same folder, told from where a project lies."""
        return self if os.path.isabs(self.root) else replace(self, root=os.path.abspath(os.path.join(place, self.root)))

    def entries(self) -> Iterator[Entry]:
        if not os.path.isdir(self.root):
            raise SaemError("E305", f"the folder '{self.root}' does not exist", fix="is the disk mounted, the path right?")
        types = self._types()
        rules = Rules([*EXCLUDES, *self.exclude, *_ignored(self.root)])
        for path, entry, problem in _walk(self.root, rules):
            key = self._key(path)
            if entry is None:
                rule = "" if problem else "neither a file nor a folder (a link to nothing, a socket)"
                yield Entry(key, failed=problem, skipped=rule)
                continue
            try:
                stat = entry.stat()
            except OSError as error:
                if not isinstance(error, FileNotFoundError):     # vanished between listing and looking: it is simply not there
                    yield Entry(key, failed=f"[E406] {error.strerror}")
                continue
            suffix = os.path.splitext(entry.name)[1].lower()
            if types is not None and suffix not in types:
                yield Entry(key, skipped=f"no parser takes '{suffix}' files")
            elif stat.st_size > self.max_bytes:
                yield Entry(key, skipped=f"max_bytes: {stat.st_size:,} > {self.max_bytes:,} bytes")
            else:
                yield Entry(key, _stamp(stat))

    def read(self, key: str) -> tuple[File, str]:
        path = os.path.join(self.root, self._names.get(key, key))
        for _ in range(READ_TRIES):
            try:
                file = open(path, "rb")     # noqa: SIM115
            except FileNotFoundError:
                raise Vanished from None
            with file:
                before = os.fstat(file.fileno())
                content = file.read(self.max_bytes + 1)
                after = os.fstat(file.fileno())
            if len(content) > self.max_bytes:
                raise SaemError("E405", f"the file has grown past {self.max_bytes:,} bytes", where=key, fix="folder(..., max_bytes=...)")
            if _stamp(before) == _stamp(after) and len(content) == after.st_size:
                is_racy = after.st_mtime_ns > time.time_ns() - RACY_NS
                return File(key, content, len(content)), "" if is_racy else _stamp(after)
        return File(key, content, len(content)), ""       # still growing: read again at the next run

    def _types(self) -> frozenset[str] | None:
        if self.types is None:
            return frozenset(registry.parsers())
        return None if "*" in self.types else frozenset(t.lower() for t in self.types)

    def _key(self, path: str) -> str:
        """The path as text: names that are not UTF-8 keep their bytes as escapes, and Unicode is composed (macOS: decomposed)."""
        text = unicodedata.normalize("NFC", os.fsencode(path).decode("utf-8", "backslashreplace"))
        if text != path:
            if os.path.lexists(os.path.join(self.root, text)):     # both spellings exist: each keeps its own
                text = os.fsencode(path).decode("utf-8", "backslashreplace")
            self._names[text] = path
        else:
            self._names.pop(text, None)
        return text


def folder(root: str, types: Sequence[str] | None = None, exclude: Sequence[str] = (), max_bytes: int = 256 << 20) -> Folder:
    """The files under `root` (relative to the project's folder), one row each: path, content, size_bytes.

    types      suffixes to take, such as [".md", ".pdf"]; None = those that a parser takes, ["*"] = all
    exclude    patterns of names or paths to leave out, beside hidden files and what a `.saemignore` file lists
    max_bytes  larger files are left out, and listed so

    Links to folders are followed once; a loop ends by itself. Nothing outside `root` is read through a link.
    """
    return Folder(os.path.expanduser(root), types, tuple(exclude), max_bytes)


def _stamp(stat: os.stat_result) -> str:
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _ignored(root: str) -> list[str]:
    """Patterns in `.saemignore`, one a line; '#' begins a comment."""
    try:
        with open(os.path.join(root, ".saemignore"), encoding="utf-8") as file:
            lines = [line.split("#")[0].strip() for line in file]
    except (OSError, UnicodeDecodeError):
        return []
    return [line for line in lines if line]


class Rules:
    """Patterns of what is left out: one with '/' is of paths, others are of names; one that ends in '/' is of folders alone.

    >>> rules = Rules([".*", "old/", "drafts/**"])
    >>> rules.leaves_out("old", "a/old", True), rules.leaves_out("old", "a/old", False), rules.leaves_out("x", "drafts/x", False)
    (True, False, True)
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        names: dict[bool, list[str]] = {True: [], False: []}      # is it a folder
        paths: dict[bool, list[str]] = {True: [], False: []}
        for pattern in patterns:
            bare = pattern.rstrip("/")
            found = [translate(bare.lstrip("/"))]
            if bare.endswith("/**"):
                found.append(re.escape(bare[:-2].lstrip("/")) + ".*")
            for is_folder in (True, False) if bare == pattern else (True,):
                (paths if "/" in bare else names)[is_folder] += found
        self._names, self._paths = ({kind: _any_of(found) for kind, found in each.items()} for each in (names, paths))

    def leaves_out(self, name: str, path: str, is_folder: bool) -> bool:
        return bool(self._names[is_folder](name) or self._paths[is_folder](path))


def _any_of(patterns: list[str]) -> Callable[[str], object]:
    return re.compile("|".join(patterns), re.DOTALL).match if patterns else lambda text: None


def _walk(root: str, rules: Rules) -> Iterator[tuple[str, os.DirEntry[str] | None, str]]:
    """(path, entry, '') of every file, (path, None, why) of what cannot be listed, (path, None, '') of what is no file; by name."""
    real_root = os.path.realpath(root)
    seen: set[tuple[int, int]] = set()
    todo = [("", root)]
    while todo:
        under, place = todo.pop()
        try:
            stat = os.stat(place)
            if (stat.st_dev, stat.st_ino) in seen:     # a link back to a folder above
                continue
            seen.add((stat.st_dev, stat.st_ino))
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            if not under:
                raise SaemError("E305", f"the folder '{root}' cannot be listed: {error.strerror}", fix="check its permissions") from error
            yield under, None, f"[E406] the folder cannot be listed: {error.strerror}"
            continue
        folders = []
        for entry in entries:
            path = f"{under}/{entry.name}" if under else entry.name
            try:
                is_folder = entry.is_dir()
                is_file = entry.is_file()
                is_outside = entry.is_symlink() and not _is_within(os.path.realpath(entry.path), real_root)
            except OSError as error:
                yield path, None, f"[E406] {error.strerror}"
                continue
            if rules.leaves_out(entry.name, path, is_folder):
                continue
            if is_outside and (is_file or is_folder):
                yield path, None, "[E406] a link that leads out of the folder is not followed"
            elif is_folder:
                folders.append((path, entry.path))
            elif is_file:
                yield path, entry, ""
            else:
                yield path, None, ""
        todo += reversed(folders)


def _is_within(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)
