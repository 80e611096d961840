"""Zip archives that are documents (Office, HWPX, OpenDocument, EPUB), opened within limits; nothing is written to disk.

Sizes are counted while reading: what the archive says of itself is not believed.
"""
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePath
from typing import IO

from saem.core.errors import SaemError
from saem.sources.archive import name_of

MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 256 << 20          # expanded
MAX_TOTAL_BYTES = 512 << 20           # expanded, of all that is read of one archive
FREE_BYTES = 32 << 20                 # below that an archive may expand as it likes; beyond, by at most MAX_RATIO
MAX_RATIO = 200                       # real spreadsheets reach 50, deflate at its worst 1,032
CHUNK_BYTES = 4 << 20                 # expat scans an unfinished token anew with each chunk: few large ones keep that cheap

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")       # how Office keeps a document with a password
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, struct.error)


class Container:
    """An open archive. `names` are its files in the archive's order, with '/' between folders.

    Raises: E401 empty file, E402 no archive, E403 encrypted, E404 cut off, corrupt, or with a member whose name leads out
    of the archive, E407 more members than MAX_MEMBERS.
    """

    def __init__(self, content: bytes, path: str) -> None:
        self.path, self._read_bytes, self._size_bytes = path, 0, len(content)
        _refuse_others(content, path)
        if content.count(b"PK\x01\x02") > MAX_MEMBERS:        # counted before they become objects
            raise self._too_large(f"the archive holds more than {MAX_MEMBERS} files")
        try:
            self._zip = zipfile.ZipFile(BytesIO(content))
        except _BROKEN as error:
            raise self.corrupt(f"the file cannot be opened: {error}") from error
        self._members = {name_of(info): info for info in self._zip.infolist() if not info.is_dir()}
        for name in self._members:
            if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
                raise self.corrupt(f"the archive holds a name that leads out of it: {name[:80]!r}")
        self.names = tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """A member's bytes. Raises: E403, E404 (not there, corrupt), E407 (larger than the limits)."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The same in pieces of CHUNK_BYTES, so that a large member is never in memory as a whole."""
        with self._opened(name) as member:
            size = 0
            while True:
                try:
                    chunk = member.read(CHUNK_BYTES)
                except _BROKEN as error:
                    raise self.corrupt(f"'{name}' in it is damaged: {error}") from error
                if not chunk:
                    return
                size += len(chunk)
                self._read_bytes += len(chunk)
                if size > MAX_MEMBER_BYTES or self._read_bytes > max(FREE_BYTES, min(MAX_TOTAL_BYTES, MAX_RATIO * self._size_bytes)):
                    raise self._too_large(f"'{name}' in it unpacks to more than {size - len(chunk) >> 20} MB: this may be a zip bomb")
                yield chunk

    def _opened(self, name: str) -> IO[bytes]:
        info = self._members.get(name)
        if info is None:
            raise self.corrupt(f"'{name}' is missing in it")
        if info.flag_bits & 1:
            raise encrypted(self.path)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):      # others expand without bounds at one call
            raise self.corrupt(f"'{name}' in it is compressed in a way that documents are not")
        try:
            return self._zip.open(info)
        except _BROKEN as error:
            raise self.corrupt(f"'{name}' in it is damaged: {error}") from error

    def _too_large(self, what: str) -> SaemError:
        return SaemError("E407", what, where=self.path, fix="if the file is to be trusted, unpack it and give its parts to the source")

    def corrupt(self, what: str) -> SaemError:
        return SaemError("E404", what, where=self.path, fix="open it in the program that it was made with and save it anew")


def encrypted(path: str) -> SaemError:
    return SaemError("E403", "the document is encrypted with a password", where=path, fix="save a copy without password")


def _refuse_others(content: bytes, path: str) -> None:
    suffix = PurePath(path).suffix.lower()
    if not content:
        raise SaemError("E401", "the file is empty", where=path, fix="copy or download the file again")
    if content.startswith(_OLE) and _ENCRYPTED_STREAM in content:
        raise encrypted(path)
    if not content.startswith(b"PK"):
        what = "an old Office or HWP file" if content.startswith(_OLE) else "something else"
        raise SaemError("E402", f"the file is named {suffix} but is {what}", where=path, fix="give the file the suffix of what it is")
    if b"PK\x05\x06" not in content[-(65_536 + 22):]:
        raise SaemError("E404", "the file is cut off: the archive's end is missing", where=path, fix="copy or download the file again")
