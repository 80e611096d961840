"""A folder of files. A file has changed when its size or time differs and then its content; a deleted file is a deleted row.

A zip archive is a folder too: its members are rows of their own, 'archive.zip/inner/b.md'. They have changed when their checksum,
size or time in the archive's table of contents differ, so a new archive is read for what is new in it.
"""
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.principals import Clauses
from saem.core.source import Entry, Vanished
from saem.sources import archive
from saem.sources.permissions import Permissions

RACY_NS = 2_000_000_000    # a file written less than 2 s before it was read may change again without a new time
READ_TRIES = 3             # a file that grows while it is read is read again
EXCLUDES = (".*", "~$*", "node_modules", "__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini")


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
    permissions: Permissions | None = None
    row_class: type = File
    _names: dict[str, str] = field(default_factory=dict)     # key -> path on disk, where they differ
    _members: dict[str, tuple[str, str]] = field(default_factory=dict)                    # key -> archive on disk, name in it
    _contents: dict[str, tuple[str, list[archive.Member]]] = field(default_factory=dict)  # archive -> its stamp, its members
    _opened: archive.Archive | None = None      # the one that was read last

    def at(self, place: str) -> "Folder":
        """The same folder, told from where a project lies."""
        return self if os.path.isabs(self.root) else replace(self, root=os.path.abspath(os.path.join(place, self.root)))

    @property
    def readers_of(self) -> Callable[[str], Clauses] | None:
        """Who may read a file, where its permissions say it."""
        return self.permissions.of if self.permissions is not None else None

    def entries(self) -> Iterator[Entry]:
        if not os.path.isdir(self.root):
            raise SaemError("E305", f"the folder '{self.root}' does not exist", fix="is the disk mounted, the path right?")
        types = self._types()
        self._members.clear()
        self._close()
        if self.permissions is not None:
            self.permissions.begin(self.root)
        rules = Rules([*EXCLUDES, *self.exclude, *_ignored(self.root)])
        for path, entry, problem in _walk(self.root, rules):
            key = self._key(path)
            if entry is None:
                is_failed = problem.startswith("[")
                yield Entry(key, failed=problem if is_failed else "", skipped="" if is_failed else problem)
                continue
            try:
                stat = entry.stat()
            except OSError as error:
                if not isinstance(error, FileNotFoundError):     # vanished between listing and looking: it is simply not there
                    yield Entry(key, failed=f"[E406] {error.strerror}")
                continue
            if self.permissions is not None:
                self.permissions.note(key, entry.path, stat)
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix == archive.SUFFIX and suffix not in (self.types or ()):
                yield from self._archived(key, path, stat, types, rules)
            else:
                yield Entry(key, _stamp(stat), skipped=self._rule(suffix, stat.st_size, types))
        self._contents = {path: known for path, known in self._contents.items() if os.path.lexists(path)}

    def _rule(self, suffix: str, size_bytes: int, types: frozenset[str] | None) -> str:
        """Why a file is left out, '' if it is not."""
        if types is not None and suffix not in types:
            return f"no parser takes '{suffix}' files"
        return f"max_bytes: {size_bytes:,} > {self.max_bytes:,} bytes" if size_bytes > self.max_bytes else ""

    def _archived(self, key: str, path: str, stat: os.stat_result, types: frozenset[str] | None, rules: "Rules") -> Iterator[Entry]:
        """The members of an archive. What cannot be opened is one failed entry, and the table keeps what it held of its members."""
        if rules.leaves_out(os.path.basename(path), path, True):
            return
        place = os.path.join(self.root, path)
        try:
            members = self._listed(place, stat)
        except FileNotFoundError:
            return
        except SaemError as error:
            yield Entry(key, failed=f"[{error.code}] {error.what}")
            return
        except OSError as error:
            yield Entry(key, failed=f"[E406] {error.strerror}")
            return
        for name, found in {member.name: member for member in members}.items():
            inner = f"{key}/{name}"
            suffix = os.path.splitext(name)[1].lower()
            if not found.failed.startswith("[E404] its name") and _is_left_out(rules, path, name):
                continue
            skipped = found.skipped or self._rule(suffix, found.size_bytes, types)
            self._members[inner] = (place, name)
            yield Entry(inner, found.stamp, failed="" if skipped else found.failed, skipped=skipped)

    def _listed(self, place: str, stat: os.stat_result) -> list[archive.Member]:
        """From memory while size and time are the same, and were not so fresh that they may yet hide a change."""
        stamp, members = self._contents.get(place, ("", []))
        if stamp != _stamp(stat):
            opened = archive.Archive(place)
            members = list(opened.members.values())
            opened.close()
            is_racy = stat.st_mtime_ns > time.time_ns() - RACY_NS
            self._contents[place] = ("" if is_racy else opened.stamp, members)
        return members

    def read(self, key: str) -> tuple[File, str]:
        if key in self._members:
            return self._read_member(key)
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
            if self.permissions is not None:       # they may have changed since they were listed
                self.permissions.note(key, path, after)
            if len(content) > self.max_bytes:
                raise SaemError("E405", f"the file has grown past {self.max_bytes:,} bytes", where=key, fix="folder(..., max_bytes=...)")
            if _stamp(before) == _stamp(after) and len(content) == after.st_size:
                is_racy = after.st_mtime_ns > time.time_ns() - RACY_NS
                return File(key, content, len(content)), "" if is_racy else _stamp(after)
        return File(key, content, len(content)), ""       # still growing: read again at the next run

    def _read_member(self, key: str) -> tuple[File, str]:
        place, name = self._members[key]
        try:
            if self._opened is None or not self._opened.is_current(place):
                self._close()
                self._opened = archive.Archive(place)
            member = self._opened.members[name]
        except (FileNotFoundError, KeyError):
            raise Vanished from None
        if member.size_bytes > self.max_bytes:
            raise SaemError("E405", f"the file has grown past {self.max_bytes:,} bytes", where=key, fix="folder(..., max_bytes=...)")
        content = self._opened.read(name)
        return File(key, content, len(content)), member.stamp

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _types(self) -> frozenset[str] | None:
        if self.types is None:
            return registry.suffixes()
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


def folder(root: str, types: Sequence[str] | None = None, exclude: Sequence[str] = (), max_bytes: int = 256 << 20,
           readers: str | None = None) -> Folder:
    """The files under `root` (relative to the project's folder), one row each: path, content, size_bytes.

    types      suffixes to take, such as [".md", ".pdf"]; None = those that a parser takes, ["*"] = all
    exclude    patterns of names or paths to leave out, beside hidden files and what a `.saemignore` file lists
    max_bytes  larger files are left out, and listed so
    readers    "posix": who may read a row is who may open its file, by owner, group and mode

    A zip archive is a folder whose files are 'archive.zip/inner/b.md': types, exclude and max_bytes hold for each of them. With
    ".zip" among the types it is a file. An archive within an archive is a file too: one document, its files below each other.

    Links to folders are followed once; a loop ends by itself. Nothing outside `root` is read through a link.
    """
    if readers not in (None, "posix"):
        raise SaemError("E104", f"folder(readers={readers!r})", where=caller(),
                        fix='readers="posix" here, or names, a column or a function: db.source(..., readers=[...])')
    return Folder(os.path.expanduser(root), types, tuple(exclude), max_bytes, Permissions() if readers else None)


def _stamp(stat: os.stat_result) -> str:
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _is_left_out(rules: "Rules", archive_path: str, name: str) -> bool:
    """Whether a rule names a member, or a folder that it lies in."""
    parts = name.split("/")
    return any(rules.leaves_out(part, "/".join([archive_path, *parts[:depth]]), depth < len(parts)) for depth, part in enumerate(parts, 1))


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
    """(path, entry, '') of every file, (path, None, why) of all else, by name; '[Exxx] ...' cannot be listed, other reasons are rules."""
    real_root = os.path.realpath(root)
    seen: set[tuple[int, int]] = set()
    todo = [("", root)]
    while todo:
        under, place = todo.pop()
        try:
            stat = os.stat(place)
            if (stat.st_dev, stat.st_ino) in seen:     # a link back to a folder above, or a second one to the same
                yield under, None, "a link to a folder that is listed already, here or by another name"
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
                yield path, None, "neither a file nor a folder (a link to nothing, a socket)"
        todo += reversed(folders)


def _is_within(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)
