"""What a process that parses gives up before it sees the first file: rights, memory, the network, other files, other programs.

Each layer is taken where the system has it; `probe` then tries what is forbidden and tells what really fails.
"""
import ctypes
import glob
import os
import resource
import shutil
import socket
import sys
import sysconfig
from collections.abc import Callable, Sequence

from saem.transform.isolation import landlock, seccomp

FORBIDDEN = ("network", "writing files", "reading other files", "other programs", "other processes")
_SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", "/usr/local/share", "/lib", "/lib64", "/opt/homebrew", "/etc/fonts",
           "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom", "/sys/devices/system/cpu")
_LOADERS = ("/lib64/ld-*", "/lib/ld-*", "/lib/*/ld-*", "/usr/lib/ld-*")
MAX_FILES, MAX_PROCESSES = 256, 512


def enter(memory_bytes: int, readable: Sequence[str], programs: Sequence[str], has_parent: int) -> None:
    """Give up all that parsing does not need. There is no way back.

    readable    folders that parsers are imported from
    programs    names of programs that the parsers start (`tesseract`); without them no process can be started at all
    has_parent  the process that this one ends with
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES, MAX_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    if sys.platform != "linux":
        watch()
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 9, 0, 0, 0)                                   # PR_SET_PDEATHSIG, SIGKILL
    if os.getppid() != has_parent:
        os._exit(0)                                             # it has died before that could be said
    libc.prctl(38, 1, 0, 0, 0)                                  # PR_SET_NO_NEW_PRIVS
    libc.prctl(4, 0, 0, 0, 0)                                   # PR_SET_DUMPABLE: no other process of this user looks into it
    _drop_capabilities(libc)
    found = [path for name in programs if (path := shutil.which(name))]
    if found:
        resource.setrlimit(resource.RLIMIT_NPROC, _at_most(resource.RLIMIT_NPROC, MAX_PROCESSES))
    loaders = [path for pattern in _LOADERS for path in glob.glob(pattern)] if found else []
    places = [*_SYSTEM, *readable, *(os.path.realpath(path) for path in found)]
    landlock.restrict(libc, places, [os.path.realpath(path) for path in [*found, *loaders]])
    if not seccomp.restrict(libc, may_start_programs=bool(found)):
        libc.unshare(0x10000000 | 0x40000000)                   # CLONE_NEWUSER, CLONE_NEWNET: a network without any device


def watch() -> None:
    """Where the system offers nothing: Python itself refuses. A parser in C that was taken over could still do all of that."""
    refused = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system", "os.remove", "os.rename", "os.mkdir",
               "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.kill", "shutil.", "pty.")

    def look(event: str, arguments: tuple[object, ...]) -> None:
        is_writing = event == "open" and isinstance(flags := arguments[2], int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if is_writing or event.startswith(refused):
            raise PermissionError(1, f"a parser may not do that: {event}")

    sys.addaudithook(look)


def importable() -> list[str]:
    """The folders that parsers and their libraries are imported from: Python's own, and that of this package; not the user's."""
    paths = sysconfig.get_paths()
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    prefixes = tuple(os.path.join(prefix, "") for prefix in {sys.prefix, sys.base_prefix, paths["stdlib"], paths["platstdlib"]})
    kept = [path for path in sys.path if path.startswith(prefixes) or os.path.basename(path) in ("site-packages", "dist-packages")]
    return list(dict.fromkeys([*kept, own]))


def readable() -> list[str]:
    """What must be readable for that."""
    return list(dict.fromkeys([sys.prefix, sys.base_prefix, sysconfig.get_paths()["stdlib"], *importable()]))


def _at_most(which: int, most: int) -> tuple[int, int]:
    hard = resource.getrlimit(which)[1]
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    return least, least


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Root without its powers: limits hold for it too."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)               # _LINUX_CAPABILITY_VERSION_3
    libc.capset(header, (ctypes.c_uint32 * 6)())


def probe(outside: str) -> list[str]:
    """What of FORBIDDEN does not work here. `outside` is a file that exists and that no parser needs."""
    attempts: dict[str, Callable[[], object]] = {
        "network": lambda: socket.socket().connect(("127.0.0.1", 9)),
        "writing files": lambda: os.close(os.open(outside, os.O_WRONLY)),
        "reading other files": lambda: os.close(os.open(outside, os.O_RDONLY)),
        "other programs": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        "other processes": lambda: os.kill(os.getppid(), 0),
    }
    return [name for name in FORBIDDEN if _is_refused(attempts[name])]


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError as error:                                    # nothing listens there: the network was reached. In a network
        return error.strerror == "Network is unreachable"       # without devices nothing can be
    return False
