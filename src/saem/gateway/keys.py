"""Who may call which model how much: `[saem.gateway.keys.NAME]`. The keys themselves stand in the environment."""
import dataclasses
import os
import threading
from collections.abc import Mapping
from typing import Any

from saem import door
from saem.core.errors import SaemError, suggest
from saem.services.listening import settings, token_of

KNOWN: dict[str, type | tuple[type, ...]] = {"keys": dict, "embeddings": list}
EXAMPLE = '[saem.gateway.keys.web]\ntoken_env = "WEB_KEY"\ncalls_per_minute = 60'
OF_A_KEY: dict[str, type | tuple[type, ...]] = {
    "token_env": str, "models": list, "calls_per_minute": int, "tokens_per_day": int, "cost_per_day": (int, float)}


@dataclasses.dataclass(frozen=True)
class Key:
    """models: those that it may call, () = all; of the limits 0 = none. Days are UTC's."""
    name: str
    models: tuple[str, ...] = ()
    calls_per_minute: int = 0
    tokens_per_day: int = 0
    cost_per_day: float = 0.0

    def may_call(self, model: str) -> bool:
        return not self.models or model in self.models


class Keys:
    """What `[saem.gateway]` says now: read again when the file changes, so that a key that is taken out is out."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._read: tuple[int, dict[str, Key], dict[str, str]] | None = None

    def known(self) -> dict[str, Key]:
        """Raises: E207 for what is wrong in the file."""
        return self._now()[1]

    def tokens(self) -> dict[str, str]:
        """{name: token}; {} while saem.toml is wrong: nobody is let in then."""
        try:
            return self._now()[2]
        except SaemError:
            return {}

    def _now(self) -> tuple[int, dict[str, Key], dict[str, str]]:
        with self._lock:
            path = os.path.join(self.root, door.SETTINGS)
            stamp = os.stat(path).st_mtime_ns if os.path.exists(path) else 0
            if self._read is None or self._read[0] != stamp:
                told = gateway_settings(self.root).get("keys", {})
                models = door.settings_of(self.root).get("models", {})
                keys = {name: _key(name, each, models) for name, each in told.items()}
                self._read = stamp, keys, {name: token_of(told[name], f"gateway.keys.{name}") for name in keys}
            return self._read


def gateway_settings(root: str) -> Mapping[str, Any]:
    """`[saem.gateway]`. Raises: E207 for what is wrong in it."""
    return settings(door.settings_of(root).get("gateway", {}), KNOWN, "gateway")


def _key(name: str, told: Any, models: Mapping[str, Any]) -> Key:
    where = f"gateway.keys.{name}"
    settings(told, OF_A_KEY, where)
    for model in told.get("models", ()):
        if model not in models:
            raise SaemError("E207", f"[saem.{where}] names the model '{model}'", where="saem.toml", fix=suggest(model, models, "model"))
    key = Key(name, tuple(told.get("models", ())), told.get("calls_per_minute", 0), told.get("tokens_per_day", 0),
              told.get("cost_per_day", 0))
    if key.cost_per_day:
        free = [m for m in (key.models or models) if not (models[m].get("price_in") or models[m].get("price_out"))]
        if len(free) == len(key.models or models):
            raise SaemError("E207", f"[saem.{where}] limits a cost, and none of its models has prices", where="saem.toml",
                            fix="price_in = 3.0 and price_out = 15.0 in [saem.models.NAME]")
    return key
