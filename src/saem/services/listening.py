"""Doors that listen on HTTP: a caller is known by a bearer token, and nobody from elsewhere is heard unless that is asked for."""
import hmac
import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from saem.core.errors import SaemError, missing, suggest

CALLER = "saem.caller"          # where the scope of a request holds the caller's name
MIN_TOKEN_CHARS = 16
_SECRETS = ("token", "key", "secret", "password")
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def settings(told: Any, known: Mapping[str, type | tuple[type, ...]], where: str) -> dict[str, Any]:
    """One table of saem.toml, each setting with its type. Raises: E207 for a setting that is unknown, of another type, or a secret."""
    if not isinstance(told, dict):
        raise SaemError("E207", f"[saem.{where}] is {told!r:.80}", where="saem.toml", fix=f"[saem.{where}]")
    for name, value in told.items():
        if name in _SECRETS:
            raise SaemError("E207", f"[saem.{where}] holds a secret: '{name}'", where="saem.toml",
                            fix='token_env = "MY_TOKEN", and the token itself in that environment variable')
        if name not in known:
            raise SaemError("E207", f"[saem.{where}] has no setting '{name}'", where="saem.toml", fix=suggest(name, known, "setting"))
        holds_names = not isinstance(value, list) or all(isinstance(each, str) for each in value)
        if not isinstance(value, known[name]) or isinstance(value, bool) or not holds_names:
            raise SaemError("E207", f"[saem.{where}]: {name} is {value!r:.80}", where="saem.toml",
                            fix=f"see [saem.{where}] in the settings")
        if isinstance(value, int | float) and value < 0:
            raise SaemError("E207", f"[saem.{where}]: {name} is {value}", where="saem.toml", fix="0 or more")
    return told


def token_of(told: Mapping[str, Any], where: str) -> str:
    """The token that the environment holds for a caller. Raises: E207 where it is missing, or too short to be a secret."""
    name = told.get("token_env", "")
    if not name:
        raise SaemError("E207", f"[saem.{where}] does not say where its token is", where="saem.toml", fix='token_env = "MY_TOKEN"')
    value = os.environ.get(name, "")
    if len(value) < MIN_TOKEN_CHARS:
        raise SaemError("E207", f"[saem.{where}]: the variable {name} {'is too short' if value else 'is empty'}", where="the environment",
                        fix=f"export {name}=$(openssl rand -hex 24)")
    return value


class Guard:
    """In front of an app: a request goes on with its caller's name in the scope, or is answered 401.

    tokens  {name of the caller: token} at this moment; what is asked again at every request can be revoked
    refuse  the body of the 401
    """

    def __init__(self, app: App, tokens: Callable[[], Mapping[str, str]], refuse: Mapping[str, Any]) -> None:
        self.app, self.tokens, self.refuse = app, tokens, json.dumps(refuse).encode()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            caller = self.caller(dict(scope["headers"]).get(b"authorization", b""))
            if caller is None:
                headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": self.refuse})
                return
            scope[CALLER] = caller
        elif scope["type"] != "lifespan":
            return
        await self.app(scope, receive, send)

    def caller(self, header: bytes) -> str | None:
        """Whose token it is. All are compared, each in constant time: how long it takes tells nothing."""
        kind, _, given = header.partition(b" ")
        found = None
        for name, token in self.tokens().items():
            if hmac.compare_digest(given.strip(), token.encode()) and kind.lower() == b"bearer":
                found = name
        return found


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(app: App, host: str, port: int, path: str) -> None:
    """Serve until a signal comes; says on stderr where. Port 0 = any that is free. Raises: E104 for an address that cannot be had."""
    try:
        import uvicorn
    except ImportError as error:
        raise missing("uvicorn", "a door on HTTP", "serve") from error
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)    # named, so that asyncio sets TCP_NODELAY: else 40 ms an answer
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(128)                        # before it is said: who reads the line may call at once
    except OSError as error:
        raise SaemError("E104", f"{host}:{port} cannot be listened on: {error.strerror}", fix="--port 0 takes any that is free") from error
    shown = f"[{host}]" if ":" in host else host
    print(f"listening on http://{shown}:{taken.getsockname()[1]}{path}", file=sys.stderr, flush=True)
    if not is_loopback(host):
        print("tokens and texts pass in the clear: put a server with TLS before it", file=sys.stderr, flush=True)
    served: Any = app
    config = uvicorn.Config(served, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5)
    signal.signal(signal.SIGTERM, _end)          # uvicorn shuts down first, then raises the signal again
    uvicorn.Server(config).run(sockets=[taken])


def _end(*_: object) -> None:
    """A service manager's stop is an end like any other: what is to be done at the end is done."""
    raise SystemExit(0)
