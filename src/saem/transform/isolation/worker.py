"""The process that parses: started anew by its path, it shuts itself in, then takes one file after another from its standard input.

    it gets   {"module", "path", "size", "seconds"} and `size` bytes, or {"probe": a file outside}
    it gives  {"ready"} once, then {"parsed"}, {"error"} or {"failed"} for each file, and "is_worn" where it should be replaced

It imports parsers and nothing else: neither Arrow nor Lance, so that it starts in a few hundredths of a second.
"""
import importlib
import json
import os
import sys
from types import ModuleType
from typing import IO, Any


def main() -> None:
    setting = json.loads(sys.argv[1])
    sys.path[:] = setting["importable"]
    sys.dont_write_bytecode = True
    for name, places in setting["packages"].items():           # without what their __init__.py would import
        package = ModuleType(name)
        package.__path__ = places
        sys.modules[name] = package
    from saem.transform.isolation import sandbox
    asked, told = _pipes()
    size = Size(setting["memory_bytes"])
    sandbox.enter(setting["memory_bytes"], setting["readable"], setting["programs"], setting["parent"])
    from saem.core.errors import SaemError
    from saem.transform.isolation import wire
    _tell(told, wire.encoded({"ready": True}))
    while head := asked.read(wire.LENGTH.size):
        task = json.loads(asked.read(wire.LENGTH.unpack(head)[0]))
        if "probe" in task:
            _tell(told, wire.encoded({"probe": sandbox.probe(task["probe"])}))
            continue
        try:
            content = asked.read(task["size"])
            _allow_seconds(task["seconds"])
            reply = wire.encoded({"parsed": _parsed(task["module"], content, task["path"]), "is_worn": size.is_worn()})
        except Exception as error:                              # whatever a parser does, the file fails and nothing else
            reply = wire.encoded({**_told(error), "is_worn": not isinstance(error, SaemError) or size.is_worn()})
        content = b""
        _tell(told, reply)
        reply = b""


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """What comes and goes; a library that prints, prints into nothing."""
    told = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):
        os.dup2(nothing, standard)
    return sys.stdin.buffer, told


def _tell(told: IO[bytes], reply: bytes) -> None:
    rest = memoryview(reply)
    while rest:
        rest = rest[told.write(rest):]


def _allow_seconds(seconds: int) -> None:
    """Of the processor, from now on."""
    import resource
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def _parsed(module: str, content: bytes, path: str) -> Any:
    from saem.transform.parse._parsed import Parsed
    parsed = importlib.import_module(module).parse(content, path)
    if not isinstance(parsed, Parsed):
        raise TypeError(f"the parser gave a {type(parsed).__name__}: return Parsed(text, title, page_starts, headings)")
    return parsed


def _told(error: Exception) -> dict[str, Any]:
    from saem.core.errors import SaemError
    if isinstance(error, SaemError):
        return {"error": {"code": error.code, "what": error.what, "where": error.where, "fix": error.fix}}
    if isinstance(error, MemoryError):
        return {"failed": {"kind": "memory", "what": "", "where": ""}}
    return {"failed": {"kind": "exception", "what": _clean(f"{type(error).__name__}: {error}"), "where": _clean(_line(error))}}


def _clean(text: str) -> str:
    return text[:2000].encode("utf-8", "backslashreplace").decode("utf-8")


class Size:
    """Of this process: whether it has grown so large that the next file should find a fresh one."""

    def __init__(self, memory_bytes: int) -> None:
        """To be made before the walls go up: they hide /proc. (getrusage tells the size of the parent too, through exec.)"""
        self._most = memory_bytes // 4
        self._file = os.open("/proc/self/statm", os.O_RDONLY) if os.path.exists("/proc/self/statm") else -1

    def is_worn(self) -> bool:
        return self._file >= 0 and int(os.pread(self._file, 200, 0).split()[1]) * os.sysconf("SC_PAGE_SIZE") > self._most


def _line(error: Exception) -> str:
    """The line of saem's own code that it came from, else the last one."""
    trace, line = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "parse" in name or not line:
            line = f"{os.path.basename(name)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return line


if __name__ == "__main__":
    main()
