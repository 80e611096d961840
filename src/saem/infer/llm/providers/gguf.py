"""A GGUF file, run in this process by llama.cpp (xllamacpp). Nothing leaves the machine, nothing is fetched."""
import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from saem.core.errors import SaemError, missing
from saem.infer.llm.providers.openai import body, pieces
from saem.infer.llm.spec import Spec
from saem.infer.llm.wire import Busy, Done, Provider, Request

ENDS_BYTES = 1 << 20


def connect(spec: Spec) -> Provider:
    return Gguf(spec)


class Gguf:
    def __init__(self, spec: Spec) -> None:
        self.spec, self.path = spec, os.path.abspath(os.path.expanduser(spec.model))
        if not os.path.isfile(self.path):
            raise SaemError("E801", f"the model '{spec.name}' has no file", where=self.path, fix='model = "/path/to/weights.gguf"')
        self.server, self.lock = _server(self.path, spec.context_tokens), threading.Lock()
        self.version = weights_version(self.path)

    def send(self, request: Request) -> Iterator[str | Done]:
        """One call at a time: two would take each other's cores."""
        with self.lock:
            for piece in pieces(self._events(request)):
                yield Done(piece.tokens_in, piece.tokens_out, self.version, piece.stop) if isinstance(piece, Done) else piece

    def _events(self, request: Request) -> Iterator[dict[str, Any]]:
        """The engine calls back from a thread of its own."""
        made: queue.Queue[dict[str, Any] | BaseException | None] = queue.Queue()

        def work() -> None:
            try:
                self.server.handle_chat_completions(body("local", request), made.put)
                made.put(None)
            except BaseException as error:
                made.put(error)

        threading.Thread(target=work, daemon=True).start()
        while True:
            try:
                event = made.get(timeout=request.left_s(self.spec.deadline_s))
            except queue.Empty as error:
                raise Busy("it is not done") from error
            if event is None:
                return
            if isinstance(event, BaseException) or "error" in event or "choices" not in event:
                raise SaemError("E801", f"'{self.spec.name}' cannot answer: {event!s:.200}", where=self.path,
                                fix="a prompt longer than context_tokens? a smaller --k, or a larger context_tokens")
            yield event


@lru_cache(2)
def _server(path: str, context_tokens: int) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise missing("xllamacpp", "a model of kind gguf", "local") from error
    made = xllamacpp.CommonParams()
    made.model.path = path
    made.n_ctx, made.n_parallel, made.warmup = context_tokens, 1, False
    made.cpuparams.n_threads = os.cpu_count() or 1
    made.verbosity = -1
    # its server listens whether anybody wants it or not: on a socket in a folder of our own, which is gone before the first call
    door = tempfile.mkdtemp(prefix="saem-")
    if os.name == "posix":
        made.hostnames = [os.path.join(door, "closed.sock")]
    try:
        return xllamacpp.Server(made)
    except Exception as error:
        raise SaemError("E801", f"the weights cannot be loaded: {error!s:.200}", where=path,
                        fix="is it a GGUF file that is whole?") from error
    finally:
        shutil.rmtree(door, ignore_errors=True)


def weights_version(path: str) -> str:
    """Which weights: the file's name, and a hash of its size and of its first and last MiB (the header names every tensor)."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        mark = blake2b(f"{size}".encode() + file.read(ENDS_BYTES), digest_size=6)
        file.seek(max(0, size - ENDS_BYTES))
        mark.update(file.read())
    return f"{os.path.basename(path)} {mark.hexdigest()}"
