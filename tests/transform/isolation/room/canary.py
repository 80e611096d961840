"""A parser that does what its file says: all that a parser must not. Each act tells, by what it leaves behind, whether it went well."""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any, NoReturn

SUFFIXES = (".canary",)
VERSION = "1"
LIBRARIES: tuple[str, ...] = ()


def parse(content: bytes, path: str) -> Any:
    from saem.transform.parse._parsed import Heading, Parsed
    act, _, argument = content.decode().partition(" ")
    if act == "lie":
        return Parsed("short", headings=[Heading(10**6, 1, "far away")])
    if act == "half":
        return Parsed("half a character \ud800")
    if act == "other":
        return {"text": "no document"}
    done = globals()[act](argument)
    return Parsed(f"done: {done}")


def write(path: str) -> None:
    with open(path, "w") as file:
        file.write("written")


def write_from_c(path: str) -> None:
    libc = ctypes.CDLL(None)
    opened = libc.open(path.encode(), os.O_WRONLY | os.O_CREAT, 0o600)
    assert opened >= 0
    libc.write(opened, b"written", 7)


def remove(path: str) -> None:
    os.remove(path)


def rename(path: str) -> None:
    os.rename(path, path + ".moved")


def link(path: str) -> None:
    os.symlink("/etc/passwd", path)


def truncate(path: str) -> None:
    os.truncate(path, 0)


def make_folder(path: str) -> None:
    os.mkdir(path)


def change_mode(path: str) -> None:
    os.chmod(path, 0o777)


def read(path: str) -> str:
    with open(path) as file:
        return file.read()


def environment(name: str) -> str:
    return os.environ[name]


def connect(port: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as line:
        line.sendall(b"secret")


def connect_from_c(port: str) -> None:
    libc = ctypes.CDLL(None)
    line = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    assert line >= 0
    place = socket.AF_INET.to_bytes(2, sys.byteorder) + int(port).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    assert libc.connect(line, place, len(place)) == 0


def send(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"secret", ("127.0.0.1", int(port)))


def start(path: str) -> None:
    subprocess.run(["touch", path], check=True)


def start_from_c(path: str) -> None:
    assert ctypes.CDLL(None).system(f"touch '{path}'".encode()) == 0


def become(path: str) -> None:
    os.execv("/bin/sh", ["sh", "-c", f"touch '{path}'"])


def fork(path: str) -> None:
    child = os.fork()
    if not child:
        write(path)
        os._exit(0)
    os.waitpid(child, 0)


def touch_parent(path: str) -> None:
    os.kill(os.getppid(), 0)
    write_if_outside(path)


def write_if_outside(path: str) -> None:
    """Leave a mark where that can be done; else say it in the document."""
    with open(path, "w") as file:
        file.write("reached")


def raise_limits(_: str) -> str:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return "raised"


def memory(gigabytes: str) -> int:
    return len(bytearray(int(gigabytes) << 30))


def many_small(gigabytes: str) -> int:
    held = []
    for _ in range(int(gigabytes) << 10):
        held.append(bytes(1 << 20))
    return len(held)


def loop(_: str) -> NoReturn:
    while True:
        pass


def deaf_loop(_: str) -> NoReturn:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def sleep(_: str) -> None:
    time.sleep(10**6)


def segfault(_: str) -> None:
    ctypes.string_at(0)


def abort(_: str) -> NoReturn:
    os.abort()


def leave(code: str) -> NoReturn:
    os._exit(int(code))


def leave_politely(_: str) -> NoReturn:
    sys.exit(0)


def fail(_: str) -> NoReturn:
    raise KeyError("반쪽 \ud800")


def recurse(_: str) -> None:
    recurse(_)


def overflow(_: str) -> None:
    """The stack of C, not of Python."""
    ctypes.pythonapi.Py_SetRecursionLimit(10**8)
    deep: list[Any] = []
    for _unused in range(10**5):
        deep = [deep]
    repr(deep)


def flood(_: str) -> NoReturn:
    """A reply without end: into every pipe that is open."""
    while True:
        for pipe in range(3, 20):
            try:
                os.write(pipe, b"\xff" * 65536)
            except OSError:
                continue


def nonsense(_: str) -> NoReturn:
    """A reply that is no message."""
    for pipe in range(3, 20):
        try:
            os.write(pipe, (8).to_bytes(8, "little") + b"[[[[[[[[")
        except OSError:
            continue
    time.sleep(10**6)


def blame(_: str) -> NoReturn:
    """An error of the set-up would end the run."""
    from saem.core.errors import SaemError
    raise SaemError("E103", "a package is missing", fix="pip install evil")


def print_much(_: str) -> str:
    os.write(1, b"noise" * 100_000)
    os.write(2, b"noise" * 100_000)
    print("noise" * 100_000)
    return "printed"
