"""The room of parsers with one more in it, that does what parsers must not do."""
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from saem.core import registry
from saem.transform.isolation.pool import Pool

ROOM = str(Path(__file__).parent / "room")
LIMITS = {"SAEM_PARSE_SECONDS": "1", "SAEM_PARSE_MEMORY_MB": "512", "SAEM_PARSE_TEXT_MB": "8"}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`.canary` files have a parser."""
    package = importlib.import_module("saem.transform.parse")
    monkeypatch.setattr(package, "__path__", [*package.__path__, ROOM])
    for name, value in LIMITS.items():
        monkeypatch.setenv(name, value)
    registry.names.cache_clear()
    registry.parsers.cache_clear()
    yield
    registry.names.cache_clear()
    registry.parsers.cache_clear()


@pytest.fixture
def pool(room: None) -> Iterator[Pool]:
    made = Pool(2)
    yield made
    made.close()
