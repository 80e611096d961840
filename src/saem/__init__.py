"""saem: tables derived from tables. Every row knows where it came from.

    import saem
    from saem.sources import folder
    from saem.transform import parse, chunk, embed

    db = saem.Project("state")
    docs = db.source("files", folder("handbook")).derive("docs", parse)
    chunks = docs.derive("chunks", chunk(max_chars=400), embed(), carry=["path", "title"]).index(text="text", vector="embedding")
    db.run()
"""
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saem.core.errors import SaemError as SaemError
    from saem.core.operator import operator as operator
    from saem.core.shapes import Group as Group
    from saem.core.shapes import Groups as Groups
    from saem.core.shapes import Made as Made
    from saem.core.shapes import made_from as made_from
    from saem.core.source import Entry as Entry
    from saem.core.source import source as source
    from saem.door import open as open
    from saem.engine.project import Project as Project
    from saem.engine.table import Table as Table
    from saem.services.evaluation import evaluate as evaluate

__version__ = "0.1.0"
_HOMES = {"SaemError": "core.errors", "Group": "core.shapes", "Groups": "core.shapes", "Made": "core.shapes",
          "made_from": "core.shapes", "operator": "core.operator", "Entry": "core.source", "source": "core.source",
          "open": "door", "Project": "engine.project", "Table": "engine.table",
          "evaluate": "services.evaluation"}
__all__ = ["Entry", "Group", "Groups", "Made", "Project", "SaemError", "Table", "evaluate", "made_from", "open", "operator", "source"]


def __getattr__(name: str) -> Any:
    """Import on first use: `import saem` alone loads nothing heavy."""
    import importlib
    if name not in _HOMES:
        raise AttributeError(f"module 'saem' has no attribute '{name}'")
    return getattr(importlib.import_module(f"saem.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
