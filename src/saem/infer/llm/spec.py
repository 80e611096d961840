"""How a model is configured: `[saem.models.NAME]` of saem.toml. Secrets stand in the environment alone."""
import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from saem.core.addresses import is_here
from saem.core.errors import SaemError, suggest

KINDS = ("openai", "anthropic", "gguf")
URLS = {"openai": "http://127.0.0.1:11434/v1", "anthropic": "https://api.anthropic.com/v1"}
EXAMPLE = '[saem.models.local]\nkind = "openai"\nurl = "http://127.0.0.1:11434/v1"\nmodel = "qwen3:4b"'
MEANING = {
    "kind": "the provider: openai (Ollama, vLLM, llama.cpp and the like), anthropic, or gguf: a file, run in this process",
    "url": "base address of the server; by default Ollama's on this machine, or Anthropic's",
    "model": "its name at the server; of gguf the file",
    "key_env": "the environment variable that holds the key",
    "remote": "whether its calls leave the machine; by default told from the address",
    "price_in": "of a million tokens that it reads",
    "price_out": "of a million tokens that it writes",
    "max_tokens": "that it writes in one call",
    "context_tokens": "that it reads and writes in one call",
    "timeout_s": "of silence, after which a call is tried again",
    "deadline_s": "of a whole call, with its retries",
    "attempts": "how often a call is tried",
    "retry_wait_s": "before the second time; it doubles",
    "calls_per_minute": "callers wait for their turn; 0 = no limit",
    "tokens_per_minute": "the same, of tokens read and written",
    "cost_per_day": "after which calls are refused; 0 = no limit",
}
_SECRETS = ("key", "api_key", "token", "secret")


@dataclasses.dataclass(frozen=True)
class Spec:
    """One model; MEANING says what its settings are."""
    name: str
    kind: str = "openai"
    url: str = ""
    model: str = ""
    key_env: str = ""
    remote: bool | None = None
    price_in: float = 0.0
    price_out: float = 0.0
    max_tokens: int = 512
    context_tokens: int = 4096
    timeout_s: float = 60.0
    deadline_s: float = 600.0
    attempts: int = 4
    retry_wait_s: float = 0.5
    calls_per_minute: int = 0
    tokens_per_minute: int = 0
    cost_per_day: float = 0.0

    @property
    def address(self) -> str:
        return (self.url or URLS.get(self.kind, "")).rstrip("/")

    @property
    def is_remote(self) -> bool:
        """Whether what it is asked leaves this machine. An address that is not surely this machine's does."""
        if self.kind == "gguf":
            return False
        return not is_here(self.address) if self.remote is None else self.remote

    def key(self) -> str:
        """The secret. Raises: E801 where its variable is empty."""
        value = os.environ.get(self.key_env, "") if self.key_env else ""
        if self.key_env and not value:
            raise SaemError("E801", f"the model '{self.name}' needs a key and {self.key_env} is empty", fix=f"export {self.key_env}=...")
        return value

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """In the currency of the prices."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1_000_000


def specs(settings: Mapping[str, Any], where: str = "saem.toml") -> dict[str, Spec]:
    """{name: model} of the table `[saem.models]`, in its order. Raises: E207 for what is wrong in it."""
    return {name: _spec(name, told, where) for name, told in settings.items()}


def _spec(name: str, told: Any, where: str) -> Spec:
    if not isinstance(told, Mapping):
        raise SaemError("E207", f"[saem.models] holds {name} = {told!r:.80}", where=where, fix=EXAMPLE)
    fields = {field.name: field for field in dataclasses.fields(Spec) if field.name != "name"}
    for key, value in told.items():
        if key in _SECRETS:
            raise SaemError("E207", f"[saem.models.{name}] holds a secret: '{key}'", where=where,
                            fix='key_env = "MY_KEY", and the key itself in that environment variable')
        if key not in fields:
            raise SaemError("E207", f"[saem.models.{name}] has no setting '{key}'", where=where, fix=suggest(key, fields, "setting"))
        if not _fits(value, fields[key].type):
            raise SaemError("E207", f"[saem.models.{name}]: {key} is {value!r:.80}", where=where, fix=EXAMPLE)
    spec = Spec(name, **told)
    if spec.kind not in KINDS:
        raise SaemError("E207", f"[saem.models.{name}]: kind is '{spec.kind}'", where=where, fix=suggest(spec.kind, KINDS, "kind"))
    if not spec.model:
        raise SaemError("E207", f"[saem.models.{name}] names no model", where=where, fix='model = "..."; of kind gguf the file')
    if "@" in spec.url or "?" in spec.url:
        raise SaemError("E207", f"the url of [saem.models.{name}] holds more than an address", where=where,
                        fix='url = "http://host:port/v1", key_env = "MY_KEY", and the key itself in that environment variable')
    if spec.cost_per_day and not (spec.price_in or spec.price_out):
        raise SaemError("E207", f"[saem.models.{name}] limits a cost without prices", where=where,
                        fix="price_in = 3.0 and price_out = 15.0")
    return spec


def _fits(value: Any, hint: Any) -> bool:
    if hint in (float, "float"):
        return type(value) in (int, float) and value >= 0
    if hint in (int, "int"):
        return type(value) is int and value >= 0
    return isinstance(value, str if hint in (str, "str") else bool)
