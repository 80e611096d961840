"""A zip archive as a folder: its members are listed from its table of contents and read one at a time. Nothing is unpacked to disk.

What the archive says of itself is checked before it is believed: names that lead out of it, files that share bytes (overlapping bombs),
sizes out of all proportion. What is refused has its reason; the other members are read.
"""
import os
import posixpath
import re
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass

from saem.core.errors import SaemError

SUFFIX = ".zip"
MAX_MEMBERS = 10_000
MAX_CONTENTS_BYTES = 16 << 20         # of the table of contents
FREE_BYTES = 32 << 20                 # a smaller member may expand as it likes; a larger one by at most MAX_RATIO
FREE_TOTAL_BYTES = 1 << 30            # and so all members together
MAX_RATIO = 200                       # real tables and logs reach 50, deflate at its worst 1,032

_KOREAN = re.compile(rb"[\xa1-\xfe][\xa1-\xfe]")     # what EUC-KR has, and Western names lack
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_LINK = 0o120000                      # in the upper half of external_attr, where the archive was made on Unix
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)


@dataclass(frozen=True)
class Member:
    """A file in an archive. `name` is its path there, as keys have it; `stamp` changes with the content.

    failed and skipped say why it is not read, as in saem.core.source.Entry
    """
    name: str
    size_bytes: int
    stamp: str
    failed: str
    skipped: str
    info: zipfile.ZipInfo


class Archive:
    """An open archive. Raises: E404 corrupt, E407 a bomb or more than MAX_MEMBERS files; OSError where it cannot be read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open(path, "rb")     # noqa: SIM115
        try:
            self.stamp = _stamp(os.fstat(self._file.fileno()))
            self._refuse_too_many()
            self._zip = zipfile.ZipFile(self._file)
            self.members = {member.name: member for member in self._listed()}
        except _BROKEN as error:
            self._file.close()
            raise _corrupt(f"the archive is damaged or cut off: {error}") from error
        except BaseException:
            self._file.close()
            raise

    def is_current(self, path: str) -> bool:
        """Whether this is what lies at `path` now."""
        return self.path == path and _stamp(os.stat(path)) == self.stamp

    def close(self) -> None:
        self._zip.close()
        self._file.close()

    def read(self, name: str) -> bytes:
        """A member's bytes. Raises: KeyError where it is not there, E404 where it is damaged, or what its listing says of it."""
        member = self.members[name]
        if member.failed or member.skipped:
            raise _corrupt(member.failed.partition("] ")[2] or member.skipped)
        try:
            with self._zip.open(member.info) as file:
                return file.read(member.size_bytes + 1)
        except _BROKEN as error:
            raise _corrupt(f"'{name}' in the archive is damaged: {error}") from error

    def _refuse_too_many(self) -> None:
        """Members are counted in the bytes of the table of contents, before each becomes an object."""
        size = self._file.seek(0, os.SEEK_END)
        start = self._file.seek(max(0, size - (1 << 16) - 98))
        tail = self._file.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or len(tail) < end + 22:
            raise _corrupt("the archive is cut off, or is none: its end is missing")
        contents_bytes = struct.unpack_from("<L", tail, end + 12)[0]
        far = tail.rfind(b"PK\x06\x06", 0, end)
        if contents_bytes == 0xFFFFFFFF and 0 <= far <= len(tail) - 56:      # zip64
            contents_bytes, end = struct.unpack_from("<Q", tail, far + 40)[0], far
        if contents_bytes > start + end:
            raise _corrupt("the archive is damaged: its table of contents does not fit into it")
        count = 0
        if contents_bytes <= MAX_CONTENTS_BYTES:
            self._file.seek(max(0, start + end - contents_bytes))
            count = self._file.read(contents_bytes).count(b"PK\x01\x02")
        if contents_bytes > MAX_CONTENTS_BYTES or count > MAX_MEMBERS:
            raise _expands(f"the archive holds more than {MAX_MEMBERS:,} files")
        self._file.seek(0)

    def _listed(self) -> list[Member]:
        infos = [info for info in self._zip.infolist() if not info.filename.endswith(("/", "\\"))]
        self._refuse_bombs(infos)
        named = [(_key(name), _failed(info, name), info) for info in infos for name in [name_of(info)]]
        counts = Counter(key for key, _, _ in named)
        members = []
        for key, failed, info in named:
            stamp = f"zip:{info.CRC:08x}:{info.file_size}:{'-'.join(map(str, info.date_time))}"
            twice = f"[E404] the archive holds {counts[key]} files of this name" if counts[key] > 1 else ""
            is_link = info.create_system == 3 and (info.external_attr >> 16) & 0o170000 == _LINK
            members.append(Member(key, info.file_size, stamp, failed or twice, "a link within an archive" if is_link else "", info))
        return members

    def _refuse_bombs(self, infos: list[zipfile.ZipInfo]) -> None:
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < 0:
                raise _corrupt("the archive is damaged: its beginning is missing")
            if info.header_offset < end:
                raise _expands("files in the archive share their bytes: this may be a zip bomb")
            end = info.header_offset + 30 + info.compress_size
        total, size = sum(info.file_size for info in infos), os.fstat(self._file.fileno()).st_size
        if total > max(FREE_TOTAL_BYTES, MAX_RATIO * size):
            raise _expands(f"the archive unpacks to {total >> 20:,} MB, {total // max(1, size):,} times its size: this may be a zip bomb")


def name_of(info: zipfile.ZipInfo) -> str:
    """The name, with '/' between folders. Without the mark of UTF-8 it is what its bytes look like: macOS writes UTF-8 all the
    same, Korean Windows CP949; the standard's CP437 is what is left."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        held = name.encode("cp437", "replace")
        for codec in ("utf-8", "cp949"):
            try:
                decoded = held.decode(codec)
            except UnicodeDecodeError:
                continue
            foreign = sum(not character.isascii() for character in decoded)
            if codec == "utf-8" or len(_KOREAN.findall(held)) * 2 >= foreign:      # CP949 takes 'München' too, as Hangul
                name = decoded
                break
    return name.replace("\\", "/").partition("\0")[0]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", posixpath.normpath(name) if ".." not in name.split("/") else name)


def _failed(info: zipfile.ZipInfo, name: str) -> str:
    if not name or name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "[E404] its name leads out of the archive"
    if info.flag_bits & _ENCRYPTED:
        return "[E403] it is encrypted with a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):      # others expand without bounds at one call
        return f"[E404] it is compressed in a way that cannot be read (method {info.compress_type}): pack it anew"
    if info.file_size > max(FREE_BYTES, MAX_RATIO * info.compress_size):
        ratio = info.file_size // max(1, info.compress_size)
        return f"[E407] it unpacks to {info.file_size >> 20:,} MB, {ratio:,} times its size: this may be a zip bomb"
    return ""


def _stamp(stat: os.stat_result) -> str:
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _expands(what: str) -> SaemError:
    return SaemError("E407", what, fix="unpack it by hand if you trust it, or leave it out (.saemignore)")


def _corrupt(what: str) -> SaemError:
    return SaemError("E404", what, fix="pack it anew, or leave it out (.saemignore)")
