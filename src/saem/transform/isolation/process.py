"""One process that parses, as seen from saem: a file goes in, a document or the reason why there is none comes out."""
import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from saem.core.errors import CODES, SaemError
from saem.core.versions import versions
from saem.transform.isolation import sandbox, wire
from saem.transform.isolation.limits import Limits
from saem.transform.parse._parsed import Parsed

START_SECONDS = 60             # on a machine that is busy with other things
REPLY_FACTOR = 4               # bytes of JSON for a byte of text: escapes, elements, tables
PIECE_BYTES = 1 << 20
_HERE = os.path.dirname(os.path.abspath(__file__))
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TESSDATA_PREFIX", "OMP_THREAD_LIMIT", "SYSTEMROOT")    # of the environment


class Died(Exception):
    """The process is gone. `reason` is for people."""

    def __init__(self, reason: str, is_timeout: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_timeout = reason, is_timeout


class TooLarge(Died):
    """What it gives is more than the limits allow."""


class Process:
    """Started, shut in and ready. `programs`: what its parsers may start. Raises: E107 when it cannot be started."""

    def __init__(self, limits: Limits, programs: Sequence[str] = ()) -> None:
        self.limits, self.programs, self.is_worn, self.files = limits, tuple(programs), False, 0
        room = list(importlib.import_module("saem.transform.parse").__path__)
        setting = {"memory_bytes": limits.memory_bytes, "programs": self.programs, "parent": os.getpid(),
                   "importable": sandbox.importable(), "readable": [*sandbox.readable(), *room],
                   "packages": {"saem.transform": [os.path.dirname(_HERE)], "saem.transform.parse": room,
                                "saem.sources": list(importlib.import_module("saem.sources").__path__)}}
        self._popen = subprocess.Popen([sys.executable, "-I", "-S", os.path.join(_HERE, "worker.py"), json.dumps(setting)],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
                                       cwd=os.path.abspath(os.sep), start_new_session=True,
                                       env={name: os.environ[name] for name in _KEPT if name in os.environ})
        self.pid = self._popen.pid
        for pipe in (self._popen.stdin, self._popen.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        try:
            self._exchange((), START_SECONDS)
        except (Died, wire.Unfit) as error:
            self.end()
            raise SaemError("E107", f"the process that reads documents does not start: {error}", fix="saem doctor") from error

    def parse(self, module: str, content: bytes, path: str) -> Parsed:
        """Let `module` parse the file. Raises: what the parser raises, E406 to E410; the process is of no use where `is_worn`."""
        task = {"module": module, "path": path, "size": len(content), "seconds": self.limits.parse_seconds}
        self.files += 1
        try:
            reply = self._exchange((wire.encoded(task), content), self.limits.wall_seconds)
            self.is_worn = reply.get("is_worn") is not False
            if "parsed" in reply:
                parsed = wire.parsed_of(reply["parsed"])
                if len(parsed.text) > self.limits.text_bytes:
                    raise TooLarge("too much text")
                return parsed
            raise _told(reply, self.limits, path, module)
        except TooLarge as error:
            self.is_worn = True
            raise _too_large(self.limits, path) from error
        except Died as error:
            self.is_worn = True
            raise (_slow(self.limits, path) if error.is_timeout else _crashed(error.reason, path)) from error
        except wire.Unfit as error:
            self.is_worn = True
            raise _crashed(f"gave something that is no document: {error}", path) from error

    def probe(self, outside: str) -> list[str]:
        """What of `sandbox.FORBIDDEN` the process has tried in vain."""
        kept = self._exchange((wire.encoded({"probe": outside}),), START_SECONDS).get("probe")
        return [name for name in sandbox.FORBIDDEN if name in kept] if isinstance(kept, list) else []

    def end(self) -> None:
        """Kill it and all that it has started, and wait until it is gone."""
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()

    def _exchange(self, given: Sequence[bytes], seconds: float) -> dict[str, Any]:
        """Send, and receive one message. Raises: Died, Unfit."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        deadline = time.monotonic() + seconds
        to, back = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        waiting = select.poll()
        waiting.register(back, select.POLLIN)
        if given:
            waiting.register(to, select.POLLOUT)
        rest = [memoryview(piece) for piece in given if len(piece)]
        got, wanted = bytearray(), wire.LENGTH.size
        while len(got) < wanted:
            ready = dict(waiting.poll(max(0.0, deadline - time.monotonic()) * 1000))
            if not ready:
                self.end()
                raise Died(f"no answer in {seconds:.0f} s", is_timeout=True)
            if to in ready and rest:
                try:
                    rest[0] = rest[0][os.write(to, rest[0][:PIECE_BYTES]):]
                except BlockingIOError:
                    pass
                except OSError:                                 # it has gone: what it says last, or its end, tells why
                    rest = []
                rest = [piece for piece in rest if len(piece)]
                if not rest:
                    waiting.unregister(to)
            if back in ready:
                piece = os.read(back, min(PIECE_BYTES, wanted - len(got)))
                if not piece:
                    raise self._death()
                got += piece
                if len(got) == wire.LENGTH.size == wanted:
                    wanted += wire.LENGTH.unpack(got)[0]
                    if wanted > REPLY_FACTOR * self.limits.text_bytes:
                        self.end()
                        raise TooLarge("too much text")
        return wire.decoded(bytes(memoryview(got)[wire.LENGTH.size:]))

    def _death(self) -> Died:
        self.end()
        code = self._popen.returncode
        if code == -signal.SIGXCPU:
            return Died("time", is_timeout=True)
        return Died(f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended by itself with {code}")


def _told(reply: dict[str, Any], limits: Limits, path: str, module: str) -> SaemError:
    """What the process says went wrong; it may speak of the document only, not of the set-up, which would end the run."""
    error, failed = reply.get("error"), reply.get("failed")
    told = error if isinstance(error, dict) else failed if isinstance(failed, dict) else {}
    if not all(isinstance(value, str) for value in told.values()) or not told:
        return _crashed("gave no answer", path)
    if told is failed and told.get("kind") == "memory":
        return SaemError("E409", f"reading it takes more than {limits.parse_memory_mb:,} MB of memory", where=path,
                         fix="raise parse_memory_mb in saem.toml (SAEM_PARSE_MEMORY_MB), then `saem retry`; or leave it out (.saemignore)")
    if told is failed:
        return _crashed(f"failed: {told.get('what', '')[:2000]} ({told.get('where', '')[:200]})", path)
    code = told.get("code", "")
    is_set_up = code == "E103" and any(version.endswith("=none") for version in versions(_libraries(module)))
    if code not in CODES or not (code.startswith("E4") or is_set_up):
        return _crashed(f"failed: {code[:4]} {told.get('what', '')[:2000]}", path)
    return SaemError(code, told.get("what", "")[:2000], where=told.get("where", "")[:2000], fix=told.get("fix", "")[:2000])


def _libraries(module: str) -> Sequence[str]:
    return tuple(getattr(sys.modules.get(module), "LIBRARIES", ()))


def _slow(limits: Limits, path: str) -> SaemError:
    return SaemError("E408", f"reading it takes more than {limits.parse_seconds} s of the processor, or {limits.wall_seconds} s in all",
                     where=path,
                     fix="raise parse_seconds in saem.toml (SAEM_PARSE_SECONDS), then `saem retry`; or leave it out (.saemignore)")


def _too_large(limits: Limits, path: str) -> SaemError:
    return SaemError("E407", f"it unpacks to more than {limits.parse_text_mb:,} MB of text", where=path,
                     fix="raise parse_text_mb in saem.toml (SAEM_PARSE_TEXT_MB), then `saem retry`; or leave it out (.saemignore)")


def _crashed(how: str, path: str) -> SaemError:
    return SaemError("E410", f"the parser {how}", where=path,
                     fix="the file may be corrupt or hostile: open it with care, or leave it out (.saemignore)")
