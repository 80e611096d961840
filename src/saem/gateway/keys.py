"""Who may call which model how much: `[saem.gateway.keys.NAME]`. The keys themselves stand in the environment."""
import dataclasses
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from saem import door
from saem.core.errors import SaemError, suggest
from saem.services.callers import Callers
from saem.services.listening import settings

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


def keys(root: str) -> Callers[Key]:
    """What `[saem.gateway]` says now."""
    return Callers(os.path.join(root, door.SETTINGS), partial(door.settings_of, root), "gateway", "keys", KNOWN, _key)


def _key(name: str, told: dict[str, Any], every: Mapping[str, Any]) -> Key:
    where, models = f"gateway.keys.{name}", every.get("models", {})
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
