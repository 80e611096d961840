"""The gateway's addresses: /v1/chat/completions, /v1/models, /v1/embeddings."""
import datetime
import json
import threading
import time
from collections.abc import AsyncIterator, Generator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from saem.core import registry
from saem.core.errors import SaemError, missing
from saem.gateway.keys import EXAMPLE, Key, keys
from saem.gateway.ledger import NEVER, Ledger, Limited
from saem.gateway.protocol import DONE, Asked, Chunks, Wrong, asked, completion, problem, stop_of
from saem.infer.llm.calls import CallRow, new_key
from saem.infer.llm.client import Model
from saem.infer.llm.spec import Spec, specs
from saem.infer.llm.wire import tokens_about
from saem.services.listening import CALLER, App, Guard, listen

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from saem.engine.project import Project

PURPOSE = "gateway"
MAX_BODY_BYTES, MAX_TEXTS = 8 << 20, 256
STATUS = {"E801": 502, "E802": 503, "E803": 502, "E804": 429}


class Gateway:
    """The models of a project behind one address. One object serves all threads."""

    def __init__(self, db: "Project") -> None:
        self.db, self.keys, self.ledger = db, keys(db.root), Ledger(db)
        self.specs = specs(db.models)
        self.embeddings: list[str] = list(self.keys.settings().get("embeddings", ()))
        self._models: dict[str, Model] = {}
        self._lock = threading.Lock()
        if not self.specs:
            from saem.infer.llm.spec import EXAMPLE as A_MODEL
            raise SaemError("E102", "no model is configured", fix="in saem.toml:\n" + A_MODEL)
        if not self.keys.known():
            raise SaemError("E104", "saem.toml names no key: nobody could call", fix=EXAMPLE)

    def model(self, name: str) -> Model:
        with self._lock:
            if name not in self._models:
                self._models[name] = Model(self.specs[name], recorder=self.ledger.write)
            return self._models[name]

    def names(self, key: Key) -> list[str]:
        return [name for name in self.specs if key.may_call(name)]

    def spec(self, key: Key, name: str) -> Spec:
        """Raises: KeyError alike for a model that is not there and one that the key may not call."""
        if name not in self.specs or not key.may_call(name):
            raise KeyError(name)
        return self.specs[name]

    def admitted(self, key: Key, call: Asked) -> ExitStack:
        """What a call needs until its end. Raises: Wrong, KeyError, Limited."""
        spec = self.spec(key, call.model)
        if (call.max_tokens or 0) > spec.max_tokens:
            raise Wrong(f"'{call.model}' writes at most {spec.max_tokens} tokens in one call", "max_tokens")
        estimate = sum(tokens_about(each.content) + 4 for each in call.messages)
        held = ExitStack()
        held.enter_context(self.ledger.admitted(key, spec, estimate, call.max_tokens or spec.max_tokens))
        return held

    def written(self, key: Key, call: Asked) -> dict[str, Any]:
        """A whole answer."""
        return completion(self.model(call.model).write(call.messages, schema=call.schema, max_tokens=call.max_tokens,
                                                       temperature=call.temperature, purpose=PURPOSE, for_key=key.name))

    def events(self, key: Key, call: Asked) -> Generator[str, None, None]:
        """A streamed answer. One that must fit a schema comes in one piece: it is checked first."""
        chunks, model = Chunks(call.model), self.model(call.model)
        if call.schema is not None:
            reply = model.write(call.messages, schema=call.schema, max_tokens=call.max_tokens, temperature=call.temperature,
                                purpose=PURPOSE, for_key=key.name)
            pieces: Any = (text for text in [reply.text])
        else:
            stream = model.stream(call.messages, max_tokens=call.max_tokens, temperature=call.temperature, purpose=PURPOSE,
                                  for_key=key.name)
            pieces = iter(stream)
        is_first = True
        with closing(pieces):               # one that nobody listens to any more ends here, and not when its memory is wanted
            for piece in pieces:
                yield chunks.piece({"role": "assistant", "content": piece} if is_first else {"content": piece})
                is_first = False
        done = reply if call.schema is not None else stream.reply
        assert done is not None
        yield chunks.piece({}, stop_of(done))
        if call.wants_usage:
            yield chunks.usage(done)
        yield DONE

    def embedded(self, key: Key, body: Any) -> dict[str, Any]:
        """The vectors of texts, by an embedding model that `[saem.gateway]` allows. Raises: Wrong, KeyError, Limited."""
        texts = body.get("input") if isinstance(body, dict) else None
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not texts or len(texts) > MAX_TEXTS or not all(isinstance(text, str) for text in texts):
            raise Wrong(f"'input' must be 1 to {MAX_TEXTS} texts", "input")
        if body.get("encoding_format", "float") != "float" or body.get("dimensions") is not None:
            raise Wrong("vectors are given as floats, with the dimensions that they have", "encoding_format")
        name = body.get("model")
        if name not in self.embeddings:
            raise KeyError(name)
        count = sum(map(tokens_about, texts))
        with self.ledger.admitted(key, Spec(str(name)), count, 0):
            began, embedder = time.perf_counter(), registry.embedder(name)
            with self._lock:
                vectors = embedder.queries(texts) if body.get("input_type") == "query" else embedder.passages(texts)
            row = CallRow(new_key(), str(name), "embedding", embedder.name, False, PURPOSE, "", "", count, 0, False,
                          round(time.perf_counter() - began, 4), 0.0, 1, "", "", datetime.datetime.now(datetime.UTC), key.name)
            self.ledger.write(row, (), None)
        return {"object": "list", "model": name, "usage": {"prompt_tokens": count, "total_tokens": count},
                "data": [{"object": "embedding", "index": n, "embedding": vector.tolist()} for n, vector in enumerate(vectors)]}


def app(gateway: Gateway) -> App:
    """As an ASGI app."""
    try:
        import anyio.to_thread
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.requests import ClientDisconnect
        from starlette.responses import JSONResponse, StreamingResponse
        from starlette.routing import Route
    except ImportError as error:
        raise missing("starlette", "the gateway", "serve") from error

    class Streamed(StreamingResponse):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            try:
                await super().__call__(scope, receive, send)
            finally:                        # a body that nobody reads to its end ends all the same
                with anyio.CancelScope(shield=True):
                    written: Any = self.body_iterator
                    await written.aclose()

    def key_of(request: "Request") -> Key:
        return gateway.keys.known()[request.scope[CALLER]]

    async def body_of(request: "Request") -> Any:
        size = 0
        parts = []
        async for part in request.stream():
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise Wrong(f"the body is larger than {MAX_BODY_BYTES >> 20} MiB")
            parts.append(part)
        try:
            return json.loads(b"".join(parts))
        except (ValueError, RecursionError) as error:
            raise Wrong("the body is no JSON") from error

    def refused(error: Exception, model: object = None) -> "Response":
        if isinstance(error, Wrong):
            return JSONResponse(problem(str(error), "invalid_request_error", param=error.param), 400)
        if isinstance(error, KeyError):
            return JSONResponse(problem(f"no model is named '{model}'", "invalid_request_error", "model_not_found", "model"), 404)
        if isinstance(error, Limited) and error.wait_s == NEVER:
            return JSONResponse(problem(f"too large for this key: {error}", "invalid_request_error"), 400)
        if isinstance(error, Limited):
            wait = {"retry-after": str(max(1, round(error.wait_s)))}
            return JSONResponse(problem(f"a limit of this key is reached: {error}", "rate_limit_error", "rate_limit_exceeded"), 429, wait)
        assert isinstance(error, SaemError)
        return JSONResponse(failed(error), STATUS.get(error.code, 500))

    async def chat(request: "Request") -> "Response":
        model: object = None
        try:
            key, body = key_of(request), await body_of(request)
            call = asked(body)
            model = call.model
            held = gateway.admitted(key, call)
        except (Wrong, KeyError, Limited) as error:
            return refused(error, model)
        if call.is_stream:
            return await streamed(key, call, held)
        with held:
            try:
                return JSONResponse(await run_in_threadpool(gateway.written, key, call))
            except SaemError as error:
                return refused(error)

    async def streamed(key: Key, call: Asked, held: ExitStack) -> "Response":
        """The status is known once the first piece is there: a model that fails at once is no 200."""
        events = gateway.events(key, call)
        try:
            first = await run_in_threadpool(next, events)
        except SaemError as error:
            held.close()
            return refused(error)
        except BaseException:
            held.close()
            raise

        async def body() -> AsyncIterator[str]:
            try:
                yield first
                while (event := await run_in_threadpool(next, events, None)) is not None:
                    yield event
            except SaemError as error:      # the stream has begun: its end says what happened
                yield Chunks(call.model).error(failed(error))
            finally:                        # also where the client has hung up: the call ends, and its row is written
                with anyio.CancelScope(shield=True), held:
                    await run_in_threadpool(events.close)

        return Streamed(body(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def models(request: "Request") -> "Response":
        names = [*gateway.names(key_of(request)), *gateway.embeddings]
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "saem"} for name in names]
        return JSONResponse({"object": "list", "data": listed})

    async def embeddings(request: "Request") -> "Response":
        name: object = None
        try:
            body = await body_of(request)
            name = body.get("model") if isinstance(body, dict) else None
            return JSONResponse(await run_in_threadpool(gateway.embedded, key_of(request), body))
        except (Wrong, KeyError, Limited, SaemError) as error:
            return refused(error, name)

    async def gone(_: "Request", __: Exception) -> "Response":
        return JSONResponse(problem("the client has hung up", "invalid_request_error"), 400)

    routes = [Route("/v1/chat/completions", chat, methods=["POST"]), Route("/v1/models", models),
              Route("/v1/embeddings", embeddings, methods=["POST"])]
    inner: Any = Starlette(routes=routes, exception_handlers={ClientDisconnect: gone})
    no_key = problem("a key is needed: Authorization: Bearer ...", "invalid_request_error", "invalid_api_key")
    return Guard(inner, gateway.keys.tokens, no_key)


def failed(error: SaemError) -> dict[str, Any]:
    """What a model's failure tells a caller: no addresses of ours."""
    return problem(f"[{error.code}] {error.what}", "server_error" if error.code != "E804" else "rate_limit_error", error.code)


def serve(db: "Project", host: str, port: int) -> None:
    """Serve until a signal comes; then the rows of the calls are taken in."""
    gateway = Gateway(db)
    try:
        listen(app(gateway), host, port, "/v1")
    finally:
        gateway.ledger.take_in()
