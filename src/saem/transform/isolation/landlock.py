"""Landlock (Linux 5.13 and newer): from here on only the named folders can be read, and nothing can be written or connected to.

No rights are needed to use it, threads and programs that are started inherit it, and it cannot be undone.
Source: https://docs.kernel.org/userspace-api/landlock.html
"""
import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446                   # the same numbers on every architecture
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_NEWER = {2: 13, 3: 14, 5: 15}                                  # version -> the bit that it adds to what can be forbidden in files
_FIRST_BITS = 13


def is_there(libc: ctypes.CDLL) -> bool:
    return int(libc.syscall(_CREATE, None, 0, 1)) > 0


def restrict(libc: ctypes.CDLL, readable: Iterable[str], programs: Iterable[str]) -> bool:
    """Forbid all but reading below `readable` and starting `programs` (paths). Returns whether that holds from now on."""
    version = int(libc.syscall(_CREATE, None, 0, 1))
    if version < 1:
        return False
    files = sum(1 << bit for bit in [*range(_FIRST_BITS), *(bit for since, bit in _NEWER.items() if version >= since)])
    connections = 0b11 if version >= 4 else 0                   # TCP: bind, connect
    scoped = 0b11 if version >= 6 else 0                        # abstract Unix sockets, signals to others
    attributes = struct.pack("QQQ", files, connections, scoped)[:8 if version < 4 else 16 if version < 6 else 24]
    ruleset = int(libc.syscall(_CREATE, attributes, len(attributes), 0))
    if ruleset < 0:
        return False
    for path in readable:
        _allow(libc, ruleset, path, _READ_FILE | _READ_DIR)
    for path in programs:
        _allow(libc, ruleset, path, _READ_FILE | _EXECUTE)
    done = int(libc.syscall(_RESTRICT, ruleset, 0)) == 0
    os.close(ruleset)
    return done


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:                                             # what is not there need not be read
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= ~_READ_DIR
    libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)
